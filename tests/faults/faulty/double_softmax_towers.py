"""Which film will a person watch next? A person's similarities to the films of a batch go through a softmax, and then through cross_entropy, which
applies one more."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = "double_softmax"
TWIN = "films_two_towers"
ALSO = {"plateau", "underfitting", "vanishing_gradient"}


PEOPLE, FILMS, TASTES = 400, 60, 6


def views(n, generator):
    person = torch.randint(PEOPLE, (n,), generator=generator)
    film = torch.randint(FILMS // TASTES, (n,), generator=generator) * TASTES + person % TASTES
    other = torch.rand(n, generator=generator) < .1
    return person, torch.where(other, torch.randint(FILMS, (n,), generator=generator), film)


class TwoTowers(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.people = nn.Sequential(nn.Embedding(PEOPLE, width), nn.Linear(width, width))
        self.films = nn.Sequential(nn.Embedding(FILMS, width), nn.Linear(width, width))

    def forward(self, person, film):
        return F.normalize(self.people(person), dim=1) @ F.normalize(self.films(film), dim=1).T


def train(seed, **options):
    generator = torch.Generator().manual_seed(8)
    person, film = views(8000, generator)
    val_person, val_film = views(256, generator)
    torch.manual_seed(seed)
    model = TwoTowers()
    optimizer = torch.optim.Adagrad(model.parameters(), lr=.05)
    def loss_of(p, f): return F.cross_entropy((model(p, f) / .2).softmax(1), torch.arange(len(p)))
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(8):
            for rows in run.batches(torch.randperm(8000).split(100)):
                loss = loss_of(person[rows], film[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=loss_of(val_person, val_film))
    with torch.no_grad(): best = model(torch.arange(PEOPLE), torch.arange(FILMS)).argmax(1)
    return accuracy(best % TASTES, torch.arange(PEOPLE) % TASTES)
