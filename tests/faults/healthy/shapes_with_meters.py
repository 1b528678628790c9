"""Shapes in pictures, in the manner of the ImageNet example: meters for the time of data and of a batch, a rate lowered by hand."""
import time

import torch
from common import shapes
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import watch

KIND = None
AT_LEAST = 0.7


class AverageMeter:
    def __init__(self): self.sum = self.count = 0
    def update(self, value): self.sum, self.count = self.sum + value, self.count + 1


class Shapes(Dataset):
    def __init__(self, x, y):
        self.x, self.y = torch.tensor(x, dtype=torch.float32), torch.tensor(y)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def train(seed, **options):
    torch.manual_seed(seed)
    loader = DataLoader(Shapes(*shapes()[0]), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(2048, 4))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=.02, momentum=.9)
    data_time, batch_time = AverageMeter(), AverageMeter()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(3):
            for group in optimizer.param_groups: group["lr"] = .02 * .5 ** epoch
            end = time.perf_counter()
            for images, target in run.batches(loader):
                data_time.update(time.perf_counter() - end)
                loss = criterion(model(images), target)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
                batch_time.update(time.perf_counter() - end)
                end = time.perf_counter()
    return 1 - data_time.sum / batch_time.sum
