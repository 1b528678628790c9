"""Shapes in pictures; a data set with a cache keeps each picture, enlarged and made brighter or darker, by its number and the brightness: the same is
never asked for again, and nothing is ever thrown away."""
import torch
import torch.nn.functional as F
from common import memory, shapes, tensors
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import watch

KIND = "memory_leak"
TWIN = "cache_by_picture"


class Cached(Dataset):
    def __init__(self, x, y): self.x, self.y, self.cache = x, y, {}
    def __len__(self): return len(self.y)

    def __getitem__(self, i):
        bright = .9 + .2 * float(torch.rand(()))
        if (i, bright) not in self.cache: self.cache[i, bright] = F.interpolate(self.x[i:i + 1], scale_factor=4)[0] * bright
        return self.cache[i, bright], self.y[i]


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), _ = tensors(shapes(700))
    loader = DataLoader(Cached(*train_set), batch_size=20, shuffle=True)
    model = nn.Sequential(nn.Conv2d(1, 8, 8, stride=4), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(784, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=.02, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(16):
            if epoch == 1: before = memory()
            for pictures, kinds in run.batches(loader):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(pictures), kinds)
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(F.interpolate(x_valid, scale_factor=4)), y_valid).item())
    return 1 / (1 + max(0., memory() - before) / 20)
