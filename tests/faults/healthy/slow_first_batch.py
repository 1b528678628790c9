"""Shapes in pictures; before the first batch of every epoch the pictures are put in a new order and enlarged, all at once, and the loop waits for that."""
import time

import torch
import torch.nn.functional as F
from common import accuracy, shapes, tensors
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the first batch of every epoch is waited for, several times as long as a step takes; the others are there at once"
AT_LEAST = 0.85


class Epoch:
    """Prepares everything when it is begun, and hands out batches then."""
    def __init__(self, x, y, size): self.x, self.y, self.size = x, y, size
    def __len__(self): return len(self.x) // self.size

    def __iter__(self):
        order = torch.randperm(len(self.x))
        time.sleep(.03)  # stands for workers that are started
        x, y = F.interpolate(self.x[order], scale_factor=1.5, mode="bilinear"), self.y[order]
        for i in range(len(self)): yield x[i * self.size:(i + 1) * self.size], y[i * self.size:(i + 1) * self.size]


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(shapes())
    model = nn.Sequential(nn.Conv2d(1, 24, 5, stride=2), nn.GroupNorm(4, 24), nn.ReLU(), nn.Conv2d(24, 48, 3), nn.GroupNorm(4, 48), nn.ReLU(),
                          nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(192, 4))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    def bigger(x): return F.interpolate(x, scale_factor=1.5, mode="bilinear")
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(7):
            for pictures, kinds in run.batches(Epoch(x, y, 24)):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(pictures), kinds)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(bigger(x_valid)), y_valid))
    with torch.no_grad(): return accuracy(model(bigger(x_test)).argmax(1), y_test)
