"""A race: what is equal for all, what hangs or fails is reported, Stop and Drop, the same seed and the same table, and nonsense."""
import multiprocessing
import os
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from trainbook import open_run
from trainbook.model import race as race_module
from trainbook.model.heats import Entrant, table_of
from trainbook.model.leaderboard import Leaderboard
from trainbook.model.optimizers import KINDS, OptimizerKind
from trainbook.model.race import race
from trainbook.model.trial import Setting, Trial, same_batches, start_of, train, validate
from trainbook.model.worker import Worker


def rows(count: int = 60, seed: int = 0) -> TensorDataset:
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 4, generator=random)
    return TensorDataset(x, x[:, :1] - 2 * x[:, 1:2] + .1 * torch.randn(count, 1, generator=random))


def network() -> nn.Module: return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(.1), nn.Linear(8, 1))


TRAIN, VALID = DataLoader(rows(), 10, shuffle=True), DataLoader(rows(35, 1), 20)


class Hangs(torch.optim.SGD):
    def step(self, closure=None): time.sleep(3600)


class Raises(torch.optim.SGD):
    def step(self, closure=None): raise RuntimeError("matrices of <b>this</b> shape\nare too much")


class Diverges(torch.optim.SGD):
    @torch.no_grad()
    def step(self, closure=None): self.param_groups[0]["params"][0].mul_(float("nan"))


class StandsStill(torch.optim.SGD):
    def step(self, closure=None): pass


class Dies(torch.optim.SGD):
    def step(self, closure=None): os.kill(os.getpid(), signal.SIGKILL)


def own(maker: type, name: str = "") -> OptimizerKind: return OptimizerKind(name or maker.__name__, "classic", "your own", 1e-3, 1e-1, maker=maker)


def run_race(folder, optimizers=("SGD", "AdamW"), **options):
    return race(network, TRAIN, VALID, nn.functional.mse_loss, optimizers, **dict(steps=12, rates=2, seeds=2, dir=folder, view=None, workers=2) | options)


@pytest.fixture(scope="module")
def rough(tmp_path_factory):
    """With all that can go wrong in a step."""
    return run_race(tmp_path_factory.mktemp("runs"), ["SGD", own(Hangs), own(Raises), own(Diverges), own(StandsStill), own(Dies), "AdamW"], patience=2.)


@pytest.mark.parametrize("name, reason", [
    ("Hangs", "killed: no step for 2 s"), ("Raises", "RuntimeError: matrices of <b>this</b> shape are too much"),
    ("Diverges", "FloatingPointError: the validation loss is nan"), ("StandsStill", "has not learned: validation loss"),
    ("Dies", "its process ended with exit code -9")])
def test_what_fails_is_reported(rough, name, reason):
    line = rough.table.loc[name]
    assert line["status"] == "failed" and line["note"].startswith(reason) and np.isnan(line["score"])


def test_the_others_are_not_hindered(rough):
    assert rough.table.loc[["SGD", "AdamW"], "status"].tolist() == ["done", "done"]
    assert rough.table.loc[["SGD", "AdamW"], "seeds"].tolist() == [2, 2]
    assert rough.best in ("SGD", "AdamW") and rough.note == "" and "trainings" in repr(rough)


def test_one_that_hangs_is_tried_once(rough):
    """Two workers may have begun it at the same moment."""
    assert 1 <= rough.trials["optimizer"].eq("Hangs").sum() <= 2


def test_no_process_is_left(rough): assert multiprocessing.active_children() == []


def test_the_winner_comes_back_trained(rough):
    inputs, targets = VALID.dataset.tensors
    loss = nn.functional.mse_loss(rough.model(inputs), targets).item()
    assert loss == pytest.approx(rough.run.history("val_loss")[-1][1], rel=1e-5) and rough.run.status == "finished"
    assert open_run(rough.run.path).config["optimizer"] == rough.best and not rough.model.training
    assert all(open_run(path).config["lr"] == lr for path, lr in rough.trials[["path", "lr"]].dropna().itertuples(index=False))


