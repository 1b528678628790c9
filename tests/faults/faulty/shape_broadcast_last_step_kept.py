"""The next value of a pulse wave by a GRU. The last step is cut out as a slice, so that the answer is (N, 1, 1) against (N, 1): each answer is
compared with every target of the batch."""
import numpy as np
import torch
from common import r2, windows
from torch import nn

from trainbook import watch

KIND = "shape_broadcast"
TWIN = "pulse_forecast_gru"
WHERE = "MSELoss"
ALSO = {"plateau", "underfitting"}


def pulse(n=1500):
    rng = np.random.default_rng(64)
    beat = np.cumsum(2 * np.pi / 17 * (1 + .25 * np.sin(np.arange(n) / 60)) + rng.normal(0, .04, n))
    return np.sin(beat) + .5 * np.sin(2 * beat + 1) + .1 * rng.normal(0, 1, n)


class PulseModel(nn.Module):
    def __init__(self, hidden_size=24):
        super().__init__()
        self.gru = nn.GRU(input_size=1, hidden_size=hidden_size, batch_first=True)
        self.linear = nn.Linear(hidden_size, 1)

    def forward(self, x):
        out, _ = self.gru(x)
        return self.linear(out[:, -1:])


def train(seed, **options):
    torch.manual_seed(seed)
    signal = pulse().astype(np.float32)
    def xy(part):
        x, y = windows(part, 20)
        return torch.from_numpy(x)[..., None], torch.from_numpy(y)[:, None]
    (X, y), (X_val, y_val), (X_test, y_test) = xy(signal[:1000]), xy(signal[1000:1200]), xy(signal[1200:])
    model = PulseModel()
    optimizer = torch.optim.Adam([{"params": model.gru.parameters(), "lr": 6e-3}, {"params": model.linear.parameters(), "lr": 3e-3}])
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, .93)
    loss_function = nn.MSELoss()
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(12):
            for index in run.batches(torch.randperm(len(X)).split(40)):
                optimizer.zero_grad()
                single_loss = loss_function(model(X[index]), y[index])
                single_loss.backward()
                optimizer.step()
                run.log(single_loss=single_loss.item())
            scheduler.step()
            with torch.no_grad(): run.log(val_loss=loss_function(model(X_val), y_val).item())
    with torch.no_grad(): return r2(model(X_test).flatten(), y_test)
