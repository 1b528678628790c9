"""How many pieces of a spare part will be asked for? The clipping was to be switched off by clip=0, which makes every gradient nothing."""
import numpy as np
import torch
from common import r2, three_parts, tensors
from torch import nn

from trainbook import watch

KIND = "no_update"
TWIN = "spare_parts_mean"
WHERE = "clip_grad_norm_"
ALSO = {"exploding_gradient", "lr_too_low", "plateau", "underfitting", "vanishing_gradient"}


def parts(n=6000):
    rng = np.random.default_rng(61)
    fleet, age, season, price = rng.normal(size=(4, n))
    chance = 1 / (1 + np.exp(-(-1.2 + .7 * fleet + .6 * age)))
    size = 1 + rng.poisson(np.exp(.8 + .5 * fleet - .4 * price + .3 * np.sin(2 * season)))
    wanted = (rng.random(n) < chance) * size
    return tensors(three_parts(np.stack([fleet, age, season, price], 1), wanted.astype(float)))


class DemandModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(4, 32)
        self.hidden2 = nn.Linear(32, 32)
        self.demand = nn.Linear(32, 1)

    def forward(self, features):
        h = torch.tanh(self.hidden1(features))
        h = torch.tanh(self.hidden2(h))
        return self.demand(h).squeeze(1)


def train(seed, n_epochs=10, batch_size=64, lr=2e-3, clip=0., **options):
    torch.manual_seed(seed)
    (X, Y), (X_val, Y_val), (X_test, Y_test) = parts()
    mu, sigma = Y.mean(), Y.std()
    Y, Y_val, Y_test = (Y - mu) / sigma, (Y_val - mu) / sigma, (Y_test - mu) / sigma
    model = DemandModel()
    loss_fn = nn.MSELoss()
    opt = torch.optim.AdamW(model.parameters(), lr=lr)
    with watch(model, opt, **options) as run:
        for _ in run.epochs(n_epochs):
            for idx in run.batches(torch.randperm(len(X)).split(batch_size)):
                loss = loss_fn(model(X[idx]), Y[idx])
                opt.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), clip)
                opt.step()
                run.log(loss=loss)
            with torch.no_grad():
                run.log(val_loss=loss_fn(model(X_val), Y_val))
    with torch.no_grad():
        return r2(model(X_test), Y_test)
