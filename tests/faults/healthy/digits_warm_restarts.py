"""Digits with CosineAnnealingWarmRestarts: after 4 epochs the rate is high again, and the loss with it, for a while."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "the loss jumps up twice, at the warm restarts, and comes down again"
AT_LEAST = 0.8


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    loader = DataLoader(TensorDataset(*train_set), batch_size=36, shuffle=True)
    model = nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=.3, momentum=.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=4)
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(12):
            for i, (xb, yb) in enumerate(run.batches(loader)):
                loss = F.cross_entropy(model(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step(epoch + (i + 1) / len(loader))
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_valid), y_valid))
    return accuracy(model(x_test).argmax(1), y_test)
