"""What the tests of the Learner share: data and networks, the same loop by hand, callbacks that note and act."""
import os
import random
import signal

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD, Adam, lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
from torchmetrics import MeanMetric
from trainings import Doing, copies

from trainbook import Learner
from trainbook.train.callback import EVENTS, Callback
from trainbook.train.callbacks import MixedPrecision, Schedule


def seed(value=0):
    for one in (torch.manual_seed, np.random.seed, random.seed): one(value)


def data(n=42, own=False):
    """Six batches of 8, the last of 2, and a validation of 8, 8 and 4."""
    x = torch.randn(n, 6, generator=torch.Generator().manual_seed(5))
    y = x.sum(1, keepdim=True).sin()
    generator = torch.Generator().manual_seed(3) if own else None
    return DataLoader(TensorDataset(x, y), 8, shuffle=True, generator=generator), DataLoader(TensorDataset(x[:20], y[:20]), 8)


def network(dropout=.2):
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 1))


def learner_in(folder):
    """A function that makes a Learner; what is not said otherwise is a regression with validation and momentum."""
    def made(callbacks=(), train=None, valid="as train", loss=F.mse_loss, model=None, optimizer=None, **more):
        seed()
        train_dl, valid_dl = data()
        model = model or network()
        return Learner(model, train_dl if train is None else train, valid_dl if isinstance(valid, str) else valid, loss,
                       optimizer or SGD(model.parameters(), .05, momentum=.9), callbacks=callbacks, dir=folder, **dict(view=None) | more)
    return made


def weights(model): return copies(model.state_dict().values())


def at(event, what, when=lambda learn: True, order=0):
    """Calls or raises something once, at the first such event at which `when` holds."""
    left = [what]
    def act(learn):
        if not left or not when(learn): return
        what = left.pop()
        if isinstance(what, BaseException) or isinstance(what, type): raise what
        what(learn)
    doing = Doing(**{event: act})
    doing.order = order
    return doing


def at_step(n, what, event="after_batch", order=0): return at(event, what, lambda learn: learn.training and learn.run.step == n, order)


def in_validation(learn): return not learn.training


class Log(Callback):
    order = 1000

    def __init__(self): self.seen = []


for event in EVENTS: setattr(Log, event, lambda self, learn, event=event: self.seen.append(event))

TRAIN = ["before_batch", "after_pred", "after_loss", "after_backward", "before_step", "after_step", "after_batch"]
VALID = ["before_batch", "after_pred", "after_loss", "after_batch"]
VALIDATION = ["before_validate", *VALID * 3, "after_validate"]


def epochs(n): return ["before_epoch", *TRAIN * 6, *VALIDATION, "after_epoch"] * n


def fit(*inner): return ["before_fit", *inner, "after_fit", "cleanup_fit"]


class Oops(Exception): pass


def stop_with(how):
    if how == "SIGINT": return lambda learn: os.kill(os.getpid(), signal.SIGINT)
    return lambda learn: learn.run.stop(how)


def by_hand(n_epoch=3, optimizer=None, schedule=None, every="step", clip=None, accumulate=1, dtype=None, scaler=None, l1=0., l2=0., average=None, plateau=None):
    seed()
    train_dl, valid_dl = data()
    model = network()
    optimizer = (optimizer or (lambda model: SGD(model.parameters(), .05, momentum=.9)))(model)
    schedule = schedule and schedule(optimizer)
    plateau = plateau and plateau(optimizer)
    scaler = scaler or torch.amp.GradScaler("cpu", enabled=False)
    average = average and AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(average))
    losses, valid = [], []
    half = lambda: torch.autocast("cpu", dtype, enabled=dtype is not None)
    for _ in range(n_epoch):
        model.train()
        for i, (x, y) in enumerate(train_dl, 1):
            with half(): loss = F.mse_loss(model(x), y)
            losses.append(loss.item())
            matrices = [p for p in model.parameters() if p.ndim > 1]
            if l1: loss = loss + l1 * sum(p.abs().sum() for p in matrices)
            if l2: loss = loss + l2 * sum(p.square().sum() for p in matrices)
            group = min(accumulate, len(train_dl) - (i - 1) // accumulate * accumulate)  # the last one of an epoch may be smaller
            scaler.scale(loss / group if group > 1 else loss).backward()
            if i % accumulate and i < len(train_dl): continue
            if clip:
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            scaler.step(optimizer)
            scaler.update()
            if average: average.update_parameters(model)
            if schedule and every == "step": schedule.step()
            optimizer.zero_grad()
        tried = (average or model).eval()
        total = 0.
        with torch.no_grad():
            for x, y in valid_dl:
                with half(): total = total + F.mse_loss(tried(x), y).double() * len(y)
        valid.append(float(total / 20))
        if schedule and every == "epoch": schedule.step()
        if plateau: plateau.step(valid[-1])
    return losses, valid, weights(model)


def groups(model): return Adam([dict(params=model[0].parameters(), lr=.01), dict(params=model[4].parameters(), lr=.003, weight_decay=.1)])


def onecycle(optimizer): return lr_scheduler.OneCycleLR(optimizer, .1, total_steps=18)


def scaled(learn, **more):
    """What `MixedPrecision` would do with a scaler that works on the CPU."""
    for callback in learn.callbacks:
        if isinstance(callback, MixedPrecision): callback._scaler = torch.amp.GradScaler("cpu", **more)  # noqa: SLF001 - its own needs a GPU
    return learn


class Stream(IterableDataset):
    def __init__(self, n=42): self.n = n
    def __iter__(self): return iter(data(self.n)[0].dataset)


class Endless:
    """Has no length, and gives the same as a loader."""
    def __init__(self, loader): self.loader = loader
    def __iter__(self): return iter(self.loader)


def whole(learn):
    """All that a search may not change."""
    return dict(
        model=weights(learn.model), buffers=[b.clone() for b in learn.model.buffers()], modes=[m.training for m in learn.model.modules()],
        grads=[None if p.grad is None else p.grad.clone() for p in learn.model.parameters()],
        optimizer=torch_copy(learn.optimizer.state_dict()), rng=torch.get_rng_state(), numpy=list(np.random.get_state()), python=random.getstate(),
        own=None if learn.train_dl.generator is None else learn.train_dl.generator.get_state(),
        callbacks=[torch_copy(callback.state_dict()) for callback in learn.callbacks if hasattr(callback, "state_dict")],
        schedules=[torch_copy(callback.scheduler.state_dict()) for callback in learn.callbacks if isinstance(callback, Schedule)],
        own_names={name: (id(value), value) for name, value in vars(learn).items() if name != "batch_metrics"})


def torch_copy(value):
    if isinstance(value, torch.Tensor): return value.clone()
    if isinstance(value, dict): return {key: torch_copy(part) for key, part in value.items()}
    if isinstance(value, list | tuple): return [torch_copy(part) for part in value]
    return value


SCRIPT = [5., 4., 3., 3.5, 3.2, 3.1, 2., 1.]


def scripted(values=SCRIPT):
    """A metric that says what it is told to, once in each validation."""
    left = iter(values)
    class Script(MeanMetric):
        def update(self, pred, y): super().update(0.)
        def compute(self): return torch.tensor(next(left))
    return dict(script=Script())


def says(error, *texts):
    text = "\n".join([str(error.value), *getattr(error.value, "__notes__", [])])
    for part in texts: assert part in text, text


X, Y = torch.randn(8, 6), torch.randn(8, 1)
