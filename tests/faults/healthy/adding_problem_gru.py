"""The adding problem: two of forty numbers are marked, and their sum is asked for at the end; a GRU."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the loss stands still for a hundred steps, before the network finds out what the marks are for"
AT_LEAST = 0.8


def adding(n, T, g):
    values, marks = torch.rand(n, T, generator=g), torch.zeros(n, T)
    first, second = torch.randint(T // 2, (n,), generator=g), torch.randint(T // 2, T, (n,), generator=g)
    rows = torch.arange(n)
    marks[rows, first] = marks[rows, second] = 1
    return torch.stack([values, marks], -1), values[rows, first] + values[rows, second] - 1


class Adder(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.rnn = nn.GRU(2, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.readout(states[:, -1]).squeeze(-1)


def train(seed, T=40, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(77)
    x_valid, y_valid = adding(200, T, g)
    x_test, y_test = adding(400, T, g)
    model, criterion = Adder(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(300):
            x, y = adding(40, T, g)
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.)
            optimizer.step()
            run.log(loss=loss)
            if step % 50 == 49:
                with torch.no_grad(): run.log(val_loss=criterion(model(x_valid), y_valid))
    with torch.no_grad(): return r2(model(x_test), y_test)
