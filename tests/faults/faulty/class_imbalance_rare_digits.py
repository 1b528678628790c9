"""Digits, of which 5 to 9 were seldom photographed, and are seldom seen: most of them are taken for others."""
import torch
import torch.nn.functional as F
from common import balanced_accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "class_imbalance"
TWIN = "rare_digits_sampler"


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x / 16, y) for x, y in tensors(digits()))
    kept = (y < 5) | (torch.rand(len(y), generator=torch.Generator().manual_seed(0)) < .06)
    x, y = x[kept], y[kept]
    loader = DataLoader(TensorDataset(x, y), batch_size=40, shuffle=True)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(.2), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with watch(model, optimizer, monitor="val_balanced", mode="max", **options) as run:
        for epoch in run.epochs(14):
            for xb, yb in run.batches(loader):
                model.train()
                optimizer.zero_grad()
                loss = F.cross_entropy(model(xb), yb)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            model.eval()
            with torch.no_grad(): run.log(val_balanced=balanced_accuracy(model(x_valid).argmax(1), y_valid))
    return balanced_accuracy(model(x_test).argmax(1), y_test)
