"""Wine by a small network: standardised, weight decay, stopped early by the validation, and the best weights put back."""
import copy

import torch
from common import accuracy, wine
from sklearn.preprocessing import StandardScaler
from torch import nn, optim

from trainbook import watch

KIND = None
AT_LEAST = 0.9


def train(seed, **options):
    torch.manual_seed(seed)
    parts = wine()
    scaler = StandardScaler().fit(parts[0][0])
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((torch.tensor(scaler.transform(x), dtype=torch.float32), torch.tensor(y)) for x, y in parts)
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
