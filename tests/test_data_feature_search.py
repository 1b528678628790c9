"""The search for features keeps what helps on rows that it has not seen, and nothing where there is nothing."""
import numpy as np
import pandas as pd
import pytest
from bokeh_sampledata.autompg import autompg_clean
from bokeh_sampledata.penguins import data as penguins
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.estimator_checks import check_estimator

from trainbook.data import feature_search
from trainbook.data.feature_search import FeatureSearch

LINE = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 3, 7)))


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_checks(monkeypatch):
    """No exception is needed. The search grows few trees here, as it is fitted some hundred times."""
    monkeypatch.setattr(feature_search, "TREES", 2)
    results = check_estimator(FeatureSearch(DecisionTreeRegressor(max_depth=2), most=1, cv=2), on_fail=None)
    assert [(one["check_name"], one["exception"]) for one in results if one["status"] == "failed"] == []
    assert sum(one["status"] == "passed" for one in results) > 40


def test_a_gain_is_found_where_there_is_one():
    """Right: pounds per horsepower and year; a straight line can't make a ratio of its own. Columns that are kept are those that transform gives."""
    table, miles = autompg_clean[["displ", "hp", "weight", "accel", "yr"]], autompg_clean["mpg"]
    search = FeatureSearch(LINE, most=4, cv=4, random_state=0)
    found = search.fit_transform(table, miles)
    print(search.report_)
    assert search.gain_["low"] > 0 and [*found] == [*table, *search.chosen_] and 1 <= len(search.chosen_) <= 4
    assert " kept: " in search.report_ and f"{search.gain_['gain']:.3f}" in search.report_


def test_luck_gives_nothing():
    """The target is shuffled: of 85 new columns none is kept, and it is said that the gain may be nothing."""
    table = autompg_clean[["displ", "hp", "weight", "accel"]]
    luck = autompg_clean["mpg"].sample(frac=1, random_state=0).to_numpy()
    search = FeatureSearch(LINE, most=4, cv=3, random_state=0).fit(table, luck)
    assert search.chosen_ == [] and search.transform(table).equals(table)
    assert search.report_.startswith("No new column is kept") and "can't be told from nothing" in search.report_


TABLES = {
    "texts, dates and classes": (penguins.drop(columns="species").assign(day=pd.date_range("2007-11-01", periods=344))[::6],
                                 penguins["species"][::6] == "Adelie", None, 2),
    "in the order of time": (penguins[["bill_length_mm", "body_mass_g"]], penguins["flipper_length_mm"].fillna(200.), DecisionTreeRegressor(max_depth=3),
                             TimeSeriesSplit(3)),
    "classes": (load_wine(as_frame=True).data.iloc[:, :5], load_wine().target.astype(str), make_pipeline(StandardScaler(), LogisticRegression()), 3),
    "one column": (autompg_clean[["hp"]], autompg_clean["mpg"], LinearRegression(), 3),
    "nothing but texts": (autompg_clean[["mfr"]], autompg_clean["mpg"], make_pipeline(TargetEncoder(), LinearRegression()), 2),
}


@pytest.mark.filterwarnings("ignore:n_quantiles")
@pytest.mark.parametrize("name", TABLES)
def test_it_searches_other_tables(name, monkeypatch):
    """With few trees, for the sake of time."""
    monkeypatch.setattr(feature_search, "TREES", 5)
    table, target, model, cv = TABLES[name]
    search = FeatureSearch(model, most=2, cv=cv, random_state=0).fit(table, target)
    assert len(search.folds_) == (cv if isinstance(cv, int) else 3) and np.isfinite(search.gain_).all()
    if name == "one column": assert clone(search).fit(table, target).folds_.equals(search.folds_)


@pytest.mark.parametrize("target, model, said", [
    (None, None, "the target y is None"),
    (autompg_clean["mpg"].where(autompg_clean["hp"] < 200), None, "the target is missing in"),
    (np.ones(392), None, "nothing to tell"),
    (np.ones(391), None, "inconsistent numbers of samples"),
    (["a"] * 390 + ["b"] * 2, None, "class 'b' has 2 rows"),
], ids=["none", "holes", "constant", "too few", "a rare class"])
def test_bad_targets_are_told(target, model, said):
    with pytest.raises(ValueError, match=said): FeatureSearch(model).fit(autompg_clean[["hp", "weight"]], target)


def test_holes():
    """A model that takes them gets new columns with holes; one that takes none says so itself; without holes in the table there are none in a ratio by zero."""
    table = autompg_clean[["hp", "weight"]].mask(autompg_clean["hp"] > 200)
    with pytest.raises(ValueError, match="NaN"): FeatureSearch(LinearRegression(), cv=2).fit(table, autompg_clean["mpg"])
    FeatureSearch(make_pipeline(SimpleImputer(), LINE), most=1, cv=2, random_state=0).fit(table, autompg_clean["mpg"])
    zeros = autompg_clean[["hp", "weight"]].assign(other=np.arange(392) % 3)
    assert FeatureSearch(LinearRegression(), cv=2, random_state=0).fit(zeros, autompg_clean["mpg"]).transform(zeros).notna().all(axis=None)
