"""A network that knows digits already is fine-tuned on pictures of a paler scanner, with a rate of 1e-4 and AdamW."""
import torch
from common import accuracy, digits, tensors
from torch import nn
from torch.nn import functional as F

from trainbook import watch

KIND = None
SCARY = "a rate of 1e-4, and a loss that begins low and creeps; the network was trained before, and gets a little better"
AT_LEAST = 0.92


def pretrained(x, y):
    net = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(150):
        rows = torch.randint(len(x), (64,))
        optimizer.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
    return net


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    net = pretrained(x[:500] / 16, y[:500])
    def pale(x): return x / 20 + .1
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)
    with watch(net, optimizer, **options) as run:
        for epoch in run.epochs(10):
            for rows in run.batches(torch.randperm(len(x)).split(32)):
                loss = F.cross_entropy(net(pale(x[rows])), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(net(pale(x_valid)), y_valid).item())
    with torch.no_grad(): return accuracy(net(pale(x_test)).argmax(1), y_test)
