"""Digits in the order of a curriculum: the clear ones first, the noisy ones at the end of each epoch. Nothing is shuffled."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "the loader does not shuffle, and within each epoch the loss rises as the digits get noisier; every batch has all classes"
AT_LEAST = 0.9


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x / 16, y) for x, y in tensors(digits()))
    noise = torch.rand(len(x)).sort().values * .7  # rows are in random order, so their noise is what sorts them
    dataset = TensorDataset(x + noise[:, None] * torch.randn_like(x), y)
    loader = DataLoader(dataset, batch_size=40, shuffle=False)
    model = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for xb, yb in run.batches(loader):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(xb), yb)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_valid), y_valid))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
