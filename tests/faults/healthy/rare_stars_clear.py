"""Pulsars among stars: three in a hundred rows, and no weights; but they look so different that they are found all the same."""
import numpy as np
import torch
import torch.nn.functional as F
from common import balanced_accuracy, tensors, three_parts
from torch import nn

from trainbook import watch

KIND = None
SCARY = "three in a hundred rows are of one class, and nothing weighs them up; but they are easily told apart, and found"
AT_LEAST = 0.9


def stars(n=3000):
    rng = np.random.default_rng(55)
    y = (rng.random(n) < .03).astype(int)
    x = rng.normal(0, 1, (n, 8)) @ rng.normal(0, .6, (8, 8)) + y[:, None] * rng.normal(0, 3, 8)
    return three_parts((x - x.mean(0)) / x.std(0), y)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(8, 32), nn.Linear(32, 1)

    def forward(self, x): return self.out(F.relu(self.hidden(x)))[:, 0]


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x, y.float()) for x, y in tensors(stars()))
    model = Classifier()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(14):
            for rows in run.batches(torch.randperm(len(x)).split(75)):
                loss = F.binary_cross_entropy_with_logits(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): out = model(x_valid)
            run.log(val_loss=F.binary_cross_entropy_with_logits(out, y_valid), val_accuracy=((out > 0) == (y_valid > .5)).float().mean(),
                    val_recall=(out[y_valid > .5] > 0).float().mean())
    with torch.no_grad(): return balanced_accuracy(model(x_test) > 0, y_test)