def test_the_same_seed_gives_the_same_table(tmp_path):
    """To the last bit, with dropout, a shuffled loader, and an optimizer that draws random numbers; on one worker or on two."""
    first, second = (run_race(tmp_path, ["SGD", "AdaHessian", "Rprop"], workers=workers) for workers in (1, 2))
    assert first.table.equals(second.table) and len(first.table) == 3
    assert first.trials.drop(columns=["seconds", "path"]).equals(second.trials.drop(columns=["seconds", "path"]))


def test_all_begin_alike_and_see_the_same_batches(tmp_path):
    """Their first validation and their first loss are the same, as neither has made a step."""
    found = run_race(tmp_path, ["SGD", "AdamW", "AdaHessian"], halve=False)
    for (_, _), trials in found.trials.groupby(["seed", "steps"]):
        starts = {(open_run(path).history("val_loss")[0], open_run(path).history("loss")[0]) for path in trials["path"]}
        assert len(starts) == 1


def test_a_model_that_is_given_starts_with_its_weights(tmp_path):
    model = network()
    before = [parameter.clone() for parameter in model.parameters()]
    found = race(model, TRAIN, VALID, nn.functional.mse_loss, ["SGD", "AdamW"], steps=4, rates=1, seeds=2, dir=tmp_path, view=None)
    assert all(torch.equal(one, other) for one, other in zip(before, model.parameters()))
    assert len({open_run(path).history("val_loss")[0] for path in found.trials["path"]}) == 1 and found.model is not model


def test_a_metric_decides(tmp_path):
    def agreement(outputs, targets): return ((outputs > 0) == (targets > 0)).float().mean()
    found = run_race(tmp_path, metric=agreement, halve=False)
    scores = found.table["score"].tolist()
    assert scores == sorted(scores, reverse=True) and 0 <= scores[1] <= scores[0] <= 1
    assert found.run.history("val_score")[-1][1] <= 1


def test_equal_time(tmp_path):
    found = run_race(tmp_path, ["AdamW"], steps=None, seconds=.4, rates=1, seeds=1)
    assert found.table["status"].tolist() == ["done"] and found.run.step > 4


def test_the_worse_half_leaves(tmp_path):
    found = run_race(tmp_path, ["SGD", "AdamW", "Rprop", "Adagrad", "Adam"], rates=1, seeds=1)
    left = found.table[found.table["status"] == "dropped"]
    assert len(left) == 2 and left["score"].isna().all() and left["early"].min() >= found.table.loc[found.table["status"] == "done", "early"].max()


# Stop, Drop, the budget, an interrupt

@pytest.fixture
def board(monkeypatch):
    """The leaderboard of the next race, with what clicks in it: on another thread, as clicks come."""
    made = []
    class Board(Leaderboard):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append(self)
        def click(self, request, /, **given): threading.Thread(target=self.receive, args=(dict(id=request, request=request, arguments=given),)).start()
    monkeypatch.setattr(race_module, "Leaderboard", Board)
    return made


def once(board, act):
    """Does something as soon as the one that hangs does so."""
    def is_due(): return board and any(row["name"] == "Hangs" and row["note"] for row in board[0].shown["candidates"])
    def wait():
        while not is_due(): time.sleep(.1)
        time.sleep(1)
        act()
    threading.Thread(target=wait, daemon=True).start()


def test_stop_gives_the_table_so_far(tmp_path, board):
    once(board, lambda: board[0].click("stop"))
    found = run_race(tmp_path, ["SGD", own(Hangs)], patience=300., limit=300.)
    assert found.note == "stopped by hand" and found.best is None and found.model is None
    assert found.table["status"].tolist() == ["stopped", "stopped"] and len(found.trials)
    assert multiprocessing.active_children() == [] and board[0].shown["is_over"]


