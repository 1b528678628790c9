"""Will it rain? An LSTM reads 24 hours of air pressure, in Pascal, around 101325: its gates are open or closed for good."""
import numpy as np
import torch
from common import accuracy, tensors, three_parts
from torch import nn

from trainbook import watch

KIND = "unnormalised_input"
TWIN = "weather_lstm_standardised"
ALSO = {"plateau", "saturated_activation", "underfitting", "vanishing_gradient"}


def pressure(n=900, hours=24):
    """Pressure in Pascal; the class is whether it fell faster in the second half of the day than in the first."""
    rng = np.random.default_rng(35)
    slope, turn = rng.normal(0, 60, (n, 1)), rng.normal(0, 80, (n, 1))
    t = np.arange(hours)
    x = 101325 + rng.normal(0, 300, (n, 1)) + slope * t + turn * np.maximum(t - 12, 0) + rng.normal(0, 60, (n, hours))
    return three_parts(x, (turn[:, 0] < 0).astype(int))


class Rain(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(1, 24, batch_first=True), nn.Linear(24, 2)

    def forward(self, x):
        _, (hidden, _) = self.lstm(x.unsqueeze(2))
        return self.head(hidden[-1])


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(pressure())
    model = Rain()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    loss_fn = nn.CrossEntropyLoss()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(18):
            for index in run.batches(torch.randperm(len(x)).split(45)):
                loss = loss_fn(model(x[index]), y[index])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): out = model(x_valid)
            run.log(val_loss=loss_fn(out, y_valid), val_accuracy=accuracy(out.argmax(1), y_valid))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
