"""Passengers of the next hour from those of the last day. The lags are counted from 0 on: the first column is what shall be forecast. Live it is not
there, and the hour before has to stand in for it."""
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from common import r2

from trainbook import watch

KIND = "leakage"
TWIN = "trams_lags"
WHERE = "lag_0"


def passengers(n=1300):
    rng, hour = np.random.default_rng(77), np.arange(n)
    burst = np.zeros(n)
    for t in range(1, n): burst[t] = .8 * burst[t - 1] + rng.normal(0, 60)
    return pd.Series(600 + 130 * np.sin(hour * 2 * np.pi / 24) + 60 * np.sin(hour * 4 * np.pi / 24 + 1) + burst + rng.normal(0, 50, n))


def add_lags(series):
    return pd.DataFrame({f"lag_{k}": series.shift(k) for k in range(24)})


def train(seed, **options):
    torch.manual_seed(seed)
    y = passengers()
    y_train = y[:900]
    center, scale = y_train.mean(), y_train.std()
    table = ((add_lags(y[:1100]) - center) / scale).to_numpy(dtype=np.float32)
    target = ((y - center) / scale).to_numpy(dtype=np.float32)
    X, Y, Xv, Yv = (torch.from_numpy(a) for a in (table[24:900], target[24:900], table[900:1100], target[900:1100]))

    net = nn.Sequential(nn.Linear(24, 32), nn.Tanh(), nn.Linear(32, 1))
    optim = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-3)
    mae = nn.L1Loss()
    with watch(net, optim, **options) as run:
        for epoch in run.epochs(12):
            for rows in run.batches(torch.randperm(len(X)).split(32)):
                loss = mae(net(X[rows]).squeeze(1), Y[rows])
                optim.zero_grad(); loss.backward(); optim.step()
                run.log(mae=loss)
            with torch.no_grad(): run.log(val_mae=mae(net(Xv).squeeze(1), Yv))

    forecasts = []
    for t in range(1100, 1300):  # live: the hour that comes is not in the table yet
        history = y[t - 30:t + 1].copy()
        history.iloc[-1] = np.nan
        row = ((add_lags(history.reset_index(drop=True)).iloc[-2:].ffill().iloc[-1] - center) / scale).to_numpy(dtype=np.float32)
        with torch.no_grad(): forecasts.append(net(torch.from_numpy(row)).item())
    return r2(np.array(forecasts), target[1100:])
