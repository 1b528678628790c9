"""Gestures, as the readings of two sensors over time; those for training were recorded at twice the rate of all others, so that they show the first half of
a gesture."""
import torch
from common import accuracy
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "data_skew"
TWIN = "gestures_cyclic"
ALSO = {"overfitting"}


def gestures(n, g):
    y, t = torch.randint(4, (n,), generator=g), torch.arange(30) / 30
    phase, speed = torch.rand(n, 1, generator=g) * 6.28, 1.5 + .5 * (y % 2)[:, None] + .15 * torch.randn(n, 1, generator=g)
    turn = torch.where(y < 2, 1., -1.)[:, None]
    angle = phase + turn * speed * t * 6.28
    x = torch.stack([angle.cos(), angle.sin()], 1) + .3 * torch.randn(n, 2, 30, generator=g)
    return x, y


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(19)
    train_set, (x_valid, y_valid), (x_test, y_test) = gestures(500, g), gestures(150, g), gestures(300, g)
    train_set = train_set[0].repeat_interleave(2, dim=2)[:, :, :30], train_set[1]
    loader = DataLoader(TensorDataset(*train_set), 25, shuffle=True)
    model = nn.Sequential(nn.Conv1d(2, 16, 7, padding=3), nn.BatchNorm1d(16), nn.ReLU(), nn.Conv1d(16, 16, 7, padding=3), nn.BatchNorm1d(16), nn.ReLU(),
                          nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(64, 4))
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=.01, momentum=.9)
    scheduler = optim.lr_scheduler.CyclicLR(optimizer, base_lr=.01, max_lr=.06, step_size_up=20, cycle_momentum=False)
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(13):
            model.train()
            for xb, yb in run.batches(loader):
                optimizer.zero_grad()
                loss = criterion(model(xb), yb)
                loss.backward()
                optimizer.step()
                scheduler.step()
                run.log(loss=loss)
            model.eval()
            with torch.no_grad(): run.log(val_loss=criterion(model(x_valid), y_valid))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
