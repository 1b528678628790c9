"""Multiple imputation on a real table, in a cleaning, and by scikit-learn's own checks of a transformer."""
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.utils.estimator_checks import check_estimator

from trainbook.data.cleaning import Cleaning, open_cleaning
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset
from trainbook.data.imputation import MultipleImputer
from trainbook.data.pooling import pool


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    found = load_breast_cancer(as_frame=True).data
    return (found - found.mean()) / found.std(ddof=0)


@pytest.mark.filterwarnings("ignore")  # of checks that were skipped
def test_scikit_learns_checks():
    """No exception is needed; the check of other array libraries is skipped by scikit-learn itself, unless it is asked for."""
    results = check_estimator(MultipleImputer(draws=2, max_iter=2), on_fail=None)
    assert [(one["check_name"], one["exception"]) for one in results if one["status"] == "failed"] == []
    assert [one["check_name"] for one in results if one["status"] == "skipped"] in ([], ["check_array_api_input"])


def test_breast_cancer(truth):
    """One seed of what bench/imputation.py does with five, and fewer rounds for the sake of time; the goals are those of the bench."""
    holes = np.random.default_rng(0).random(truth.shape) < .2
    holed, hidden = truth.mask(holes), truth.to_numpy()[holes]
    imputer = MultipleImputer(max_iter=3, random_state=0).fit(holed)
    interval = imputer.interval(holed)
    rmse = np.sqrt(np.mean((interval["mean"] - hidden)**2))
    covered = (interval["low"].le(hidden) & interval["high"].ge(hidden)).mean()
    of_mean = np.sqrt(np.mean((holed.fillna(holed.mean()).to_numpy()[holes] - hidden)**2))
    print(f"rmse {rmse:.3f}, of the mean {of_mean:.3f}, {covered:.1%} covered")
    assert rmse <= .40 < 1 < of_mean
    assert covered >= .88


def test_in_a_cleaning(truth, tmp_path):
    """Right: the log tells of the holes and of nothing else; done again in another process, it gives the same; undone, the holes are back."""
    table = truth.iloc[:60, :4].mask(np.random.default_rng(0).random((60, 4)) < .2)
    table = table.assign(name=[f"sample {n}" if n % 7 else None for n in range(60)], count=pd.array([n if n % 5 else None for n in range(60)], dtype="Int64"))
    data = Dataset.of(table, "cells", dir=tmp_path / "data")
    cleaning = Cleaning(data)
    cleaning.apply(MultipleImputer(draws=3, max_iter=2))
    after = cleaning.table
    assert after["name"].isna().sum() == table["name"].isna().sum()
    assert not after.drop(columns="name").isna().any(axis=None)
    cells = cleaning.log[cleaning.log["what"] == "cell"]
    assert len(cells) == table.drop(columns="name").isna().sum().sum()
    assert table_hash(open_cleaning(cleaning.file).table) == table_hash(after)
    assert table_hash(cleaning.pipeline().transform(table)) == table_hash(after)
    cleaning.undo()
    assert table_hash(cleaning.table) == data.hash


def test_new_rows_and_odd_tables(truth):
    """Other rows, one row, all labels equal, nothing missing, arrays, a constant column, more columns than rows."""
    table = truth.iloc[:80, :5].mask(np.random.default_rng(1).random((80, 5)) < .2)
    imputer = MultipleImputer(draws=3, max_iter=2, random_state=0).fit(table)
    new = truth.iloc[80:90, :5].copy()
    assert imputer.transform(new).equals(new)
    assert len(imputer.drawn(new)) == 0
    one = new.head(1).assign(**{new.columns[0]: np.nan})
    assert np.isfinite(imputer.transform(one)).all(axis=None)
    assert imputer.drawn(one).index.tolist() == [(80, new.columns[0])]
    assert imputer.transform(table.set_axis(["same"] * 80)).reset_index(drop=True).equals(imputer.transform(table))
    as_array = MultipleImputer(draws=3, max_iter=2, random_state=0).fit_transform(table.to_numpy())
    assert np.array_equal(as_array, imputer.transform(table).to_numpy())
    assert np.isfinite(MultipleImputer(draws=2).fit_transform(table.assign(constant=1.))).all(axis=None)
    wide = truth.iloc[:8].mask(np.random.default_rng(2).random((8, 30)) < .2)
    assert np.isfinite(MultipleImputer(draws=2, max_iter=2).fit_transform(wide)).all(axis=None)


@pytest.mark.parametrize("spoil, words", [
    (lambda t: t.iloc[:0], "0 sample"),
    (lambda t: t.assign(empty=np.nan), "'empty' has no value at all"),
    (lambda t: t * np.nan, "has no value at all"),
    (lambda t: t.replace(t.iloc[0, 0], np.inf), "infinity"),
    (lambda t: t.astype(str), "has the type of a number"),
    (lambda t: t.set_axis(["a"] * t.shape[1], axis=1), "several columns are called 'a'"),
])
def test_what_is_refused(truth, spoil, words):
    with pytest.raises(ValueError, match=words): MultipleImputer(draws=2).fit(spoil(truth.iloc[:30, :4]))


def test_pooling_without_holes_is_the_complete_analysis():
    with warnings.catch_warnings(action="error"): found = pool([[1., 2.]] * 5, [[.5, 0.]] * 5, degrees=17)
    assert found["total"].tolist() == [.5, 0.]
    assert np.allclose(found["degrees"], 18 / 20 * 17)
