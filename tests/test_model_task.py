"""What a task is read as, for data that people have, and what is said of nonsense."""
import numpy as np
import pandas as pd
import pytest
import torch

from trainbook import Task
from trainbook.model.task import inputs_and_target

ROWS = np.zeros((6, 2))
TARGETS = {
    "texts": (["a", "b"] * 3, "binary"), "booleans": ([True, False] * 3, "binary"), "a tensor of 0. and 1.": (torch.tensor([0., 1.] * 3), "binary"),
    "a column": (np.array([[0], [1], [2]] * 2), "multiclass"), "pandas' own integers": (pd.Series([0, 1, 2] * 2, dtype="Int64"), "multiclass"),
    "categories": (pd.Series(list("abc") * 2, dtype="category"), "multiclass"), "fractions": ([.5, 1, 2, 3, 4, 5], "regression"),
    "whole numbers, all different": ([25, 346, 12, 99, 7, 80], "regression"), "labels": (np.array([[1, 1, 0], [0, 0, 0]] * 3), "multilabel"),
    "several numbers": (np.arange(12.).reshape(6, 2), "regression"),
}


@pytest.mark.parametrize("name", TARGETS)
def test_the_kind_of_a_target(name):
    target, kind = TARGETS[name]
    assert Task.of(ROWS, target).kind == kind


NONSENSE = {
    "no rows": (np.zeros((0, 2)), []), "one row": (np.zeros((1, 2)), [1]), "rows missing": (ROWS, [0, 1]), "a target of holes": (ROWS, [None, 1, 0, 1, 0, 1]),
    "NaN": (ROWS, [np.nan, 1, 0, 1, 0, 1]), "infinite": (np.full((6, 2), np.inf), [0, 1] * 3), "one value": (ROWS, [1] * 6), "a number": (5, [0, 1] * 3),
    "a text": ("abcdef", [0, 1] * 3), "no target": (ROWS, None), "a column that is not there": (pd.DataFrame(dict(a=[1, 2])), "b"),
    "five dimensions": (np.zeros((6, 1, 2, 2, 2)), [0, 1] * 3), "rows of different lengths": ([[1, 2], [3]], [0, 1]), "complex": (ROWS + 1j, [0, 1] * 3),
    "a scalar target": (ROWS, np.array(3)), "one-hot": (ROWS, np.eye(3)[[0, 1, 2, 0, 1, 2]]), "an infinite target": (ROWS, [np.inf, 1, 2.5, 3, 4, 5]),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_in_words(name):
    with pytest.raises((TypeError, ValueError, KeyError)) as caught: Task.of(*NONSENSE[name])
    assert caught.traceback[-1].path.parts[-3:-1] == ("trainbook", "model") and len(str(caught.value)) > 20


def test_holes_and_categories_are_counted():
    table = pd.DataFrame(dict(a=[1, None, 3, 4], b=["x", None, "x", "y"], c=[True, False, True, True], y=[0, 1, 0, 1]))
    task = Task.of(table, "y")
    assert (task.shape, task.holes, task.categories, task.counts) == ((3,), 2 / 12, ("b", "c"), (2, 2))


def test_inputs_are_as_they_were():
    table = pd.DataFrame(dict(a=[1., 2.], y=[0, 1]))
    X, y = inputs_and_target(table, "y")
    assert list(X) == ["a"] and list(table) == ["a", "y"] and y.tolist() == [0, 1]


def test_a_class_that_is_never_there_is_infinitely_rare():
    assert Task("multiclass", "table", 4, (2,), 3, (0, 1, 2), (2, 2, 0)).imbalance == float("inf")
