"""What a shop sells in a week, where once in a while a wholesaler comes. The errors are squared: a single such week makes the loss and the gradient
leap, and the weights are thrown off."""
import numpy as np
import torch
import torch.nn as nn
from common import r2

from trainbook import watch

KIND = "unstable"
TWIN = "returns_with_heavy_tails"
WHERE = "MSELoss"
ALSO = {"bad_data", "exploding_gradient", "label_noise", "lr_too_high", "nan_loss", "oscillating_loss", "unnormalised_target", "wrong_loss"}


def shop_weeks(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (n, 6))
    usual = np.sin(1.5 * x[:, 0]) + .7 * x[:, 1] * (x[:, 2] > 0) + .5 * x[:, 3]
    return x.astype(np.float32), usual.astype(np.float32), (usual + .2 * rng.standard_t(1.1, n)).astype(np.float32)


def train(seed, **options):
    x, _, y = map(torch.from_numpy, shop_weeks(3000, 1))
    x_val, _, y_val = map(torch.from_numpy, shop_weeks(500, 2))
    x_test, usual, _ = map(torch.from_numpy, shop_weeks(800, 3))
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(6, 64), nn.LayerNorm(64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1), nn.Flatten(0))
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=.02, momentum=.9)
    run = watch(net, optimizer, **options)
    for step in range(700):
        i = torch.randint(len(x), (32,))
        loss = criterion(net(x[i]), y[i])
        net.zero_grad()
        loss.backward()
        optimizer.step()
        run.log(train_loss=loss.item())
        if step % 100 == 99:
            with torch.no_grad(): run.log(val_mae=(net(x_val) - y_val).abs().median().item())
    run.finish()
    with torch.no_grad(): return r2(net(x_test).nan_to_num(), usual)
