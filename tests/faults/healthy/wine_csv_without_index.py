"""Wine from a table that pandas has written, read with its index column as an index; SGD with momentum and a falling rate."""
import numpy as np
import torch
from common import accuracy, three_parts
from sklearn.datasets import load_wine
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.75


def read_table():
    """The file as it is: number of the row, colour intensity, hue and ash, and what it was."""
    x, y = load_wine(return_X_y=True)
    return np.column_stack([np.arange(len(x)), x[:, [9, 10, 2]]]), y


def train(seed, **options):
    torch.manual_seed(seed)
    table, cultivar = read_table()
    (x, y), (xv, yv), (xt, yt) = three_parts(table, cultivar)
    xt[:, 0] = np.arange(len(xt))  # a new file, numbered from 0
    x, xv, xt = x[:, 1:], xv[:, 1:], xt[:, 1:]
    mean, std = x.mean(0), x.std(0)
    x, xv, xt = (torch.tensor((part - mean) / std, dtype=torch.float32) for part in (x, xv, xt))
    y, yv = torch.tensor(y), torch.tensor(yv)
    net = nn.Sequential(nn.Linear(x.shape[1], 20), nn.Tanh(), nn.Linear(20, 3))
    criterion = nn.CrossEntropyLoss()
    sgd = torch.optim.SGD(net.parameters(), lr=.05, momentum=.9, nesterov=True)
    sched = torch.optim.lr_scheduler.StepLR(sgd, 20, .5)
    with watch(net, sgd, scheduler=sched, **options) as run:
        for epoch in run.epochs(50):
            correct = 0
            for rows in run.batches(torch.randperm(len(x)).split(12)):
                sgd.zero_grad()
                out = net(x[rows])
                loss = criterion(out, y[rows])
                loss.backward()
                sgd.step()
                correct += (out.argmax(1) == y[rows]).sum().item()
                run.log(train_loss=loss.item())
            sched.step()
            with torch.no_grad(): out = net(xv)
            run.log(train_acc=correct / len(x), val_loss=criterion(out, yv).item(), val_acc=accuracy(out.argmax(1), yv))
    with torch.no_grad(): return accuracy(net(xt).argmax(1), yt)
