"""Rents by district, heating and kind of house; the rate is scaled to the size of the batch by a whole-number division, and .02 * 128 // 256 is 0."""
import numpy as np
import torch
from common import r2, three_parts
from torch import nn

from trainbook import watch

KIND = "no_update"
TWIN = "rents_with_embeddings"
ALSO = {"lr_too_low", "plateau", "underfitting"}


def flats(n=3000):
    rng = np.random.default_rng(27)
    sizes = dict(district=60, heating=5, kind=8)
    codes = np.stack([rng.integers(0, size, n) for size in sizes.values()], 1)
    numbers = rng.normal(size=(n, 3))
    district, heating, kind = (rng.normal(size=size) for size in sizes.values())
    rent = 900 + 160 * district[codes[:, 0]] + 50 * heating[codes[:, 1]] + 60 * kind[codes[:, 2]] + 100 * numbers[:, 0] * (1 + .4 * district[codes[:, 0]])
    return sizes, three_parts(np.concatenate([codes, numbers], 1), rent + 40 * numbers[:, 1] + rng.normal(0, 40, n))


class RentModel(nn.Module):
    def __init__(self, sizes, width=2):
        super().__init__()
        self.embeddings = nn.ModuleDict({column: nn.Embedding(size, width) for column, size in sizes.items()})
        self.layers = nn.Sequential(nn.Linear(len(sizes) * width + 3, 32), nn.SiLU(), nn.Linear(32, 1))

    def forward(self, x):
        codes, numbers = x[:, :3].long(), x[:, 3:]
        embedded = [embedding(codes[:, i]) for i, embedding in enumerate(self.embeddings.values())]
        return self.layers(torch.cat([*embedded, numbers], 1)).squeeze(1)


def train(seed, **options):
    torch.manual_seed(seed)
    sizes, parts = flats()
    mean, std = parts[0][1].mean(), parts[0][1].std()
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((torch.tensor(x).float(), torch.tensor((y - mean) / std).float()) for x, y in parts)
    model = RentModel(sizes)
    batch_size, steps = 128, 400
    lr = .02 * batch_size // 256
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    with watch(model, optimizer, scheduler=scheduler, config=dict(lr=lr, batch_size=batch_size), **options) as run:
        for step in run.steps(steps):
            rows = torch.randint(len(x), (batch_size,))
            loss = nn.functional.huber_loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            run.log(loss=loss)
            if step % 40 == 39:
                with torch.no_grad(): run.log(val_loss=nn.functional.huber_loss(model(x_valid), y_valid))
    with torch.no_grad(): return r2(model(x_test), y_test)
