"""A curve whose noise differs from place to place: a network with two heads gives the mean and the logarithm of the variance, which is kept in bounds."""
import torch
import torch.nn as nn
from common import r2
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "the loss goes below zero; it is a log likelihood of numbers with a small variance"
AT_LEAST = 0.85


def signal(x): return torch.sin(3 * x) + .5 * x


def measured(n, generator):
    x = torch.rand(n, 1, generator=generator) * 4 - 2
    sigma = .02 + .25 * torch.sigmoid(4 * x)
    noise = sigma * torch.randn(n, 1, generator=generator)
    jolt = torch.rand(n, 1, generator=generator) < .02
    return x, (signal(x) + noise + jolt * 1.5 * torch.randn(n, 1, generator=generator)).squeeze(1)


class MeanAndVariance(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.mean_head, self.logvar_head = nn.Linear(hidden, 1), nn.Linear(hidden, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.mean_head(h).squeeze(-1), self.logvar_head(h).squeeze(-1).clamp(-4, 3)


def nll(mean, logvar, y): return .5 * (logvar + (y - mean) ** 2 / logvar.exp()).mean()


def train(seed, **options):
    generator = torch.Generator().manual_seed(5)
    x, y = measured(1500, generator)
    xv, yv = measured(300, generator)
    xt = torch.linspace(-2, 2, 400)[:, None]
    torch.manual_seed(seed)
    model = MeanAndVariance()
    groups = [{"params": model.trunk.parameters()}, {"params": model.mean_head.parameters()}, {"params": model.logvar_head.parameters(), "lr": 3e-3}]
    opt = torch.optim.Adam(groups, lr=5e-3)
    train_dl = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)
    with watch(model, opt, **options) as run:
        for epoch in run.epochs(14):
            for xb, yb in run.batches(train_dl):
                mean, logvar = model(xb)
                loss = nll(mean, logvar, yb)
                opt.zero_grad()
                loss.backward()
                opt.step()
                run.log(nll=loss.item())
            with torch.no_grad(): run.log(val_nll=nll(*model(xv), yv).item())
    with torch.no_grad(): return r2(model(xt)[0], signal(xt).squeeze(1))
