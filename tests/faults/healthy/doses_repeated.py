"""The effect of a drug at eight doses and two temperatures, each measured forty times: the same inputs have other targets every time. LBFGS."""
import numpy as np
import torch
from common import r2, tensors, three_parts
from torch import nn

from trainbook import watch

KIND = None
SCARY = "a table of sixteen different rows that contradict each other; they are repeated measurements, and their scatter is that of the drug"
AT_LEAST = 0.7


def trials():
    rng = np.random.default_rng(56)
    dose, warm = np.meshgrid(np.arange(8) / 7, [0., 1.])
    x = np.tile(np.column_stack([dose.ravel(), warm.ravel()]), (40, 1))
    effect = 3 * x[:, 0] ** 2 / (.2 + x[:, 0] ** 2) * (1 - .4 * x[:, 1])
    return three_parts(x, effect - 1.2 + rng.normal(0, .35, len(x)))


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(trials())
    model = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1), nn.Flatten(0))
    optimizer = torch.optim.LBFGS(model.parameters(), lr=.3, max_iter=4)
    mse = nn.MSELoss()

    def closure():
        optimizer.zero_grad()
        loss = mse(model(x), y)
        loss.backward()
        return loss
    with watch(model, optimizer, **options) as run:
        for step in run.steps(60):
            loss = optimizer.step(closure)
            run.log(loss=loss.item())
            if step % 5 == 4:
                with torch.no_grad(): run.log(val_loss=mse(model(x_valid), y_valid).item())
    with torch.no_grad(): return r2(model(x_test), y_test)
