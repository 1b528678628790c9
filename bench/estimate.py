"""An extra cost from pairs measured side by side: its interval, and whether a goal is met."""
from typing import NamedTuple

import numpy as np

TRIM = .1  # share of the pairs that is cut off at each end


class Goal(NamedTuple):
    "What watching may cost; the more generous of the two counts"
    percent: float = 0.
    microseconds: float = 0.

    def is_within(self, percent: float, microseconds: float) -> bool:
        return percent <= self.percent or microseconds <= self.microseconds

    def __str__(self):
        limits = f"{self.percent:g} %" * bool(self.percent), f"{self.microseconds:g} µs" * bool(self.microseconds)
        return f"≤ {' or '.join(filter(None, limits))}"


class Estimate(NamedTuple):
    "An extra cost and its 95 % interval"
    value: float
    low: float
    high: float

    def __format__(self, spec: str) -> str: return f"{self.value:{spec}} ({self.low:{spec}} … {self.high:{spec}})"


def trimmed_mean(values: np.ndarray) -> np.ndarray:
    "The mean over the last axis without a tenth at each end"
    cut = int(TRIM * values.shape[-1])
    return np.sort(values, axis=-1)[..., cut:values.shape[-1] - cut].mean(-1)


def extra_cost(bare: np.ndarray, watched: np.ndarray) -> tuple[Estimate, Estimate]:  # per step, and in percent of one
    "From the times of a step in both blocks of each pair; the intervals by bootstrap over pairs"
    draws = np.random.default_rng(0).integers(len(bare), size=(4000, len(bare)))
    extra = np.append(trimmed_mean(watched - bare), trimmed_mean((watched - bare)[draws]))
    percent = 100 * extra / np.append(np.median(bare), np.median(bare[draws], axis=-1))
    return tuple(Estimate(all[0], *np.percentile(all[1:], [2.5, 97.5])) for all in (extra, percent))


def verdict(goal: Goal | None, costs: list[tuple[Estimate, Estimate]]) -> str:
    "Whether a goal is met by clock and by processor time: missed only if even the lower ends are above it"
    if goal is None: return ""
    if not all(goal.is_within(percent.low, extra.low) for extra, percent in costs): return f"{goal}: **missed**"
    if all(goal.is_within(percent.high, extra.high) for extra, percent in costs): return f"{goal}: met"
    return f"{goal}: met within the noise" if all(goal.is_within(p.value, e.value) for e, p in costs) else f"{goal}: undecided"
