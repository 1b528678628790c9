"""The weight of melons from five measurements; the table is sorted by size, and shuffled before it is split. A Learner with a metric."""
import numpy as np
import torch
from common import r2
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = None
AT_LEAST = 0.85


def melons(n=1200, seed=61):
    """Diameter in dm, ripeness, stripes, sound, softness; the weight in kg. Sorted by diameter."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.sort(rng.uniform(.8, 3, n)), rng.normal(0, 1, (n, 4))])
    return x, .52 * x[:, 0] ** 3 * (.9 + .05 * np.tanh(x[:, 1])) + .3 * x[:, 2] * (x[:, 0] - 1.5) + rng.normal(0, .2, n)


def mean_error(pred, y): return (pred - y).abs().mean()


def train(seed, **options):
    torch.manual_seed(seed)
    x, y = melons()
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    x_test, y_test = melons(400, seed=62)
    x_mean, x_std, y_mean, y_std = x[:800].mean(0), x[:800].std(0), y[:800].mean(), y[:800].std()
    def scaled(x): return torch.tensor((x - x_mean) / x_std, dtype=torch.float32)
    target = torch.tensor((y - y_mean) / y_std, dtype=torch.float32).unsqueeze(1)
    train_set, valid_set = TensorDataset(scaled(x[:800]), target[:800]), TensorDataset(scaled(x[800:]), target[800:])
    model = nn.Sequential(nn.Linear(5, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))
    optimizer = torch.optim.NAdam(model.parameters(), lr=2e-3)
    learn = Learner(model, DataLoader(train_set, 40, shuffle=True), DataLoader(valid_set, 200), nn.MSELoss(), optimizer, metrics=mean_error, **options)
    learn.fit(20)
    return r2(learn.predict([scaled(x_test)]) * y_std + y_mean, y_test)
