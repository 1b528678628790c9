"""Noisy steps of walks, to be told one ahead by an LSTM; walks of like length share a batch, short ones first, and the loss is a sum over the steps."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the loss swings up and down by a factor of four in every epoch: the batches are sorted by length, and the loss is a sum"
AT_LEAST = 0.6


def walks(n, length, g):
    t = torch.arange(length + 1) * (.3 + .4 * torch.rand(n, 1, generator=g)) + 6.28 * torch.rand(n, 1, generator=g)
    return (torch.sin(t) + .15 * torch.randn(n, length + 1, generator=g)).unsqueeze(-1)


class Walker(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.lstm, self.linear = nn.LSTM(1, hidden, batch_first=True), nn.Linear(hidden, 1)

    def forward(self, x):
        return self.linear(self.lstm(x)[0])


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(23)
    buckets = [walks(16, length, g) for length in range(6, 37, 2)]
    valid, test, model = walks(60, 20, g), walks(100, 20, g), Walker()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(14):
            for batch in run.batches(buckets):
                optimizer.zero_grad()
                loss = (model(batch[:, :-1]) - batch[:, 1:]).square().sum() / len(batch)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_mse=nn.functional.mse_loss(model(valid[:, :-1]), valid[:, 1:]))
    return r2(model(test[:, :-1])[:, 4:], test[:, 5:])
