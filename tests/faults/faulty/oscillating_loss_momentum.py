"""The temperature of a rod; the momentum is .999, as the other number is in Adam, and the weights swing around the minimum like a pendulum."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "oscillating_loss"
TWIN = "heat_momentum"
WHERE = "momentum"
ALSO = {"lr_too_high", "plateau", "unstable"}


def days(n, g):
    waves = torch.randn(n, 5, generator=g) / torch.tensor([1., 1.5, 2., 3., 4.])
    places = torch.linspace(0, 1, 18)[:, None] * torch.arange(1, 6) * torch.pi
    heat = waves @ torch.sin(places + .4).T + .05 * torch.randn(n, 18, generator=g)
    return heat[:, ::3], heat[:, [i for i in range(18) if i % 3]]


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(18)
    (x, y), (x_valid, y_valid), (x_test, y_test) = days(300, g), days(80, g), days(200, g)
    model, mse = nn.Linear(6, 12), nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=.5, momentum=.999)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(240):
            optimizer.zero_grad()
            loss = mse(model(x), y)
            loss.backward()
            optimizer.step()
            run.log(loss=loss.item())
            if step % 4 == 3: run.log(val_loss=mse(model(x_valid), y_valid).item())
    return r2(model(x_test), y_test)
