"""How long a race of sixteen optimizers takes, whether it can be repeated, and what its pick is worth beside AdamW at a tuned rate.

A convolutional network on scikit-learn's digits, 1,200 rows to train and 597 to validate. AdamW is tuned with eight rates, all steps and all three seeds.
Writes a section of RESULTS.md; fails if a goal is missed.
"""
import tempfile
from dataclasses import replace
from resource import RUSAGE_CHILDREN, getrusage
from time import monotonic

import pandas as pd
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from report import provenance, table, write_section
from trainbook.model.leaderboard import half_width, with_interval
from trainbook.model.optimizers import KINDS
from trainbook.model.race import FIELD, RaceResult, race

STEPS, SEEDS, MINUTES = 200, 3, 4


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10))


def loaders() -> tuple[DataLoader, DataLoader]:
    digits, order = load_digits(), torch.randperm(1797, generator=torch.Generator().manual_seed(0))
    pixels, labels = torch.tensor(digits.images, dtype=torch.float32)[order, None] / 16, torch.tensor(digits.target)[order]
    return DataLoader(TensorDataset(pixels[:1200], labels[:1200]), 64, shuffle=True), DataLoader(TensorDataset(pixels[1200:], labels[1200:]), 597)


def timed(**options) -> tuple[RaceResult, float, float]:
    "What came of a race, its seconds and those of all its processors"
    began, used = monotonic(), getrusage(RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        found = race(network, *loaders(), nn.functional.cross_entropy, steps=STEPS, seeds=SEEDS, dir=folder, view=None, **options)
    after = getrusage(RUSAGE_CHILDREN)
    return found, monotonic() - began, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


def final_scores(found: RaceResult) -> pd.Series:
    "Of the best one after all steps, by seed"
    trials = found.trials
    return trials[trials["steps"].eq(STEPS) & trials["optimizer"].eq(found.best) & trials["lr"].eq(found.lr)].set_index("seed")["score"]


def main():
    (first, seconds, cpu), (second, _, _) = timed(workers=2), timed(workers=2)
    rates = [replace(KINDS["AdamW"], name=f"AdamW {lr:.2g}", lowest=lr, highest=lr, maker=torch.optim.AdamW) for lr in KINDS["AdamW"].rates(8)]
    tuned, *_ = timed(optimizers=rates, rates=1, halve=False, workers=2)
    scores = [final_scores(found) for found in (first, tuned)]
    behind = (scores[0] - scores[1]).tolist()
    is_fast, is_same = seconds <= 60 * MINUTES, first.table.equals(second.table)
    is_good = sum(behind) <= 0 or sum(behind) / SEEDS <= (half_width(behind) or 0.)
    shown = first.table.reset_index()
    rows = [[str(line.optimizer), f"{line.lr:.2g}", f"{line.early:.3f}", with_interval(line.score, line.half_width) if line.seeds else "",
             line.verdict or line.status] for line in shown.itertuples()]
    lines = ["## A race of optimizers", "",
             f"{provenance('python bench/race.py')} {len(FIELD)} optimizers, 4 rates each at a quarter of {STEPS} steps, "
             f"then the better half: two rates for all steps, and {SEEDS} seeds. Validation loss, ± half of Student's 95 % interval.", "",
             *table(["optimizer", "rate", "after a quarter", "in the end", ""], rows), "",
             f"It took {seconds:.0f} s on two workers, {cpu:.0f} s of processor time; goal {60 * MINUTES} s: {'met' if is_fast else '**missed**'}. "
             f"The same seed gives the same table: {'yes' if is_same else '**no**'}.", "",
             f"AdamW with the best of eight rates ({tuned.lr:.2g}): {with_interval(scores[1].mean(), half_width(scores[1].tolist()))}. "
             f"The pick, {first.best} at {first.lr:.2g}, differs by {with_interval(sum(behind) / SEEDS, half_width(behind))} from it, less is better; "
             f"goal, no worse: {'met' if is_good else '**missed**'}."]
    write_section("race", lines)
    if not (is_fast and is_same and is_good): raise SystemExit("a goal is missed")


if __name__ == "__main__": main()
