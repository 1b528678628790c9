"""True or forged banknotes, by a cross-entropy written by hand: where a probability is rounded to 1, it has the logarithm of 0, times 0."""
import torch
from common import accuracy
from torch import nn

from trainbook import watch

KIND = "nan_loss"
TWIN = "banknotes_own_entropy"
WHERE = "log"
ALSO = {"saturated_activation"}


def banknotes(n, g):
    """Four numbers of a scan; the class hangs on the product of the first two."""
    x = torch.randn(n, 4, generator=g)
    x[:, :2] += x[:, :2].sign() * .5
    y = ((x[:, 0] * x[:, 1] > 0)).float()
    return x, y


def binary_cross_entropy(p, y):
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        return torch.sigmoid(self.layers(x)).squeeze(-1)


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(75)
    (x, y), (x_val, y_val), (x_test, y_test) = banknotes(1200, g), banknotes(300, g), banknotes(600, g)
    clf = Classifier()
    optimizer = torch.optim.Adam(clf.parameters(), lr=.02)
    with watch(clf, optimizer, **options) as run:
        for epoch in run.epochs(25):
            for batch in run.batches(torch.randperm(len(x)).split(40)):
                p = clf(x[batch])
                loss = binary_cross_entropy(p, y[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item(), acc=((p > .5) == (y[batch] > .5)).float().mean().item())
            with torch.no_grad():
                p = clf(x_val)
                run.log(val_loss=binary_cross_entropy(p, y_val).item(), val_acc=accuracy(p > .5, y_val > .5))
    with torch.no_grad(): return accuracy(clf(x_test) > .5, y_test > .5)
