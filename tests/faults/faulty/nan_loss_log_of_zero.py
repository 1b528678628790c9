"""Iris: is it setosa? The cross-entropy is written out by hand. As soon as the network is sure, a probability is 1, and the logarithm of 1 - p is minus
infinity, times zero."""
import torch
from common import accuracy, iris, three_parts
from torch import nn

from trainbook import watch

KIND = "nan_loss"
TWIN = "own_binary_loss"
WHERE = "log"
ALSO = {"bad_data"}


def binary_cross_entropy(p, y):
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


def train(seed, **options):
    torch.manual_seed(seed)
    x, y = iris()
    parts = three_parts(x, (y == 0).astype(float))
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((torch.tensor(a).float(), torch.tensor(b).float()) for a, b in parts)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid(), nn.Flatten(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=.02)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(60):
            for rows in run.batches(torch.randperm(len(x)).split(15)):
                optimizer.zero_grad()
                loss = binary_cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            if epoch % 5 == 4:
                with torch.no_grad(): run.log(val_loss=binary_cross_entropy(model(x_valid), y_valid))
    return accuracy(model(x_test) > .5, y_test)
