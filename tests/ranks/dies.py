"""A training in which rank 1 dies in a given place, by a signal or by an error.

    torchrun --nproc-per-node 2 dies.py forward
"""
import itertools
import os
import signal
import sys
import time
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from trainbook import watch
from trainbook.train.ranks import Watchdog

PLACE, BATCH = sys.argv[1], torch.randn(4, 8)


def die():
    with open("died", "w") as file: file.write(str(time.time()))
    os.kill(os.getpid(), signal.SIGKILL)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, x):
        if is_due("forward"): die()
        return self.layer(x)


def is_due(place):
    doomed = 0 if PLACE == "first" else 1
    return run is not None and RANK == doomed and run.step == 20 and place == PLACE.replace("first", "forward")


def die_in_all_reduce(gradient):
    if is_due("all-reduce"): die()


dist.init_process_group("gloo")
RANK, run, Watchdog.grace = dist.get_rank(), None, 1.
model = DistributedDataParallel(Net())
# the gradient of the bias comes first, and the other one is missing in the all-reduce of both
model.module.layer.weight.register_hook(die_in_all_reduce)
optimizer = torch.optim.SGD(model.parameters(), 1e-3)
run = watch(model, optimizer, name="dies", view=None, diagnose=False)
for _ in run.epochs(100):
    for _ in run.batches(itertools.repeat(BATCH, 10)):
        if is_due("error"): raise ValueError("no such label")
        if run.step == 20 and PLACE == "hang":
            if RANK == 1: die()
            dist.distributed_c10d._get_default_store().wait(["what never comes"], timedelta(hours=1))  # noqa: SLF001 - as NCCL does, it hears no signal
        model(BATCH).pow(2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        time.sleep(.002)
    for _ in run.batches([BATCH] * 3, valid=True):
        if is_due("validation"): die()
        total = torch.ones(1)
        dist.all_reduce(total)
    run.log(val_loss=total)
