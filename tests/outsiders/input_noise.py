"""A part of one's own: noise on the inputs, with a button that doubles it, an undo, and its own state in checkpoints.

Its package registers it as an entry point: `[trainbook.parts]  input_noise = input_noise:InputNoise`.
"""
from collections.abc import Callable, Mapping

import torch
from trainbook import LiveRun
from trainbook.run.commands import Handler
from trainbook.run.contract import Positive


class InputNoise:
    part = "input noise"

    def __init__(self, run: LiveRun):
        self.run = run
        self.factors: list[float] = []

    @property
    def level(self) -> float:
        level = .01
        for factor in self.factors: level *= factor
        return level

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs + self.level * torch.randn_like(inputs)

    def scale(self, factor: float = 2.) -> Callable[[], None]:
        self.factors.append(factor)
        return lambda: self.factors.remove(factor)

    def commands(self) -> dict[str, Handler]:
        return dict(scale_noise=Handler(self.scale, dict(factor=Positive), label="Double the noise"))

    def state(self) -> dict[str, float]:
        return dict(noise_level=self.level)

    def state_dict(self) -> dict[str, list[float]]:
        return dict(input_noise=self.factors)

    def load_state_dict(self, state: Mapping[str, list[float]]):
        self.factors = list(state.get("input_noise", []))


def noise_of(run: LiveRun) -> InputNoise:
    """The part of a run, for the loop that uses it."""
    return next(part for part in run.loop.parts if isinstance(part, InputNoise))
