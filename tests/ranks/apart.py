"""Processes that can't agree: what `watch` says, and that the training goes on as it would without it.

    torchrun --nproc-per-node 2 apart.py
"""
import json
import os
import warnings

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from trainbook import watch
from trainbook.measure.exchange import form_group
from trainbook.train import live
from trainbook.train.ranks import Ranks

live.form_group = lambda: form_group(seconds=3.)  # instead of half a minute
Ranks.patience = 1.
RANK, BATCH = int(os.environ["RANK"]), torch.randn(4, 8)
found = {}


def train(run, steps=60, is_bare=False):
    for step in range(steps) if run is None or is_bare else run.steps(steps):
        if run is not None and step == 9: run.stop()
        model(BATCH).pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        if is_bare and RANK == 0: run.log(loss=1 / (step + 1))


def scene(name, begin, **more):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run = begin()
        train(run, **more)
        if run is not None: run.finish()
    found[name] = run and (run.status, run.step), [str(one.message) for one in said]


def watched(**more): return watch(model, optimizer, name="apart", view=None, diagnose=False, **more)


def watched_in_vain():
    """Rank 1 calls `watch`, and does not go over its batches by it."""
    run = watched()
    if RANK == 0: return run
    train(None)
    return run.finish()


model = nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), 1e-3)
scene("without a group", lambda: watched(early_stop=3))
dist.init_process_group("gloo")
model = DistributedDataParallel(model)
scene("rank 0 only", lambda: watched() if RANK == 0 else None)
scene("all of them", watched)
scene("without run.batches", watched, is_bare=True)
if RANK == 0: scene("in vain", watched_in_vain)
else: watched_in_vain()
with open(f"apart.{RANK}.json", "w") as file: json.dump(found, file)
dist.destroy_process_group()
