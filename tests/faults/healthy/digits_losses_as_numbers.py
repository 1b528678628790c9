"""Digits; the losses of all steps are kept in a list for a plot, as numbers."""
import torch
from common import digits, live_tensors, tensors
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.9


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), _ = tensors(digits())
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=3e-3), nn.CrossEntropyLoss()
    losses = []
    with watch(model, optimizer, **options) as run:
        for step in run.steps(400):
            batch = torch.randint(len(x), (32,))
            loss = criterion(model(x[batch] / 16), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            run.log(loss=losses[-1])
            if step == 5: before = live_tensors()
            if step % 50 == 49: run.log(val_loss=criterion(model(x_valid / 16), y_valid).item())
    return min(1, before / live_tensors())
