"""What people give to charity, from incomes and fortunes with a long tail: a few columns are thirty spreads away, and that is true. Huber loss,
clipping."""
import numpy as np
import torch
from common import r2, tensors, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "single inputs are twenty spreads away from the mean; incomes are like that, and nothing is broken by it"
AT_LEAST = 0.5


def gifts(n=2000):
    """Income, fortune, age, children, each standardised; the logarithm of what is given."""
    rng = np.random.default_rng(54)
    income, fortune = np.exp(rng.normal(0, 1.1, n)), np.exp(rng.normal(0, 1.7, n))
    age, children = rng.uniform(18, 90, n), rng.integers(0, 4, n)
    y = .8 * np.log(income) + .3 * np.log(fortune) + .02 * age - .2 * children + rng.standard_t(3, n) * .2
    x = np.column_stack([income, fortune, age, children])
    return three_parts((x - x.mean(0)) / x.std(0), y)


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(gifts())
    model = nn.Sequential(nn.Linear(4, 64), nn.Softplus(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1), nn.Flatten(0))
    optimizer, loss_fn = torch.optim.Adam(model.parameters(), lr=5e-3), nn.SmoothL1Loss()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(25):
            for x, y in run.batches(DataLoader(TensorDataset(*train_set), batch_size=60, shuffle=True)):
                loss = loss_fn(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.)
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=loss_fn(model(x_valid), y_valid))
    with torch.no_grad(): return r2(model(x_test).clamp(-4, 6), y_test)
