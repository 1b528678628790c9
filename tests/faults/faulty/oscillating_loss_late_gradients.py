"""How long a parcel takes; a pipeline applies each gradient fifteen steps after it was computed, and the weights swing about where they should be."""
from collections import deque

import numpy as np
import torch
from common import r2, tensors, three_parts
from torch import nn

from trainbook import watch

KIND = "oscillating_loss"
TWIN = "parcels_days"
ALSO = {"exploding_gradient", "lr_too_high", "plateau", "unstable"}


def parcels(n=1300):
    """Weight in kg, distance in 100 km, the second it was posted, as time.time() gives it; days until it was there, which grow before the holidays."""
    rng = np.random.default_rng(34)
    weight, distance, posted = rng.exponential(2, n), rng.uniform(0, 9, n), 1.6e9 + rng.uniform(0, 400 * 86400, n)
    season = np.cos((posted - 1.6e9) / 86400 / 400 * 2 * np.pi)
    return three_parts(np.column_stack([weight, distance, posted]), 2 + .35 * distance + .15 * weight + season + rng.normal(0, .3, n))


def train(seed, **options):
    torch.manual_seed(seed)
    parts = parcels()
    for x, _ in parts: x[:, 2] = (x[:, 2] - 1.6e9) / 86400 / 100 - 2
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(parts)
    model = nn.Sequential(nn.Linear(3, 48), nn.Tanh(), nn.Linear(48, 24), nn.Tanh(), nn.Linear(24, 1), nn.Flatten(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    criterion, pipeline = nn.SmoothL1Loss(), deque()
    with watch(model, optimizer, **options) as run:
        for step in run.steps(300):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            pipeline.append([p.grad.clone() for p in model.parameters()])
            if len(pipeline) > 15:
                for p, grad in zip(model.parameters(), pipeline.popleft()): p.grad = grad
            optimizer.step()
            run.log(loss=loss)
            if step % 30 == 29:
                with torch.no_grad(): run.log(val_loss=criterion(model(x_valid), y_valid))
    with torch.no_grad(): return r2(model(x_test), y_test)
