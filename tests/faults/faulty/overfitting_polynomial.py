"""A polynomial of degree 20 through 24 measurements by L-BFGS: it bends through all of them, and goes astray in between."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "overfitting"
TWIN = "polynomial_lbfgs"
ALSO = {}


degree = 20


def powers(x):
    return torch.cat([x ** (i + 1) for i in range(degree)], 1)


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(12)
    x = torch.rand(124, 1, generator=g) * 2 - 1
    truth = torch.sin(3 * x) + .4 * x ** 2
    y = truth + .25 * torch.randn(124, 1, generator=g)
    fit, valid, test = slice(24), slice(24, 64), slice(64, 124)
    model = nn.Linear(degree, 1)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=.5, max_iter=4)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(150):
            def closure():
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(powers(x[fit])), y[fit])
                loss.backward()
                return loss
            loss = optimizer.step(closure)
            run.log(loss=loss)
            if step % 3 == 0:
                with torch.no_grad(): run.log(val_loss=nn.functional.mse_loss(model(powers(x[valid])), y[valid]))
    return r2(model(powers(x[test])), truth[test])
