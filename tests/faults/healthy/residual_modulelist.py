"""Spirals by a chain of narrow residual blocks kept in a ModuleList; AdamW; the loop of a class Trainer."""
import torch
import torch.nn.functional as F
from common import accuracy, spirals, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
AT_LEAST = 0.9


class ResNet(nn.Module):
    def __init__(self, width=32, depth=4):
        super().__init__()
        self.stem = nn.Linear(2, width)
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        x = self.stem(x)
        for layer in self.layers: x = x + layer(F.relu(x))
        return self.head(F.relu(x))


class Trainer:
    def __init__(self, model, train_data, valid_data, **options):
        self.model, self.valid_data = model, valid_data
        self.loader = DataLoader(TensorDataset(*train_data), batch_size=30, shuffle=True)
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
        self.run = watch(model, self.optimizer, **options)

    def train_step(self, x, y):
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def fit(self, epochs):
        with self.run as run:
            for _ in run.epochs(epochs):
                for x, y in run.batches(self.loader): run.log(loss=self.train_step(x, y))
                with torch.no_grad(): run.log(val_loss=F.cross_entropy(self.model(self.valid_data[0]), self.valid_data[1]))


def train(seed, **options):
    torch.manual_seed(seed)
    train_data, valid_data, (x_test, y_test) = tensors(spirals())
    model = ResNet()
    Trainer(model, train_data, valid_data, **options).fit(20)
    return accuracy(model(x_test).argmax(1), y_test)
