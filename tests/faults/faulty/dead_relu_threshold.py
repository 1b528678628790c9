"""Sparse codes of signals by an unrolled iteration whose thresholds begin at 5, not at .05: no signal is above them, and all codes are zero."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "dead_relu"
TWIN = "unrolled_sparse_coding"
WHERE = "shrink"
ALSO = {"bad_init", "no_update", "plateau", "underfitting", "vanishing_gradient"}


def signals(n, generator):
    """Signals (n, 20) of a few of 32 atoms, and their codes."""
    atoms = torch.randn(32, 20, generator=torch.Generator().manual_seed(5))
    atoms = atoms / atoms.norm(dim=1, keepdim=True)
    codes = (torch.rand(n, 32, generator=generator) < .08) * (.5 + torch.rand(n, 32, generator=generator))
    return codes @ atoms, codes


class Lista(nn.Module):
    def __init__(self, threshold, steps=4):
        super().__init__()
        self.encode = nn.Linear(20, 32, bias=False)
        self.mix = nn.ModuleList(nn.Linear(32, 32, bias=False) for _ in range(steps))
        self.threshold = nn.Parameter(torch.full((steps + 1, 32), threshold))
        self.shrink = nn.ReLU()

    def forward(self, y):
        b = self.encode(y)
        z = self.shrink(b - self.threshold[0])
        for mix, threshold in zip(self.mix, self.threshold[1:]): z = self.shrink(b + mix(z) - threshold)
        return z


def train(seed, **options):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(31)
    (x, codes), (x_test, codes_test) = signals(2000, generator), signals(400, generator)
    model = Lista(threshold=5.)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    with watch(model, optimizer, monitor="loss", **options) as run:
        for step in run.steps(500):
            rows = torch.randint(0, 2000, (80,))
            loss = ((model(x[rows]) - codes[rows]) ** 2).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
    with torch.no_grad(): return r2(model(x_test), codes_test)
