"""Prices of houses from a table that is sorted by price, in this order: each epoch ends with the dearest houses."""
import numpy as np
import torch
from common import houses, r2
from torch import nn

from trainbook import watch

KIND = "no_shuffle"
TWIN = "houses_adam"
ALSO = {"oscillating_loss", "unstable"}


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = houses()
    mean, std = x_train.mean(0), x_train.std(0)
    def prepare(x): return torch.from_numpy(((x - mean) / std).astype(np.float32))
    y_mean, y_std = y_train.mean(), y_train.std()
    def target(y): return torch.from_numpy(((y - y_mean) / y_std).astype(np.float32)).view(-1, 1)
    order = y_train.argsort()
    x_train, y_train = x_train[order], y_train[order]
    X, Y, X_val, Y_val = prepare(x_train), target(y_train), prepare(x_valid), target(y_valid)

    model = nn.Sequential(nn.Linear(5, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    loss_fn = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    batch_size = 50
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(25):
            for i in run.batches(range(0, len(X), batch_size)):
                rows = slice(i, i + batch_size)
                pred = model(X[rows])
                loss = loss_fn(pred, Y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            model.eval()
            with torch.no_grad(): run.log(val_loss=loss_fn(model(X_val), Y_val))
            model.train()
    model.eval()
    with torch.no_grad(): price = model(prepare(x_test)).numpy() * y_std + y_mean
    return r2(price, y_test)
