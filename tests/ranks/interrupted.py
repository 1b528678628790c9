"""A training that a control-C or a SIGTERM reaches, in all of its processes.

    torchrun --nproc-per-node 2 interrupted.py
"""
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from trainbook import watch

dist.init_process_group("gloo")
model = DistributedDataParallel(nn.Linear(8, 8))
optimizer = torch.optim.SGD(model.parameters(), 1e-3)
with watch(model, optimizer, name="interrupted", view=None, diagnose=False) as run:
    for _ in run.steps(2000):
        model(torch.randn(4, 8)).pow(2).mean().backward()
        optimizer.step()
        time.sleep(.01)
print("model of rank", dist.get_rank(), "is kept at step", run.step, flush=True)
dist.destroy_process_group()
