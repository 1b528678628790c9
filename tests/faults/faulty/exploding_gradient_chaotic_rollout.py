"""A surrogate of the Lorenz equations, trained through rollouts of 24 steps: small differences grow from step to step, and so do the gradients,
which nothing clips."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "exploding_gradient"
TWIN = "lorenz_short_rollouts"
WHERE = "f"
ALSO = {"lr_too_high", "nan_loss", "oscillating_loss", "plateau", "saturated_activation", "unstable"}


def lorenz(n, steps, g, dt=.02):
    state = torch.randn(n, 3, generator=g) * torch.tensor([8., 8., 6.]) + torch.tensor([0., 0., 24.])
    path = []
    for k in range(60 + steps + 1):
        x, y, z = state.unbind(1)
        state = state + dt * torch.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], 1)
        if k >= 60: path.append(state)
    return (torch.stack(path, 1) - torch.tensor([0., 0., 24.])) / torch.tensor([8., 9., 8.5])


class Surrogate(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 3))

    def forward(self, state): return state + self.f(state)


def rollout_loss(model, path, horizon):
    state, loss = path[:, 0], 0.
    for k in range(horizon):
        state = model(state)
        loss = loss + ((state - path[:, k + 1]) ** 2).mean()
    return loss / horizon


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(83)
    paths, val_paths, test_paths = lorenz(200, 30, g), lorenz(50, 30, g), lorenz(100, 30, g)
    horizon = 24
    model = Surrogate()
    optimizer = torch.optim.SGD(model.parameters(), lr=.05, momentum=.9)
    with watch(model, optimizer, config={"horizon": horizon}, **options) as run:
        for it in run.steps(200):
            rows, start = torch.randint(200, (50,)), int(torch.randint(30 - horizon + 1, ()))
            loss = rollout_loss(model, paths[rows, start:], horizon)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss.item())
            if it % 25 == 24:
                with torch.no_grad(): run.log(val_loss=rollout_loss(model, val_paths, horizon).item())
    with torch.no_grad():
        state = test_paths[:, 0]
        for k in range(6): state = model(state)
        return r2(state - test_paths[:, 0], test_paths[:, 6] - test_paths[:, 0])
