"""Digits by a network of six layers, SGD with a weight decay of 0.1, a thousand times the usual one: it outweighs the loss, and all weights go to
zero."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "over_regularised"
TWIN = "digits_six_layers_kaiming"
WHERE = "weight_decay"
ALSO = {"dead_relu", "plateau", "underfitting", "vanishing_gradient"}


class DeepNet(nn.Module):
    def __init__(self, sizes=(64, 96, 96, 64, 64, 32, 10)):
        super().__init__()
        self.fc = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.drop = nn.Dropout(.1)
        self.apply(self.init_weights)

    @staticmethod
    def init_weights(m):
        if isinstance(m, nn.Linear):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            nn.init.zeros_(m.bias)

    def forward(self, x):
        for layer in self.fc[:-1]: x = F.relu(layer(x))
        return self.fc[-1](self.drop(x))


def train(seed, **options):
    torch.manual_seed(seed)
    train_part, valid_part, test_part = [(x / 8 - 1, y) for x, y in tensors(digits())]
    train_loader = DataLoader(TensorDataset(*train_part), batch_size=32, shuffle=True)
    net = DeepNet()
    optimizer = torch.optim.SGD(net.parameters(), lr=.03, momentum=.9, weight_decay=.1)
    epochs = 14
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    with watch(net, optimizer, **options) as run:
        for epoch in run.epochs(epochs):
            net.train()
            total_loss = correct = 0
            for inputs, labels in run.batches(train_loader):
                optimizer.zero_grad()
                outputs = net(inputs)
                loss = F.cross_entropy(outputs, labels)
                loss.backward()
                optimizer.step()
                total_loss += loss.item() * len(labels)
                correct += (outputs.argmax(1) == labels).sum().item()
            scheduler.step()
            net.eval()
            with torch.no_grad():
                outputs = net(valid_part[0])
                run.log(train_loss=total_loss / len(train_part[1]), train_acc=correct / len(train_part[1]),
                        val_loss=F.cross_entropy(outputs, valid_part[1]), val_acc=accuracy(outputs.argmax(1), valid_part[1]))
    net.eval()
    with torch.no_grad(): return accuracy(net(test_part[0]).argmax(1), test_part[1])
