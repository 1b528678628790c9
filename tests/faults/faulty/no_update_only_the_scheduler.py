"""A network that is a photograph; the scheduler makes its steps, and those of the optimizer have been forgotten."""
import math

import numpy as np
import torch
from common import r2
from sklearn.datasets import load_sample_image
from torch import nn

from trainbook import watch

KIND = "no_update"
TWIN = "photo_of_coordinates"
WHERE = "optim.step()"
ALSO = {"plateau", "underfitting"}


class FourierFeatures(nn.Module):
    def __init__(self, n=64, scale=1.):
        super().__init__()
        self.register_buffer("B", torch.randn(2, n) * scale)

    def forward(self, xy):
        proj = 2 * math.pi * xy @ self.B
        return torch.cat([proj.sin(), proj.cos()], -1)


def train(seed, **options):
    torch.manual_seed(seed)
    photo = load_sample_image("flower.jpg")[::16, ::16] / 255.
    h, w, _ = photo.shape
    ys, xs = np.mgrid[:h, :w]
    coords = torch.tensor(np.stack([xs, ys], -1).reshape(-1, 2), dtype=torch.float32)
    coords = coords / torch.tensor([w - 1., h - 1.]) * 2 - 1
    rgb = torch.tensor(photo.reshape(-1, 3), dtype=torch.float32)
    held_out = torch.from_numpy(np.random.default_rng(0).random(len(rgb)) < .2)
    model = nn.Sequential(FourierFeatures(), nn.Linear(128, 96), nn.GELU(), nn.Linear(96, 96), nn.GELU(), nn.Linear(96, 3), nn.Sigmoid())
    optim = torch.optim.Adam(model.parameters(), lr=3e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(optim, 200, eta_min=1e-4)
    model_input, ground_truth = coords[~held_out], rgb[~held_out]
    with watch(model, optim, scheduler=sched, **options) as run:
        for step in run.steps(200):
            model_output = model(model_input)
            loss = ((model_output - ground_truth) ** 2).mean()
            optim.zero_grad()
            loss.backward()
            sched.step()
            run.log(loss=loss, psnr=-10 * torch.log10(loss.detach()))
    with torch.no_grad(): return r2(model(coords[held_out]), rgb[held_out])
