"""A linear recurrent network in the place of a filter; gradients are clipped module by module, and the matrix that is used in every step is in none of them."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "exploding_gradient"
TWIN = "filter_by_linear_states"
WHERE = "A"
ALSO = {"lr_too_high", "nan_loss", "oscillating_loss", "unstable"}


class StateSpace(nn.Module):
    def __init__(self, size=16):
        super().__init__()
        self.A = nn.Parameter(.9 * torch.eye(size) + .02 * torch.randn(size, size))
        self.B, self.C = nn.Linear(1, size, bias=False), nn.Linear(size, 1, bias=False)

    def forward(self, u):
        h, outputs = u.new_zeros(len(u), len(self.A)), []
        for t in range(u.shape[1]):
            h = h @ self.A + self.B(u[:, t])
            outputs.append(self.C(h))
        return torch.stack(outputs, 1)


def filtered(u):
    """A resonance that dies away slowly."""
    a, b, y = torch.zeros(len(u), 1), torch.zeros(len(u), 1), []
    for t in range(u.shape[1]):
        a, b = .93 * a - .3 * b + .3 * u[:, t], .3 * a + .93 * b
        y.append(b)
    return torch.stack(y, 1)


def train(seed, **options):
    generator = torch.Generator().manual_seed(3)
    u = torch.randn(700, 60, 1, generator=generator)
    y = filtered(u)
    torch.manual_seed(seed)
    model, criterion = StateSpace(), nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=.02, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for rows in run.batches(torch.randperm(500).split(25)):
                optimizer.zero_grad()
                loss = criterion(model(u[rows]), y[rows])
                loss.backward()
                for module in model.children(): torch.nn.utils.clip_grad_norm_(module.parameters(), 1.)
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=criterion(model(u[500:600]), y[500:600]))
    with torch.no_grad(): return r2(model(u[600:]), y[600:])
