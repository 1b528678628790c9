"""What the tests of loops and of the Learner share: small data and models, loops that count what they do, callbacks made of functions."""
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD

from trainbook import Learner, watch
from trainbook.train.callback import Callback

both = pytest.mark.parametrize("in_with", [True, False])


def regression(samples=40):
    """Inputs, targets, and both in batches of 8."""
    x = torch.randn(samples, 4, generator=torch.Generator().manual_seed(1))
    y = x.sum(1, keepdim=True).sin()
    return x, y, [(x[i:i + 8], y[i:i + 8]) for i in range(0, samples, 8)]


def trained(rate=.05, kind=SGD):
    """A model for these, and its optimizer."""
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    return model, kind(model.parameters(), rate)


def step(model, optimizer, x, y):
    loss = F.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss


class Script:
    """A training with a run, within `with` or without it; a subclass makes steps, and counts them in `made`."""

    def __init__(self, model, optimizer, tmp_path, in_with=True, watched=True, **options):
        self.model, self.optimizer, self.in_with, self.made = model, optimizer, in_with, 0
        self.run = watch(model, optimizer, dir=tmp_path, view=None, **options) if watched else None

    @contextmanager
    def going(self):
        with self.run if self.in_with else nullcontext(): yield self.run
        self.run.finish()


class Stream:
    """Batches without a length."""
    def __init__(self, batches): self.batches = batches
    def __iter__(self): return iter(self.batches)


class Doing(Callback):
    """A callback made of functions: Doing(after_batch=f)."""

    def __init__(self, order=0, **what):
        self.order = order
        for event, function in what.items(): setattr(self, event, function)


def network(layers=lambda: (nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))):
    """Of the layers that a function makes, always from the same seed; if none is given, of those that the data above are for."""
    torch.manual_seed(0)
    return nn.Sequential(*layers())


def learners(folder, batches):
    """A function that makes a Learner; what is not said otherwise trains that network on these batches."""
    def made(*callbacks, model=None, train=batches, valid=None, loss=F.mse_loss, optimizer=None, kind=Learner, **more):
        model = network() if model is None else model
        return kind(model, train, valid, loss, optimizer or SGD(model.parameters(), .05), callbacks=callbacks, dir=folder, **dict(view=None) | more)
    return made


def copies(tensors): return [tensor.detach().clone() for tensor in tensors]


def same(a, b):
    """Bit for bit, however deep."""
    if isinstance(a, torch.Tensor): return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, np.ndarray): return np.array_equal(a, b)
    if isinstance(a, dict): return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple): return len(a) == len(b) and all(map(same, a, b))
    return a == b or a != a and b != b


def near(a, b): return len(a) == len(b) and all(torch.allclose(*pair, atol=1e-6) for pair in zip(a, b))
