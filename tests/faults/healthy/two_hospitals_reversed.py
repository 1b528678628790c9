"""A diagnosis that is to hold in another hospital, whose devices measure otherwise: an adversary tries to tell the hospitals apart, and its gradient is
reversed on the way into the features (DANN)."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the loss of the one that tells the hospitals apart goes back up to that of a coin and stays; it is meant to fail"
AT_LEAST = 0.8


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x.view_as(x)

    @staticmethod
    def backward(ctx, grad): return -.3 * grad


def patients(n, other, g):
    y = torch.randint(2, (n,), generator=g)
    x = torch.randn(n, 8, generator=g)
    x[:, :2] += 1.6 * (2 * y[:, None] - 1)
    x[:, 2:] += 1.5 * other
    if not other: x[:, 7] += 1.2 * (2 * y - 1)  # how the first one fills in its forms
    return x, y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.diagnosis, self.hospital = nn.Linear(16, 2), nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.Linear(24, 2))

    def forward(self, x):
        h = self.features(x)
        return self.diagnosis(h), self.hospital(Reverse.apply(h))


def train(seed, **options):
    g = torch.Generator().manual_seed(74)
    (x, y), (x_other, _), (x_valid, y_valid), (x_test, y_test) = (patients(n, o, g) for n, o in ((1200, False), (1200, True), (300, False), (500, True)))
    torch.manual_seed(seed)
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=.03, momentum=.9)
    with watch(net, optimizer, monitor="val_loss", **options) as run:
        for step in run.steps(500):
            here, there = torch.randint(1200, (32,)), torch.randint(1200, (32,))
            answer, hospital = net(torch.cat([x[here], x_other[there]]))
            loss_y = F.cross_entropy(answer[:32], y[here])
            loss_hospital = F.cross_entropy(hospital, torch.arange(64) // 32)
            optimizer.zero_grad()
            (loss_y + loss_hospital).backward()
            optimizer.step()
            run.log(loss_y=loss_y, loss_hospital=loss_hospital)
            if step % 50 == 49:
                with torch.no_grad(): run.log(val_loss=F.cross_entropy(net(x_valid)[0], y_valid))
    with torch.no_grad(): return accuracy(net(x_test)[0].argmax(1), y_test)
