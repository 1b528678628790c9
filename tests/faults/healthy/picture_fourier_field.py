"""A picture as a function of the place: a coordinate network with random Fourier features."""
import math

import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.8


def picture(size=56):
    v, u = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    grey = torch.sin(14 * u + 5 * v * v) + torch.cos(12 * v - 4 * u) + (((u - .3) ** 2 + (v + .2) ** 2) < .15).float() * 1.5
    return torch.stack([u, v], -1).view(-1, 2), ((grey - grey.mean()) / grey.std()).view(-1, 1)


class FourierFeatures(nn.Module):
    def __init__(self, n, scale):
        super().__init__()
        self.register_buffer("B", torch.randn(2, n) * scale)

    def forward(self, uv):
        angle = 2 * math.pi * uv @ self.B
        return torch.cat([angle.sin(), angle.cos()], -1)


def train(seed, **options):
    torch.manual_seed(seed)
    uv, grey = picture()
    order = torch.randperm(len(uv), generator=torch.Generator().manual_seed(5))
    seen, held_out, test = order[:2200], order[2200:2600], order[2600:]
    field = nn.Sequential(FourierFeatures(48, 1.), nn.Linear(96, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    optim = torch.optim.Adam(field.parameters(), lr=2e-3)
    mse = nn.MSELoss()
    with watch(field, optim, **options) as run:
        for it in run.steps(600):
            pick = seen[torch.randint(len(seen), (256,))]
            loss = mse(field(uv[pick]), grey[pick])
            optim.zero_grad()
            loss.backward()
            optim.step()
            run.log(mse=loss)
            if it % 50 == 0:
                with torch.no_grad(): run.log(val_mse=mse(field(uv[held_out]), grey[held_out]))
    with torch.no_grad(): return r2(field(uv[test]), grey[test])
