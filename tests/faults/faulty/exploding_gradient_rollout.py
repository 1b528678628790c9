"""The motion of a pendulum, by a network that is unrolled thirty steps from where it starts: the gradients grow from step to step, and nothing
clips them."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "exploding_gradient"
TWIN = "pendulum_rollout"
WHERE = "net"
ALSO = {"dead_relu", "lr_too_high", "nan_loss", "oscillating_loss", "plateau", "unstable"}


def swings(n, steps, generator):
    """Trajectories (n, steps + 1, 2) of angle and speed."""
    state = torch.stack([3 * torch.rand(n, generator=generator) - 1.5, torch.rand(n, generator=generator) - .5], 1)
    states = [state]
    for _ in range(steps):
        for _ in range(4):
            angle, speed = state.unbind(1)
            speed = speed - .05 * (4 * angle.sin() + .1 * speed)
            state = torch.stack([angle + .05 * speed, speed], 1)
        states.append(state)
    return torch.stack(states, 1)


class Dynamics(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2))

    def forward(self, state, steps):
        path = []
        for _ in range(steps):
            state = state + self.net(state)
            path.append(state)
        return torch.stack(path, 1)


def train(seed, **options):
    generator = torch.Generator().manual_seed(11)
    train_paths, val_paths, test_paths = (swings(n, 30, generator) for n in (400, 80, 80))
    torch.manual_seed(seed)
    model = Dynamics()
    optimizer = torch.optim.SGD(model.parameters(), lr=.1, momentum=.9)
    def error(paths): return ((model(paths[:, 0], 30) - paths[:, 1:]) ** 2).mean()
    with watch(model, optimizer, **options) as run:
        for step in run.steps(300):
            loss = error(train_paths[torch.randint(400, (40,))])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 50 == 49:
                with torch.no_grad(): run.log(val_loss=error(val_paths))
    with torch.no_grad(): return r2(model(test_paths[:, 0], 30), test_paths[:, 1:])
