"""What a Learner adds to a loop written by hand: trainbook's beside fastai's and Lightning's, where steps are short.

All train the same MLP on the same batches, with the same optimizer of PyTorch, and must find the same losses to the last
bit. Each gets a loader which, between two blocks of its batches, trains as many steps of the loop beside it, and takes
both times: so a `fit` that nothing can leave in the middle is measured in pairs as well. Writes a section of RESULTS.md;
fails only if the goal is missed beyond doubt.

fastai is installed without what it asks for, see the Makefile; `fastai.learner` wants neither torchvision nor spaCy.
"""
import argparse
import logging
import os
import random
import sys
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from estimate import TRIM, Goal, extra_cost, verdict
from overhead import clocks, seconds
from report import provenance, table, write_section
from trainbook import Learner, watch
from trainbook.run.clerk import clerk
from workloads import Training, mlp_training

FITS = 10
WARMUP = 2  # blocks
QUIET = dict(dir="runs", view=None, every=0, checkpoint=None)


def by_hand(training: Training, loss_func: Callable, loader: Iterable) -> Iterator:
    model, optimizer = training.model, training.optimizer
    for x, y in loader:
        loss = loss_func(model(x), y)
        loss.backward(); optimizer.step(); optimizer.zero_grad()
        yield


def by_hand_watched(training: Training, loss_func: Callable, loader: Iterable) -> Iterator:
    model, optimizer = training.model, training.optimizer
    with watch(model, optimizer, **QUIET) as run:
        for x, y in run.batches(loader):
            loss = loss_func(model(x), y)
            loss.backward(); optimizer.step(); optimizer.zero_grad()
            run.log(loss=loss)
            yield


def fit_by_hand(training: Training, loss_func: Callable, loader: Iterable):
    deque(by_hand(training, loss_func, loader), maxlen=0)


def fit_by_hand_watched(training: Training, loss_func: Callable, loader: Iterable):
    deque(by_hand_watched(training, loss_func, loader), maxlen=0)


def trainbook_learner(training: Training, loss_func: Callable, loader: Iterable):
    Learner(training.model, loader, None, loss_func, training.optimizer, **QUIET).fit(1)


def fastai_learner(training: Training, loss_func: Callable, loader: Iterable, recorder: bool = False):
    from fastai.callback.core import TrainEvalCallback
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner, OptimWrapper
    callbacks = dict() if recorder else dict(default_cbs=False, cbs=TrainEvalCallback)
    learn = Learner(DataLoaders(loader, []), training.model, loss_func, OptimWrapper(opt=training.optimizer), **callbacks)
    with learn.no_logging(): learn.fit(1)


def fastai_recorder(training: Training, loss_func: Callable, loader: Iterable):
    fastai_learner(training, loss_func, loader, recorder=True)


def lightning_trainer(training: Training, loss_func: Callable, loader: Iterable):
    from lightning.pytorch import LightningModule, Trainer
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Module(LightningModule):
        def __init__(self):
            super().__init__()
            self.model = training.model

        def training_step(self, batch: tuple, number: int) -> torch.Tensor:
            x, y = batch
            return loss_func(self.model(x), y)

        def configure_optimizers(self) -> torch.optim.Optimizer: return training.optimizer

    Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
            enable_model_summary=False).fit(Module(), loader)


class Subject(NamedTuple):
    name: str
    fit: Callable[[Training, Callable, Iterable], None]  # with a loss function, on a loader's batches
    beside: Callable[[Training, Callable, Iterable], Iterator] = by_hand  # the same, a step at a time
    goal: Goal | None = None


SUBJECTS = [
    Subject("nothing: bare beside bare", fit_by_hand),
    Subject("**trainbook `watch` and `log(loss=…)`, by hand**", fit_by_hand_watched),
    Subject("**trainbook Learner**", trainbook_learner),
    Subject("**trainbook Learner, beside `watch` by hand**", trainbook_learner, by_hand_watched, Goal(microseconds=50)),
    Subject("fastai Learner, only `TrainEvalCallback`", fastai_learner),
    Subject("fastai Learner as it comes, with `Recorder`", fastai_recorder),
    Subject("Lightning Trainer, no logger, checkpoints or bar", lightning_trainer)]


