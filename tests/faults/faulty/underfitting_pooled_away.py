"""Where is the bright spot? The maps are averaged over the whole picture before the last layer, which can't tell where something was; Learner, Adam."""
import numpy as np
import torch
from common import r2, tensors, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = "underfitting"
TWIN = "find_the_spot"
ALSO = {"plateau"}


def spots(n=900, size=16):
    """Small copies of photographs of 1920 x 1080; the place of the spot in the photograph, in pixels."""
    rng = np.random.default_rng(36)
    place, (rows, columns) = rng.uniform(.1, .9, (n, 2)), np.mgrid[:size, :size] / size
    glow = np.exp(-((columns - place[:, :1, None]) ** 2 + (rows - place[:, 1:, None]) ** 2) / .01)
    return three_parts((glow + rng.normal(0, .15, glow.shape))[:, None], place * [1920, 1080])


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.place = nn.Linear(16, 2)

    def forward(self, x): return self.place(self.body(x))


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(spots())
    scale = torch.tensor([1920., 1080.])
    train_dl = DataLoader(TensorDataset(x, y / scale), 36, shuffle=True)
    valid_dl = DataLoader(TensorDataset(x_valid, y_valid / scale), 180)
    model = Regressor()
    learn = Learner(model, train_dl, valid_dl, nn.MSELoss(), torch.optim.Adam(model.parameters(), lr=2e-3), **options)
    learn.fit(16)
    return r2(learn.predict([x_test]) * scale, y_test)
