"""Digits from folders, one for each class, in the order of the folders: the last thing that each epoch teaches is that all is a 9."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "no_shuffle"
TWIN = "digits_mlp"
WHERE = "DataLoader"
ALSO = {"dead_relu", "lr_too_high", "oscillating_loss", "unstable"}


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    x_train, x_valid, x_test = x_train / 16, x_valid / 16, x_test / 16
    x_train, y_train = (torch.cat([part[y_train == digit] for digit in range(10)]) for part in (x_train, y_train))
    train_dl = DataLoader(TensorDataset(x_train, y_train), batch_size=32)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = optim.SGD(model.parameters(), lr=.05, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for xb, yb in run.batches(train_dl):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(xb), yb)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad():
                output = model(x_valid)
                run.log(val_loss=F.cross_entropy(output, y_valid), val_accuracy=(output.argmax(1) == y_valid).float().mean())
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
