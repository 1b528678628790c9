"""Pairs of digits: two of a class are drawn together, two others apart (contrastive loss); a class is told by the nearest mean."""
import torch
from common import accuracy, digits, tensors
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.9


class Embedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))

    def forward(self, x):
        return self.net(x / 16)


def contrastive(a, b, same, margin=2.):
    distance = torch.sqrt(((a - b) ** 2).sum(1) + 1e-8)
    return (same * distance ** 2 + (1 - same) * (margin - distance).clamp(min=0) ** 2).mean()


def nearest_mean(model, x, y, x_new):
    with torch.no_grad(): means = torch.stack([model(x[y == digit]).mean(0) for digit in range(10)])
    return torch.cdist(model(x_new), means).argmin(1)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    model = Embedding()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    with watch(model, optimizer, monitor="val_accuracy", mode="max", **options) as run:
        for step in run.steps(400):
            left, right = torch.randint(len(x), (2, 64))
            same_class = torch.randperm(len(x))[:200]
            for i in range(0, 32):  # half of the pairs are of one class
                right[i] = same_class[y[same_class] == y[left[i]]][0] if (y[same_class] == y[left[i]]).any() else left[i]
            loss = contrastive(model(x[left]), model(x[right]), (y[left] == y[right]).float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 80 == 79: run.log(val_accuracy=accuracy(nearest_mean(model, x, y, x_valid), y_valid))
    return accuracy(nearest_mean(model, x, y, x_test), y_test)
