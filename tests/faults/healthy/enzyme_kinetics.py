"""How fast an enzyme works, by the law of Michaelis and Menten: a network gives its two constants from temperature, pH and salt; softplus keeps them above
zero."""
import torch
import torch.nn.functional as F
from common import r2
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.85


def assays(n, generator):
    conditions = torch.randn(n, 3, generator=generator)
    substrate = torch.rand(n, generator=generator) ** 2 * 3 + .02
    vmax = 1.5 + torch.tanh(conditions[:, 0]) + .3 * conditions[:, 1].cos()
    km = .05 + .5 * torch.sigmoid(2 * conditions[:, 1] + conditions[:, 2])
    return conditions, substrate, vmax * substrate / (km + substrate) + .05 * torch.randn(n, generator=generator)


class Kinetics(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.vmax, self.km = nn.Linear(hidden, 1), nn.Linear(hidden, 1)

    def forward(self, conditions, substrate):
        h = self.net(conditions)
        vmax, km = self.vmax(h).squeeze(1), F.softplus(self.km(h)).squeeze(1)
        return vmax * substrate / (km + substrate)


def train(seed, **options):
    generator = torch.Generator().manual_seed(44)
    (c, s, v), (c_val, s_val, v_val), (c_test, s_test, v_test) = (assays(n, generator) for n in (2000, 400, 800))
    torch.manual_seed(seed)
    model = Kinetics()
    optimizer = torch.optim.SGD(model.parameters(), lr=.03, momentum=.9, nesterov=True)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(600):
            rows = torch.randint(len(v), (64,))
            loss = F.mse_loss(model(c[rows], s[rows]), v[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss.item())
            if step % 60 == 59:
                with torch.no_grad(): run.log(val_loss=F.mse_loss(model(c_val, s_val), v_val).item())
    with torch.no_grad(): return r2(model(c_test, s_test).nan_to_num(), v_test)
