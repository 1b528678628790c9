"""Sparse codes of short sounds: the penalty on the code weighs ten thousand times what it should; the cheapest code is an empty one."""
import math

import torch
from common import r2
from torch import nn, optim
from torch.utils.data import DataLoader

from trainbook import watch

KIND = "over_regularised"
TWIN = "sounds_sparse_code"
WHERE = "sparsity"
ALSO = {"plateau", "underfitting", "vanishing_gradient"}


def sounds(n, generator):
    t = torch.linspace(0, 1, 48)
    pitch, decay, phase = torch.rand(3, n, 1, generator=generator)
    sound = torch.exp(-4 * decay * t) * torch.sin(2 * math.pi * ((1 + 4 * pitch) * t + phase))
    return sound * 1.6 + .03 * torch.randn(n, 48, generator=generator)


class SparseAutoencoder(nn.Module):
    def __init__(self, size=48, code=40):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(size, 96), nn.GELU(), nn.Linear(96, code))
        self.decoder = nn.Sequential(nn.Linear(code, 96), nn.GELU(), nn.Linear(96, size))

    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code), code


def train(seed, sparsity=1., **options):
    generator = torch.Generator().manual_seed(17)
    train_sounds, valid_sounds, test_sounds = sounds(2000, generator), sounds(300, generator), sounds(500, generator)
    torch.manual_seed(seed)
    model = SparseAutoencoder()
    optimizer = optim.Adam(model.parameters(), lr=2e-3)
    loader = DataLoader(train_sounds, batch_size=64, shuffle=True)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for x in run.batches(loader):
                reconstruction, code = model(x)
                reconstruction_loss = nn.functional.mse_loss(reconstruction, x)
                loss = reconstruction_loss + sparsity * code.abs().sum(1).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss, reconstruction_loss=reconstruction_loss)
            with torch.no_grad(): run.log(val_loss=nn.functional.mse_loss(model(valid_sounds)[0], valid_sounds))
    with torch.no_grad(): return r2(model(test_sounds)[0], test_sounds)
