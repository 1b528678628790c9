"""Each choice of a loss takes outputs and targets of the form that it names, and what can't be chosen is refused."""
import numpy as np
import pytest
import torch
from torch import nn

from trainbook import Task, loss_for
from trainbook.model.losses import QuantileLoss

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))


def uneven(rare, common=60): return np.r_[np.zeros(common), np.ones(rare)].astype(int)


TASKS = {
    "binary": (Task.of(X, np.arange(60) % 2), (8, 1), torch.ones(8, 1), nn.BCEWithLogitsLoss),
    "names": (Task.of(X, np.array(["no", "yes"] * 30)), (8, 1), torch.ones(8, 1), nn.BCEWithLogitsLoss),
    "multiclass": (Task.of(X, np.arange(60) % 4), (8, 4), torch.arange(8) % 4, nn.CrossEntropyLoss),
    "multilabel": (Task.of(X, rng.integers(0, 2, (60, 5))), (8, 5), torch.ones(8, 5), nn.BCEWithLogitsLoss),
    "regression": (Task.of(X, rng.normal(size=60)), (8, 1), torch.ones(8, 1), nn.MSELoss),
    "several numbers": (Task.of(X, rng.normal(size=(60, 2))), (8, 2), torch.ones(8, 2), nn.MSELoss),
    "segmentation": (Task.of(np.zeros((4, 1, 8, 8)), np.arange(256).reshape(4, 8, 8) % 3), (2, 3, 8, 8), torch.zeros(2, 8, 8).long(), nn.CrossEntropyLoss),
    "next token": (Task.of(np.arange(40).reshape(4, 10) % 7, (np.arange(40).reshape(4, 10) + 1) % 7, kind="next_token"), (4, 7, 10),
                   torch.zeros(4, 10).long(), nn.CrossEntropyLoss),
}


@pytest.mark.parametrize("name", TASKS)
def test_it_takes_what_it_says(name):
    task, shape, target, kind = TASKS[name]
    choice = loss_for(task)
    assert type(choice.loss) is kind and choice.outputs == shape[1]
    outputs = torch.zeros(shape, requires_grad=True)
    loss = choice.loss(outputs, target)
    loss.backward()
    assert loss.ndim == 0 and loss.isfinite() and "\n" not in repr(choice)


@pytest.mark.parametrize(("rare", "factor"), [(7, None), (6, 10.), (3, 20.), (2, 30.)])
def test_two_classes_of_which_one_is_rare(rare, factor):
    y = uneven(rare)
    choice = loss_for(Task.of(np.zeros((len(y), 2)), y))
    found = choice.loss.pos_weight
    assert (found is None) if factor is None else found.item() == pytest.approx(factor)
    common = loss_for(Task.of(np.zeros((len(y), 2)), 1 - y)).loss.pos_weight
    assert (common is None) if factor is None else common.item() == pytest.approx(1 / factor)


def test_no_weight_is_above_a_hundred():
    y = np.r_[np.zeros(5000), np.ones(5000), 2].astype(int)
    weight = loss_for(Task.of(np.zeros((len(y), 2)), y, kind="multiclass")).loss.weight
    assert weight[2] == 100 and torch.allclose(weight[:2], torch.tensor(10001 / 15000))


@pytest.mark.parametrize("scale", [1e-6, 1., 1e6])
def test_values_that_lie_far_out(scale):
    y = rng.normal(size=60) * scale
    assert isinstance(loss_for(Task.of(X, y), y).loss, nn.MSELoss)
    y[0] = 100 * scale
    choice = loss_for(Task.of(X, y), torch.tensor(y))
    assert isinstance(choice.loss, nn.HuberLoss) and "1.7% of the targets" in choice.reason
    assert choice.loss.delta == pytest.approx(np.subtract(*np.quantile(y, [.75, .25])) / 1.349)


def test_quantiles_have_an_output_each():
    task = Task.of(X, rng.normal(size=60))
    choice = loss_for(task, quantiles=[.1, .9])
    assert isinstance(choice.loss, QuantileLoss) and choice.outputs == 2 and choice.loss(torch.zeros(8, 2), torch.ones(8)).item() > 0
    assert loss_for(task, quantiles=.5).outputs == 1 and loss_for(task, quantiles=.5).loss(torch.zeros(8, 1), torch.ones(8)).item() == .5


task = TASKS["regression"][0]
NONSENSE = {
    "no task": (lambda: loss_for(X), TypeError, "takes a task"),
    "other rows": (lambda: loss_for(task, np.zeros(5)), ValueError, "5 targets for a task of 60 rows"),
    "quantiles of classes": (lambda: loss_for(TASKS["multiclass"][0], quantiles=[.5]), ValueError, "of a single number"),
    "quantiles of several": (lambda: loss_for(TASKS["several numbers"][0], quantiles=[.5]), ValueError, "of a single number"),
    "per cent": (lambda: loss_for(task, quantiles=[10, 90]), ValueError, "between 0 and 1"),
    "holes": (lambda: loss_for(task, np.full(60, np.nan)), ValueError, "finite"),
    "texts": (lambda: loss_for(task, ["a"] * 60), ValueError, "numbers"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_is_refused(case):
    attempt, error, words = NONSENSE[case]
    with pytest.raises(error, match=words): attempt()
