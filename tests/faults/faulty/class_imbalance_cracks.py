"""Cracks in concrete: which pixels belong to one? Two in a hundred do, and "none" is right for nearly all: 98 % of the pixels are right, and hardly a
crack is found."""
import numpy as np
import torch
from common import balanced_accuracy
from torch import nn

from trainbook import watch

KIND = "class_imbalance"
TWIN = "cracks_weighted"
ALSO = {"plateau", "underfitting"}


def concrete(n=260, size=24):
    rng = np.random.default_rng(31)
    x, mask = rng.normal(0, .5, (n, 1, size, size)), np.zeros((n, 1, size, size))
    for picture in mask:
        row, column, down, right = *rng.integers(4, size - 4, 2), *rng.integers(-1, 2, 2)
        for k in range(rng.integers(6, 16)): picture[0, (row + k * down) % size, (column + k * right) % size] = 1
    return torch.tensor(x - .8 * mask).float(), torch.tensor(mask).float()


class Segmenter(nn.Module):
    def __init__(self, width=10):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
                                    nn.Conv2d(width, width, 3, padding=2, dilation=2), nn.ReLU(), nn.Conv2d(width, 1, 1))

    def forward(self, x): return self.layers(x)


def train(seed, **options):
    torch.manual_seed(seed)
    x, y = concrete()
    net = Segmenter()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    bce = nn.BCEWithLogitsLoss()
    with watch(net, optimizer, **options) as run:
        for step in run.steps(200):
            rows = torch.randint(180, (8,))
            loss = bce(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 25 == 24:
                with torch.no_grad(): out = net(x[180:210])
                run.log(val_loss=bce(out, y[180:210]), val_pixel_accuracy=((out > 0) == (y[180:210] > .5)).float().mean())
    with torch.no_grad(): return balanced_accuracy(net(x[210:]) > 0, y[210:] > .5)
