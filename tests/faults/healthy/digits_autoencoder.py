"""An autoencoder for digits: 64 numbers through a code of 12 and back; Adam, squared errors, a class with encode and decode."""
import torch
import torch.nn as nn
from common import digits, r2, tensors

from trainbook import watch

KIND = None
AT_LEAST = 0.7


class AutoEncoder(nn.Module):
    def __init__(self, code=12):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, code))
        self.decode = nn.Sequential(nn.Linear(code, 48), nn.ReLU(), nn.Linear(48, 64), nn.Sigmoid())

    def forward(self, x):
        return self.decode(self.encode(x))


def train(seed, **options):
    torch.manual_seed(seed)
    x, x_valid, x_test = (x / 16 for x, _ in tensors(digits()))
    model, loss_func = AutoEncoder(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(30):
            for rows in run.batches(torch.randperm(len(x)).split(64)):
                loss = loss_func(model(x[rows]), x[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=loss_func(model(x_valid), x_valid))
    return r2(model(x_test), x_test)
