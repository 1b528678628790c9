"""The heat of a wire from its current, length, section and time: a power law without noise, which is a straight line in logarithms. Rprop, full batch."""
import numpy as np
import torch
from common import r2, tensors, three_parts
from torch import nn
from torch.nn.functional import mse_loss

from trainbook import watch

KIND = None
SCARY = "the validation's loss goes down to nothing, as if the answer stood in the table; it is a law of physics, and nothing of it is measured"
AT_LEAST = 0.99


def wires(n=700):
    """Ampere, metres, mm2, seconds, and what is of no matter: hour and weekday; the heat in joule."""
    rng = np.random.default_rng(75)
    current, length, section, seconds = rng.uniform(.5, 12, n), rng.uniform(1, 40, n), rng.choice([.75, 1.5, 2.5, 4, 6], n), rng.uniform(1, 300, n)
    heat = current ** 2 * .0178 * length / section * seconds
    return three_parts(np.column_stack([np.log(current), np.log(length), np.log(section), np.log(seconds), rng.uniform(-1, 1, (n, 2))]), np.log(heat))


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(wires())
    mean, std, level = x.mean(0), x.std(0), y.mean()
    model = nn.Sequential(nn.Linear(6, 1), nn.Flatten(0))
    optimizer = torch.optim.Rprop(model.parameters(), lr=.01)
    def loss_of(x, y): return mse_loss(model((x - mean) / std), y - level)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(200):
            optimizer.zero_grad()
            loss = loss_of(x, y)
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 10 == 9:
                with torch.no_grad(): run.log(val_loss=loss_of(x_valid, y_valid))
    with torch.no_grad(): return r2(model((x_test - mean) / std) + level, y_test)
