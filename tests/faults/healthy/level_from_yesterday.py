"""The level of a river tomorrow, from the levels of the last days and the rain: yesterday's level alone tells nearly all, and it is known in time."""
import numpy as np
import torch
import torch.nn.functional as F
from common import r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "one column is nearly the target itself; but it is yesterday's level, and rivers are slow"
AT_LEAST = 0.85


def river(n=1500):
    rng = np.random.default_rng(53)
    rain, level = rng.exponential(4, n) * (rng.random(n) < .35), np.zeros(n)
    for day in range(1, n): level[day] = .97 * level[day - 1] + .03 * rain[day - 1] + rng.normal(0, .02)
    return level, rain


def train(seed, **options):
    torch.manual_seed(seed)
    level, rain = river()
    days = np.arange(3, len(level) - 1)
    x = np.column_stack([level[days], level[days - 1], level[days - 2], rain[days], rain[days - 1]])
    x, y = (x - x[:900].mean(0)) / x[:900].std(0), level[days + 1]
    y = (y - y[:900].mean()) / y[:900].std()
    X, Y = torch.tensor(x).float(), torch.tensor(y).float()
    model = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1), nn.Flatten(0))
    optimizer = torch.optim.SGD(model.parameters(), lr=.05, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(15):
            total = 0.
            for rows in run.batches(torch.randperm(900).split(30)):
                loss = F.mse_loss(model(X[rows]), Y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(epoch_loss=total / 900, val_loss=F.mse_loss(model(X[900:1200]), Y[900:1200]).item())
    with torch.no_grad(): return r2(model(X[1200:]), Y[1200:])
