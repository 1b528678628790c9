"""Breast cancer with SoftMarginLoss, which wants classes of -1 and 1 and gets 0 and 1: what is said of a class of 0 costs always the same."""
import torch
from common import accuracy, cancer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "wrong_loss"
TWIN = "cancer_soft_margin"
WHERE = "SoftMarginLoss"
ALSO = {"plateau"}


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = cancer()
    mean, std = x_train.mean(0), x_train.std(0)
    def inputs(x): return torch.tensor((x - mean) / std, dtype=torch.float32)
    def classes(y): return torch.tensor(y, dtype=torch.float32)
    loader = DataLoader(TensorDataset(inputs(x_train), classes(y_train)), batch_size=10, shuffle=True)
    model = nn.Sequential(nn.Linear(30, 20), nn.LeakyReLU(), nn.Linear(20, 1))
    criterion = nn.SoftMarginLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=.05)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for xb, yb in run.batches(loader):
                optimizer.zero_grad()
                loss = criterion(model(xb).squeeze(1), yb)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=criterion(model(inputs(x_valid)).squeeze(1), classes(y_valid)))
    with torch.no_grad(): return accuracy(model(inputs(x_test)).squeeze(1) > 0, y_test)
