"""What a person decides about single rows: done to those rows and no others, by whatever way they come."""
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from trainbook.data.cleaning import Cleaning, open_cleaning
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset
from trainbook.data.edits import DropRows, KeepRows, SetCells

# scikit-learn expects a row for each row, and that the same is done to a row wherever it stands; to drop or to fix a certain row is neither
OF_CERTAIN_ROWS = {"check_transformer_data_not_an_array", "check_transformer_general", "check_methods_sample_order_invariance",
                   "check_methods_subset_invariance"}


@pytest.mark.parametrize("step, excepted", [
    (KeepRows(), set()), (DropRows(), set()), (SetCells(), set()), (KeepRows([0]), set()),
    (DropRows([0]), OF_CERTAIN_ROWS), (SetCells([0], 0, [1.]), {"check_methods_sample_order_invariance"}),
], ids=lambda one: "" if isinstance(one, set) else repr(one))  # sets have no order, and workers of xdist compare the names of their tests
def test_scikit_learn_takes_them_for_transformers_of_its_own(step, excepted):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check_estimator(step, on_fail=None)
    assert {check["check_name"] for check in found if check["status"] == "failed"} == excepted
    assert sum(check["status"] == "passed" for check in found) > 35


@pytest.fixture
def wines() -> pd.DataFrame: return load_wine(as_frame=True).data


@pytest.fixture
def cleaning(wines, tmp_path) -> Cleaning: return Cleaning(Dataset.of(wines, "wines", tmp_path))


def test_decisions_are_logged_undone_in_any_order_and_reopened(wines, cleaning):
    cleaning.apply(KeepRows([121]), reason="it is so")
    cleaning.apply(DropRows([5, 60]), reason="entered twice")
    cleaning.apply(SetCells([7, 8], "ash", [2.5, None]), reason="the label says so")
    assert [(one["name"], one["row"], one["column"]) for one in cleaning.records()] == [
        ("DropRows", 5, None), ("DropRows", 60, None), ("SetCells", 7, "ash"), ("SetCells", 8, "ash")]
    again = open_cleaning(cleaning.file)
    assert again.log.equals(cleaning.log) and table_hash(again.table) == table_hash(cleaning.table)
    cleaning.undo(1)
    assert len(cleaning.table) == len(wines) and np.isnan(cleaning.table["ash"][8])
    cleaning.undo(0), cleaning.undo(0)
    assert table_hash(cleaning.table) == table_hash(wines)


def test_other_rows_with_the_same_numbers_are_left_alone(wines, cleaning):
    cleaning.apply(DropRows([5]))
    cleaning.apply(SetCells([7], "ash", [9.]))
    pipeline = cleaning.pipeline()
    assert table_hash(pipeline.transform(wines)) == table_hash(cleaning.table)  # the same rows
    others = wines.iloc[::-1].reset_index(drop=True)
    assert pipeline.transform(others).equals(others)


def test_a_step_that_is_built_on_a_row_keeps_it(cleaning):
    """A row that is dropped earlier can't be fixed later."""
    cleaning.apply(SetCells([7], "ash", [9.]))
    cleaning.apply(DropRows([7]))
    with pytest.raises(KeyError, match="there is no row 7"): cleaning.apply(SetCells([7], "ash", [2.]))
    cleaning.undo(0)
    assert cleaning.steps == ["DropRows"] and 7 not in cleaning.table.index


def test_labels_are_kept(wines):
    named = wines.set_index(pd.Index([f"wine {number}" for number in range(len(wines))]))
    dropped = DropRows([1]).fit_transform(named)
    assert dropped.index[:2].tolist() == ["wine 0", "wine 2"]
    assert SetCells([2], "ash", [9.]).fit_transform(named).loc["wine 2", "ash"] == 9
    gaps = wines[wines.index % 2 == 0]
    assert SetCells([4], "ash", [9.]).fit_transform(gaps)["ash"][4] == 9 and DropRows([4]).fit_transform(gaps).index[:3].tolist() == [0, 2, 6]
    numbers = np.array([1, 4])
    assert len(DropRows(numbers).fit_transform(wines)) == 176 and SetCells(numbers, "ash", [9., 9.]).fit_transform(wines)["ash"].max() == 9
    assert isinstance(make_pipeline(DropRows([0]), StandardScaler()).fit_transform(load_iris().data), np.ndarray)


@pytest.mark.parametrize("dtype, good, bad", [
    ("int64", 3, 2.5), ("Int64", None, "three"), ("float64", 3, "3,5"), ("bool", True, "maybe"), ("str", "red", 5), ("datetime64[ns]", "2024-05-01", "someday"),
    ("int8", 100, 300), ("category", "a", "z"), ("timedelta64[ns]", "2 days", "long"),
])
def test_a_value_has_to_be_one_of_the_column(dtype, good, bad):
    values = dict(bool=[True, False], str=["a", "b"], category=["a", "b"]).get(dtype, [1, 2])
    table = pd.DataFrame(dict(a=pd.Series(values).astype(dtype), b=[1., 2.]))
    after = SetCells([1], "a", [good]).fit_transform(table)
    assert after.dtypes.equals(table.dtypes) and after["a"].tolist()[0] == table["a"].tolist()[0]
    assert (pd.isna(after["a"][1]) if good is None else after["a"][1] == pd.Series([good]).astype(dtype)[0])
    with pytest.raises(ValueError, match="which can't hold"): SetCells([1], "a", [bad]).fit(table)


@pytest.mark.parametrize("step, error, words", [
    (DropRows(3), TypeError, "rows are a list of their numbers"), (DropRows("3"), TypeError, "rows are a list"),
    (DropRows([1.5]), TypeError, "rows are a list"), (DropRows(iter([1])), TypeError, "rows are a list"),
    (DropRows([-1]), KeyError, "there is no row -1; this table has 178 rows, with numbers from 0 to 177"), (KeepRows([178]), KeyError, "there is no row 178"),
    (DropRows([2, 2]), ValueError, "row 2 is named twice"), (SetCells([1], "nose", [1.]), KeyError, "there is no column 'nose'; there are alcohol"),
    (SetCells([1, 2], "ash", [1.]), ValueError, "there are 1 values for 2 rows"), (SetCells([1], "ash", "x"), ValueError, "which can't hold 'x'"),
])
def test_what_is_wrong_is_said(wines, step, error, words):
    with pytest.raises(error, match=words): step.fit(wines)


@pytest.mark.parametrize("table, words", [
    (pd.DataFrame(dict(a=[])), "0 rows"), (pd.DataFrame([[1, 2]], columns=["a", "a"]), "several columns are called 'a'"),
    (np.zeros(3), "two dimensions"), (pd.DataFrame(dict(a=[1, 2]), index=pd.MultiIndex.from_tuples([(0, 1), (0, 2)])), None),
])
def test_odd_tables(table, words):
    if words is None: assert len(DropRows([1]).fit_transform(table)) == 1  # labels of several levels are replaced by numbers, and come back
    else:
        with pytest.raises(ValueError, match=words): DropRows([0]).fit(table)


@pytest.mark.parametrize("values", [[np.nan, np.nan, np.nan], [np.inf, 1., -np.inf], [1., 1., 1.], ["a", 1, None]],
                         ids=["missing", "infinite", "constant", "mixed"])
def test_any_values_can_be_decided_about(values):
    table = pd.DataFrame(dict(a=values))
    assert DropRows([0]).fit_transform(table).index.tolist() == [1, 2]
    assert SetCells([0], "a", [values[1]]).fit_transform(table)["a"].equals(pd.Series([values[1], *values[1:]], dtype=table["a"].dtype))
