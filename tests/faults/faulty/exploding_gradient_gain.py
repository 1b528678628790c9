"""The level of a tank after thirty hours, by a recurrent network. Its matrix begins orthogonal with a gain of 1.8, and state and gradient grow with
each hour."""
import torch
import torch.nn.functional as F
from common import r2
from torch import nn

from trainbook import watch

KIND = "exploding_gradient"
TWIN = "tank_levels_rnn"
WHERE = "h2h"
ALSO = {"bad_init", "lr_too_high", "nan_loss", "plateau", "unstable"}


def tanks(n, T, g):
    """Rain and outflow of a tank that leaks a little; the level after T hours."""
    flows = torch.randn(n, T, 2, generator=g)
    level = torch.zeros(n)
    for t in range(T): level = .95 * level + .3 * F.relu(flows[:, t, 0]) - .15 * flows[:, t, 1]
    return flows, level - 2.4


class TankRNN(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.i2h, self.h2h, self.h2o = nn.Linear(2, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 1)
        nn.init.orthogonal_(self.h2h.weight, gain=1.8)
        nn.init.zeros_(self.h2h.bias)

    def forward(self, x):
        h = x.new_zeros(x.shape[0], self.h2h.in_features)
        for t in range(x.shape[1]): h = F.leaky_relu(self.i2h(x[:, t]) + self.h2h(h), .5)
        return self.h2o(h)[:, 0]


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(82)
    x, y = tanks(800, 30, g)
    x_val, y_val = tanks(200, 30, g)
    x_test, y_test = tanks(300, 30, g)
    rnn = TankRNN()
    opt = torch.optim.SGD(rnn.parameters(), lr=.02)
    with watch(rnn, opt, **options) as run:
        for epoch in run.epochs(10):
            for idx in run.batches(torch.randperm(800).split(40)):
                opt.zero_grad()
                loss = F.mse_loss(rnn(x[idx]), y[idx])
                loss.backward()
                opt.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.mse_loss(rnn(x_val), y_val))
    with torch.no_grad(): return r2(rnn(x_test), y_test)