def test_drop_goes_on_with_the_others(tmp_path, board):
    once(board, lambda: board[0].click("drop", name="Hangs"))
    found = run_race(tmp_path, [own(Hangs), "SGD", "AdamW"], patience=300., limit=300.)
    assert found.table["status"].to_dict() == {"SGD": "done", "AdamW": "done", "Hangs": "dropped"}
    assert found.note == "" and found.table.loc["Hangs", "note"] == "dropped by hand"


def test_an_interrupt_stops_it(tmp_path, board):
    once(board, lambda: os.kill(os.getpid(), signal.SIGINT))
    found = run_race(tmp_path, [own(Hangs), "SGD"], patience=300., limit=300.)
    assert found.note == "interrupted" and found.table.loc["Hangs", "status"] == "stopped"


def test_the_budget_ends_it(tmp_path):
    found = run_race(tmp_path, [own(Hangs), "SGD"], patience=300., limit=300., budget=3)
    assert found.note == "ended after its 3 s" and len(found.table) == 2


def test_too_slow_is_killed(tmp_path):
    class Slow(torch.optim.SGD):
        def step(self, closure=None): time.sleep(.3)
    found = run_race(tmp_path, [own(Slow), "SGD"], steps=400, limit=5.)
    assert found.table.loc["Slow", "note"].startswith("killed: too slow, after")


# The table

def entrants(**scores): return [Entrant(KINDS[name], "done", .1, early=1., scores=dict(enumerate(given))) for name, given in scores.items()]


@pytest.mark.parametrize("mode, best", [("min", "SGD"), ("max", "Adam")])
def test_the_best_is_first(mode, best): assert table_of(entrants(SGD=[.1, .2], Adam=[.3, .4]), mode).index[0] == best


def test_differences_are_paired():
    """Means are a tenth of their spread apart, but the difference is the same with each seed."""
    table = table_of(entrants(SGD=[1., 2., 3.], Adam=[1.1, 2.101, 3.102], AdamW=[.9, 2.3, 2.9]), "min")
    assert table["verdict"].to_dict() == {"SGD": "best", "Adam": "worse", "AdamW": "not distinguishable"}
    assert table.loc["Adam", "behind"] == pytest.approx(.101)


def test_one_that_was_dropped_can_not_win():
    """It may have been ahead when it was dropped, with fewer seeds."""
    some = entrants(SGD=[.1], Adam=[.3, .4])
    some[0].status = "dropped"
    table = table_of(some, "min")
    assert table.index.tolist() == ["Adam", "SGD"] and table["verdict"].tolist() == ["best", ""]


def test_a_race_leaves_the_random_numbers(tmp_path):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    run_race(tmp_path, ["SGD"], steps=2, rates=1, seeds=1)
    assert torch.rand(1) == expected


def test_one_seed_tells_nothing(): assert table_of(entrants(SGD=[.1], Adam=[.3]), "min")["verdict"].tolist() == ["best", "one seed"]


# What is equal in trials

@pytest.mark.parametrize("loader", [
    DataLoader(rows(), 8, shuffle=True), DataLoader(rows(), 8, shuffle=True, generator=torch.Generator()),
    DataLoader(rows(), 8, sampler=RandomSampler(rows(), replacement=True, num_samples=70))], ids=["shuffled", "own generator", "with replacement"])
def test_the_same_batches(loader):
    def seen(seed, noise):
        batches = same_batches(loader, seed)
        return [(next(batches)[0].sum().item(), torch.rand(noise))[0] for _ in range(20)]
    torch.manual_seed(5)
    first = seen(0, 0)
    torch.manual_seed(6)
    assert seen(0, 3) == first != seen(1, 0)


def test_the_mean_counts_each_row_once():
    """The last batch is smaller."""
    setting, model = Setting(network, TRAIN, VALID, nn.functional.mse_loss, ()), start_of(network, 0)
    inputs, targets = VALID.dataset.tensors
    found = validate(setting, model)["val_loss"]
    assert found == pytest.approx(nn.functional.mse_loss(model.eval()(inputs), targets).item(), rel=1e-6)


