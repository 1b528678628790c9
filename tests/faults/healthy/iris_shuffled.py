"""Iris by a small network: a shuffled split, batches of ten cut by slices, plain SGD."""
import numpy as np
import torch
from common import accuracy, iris
from torch import nn

from trainbook import watch

KIND = None
SCARY = "a data set of 150 rows that is fitted almost perfectly; but so is the validation"
AT_LEAST = 0.9


def train(seed, **options):
    torch.manual_seed(seed)
    x, y = iris()
    order = np.random.default_rng(seed).permutation(len(x))
    x, y = torch.tensor(x[order], dtype=torch.float32), torch.tensor(y[order])
    x = x - torch.tensor([5.8, 3., 3.8, 1.2])
    x_train, y_train, x_valid, y_valid = x[:110], y[:110], x[110:], y[110:]
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=.1)
    loss_fn = nn.CrossEntropyLoss()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(40):
            for start in run.batches(range(0, len(x_train), 10)):
                xb, yb = x_train[start:start + 10], y_train[start:start + 10]
                loss = loss_fn(model(xb), yb)
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_loss=loss_fn(model(x_valid), y_valid))
    with torch.no_grad(): return accuracy(model(x_valid).argmax(1), y_valid)
