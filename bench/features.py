"""What features are worth: the search for them by nested cross-validation, deep ones with five labels, and leaks that were planted.

In each outer fold the whole search is done again, and the model is scored with its columns and without on rows that neither has seen.
Writes a section of RESULTS.md; fails if a goal is missed.
"""
import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from bokeh_sampledata.autompg import autompg_clean
from bokeh_sampledata.penguins import data as penguins
from scipy.stats import t as student
from skimage import data as pictures
from skimage.color import rgb2gray
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skrub import tabular_pipeline

from report import provenance, table, write_section
from trainbook.data.deep_features import DeepFeatures, efficientnet_lite0
from trainbook.data.feature_search import FeatureSearch
from trainbook.data.future_leaks import find_leaks

WITH_TREES = "cars, with make and origin", "diabetes"
ACCURACY = .90  # of deep features, with five labels of each kind


def tables() -> dict[str, tuple[pd.DataFrame, pd.Series]]:
    "Inputs and target of real tables; only one has columns of texts"
    cars, birds = autompg_clean.drop(columns=["name", "mpg"]), penguins.dropna(ignore_index=True)
    return {
        "cars": (cars.select_dtypes("number"), autompg_clean["mpg"]),
        "cars, with make and origin": (cars, autompg_clean["mpg"]),
        "penguins": (birds.select_dtypes("number").drop(columns="body_mass_g"), birds["body_mass_g"]),
        "diabetes": load_diabetes(return_X_y=True, as_frame=True),
        "wine": load_wine(return_X_y=True, as_frame=True),
        "breast_cancer": load_breast_cancer(return_X_y=True, as_frame=True)}


def models(name: str, is_class: bool) -> dict:
    "A line for all tables, and trees for some, in fewer folds, as they take long"
    line = LogisticRegression(max_iter=2000) if is_class else RidgeCV(np.logspace(-3, 3, 13))
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_exclude="number")
    found = {"straight line": make_pipeline(make_column_transformer(texts, remainder=StandardScaler()), line)}
    return found if name not in WITH_TREES else found | {"boosted trees": tabular_pipeline(HistGradientBoostingRegressor(max_iter=50, random_state=0))}


def gains(inputs: pd.DataFrame, target: pd.Series, model, is_class: bool, folds: int, seed: int) -> pd.DataFrame:
    "Scores of each outer fold, without and with the columns that the search keeps, and how many these are"
    splitter = (StratifiedKFold if is_class else KFold)(folds, shuffle=True, random_state=seed)
    score, rows = get_scorer("neg_log_loss" if is_class else "r2"), []
    for train, test in splitter.split(inputs, target):
        search = FeatureSearch(model, random_state=seed)
        known, asked, answers = inputs.iloc[train], inputs.iloc[test], target.iloc[train]
        found = search.fit_transform(known, answers), search.transform(asked)
        raw = score(clone(model).fit(known, answers), asked, target.iloc[test])
        rows.append(dict(raw=raw, found=score(clone(model).fit(found[0], answers), found[1], target.iloc[test]), kept=len(search.chosen_)))
    return pd.DataFrame(rows)


def interval(gain: pd.Series, folds: int) -> tuple[float, float, float]:
    "Mean and 90 % interval, as the search itself has it, by Nadeau and Bengio (2003): folds share their rows"
    half = student.ppf(.95, len(gain) - 1) * np.sqrt((1 / len(gain) + 1 / (folds - 1)) * gain.var(ddof=1))
    return gain.mean(), gain.mean() - half, gain.mean() + half


def searched(most_folds: int) -> tuple[list[list[str]], bool, bool]:
    rows, is_worse, is_better = [], False, False
    for name, (inputs, target) in tables().items():
        is_class = target.nunique() <= 3
        for kind, model in models(name, is_class).items():
            folds = most_folds // 2 if kind == "boosted trees" else most_folds
            began = time.process_time()
            found = gains(inputs, target, model, is_class, folds, seed=0)
            gain, low, high = interval(found["found"] - found["raw"], folds)
            is_worse |= high < 0 or gain < -.01 * abs(found["raw"].mean())
            is_better |= low > 0
            rows.append([name, kind, "log loss" if is_class else "R²", *(f"{abs(found[key].mean()):.3f}" for key in ("raw", "found")),
                         f"{gain:+.3f} ({low:+.3f} … {high:+.3f})", " ".join(map(str, found["kept"])), f"{time.process_time() - began:.0f}"])
            print(*rows[-1], flush=True)
    return rows, is_worse, is_better


def photographs() -> dict[str, np.ndarray]:
    return {name: getattr(pictures, name)() for name in ("brick", "grass", "gravel")}


