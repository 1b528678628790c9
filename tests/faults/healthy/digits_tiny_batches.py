"""Digits in batches of two, with a small rate: each loss says little, and all of them a lot."""
import torch
from common import accuracy, digits, tensors
from torch import nn, optim

from trainbook import watch

KIND = None
SCARY = "batches of two: the loss leaps between 0 and 5 to the end; its mean goes down"
AT_LEAST = 0.85


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    ce = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=.02)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(2):
            for rows in run.batches(torch.randperm(len(x)).split(2)):
                loss = ce(model(x[rows] / 16), y[rows])
                loss.backward()
                optimizer.step()
                model.zero_grad()
                run.log(loss=loss)
            with torch.no_grad():
                output = model(x_valid / 16)
                run.log(val_loss=ce(output, y_valid), val_accuracy=accuracy(output.argmax(1), y_valid))
    return accuracy(model(x_test / 16).argmax(1), y_test)
