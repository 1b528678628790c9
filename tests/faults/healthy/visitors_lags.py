"""The visitors of tomorrow from those of five weeks; ten epochs are enough."""
import numpy as np
import torch
from common import r2, windows
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import Learner

KIND = None
AT_LEAST = 0.4


def visitors(days=800):
    rng = np.random.default_rng(94)
    wander = np.zeros(days)
    for t in range(1, days): wander[t] = .9 * wander[t - 1] + rng.normal()
    week = np.tile([0, .2, .1, .3, .8, 2., 1.5], days // 7 + 1)[:days]
    return 500 + 60 * (wander + week + rng.normal(0, .7, days))


class Lags(Dataset):
    def __init__(self, series, mean, std, length=35):
        x, y = windows((series - mean) / std, length)
        self.x, self.y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)

    def __len__(self): return len(self.y)
    def __getitem__(self, i): return self.x[i], self.y[i]


class Net(nn.Module):
    def __init__(self, lags=35):
        super().__init__()
        self.hidden1, self.hidden2, self.out = nn.Linear(lags, 128), nn.Linear(128, 64), nn.Linear(64, 1)

    def forward(self, x):
        return self.out(torch.relu(self.hidden2(torch.relu(self.hidden1(x))))).squeeze(-1)


def train(seed, epochs=10, **options):
    torch.manual_seed(seed)
    series = visitors()
    mean, std = series[:300].mean(), series[:300].std()
    train_set, valid_set, test_set = Lags(series[:300], mean, std), Lags(series[300:450], mean, std), Lags(series[450:], mean, std)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)
    learn = Learner(net, DataLoader(train_set, 16, shuffle=True), DataLoader(valid_set, 64), nn.MSELoss(), optimizer, **options)
    learn.fit(epochs)
    with torch.no_grad(): return r2(net(test_set.x), test_set.y)
