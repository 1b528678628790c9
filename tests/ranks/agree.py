"""A training of several processes that is told many things: each rank writes down what it obeyed, and at which step.

    torchrun --nproc-per-node 2 agree.py 50
"""
import itertools
import json
import random
import sys
import threading
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms.join import Join
from torch.nn.parallel import DistributedDataParallel

from trainbook import watch
from trainbook.run.control import Command

MANY = int(sys.argv[1])
BATCH = torch.randn(4, 8)

dist.init_process_group("gloo")
RANK, SIZE = dist.get_rank(), dist.get_world_size()
torch.manual_seed(0)
model = DistributedDataParallel(nn.Linear(8, 8))
optimizer = torch.optim.SGD(model.parameters(), 1e-3)
told, seconds = {}, {}


def train_step():
    model(BATCH).pow(2).mean().backward()
    optimizer.step()
    optimizer.zero_grad()


def begin(name, **more): return watch(model, optimizer, name=name, view=None, diagnose=False, **more)


def click(run, command, **arguments):
    """As the panel does: on another thread, over a comm."""
    run.recorder.request(Command(command, arguments, by="panel", route="subshell"))


def until(condition):
    while not condition(): time.sleep(.002)


def obeyed(run):
    return [(event["id"], event["command"], event["by"], event["status"], event["step"])
            for event in run.events() if event["event"] == "command" and event["status"] != "requested"]


def clicks(run):
    """Each command many times, at moments of any kind; then waits for another process, which stops it at last."""
    for number in range(MANY):
        click(run, "scale_lr", factor=.5 if number % 2 else 2.)
        time.sleep(random.random() * .01)
        click(run, "checkpoint", tag=f"click {number}")
        click(run, "pause")
        until(lambda: run.status == "paused")
        click(run, "resume")
        until(lambda: run.status == "running")


def told_by_panel_and_inbox():
    """The test sends the second half through the inbox, as another process."""
    with begin("told", checkpoint=dict(best=0, last=0, tagged=4)) as run:
        if RANK == 0: threading.Thread(target=clicks, args=(run,), daemon=True).start()
        for _ in run.batches(itertools.repeat(BATCH)): train_step()
    told["told"] = obeyed(run), run.step, run.learning_rate.state()


def stopped_by_panel():
    """By whichever rank: each may have a panel."""
    steps = []
    for number in range(MANY):
        with begin("stopped", checkpoint=None) as run:
            if RANK == number % SIZE: threading.Timer(random.random() * .05, click, (run, "stop")).start()
            for _ in run.batches(itertools.repeat(BATCH)): train_step()
        steps.append((run.step, run.status))
    told["stopped"] = steps


def stopped_early():
    """Each rank has a loss of its own, and that of rank 0 decides; in every other run by its steps, without epochs."""
    steps, draw = [], random.Random(RANK)
    for number in range(MANY):
        with begin("early", checkpoint=None, early_stop=1 + number % 5) as run:
            for _ in run.epochs(50) if number % 2 else range(50):
                for _ in run.batches([BATCH] * 5): train_step()
                run.log(val_loss=draw.random())
        steps.append((run.step, run.status, run.info["reason"] if RANK == 0 else None))
    told["early"] = [(step, status) for step, status, _ in steps]
    told["reasons"] = [reason for *_, reason in steps] if RANK == 0 else None


def called_by_the_script():
    """What all ranks call at a step is one command; what one of them calls is obeyed by all."""
    with begin("called") as run:
        for _ in run.steps(100):
            train_step()
            if run.step in (10, 20): run.scale_lr(.5)
            if run.step == 30 and RANK == SIZE - 1: run.scale_lr(.5)
    told["called"] = obeyed(run), run.learning_rate.state()


def stopped_in_validation():
    """Two clicks would break off a validation of one process; here all of them finish it."""
    seen = 0
    with begin("validated") as run:
        for _ in run.epochs(5):
            for _ in run.batches([BATCH] * 20): train_step()
            for number, _ in enumerate(run.batches([BATCH] * 30, valid=True)):
                seen += 1
                if RANK == 0 and run.step == 40 and number == 3: click(run, "stop"), click(run, "stop")
                if RANK == 0: time.sleep(.005)
            run.log(val_loss=1.)
    told["validated"] = run.step, run.status, seen, len(run.frame("valid"))


def rolled_back():
    """All ranks load the checkpoint of rank 0, and the undo as well."""
    with begin("rolled back", checkpoint=None) as run:
        for _ in run.steps(200):
            if run.step == 20: run.checkpoint("here")
            if run.step == 60 and RANK == 0:
                back = run.rollback("here")
                run.rollback("nowhere")
            if run.step == 120 and RANK == 0: run.undo(back)
            train_step()
    told["rolled back"] = obeyed(run), model.module.weight.sum().item(), [event["to_step"] for event in run.events() if event["event"] == "rollback"]


def of_unequal_length():
    """Rank 0 has more batches than the others, which help it to finish; none waits for a step that never comes."""
    with begin("unequal") as run:
        for _ in run.epochs(3):
            with Join([model]):
                for _ in run.batches([BATCH] * (40 if RANK == 0 else 7 * RANK)): train_step()
            if RANK == 0 and run.progress["epoch"] == 1: run.stop("epoch")
    told["unequal"] = run.status, run.progress["epoch"]


def gone_on_from():
    """A second run goes on from the first one's checkpoint, in all ranks, as if it had not been stopped."""
    def steps(run, at):
        for _ in run.epochs(4):
            for batch in run.batches(batches):
                if run.step == at and RANK == 0: run.stop()
                loss = model(batch).pow(2).mean()
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                losses.append(loss.item())
        return run.step

    batches, losses = torch.randn(30, 4, 8, generator=torch.Generator().manual_seed(RANK)), []
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with begin("not stopped") as run: steps(run, None)
    whole = losses.copy()
    model.load_state_dict(before)
    losses.clear()
    with begin("stopped once") as run: stopped = steps(run, 40)
    with begin("goes on", resume=run) as again: steps(again, None)
    told["gone on"] = stopped, run.status, again.step, losses == whole, len(again.checkpoints)


def restored():
    """Early stopping goes back to the best checkpoint in all ranks."""
    with begin("restored", early_stop=dict(patience=2, restore_best=True)) as run:
        for epoch in run.epochs(10):
            for _ in run.batches([BATCH] * 5): train_step()
            run.log(val_loss=abs(epoch - 2) + RANK)
            if epoch == 2: best = model.module.weight.sum().item()
    told["restored"] = run.step, run.status, model.module.weight.sum().item() == best, [entry["step"] for entry in run.checkpoints]


def divided():
    """Weights that are divided among the ranks are not saved, and the rest works."""
    from torch.distributed.fsdp import fully_shard
    whole = fully_shard(nn.Linear(8, 8))
    with watch(whole, torch.optim.SGD(whole.parameters(), 1e-3), name="divided", view=None, diagnose=False) as run:
        for _ in run.steps(60):
            whole(BATCH).pow(2).mean().backward()
            if run.step == 10: run.checkpoint()
            if run.step == 30: run.stop()
    told["divided"] = obeyed(run), run.status, len(run.checkpoints)


for scene in (told_by_panel_and_inbox, stopped_by_panel, stopped_early, called_by_the_script, stopped_in_validation, rolled_back, of_unequal_length,
              gone_on_from, restored, divided):
    began = time.monotonic()
    scene()
    seconds[scene.__name__] = round(time.monotonic() - began, 1)
with open(f"told.{RANK}.json", "w") as file: json.dump(told, file)
print(RANK, seconds, flush=True)
dist.destroy_process_group()
