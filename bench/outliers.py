"""How well outliers are found, beside PyOD's detectors in the same run.

By the protocol of Goldstein and Uchida (2016) a few rows of one class are put among those of another one.
Breast cancer: 357 benign and 10 malignant; digits and wine: one class, and as many rows of all others as make 3 % and 10 %. Ten random draws each.
Writes a section of RESULTS.md; fails if a goal is missed.
"""
import numpy as np
import pandas as pd
from pyod.models.cblof import CBLOF
from pyod.models.lof import LOF
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.metrics import roc_auc_score

from report import provenance, table, write_section
from trainbook.data.outliers import LDCOF, outlier_scores

DRAWS, GOAL = 10, .92


def breast_cancer(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    cells, benign = load_breast_cancer(return_X_y=True)
    return among(cells, benign == 1, 10, rng)


def digits(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    pixels, digit = load_digits(return_X_y=True)
    return among(pixels[:, pixels[digit == 8].std(axis=0) > 0], digit == 8, 5, rng)


def wine(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    parts, grower = load_wine(return_X_y=True)
    return among(parts, grower == 1, 7, rng)


def among(values: np.ndarray, is_usual: np.ndarray, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    "All usual rows, and some of the others"
    some = rng.choice(np.flatnonzero(~is_usual), count, replace=False)
    return np.r_[values[is_usual], values[some]], np.r_[np.zeros(is_usual.sum()), np.ones(count)]


def scores(values: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    spread = values.std(axis=0)
    standard = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    found = {"outlier_scores": outlier_scores(pd.DataFrame(values))["score"].to_numpy()}
    for name, detector in (("PyOD CBLOF", CBLOF(random_state=seed)), ("PyOD LOF", LOF())): found[name] = detector.fit(standard).decision_scores_
    for name, local in (("LDCOF", True), ("CBLOF of ours", False)):
        found[name] = -LDCOF(8, local=local, random_state=seed).fit(standard).score_samples(standard)
    return found


def furthest_apart(seed: int) -> float:
    "The largest difference between PyOD's CBLOF and ours, which use the same clusters"
    values, _ = breast_cancer(np.random.default_rng(seed))
    theirs = CBLOF(n_clusters=8, use_weights=False, clustering_estimator=KMeans(8, random_state=seed, n_init=10)).fit(values)
    ours = LDCOF(8, local=False, random_state=seed).fit(values)
    return float(np.abs(theirs.decision_scores_ + ours.score_samples(values)).max() / theirs.decision_scores_.max())


def main():
    rows, met = [], True
    for draw in (breast_cancer, digits, wine):
        areas = []
        for seed in range(DRAWS):
            values, is_out = draw(np.random.default_rng(seed))
            areas.append({name: roc_auc_score(is_out, found) for name, found in scores(values, seed).items()})
        found = pd.DataFrame(areas)
        mean = found.mean()
        rows.append([draw.__name__, *(f"{mean[name]:.3f} ± {found[name].std():.3f}" for name in found)])
        if draw is breast_cancer: met = mean["outlier_scores"] >= GOAL and mean["outlier_scores"] >= mean[["PyOD CBLOF", "PyOD LOF"]].max()
        print(found.describe().round(3).to_string(), flush=True)
    apart = max(furthest_apart(seed) for seed in range(3))
    about = f"Area under the ROC curve, {DRAWS} draws, ± their standard deviation; each detector with its defaults, LDCOF and our CBLOF with 8 clusters."
    lines = ["## How well outliers are found", "", f"{provenance('python bench/outliers.py')} {about}", "", *table(["", *found], rows), "",
             f"Goal, breast cancer: at least {GOAL}, and no worse than PyOD's CBLOF and LOF: {'met' if met else '**missed**'}.",
             f"CBLOF with 8 clusters, without weights: ours and PyOD's differ by {apart:.1e} of the largest score."]
    write_section("outliers", lines)
    if not met: raise SystemExit("a goal is missed")


if __name__ == "__main__": main()
