"""The NARMA task by an echo state network, whose random matrix was never scaled: its spectral radius is ten, and the tanh units jump from end to end."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "saturated_activation"
TWIN = "echo_of_inputs"
WHERE = "tanh"
ALSO = {"bad_init", "frozen_params", "plateau", "underfitting"}


def narma(n, g):
    u, y = torch.rand(n, generator=g) / 2, torch.zeros(n)
    for t in range(9, n - 1): y[t + 1] = .3 * y[t] + .05 * y[t] * y[t - 9:t + 1].sum() + 1.5 * u[t - 9] * u[t] + .1
    return u.unfold(0, 25, 1)[100:], y[24:][100:]  # the inputs up to t, and the output at t


class EchoState(nn.Module):
    def __init__(self, size=100):
        super().__init__()
        w = torch.randn(size, size)
        self.w = nn.Parameter(w, requires_grad=False)
        self.w_in = nn.Parameter(torch.rand(1, size) - .5, requires_grad=False)
        self.tanh, self.readout = nn.Tanh(), nn.Linear(size, 1)

    def forward(self, u):
        h = torch.zeros(len(u), len(self.w))
        for t in range(u.shape[1]): h = self.tanh(u[:, t, None] @ self.w_in + h @ self.w)
        return self.readout(h).squeeze(1)


def train(seed, **options):
    u, y = narma(1500, torch.Generator().manual_seed(76))
    y = (y - y[:900].mean()) / y[:900].std()
    torch.manual_seed(seed)
    model, mse = EchoState(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.readout.parameters(), lr=.05)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(25):
            for rows in run.batches(torch.randperm(900).split(60)):
                loss = mse(model(u[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_loss=mse(model(u[900:1050]), y[900:1050]).item())
    with torch.no_grad(): return r2(model(u[1050:]), y[1050:])
