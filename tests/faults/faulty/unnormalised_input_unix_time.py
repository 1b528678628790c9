"""How long a parcel takes, from weight, distance and the time it was posted, in seconds since 1970: beside 1600000000 nothing else counts."""
import numpy as np
import torch
from common import r2, tensors, three_parts
from torch import nn

from trainbook import watch

KIND = "unnormalised_input"
TWIN = "parcels_days"
WHERE = "column 2"
ALSO = {"plateau", "saturated_activation", "underfitting"}


def parcels(n=1300):
    """Weight in kg, distance in 100 km, the second it was posted, as time.time() gives it; days until it was there, which grow before the holidays."""
    rng = np.random.default_rng(34)
    weight, distance, posted = rng.exponential(2, n), rng.uniform(0, 9, n), 1.6e9 + rng.uniform(0, 400 * 86400, n)
    season = np.cos((posted - 1.6e9) / 86400 / 400 * 2 * np.pi)
    return three_parts(np.column_stack([weight, distance, posted]), 2 + .35 * distance + .15 * weight + season + rng.normal(0, .3, n))


def train(seed, **options):
    torch.manual_seed(seed)
    parts = parcels()
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(parts)
    model = nn.Sequential(nn.Linear(3, 48), nn.Tanh(), nn.Linear(48, 24), nn.Tanh(), nn.Linear(24, 1), nn.Flatten(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    criterion = nn.SmoothL1Loss()
    with watch(model, optimizer, **options) as run:
        for step in run.steps(300):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 30 == 29:
                with torch.no_grad(): run.log(val_loss=criterion(model(x_valid), y_valid))
    with torch.no_grad(): return r2(model(x_test), y_test)
