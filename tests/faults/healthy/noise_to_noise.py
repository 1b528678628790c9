"""Smooth curves out of noise without a clean one ever seen: what is to be predicted is a second noisy measurement of the same curve (noise2noise)."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the loss stops at .4 and stays there; the targets are noisy themselves, and .36 of it is the variance of that noise"
AT_LEAST = 0.75


def curves(n, g, length=40):
    t = torch.linspace(0, 1, length)
    height, speed, phase = (torch.rand(n, 1, generator=g) for _ in range(3))
    return (.6 + height) * torch.sin(2 * torch.pi * ((1 + 2 * speed) * t + phase))


def noisy(clean, g=None): return clean + .6 * torch.randn(clean.shape, generator=g)


def train(seed, **options):
    g = torch.Generator().manual_seed(73)
    clean, clean_valid, clean_test = (curves(n, g) for n in (1600, 300, 300))
    first, second, first_valid, second_valid, first_test = (noisy(part, g) for part in (clean, clean, clean_valid, clean_valid, clean_test))
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Unflatten(1, (1, -1)), nn.Conv1d(1, 16, 9, padding=4), nn.GELU(), nn.Conv1d(16, 16, 9, padding=4), nn.GELU(),
                          nn.Conv1d(16, 1, 9, padding=4), nn.Flatten())
    optimizer, mse = torch.optim.AdamW(model.parameters(), lr=4e-3), nn.MSELoss()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for rows in run.batches(torch.randperm(1600).split(40)):
                swap = torch.rand(()) < .5
                seen, wanted = (second, first) if swap else (first, second)
                loss = mse(model(seen[rows]), wanted[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=mse(model(first_valid), second_valid))
    with torch.no_grad(): return r2(model(first_test), clean_test)