def more_photographs() -> dict[str, np.ndarray]:
    others = {name: getattr(pictures, name)() for name in ("moon", "immunohistochemistry")}
    grey = {name: picture if picture.ndim == 2 else (255 * rgb2gray(picture)).astype(np.uint8) for name, picture in others.items()}
    return photographs() | grey


def halves(textures: dict[str, np.ndarray], size: int = 64) -> list[tuple[np.ndarray, np.ndarray]]:
    "Patches of the left and of the right halves, with their kinds: no patch that is tested touches one that is learned from"
    found = []
    for columns in (range(0, 256, size), range(256, 512, size)):
        cut = [(picture[row:row + size, column:column + size], name) for name, picture in textures.items() for row in range(0, 512, size) for column in columns]
        found.append((np.stack([patch for patch, _ in cut]), np.array([name for _, name in cut])))
    return found


def statistics(patches: np.ndarray) -> np.ndarray:
    return np.stack([patches.mean((1, 2)), patches.std((1, 2))], axis=1)


def told_apart(textures: dict[str, np.ndarray], draws: int) -> dict[str, np.ndarray]:
    "Accuracy by each kind of features, with five labels of each class, in so many draws of these"
    (left, names), (right, answers) = halves(textures)
    pool, block = DeepFeatures(efficientnet_lite0(), "pool").fit(left), DeepFeatures(efficientnet_lite0(128), "blocks.8").fit(left)
    kinds = {"mean and spread of brightness": statistics, "deep, `pool`": pool.transform, "deep, `blocks.8` at 128 pixels": block.transform}
    found = {}
    for kind, make in kinds.items():
        known, asked, scores = make(left), make(right), []
        for seed in range(draws):
            rng = np.random.default_rng(seed)
            some = np.concatenate([rng.choice(np.flatnonzero(names == name), 5, replace=False) for name in textures])
            line = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(known[some], names[some])
            scores.append(line.score(asked, answers))
        found[kind] = np.array(scores)
    return found


def planted() -> tuple[int, int, int, int]:
    "Leaks that were found, planted; alarms where there is none, features without one"
    sys.path.append(str(Path(__file__).parent.parent / "tests"))
    from test_data_time import LEAKS, RIGHT, SERIES
    found = [len(find_leaks(make, series(), "time", cuts=12)) > 0 for series in SERIES.values() for make in LEAKS.values()]
    alarms = [len(find_leaks(make, series(), "time", cuts=12)) > 0 for series in SERIES.values() for make in RIGHT.values()]
    return sum(found), len(found), sum(alarms), len(alarms)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--draws", type=int, default=20)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rows, is_worse, is_better = searched(arguments.folds)
    deep = {3: told_apart(photographs(), arguments.draws), 5: told_apart(more_photographs(), arguments.draws)}
    best = deep[3]["deep, `pool`"].mean()
    leaks, all_leaks, alarms, without = planted()
    about = (f"`FeatureSearch(model)`, {arguments.folds} outer folds, half as many for trees; in each of them the search is done anew and judges itself "
             "by ten inner ones. "
             "Gain: with the columns that it keeps less without, and a 90 % interval for folds that share their rows; of a log loss that is how much "
             "it falls. Kept: new columns in each outer fold, 0 where the gain could not be told from nothing.")
    five = (f"Patches of 64 pixels of scikit-image's textures, five labels of each kind from the left halves of the photographs, tested on the right halves; "
            f"logistic regression, {arguments.draws} draws of the labels, ± their standard deviation. Three kinds are brick, grass and gravel; "
            "five have the moon and tissue, too.")
    kinds = [[kind, *(f"{deep[count][kind].mean():.3f} ± {deep[count][kind].std():.3f}" for count in deep)] for kind in deep[3]]
    met = not is_worse and is_better, best >= ACCURACY, leaks == all_leaks == 100 and not alarms
    said = ["met" if one else "**missed**" for one in met]
    lines = ["## What features are worth", "", f"{provenance('python bench/features.py')} {about}", "",
             *table(["table", "model", "score", "raw", "with new columns", "gain", "kept", "CPU s"], rows), "",
             f"Goal: worse in no table, better in one or more: {said[0]}. Worse is a gain whose interval is below 0, or that loses more than a hundredth.", "",
             five, "", *table(["features", "3 kinds", "5 kinds"], kinds), "", f"Goal, deep features: at least {ACCURACY:.2f}: {said[1]}.", "",
             f"Of {all_leaks} planted leaks of future rows (20 kinds on 5 real series) `find_leaks` found {leaks}; of {without} features that look "
             f"back only it blamed {alarms}. Goal: all, and none: {said[2]}."]
    write_section("features", lines)
    if not all(met): raise SystemExit("a goal is missed")


if __name__ == "__main__": main()
