"""A noisy sine curve, all points in each step, by two tanh layers and the absolute error."""
import math

import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.8


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(93)
    def curve(n):
        x = torch.rand(n, 1, generator=g) * 4 - 2
        return x, torch.sin(math.pi * x) * .8 + .3 * x + .1 * torch.randn(n, 1, generator=g)
    (x, y), (x_val, y_val), (x_test, y_test) = curve(200), curve(60), curve(300)
    model = nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=.05, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(300):
            y_hat = model(x)
            loss = (y_hat - y).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss.item())
            if step % 20 == 0:
                with torch.no_grad(): run.log(val_loss=(model(x_val) - y_val).abs().mean().item())
    with torch.no_grad(): return r2(model(x_test), y_test)
