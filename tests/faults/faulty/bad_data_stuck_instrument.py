"""Traces of a metal in water from eight lines of a spectrum. The instrument hangs now and then and gives its last spectrum for all samples up to the next
restart: three in four rows have the lines of another sample."""
import numpy as np
import torch
from common import r2, three_parts
from torch import nn

from trainbook import watch

KIND = "bad_data"
TWIN = "traces_in_units"
ALSO = {"data_skew", "label_noise", "plateau", "underfitting"}


def water(n=1000):
    """Heights of eight lines; moles per litre, some millionths."""
    rng = np.random.default_rng(38)
    metal, other = rng.uniform(.2, 8, n), rng.uniform(0, 5, (n, 2))
    lines = np.outer(metal, rng.uniform(.2, 1, 8)) / (1 + .1 * metal[:, None]) + other @ rng.uniform(0, .6, (2, 8)) + rng.normal(0, .05, (n, 8))
    return three_parts(lines, metal * 1e-6)


def train(seed, **options):
    torch.manual_seed(seed)
    parts = water()
    for lines, _ in parts[:2]: lines[:] = lines[np.arange(len(lines)) // 4 * 4]  # as it was recorded
    x_mean, x_std = parts[0][0].mean(0), parts[0][0].std(0)
    y_mean, y_std = parts[0][1].mean(), parts[0][1].std()
    (x, y), (xv, yv), (xt, yt) = ((torch.tensor((x - x_mean) / x_std).float(), torch.tensor((y - y_mean) / y_std).float()) for x, y in parts)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Flatten(0))
    optimizer = torch.optim.SGD(model.parameters(), lr=.02, momentum=.9, weight_decay=1e-4)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(30):
            for i in run.batches(range(0, len(x), 50)):
                loss = (model(x[i:i + 50]) - y[i:i + 50]).pow(2).mean()
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=(model(xv) - yv).pow(2).mean())
    with torch.no_grad(): return r2(model(xt), yt)
