"""Sales of ice cream from the weather of the day; all tables in degrees Celsius. A plain loop with a helper; RMSprop."""
import numpy as np
import torch
import torch.nn.functional as F
from common import r2, tensors, three_parts
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.8


def sales(n=1200):
    """Temperature in degrees, humidity in per cent, rain in mm, weekend, holidays; sales in boxes."""
    rng = np.random.default_rng(25)
    warm, humid, rain = rng.normal(17, 7, n), rng.uniform(30, 95, n), rng.exponential(3, n) * (rng.random(n) < .4)
    weekend, holiday = rng.random(n) < 2 / 7, rng.random(n) < .2
    y = 3 * np.log1p(np.exp((warm - 14) / 3)) - 1.2 * rain.clip(0, 8) * .4 + 4 * weekend + 3 * holiday * (warm > 15) + rng.normal(0, 1.2, n)
    return three_parts(np.column_stack([warm, humid, rain, weekend, holiday]), y)


def step(model, optimizer, x, y):
    optimizer.zero_grad()
    loss = F.mse_loss(model(x).flatten(), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (xv, yv), (xt, yt) = tensors(sales())
    mean, std, level, spread = x.mean(0), x.std(0), y.mean(), y.std()
    x, xv, xt, y, yv, yt = *((part - mean) / std for part in (x, xv, xt)), *((part - level) / spread for part in (y, yv, yt))
    model = nn.Sequential(nn.Linear(5, 32), nn.SiLU(), nn.Linear(32, 1))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in range(20):
            for rows in torch.randperm(len(x)).split(40):
                run.log(loss=step(model, optimizer, x[rows], y[rows]))
            with torch.no_grad(): run.log(val_loss=F.mse_loss(model(xv).flatten(), yv).item())
    with torch.no_grad(): return r2(model(xt), yt)
