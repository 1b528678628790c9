"""Ratings of films by matrix factorisation without any weight decay: the vectors learn each rating by heart, chance and all."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "overfitting"
TWIN = "ratings_factorised"
ALSO = {}


class MatrixFactorization(nn.Module):
    def __init__(self, n_users, n_films, n_factors=16):
        super().__init__()
        self.user_factors, self.film_factors = nn.Embedding(n_users, n_factors), nn.Embedding(n_films, n_factors)
        self.user_bias, self.film_bias = nn.Embedding(n_users, 1), nn.Embedding(n_films, 1)
        self.mean = nn.Parameter(torch.tensor(3.))
        for table in self.user_factors, self.film_factors, self.user_bias, self.film_bias: nn.init.normal_(table.weight, std=.1)

    def forward(self, user, film):
        return self.mean + (self.user_factors(user) * self.film_factors(film)).sum(1) + (self.user_bias(user) + self.film_bias(film)).squeeze(1)


def ratings(n=9000, n_users=150, n_films=120):
    g = torch.Generator().manual_seed(11)
    user, film = torch.randint(n_users, (n,), generator=g), torch.randint(n_films, (n,), generator=g)
    U, V = torch.randn(n_users, 3, generator=g), torch.randn(n_films, 3, generator=g)
    bias = .6 * torch.randn(n_films, generator=g)
    stars = 3.2 + bias[film] + .5 * (U[user] * V[film]).sum(1) + .6 * torch.randn(n, generator=g)
    return user, film, stars.clamp(.5, 5)


def train(seed, **options):
    torch.manual_seed(seed)
    user, film, stars = ratings()
    learn, valid, test = torch.arange(6000), torch.arange(6000, 7500), torch.arange(7500, 9000)
    model, criterion = MatrixFactorization(150, 120), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(25):
            for rows in run.batches(learn[torch.randperm(6000)].split(200)):
                optimizer.zero_grad()
                loss = criterion(model(user[rows], film[rows]), stars[rows])
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_loss=criterion(model(user[valid], film[valid]), stars[valid]).item())
    return r2(model(user[test], film[test]), stars[test])
