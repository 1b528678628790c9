"""How long a video is watched, from raw counts up to millions; the model takes their logarithm before its first layer."""
import numpy as np
import torch
from common import r2, tensors, three_parts
from torch import nn

from trainbook import watch

KIND = None
SCARY = "raw counts from 0 to millions go into the model; but it takes their logarithm first"
AT_LEAST = 0.6


def videos(n=1300):
    """Views, comments, subscribers, seconds; minutes watched on average."""
    rng = np.random.default_rng(52)
    fame = rng.normal(0, 1, n)
    views, comments = np.exp(9 + 2 * fame + rng.normal(0, 1, n)).round(), np.exp(3 + 2 * fame + rng.normal(0, 1, n)).round()
    subscribers, seconds = np.exp(8 + 1.5 * fame + rng.normal(0, 1, n)).round(), np.exp(rng.normal(5.5, .8, n)).round()
    minutes = np.log1p(seconds) * .8 + .5 * np.log((comments + 1) / (views + 1)) + np.log1p(views) * .1 + rng.normal(0, .3, n)
    return three_parts(np.column_stack([views, comments, subscribers, seconds]), minutes)


class LogInputs(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.norm = nn.LayerNorm(4)
        self.net = nn.Sequential(nn.Linear(8, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, counts):
        logs = counts.log1p()
        return self.net(torch.cat([logs / 10, self.norm(logs)], 1)).squeeze(1)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(videos())
    model = LogInputs()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    huber = nn.HuberLoss()
    with watch(model, optimizer, **options) as run:
        for step in run.steps(500):
            rows = torch.randint(len(x), (50,))
            optimizer.zero_grad()
            loss = huber(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 50 == 49:
                with torch.no_grad(): run.log(val_loss=huber(model(x_valid), y_valid))
    with torch.no_grad(): return r2(model(x_test), y_test)
