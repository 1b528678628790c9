"""Digits by a chain of a dozen convolutions with shortcuts, no normalisation; functions for training and test as in PyTorch's examples."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
AT_LEAST = 0.9


class Net(nn.Module):
    def __init__(self, channels=12, depth=12):
        super().__init__()
        self.stem = nn.Conv2d(1, channels, 3, stride=2, padding=1)
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(depth))
        self.fc = nn.Linear(channels * 16, 10)

    def forward(self, x):
        x = F.relu(self.stem(x))
        for conv in self.convs:
            x = x + F.relu(conv(x))
        return self.fc(x.flatten(1))


def train_epoch(model, loader, optimizer, run):
    model.train()
    for data, target in run.batches(loader):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()
        run.log(train_loss=loss.item())


def test(model, data, target):
    model.eval()
    with torch.no_grad():
        output = model(data)
        return F.cross_entropy(output, target).item(), accuracy(output.argmax(dim=1), target)


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid_set, test_set = ((x.view(-1, 1, 8, 8) / 16, y) for x, y in tensors(digits()))
    loader = DataLoader(TensorDataset(*train_set), batch_size=64, shuffle=True)
    model = Net()
    optimizer = optim.SGD(model.parameters(), lr=.02, momentum=.9)
    with watch(model, optimizer, config=dict(lr=.02, batch_size=64), **options) as run:
        for epoch in run.epochs(12):
            train_epoch(model, loader, optimizer, run)
            val_loss, val_accuracy = test(model, *valid_set)
            run.log(val_loss=val_loss, val_accuracy=val_accuracy)
    return test(model, *test_set)[1]
