"""Every optimizer of the registry trains, keeps what the table says, and is advised where it can work."""
import sys

import pytest
import torch
from pytorch_optimizer.base.exception import NoSparseGradientError
from torch import nn

from trainbook.model.optimizer_advice import advise_optimizer
from trainbook.model.optimizers import FULL_BATCH, KINDS, SPARSE, UNFIT, kind_of_optimizer, make_optimizer, optimizers, state_bytes, state_memory, take_step

DENSE = [name for name in KINDS if name != "SparseAdam"]


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(1, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(24, 12), nn.Tanh(), nn.Linear(12, 1))


def learns(name: str, lr: float, steps: int = 40) -> bool:
    """Whether the loss falls by a twentieth: that is little, but no accident, as all rows are in the batch."""
    model, x = network(), torch.randn(128, 1, 8, generator=torch.Generator().manual_seed(0))
    optimizer = make_optimizer(name, model, lr)
    if KINDS[name].modes: optimizer.train()
    losses = [take_step(optimizer, KINDS[name], lambda: (model(x)[:, 0] - x[:, 0, 0]).square().mean()).item() for _ in range(steps)]
    return losses[-1] < .95 * losses[0]


@pytest.mark.parametrize("name", DENSE)
def test_each_one_learns_at_a_rate_of_its_range(name):
    low, middle, high = KINDS[name].rates(3)
    assert any(learns(name, lr) for lr in (middle, high, low))


@pytest.mark.parametrize("name", KINDS)
def test_with_sparse_gradients(name):
    """Those that are said to take them do, and no other one does."""
    torch.manual_seed(0)
    model = nn.EmbeddingBag(6, 3, sparse=True)
    def step(): take_step(make_optimizer(name, model), KINDS[name], lambda: model(torch.tensor([[0, 2]])).square().sum())
    if name in SPARSE: step()
    else:
        with pytest.raises((RuntimeError, NotImplementedError, NoSparseGradientError)): step()


@pytest.mark.parametrize("name, copies", [("SGD", 1), ("Adam", 2), ("AdEMAMix", 3), ("Adan", 4), ("Lion", 1)])
def test_state_is_counted(name, copies):
    assert state_memory(name) == pytest.approx(copies, abs=.02)
    model = network()
    optimizer = make_optimizer("SGD", model)
    assert state_bytes(optimizer) == 0
    take_step(optimizer, KINDS["SGD"], lambda: model(torch.ones(2, 1, 8)).sum())
    assert state_bytes(optimizer) == 4 * sum(parameter.numel() for parameter in model.parameters())


def test_state_memory_leaves_the_random_numbers():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    state_memory.cache_clear()
    state_memory("AdaHessian")
    assert torch.rand(1) == expected


def test_second_derivatives_leave_no_graph():
    model, x = network(), torch.randn(8, 1, 8)
    optimizer = make_optimizer("AdaHessian", model)
    take_step(optimizer, KINDS["AdaHessian"], lambda: model(x).square().mean())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_muon_steps_hidden_matrices_only():
    model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 2))
    hidden, others = make_optimizer("Muon", model, .02).param_groups
    assert hidden["params"] == [model[1].weight] and len(others["params"]) == 6
    assert (hidden["lr"], others["lr"]) == (.02, .002)


def test_frozen_parameters_are_left_out():
    model = network()
    model[0].requires_grad_(False)
    assert len(make_optimizer("AdamW", model).param_groups[0]["params"]) == 4


@pytest.mark.parametrize("given, error, message", [
    (("adamw", None), ValueError, "did you mean 'AdamW'"),
    (("Nothing", None), ValueError, "there is no optimizer 'Nothing'"),
    ((3, None), TypeError, "given by its name"),
    (("AdamW", float("nan")), ValueError, "a learning rate is a number above 0"),
    (("AdamW", -1.), ValueError, "a learning rate is a number above 0"),
    (("AdamW", True), ValueError, "a learning rate is a number above 0"),
    *[((name, None), ValueError, f"{name} is not offered") for name in UNFIT],
], ids=repr)
def test_nonsense(given, error, message):
    name, lr = given
    with pytest.raises(error, match=message): make_optimizer(name, network(), lr)


@pytest.mark.parametrize("loss", [torch.ones(3, requires_grad=True), "loss", None], ids=["vector", "text", "nothing"])
def test_a_loss_that_is_none(loss):
    model = network()
    with pytest.raises(ValueError, match="a loss is a tensor with one number"): take_step(make_optimizer("SGD", model), KINDS["SGD"], lambda: loss)


def test_without_the_extra(monkeypatch):
    monkeypatch.setattr("trainbook.run.needs.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'trainbook\[optim\]'"): make_optimizer("Lion", network())
    assert make_optimizer("AdamW", network())


def test_the_registry_is_lazy():
    assert "pytorch_optimizer" not in sys.modules or kind_of_optimizer("Lion").package == "pytorch_optimizer"
    table = optimizers()
    assert set(table["family"]) == {"classic", "adaptive", "second order", "schedule-free"} and len(table) == len(KINDS) >= 30
    assert (table["memory"] >= 0).all() and (table["highest_lr"] > table["lowest_lr"]).all()


# Advice

def test_advice_holds_what_it_promises():
    """The first one of each kind of model can be made and takes a step."""
    for model, x, options in [(network(), torch.randn(9, 1, 8), dict(batch_size=3)), (nn.Linear(4, 1), torch.randn(9, 4), dict(batch_size=9)),
                              (nn.EmbeddingBag(9, 2, sparse=True), torch.tensor([[1, 2]]), dict(batch_size=1))]:
        advice = advise_optimizer(model, 9, **options)
        name = str(advice.index[0])
        take_step(make_optimizer(name, model), KINDS[name], lambda: model(x).square().mean())
        assert advice["ruled_out"].iloc[0] == "" and advice["reasons"].iloc[0]


def test_what_is_ruled_out_comes_last():
    advice = advise_optimizer(nn.Sequential(nn.Linear(4, 4), nn.Dropout(.5)), 100, batch_size=100)
    assert advice.loc["LBFGS", "ruled_out"].startswith("compares losses of the same weights")
    assert (advice["ruled_out"] != "").tolist() == sorted((advice["ruled_out"] != "").tolist())
    assert set(FULL_BATCH) <= set(advice.index)


def test_memory_decides():
    model = nn.Linear(1000, 1000)
    free, short = (advise_optimizer(model, 1000, memory=memory) for memory in (1e9, 1e7))
    assert free.index[0] == "AdamW" and short.index[0] == "Adafactor" and "MiB" in short.loc["AdamW", "ruled_out"]


@pytest.mark.parametrize("options, message", [(dict(rows=0), "rows"), (dict(rows=9, batch_size=-1), "batch_size"), (dict(rows=9, memory=0), "memory"),
                                              (dict(rows="9"), "rows"), (dict(rows=9, steps=True), "steps")], ids=str)
def test_nonsense_for_advice(options, message):
    with pytest.raises(ValueError, match=f"{message} is a number above 0"): advise_optimizer(network(), **options)
