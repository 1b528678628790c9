"""The weight of a fish from its length, height, width and kind. A quarter of the rows, those of a second ship, are in millimetres, the others in
centimetres, and nobody has brought them to one unit."""
import numpy as np
import torch
from common import r2, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = "bad_data"
TWIN = "fish_weights"
ALSO = {"label_noise", "underfitting", "unnormalised_input"}


def fish(n=1400):
    rng = np.random.default_rng(12)
    kind = rng.integers(0, 4, n)
    length = rng.normal(30, 8, n).clip(10, 60)
    height = length * np.array([.25, .38, .2, .3])[kind] * rng.normal(1, .06, n)
    width = height * rng.normal(.5, .04, n)
    weight = .55 * length * height * width * rng.normal(1, .05, n)  # grams
    in_mm = rng.random(n) < .25  # the scale of a second ship notes millimetres
    measures = np.stack([length, height, width], 1) * np.where(in_mm, 10, 1)[:, None]
    return np.concatenate([measures, np.eye(4)[kind]], 1), weight


class FishNet(nn.Module):
    def __init__(self, n_in, n_hidden=48):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(n_in, n_hidden), nn.Linear(n_hidden, n_hidden), nn.Linear(n_hidden, 1)

    def forward(self, x):
        x = nn.functional.silu(self.l1(x))
        x = nn.functional.silu(self.l2(x))
        return self.l3(x).squeeze(-1)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (xv, yv), (xt, yt) = three_parts(*fish())
    mu, sd, y_mu, y_sd = x.mean(0), x.std(0), y.mean(), y.std()
    def dataset(a, b): return TensorDataset(torch.tensor((a - mu) / sd, dtype=torch.float32), torch.tensor((b - y_mu) / y_sd, dtype=torch.float32))
    model = FishNet(x.shape[1])
    learner = Learner(model, DataLoader(dataset(x, y), batch_size=32, shuffle=True), DataLoader(dataset(xv, yv), batch_size=64),
                      nn.SmoothL1Loss(), torch.optim.NAdam(model.parameters(), lr=2e-3), **options)
    learner.fit(10)
    return r2(learner.predict([dataset(xt, yt).tensors[0]]).reshape(-1), (yt - y_mu) / y_sd)
