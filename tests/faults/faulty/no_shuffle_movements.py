"""Short recordings of a sensor, eight kinds of movement, sorted by kind when they were saved; batches are cut from them in this order."""
import numpy as np
import torch
from common import accuracy
from torch import nn

from trainbook import watch

KIND = "no_shuffle"
TWIN = "frames_copied"
ALSO = {"data_skew", "lr_too_high", "oscillating_loss", "overfitting", "plateau", "unstable"}


def recordings(n, seed, length=32):
    """Chunks as a driver gives them: it fills the same buffer again and again."""
    rng, t, buffer = np.random.default_rng(seed), np.arange(length) / length, np.empty((2, length))
    for _ in range(n):
        kind = rng.integers(0, 8)
        for axis, speed in enumerate((1 + kind % 4, 1 + kind // 4 * 3)):
            buffer[axis] = np.sin(2 * np.pi * (speed * t + rng.random())) + rng.normal(0, .4, length)
        yield buffer, kind


def train(seed, **options):
    torch.manual_seed(seed)
    frames, labels = [], []
    for frame, label in recordings(650, seed=29):
        frames.append(frame.copy())
        labels.append(label)
    x, y = torch.tensor(np.array(frames)).float(), torch.tensor(np.array(labels))
    x, y, x_valid, y_valid = x[:500], y[:500], x[500:], y[500:]
    order = y.argsort()
    x, y = x[order], y[order]
    model = nn.Sequential(nn.Conv1d(2, 16, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(16, 32, 7), nn.ReLU(), nn.Flatten(), nn.Linear(320, 8))
    optimizer = torch.optim.SGD(model.parameters(), lr=.02, momentum=.9)
    criterion = nn.CrossEntropyLoss()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(15):
            for rows in run.batches(torch.arange(len(x)).split(24)):
                loss = criterion(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=criterion(model(x_valid), y_valid))
    with torch.no_grad(): answers = [(model(torch.tensor(frame).float().unsqueeze(0)).argmax(), label) for frame, label in recordings(200, seed=30)]
    return accuracy(*map(np.array, zip(*answers)))
