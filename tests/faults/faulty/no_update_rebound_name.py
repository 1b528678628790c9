"""A third-degree curve by a small network, without an optimizer; the line that is to move a weight gives the name `param` to a new tensor instead, and the
weight stays."""
import math

import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "no_update"
TWIN = "network_without_optimizer"
ALSO = {"plateau", "underfitting"}


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
                for param in model.parameters(): param = param - learning_rate * param.grad
    between = torch.rand(500, 1, generator=torch.Generator().manual_seed(0)) * 6 - 3
    with torch.no_grad(): return r2(model(between), torch.sin(between) + .3 * torch.sin(3 * between))
