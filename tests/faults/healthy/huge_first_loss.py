"""Digits by a network whose last layer begins with large weights: the first loss is far above that of a guess, and soon it is not."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "a first loss several times that of a guess; it is gone after an epoch"
AT_LEAST = 0.9


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    loader = DataLoader(TensorDataset(x, y), 50, shuffle=True)
    with watch(model, optimizer, **options) as run:
        with torch.no_grad(): model[3].weight *= 8
        for epoch in run.epochs(12):
            for xb, yb in run.batches(loader):
                loss = F.cross_entropy(model(xb), yb)
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                run.log(loss=loss)
            run.log(val_loss=F.cross_entropy(model(x_valid), y_valid).item())
    return accuracy(model(x_test).argmax(1), y_test)