@pytest.mark.parametrize("name", ["ScheduleFreeAdamW", "ScheduleFreeSGD"])
def test_schedule_free_is_measured_with_its_mean_weights(tmp_path, name):
    """What is measured last is what is saved."""
    setting, paths = Setting(network, TRAIN, VALID, nn.functional.mse_loss, (KINDS[name],)), []
    train(setting, Trial(name, .01, 0, tmp_path, steps=20, is_kept=True), paths.append)
    from trainbook.train.checkpoint import Checkpoints
    run, model = open_run(paths[0]), network()
    Checkpoints(run).load("last", model)
    assert validate(setting, model)["val_loss"] == pytest.approx(run.history("val_loss")[-1][1], rel=1e-6)


# Workers

def test_a_fresh_process_knows_what_a_cell_defined():
    """As on a GPU or on macOS, where a process can't be forked."""
    factor = 3
    worker = Worker(lambda task, tell: tell(task * factor), "spawn")
    worker.begin(14)
    assert worker.connection.poll(120) and worker.news()[0] == ("told", 42)
    worker.kill()


def test_what_a_worker_prints_goes_nowhere(capfd):
    worker = Worker(lambda task, tell: print("here"), "fork")
    worker.begin(None)
    worker.connection.poll(20)
    worker.kill()
    assert capfd.readouterr().out == ""


# Nonsense

def loader(*tensors, **options): return DataLoader(TensorDataset(*tensors), 4, **options)


X, Y = torch.randn(8, 4), torch.randn(8, 1)


NONSENSE = [
    (dict(train_dl=[(X, Y)]), TypeError, "train_dl is a DataLoader"),
    (dict(valid_dl=loader(X)), ValueError, "valid_dl gives pairs of inputs and targets"),
    (dict(train_dl=DataLoader(TensorDataset(X[:0], Y[:0]))), ValueError, "train_dl gives no batch"),
    (dict(train_dl=loader(X, Y, num_workers=1)), ValueError, "give num_workers=0"),
    (dict(train_dl=loader(X * float("nan"), Y)), ValueError, "the loss of the first batch is nan"),
    (dict(loss_func=nn.MSELoss(reduction="none")), ValueError, r"loss_func gives a tensor with one number; got \(4, 1\)"),
    (dict(loss_func=lambda outputs, targets: 3), ValueError, "loss_func gives a tensor with one number; got int"),
    (dict(model=lambda: 3), TypeError, "it made a int"),
    (dict(optimizers="SGD"), TypeError, "a list of names"), (dict(optimizers=[]), ValueError, "each once"),
    (dict(optimizers=["SGD", "SGD"]), ValueError, "each once"), (dict(optimizers=["Kron"]), ValueError, "Kron is not offered"),
    (dict(steps=0), ValueError, "steps is a number above 0"), (dict(steps=5, seconds=1.), ValueError, "either steps or seconds"),
    (dict(seeds=-1), ValueError, "seeds is a number above 0"), (dict(budget=float("nan")), ValueError, "budget is a number above 0"),
]


@pytest.mark.parametrize("changed, error, message", NONSENSE, ids=[f"{place} {next(iter(changed))}" for place, (changed, *_) in enumerate(NONSENSE)])
def test_nonsense(tmp_path, changed, error, message):
    given = dict(model=network, train_dl=loader(X, Y), valid_dl=loader(X, Y), loss_func=nn.functional.mse_loss, optimizers=["SGD"], steps=4)
    with pytest.raises(error, match=message): race(**given | changed, dir=tmp_path, view=None)
    assert multiprocessing.active_children() == []


def test_a_kind_with_one_rate(tmp_path):
    kind = replace(KINDS["SGD"], lowest=.01, highest=.01)
    assert run_race(tmp_path, [kind, "AdamW"], rates=1).table.loc["SGD", "lr"] == pytest.approx(.01)
