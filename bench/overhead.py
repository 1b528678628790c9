"""What watching costs a training, beside its peers, in a real Jupyter kernel.

Blocks of bare and watched steps take turns in one process, and what counts is the difference within a pair. Writes a
section of RESULTS.md; fails only if a goal is missed beyond doubt.
"""
import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time, thread_time
from typing import NamedTuple

import numpy as np
import torch

import subjects
from estimate import TRIM, Goal, extra_cost, verdict
from kernel import run_in_kernel
from report import provenance, table, write_section
from workloads import Training, mlp_training, transformer_training

OFFLINE = dict(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_CONSOLE="off", WANDB_ERROR_REPORTING="false",
               WANDB_NOTEBOOK_NAME="bench.ipynb")


class Subject(NamedTuple):
    name: str
    loop: Callable[[Training], Iterator]
    goal: Goal | None = None
    warmup: int = 2  # blocks

    @property
    def is_peer(self) -> bool: return not (self.goal or self.loop is subjects.bare)


PEERS = [
    Subject("Lightning `CSVLogger`, as its Trainer calls it", subjects.csv_logger),
    Subject("TensorBoard `add_scalar`", subjects.tensorboard),
    Subject("W&B offline, `log`", subjects.wandb),
    Subject("W&B offline, `log` and `watch` of all gradients", subjects.wandb_watch),
    Subject("trainplot, draws every 0.1 s", subjects.trainplot),
    Subject("fastprogress, draws its graph every 10 steps", subjects.fastprogress),
    Subject("livelossplot, draws every 24 steps", subjects.livelossplot)]
NOTHING = Subject("nothing: bare beside bare", subjects.bare)
WORKLOADS = {
    "A transformer of 77 parameter tensors": (transformer_training, [
        NOTHING,
        Subject("**trainbook, loss and accuracy**", subjects.scalars, Goal(1)),
        Subject("**trainbook, with all gradient figures in every step**", subjects.gradients, Goal(3), warmup=4), *PEERS]),
    "An MLP": (mlp_training, [
        NOTHING,
        Subject("**trainbook, loss and accuracy**", subjects.scalars, Goal(5, 100)),
        # its budget settles after 50 measurements, and looks again after 50 of the fewer ones
        Subject("**trainbook, with gradient figures as its budget has settled**", subjects.default, Goal(5, 100), warmup=16),
        *PEERS])}


def clocks() -> tuple[float, float, float]: return perf_counter(), thread_time(), process_time()


def seconds(block: Iterator) -> list[float]:
    "What a block takes by each of the `clocks`"
    began = clocks()
    next(block)
    return [end - begin for begin, end in zip(began, clocks())]


def pairs_of(training: Callable[[], Training], subject: Subject, count: int) -> dict:
    "Times of bare and watched blocks, `pairs` of shape (count, 2, 3), and what the watched loop last said"
    bare, watched = subjects.bare(training()), subject.loop(training())
    for loop, blocks in ((bare, 1), (watched, subject.warmup)):
        for _ in range(blocks + 1): next(loop)  # the first call only sets up
    pairs = []
    for _ in range(count):
        loops = [(0, bare), (1, watched)]
        random.shuffle(loops)
        times = {place: seconds(loop) for place, loop in loops}
        pairs.append([times[0], times[1]])
    said = next(watched)
    watched.close()
    return dict(pairs=pairs, said=said)


def measure(rounds: int, file: str):
    "All subjects on all workloads, one after the other; runs in the kernel"
    torch.set_num_threads(1)  # or the bare loop's own threads would wait for each other in bursts
    measured = {}
    for workload, (training, those) in WORKLOADS.items():
        for subject in those:
            began = perf_counter()
            found = pairs_of(training, subject, peer_rounds(rounds) if subject.is_peer else rounds)
            measured.setdefault(workload, {})[subject.name] = found | dict(steps=len(training().batches))
            print(f"{perf_counter() - began:6.1f} s  {workload}: {subject.name}", file=sys.stderr)
    Path(file).write_text(json.dumps(measured))


def row(subject: Subject, found: dict) -> list[str]:
    bare, watched = np.moveaxis(np.array(found["pairs"]), 1, 0) * 1e6 / found["steps"]  # microseconds, (pairs, clocks)
    wall, cpu, process = (extra_cost(bare[:, clock], watched[:, clock]) for clock in range(3))
    often = f", in one of {found['said']} steps" if subject.loop is subjects.default else ""
    return [subject.name + often, f"{wall[0]:.0f}", f"{wall[1]:.2f}", f"{cpu[0]:.0f}", f"{cpu[1]:.2f}", f"{process[0].value:.0f}",
            verdict(subject.goal, [wall, cpu])]


def peer_rounds(rounds: int) -> int: return max(3, rounds // 3)


def preamble(rounds: int, messages: int) -> str:
    return (f"## What watching costs a training\n\n{provenance('make bench-overhead')} In a Jupyter kernel, one torch thread. "
            "Each loop takes turns, a block of steps at a time and in random order, with the same loop bare in the same process. "
            "Given is what a step costs more, by the clock, in processor time of the thread that trains, and of the whole "
            f"process, with 95 % intervals: bootstrap over {rounds} pairs of blocks, {peer_rounds(rounds)} for peers, of the "
            f"mean difference without the {TRIM:.0%} of pairs at each end, so that a burst from elsewhere does not decide. The "
            f"panel is shown and fed: {messages:,} messages went over comms. No epoch ends, so the saved picture is not redrawn; "
            "by itself that takes at most a fiftieth of the time.")


def report(measured: dict, rounds: int, messages: int) -> list[str]:
    lines = [preamble(rounds, messages)]
    for workload, (_, those) in WORKLOADS.items():
        found = measured[workload]
        step = np.median([bare[0] / one["steps"] for one in found.values() for bare, _ in one["pairs"]])
        rows = [row(subject, found[subject.name]) for subject in those]
        lines += [f"\n### {workload}, {step * 1e3:.1f} ms a step\n",
                  *table(["", "µs a step", "% of it", "CPU µs", "% of it", "process CPU µs", "goal"], rows)]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=32, help="pairs of blocks for trainbook; peers get a third")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/measured.json"
        messages = run_in_kernel(f"import overhead; overhead.measure({rounds}, {file!r})", folder, os.environ | OFFLINE)
        measured = json.loads(Path(file).read_text())
    if not messages["comm_msg"]: raise RuntimeError("nothing was sent to the panel")
    lines = report(measured, rounds, messages["comm_msg"])
    write_section("overhead", lines)
    sys.exit(any("**missed**" in line for line in lines))


if __name__ == "__main__": main()
