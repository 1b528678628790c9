"""Which of two events came first in a log of 48? Tokens and their place, a number of 0 to 1, are mixed by a tanh layer and averaged."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.85


def logs(n, generator, length=48):
    tokens = torch.randint(2, 20, (n, length), generator=generator)
    places = torch.rand(n, length, generator=generator).argsort(1)[:, :2]
    tokens.scatter_(1, places, torch.tensor([0, 1]).expand(n, 2).contiguous())
    return tokens, (places[:, 0] < places[:, 1]).long()


class WithPlaces(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.tokens, self.place = nn.Embedding(20, width), nn.Linear(1, width)
        self.mix = nn.Sequential(nn.Linear(width, width), nn.Tanh())
        self.head = nn.Linear(width, 2)

    def forward(self, tokens):
        position = torch.arange(tokens.shape[1], dtype=torch.float32) / tokens.shape[1]
        h = self.tokens(tokens) + self.place(position[:, None])
        return self.head(self.mix(h).sum(1))


def train(seed, **options):
    generator = torch.Generator().manual_seed(41)
    (x, y), (x_valid, y_valid), (x_test, y_test) = (logs(n, generator) for n in (2000, 300, 500))
    torch.manual_seed(seed)
    model = WithPlaces()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    run = watch(model, optimizer, **options)
    for step in range(400):
        rows = torch.randint(len(x), (50,))
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        run.log(loss=loss)
        if (step + 1) % 100 == 0:
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_valid), y_valid))
    run.finish()
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
