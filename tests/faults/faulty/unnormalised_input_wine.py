"""Wine from measurements in their own units; proline is around 750, the others around 1."""
import copy

import torch
from common import accuracy, wine
from torch import nn, optim

from trainbook import watch

KIND = "unnormalised_input"
TWIN = "wine_early_stopping"
WHERE = "column 12"
ALSO = {"dead_relu", "exploding_gradient", "lr_too_high", "oscillating_loss", "plateau", "unstable"}


def train(seed, **options):
    torch.manual_seed(seed)
    parts = wine()
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((torch.tensor(x, dtype=torch.float32), torch.tensor(y)) for x, y in parts)
    model, criterion = nn.Sequential(nn.Linear(13, 16), nn.ReLU(), nn.Linear(16, 3)), nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=.05, momentum=.9, weight_decay=1e-3)
    best, best_weights = float("inf"), None
    with watch(model, optimizer, early_stop=10, **options) as run:
        for epoch in run.epochs(60):
            for rows in run.batches(torch.randperm(len(x)).split(16)):
                optimizer.zero_grad()
                loss = criterion(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): val_loss = criterion(model(x_valid), y_valid).item()
            run.log(val_loss=val_loss)
            if val_loss < best: best, best_weights = val_loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(best_weights)
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
