"""How near multiple imputation comes to values that were taken out, and whether its intervals hold what they promise.

Cells of breast_cancer are taken out at random (MCAR), and with a chance that grows with another column (MAR). Pooled coefficients
are checked by simulation, where the true ones are known. Writes a section of RESULTS.md; fails if a goal is missed.
"""
import argparse
import time

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer

from report import provenance, table, write_section
from trainbook.data.imputation import MultipleImputer
from trainbook.data.pooling import pooled_regression

RMSE, COVERAGE = .40, .88
TRUE = {"intercept": 0., "a": 1., "b": -.5, "c": 0.}


def standardised() -> pd.DataFrame:
    found = load_breast_cancer(as_frame=True).data
    return (found - found.mean()) / found.std(ddof=0)


def at_random(truth: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    return rng.random(truth.shape) < .2


def by_column(truth: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    "Missing at random by the first column, which is complete; a fifth of the cells of the others on average"
    rank = truth.iloc[:, 0].rank(pct=True).to_numpy()
    found = rng.random(truth.shape) < .4 * rank[:, None]
    found[:, 0] = False
    return found


def errors(truth: pd.DataFrame, take_out, seed: int) -> dict[str, float]:
    "In standard deviations of the columns; the share of true values in intervals of 90 %; processor seconds"
    holes = take_out(truth, np.random.default_rng(seed))
    holed, hidden = truth.mask(holes), truth.to_numpy()[holes]
    began = time.process_time()
    imputer = MultipleImputer(random_state=seed).fit(holed)
    interval = imputer.interval(holed, level=.9)
    seconds = time.process_time() - began
    mean = SimpleImputer().fit_transform(holed)[holes]
    rmse = lambda guess: float(np.sqrt(np.mean((guess - hidden)**2)))
    covered = (interval["low"].to_numpy() <= hidden) & (hidden <= interval["high"].to_numpy())
    return dict(rmse=rmse(interval["mean"].to_numpy()), mean=rmse(mean), covered=float(covered.mean()), seconds=seconds)


def simulated(seed: int, rows: int = 100) -> pd.DataFrame:
    "Pooled coefficients where the true ones are known, and a quarter of a and b is missing by the target"
    rng = np.random.default_rng(seed)
    values = rng.multivariate_normal(np.zeros(3), np.full((3, 3), .5) + .5 * np.eye(3), rows)
    found = pd.DataFrame(values, columns=[*"abc"]).assign(y=values @ [1, -.5, 0] + rng.standard_normal(rows))
    for name in "ab": found.loc[rng.random(rows) < 1 / (1 + np.exp(1.2 - .7 * found["y"])), name] = np.nan
    return pooled_regression(MultipleImputer(random_state=seed).fit(found).tables(found), "y")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--simulations", type=int, default=200)
    arguments = parser.parse_args()
    truth, rows, met = standardised(), [], True
    for name, take_out in (("at random", at_random), ("by the first column", by_column)):
        found = pd.DataFrame([errors(truth, take_out, seed) for seed in range(arguments.seeds)])
        print(name, found.round(3).to_string(), flush=True)
        mean, scatter = found.mean(), found.std()
        if name == "at random": met = mean["rmse"] <= RMSE and mean["covered"] >= COVERAGE
        rows.append([name, *(f"{mean[key]:.3f} ± {scatter[key]:.3f}" for key in ("rmse", "mean", "covered")), f"{mean['seconds']:.0f}"])
    pooled = [simulated(seed) for seed in range(arguments.simulations)]
    inside = pd.DataFrame([{name: one.low[name] <= value <= one.high[name] for name, value in TRUE.items()} for one in pooled])
    share, error = inside.mean(), (.95 * .05 / len(inside))**.5
    nominal = bool(((share - .95).abs() <= 3 * error).all())
    about = (f"breast_cancer, standardised, a fifth of its cells taken out, {arguments.seeds} seeds, `MultipleImputer()`: RMSE in standard deviations, "
             "and the share of true values in intervals of 90 %, ± the standard deviation over seeds.")
    pooling = (f"Pooled coefficients, {len(inside)} simulated tables of 100 rows, two columns missing by the target: the share of 95 % intervals with the "
               f"true coefficient in them (± {error:.3f} by chance).")
    lines = ["## How good imputed values are", "", f"{provenance('python bench/imputation.py')} {about}", "",
             *table(["taken out", "RMSE", "RMSE of the mean", "in 90 % intervals", "CPU s"], rows), "",
             f"Goal, at random: RMSE ≤ {RMSE:.2f} and at least {COVERAGE:.0%} in the intervals: {'met' if met else '**missed**'}.", "", pooling, "",
             *table(["", *TRUE], [["share", *(f"{value:.3f}" for value in share)],
                                  ["standard errors from 0.95", *(f"{value:+.1f}" for value in (share - .95) / error)]]),
             "", f"Goal: nominal, within three standard errors of 0.95: {'met' if nominal else '**missed**'}. Holes are in a and b."]
    write_section("imputation", lines)
    if not (met and nominal): raise SystemExit("a goal is missed")


if __name__ == "__main__": main()
