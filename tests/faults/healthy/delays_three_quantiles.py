"""How late a train may be: the network says three quantiles (.1, .5, .9) of the delay at once, by the pinball loss; mini-batches, Nesterov momentum."""
import numpy as np
import torch
from common import r2, tensors, three_parts
from torch import nn

from trainbook import watch

KIND = None
SCARY = "targets (n, 1) are compared with outputs (n, 3), by intention; and the loss stays near its value of a third of the way: delays are chance"
AT_LEAST = 0.8

QUANTILES = torch.tensor([.1, .5, .9])


def delays(n=2400):
    rng = np.random.default_rng(79)
    x = rng.normal(size=(n, 4))
    level, width = x[:, 0] - .5 * x[:, 1] * (x[:, 2] > 0), .2 + .5 / (1 + np.exp(-2 * x[:, 3]))
    z = rng.normal(size=n)
    truth = level[:, None] + width[:, None] * np.array([-1.2816, 0, 1.2816])
    return three_parts(x, np.column_stack([level + width * z, truth]))


def pinball(predicted, y):
    error = y - predicted
    return torch.maximum(QUANTILES * error, (QUANTILES - 1) * error).sum(1).mean()


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(delays())
    y, y_valid, truth = y[:, :1], y_valid[:, :1], y_test[:, 1:]
    model = nn.Sequential(nn.Linear(4, 48), nn.Softplus(), nn.Linear(48, 48), nn.Softplus(), nn.Linear(48, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=.03, momentum=.9, nesterov=True)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(16):
            for rows in run.batches(torch.randperm(len(x)).split(32)):
                loss = pinball(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=pinball(model(x_valid), y_valid))
    with torch.no_grad(): return r2(model(x_test), truth)
