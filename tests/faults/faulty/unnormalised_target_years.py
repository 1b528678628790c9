"""The year of a song from twenty numbers about its sound; the target is the year, as it is: around 2000, with a spread of ten, and the network is busy
with the two thousand."""
import numpy as np
import torch
import torch.nn.functional as F
from common import r2, tensors, three_parts
from torch import nn

from trainbook import watch

KIND = "unnormalised_target"
TWIN = "songs_years_centred"
ALSO = {"exploding_gradient", "lr_too_low", "underfitting"}


def songs(n=1600):
    rng = np.random.default_rng(63)
    x = rng.normal(0, 1, (n, 20))
    year = 1999 + 5 * x[:, 0] + 6 * np.tanh(x[:, 1] - x[:, 2]) + 3 * np.abs(x[:, 3]) + rng.normal(0, 3, n)
    return three_parts(x, year.round())


class Year(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.first, self.norm, self.second, self.out = nn.Linear(20, hidden), nn.LayerNorm(hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 1)

    def forward(self, x):
        h = F.relu(self.norm(self.first(x)))
        return self.out(h + F.relu(self.second(h))).squeeze(-1)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(songs())
    mean, std = 0, 1
    y, y_valid = (y - mean) / std, (y_valid - mean) / std
    model = Year()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with watch(model, optimizer, config={"batch_size": 40}, **options) as run:
        for epoch in run.epochs(16):
            model.train()
            for rows in run.batches(torch.randperm(len(x)).split(40)):
                optimizer.zero_grad()
                loss = F.mse_loss(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                run.log(train_loss=loss.detach())
            model.eval()
            with torch.no_grad(): run.log(val_loss=F.mse_loss(model(x_valid), y_valid))
    with torch.no_grad(): return r2(model(x_test) * std + mean, y_test)
