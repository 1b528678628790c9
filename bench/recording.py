"""What recording costs: `log()` of four floats beside its peers, and reading ten million rows back.

All take turns in one process, and what counts is the ratio of what was measured side by side. Writes a section of RESULTS.md.
"""
import resource
import statistics
import tempfile
import warnings
from pathlib import Path
from time import perf_counter, perf_counter_ns, thread_time, thread_time_ns

import numpy as np
import pandas as pd
import torch
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.tensorboard import SummaryWriter

import report
from trainbook import watch

ROWS = 10_000_000
OURS = "trainbook `log()`"


def trainbook_log(folder):
    run = watch(name="bench", dir=folder, view=None)
    def step(i):
        run.recorder.position.step = i
        run.log(loss=.1, accuracy=.2, grad_norm=.3, learning=.4)
    return step


def list_append(folder):
    losses, accuracies, norms, rates = [], [], [], []
    def step(i): losses.append(.1); accuracies.append(.2); norms.append(.3); rates.append(.4)
    return step


def csv_logger(folder):
    logger = CSVLogger(folder)
    def step(i):
        # what Lightning's Trainer does in its loop whenever it logs
        logger.log_metrics(dict(loss=.1, accuracy=.2, grad_norm=.3, learning=.4), step=i)
        logger.save()
    return step


def csv_logger_alone(folder):
    # without the Trainer's save() the rows stay in memory until every hundredth
    logger = CSVLogger(folder, flush_logs_every_n_steps=100)
    return lambda i: logger.log_metrics(dict(loss=.1, accuracy=.2, grad_norm=.3, learning=.4), step=i)


def tensorboard(folder):
    writer = SummaryWriter(folder)
    def step(i):
        for name, value in (("loss", .1), ("accuracy", .2), ("grad_norm", .3), ("learning", .4)):
            writer.add_scalar(name, value, i)
    return step


def training_step():
    """A small MLP's step, of one or two milliseconds: what lies between two calls of `log` in a real loop."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.randn(64, 256), torch.randint(10, (64,))
    def step():
        nn.functional.cross_entropy(model(x), y).backward(); optimizer.step(); optimizer.zero_grad()
    return step


def clocks() -> tuple[int, int]: return perf_counter_ns(), thread_time_ns()


def passed(times: list) -> np.ndarray:
    """Microseconds between pairs of `clocks`, shape (pairs, 2)."""
    return np.diff(np.array(times), axis=1)[:, 0] / 1e3


def in_blocks(steps: dict, rounds=30, size=1000) -> dict[str, np.ndarray]:
    """Microseconds a call, wall and CPU of the calling thread, shape (rounds, 2): a block of calls each, in turn."""
    spent = {name: [] for name in steps}
    for start in range(0, (rounds + 1) * size, size):
        for name, step in steps.items():
            began = clocks()
            for i in range(start, start + size): step(i)
            spent[name].append((began, clocks()))
    return {name: passed(costs[1:]) / size for name, costs in spent.items()}  # the first round is a warm-up


def between_steps(steps: dict, train, rounds=1000) -> dict[str, np.ndarray]:
    """The same for single calls, each after a step of a training, which leaves nothing of us in the caches."""
    steps = {"nothing": lambda i: None} | steps
    spent = {name: [] for name in steps}
    for i in range(rounds):
        for name, step in steps.items():
            train()
            began = clocks()
            step(i)
            spent[name].append((began, clocks()))
    return {name: passed(costs[50:]) for name, costs in spent.items()}


def table(title: str, spent: dict[str, np.ndarray]) -> list[str]:
    """Medians, and the ratio of medians to ours."""
    medians = {name: np.median(costs, axis=0) for name, costs in spent.items()}
    rows = [[name, f"{wall:.2f}", f"{wall / medians[OURS][0]:.1f}", f"{cpu:.2f}", f"{cpu / medians[OURS][1]:.1f}"]
            for name, (wall, cpu) in medians.items()]
    return [f"\n### {title}\n", *report.table(["", "µs", "times ours", "CPU µs", "times ours"], rows)]


def resident() -> float: return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def long_run(folder: str) -> list[list[str]]:
    """Log ten million rows; say what the first and the last cost, and what it took to read them."""
    run = watch(name="long", dir=folder, view=None)
    log, costs, before = run.log, [], None
    for start in range(0, ROWS, ROWS // 10):
        began = thread_time()
        for run.step in range(start, start + ROWS // 10): log(loss=.1, accuracy=.2, grad_norm=.3, learning=.4)
        costs.append((thread_time() - began) / (ROWS // 10) * 1e6)
        before = before or resident()
    grown = resident() - before
    run.finish()
    ours, plain = [], []
    for _ in range(5):
        began = perf_counter(); frame = run.frame(); ours.append(perf_counter() - began)
        began = perf_counter(); other = pd.DataFrame(np.load(run.path/"train.npy")); plain.append(perf_counter() - began)
    assert len(frame) == len(other) == ROWS
    return [["µs a row, first and last million", f"{costs[0]:.2f}", f"{costs[-1]:.2f}"],
            [f"memory grown from row 1,000,000 to {ROWS:,}, MiB", f"{grown:.1f}", ""],
            ["`frame()` and `pandas.DataFrame(numpy.load())`, s",
             f"{statistics.median(ours):.2f}", f"{statistics.median(plain):.2f}"],
            ["their ratio, side by side", f"{statistics.median(a / b for a, b in zip(ours, plain)):.2f}", ""]]


def main():
    warnings.simplefilter("ignore")
    rivals = {OURS: trainbook_log, "`list.append`": list_append,
              "Lightning `CSVLogger`, as its Trainer calls it": csv_logger,
              "Lightning `CSVLogger`, `log_metrics` alone": csv_logger_alone, "TensorBoard `add_scalar`": tensorboard}
    folder = tempfile.mkdtemp()
    steps = {name: make(f"{folder}/{number}") for number, (name, make) in enumerate(rivals.items())}
    lines = [f"## What recording costs\n\n{report.provenance('make bench-recording')} Time of the calling thread, by the clock "
             "(which is what a training waits for) and in CPU time; all in turn in one process."]
    lines += table("Recording four floats, a thousand calls in a row", in_blocks(steps))
    lines += table("Recording four floats, between the steps of a small MLP", between_steps(steps, training_step()))
    lines += ["\n### Ten million rows\n", *report.table(["", "", ""], long_run(folder))]
    report.write_section("recording", lines)


if __name__ == "__main__": main()
