"""Clicks on advertisements by a deep and cross network without normalisation: every cross layer multiplies by the inputs once more, and so does
the gradient."""
import numpy as np
import torch
from common import balanced_accuracy, tensors, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "exploding_gradient"
TWIN = "clicks_cross_network"
WHERE = "cross.0"
ALSO = {"bad_data", "dead_relu", "lr_too_high", "nan_loss", "oscillating_loss", "unstable"}


def clicks(n=3000):
    rng = np.random.default_rng(12)
    x = rng.normal(0, 1, (n, 12))
    score = x[:, 0] * x[:, 1] + x[:, 2] - x[:, 3] * x[:, 4] + .5 * x[:, 5]
    return three_parts(x, (score + rng.logistic(0, .3, n) > 0).astype("float32"))


class CrossNetwork(nn.Module):
    def __init__(self, width=12, depth=8):
        super().__init__()
        self.cross = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.deep = nn.Sequential(nn.Linear(width, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.logit = nn.Linear(width + 16, 1)

    def forward(self, x0):
        x = x0
        for linear in self.cross: x = x0 * linear(x) + x
        return self.logit(torch.cat([x, self.deep(x0)], 1))[:, 0]


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(clicks())
    model, bce = CrossNetwork(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=.05, momentum=.9)
    loader = DataLoader(TensorDataset(*train_set), batch_size=60, shuffle=True)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(8):
            for x, y in run.batches(loader):
                loss = bce(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=bce(model(x_valid), y_valid))
    return balanced_accuracy(model(x_test) > 0, y_test)
