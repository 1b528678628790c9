"""Rents of flats by a residual network; the rate of 1e-5 is one for fine-tuning, but the network is new."""
import torch
from common import r2
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = "lr_too_low"
TWIN = "rents_residual"
WHERE = "lr"
ALSO = {"plateau", "underfitting"}


def rents(n=1600):
    g = torch.Generator().manual_seed(14)
    numbers, quarter = torch.randn(n, 3, generator=g), torch.randint(12, (n,), generator=g)
    level = torch.randn(12, generator=g)
    rent = numbers[:, 0] * (1 + .3 * level[quarter]) - .5 * numbers[:, 1].abs() + .4 * torch.tanh(2 * numbers[:, 2]) + .7 * level[quarter]
    return numbers, quarter, rent + .15 * torch.randn(n, generator=g)


class RentModel(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.quarter, self.first = nn.Embedding(12, 6), nn.Linear(9, width)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width)) for _ in range(3)])
        self.last = nn.Linear(width, 1)

    def forward(self, numbers, quarter):
        h = self.first(torch.cat([numbers, self.quarter(quarter)], 1))
        for block in self.blocks: h = h + block(h)
        return self.last(h).squeeze(1)


def train(seed, **options):
    torch.manual_seed(seed)
    numbers, quarter, rent = rents()
    train_dl = DataLoader(TensorDataset(numbers[:900], quarter[:900], rent[:900]), 30, shuffle=True)
    valid_dl = DataLoader(TensorDataset(numbers[900:1200], quarter[900:1200], rent[900:1200]), 100)
    model = RentModel()
    learn = Learner(model, train_dl, valid_dl, nn.MSELoss(), torch.optim.AdamW(model.parameters(), lr=1e-5), **options)
    learn.fit(16)
    model.eval()
    with torch.no_grad(): return r2(model(numbers[1200:], quarter[1200:]), rent[1200:])
