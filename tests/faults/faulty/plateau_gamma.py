"""Where the cells are in a picture. After each epoch the rate is a tenth of what it was, and after the second one nothing moves any more."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "plateau"
TWIN = "cells_heatmap"
WHERE = "gamma"
ALSO = {"lr_too_low", "no_update", "underfitting"}
SINCE = 40


def cells(n, g, size=14):
    """Pictures of bright cells, and a map that is 1 where the centre of one is."""
    yy, xx = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    picture, heat = .3 * torch.randn(n, 1, size, size, generator=g), torch.zeros(n, 1, size, size)
    for _ in range(2):
        cy, cx = (torch.randint(2, size - 2, (n, 1, 1), generator=g) for _ in range(2))
        distance = (yy - cy) ** 2 + (xx - cx) ** 2
        picture[:, 0] += torch.exp(-distance / 4.)
        heat[:, 0] = torch.maximum(heat[:, 0], torch.exp(-distance / 1.5))
    return picture, heat


class Detector(nn.Module):
    def __init__(self, width=12, prior=.02):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.heatmap = nn.Conv2d(width, 1, 1)
        bias = -torch.log(torch.tensor((1 - prior) / prior)).item()
        for layer in [self.heatmap]: nn.init.constant_(layer.bias, bias)

    def forward(self, x):
        return self.heatmap(torch.relu(self.conv2(torch.relu(self.conv1(x)))))


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(98)
    (x, heat), (x_val, heat_val), (x_test, heat_test) = cells(400, g), cells(60, g), cells(100, g)
    model, criterion = Detector(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=.1)
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(8):
            for rows in run.batches(torch.randperm(400).split(20)):
                optimizer.zero_grad()
                with torch.autocast("cpu", dtype=torch.bfloat16): loss = criterion(model(x[rows]).float(), heat[rows])
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            scheduler.step()
            with torch.no_grad(): run.log(val_loss=criterion(model(x_val), heat_val))
    with torch.no_grad(): return r2(model(x_test).sigmoid(), heat_test)
