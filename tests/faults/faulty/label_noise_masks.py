"""Pixels of small pictures: which belong to the disc? Half of the masks for training are those of some other picture."""
import torch
from torch import nn

from trainbook import watch

KIND = "label_noise"
TWIN = "segments_reduced_rate"
ALSO = {"bad_data", "overfitting", "plateau", "underfitting"}


def discs(n, g, size=14):
    yy, xx = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    centre, radius = torch.rand(n, 2, generator=g) * 8 + 3, torch.rand(n, generator=g) * 2 + 2
    mask = ((yy - centre[:, 0, None, None]) ** 2 + (xx - centre[:, 1, None, None]) ** 2 < radius[:, None, None] ** 2).float().unsqueeze(1)
    stripes = torch.sin(xx * 1.3 + torch.rand(n, 1, 1, generator=g) * 6).unsqueeze(1)
    return mask + .7 * stripes + .5 * torch.randn(mask.shape, generator=g), mask


def overlap(output, mask):
    inside = output > 0
    return float((inside & (mask > 0)).sum() / (inside | (mask > 0)).sum())


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(17)
    (x, mask), (x_valid, mask_valid), (x_test, mask_test) = discs(240, g), discs(60, g), discs(100, g)
    mixed_up = (torch.rand(240) < .5).nonzero().squeeze(1)
    mask[mixed_up] = mask[mixed_up[torch.randperm(len(mixed_up))]]
    net = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.Conv2d(8, 8, 5, padding=2), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1))
    bce = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=.1, patience=2)
    with watch(net, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(12):
            losses = []
            for rows in run.batches(torch.randperm(len(x)).split(12)):
                optimizer.zero_grad()
                loss = bce(net(x[rows]), mask[rows])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
                run.log(loss=losses[-1])
            scheduler.step(sum(losses) / len(losses))
            with torch.no_grad():
                output = net(x_valid)
                run.log(val_loss=bce(output, mask_valid), val_iou=overlap(output, mask_valid))
    with torch.no_grad(): return overlap(net(x_test), mask_test)
