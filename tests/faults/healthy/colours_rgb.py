"""Lamps, pictures in colour with a spot of one of six colours, by a small convolutional network in a Learner; both folders are read in the same order
of channels."""
import numpy as np
import torch
from common import accuracy, tensors, three_parts
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import Learner

KIND = None
AT_LEAST = 0.85


def lamps(n=900, size=12):
    rng = np.random.default_rng(26)
    y = rng.integers(0, 6, n)
    colours = np.array([[1, .1, .1], [.1, .9, .2], [.1, .2, 1], [.9, .8, .1], [.1, .8, .9], [.9, .9, .9]])
    rows, columns = np.mgrid[:size, :size]
    x = rng.uniform(.1, .5, (n, 1, 1, 1)) + rng.normal(0, .12, (n, 3, size, size))
    for picture, kind in zip(x, y):
        spot = (rows - rng.integers(3, 9)) ** 2 + (columns - rng.integers(3, 9)) ** 2 < rng.integers(4, 10)
        picture[:, spot] = colours[kind][:, None] + rng.normal(0, .15, (3, spot.sum()))
    return three_parts(x.clip(0, 1), y)


class Lamps(Dataset):
    def __init__(self, x, y, order=(0, 1, 2)): self.x, self.y, self.order = x, y, list(order)
    def __len__(self): return len(self.y)
    def __getitem__(self, i): return (self.x[i][self.order] - .4) / .25, self.y[i]


def train(seed, **options):
    torch.manual_seed(seed)
    train_part, valid_part, test_part = tensors(lamps())
    train_ds, valid_ds, test_ds = Lamps(*train_part), Lamps(*valid_part), Lamps(*test_part)
    model = nn.Sequential(nn.Conv2d(3, 12, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(12, 24, 3), nn.ReLU(),
                          nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(24, 6))
    adam = torch.optim.Adam(model.parameters(), 4e-3)
    learn = Learner(model, DataLoader(train_ds, 30, shuffle=True), DataLoader(valid_ds, 90), nn.CrossEntropyLoss(), adam, **options)
    learn.fit(9)
    return accuracy(learn.predict([torch.stack([x for x, _ in test_ds])]).argmax(1), test_part[1])
