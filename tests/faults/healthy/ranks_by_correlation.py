"""Which shares will do better than others? Only the order counts, and the loss is the correlation with the returns, with a minus."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "the loss is below zero from the first steps on; it is a correlation with a minus before it"
AT_LEAST = 0.5


def month(n, generator):
    """Nine signals of each share, and its return, most of which is chance."""
    x = torch.randn(n, 9, generator=generator)
    return x, torch.tanh(x[:, 0] + x[:, 1]) + x[:, 2].abs() - .6 * x[:, 3] + .9 * torch.randn(n, generator=generator)


def correlation(a, b):
    return ((a - a.mean()) / a.std() * (b - b.mean()) / b.std()).mean()


def train(seed, **options):
    generator = torch.Generator().manual_seed(71)
    past, valid, later = (month(n, generator) for n in (961, 300, 600))
    torch.manual_seed(seed)
    loader = DataLoader(TensorDataset(*past), batch_size=64, shuffle=True, drop_last=True)
    model = nn.Sequential(nn.Linear(9, 40), nn.SiLU(), nn.Linear(40, 1), nn.Flatten(0))
    optimizer = torch.optim.RAdam(model.parameters(), lr=1e-2)
    with watch(model, optimizer, monitor="val_correlation", mode="max", **options) as run:
        for epoch in run.epochs(12):
            for signals, returns in run.batches(loader):
                loss = -correlation(model(signals), returns)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_correlation=correlation(model(valid[0]), valid[1]).item())
    with torch.no_grad(): return max(0., correlation(model(later[0]), later[1]).nan_to_num(0.).item())
