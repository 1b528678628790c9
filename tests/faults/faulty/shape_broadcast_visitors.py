"""How many people visit a museum in an hour, by Poisson's likelihood: outputs (50, 1) against counts (50) make a table of all pairs, without a warning."""
import numpy as np
import torch
from common import r2, tensors, three_parts
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "shape_broadcast"
TWIN = "visitors_poisson"
WHERE = "PoissonNLLLoss"
ALSO = {"plateau", "underfitting"}


def visitors(n=2500):
    rng = np.random.default_rng(25)
    hour, rain, weekend = rng.uniform(9, 18, n), rng.random(n), rng.random(n) < .3
    rate = np.exp(2.6 + np.sin((hour - 9) / 9 * np.pi) + .6 * weekend + .8 * rain * (hour > 12) - .4 * rain * weekend)
    return three_parts(np.stack([(hour - 13.5) / 2.6, rain * 3.5 - 1.7, weekend * 2. - .6], 1), rng.poisson(rate).astype(float))


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(visitors())
    loader = DataLoader(TensorDataset(*train_set), batch_size=50, shuffle=True)
    net = nn.Sequential(nn.Linear(3, 32), nn.ELU(), nn.Linear(32, 32), nn.ELU(), nn.Linear(32, 1), nn.Softplus())
    criterion = nn.PoissonNLLLoss(log_input=False)
    optimizer = optim.Adam(net.parameters(), lr=5e-3)
    with watch(net, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for xb, counts in run.batches(loader):
                loss = criterion(net(xb), counts)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=criterion(net(x_valid), y_valid))
    with torch.no_grad(): return r2(net(x_test), y_test)
