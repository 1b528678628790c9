"""What the weightings of several losses are worth, and whether `loss_for` advises well, on real data.

Three tasks on digits: which digit (accuracy), how much ink in percent (R²), the picture itself (R²); one trunk with three heads.
Each weighting with and without `normalize="init"`, three seeds. Writes a section of RESULTS.md; fails if a goal is missed.
"""
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

from report import provenance, table, write_section
from trainbook.model.multi_task import MultiTaskLoss

SEEDS, EPOCHS, RATE = 3, 30, 1e-2
GOALS = dict(digit=.95, ink=.97, image=.70)
WEIGHTS = "equal", "uncertainty", "dwa", "gradnorm", "pcgrad"

pixels, digits = (torch.as_tensor(part) for part in load_digits(return_X_y=True))
images = pixels.float() / 16


class ThreeHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())
        self.heads = nn.ModuleDict(dict(digit=nn.Linear(64, 10), ink=nn.Linear(64, 1), image=nn.Linear(64, 64)))

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.trunk(x)
        return {name: head(features) for name, head in self.heads.items()}


def r2(outputs: torch.Tensor, target: torch.Tensor) -> float:
    return 1 - (F.mse_loss(outputs, target) / target.var(0, correction=0).mean()).item()


def trained(loss: MultiTaskLoss, ink: torch.Tensor, seed: int) -> dict[str, float]:
    "Accuracy, R² of the ink and R² of the picture on digits that were not trained on"
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    train, valid = order[:1400], order[1400:]
    torch.manual_seed(seed)
    model = ThreeHeads()
    optimizer = torch.optim.Adam([*model.parameters(), *loss.parameters()], RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=EPOCHS * 28)
    for _ in range(EPOCHS):
        for rows in train[torch.randperm(len(train))].split(50):
            loss(model(images[rows]), dict(digit=digits[rows], ink=ink[rows], image=images[rows])).backward()
            optimizer.step(); optimizer.zero_grad(); schedule.step()
        loss.end_epoch()
    with torch.no_grad(): outputs = model(images[valid])
    return dict(digit=(outputs["digit"].argmax(1) == digits[valid]).float().mean().item(), ink=r2(outputs["ink"], ink[valid]),
                image=r2(outputs["image"], images[valid]))


def over_seeds(make: Callable[[], MultiTaskLoss], ink: torch.Tensor) -> dict[str, np.ndarray]:
    found = [trained(make(), ink, seed) for seed in range(SEEDS)]
    return {name: np.array([one[name] for one in found]) for name in GOALS}


def cells(found: dict[str, np.ndarray]) -> list[str]: return [f"{values.mean():.3f} ({values.min():.3f} … {values.max():.3f})" for values in found.values()]


def main():
    tasks = dict(digit=F.cross_entropy, ink=F.mse_loss, image=F.mse_loss)
    percent, total = 100 * images.mean(1, keepdim=True), 100 * images.sum(1, keepdim=True)
    rows, found = [], {}
    for normalize in (None, "init"):
        for weights in WEIGHTS:
            key = normalize, weights
            make = partial(MultiTaskLoss, tasks, normalize=normalize, weights=weights)
            found[key], hundredfold = over_seeds(make, percent), over_seeds(make, total)
            name = f"{weights}, {'divided by the first losses' if normalize else 'raw'}"
            rows.append([f"**{name}**" if key == ("init", "equal") else name, *cells(found[key]), *(f"{values.mean():.3f}" for values in hundredfold.values())])
            print(rows[-1], flush=True)
    met = all(found["init", "equal"][name].min() >= goal for name, goal in GOALS.items())
    about = (f"Mean and range over {SEEDS} seeds of accuracy, R² of the ink and R² of the picture; {EPOCHS} epochs of Adam, one cycle up to {RATE}. "
             "Ink is the mean of the pixels × 100; in the last three columns it is their sum × 100, whose loss begins at four million.")
    lines = ["## Several losses", "", f"{provenance('python bench/losses.py')} {about}", "",
             *table(["weights", "digit", "ink", "picture", "digit, sum", "ink, sum", "picture, sum"], rows), "",
             f"Goal, the default (bold), with each seed: at least {', '.join(map(str, GOALS.values()))}: {'met' if met else '**missed**'}."]
    write_section("losses", lines)
    if not met: raise SystemExit("a goal is missed")


if __name__ == "__main__": main()
