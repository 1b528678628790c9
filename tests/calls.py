"""Counts the function calls that watching adds to a training step: they are the same on every machine, which times are not."""
import gc
import subprocess
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from trainbook import watch
from trainbook.measure import loss_watch, validation_steps

STEPS = 160  # a multiple of how often weights are measured, so that their share is counted in full


def network(layers: int = 2) -> nn.Module:
    """Two tensors a layer."""
    torch.manual_seed(0)
    return nn.Sequential(*(module for _ in range(layers) for module in (nn.Linear(8, 8), nn.Tanh())))


def calls(train) -> tuple[float, float]:
    """The Python and the C calls a step in the second epoch. `train` is given what to call when it begins and when it is over."""
    counted = {"call": 0, "c_call": 0}

    def note(frame, event, argument):
        if event in counted: counted[event] += 1

    gc.collect()
    gc.disable()  # a collection may end what an earlier training has left open, with calls of its own
    try: train(lambda: sys.setprofile(note), lambda: sys.setprofile(None))
    finally: gc.enable()
    return counted["call"] / STEPS, counted["c_call"] / STEPS


def training(layers: int, folder=None, is_looked_at=True, **options):
    """A loop of two epochs, watched if there is a folder; without the steps in which losses are looked at, if these are not wanted."""
    def train(begin, end):
        if not is_looked_at: loss_watch.next_sample = validation_steps.next_sample = lambda step: 10**9
        model = network(layers)
        optimizer = torch.optim.SGD(model.parameters(), lr=.01)
        batches = [(torch.randn(4, 8), torch.randn(4, 8)) for _ in range(STEPS)]

        def step(xb, yb):
            loss = F.mse_loss(model(xb), yb)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            return loss

        def bare():
            for xb, yb in batches:
                step(xb, yb)

        if folder is None:
            bare()
            begin(), bare(), end()
            return
        with watch(model, optimizer, dir=folder, view=None, **options) as run:
            run.observer.budget.window = float("inf")  # never settles: all steps are measured
            for epoch in run.epochs(2):
                if epoch: begin()
                for xb, yb in run.batches(batches):
                    loss = step(xb, yb)
                    run.log(loss=loss, accuracy=.5)
                end()

    return train


def added(layers: int, folder, **options) -> tuple[float, float]:
    """The Python and the C calls a step more than in the same loop without `watch`."""
    bare, watched = calls(training(layers)), calls(training(layers, folder, **options))
    return watched[0] - bare[0], watched[1] - bare[1]


def added_afresh(folder, *cases: dict) -> list[tuple[float, float]]:
    """The same for each case, in a process of their own: libraries that other tests have imported may have put hooks into torch."""
    code = f"import calls\nfor case in {cases!r}: print('added', *calls.added(folder={str(folder)!r}, **case))"
    out = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, check=True, capture_output=True, text=True).stdout
    return [(float(python), float(c)) for said, python, c in map(str.split, out.splitlines()) if said == "added"]


if __name__ == "__main__":
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        print("losses and gradients", added(2, folder))
        print("scalars", added(2, folder, every=0, is_looked_at=False))
        four, forty = added(2, folder, is_looked_at=False), added(20, folder, is_looked_at=False)
        print("gradients", four, "for each further tensor", [(b - a) / 36 for a, b in zip(four, forty)])
