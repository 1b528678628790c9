"""Candidates on the same folds: what is told of them, what Stop and a drop leave, holes, uneven classes, extras that are not there."""
import gc
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.model_selection import TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB

from trainbook import Leaderboard, Task, compare_models, recommend
from trainbook.model.candidates import candidates_for
from trainbook.model.compare_models import interval
from trainbook.model.net_estimator import NetEstimator, tabular_net

WINE = load_wine(return_X_y=True)


def compared(candidates, data=WINE, **options): return compare_models(candidates, data, view=None, **options)


def test_the_interval_is_that_of_the_paper():
    """Against a t of scipy with the corrected standard error, written out."""
    scores, ratio = np.array([.8, .9, .85, .95]), 1 / 3
    error = np.sqrt((1 / 4 + ratio) * scores.var(ddof=1))
    assert interval(scores, ratio) == pytest.approx(stats.t.interval(.95, 3, scores.mean(), error), rel=1e-4)


def test_what_differs_on_each_fold_is_told_apart_and_what_does_not_is_not():
    found = compared(dict(nb=GaussianNB(), twin=GaussianNB(var_smoothing=1.1e-9)), repeats=2)
    assert found.frame["rank"].to_dict() == dict(nb=1, twin=1, baseline=3) and len(found.scores) == 10
    assert found.verdict("twin").startswith("not distinguishable") and found.verdict("baseline") == "the baseline"
    assert found.ratio == pytest.approx(1 / 4, rel=.02) and found.frame.loc["nb", "difference"] == 0


class Guesses(BaseEstimator):
    def __init__(self, random_state=None): self.random_state = random_state
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self
    def predict(self, X): return np.random.default_rng(self.random_state).choice(self.classes_, len(X))


def test_what_is_no_better_than_the_baseline_is_named():
    found = compared(dict(guesses=Guesses()))
    assert "baseline" in found.verdict("guesses") and "not better than the baseline" in compared(dict(guesses=Guesses()), seed=1).verdict("guesses")


def test_the_same_seed_gives_the_same_scores():
    nets = dict(guesses=Guesses(), net=NetEstimator(tabular_net, steps=3))
    first, again, other = (compared(nets, folds=3, seed=seed) for seed in (0, 0, 1))
    assert first.scores.equals(again.scores) and not first.scores.equals(other.scores)


def board() -> Leaderboard: return next(one for one in reversed(gc.get_objects()) if isinstance(one, Leaderboard) and not one.shown["is_over"])


class Clicks(BaseEstimator):
    """Asks the board for something in its third fit, as a click does."""
    fits = 0

    def __init__(self, request="stop", arguments=None): self.request, self.arguments = request, arguments

    def fit(self, X, y):
        Clicks.fits += 1
        if Clicks.fits == 3: board().receive(dict(id="1", request=self.request, arguments=self.arguments))
        self.model_ = GaussianNB().fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X): return self.model_.predict(X)


def test_stop_leaves_the_folds_that_all_have():
    Clicks.fits = 0
    found = compared(dict(nb=GaussianNB(), clicks=Clicks()))
    assert len(found.scores) == 2 or len(found.scores) == 3
    assert set(found.scores) == {"nb", "clicks", "baseline"} and found.model is None and found.best in ("nb", "clicks")


def test_a_dropped_candidate_is_gone_and_the_others_go_on():
    Clicks.fits = 0
    found = compared(dict(clicks=Clicks("drop", dict(name="nb")), nb=GaussianNB()))
    assert found.failed == dict(nb="dropped") and len(found.scores) == 5 and set(found.scores) == {"clicks", "baseline"}


class Fails(BaseEstimator):
    def fit(self, X, y): raise RuntimeError("no memory\nleft")
    def predict(self, X): return X


def test_a_failure_is_told_and_the_others_go_on():
    found = compared(dict(fails=Fails(), nb=GaussianNB()))
    assert found.failed == dict(fails="RuntimeError: no memory left") and "RuntimeError: no memory left" in repr(found)


def test_if_all_fail_there_is_no_best():
    found = compared(dict(baseline=Fails()))
    assert (found.best, found.model, len(found.frame)) == ("", None, 0) and "no candidate went through" in repr(found)


def test_a_metric_that_is_not_a_number_is_a_failure():
    found = compared(dict(nb=GaussianNB()), metric=lambda model, X, y: float("nan"))
    assert "the metric gave nan in fold 1" in found.failed["nb"]


