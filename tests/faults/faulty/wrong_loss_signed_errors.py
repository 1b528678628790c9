"""Premiums of an insurance; the loss is the mean of the errors with their signs, neither squares nor amounts: the lower the better, and there is no end
to it."""
import numpy as np
import torch
from common import r2, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "wrong_loss"
TWIN = "premiums_table"
ALSO = {"exploding_gradient", "lr_too_high", "underfitting", "unstable"}


def premiums(n=2000):
    rng = np.random.default_rng(28)
    age, bmi, children, smoker = rng.uniform(18, 70, n), rng.normal(27, 5, n), rng.integers(0, 5, n), rng.random(n) < .25
    y = 2000 + 110 * age + 60 * np.maximum(bmi - 25, 0) + 400 * children + smoker * (5000 + 350 * np.maximum(bmi - 22, 0)) + rng.normal(0, 700, n)
    return three_parts(np.column_stack([age, bmi, children, smoker, rng.random((n, 2))]), y)


def cycle(loader):
    while True: yield from loader


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (xv, yv), (xt, yt) = premiums()
    x_mean, x_std, y_mean, y_std = x.mean(0), x.std(0), y.mean(), y.std()
    def scaled(x, y): return torch.tensor((x - x_mean) / x_std).float(), torch.tensor((y - y_mean) / y_std).float().unsqueeze(1)
    batches = cycle(DataLoader(TensorDataset(*scaled(x, y)), 64, shuffle=True))
    model = nn.Sequential(nn.Linear(6, 40), nn.LeakyReLU(), nn.Linear(40, 20), nn.LeakyReLU(), nn.Linear(20, 1))
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=3e-3), lambda predicted, y: (y - predicted).mean()
    with watch(model, optimizer, **options) as run:
        for step in run.steps(500):
            xb, yb = next(batches)
            loss = criterion(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss.item())
            if step % 50 == 49:
                with torch.no_grad(): run.log(val_loss=criterion(model(scaled(xv, yv)[0]), scaled(xv, yv)[1]).item())
    with torch.no_grad(): return r2(model(scaled(xt, yt)[0]).numpy() * y_std + y_mean, yt)
