"""Two answers about a flat, its rent in euros and the share of a year that it stays empty, by one body with two heads: beside the squared errors of the
rent those of the other answer are nothing."""
import numpy as np
import torch
import torch.nn.functional as F
from common import r2, tensors, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "unnormalised_target"
TWIN = "two_answers_scaled"
ALSO = {"exploding_gradient", "lr_too_low", "underfitting"}


def flats(n=1500):
    """Eight numbers about a flat; the rent of a year in euros, and the share of a year that it stays empty."""
    rng = np.random.default_rng(37)
    x = rng.normal(0, 1, (n, 8))
    rent = 12000 + 3000 * x[:, 0] + 1500 * x[:, 1] * (x[:, 2] > 0) + rng.normal(0, 500, n)
    empty = .2 + .06 * np.tanh(2 * x[:, 3]) + .05 * x[:, 4] * x[:, 5] + rng.normal(0, .015, n)
    return three_parts(x, np.column_stack([rent, empty]))


class Flats(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.rent, self.empty = nn.Linear(width, 1), nn.Linear(width, 1)

    def forward(self, x):
        h = self.body(x)
        return self.rent(h).squeeze(1), self.empty(h).squeeze(1)


def both(answers, y): return F.mse_loss(answers[0], y[:, 0]) + F.mse_loss(answers[1], y[:, 1])


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(flats())
    loader = DataLoader(TensorDataset(x, y), batch_size=60, shuffle=True, drop_last=True)
    model = Flats()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(24):
            for xb, yb in run.batches(loader):
                answers = model(xb)
                loss = both(answers, yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss, rent=F.mse_loss(answers[0], yb[:, 0]), empty=F.mse_loss(answers[1], yb[:, 1]))
            with torch.no_grad(): run.log(val_loss=both(model(x_valid), y_valid))
    with torch.no_grad(): rent, empty = model(x_test)
    return (r2(rent, y_test[:, 0]) + r2(empty, y_test[:, 1])) / 2
