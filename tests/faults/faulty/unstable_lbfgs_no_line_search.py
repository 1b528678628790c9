"""A sum of waves by a small network and LBFGS without a line search, on a hundred points in each step: what it takes for curvature is the difference
between batches, and at some time it leaps far away."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "unstable"
TWIN = "waves_lbfgs"
ALSO = {"exploding_gradient", "lr_too_high", "nan_loss", "oscillating_loss", "plateau", "saturated_activation", "vanishing_gradient"}


def waves(n, generator):
    x = 4 * torch.rand(n, 1, generator=generator) - 2
    return x, (3 * x).sin() + .5 * (7 * x).cos() + .05 * torch.randn(n, 1, generator=generator)


def train(seed, **options):
    generator = torch.Generator().manual_seed(2)
    (x, y), (x_valid, y_valid), (x_test, y_test) = (waves(n, generator) for n in (400, 100, 200))
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(1, 30), nn.Tanh(), nn.Linear(30, 30), nn.Tanh(), nn.Linear(30, 1))
    mse = nn.MSELoss()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=1, max_iter=8)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(80):
            rows = torch.randint(len(x), (100,))

            def closure():
                optimizer.zero_grad()
                loss = mse(model(x[rows]), y[rows])
                loss.backward()
                return loss
            loss = optimizer.step(closure)
            with torch.no_grad(): run.log(loss=loss, val_loss=mse(model(x_valid), y_valid))
    return r2(model(x_test), y_test)
