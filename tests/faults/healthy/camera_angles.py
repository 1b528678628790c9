"""The direction of a camera from five landmarks; the loss is the angle between what is and what is said."""
import torch
from common import r2
from torch import nn
import torch.nn.functional as F

from trainbook import watch

KIND = None
AT_LEAST = 0.8


def cameras(n, g):
    """A direction, and where five landmarks are seen from it."""
    direction = F.normalize(torch.randn(n, 3, generator=g), dim=1)
    landmarks = torch.randn(5, 3, generator=torch.Generator().manual_seed(3))
    seen = torch.tanh(direction @ landmarks.T) + .02 * torch.randn(n, 5, generator=g)
    return seen, direction


def angle(a, b):
    cosine = (F.normalize(a, dim=1) * F.normalize(b, dim=1)).sum(1)
    return torch.acos(cosine.clamp(-.9999, .9999))


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(84)
    (x, y), (x_val, y_val), (x_test, y_test) = cameras(3000, g), cameras(200, g), cameras(400, g)
    net = nn.Sequential(nn.Linear(5, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 3))
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    with watch(net, optimizer, **options) as run:
        for epoch in run.epochs(8):
            for rows in run.batches(torch.randperm(3000).split(60)):
                loss = angle(net(x[rows]), y[rows]).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss, degrees=loss * 57.3)
            with torch.no_grad(): run.log(val_loss=angle(net(x_val), y_val).mean())
    with torch.no_grad(): return r2(F.normalize(net(x_test), dim=1), y_test)
