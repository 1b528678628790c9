"""What it costs that several processes agree on what they obey: a step of DistributedDataParallel bare, recorded, and agreed.

Two processes train copies of an MLP on the CPU, with gloo. Three loops take turns, a block of steps at a time and in
random order: bare, recorded by `watch` without knowing of the other process, and recorded by `watch` as a training of two.
Writes a section of RESULTS.md.
"""
import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from itertools import cycle, islice

import numpy as np
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from estimate import TRIM, extra_cost
from overhead import clocks
from report import provenance, table, write_section
from trainbook import watch
from trainbook.train import live
from workloads import Training, mlp_training

STEPS, WARMUP = 200, 2  # in a block; blocks
LOOPS = "bare", "recorded", "agreed"


def bare(training: Training) -> Iterator:
    for x, y in islice(cycle(training.batches), STEPS): training.step(x, y)
    yield


def watched(training: Training, run: live.LiveRun) -> Iterator:
    for x, y in run.batches(list(islice(cycle(training.batches), STEPS))):
        loss, _ = training.step(x, y)
        run.log(loss=loss)
    yield


def of_two() -> Training:
    training = mlp_training()
    training.model = DistributedDataParallel(training.model)
    return training


def begin(training: Training, agrees: bool) -> live.LiveRun:
    find, live.form_group = live.form_group, live.form_group if agrees else lambda: None
    try: run = watch(training.model, training.optimizer, view=None, every=0, checkpoint=None, diagnose=False)
    finally: live.form_group = find
    run.loop.in_with = True  # all blocks are one run
    return run


def work(count: int, result: str):
    "One of the two processes: seconds of a block by each clock, of shape (count, loop, clock)"
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    trainings = [of_two() for _ in LOOPS]
    runs = None, begin(trainings[1], agrees=False), begin(trainings[2], agrees=True)
    times, draw = np.zeros((count, len(LOOPS), 3)), random.Random(0)  # the same order in both processes
    for number in range(-WARMUP, count):
        for loop in draw.sample(range(len(LOOPS)), len(LOOPS)):
            training, run = trainings[loop], runs[loop]
            dist.barrier()
            began = clocks()
            for _ in bare(training) if run is None else watched(training, run): pass
            if number >= 0: times[number, loop] = [end - begin for begin, end in zip(began, clocks())]
    for run in runs[1:]: run.finish()
    every = runs[2].ranks.every
    if dist.get_rank() == 0:
        with open(result, "w") as file: json.dump(dict(times=(times / STEPS * 1e6).tolist(), every=every), file)
    dist.destroy_process_group()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def measured(count: int) -> tuple[np.ndarray, int]:
    "Microseconds a step; steps between two exchanges"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, os.path.abspath(__file__), "--pairs", str(count), "--result", "times.json"]
        workers = [subprocess.Popen(command, cwd=folder, env=environment | {"RANK": str(rank)}) for rank in range(2)]
        if any([worker.wait() for worker in workers]): sys.exit("a process has failed")
        with open(os.path.join(folder, "times.json")) as file: told = json.load(file)
    return np.array(told["times"]), told["every"]


def row(name: str, times: np.ndarray, beside: int, loop: int) -> list[str]:
    wall, cpu, process = (extra_cost(times[:, beside, clock], times[:, loop, clock]) for clock in range(3))
    ratio = np.median(times[:, loop, 0] / times[:, beside, 0])
    return [name, f"{ratio:.3f}", f"{wall[0]:.0f}", f"{wall[1]:.2f}", f"{cpu[0]:.0f}", f"{process[0].value:.0f}"]


def report(times: np.ndarray, every: int) -> list[str]:
    step = np.median(times[:, 0, 0])
    text = (f"{provenance('make bench-ranks')} Two processes train copies of an MLP on the CPU, with gloo, one torch thread each. Three loops take turns, "
            "a block of steps at a time and in random order: bare, recorded by `watch` without knowing of the other process, and recorded by `watch` as a "
            f"training of two. The processes tell each other every {every} steps what they were asked for. Given is the median ratio of a step's time, and "
            "what a step costs more, by the clock, in processor time of the thread that trains, and of the whole process, with 95 % intervals: bootstrap over "
            f"{len(times)} rounds of blocks of {STEPS} steps, of the mean difference without the {TRIM:.0%} of rounds at each end.")
    return ["## What it costs that processes agree\n", text, f"\n### An MLP in two processes, {step / 1e3:.1f} ms a step\n",
            *table(["", "time of a step", "µs a step", "% of it", "CPU µs", "process CPU µs"], [
                row("recorded beside bare", times, 0, 1), row("**agreed beside bare**", times, 0, 2), row("**agreed beside recorded**", times, 1, 2)])]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=30, help="rounds of blocks")
    parser.add_argument("--result", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.result: work(given.pairs, given.result)
    else: write_section("ranks", report(*measured(given.pairs)))


if __name__ == "__main__": main()
