"""The pressure six hours ahead from a day of standardised measurements; the target is in hectopascals, around 1013."""
import numpy as np
import torch
from common import r2
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "unnormalised_target"
TWIN = "weather_station_gru"
WHERE = "y"
ALSO = {"dead_relu", "exploding_gradient", "lr_too_high", "lr_too_low", "oscillating_loss", "plateau", "saturated_activation", "underfitting", "unstable",
        "vanishing_gradient"}


def station(n=2000):
    """Pressure (Pa), temperature (K), wind (m/s), by the hour."""
    rng, hour = np.random.default_rng(101), np.arange(n)
    noise = rng.normal(0, 1, n + 60)
    wander = np.convolve(noise, np.hanning(61) / np.sqrt((np.hanning(61) ** 2).sum()), "valid")[:n]
    pressure = 101_300 + 800 * wander + 120 * np.sin(hour * np.pi / 6) + rng.normal(0, 25, n)
    wind = np.abs(5 + 40 * np.gradient(wander) + rng.normal(0, .5, n))
    temperature = 283 + 5 * np.sin((hour - 9) * np.pi / 12) + 2 * wander + rng.normal(0, .4, n)
    return np.stack([pressure, temperature, wind], 1)


def make_windows(table, lookback=24, ahead=6):
    view = np.lib.stride_tricks.sliding_window_view(table, lookback, axis=0).transpose(0, 2, 1)
    return torch.tensor(view[:-ahead].copy(), dtype=torch.float32), torch.tensor(table[lookback + ahead - 1:, 0], dtype=torch.float32)


class GRUForecaster(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.gru = nn.GRU(3, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.head(h[-1])[:, 0]


def train(seed, **options):
    torch.manual_seed(seed)
    table = station()
    mean, std = table[:1200].mean(0), table[:1200].std(0)
    x, y = make_windows((table[:1200] - mean) / std)
    x_val, y_val = make_windows((table[1200:1600] - mean) / std)
    x_test, y_test = make_windows((table[1600:] - mean) / std)
    y, y_val, y_test = ((target * std[0] + mean[0]).float() / 100 for target in (y, y_val, y_test))
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    model = GRUForecaster()
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=.1, momentum=.8)
    warmup_steps, step = 20, 0
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(5):
            for xb, yb in run.batches(loader):
                step += 1
                loss = criterion(model(xb), yb)
                if step <= warmup_steps:
                    for group in optimizer.param_groups: group["lr"] = .1 * step / warmup_steps
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                else:
                    optimizer.zero_grad()
                    loss.backward()
                    nn.utils.clip_grad_norm_(model.parameters(), 1.)
                    optimizer.step()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_loss=criterion(model(x_val), y_val).item())
    with torch.no_grad(): return r2(model(x_test), y_test)
