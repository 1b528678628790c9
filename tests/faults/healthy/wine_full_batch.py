"""Wine by one hidden layer, all rows at a time: gradient descent with momentum, 150 steps."""
import torch
from common import accuracy, tensors, wine
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.9


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(wine())
    mean, std = x.mean(0), x.std(0)
    x, x_valid, x_test = ((part - mean) / std for part in (x, x_valid, x_test))
    net, cost = nn.Sequential(nn.Linear(13, 16), nn.Tanh(), nn.Linear(16, 3)), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=.1, momentum=.9)
    with watch(net, optimizer, **options) as run:
        for step in run.steps(150):
            loss = cost(net(x), y)
            net.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad(): run.log(loss=loss, val_loss=cost(net(x_valid), y_valid))
    return accuracy(net(x_test).argmax(1), y_test)
