"""What a customer will spend on an offer, from a log with rare customers. Rows are weighted by the inverse of their guessed chance to be in it, and
no weight is above five."""
import torch
import torch.nn.functional as F
from common import r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "some rows count twenty times as much as others, and the loss of a batch leaps when there is one; the weights have a limit, and its mean goes down"
AT_LEAST = 0.5


def customers(n, generator, logged):
    x = torch.randn(n, 6, generator=generator)
    chance = torch.sigmoid(3 * x[:, 0] - 1).clamp(min=1e-3)
    guessed = (chance * torch.exp(1.2 * torch.randn(n, generator=generator))).clamp(5e-4, 1)
    spent = 1.5 * torch.sin(x[:, 0] * 1.5) + x[:, 1] * x[:, 2] + .5 * x[:, 3] + .3 * torch.randn(n, generator=generator)
    kept = torch.rand(n, generator=generator) < (chance if logged else 1.)
    return x[kept], spent[kept], 1 / guessed[kept]


class Spend(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.out = nn.Linear(width, 1)

    def forward(self, x): return self.out(self.body(x)).squeeze(1)


def train(seed, **options):
    generator = torch.Generator().manual_seed(72)
    (x, y, weight), (x_valid, y_valid, _), (x_test, y_test, _) = (customers(n, generator, n > 2000) for n in (14000, 400, 800))
    weight = weight.clamp(max=5.)
    torch.manual_seed(seed)
    model = Spend()
    optimizer = torch.optim.SGD(model.parameters(), lr=2e-2, momentum=.9)
    run = watch(model, optimizer, **options)
    for step in range(700):
        rows = torch.randint(len(x), (32,))
        loss = (weight[rows] * F.smooth_l1_loss(model(x[rows]), y[rows], reduction="none")).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log(loss=loss.item())
        if step % 70 == 69:
            with torch.no_grad(): run.log(val_loss=F.smooth_l1_loss(model(x_valid), y_valid).item())
    run.finish()
    with torch.no_grad(): return r2(model(x_test), y_test)
