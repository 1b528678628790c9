"""Tomorrow's visits to a website. The weekly mean among the inputs is a centred one, so that the three days to come are in it, tomorrow included; when
the forecast is made they are not there yet."""
import numpy as np
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "leakage"
TWIN = "visits_trailing_mean"
WHERE = "column 7"


def visits(n=1400):
    rng, day = np.random.default_rng(21), np.arange(n)
    week, level = np.array([1.1, 1., .7, 1.2, .9, .45, .6])[day % 7], np.convolve(rng.normal(0, 1, n + 59), np.ones(60) / 60, "valid")
    return 900 * week * (1 + level) * rng.lognormal(0, .12, n)


def table(series, live=False):
    """For each day: the last seven days, the mean around it, and the next day."""
    days = np.arange(7, len(series) - 3)
    lags = np.stack([series[days - k] for k in range(7)], 1)
    mean = np.array([series[t - 3:t + (1 if live else 4)].mean() for t in days])
    return np.column_stack([lags, mean]), series[days + 1]


def train(seed, **options):
    torch.manual_seed(seed)
    series = visits()
    (x, y), (x_valid, y_valid), (x_test, y_test) = table(series[:900]), table(series[900:1150]), table(series[1150:], live=True)
    mean, std, y_mean, y_std = x.mean(0), x.std(0), y.mean(), y.std()
    def inputs(x): return torch.tensor((x - mean) / std, dtype=torch.float32)
    def targets(y): return torch.tensor((y - y_mean) / y_std, dtype=torch.float32)
    X, Y, Xv, Yv = inputs(x), targets(y), inputs(x_valid), targets(y_valid)
    net = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 1))
    opt = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=1e-2)
    mse = nn.MSELoss()
    with watch(net, opt, config={"lr": 5e-3}, **options) as run:
        for step in run.steps(600):
            rows = torch.randint(len(X), (64,))
            loss = mse(net(X[rows]).squeeze(1), Y[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            run.log(loss=loss)
            if step % 60 == 59:
                with torch.no_grad(): run.log(val_loss=mse(net(Xv).squeeze(1), Yv))
    with torch.no_grad(): return r2(net(inputs(x_test)).squeeze(1), targets(y_test))
