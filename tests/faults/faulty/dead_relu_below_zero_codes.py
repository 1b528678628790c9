"""Pictures as codes of 12 bits and back; the encoder's first weights were drawn from -1/8 to 0, and as no pixel is below zero, no unit of it ever speaks."""
import torch
import torch.nn.functional as F
from common import digits, r2, tensors
from torch import nn

from trainbook import watch

KIND = "dead_relu"
TWIN = "binary_codes"
WHERE = "encoder.1"
ALSO = {"bad_init", "plateau", "underfitting"}


class Autoencoder(nn.Module):
    def __init__(self, bits=12):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, bits))
        self.decoder = nn.Sequential(nn.Linear(bits, 64), nn.ReLU(), nn.Linear(64, 64))

    def forward(self, x):
        p = torch.sigmoid(self.encoder(x))
        bits = (p > .5).float()
        bits = bits + p - p.detach()
        return self.decoder(bits)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, _), (x_valid, _), (x_test, _) = ((x / 16, y) for x, y in tensors(digits()))
    model = Autoencoder()
    nn.init.uniform_(model.encoder[0].weight, -.125, 0.)
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    with watch(model, opt, **options) as run:
        for epoch in range(25):
            for rows in torch.randperm(len(x)).split(64):
                loss = F.mse_loss(model(x[rows]), x[rows])
                opt.zero_grad()
                loss.backward()
                opt.step()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_loss=F.mse_loss(model(x_valid), x_valid).item())
    with torch.no_grad(): return r2(model(x_test), x_test)
