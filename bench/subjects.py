"""The loops that are compared: each is a generator which trains one block of steps whenever it is asked for the next.

Peers are called as their documentation's examples call them. They get plain floats, which is what most of them ask for;
trainbook gets the tensors, as its README has it.
"""
import math
from collections.abc import Iterator
from itertools import count, cycle
from time import time

from workloads import Training

EPOCH = 24  # batches, as many as an epoch has in livelossplot's example for PyTorch


def bare(training: Training) -> Iterator:
    while True:
        yield
        for x, y in training.batches: training.step(x, y)


def trainbook(training: Training, every: int, budget: bool = True) -> Iterator:
    from trainbook import watch
    from trainbook.run.clerk import clerk
    with watch(training.model, training.optimizer, dir="runs", view="panel", every=every) as run:
        if not budget: run.observer.budget.window = math.inf  # never settles
        clients = run.recorder, run.observer, run.checkpointer, *run.views
        while True:
            # what the clerk does for this run must not be counted for the bare loop
            for client in clients: clerk.remove(client)
            yield run.observer.budget.every
            for client in clients: clerk.add(client)
            for x, y in run.batches(training.batches):
                loss, accuracy = training.step(x, y)
                run.log(loss=loss, accuracy=accuracy)


def scalars(training: Training) -> Iterator: return trainbook(training, every=0)


def gradients(training: Training) -> Iterator: return trainbook(training, every=1, budget=False)


def default(training: Training) -> Iterator: return trainbook(training, every=1)


def csv_logger(training: Training) -> Iterator:
    from lightning.pytorch.loggers import CSVLogger
    logger, steps = CSVLogger("csv"), count()
    while True:
        yield
        for x, y in training.batches:
            loss, accuracy = training.step(x, y)
            logger.log_metrics(dict(loss=loss.item(), accuracy=accuracy.item()), step=next(steps))
            logger.save()  # its Trainer does, whenever it logs


def tensorboard(training: Training) -> Iterator:
    from torch.utils.tensorboard import SummaryWriter
    with SummaryWriter("tensorboard") as writer:
        steps = count()
        while True:
            yield
            for x, y in training.batches:
                step, (loss, accuracy) = next(steps), training.step(x, y)
                writer.add_scalar("loss", loss.item(), step)
                writer.add_scalar("accuracy", accuracy.item(), step)


def trainplot(training: Training) -> Iterator:
    from trainplot import TrainPlot
    plot = TrainPlot()
    while True:
        yield
        for x, y in training.batches:
            loss, accuracy = training.step(x, y)
            plot(loss=loss.item(), accuracy=accuracy.item())


def fastprogress(training: Training) -> Iterator:
    from fastprogress.fastprogress import master_bar, progress_bar
    block, losses, accuracies = len(training.batches), [], []
    bar = master_bar(range(1))
    bar.names = ["loss", "accuracy"]
    for epoch in bar:
        for step, (x, y) in enumerate(progress_bar(cycle(training.batches), total=10**6, parent=bar)):
            if step % block == 0:
                paused = time()
                yield
                bar.child.start_t += time() - paused  # it draws every 0.2 s of its own time
            loss, accuracy = training.step(x, y)
            losses.append(loss.item())
            accuracies.append(accuracy.item())
            if step % 10 == 0: bar.update_graph([[range(len(losses)), losses], [range(len(losses)), accuracies]])


def livelossplot(training: Training) -> Iterator:
    from livelossplot import PlotLosses
    plot, losses, accuracies = PlotLosses(), [], []
    while True:
        yield
        for x, y in training.batches:
            loss, accuracy = training.step(x, y)
            losses.append(loss.item())
            accuracies.append(accuracy.item())
            if len(losses) < EPOCH: continue
            plot.update(dict(loss=sum(losses) / EPOCH, accuracy=sum(accuracies) / EPOCH))
            plot.send()
            losses, accuracies = [], []


def wandb(training: Training, watched: bool = False) -> Iterator:
    import wandb
    run = wandb.init(project="bench")
    if watched: run.watch(training.model, log="gradients", log_freq=1)
    try:
        while True:
            yield
            for x, y in training.batches:
                loss, accuracy = training.step(x, y)
                run.log(dict(loss=loss.item(), accuracy=accuracy.item()))
    finally: run.finish()


def wandb_watch(training: Training) -> Iterator: return wandb(training, watched=True)
