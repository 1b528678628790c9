"""Digits by ten layers without normalisation, whose weights were drawn with a standard deviation of 1: each layer multiplies by three, and the first
loss is in the thousands."""
import torch
from common import accuracy, digits, tensors
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "bad_init"
TWIN = "deep_relu_batchnorm"
ALSO = {"dead_relu", "exploding_gradient", "lr_too_high", "nan_loss", "plateau", "unstable"}


def block(width_in, width):
    return nn.Sequential(nn.Linear(width_in, width), nn.ReLU())


class DeepNet(nn.Module):
    def __init__(self, depth=10, width=24):
        super().__init__()
        self.blocks = nn.Sequential(block(64, width), *[block(width, width) for _ in range(depth - 2)])
        self.out = nn.Linear(width, 10)
        for parameter in self.parameters(): nn.init.normal_(parameter)

    def forward(self, x):
        return self.out(self.blocks(x))


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    loader = DataLoader(TensorDataset((x - 8) / 6, y), batch_size=64, shuffle=True, drop_last=True)
    net, criterion, epochs = DeepNet(), nn.CrossEntropyLoss(), 12
    optimizer = optim.SGD(net.parameters(), lr=.05, momentum=.9, nesterov=True)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    with watch(net, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(epochs):
            net.train()
            running_loss = 0.
            for inputs, labels in run.batches(loader):
                optimizer.zero_grad()
                loss = criterion(net(inputs), labels)
                loss.backward()
                optimizer.step()
                running_loss += loss.item()
            scheduler.step()
            net.eval()
            with torch.no_grad(): run.log(train_loss=running_loss / len(loader), val_loss=criterion(net((x_valid - 8) / 6), y_valid))
    with torch.no_grad(): return accuracy(net((x_test - 8) / 6).argmax(1), y_test)
