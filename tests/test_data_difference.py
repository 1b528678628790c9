"""The difference of two tables leads back and forth bit for bit, and its log tells of every cell that differs and of no other."""
import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pandas.testing import assert_frame_equal

from trainbook.data.content import table_hash
from trainbook.data.difference import Difference, records

TEXT = some.text(string.ascii_letters + "é \n", max_size=4)
OBJECTS = some.one_of(some.none(), some.integers(-3, 3), some.sampled_from([0., -0., 1., float("nan"), float("inf")]), some.booleans(), TEXT,
                      some.lists(some.integers(0, 3), max_size=2))
COLUMNS = dict(
    number=lambda n: some.lists(some.sampled_from([0., -0., 1., .5, float("nan"), float("inf"), 1e-320]), min_size=n, max_size=n).map(lambda of: np.array(of)),
    small=lambda n: some.lists(some.sampled_from([0., -0., 2., float("nan")]), min_size=n, max_size=n).map(lambda of: np.array(of, dtype="float32")),
    whole=lambda n: some.lists(some.integers(-2**62, 2**62), min_size=n, max_size=n).map(lambda of: np.array(of, dtype="int64")),
    nullable=lambda n: some.lists(some.one_of(some.none(), some.integers(0, 3)), min_size=n, max_size=n).map(lambda of: pd.array(of, dtype="Int64")),
    yes=lambda n: some.lists(some.booleans(), min_size=n, max_size=n).map(lambda of: np.array(of, dtype=bool)),
    text=lambda n: some.lists(some.one_of(some.none(), TEXT), min_size=n, max_size=n).map(lambda of: pd.array(of, dtype="str")),
    kind=lambda n: some.lists(some.sampled_from(["a", "b", None]), min_size=n, max_size=n).map(lambda of: pd.Categorical(of, categories=["b", "a"])),
    day=lambda n: some.lists(some.one_of(some.none(), some.datetimes(min_value=pd.Timestamp(1900, 1, 1), max_value=pd.Timestamp(2100, 1, 1))),
                             min_size=n, max_size=n).map(lambda of: pd.to_datetime(pd.Series(of, dtype="datetime64[us]")).array),
    anything=lambda n: some.lists(OBJECTS, min_size=n, max_size=n).map(lambda of: pd.Series(of, dtype=object).array))


@some.composite
def tables(draw) -> pd.DataFrame:
    """Some of these columns, in any order, with some of ten rows, in any order."""
    rows = draw(some.permutations(range(10)).flatmap(lambda order: some.integers(0, 10).map(lambda n: order[:n])))
    names = draw(some.permutations(sorted(COLUMNS)).flatmap(lambda order: some.integers(0, len(order)).map(lambda n: order[:n])))
    kinds = {name: draw(some.sampled_from([name, "number", "anything"])) for name in names}
    return pd.DataFrame({name: pd.Series(draw(COLUMNS[kind](len(rows))), index=rows) for name, kind in kinds.items()}, index=rows, columns=pd.Index(names))


@settings(max_examples=100, deadline=None)
@given(tables(), tables())
def test_there_and_back(before, after):
    difference = Difference.between(before, after)
    assert_frame_equal(difference.undo(after), before)
    assert_frame_equal(difference.redo(before), after)
    assert table_hash(difference.undo(after)) == table_hash(before) and table_hash(difference.redo(before)) == table_hash(after)
    assert difference or table_hash(before) == table_hash(after)
    assert not Difference.between(before, before.copy())


@settings(max_examples=100, deadline=None)
@given(tables(), tables())
def test_the_log_tells_of_what_differs_and_of_no_more(before, after):
    log = [*records(Difference.between(before, after))]
    assert {row["row"] for row in log if row["what"] == "row dropped"} == {*before.index} - {*after.index}
    assert {row["row"] for row in log if row["what"] == "row added"} == {*after.index} - {*before.index}
    assert {row["column"] for row in log if row["what"] == "column removed"} == {*before} - {*after}
    told = {(row["row"], row["column"]) for row in log if row["what"] == "cell"}
    differ = {(row, name) for name in {*before} & {*after} for row in {*before.index} & {*after.index} if differs(before.at[row, name], after.at[row, name])}
    assert told == differ


def differs(old, new) -> bool:
    """Said anew and in another way: by what Python prints of two values, of which numbers may have another type."""
    if isinstance(old, list) or isinstance(new, list): return str(old) != str(new)
    if pd.isna(old) or pd.isna(new): return not (pd.isna(old) and pd.isna(new))
    is_yes = [isinstance(value, bool | np.bool_) for value in (old, new)]
    if is_yes[0] != is_yes[1]: return True
    texts = [isinstance(value, str) for value in (old, new)]
    if texts[0] != texts[1]: return True
    if old == 0 and new == 0: return str(float(old)) != str(float(new))
    return bool(old != new)


@pytest.mark.parametrize("change", [dict(a=[1., 2., 3.]), dict(b=["x", "y", "Z"])])
def test_a_change_of_one_cell_is_one_record(change):
    before = pd.DataFrame(dict(a=[1., 2., np.nan], b=["x", "y", "z"]))
    (row,) = records(Difference.between(before, before.assign(**change)))
    assert (row["what"], row["row"], row["column"]) == ("cell", 2, *change)


def test_nothing_is_held_of_what_is_the_same():
    """The difference of a large table and its changed copy is as large as the change."""
    before = pd.DataFrame(np.random.default_rng(0).random((100_000, 4)), columns=[*"abcd"])
    after = before.copy()
    after.loc[7, "b"] = 0
    old = Difference.between(before, after).old
    assert not old.whole and not len(old.rest) and {name: len(cells) for name, cells in old.cells.items()} == dict(a=0, b=1, c=0, d=0)
