"""Ratings of films by matrix factorisation. The bias tables give (N, 1), the products (N,): their sum is N x N, and each pair gets the biases of all
others."""
import numpy as np
import torch
import torch.nn.functional as F
from common import r2, tensors, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "shape_broadcast"
TWIN = "films_matrix_factorisation"
WHERE = "mse_loss"
ALSO = {"plateau", "underfitting"}


def ratings(n_people=100, n_films=60, n=5000):
    rng = np.random.default_rng(21)
    taste, film = rng.normal(size=(n_people, 3)), rng.normal(size=(n_films, 3))
    kind, good = rng.normal(0, .5, n_people), rng.normal(0, .5, n_films)
    cells = rng.permutation(n_people * n_films)[:n]
    who, what = cells // n_films, cells % n_films
    stars = 3.3 + kind[who] + good[what] + .6 * (taste[who] * film[what]).sum(1) + rng.normal(0, .3, n)
    return three_parts(np.stack([who, what], 1), stars)


class Recommender(nn.Module):
    def __init__(self, n_people=100, n_films=60, width=3):
        super().__init__()
        self.person, self.film = nn.Embedding(n_people, width), nn.Embedding(n_films, width)
        self.person_bias, self.film_bias = nn.Embedding(n_people, 1), nn.Embedding(n_films, 1)
        nn.init.normal_(self.person.weight, std=.1)
        nn.init.normal_(self.film.weight, std=.1)
        nn.init.zeros_(self.person_bias.weight)
        nn.init.constant_(self.film_bias.weight, 3.)

    def forward(self, pairs):
        who, what = pairs.unbind(1)
        match = (self.person(who) * self.film(what)).sum(1)
        return match + self.person_bias(who) + self.film_bias(what)

    def rating_of(self, pair):
        return self(pair[None]).item()


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(ratings())
    loader = DataLoader(TensorDataset(*train_set), batch_size=100, shuffle=True)
    model = Recommender()
    optimizer = torch.optim.Adam(model.parameters(), lr=.02, weight_decay=1e-4)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(15):
            for pairs, stars in run.batches(loader):
                loss = F.mse_loss(model(pairs), stars)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.mse_loss(model(x_valid), y_valid))
    return r2([model.rating_of(pair) for pair in x_test], y_test)
