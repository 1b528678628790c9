"""How many of a good are ordered in a week, by the error in percent; where fewer than one is ordered it is the error of one."""
import torch
from common import r2, tensors, three_parts
from sklearn.datasets import make_friedman1
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.5


def orders():
    x, y = make_friedman1(1600, 8, noise=.3, random_state=7)
    return three_parts(2 * x - 1, abs(y - 14) / 4)


def percentage_error(predicted, actual, floor=1.):
    return ((predicted - actual).abs() / actual.clamp(min=floor)).mean()


class Trainer:
    def __init__(self, model, **options):
        self.model, self.optimizer = model, torch.optim.SGD(model.parameters(), lr=.02, momentum=.9)
        self.options = options

    def fit(self, x, y, valid, epochs=30, size=40):
        with watch(self.model, self.optimizer, **self.options) as run:
            for _ in run.epochs(epochs):
                for rows in run.batches(torch.randperm(len(x)).split(size)):
                    self.optimizer.zero_grad()
                    loss = percentage_error(self.model(x[rows]).squeeze(1), y[rows])
                    loss.backward()
                    self.optimizer.step()
                    run.log(loss=loss)
                with torch.no_grad(): run.log(val_mae=(self.model(valid[0]).squeeze(1) - valid[1]).abs().mean())


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), valid, (x_test, y_test) = tensors(orders())
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    Trainer(model, monitor="val_mae", **options).fit(x, y, valid)
    return r2(model(x_test), y_test)
