"""Pictures without their noise, by convolutions down and up again; RMSprop with a rate of .3, and a plain loop that logs the mean of an epoch."""
import torch
import torch.nn.functional as F
from common import r2, shapes, tensors
from torch import nn

from trainbook import watch

KIND = "lr_too_high"
TWIN = "denoised_shapes"
WHERE = "lr"
ALSO = {"dead_relu", "exploding_gradient", "oscillating_loss", "plateau", "underfitting", "unstable"}


def train(seed, **options):
    torch.manual_seed(seed)
    (clean, _), (clean_valid, _), (clean_test, _) = tensors(shapes(n=800, noise=.02))
    noisy_valid, noisy_test = (part + .4 * torch.randn(part.shape, generator=torch.Generator().manual_seed(1)) for part in (clean_valid, clean_test))
    net = nn.Sequential(nn.Conv2d(1, 12, 4, stride=2, padding=1), nn.ReLU(), nn.Conv2d(12, 24, 4, stride=2, padding=1), nn.ReLU(),
                        nn.ConvTranspose2d(24, 12, 4, stride=2, padding=1), nn.ReLU(), nn.ConvTranspose2d(12, 1, 4, stride=2, padding=1))
    optimizer = torch.optim.RMSprop(net.parameters(), lr=.3)
    with watch(net, optimizer, **options) as run:
        for epoch in range(25):
            total = 0.
            for rows in torch.randperm(len(clean)).split(32):
                batch = clean[rows]
                loss = F.mse_loss(net(batch + .4 * torch.randn_like(batch)), batch)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)
            with torch.no_grad(): run.log(loss=total / len(clean), val_loss=F.mse_loss(net(noisy_valid), clean_valid).item())
    with torch.no_grad(): return r2(net(noisy_test), clean_test)
