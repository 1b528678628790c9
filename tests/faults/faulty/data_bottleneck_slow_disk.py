"""Shapes in pictures; every picture is in a compressed file of its own, on a disk that takes two milliseconds to find it."""
import tempfile, time

import numpy as np
import torch
from common import shapes
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import watch

KIND = "data_bottleneck"
TWIN = "shapes_with_meters"
WHERE = "DataLoader"


class AverageMeter:
    def __init__(self): self.sum = self.count = 0
    def update(self, value): self.sum, self.count = self.sum + value, self.count + 1


class Shapes(Dataset):
    def __init__(self, x, y):
        self.folder, self.y = tempfile.TemporaryDirectory(), torch.tensor(y)
        for i, picture in enumerate(x): np.savez_compressed(f"{self.folder.name}/{i}.npz", picture=picture.astype(np.float32))

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        time.sleep(.002)  # stands for the disk
        return torch.from_numpy(np.load(f"{self.folder.name}/{i}.npz")["picture"]), self.y[i]


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
