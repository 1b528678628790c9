"""What watching costs a training on a GPU, and that it neither waits for the device nor changes what is computed.

Writes a section of RESULTS.md; without a GPU it says so and does nothing. Fails if something of ours waits for the device,
if values or graphs differ, or if the goal is missed beyond doubt.
"""
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import perf_counter

import numpy as np
import torch
from torch import nn
from torch._dynamo.utils import counters

from estimate import Goal, extra_cost, verdict
from report import provenance, table, write_section
from trainbook import watch
from trainbook.train.live import LiveRun

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS is not deterministic

DEVICE = "cuda"
PAIRS, BLOCK = 60, 10
WIDTH, LAYERS, LENGTH = 1024, 24, 512
GOAL = Goal(1)


class Training:
    "A stack of transformer layers, which learns its input; made anew with the same seed it is the same"

    def __init__(self, batch: int):
        torch.manual_seed(0)
        layer = nn.TransformerEncoderLayer(WIDTH, 16, 4 * WIDTH, dropout=0., batch_first=True)
        self.model = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False).to(DEVICE)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4)
        self.x = torch.randn(batch, LENGTH, WIDTH, device=DEVICE)

    def step(self) -> torch.Tensor:
        with torch.autocast(DEVICE, torch.bfloat16): output = self.model(self.x)
        loss = nn.functional.mse_loss(output.float(), self.x)
        loss.backward(); self.optimizer.step(); self.optimizer.zero_grad()
        return loss


def milliseconds(work: Callable) -> tuple[float, float]:
    "What it takes, by the GPU's events and by the clock"
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    began = perf_counter()
    begin.record()
    work()
    end.record()
    torch.cuda.synchronize()
    return begin.elapsed_time(end), (perf_counter() - began) * 1e3


def batch_for(goal: float) -> int:
    "How large a batch makes a step of so many milliseconds"
    training = Training(8)
    for _ in range(5): training.step()
    return max(1, round(8 * goal / min(milliseconds(training.step)[0] for _ in range(5))))


@contextmanager
def watching(training: Training, folder: str) -> Iterator[LiveRun]:
    "A run with everything on but a panel, gradients in every step"
    with watch(training.model, training.optimizer, dir=folder, view=None) as run:
        run.observer.budget.window = float("inf")  # never settles
        yield run


def faults_of_waiting(folder: str, batch: int, steps: int = 200) -> list[str]:
    "What trainbook complains of where whatever waits for the device is an error"
    training = Training(batch)
    # a fault of ours does not raise, it warns
    with warnings.catch_warnings(record=True) as caught, watching(training, folder) as run:
        warnings.simplefilter("always")
        for step in run.steps(steps + 10):
            if step == 10: torch.cuda.set_sync_debug_mode("error")
            run.log(loss=training.step())
            if step == steps + 9: torch.cuda.set_sync_debug_mode("default")  # the loop's end brings the last values
    return [str(warning.message) for warning in caught if "trainbook" in str(warning.message)]


def losses_bare(training: Training, steps: int) -> np.ndarray:
    return torch.stack([training.step().detach() for _ in range(steps)]).double().cpu().numpy()


def losses_recorded(training: Training, folder: str, steps: int) -> np.ndarray:
    with watching(training, folder) as run:
        for _ in run.steps(steps): run.log(loss=training.step())
    return run.frame().loss.to_numpy()


def are_values_kept(folder: str, batch: int, steps: int = 50) -> tuple[bool, bool]:
    "Whether two bare trainings with the same seed are the same, and a watched one too"
    torch.use_deterministic_algorithms(True, warn_only=True)
    first, second = (losses_bare(Training(batch), steps) for _ in range(2))
    watched = losses_recorded(Training(batch), folder, steps)
    torch.use_deterministic_algorithms(False)
    return np.array_equal(first, second), np.array_equal(first, watched)


def bare_blocks(training: Training) -> Iterator:
    while True:
        yield
        for _ in range(BLOCK): training.step()


def watched_blocks(training: Training, folder: str) -> Iterator:
    # one loop for all blocks: at a loop's end the last values are waited for
    with watching(training, folder) as run:
        for step in run.steps(10**9):
            if step % BLOCK == 0: yield
            run.log(loss=training.step())


