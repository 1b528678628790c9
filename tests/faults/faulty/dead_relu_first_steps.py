"""Digits by a wide layer of ReLU units. In the first ten steps the rate was to be smaller and is 500 times larger: biases and weights are thrown so far
below zero that hardly a unit speaks again."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn, optim

from trainbook import watch

KIND = "dead_relu"
TWIN = "sparse_relu"
WHERE = "1"
ALSO = {"bad_init", "exploding_gradient", "lr_too_high", "oscillating_loss", "plateau", "unstable", "vanishing_gradient"}


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x / 16, y) for x, y in tensors(digits()))
    features = nn.Linear(64, 300)
    model = nn.Sequential(features, nn.ReLU(), nn.Linear(300, 10))
    optimizer = optim.SGD(model.parameters(), lr=.1, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(350):
            rows = torch.randint(0, len(x), (64,))
            loss = F.cross_entropy(model(x[rows]), y[rows])
            for group in optimizer.param_groups: group["lr"] = 50. if step < 10 else .1
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 25 == 0: run.log(val_loss=F.cross_entropy(model(x_valid).detach(), y_valid))
    return accuracy(model(x_test).argmax(1), y_test)
