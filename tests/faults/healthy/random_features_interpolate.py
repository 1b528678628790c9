"""A function of three numbers from 80 rows by a very wide network, of which only the last layer is trained (random features); full batches."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "ten times as many parameters as rows, and a training loss that is a small part of the validation's; but that one has never risen"
AT_LEAST = 0.75


class RandomFeatures(nn.Module):
    def __init__(self, n_in, n_features):
        super().__init__()
        self.register_buffer("directions", torch.randn(n_in, n_features) * .8)
        self.register_buffer("shifts", torch.rand(n_features) * 6.28)
        self.linear = nn.Linear(n_features, 1)
        nn.init.zeros_(self.linear.weight)

    def forward(self, x):
        return self.linear(torch.cos(x @ self.directions + self.shifts)).squeeze(1)


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(22)
    x = torch.randn(480, 3, generator=g)
    y = torch.sin(x[:, 0] * 1.5) + x[:, 1] * torch.tanh(x[:, 2])
    fit, valid, test = slice(80), slice(80, 180), slice(180, 480)
    model = RandomFeatures(3, 800)
    optimizer = torch.optim.SGD(model.parameters(), lr=5e-3, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(600):
            loss = (model(x[fit]) - y[fit]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(train_mse=loss)
            if step % 20 == 19: run.log(val_mse=(model(x[valid]) - y[valid]).detach().square().mean())
    return r2(model(x[test]), y[test])
