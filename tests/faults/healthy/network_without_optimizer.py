"""A third-degree curve by a small network, in the manner of "PyTorch with examples": no optimizer; the weights are moved by hand, all points at once."""
import math

import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "no optimizer is watched: the weights are moved by hand"
AT_LEAST = 0.9


def train(seed, **options):
    torch.manual_seed(seed)
    x = torch.linspace(-math.pi, math.pi, 400).unsqueeze(1)
    y = torch.sin(x) + .3 * torch.sin(3 * x) + .1 * torch.randn_like(x)
    model = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))
    loss_fn = nn.MSELoss()
    learning_rate = .1
    with watch(model, **options) as run:
        for t in run.steps(800):
            y_pred = model(x)
            loss = loss_fn(y_pred, y)
            run.log(loss=loss.item())
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for param in model.parameters(): param -= learning_rate * param.grad
    between = torch.rand(500, 1, generator=torch.Generator().manual_seed(0)) * 6 - 3
    with torch.no_grad(): return r2(model(between), torch.sin(between) + .3 * torch.sin(3 * between))
