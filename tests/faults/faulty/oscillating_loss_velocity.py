"""The quality of wines, with a momentum written by hand, of .999: the velocity forgets nothing, and carries the weights past the valley again and again."""
import torch
import torch.nn.functional as F
from common import r2
from torch import nn
from torch.func import functional_call

from trainbook import watch

KIND = "oscillating_loss"
TWIN = "wines_momentum_by_hand"
WHERE = "mu"
ALSO = {"lr_too_high", "plateau", "saturated_activation", "unstable"}


def wines(n, g):
    mix = torch.randn(11, 11, generator=torch.Generator().manual_seed(1)) * .3 + torch.eye(11)
    x = torch.randn(n, 11, generator=g) @ mix
    quality = .5 * x[:, 0] - .4 * x[:, 3] + .6 * torch.sin(x[:, 5]) + .3 * x[:, 7] + .3 * torch.randn(n, generator=g)
    return x / 1.4, quality


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(92)
    (x, y), (x_val, y_val), (x_test, y_test) = wines(800, g), wines(200, g), wines(400, g)
    model = nn.Sequential(nn.Linear(11, 32), nn.Tanh(), nn.Linear(32, 1))
    params = {name: p for name, p in model.named_parameters()}
    velocity = {name: torch.zeros_like(p) for name, p in params.items()}
    lr, mu = .02, .999

    def cost(x, y): return F.mse_loss(functional_call(model, params, (x,)).squeeze(1), y)

    with watch(model, **options) as run:
        for epoch in run.epochs(16):
            for rows in run.batches(torch.randperm(800).split(40)):
                loss = cost(x[rows], y[rows])
                gradients = torch.autograd.grad(loss, list(params.values()))
                with torch.no_grad():
                    for (name, p), gradient in zip(params.items(), gradients):
                        velocity[name] = mu * velocity[name] - lr * gradient
                        p += velocity[name]
                run.log(loss=loss.item(), lr=lr)
            with torch.no_grad(): run.log(val_loss=cost(x_val, y_val).item())
    with torch.no_grad(): return r2(model(x_test), y_test)
