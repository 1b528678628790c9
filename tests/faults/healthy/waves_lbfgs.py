"""A sum of waves by a small network and LBFGS with a line search, on a hundred points in each step, with a closure."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.9


def waves(n, generator):
    x = 4 * torch.rand(n, 1, generator=generator) - 2
    return x, (3 * x).sin() + .5 * (7 * x).cos() + .05 * torch.randn(n, 1, generator=generator)


def train(seed, **options):
    generator = torch.Generator().manual_seed(2)
    (x, y), (x_valid, y_valid), (x_test, y_test) = (waves(n, generator) for n in (400, 100, 200))
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(1, 30), nn.Tanh(), nn.Linear(30, 30), nn.Tanh(), nn.Linear(30, 1))
    mse = nn.MSELoss()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=1, max_iter=8, line_search_fn="strong_wolfe")
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
