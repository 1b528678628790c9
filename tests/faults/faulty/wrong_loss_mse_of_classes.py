"""Digits by a network with one output, which is compared with the number of the class by squares: a 9 that is taken for a 7 costs less than one taken
for a 1."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "wrong_loss"
TWIN = "digits_mlp"
WHERE = "mse_loss"


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    x_train, x_valid, x_test = x_train / 16, x_valid / 16, x_test / 16
    train_dl = DataLoader(TensorDataset(x_train, y_train), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = optim.SGD(model.parameters(), lr=.01, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for xb, yb in run.batches(train_dl):
                optimizer.zero_grad()
                loss = F.mse_loss(model(xb).squeeze(1), yb.float())
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad():
                output = model(x_valid).squeeze(1)
                run.log(val_loss=F.mse_loss(output, y_valid.float()), val_accuracy=(output.round() == y_valid).float().mean())
    with torch.no_grad(): return accuracy(model(x_test).round(), y_test)