def pairs_of(folder: str, batch: int) -> np.ndarray:  # shape (pairs, bare and watched, events and clock), microseconds a step
    "Blocks in turns, in random order"
    blocks = bare_blocks(Training(batch)), watched_blocks(Training(batch), folder)
    for loop in blocks * 3: next(loop)
    order, pairs = np.random.default_rng(0).permuted([[0, 1]] * PAIRS, axis=1), np.empty((PAIRS, 2, 2))
    for pair, places in zip(pairs, order):
        for place in places: pair[place] = milliseconds(partial(next, blocks[place]))
    blocks[1].close()
    return pairs / BLOCK * 1e3


def compiled_graphs(folder: str, is_watched: bool) -> tuple[int, int]:
    "How often a compiled model is broken up, and how many graphs there are: one more for each break and recompilation"
    torch._dynamo.reset()
    counters.clear()
    training = Training(1)
    training.model = torch.compile(training.model, backend="eager")  # graphs are cut before any backend sees them
    if is_watched: losses_recorded(training, folder, 10)
    else: losses_bare(training, 10)
    return sum(counters["graph_break"].values()), counters["stats"]["unique_graphs"]


def is_right_after_replay(folder: str) -> bool:
    "Whether a loss that a captured graph overwrites in each replay is recorded as it was when it was logged"
    model = nn.Linear(512, 512).to(DEVICE)
    optimizer = torch.optim.Adam(model.parameters(), capturable=True)
    x = torch.randn(64, 512, device=DEVICE)
    def step() -> torch.Tensor:
        optimizer.zero_grad(set_to_none=False)
        loss = model(x).square().mean()
        loss.backward(); optimizer.step()
        return loss
    with watch(model, optimizer, dir=folder, view=None) as run:
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3): step()
        torch.cuda.current_stream().wait_stream(aside)
        graph, expected = torch.cuda.CUDAGraph(), []
        with torch.cuda.graph(graph): loss = step()
        for _ in run.steps(200):
            graph.replay()
            expected.append(loss.detach().clone())
            run.log(loss=loss)
    return np.array_equal(run.frame().loss.to_numpy(), torch.stack(expected).double().cpu().numpy())


def report(checks: dict[str, bool], costs: list, batch: int, milliseconds: float) -> list[str]:
    rows = [[f"everything on costs more in a step, by {clock}", f"{extra:.0f} µs, {percent:.2f} %"]
            for clock, (extra, percent) in zip(("the GPU's events", "the clock"), costs)]
    rows.append(["goal", verdict(GOAL, costs)])
    rows += [[name, "yes" if passed else "**no**"] for name, passed in checks.items()]
    return [f"## On a GPU\n\n{provenance('make bench-gpu')} {torch.cuda.get_device_name()}, torch {torch.__version__}. "
            f"{LAYERS} transformer layers of width {WIDTH}, batch {batch}, {milliseconds:.1f} ms a step; the loss and all "
            f"gradient figures in every step, no panel. {PAIRS} pairs of {BLOCK} bare and {BLOCK} watched steps in random order; "
            "95 % intervals by bootstrap.\n", *table(["", ""], rows)]


def main():
    if not torch.cuda.is_available(): return print("no GPU")
    batch = batch_for(20)
    with tempfile.TemporaryDirectory() as folder:
        faults = faults_of_waiting(folder, batch)
        is_reproducible, is_same = are_values_kept(folder, batch)
        bare, watched = (compiled_graphs(folder, is_watched) for is_watched in (False, True))
        is_replay_right, pairs = is_right_after_replay(folder), pairs_of(folder, batch)
    checks = {"nothing waits for the device in 200 steps (`set_sync_debug_mode`)": not faults,
              "two bare trainings with the same seed have the same losses, or the next line says nothing": is_reproducible,
              "a watched one has them too": is_same,
              f"compiled, as many (graph breaks, graphs) as bare: {watched} and {bare}": watched == bare,
              "a loss that a replayed CUDA graph overwrites is recorded right": is_replay_right}
    costs = [extra_cost(*pairs[:, :, clock].T) for clock in range(2)]
    print(*faults, sep="\n")
    write_section("gpu", report(checks, costs, batch, np.median(pairs[:, 0, 0]) / 1e3))
    sys.exit(not all(checks.values()) or "missed" in verdict(GOAL, costs))


if __name__ == "__main__": main()
