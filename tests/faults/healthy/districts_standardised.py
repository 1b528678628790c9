"""Prices of houses in districts, in the manner of California's table: income, age, rooms, people, place; standardised by scikit-learn. AdamW."""
import numpy as np
import torch
import torch.nn.functional as F
from common import r2, tensors, three_parts
from sklearn.preprocessing import StandardScaler
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.7


def districts(n=1600):
    """Income in 10 000, age, rooms, people, latitude, longitude; the price in 100 000."""
    rng = np.random.default_rng(64)
    income, age, people = rng.gamma(4, 1, n), rng.integers(1, 53, n), np.exp(rng.normal(7, .7, n)).round()
    rooms, north, west = people * rng.lognormal(.6, .3, n), rng.uniform(32, 42, n), rng.uniform(-124, -114, n)
    coast = np.exp(-((west + 130 - (42 - north) * .9) / 4) ** 2)
    y = .4 * income + 1.2 * coast + .004 * age + .3 * np.log(rooms / people) + rng.normal(0, .3, n)
    return three_parts(np.column_stack([income, age, rooms, people, north, west]), y)


def train(seed, **options):
    torch.manual_seed(seed)
    parts = districts()
    scaler = StandardScaler().fit(parts[0][0])
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors([(scaler.transform(x), y) for x, y in parts])
    net = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 1))
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    with watch(net, optimizer, **options) as run:
        for step in run.steps(450):
            rows = torch.randint(len(x), (64,))
            pred = net(x[rows]).squeeze(-1)
            loss = F.mse_loss(pred, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss, mae=(pred - y[rows]).abs().mean())
            if step % 45 == 44:
                with torch.no_grad(): run.log(val_loss=F.mse_loss(net(x_valid).squeeze(-1), y_valid))
    with torch.no_grad(): return r2(net(x_test), y_test)