def table_with_holes() -> tuple[pd.DataFrame, np.ndarray]:
    X, y = load_wine(return_X_y=True, as_frame=True)
    X = X.iloc[:, :4].mask(np.random.default_rng(0).random((len(X), 4)) < .15)
    return X.assign(kind=np.where(y == 0, "a", "b"), empty=np.nan, flag=(y == 1).to_numpy()), y.to_numpy()


@pytest.mark.parametrize("name", candidates_for(Task.of(*table_with_holes())))
def test_all_candidates_take_holes_and_categories_they_have_never_seen(name):
    X, y = table_with_holes()
    model = candidates_for(Task.of(X, y))[name]
    if isinstance(model, NetEstimator): model.set_params(steps=20)
    model.fit(X, y)
    assert model.predict(X.assign(kind="never seen", alcohol=np.nan)).shape == y.shape


@pytest.mark.parametrize("name", candidates_for(Task.of(*load_diabetes(return_X_y=True))))
def test_all_candidates_tell_numbers_in_their_own_unit(name):
    X, y = load_diabetes(return_X_y=True)
    model = candidates_for(Task.of(X, y))[name]
    told = model.fit(X, y).predict(X)
    assert told.shape == y.shape and abs(told.mean() - y.mean()) < 15


def test_without_lightgbm_scikit_learn_boosts(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    assert type(candidates_for(Task.of(*WINE))["boosting"][-1]).__name__ == "HistGradientBoostingClassifier"


X, Y = load_breast_cancer(return_X_y=True)
NONSENSE = {
    "a class in one row": (dict(a=GaussianNB()), (X[:40], np.r_[2, Y[1:40]]), {}, "class 2 has 1 row, so it would be missing"),
    "a fold without a class": (dict(a=GaussianNB()), (X[:90], np.repeat([0, 1, 2], 30)), dict(folds=TimeSeriesSplit(3)), "fold 1 learns from no row of class"),
    "one row": (dict(a=GaussianNB()), (X[:1], Y[:1]), {}, "at least two rows"),
    "NaN in the target": (dict(a=GaussianNB()), (X[:3], [0, 1, np.nan]), {}, "missing in 1"),
    "no candidates": ({}, (X, Y), {}, "estimators by name"), "a class in place of an object": (dict(a=GaussianNB), (X, Y), {}, "is no estimator"),
    "a network as it is": (dict(a=__import__("torch").nn.Linear(30, 2)), (X, Y), {}, "A network becomes one by NetEstimator"),
    "no folds": (dict(a=GaussianNB()), (X, Y), dict(folds=0), "folds is a number from 2 on"),
    "a metric unknown": (dict(a=GaussianNB()), (X, Y), dict(metric="acc"), "no metric"),
    "pixels": (dict(a=GaussianNB()), (np.zeros((9, 1, 4, 4)), np.arange(144).reshape(9, 4, 4) % 2), {}, "one answer for each row"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_in_words(name):
    candidates, data, options, words = NONSENSE[name]
    with pytest.raises((TypeError, ValueError), match=words): compared(candidates, data, **options)


@pytest.mark.parametrize("data, options, words", [((X, Y), dict(budget=-1), "budget is a time"), (X, {}, "data are inputs and target"),
                                                  ((X, np.ones(len(X))), {}, "nothing to tell"), ((X[:0], Y[:0]), {}, "at least two rows")])
def test_recommend_refuses_nonsense_in_words(data, options, words):
    with pytest.raises((TypeError, ValueError), match=words): recommend(None, data, **options)


def test_a_recommendation_names_a_reason_and_a_cost_for_each():
    advice = recommend(Task.of(*WINE), WINE)
    assert advice.best == "linear" and advice.proposals[-1].name == "baseline"
    assert all(0 < one.cost.seconds < 600 and one.cost.memory > 0 for one in advice.proposals) and advice.proposals[0].reasons


def test_a_net_leaves_no_run_and_no_random_number_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = np.random.get_state()[1].tolist()
    NetEstimator(tabular_net, steps=3).fit(*WINE)
    assert [*tmp_path.iterdir()] == [] and np.random.get_state()[1].tolist() == before
    NetEstimator(tabular_net, steps=3, dir=str(tmp_path)).fit(*WINE)
    assert len([*tmp_path.iterdir()]) >= 1
