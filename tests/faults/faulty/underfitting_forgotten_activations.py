"""Friedman's function by three linear layers with nothing between them, which are one linear function."""
import torch
from common import r2, tensors, three_parts
from sklearn.datasets import make_friedman1
from torch import nn

from trainbook import watch

KIND = "underfitting"
TWIN = "friedman_l1"
ALSO = {"plateau"}


def penalty(model):
    return sum(layer.weight.abs().sum() for layer in model if isinstance(layer, nn.Linear))


def train(seed, **options):
    torch.manual_seed(seed)
    parts = tensors(three_parts(*make_friedman1(1500, noise=.5, random_state=0)))
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x * 2 - 1, (y - 14) / 5) for x, y in parts)
    model = nn.Sequential(nn.Linear(10, 32), nn.Linear(32, 32), nn.Linear(32, 1), nn.Flatten(0))
    criterion = nn.MSELoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    with watch(model, optimizer, **options) as run:
        for i in range(600):
            batch = torch.randint(0, len(x), (50,))
            mse = criterion(model(x[batch]), y[batch])
            loss = mse + 1e-4 * penalty(model)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss.item(), mse=mse.item())
            if i % 25 == 24:
                with torch.no_grad(): run.log(val_mse=criterion(model(x_valid), y_valid).item())
    with torch.no_grad(): return r2(model(x_test), y_test)
