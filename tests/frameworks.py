"""What the tests of the frameworks share: a layer that acts in a step as a click would, digits, and what a training that was steered tells."""
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from trainbook import LiveRun


def digits(n: int) -> tuple[np.ndarray, np.ndarray]:
    """So many of scikit-learn's digits, 8×8 pixels between 0 and 1, and what they are."""
    found = load_digits()
    return (found.data[:n] / 16).astype(np.float32), found.target[:n].astype(np.int64)


Actions = Mapping[int, Callable[[LiveRun], object]]  # what is done with the run in a step, counted from 1


def act(actions: Actions, step: int, run: LiveRun):
    if step in actions: actions[step](run)


def in_passes(actions: Actions, run: Callable[[], LiveRun]) -> dict[int, Callable[[], object]]:
    """The same for a layer such as `Acting`, with the run that there is by then."""
    return {step: partial(lambda step: act(actions, step, run()), step) for step in actions}


@dataclass
class Steered:
    """A training in which something was done with its run, and what the framework has of it."""
    run: LiveRun
    losses: list[float]  # as the framework tells them, one a step
    use: Callable[[], object]  # the model
    again: Mapping[str, Callable[[], LiveRun]]  # how the same is trained once more, by what that is called there; gives the run of it


class Acting(nn.Module):
    """Does nothing to its input; calls a function in one forward pass of the training, counted from 1."""

    def __init__(self, actions: dict[int, Callable[[], object]]):
        super().__init__()
        self.actions, self.passes = actions, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.passes += 1
            self.actions.get(self.passes, lambda: None)()
        return x


def resume_when_paused(run) -> Thread:
    """On another thread, as a click in a panel does."""
    def wait():
        while run.status != "paused": Event().wait(.01)
        run.resume()
    thread = Thread(target=wait)
    thread.start()
    return thread


def outcomes(run, command: str) -> list[str]:
    """What became of the requests of one kind, without the requests themselves."""
    return [event["status"] for event in run.events() if event.get("command") == command and event["status"] != "requested"]


def statuses(run) -> list[str]: return [event["status"] for event in run.events() if event["event"] == "status"]
