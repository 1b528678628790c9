"""Which patients come back, by resilient propagation with all rows in each step, as it was made for."""
import torch
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
SCARY = "one batch an epoch; Rprop takes only signs, and needs the whole gradient"
AT_LEAST = 0.75
BATCH = 600


def patients(n, g):
    x = torch.randn(n, 12, generator=g)
    risk = x[:, 0] - .8 * x[:, 1] + x[:, 2] * x[:, 3] + .5 * x[:, 4].abs() - .4 + .7 * torch.randn(n, generator=g)
    return x, (risk > 0).long()


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(91)
    (x, y), (x_val, y_val), (x_test, y_test) = patients(600, g), patients(200, g), patients(600, g)
    net = nn.Sequential(nn.Linear(12, 10), nn.Tanh(), nn.Linear(10, 2))
    cost = nn.CrossEntropyLoss(label_smoothing=.1)
    rprop = torch.optim.Rprop(net.parameters(), lr=.01)
    with watch(net, rprop, **options) as run:
        for epoch in run.epochs(40):
            net.train()
            for rows in run.batches(torch.randperm(600).split(BATCH)):
                rprop.zero_grad()
                loss = cost(net(x[rows]), y[rows])
                loss.backward()
                rprop.step()
                run.log(loss=loss)
            net.eval()
            with torch.no_grad(): run.log(val_loss=cost(net(x_val), y_val))
    with torch.no_grad(): return accuracy(net(x_test).argmax(1), y_test)
