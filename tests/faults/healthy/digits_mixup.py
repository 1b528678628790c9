"""Digits that are mixed with one another (mixup): two pictures lie over each other, and the label is both."""
import numpy as np
import torch
import torch.nn as nn
from common import accuracy, digits, tensors

from trainbook import watch

KIND = None
SCARY = "the loss leaps between .3 and 1.3 to the end, five times that of the validation, as if half of the labels were wrong; the pictures are mixed"
AT_LEAST = 0.92


def mixup_data(x, y, alpha, rng):
    lam = float(rng.beta(alpha, alpha))
    index = torch.randperm(len(x))
    return lam * x + (1 - lam) * x[index], y, y[index], lam


def train(seed, **options):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x.view(-1, 1, 8, 8) / 8 - 1, y) for x, y in tensors(digits()))
    net = nn.Sequential(nn.Conv2d(1, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(),
                        nn.Linear(512, 10))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=.05, momentum=.9, weight_decay=1e-4)
    with watch(net, optimizer, **options) as run:
        for epoch in run.epochs(12):
            net.train()
            for rows in run.batches(torch.randperm(len(x)).split(54)):
                inputs, targets_a, targets_b, lam = mixup_data(x[rows], y[rows], 1., rng)
                outputs = net(inputs)
                loss = lam * criterion(outputs, targets_a) + (1 - lam) * criterion(outputs, targets_b)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            net.eval()
            with torch.no_grad(): run.log(val_loss=criterion(net(x_valid), y_valid), val_acc=accuracy(net(x_valid).argmax(1), y_valid))
    with torch.no_grad(): return accuracy(net(x_test).argmax(1), y_test)
