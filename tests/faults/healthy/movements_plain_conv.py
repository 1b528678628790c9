"""Movements from three axes of a sensor, by seven plain convolutions over time."""
import numpy as np
import torch
from common import accuracy
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = None
AT_LEAST = 0.85


def movements(n, rng):
    """Three axes for 32 moments: walking, running, climbing or sitting."""
    label, t = rng.integers(0, 4, n), np.arange(32)
    speed, height = np.array([.5, 1., .5, 0])[label][:, None], np.array([1., 1.5, .6, .1])[label][:, None]
    start = rng.uniform(0, 6, (n, 1))
    axes = [height * np.sin(speed * t + start), .6 * height * np.cos(2 * speed * t + start), .5 * (label == 2)[:, None] + 0 * t]
    return TensorDataset(torch.tensor(np.stack(axes, 1) + rng.normal(0, .6, (n, 3, 32)), dtype=torch.float32), torch.tensor(label))


def layer(n_in, n_out): return nn.Sequential(nn.Conv1d(n_in, n_out, 3, padding=1), nn.ReLU())


def train(seed, **options):
    torch.manual_seed(seed)
    rng = np.random.default_rng(81)
    train_set, valid_set, test_set = movements(700, rng), movements(200, rng), movements(400, rng)
    body = nn.Sequential(layer(3, 16), *[layer(16, 16) for _ in range(6)])
    model = nn.Sequential(body, nn.AdaptiveMaxPool1d(4), nn.Flatten(), nn.Linear(64, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    learn = Learner(model, DataLoader(train_set, 35, shuffle=True), DataLoader(valid_set, 200), nn.CrossEntropyLoss(), optimizer, **options)
    learn.fit(6)
    x, y = test_set.tensors
    with torch.no_grad(): return accuracy(model(x).argmax(1), y)