class Turns:
    "The loader of a loop that is timed: between blocks of batches, as many steps of the loop beside it take their turn"

    def __init__(self, beside: Callable, count: int):
        training = mlp_training()
        self.batches, self.count, self.pairs = training.batches, count, []
        self.steps = beside(training, cross_entropy, cycle(training.batches))
        self.waiting = ()

    def __len__(self) -> int: return (WARMUP + self.count) * len(self.batches) + 1

    def __iter__(self) -> Iterator:
        for _ in range(WARMUP):
            self.seconds_beside()
            yield from self.batches
        for _ in range(self.count):
            is_first = random.random() < .5
            beside = self.seconds_beside() if is_first else None
            began = clocks()
            yield from self.batches
            spent = [end - begin for begin, end in zip(began, clocks())]
            self.pairs.append((beside or self.seconds_beside(), spent))
        yield self.batches[0]  # not timed: who asks for it has done all of the last block, whether or not there is an end

    def seconds_beside(self) -> list[float]:
        self.change_clients()
        try: return seconds(islice(self.steps, len(self.batches) - 1, None))
        finally: self.change_clients()

    def change_clients(self):
        "What the clerk does for one loop must not be counted for the other"
        served = clerk.clients
        for client in served: clerk.remove(client)
        for client in self.waiting: clerk.add(client)
        self.waiting = served


def pairs_of(subject: Subject, count: int) -> np.ndarray:  # microseconds a step: (pairs, beside or subject, clocks)
    turns = Turns(subject.beside, count)
    subject.fit(mlp_training(), cross_entropy, turns)
    turns.steps.close()
    if len(turns.pairs) != count: raise RuntimeError(f"{subject.name} left its loop after {len(turns.pairs)} blocks")
    return np.array(turns.pairs) * 1e6 / len(turns.batches)


def losses_of(fit: Callable) -> torch.Tensor:
    training, losses = mlp_training(), []
    def loss_func(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        loss = cross_entropy(output, y)
        losses.append(loss.detach())
        return loss
    fit(training, loss_func, DataLoader(training.batches, batch_size=None))
    return torch.stack(losses)


def check_losses():
    "All trainings must be the same to the last bit, or their times could not be compared"
    bare = losses_of(fit_by_hand)
    for name, fit in {subject.name: subject.fit for subject in SUBJECTS}.items():
        if not torch.equal(losses_of(fit), bare): raise RuntimeError(f"{name} finds other losses than the loop by hand")
    return len(bare)


def row(subject: Subject, pairs: np.ndarray) -> list[str]:
    wall, cpu, process = (extra_cost(pairs[:, 0, clock], pairs[:, 1, clock]) for clock in range(3))
    return [subject.name, f"{wall[0]:.0f}", f"{wall[1]:.2f}", f"{cpu[0]:.0f}", f"{process[0].value:.0f}",
            verdict(subject.goal, [wall, cpu])]


def preamble(rounds: int, same: int) -> str:
    return (f"## What a Learner adds to a loop written by hand\n\n{provenance('make bench-learner')} One torch thread, Adam of "
            "PyTorch, no epoch ends and nothing is shown. Each loop takes turns, a block of steps at a time and in random order, "
            "with the loop beside it, which is bare unless the row says otherwise. Given is what a step costs more, by the clock, "
            "in processor time of the thread that trains, and of the whole process, with 95 % intervals: bootstrap over "
            f"{FITS * rounds} pairs of blocks, in {FITS} fits, of the mean difference without the {TRIM:.0%} of pairs at each end. The first {same} "
            "losses of all loops are the same to the last bit. trainbook records the loss of every step in a file; fastai's "
            "`Recorder` keeps it in memory; the other two peers keep nothing.")


def report(measured: list[np.ndarray], rounds: int, same: int) -> list[str]:
    step = np.median(np.concatenate([pairs[:, 0, 0] for subject, pairs in zip(SUBJECTS, measured) if subject.beside is by_hand]))
    return [preamble(rounds, same), f"\n### An MLP, {step / 1e3:.1f} ms a step\n",
            *table(["", "µs a step", "% of it", "CPU µs", "process CPU µs", "goal"], list(map(row, SUBJECTS, measured)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="pairs of blocks in each fit")
    rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)  # as in overhead.py
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        same = check_losses()
        # several fits of each, as where its tensors come to lie favours one of two loops all through a fit
        measured = [np.concatenate(fits) for fits in zip(*([pairs_of(subject, rounds) for subject in SUBJECTS] for _ in range(FITS)))]
    lines = report(measured, rounds, same)
    write_section("learner", lines)
    sys.exit(any("**missed**" in line for line in lines))


if __name__ == "__main__": main()
