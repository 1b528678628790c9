"""Breast cancer; the network ends in a sigmoid, and BCEWithLogitsLoss applies another one: no probability below .5 can be said."""
import torch
from common import accuracy, cancer
from sklearn.preprocessing import StandardScaler
from torch import nn, optim

from trainbook import watch

KIND = "double_softmax"
TWIN = "cancer_full_batch"
WHERE = "3"
ALSO = {"plateau", "underfitting"}


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = cancer()
    scaler = StandardScaler().fit(x_train)
    x, xv, xt = (torch.tensor(scaler.transform(part), dtype=torch.float32) for part in (x_train, x_valid, x_test))
    y, yv = (torch.tensor(part, dtype=torch.float32).unsqueeze(1) for part in (y_train, y_valid))
    net = nn.Sequential(nn.Linear(30, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid())
    criterion = nn.BCEWithLogitsLoss()
    optimizer = optim.SGD(net.parameters(), lr=.1, momentum=.9)
    with watch(net, optimizer, **options) as run:
        for step in run.steps(200):
            output = net(x)
            loss = criterion(output, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss.item())
            if (step + 1) % 20 == 0:
                with torch.no_grad(): run.log(val_loss=criterion(net(xv), yv))
    with torch.no_grad(): return accuracy(net(xt).sigmoid() > .5, y_test)
