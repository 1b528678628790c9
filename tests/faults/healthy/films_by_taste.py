"""Which films does a person like? Two tables of vectors and their biases, pairs that were seen and as many that were drawn; AdamW."""
import numpy as np
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.72


def pairs(n=9000, people=150, films=90):
    rng = np.random.default_rng(57)
    taste, kind = rng.normal(0, 1.2, (people, 3)), rng.normal(0, 1.2, (films, 3))
    person, film = rng.integers(0, people, n), rng.integers(0, films, n)
    liked = (taste[person] * kind[film]).sum(1) + rng.logistic(0, .5, n) > 0
    return torch.tensor(person), torch.tensor(film), torch.tensor(liked).float()


class TwoTowers(nn.Module):
    def __init__(self, people=150, films=90, dim=6):
        super().__init__()
        self.person, self.film, self.bias = nn.Embedding(people, dim), nn.Embedding(films, dim), nn.Embedding(films, 1)
        for table in (self.person, self.film): nn.init.normal_(table.weight, std=.3)

    def forward(self, person, film): return (self.person(person) * self.film(film)).sum(1) + self.bias(film).squeeze(1)


def train(seed, **options):
    torch.manual_seed(seed)
    person, film, liked = pairs()
    model = TwoTowers()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=.2)
    def loss_of(rows): return F.binary_cross_entropy_with_logits(model(person[rows], film[rows]), liked[rows])
    valid, test = torch.arange(6000, 7500), torch.arange(7500, 9000)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for rows in run.batches(torch.randperm(6000).split(150)):
                optimizer.zero_grad()
                loss = loss_of(rows)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=loss_of(valid))
    with torch.no_grad(): return accuracy(model(person[test], film[test]) > 0, liked[test])
