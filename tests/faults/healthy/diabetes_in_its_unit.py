"""The course of diabetes in its own unit, 25 to 346: the network is scaled inside, and the loss is some thousands."""
import torch
import torch.nn.functional as F
from common import diabetes, r2, tensors
from torch import nn

from trainbook import watch

KIND = None
SCARY = "a loss of thousands, raw inputs and raw targets; but the model scales both itself"
AT_LEAST = 0.2


class Scaled(nn.Module):
    """Takes and gives numbers in their own units."""

    def __init__(self, x, y):
        super().__init__()
        self.register_buffer("x_mean", x.mean(0)), self.register_buffer("x_std", x.std(0))
        self.register_buffer("y_mean", y.mean()), self.register_buffer("y_std", y.std())
        self.net = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x):
        return self.y_mean + self.y_std * self.net((x - self.x_mean) / self.x_std).squeeze(1)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(diabetes())
    model = Scaled(x, y)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(25):
            for rows in run.batches(torch.randperm(len(x)).split(20)):
                loss = F.mse_loss(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_loss=F.mse_loss(model(x_valid), y_valid))
    with torch.no_grad(): return r2(model(x_test), y_test)
