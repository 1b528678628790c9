"""Digits by a network of three layers. Nothing clears the gradients, so each step goes along the sum of all so far."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "missing_zero_grad"
TWIN = "digits_mlp"
WHERE = "optimizer.zero_grad()"
ALSO = {"dead_relu", "exploding_gradient", "lr_too_high", "oscillating_loss", "plateau", "unstable"}


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    x_train, x_valid, x_test = x_train / 16, x_valid / 16, x_test / 16
    train_dl = DataLoader(TensorDataset(x_train, y_train), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = optim.SGD(model.parameters(), lr=.05, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for xb, yb in run.batches(train_dl):
                loss = F.cross_entropy(model(xb), yb)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad():
                output = model(x_valid)
                run.log(val_loss=F.cross_entropy(output, y_valid), val_accuracy=(output.argmax(1) == y_valid).float().mean())
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
