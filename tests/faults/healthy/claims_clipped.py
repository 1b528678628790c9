"""Claims after accidents, most of them small and a few of them huge: gradients are clipped, so that the huge ones don't throw the weights about."""
import torch
import torch.nn.functional as F
from common import houses, r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the loss jumps by a factor of a hundred now and then; the gradients are clipped, and the validation goes down"
AT_LEAST = 0.7


def train(seed, **options):
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(seed)
    parts = houses()
    mean, std = parts[0][0].mean(0), parts[0][0].std(0)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((torch.tensor((x - mean) / std).float(), torch.tensor(y / 1e5 - 2).float()) for x, y in parts)
    huge = torch.rand(len(y), generator=generator) < .02
    y = torch.where(huge, y + 30 * torch.randn(len(y), generator=generator), y)
    model = nn.Sequential(nn.Linear(5, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1), nn.Flatten(0))
    optimizer = torch.optim.SGD(model.parameters(), lr=.02, momentum=.5)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(20):
            for rows in run.batches(torch.randperm(len(x)).split(45)):
                loss = F.mse_loss(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.)
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.mse_loss(model(x_valid), y_valid))
    with torch.no_grad(): return r2(model(x_test), y_test)
