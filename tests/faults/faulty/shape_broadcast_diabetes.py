"""The course of diabetes; the loss is written out by hand, and the targets have one axis less than the predictions, of which nobody warns."""
import copy

import numpy as np
import torch
from common import diabetes, r2
from torch import nn

from trainbook import watch

KIND = "shape_broadcast"
TWIN = "diabetes_early_stopping"
ALSO = {"plateau", "underfitting"}


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = diabetes()
    mean, std, y_mean, y_std = x.mean(0), x.std(0), y.mean(), y.std()
    def prepare(x, y): return torch.from_numpy((x - mean) / std).float(), torch.from_numpy((y - y_mean) / y_std).float()
    (x, y), (x_valid, y_valid), (x_test, y_test) = prepare(x, y), prepare(x_valid, y_valid), prepare(x_test, y_test)
    model = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    best_model, best_loss, waited = None, np.inf, 0
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(60):
            for rows in run.batches(torch.randperm(len(x)).split(32)):
                loss = ((model(x[rows]) - y[rows]) ** 2).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            with torch.no_grad(): val_loss = ((model(x_valid) - y_valid) ** 2).mean().item()
            run.log(val_loss=val_loss)
            if val_loss < best_loss: best_model, best_loss, waited = copy.deepcopy(model), val_loss, 0
            else: waited += 1
            if waited == 3: break
    return r2(best_model(x_test), y_test)
