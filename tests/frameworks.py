"""What the tests of the frameworks share: a layer that acts in a step as a click would, and digits."""
from collections.abc import Callable
from threading import Event, Thread

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn


def digits(n: int) -> tuple[np.ndarray, np.ndarray]:
    """So many of scikit-learn's digits, 8×8 pixels between 0 and 1, and what they are."""
    found = load_digits()
    return (found.data[:n] / 16).astype(np.float32), found.target[:n].astype(np.int64)


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
