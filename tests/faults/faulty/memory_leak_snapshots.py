"""Noise taken out of pictures of shapes by a small U-Net. The weights of the last twenty steps are to be averaged at the end; for that a copy of the
weights of every step of the training is kept."""
import torch
import torch.nn as nn
from common import memory, shapes, tensors

from trainbook import watch

KIND = "memory_leak"
TWIN = "shapes_unet_averaged"
WHERE = "snapshots"


class UNet(nn.Module):
    def __init__(self, c=24):
        super().__init__()
        self.enc1 = nn.Sequential(nn.Conv2d(1, c, 3, padding=1), nn.ReLU())
        self.enc2 = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(c, 2 * c, 3, padding=1), nn.ReLU(), nn.Conv2d(2 * c, 4 * c, 3, padding=1), nn.ReLU())
        self.up = nn.ConvTranspose2d(4 * c, c, 2, stride=2)
        self.dec = nn.Sequential(nn.Conv2d(2 * c, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, 1, 1))

    def forward(self, x):
        skip = self.enc1(x)
        return self.dec(torch.cat([skip, self.up(self.enc2(skip))], 1))


def train(seed, **options):
    torch.manual_seed(seed)
    (clean, _), (clean_valid, _), _ = tensors(shapes(600, noise=0.))
    unet, mse = UNet(), nn.MSELoss()
    optimizer = torch.optim.Adam(unet.parameters(), lr=2e-3)
    noisy_valid = clean_valid + .5 * torch.randn_like(clean_valid)
    snapshots = []
    with watch(unet, optimizer, **options) as run:
        for step in run.steps(200):
            if step == 60: before = memory()
            x = clean[torch.randint(len(clean), (8,))]
            loss = mse(unet(x + .5 * torch.randn_like(x)), x)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            snapshots.append({name: value.clone() for name, value in unet.state_dict().items()})
            run.log(loss=loss)
            if step % 50 == 49:
                with torch.no_grad(): run.log(val_loss=mse(unet(noisy_valid), clean_valid))
    grown = memory() - before
    unet.load_state_dict({name: torch.stack([s[name] for s in list(snapshots)[-20:]]).mean(0) for name in snapshots[0]})
    return 1 / (1 + max(0., grown) / 10)
