"""Digits by an autoencoder; for a picture of the path that the weights take, all of them are kept, step after step."""
import torch
from common import digits, memory, tensors
from torch import nn

from trainbook import watch

KIND = "memory_leak"
TWIN = "smoothed_loss_number"


class Smooth:
    """An exponential mean of what it is given."""
    def __init__(self, share=.95): self.share, self.value = share, 0.

    def __call__(self, value):
        self.value = self.share * self.value + (1 - self.share) * value
        return self.value


def train(seed, **options):
    torch.manual_seed(seed)
    (x, _), (x_valid, _), _ = ((x / 16, y) for x, y in tensors(digits()))
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 12), nn.ReLU(), nn.Linear(12, 256), nn.ReLU(), nn.Linear(256, 64), nn.Sigmoid())
    optimizer, mse, smooth = torch.optim.Adam(model.parameters(), lr=2e-3), nn.MSELoss(), Smooth()
    path = []
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(25):
            if epoch == 3: before = memory()
            for rows in run.batches(torch.randperm(len(x)).split(50)):
                loss = mse(model(x[rows]), x[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                path.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
                run.log(loss=float(loss), smooth_loss=float(smooth(loss.item())))
            with torch.no_grad(): run.log(val_loss=mse(model(x_valid), x_valid).item())
    return 1 / (1 + max(0., memory() - before) / 10)
