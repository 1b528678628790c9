"""The course of diabetes; each row of the training is there four times, with a little noise on its measurements. Stops early and keeps the best
weights."""
import copy

import numpy as np
import torch
import torch.nn.functional as F
from common import diabetes, r2
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "rows that are there four times, nearly the same; but only among themselves in the training, on purpose"
AT_LEAST = 0.2


def augment(x, y, copies=4):
    rng = np.random.default_rng(0)
    x, y = np.tile(x, (copies, 1)), np.tile(y, copies)
    order = rng.permutation(len(x))
    return (x + rng.normal(0, .04, x.shape))[order], y[order]


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = diabetes()
    mean, std, level, spread = x.mean(0), x.std(0), y.mean(), y.std()
    x, x_valid, x_test, y, y_valid = (x - mean) / std, (x_valid - mean) / std, (x_test - mean) / std, (y - level) / spread, (y_valid - level) / spread
    x, y = augment(x, y)
    train_set, valid_set = (TensorDataset(torch.tensor(x).float(), torch.tensor(y).float()) for x, y in [(x, y), (x_valid, y_valid)])
    loader = DataLoader(train_set, 32, shuffle=True)
    model = nn.Sequential(nn.Linear(10, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, 1), nn.Flatten(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    best, weights = float("inf"), None
    with watch(model, optimizer, early_stop=5, **options) as run:
        for epoch in run.epochs(35):
            for xb, yb in run.batches(loader):
                loss = F.mse_loss(model(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            xv, yv = valid_set.tensors
            with torch.no_grad(): val_loss = F.mse_loss(model(xv), yv).item()
            run.log(val_loss=val_loss)
            if val_loss < best: best, weights = val_loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    with torch.no_grad(): return r2(model(torch.tensor(x_test).float()) * spread + level, y_test)
