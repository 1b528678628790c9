"""How many bicycles are hired in an hour, by the likelihood of Poisson; the output goes through a softplus, as no hour has fewer than none."""
import numpy as np
import torch
from common import r2, tensors, three_parts
from torch import nn, optim

from trainbook import watch

KIND = None
AT_LEAST = 0.6


def rentals(n=2500):
    rng = np.random.default_rng(21)
    hour, temperature, rain, weekend = rng.integers(0, 24, n), rng.normal(14, 8, n), rng.random(n) < .15, rng.random(n) < 2 / 7
    rush = np.exp(-(hour - 8) ** 2 / 4) * (1 - .7 * weekend) + np.exp(-(hour - 17) ** 2 / 8) + .1
    count = rng.poisson(60 * rush * np.exp((temperature - 14) / 20) * np.where(rain, .4, 1))
    angle = hour * 2 * np.pi / 24
    x = np.stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle), (temperature - 14) / 8, rain, weekend], 1)
    return three_parts(x, count.astype("float32"))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(7, 64), nn.Linear(64, 32), nn.Linear(32, 1)

    def forward(self, x):
        x = torch.relu(self.fc2(torch.relu(self.fc1(x))))
        return nn.functional.softplus(self.out(x)).squeeze(-1)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(rentals())
    model, criterion = Net(), nn.PoissonNLLLoss(log_input=False)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    run = watch(model, optimizer, monitor="val_nll", mode="min", **options)
    for epoch in run.epochs(25):
        order = torch.randperm(len(x))
        for start in range(0, len(x), 75):
            rows = order[start:start + 75]
            optimizer.zero_grad()
            loss = criterion(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            run.log(nll=loss)
        with torch.no_grad(): run.log(val_nll=criterion(model(x_valid), y_valid))
    run.finish()
    with torch.no_grad(): return r2(torch.log(model(x_test).clamp(min=0) + 1), torch.log(y_test + 1))
