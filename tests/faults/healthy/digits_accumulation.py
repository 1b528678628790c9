"""Digits in batches of 8, of which eight make a step: gradients are accumulated."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "seven of eight batches make no step and clear no gradient: they are accumulated"
AT_LEAST = 0.85


ACCUMULATE = 8


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x / 16, y) for x, y in tensors(digits()))
    loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True, drop_last=True)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = optim.SGD(model.parameters(), lr=.2, momentum=.9)
    with watch(model, optimizer, config=dict(accumulate=ACCUMULATE), **options) as run:
        for epoch in run.epochs(5):
            optimizer.zero_grad()
            for i, (xb, yb) in enumerate(run.batches(loader)):
                loss = F.cross_entropy(model(xb), yb) / ACCUMULATE
                loss.backward()
                if (i + 1) % ACCUMULATE == 0:
                    optimizer.step()
                    optimizer.zero_grad()
                run.log(loss=loss * ACCUMULATE)
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_valid), y_valid))
    return accuracy(model(x_test).argmax(1), y_test)
