"""What a run is asked for happens between two steps, once, and what it is not asked for stays as it was."""
import copy
import faulthandler
import itertools
import json
import math
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch
from test_device_values import far, gpu  # noqa: F401 - a fixture
from torch import nn
from torch.optim import SGD, Adam, lr_scheduler, swa_utils
from torch.utils.data import DataLoader, TensorDataset

from trainbook import list_runs, open_run, watch
from trainbook.run.control import Command, leave


def events(run, kind="command"): return [event for event in run.events() if event["event"] == kind]


def outcome(run, id):
    """What came of a command, which was written down once, after it was asked for."""
    asked, came = (event for event in events(run) if event["id"] == id)
    assert asked["status"] == "requested" != came["status"]
    return came


def settled(run, id): return sum(event["id"] == id for event in events(run)) == 2


def until(condition, of=""):
    for _ in range(2000):
        if condition(): return
        time.sleep(.005)
    raise TimeoutError(of or condition)


@pytest.fixture
def helper():
    """Threads that act while the test's own thread trains; what they raise fails the test."""
    threads, errors = [], []
    def start(work, *arguments):
        def guarded():
            try: work(*arguments)
            except BaseException as error: errors.append(error)
        threads.append(threading.Thread(target=guarded, daemon=True))
        threads[-1].start()
        return threads[-1]
    faulthandler.dump_traceback_later(60, exit=False)
    yield start
    for thread in threads: thread.join(20)
    faulthandler.cancel_dump_traceback_later()
    assert not errors and not any(thread.is_alive() for thread in threads), errors


# Learning rate

def half(epoch): return .5 ** (epoch / 4)


SCHEDULERS = dict(
    LambdaLR=lambda o: lr_scheduler.LambdaLR(o, [half, lambda epoch: 1 / (1 + epoch)]),
    MultiplicativeLR=lambda o: lr_scheduler.MultiplicativeLR(o, lambda epoch: .9),
    StepLR=lambda o: lr_scheduler.StepLR(o, 3, .5),
    MultiStepLR=lambda o: lr_scheduler.MultiStepLR(o, [2, 5, 9], .3),
    ConstantLR=lambda o: lr_scheduler.ConstantLR(o, .25, 6),
    LinearLR=lambda o: lr_scheduler.LinearLR(o, .1, 1., 8),
    ExponentialLR=lambda o: lr_scheduler.ExponentialLR(o, .9),
    SequentialLR=lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, .1, 1., 5), lr_scheduler.CosineAnnealingLR(o, 9)], [5]),
    ChainedScheduler=lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(o, .1, 4), lr_scheduler.ExponentialLR(o, .9)], optimizer=o),
    PolynomialLR=lambda o: lr_scheduler.PolynomialLR(o, 20, 2.),
    CosineAnnealingLR=lambda o: lr_scheduler.CosineAnnealingLR(o, 6, 1e-4),
    CosineAnnealingWarmRestarts=lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 4, 2),
    ReduceLROnPlateau=lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=2, factor=.5),
    CyclicLR=lambda o: lr_scheduler.CyclicLR(o, [.01, .02], [.1, .3], 4),
    OneCycleLR=lambda o: lr_scheduler.OneCycleLR(o, [.1, .3], total_steps=40),
    SWALR=lambda o: swa_utils.SWALR(o, [.05, .07], anneal_epochs=6),
)


def test_no_scheduler_of_torch_is_forgotten():
    found = {name for module in (lr_scheduler, swa_utils) for name, kind in vars(module).items()
             if isinstance(kind, type) and issubclass(kind, lr_scheduler.LRScheduler)}
    assert found - {"LRScheduler", "_LRScheduler"} == SCHEDULERS.keys()


def nothing(optimizer): return None


def trained(kind=SGD, as_tensor=False, scheduler=nothing):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1)).double()
    rate = (lambda value: torch.tensor(value, dtype=torch.float64)) if as_tensor else float
    more = dict(momentum=.9) if kind is SGD else dict(foreach=False)
    optimizer = kind([dict(params=model[0].parameters(), lr=rate(.1)), dict(params=model[1].parameters(), lr=rate(.03))], **more)
    return model, optimizer, scheduler(optimizer)


def rates(optimizer): return [float(group["lr"]) for group in optimizer.param_groups]


def advance(model, optimizer):
    optimizer.zero_grad()
    loss = (model(torch.ones(2, 3, dtype=torch.float64)) - 1).square().mean()
    loss.backward()
    optimizer.step()
    return loss


def turn(scheduler):
    if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau): scheduler.step(1.)
    elif scheduler is not None: scheduler.step()


def near(a, b): np.testing.assert_allclose(a, b, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("as_tensor, kind, first", [(False, SGD, False), (True, SGD, False), (True, Adam, False),
                                                    (False, Adam, True), (True, SGD, True)],
    ids=["SGD", "SGD-tensor", "Adam-tensor", "Adam-before", "SGD-tensor-before"])
def test_a_scaled_rate_is_so_many_times_its_twins(tmp_path, name, as_tensor, kind, first):
    """Two scalings, then both undone; `first`: the scheduler goes before the optimizer."""
    factors = [1.] * 3 + [.5] * 3 + [.15] * 4 + [.5] * 3 + [1.] * 4
    model, optimizer, scheduler = trained(kind, as_tensor, SCHEDULERS[name])
    _, twin, twins_scheduler = trained(kind, as_tensor, SCHEDULERS[name])
    groups = [*optimizer.param_groups, *twin.param_groups]
    tensors = [group["lr"] for group in groups]
    in_force, wanted = [], []
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        optimizer.register_step_pre_hook(lambda *_: in_force.append(rates(optimizer)))
        twin.register_step_pre_hook(lambda *_: wanted.append(rates(twin)))
        for step in run.steps(len(factors)):
            if first: turn(scheduler); turn(twins_scheduler)
            loss = advance(model, optimizer)
            twin.step()
            assert rates(optimizer) == rates(twin)
            run.log(loss=loss)
            if not first: turn(scheduler); turn(twins_scheduler)
            assert rates(optimizer) == rates(twin)
            kept = [group["lr"] is tensor for group, tensor in zip(groups, tensors)]  # torch 2.6 has schedulers that put a number there
            if as_tensor: assert kept[:2] == kept[2:]
            if step == 2: run.scale_lr(.5)
            if step == 5: run.scale_lr(.3)
            if step in (9, 12): run.undo()
    wanted = np.array(factors)[:, None] * wanted
    near(in_force, wanted)
    near(run.frame()[["learning_rate", "learning_rate_1"]].to_numpy(), wanted)
    assert "learning_rate_2" not in run.frame()


@pytest.mark.parametrize("k", [.5, .3, 1.7])
def test_training_with_a_scaled_rate_is_training_with_that_rate(tmp_path, k):
    """The weights say what rate was in force, whatever hooks say."""
    weights = []
    for scaled in (True, False):
        model, optimizer, _ = trained()
        if not scaled:
            for group in optimizer.param_groups: group["lr"] *= k
        with watch(model, optimizer, dir=tmp_path, view=None) as run:
            if scaled: run.scale_lr(k)
            for _ in run.steps(8): advance(model, optimizer)
        weights.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert torch.equal(*weights)


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("as_tensor", [False, True], ids=["float", "tensor"])
def test_a_step_that_raises_leaves_the_rates_right(tmp_path, name, as_tensor):
    """As when the loop goes on with the next batch after running out of memory."""
    model, optimizer, scheduler = trained(SGD, as_tensor, SCHEDULERS[name])
    _, twin, twins_scheduler = trained(SGD, as_tensor, SCHEDULERS[name])
    in_force, wanted = [], []
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        optimizer.register_step_pre_hook(lambda *_: in_force.append(rates(optimizer)))
        run.scale_lr(.5)
        for step in run.steps(6):
            if step == 2:
                with pytest.raises(MemoryError): optimizer.step(lambda: (_ for _ in ()).throw(MemoryError()))
                wanted.append(rates(twin))
                continue
            advance(model, optimizer)
            wanted.append(rates(twin))
            twin.step()
            turn(scheduler); turn(twins_scheduler)
    assert rates(optimizer) == rates(twin)
    near(in_force, .5 * np.array(wanted))


def test_a_checkpoint_after_a_step_that_raised_has_the_own_rate(tmp_path):
    model, optimizer, _ = trained()
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        run.scale_lr(.5)
        for step in run.steps(3):
            if step == 1:
                with pytest.raises(MemoryError): optimizer.step(lambda: (_ for _ in ()).throw(MemoryError()))
            if step == 2: assert [group["lr"] for group in optimizer.state_dict()["param_groups"]] == [.1, .03]


def test_lbfgs_with_a_closure(tmp_path):
    weights = []
    for k in (.5, None):
        torch.manual_seed(0)
        model = nn.Linear(3, 1).double()
        optimizer, x = torch.optim.LBFGS(model.parameters(), lr=.4 if k else .2, max_iter=3), torch.randn(8, 3).double()
        def closure():
            optimizer.zero_grad()
            loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
            loss.backward()
            return loss
        with watch(model, optimizer, dir=tmp_path, view=None) as run:
            if k: run.scale_lr(k)
            for _ in run.steps(4): run.log(loss=optimizer.step(closure))
        assert run.frame()["learning_rate"].tolist() == [.2] * 4
        assert optimizer.param_groups[0]["lr"] == (.4 if k else .2)
        weights.append(model.weight.detach().clone())
    assert torch.equal(*weights)


def test_grad_scaler(tmp_path):
    """Steps it leaves out for their infinite gradients neither."""
    model, optimizer, scheduler = trained(SGD, False, SCHEDULERS["ExponentialLR"])
    model.float()
    scaler, in_force = torch.amp.GradScaler("cpu", init_scale=4.), []
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        optimizer.register_step_pre_hook(lambda *_: in_force.append((run.step, *rates(optimizer))))
        run.scale_lr(.5)
        for step in run.steps(8):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16): loss = model(torch.ones(2, 3)).float().square().mean()
            scaler.scale(loss * (math.inf if step == 3 else 1)).backward()
            scaler.step(optimizer)
            scaler.update()
            assert rates(optimizer) == pytest.approx([.1 * .9**step, .03 * .9**step], rel=1e-12)
            scheduler.step()
    assert [step for step, *_ in in_force] == [1, 2, 3, 5, 6, 7, 8]
    near(in_force, [(step, .05 * .9**(step - 1), .015 * .9**(step - 1)) for step, *_ in in_force])


def test_a_compiled_step(tmp_path):
    """Through dynamo without code generation, which takes half a minute here."""
    weights = []
    for compiled in (True, False):
        model, optimizer, scheduler = trained(SGD, False, SCHEDULERS["ExponentialLR"])
        step = torch.compile(advance, backend="eager") if compiled else advance
        with watch(model, optimizer, dir=tmp_path, view=None, every=0) as run:
            for i in run.steps(6):
                run.log(loss=step(model, optimizer).detach())
                scheduler.step()
                if i == 2: run.scale_lr(.3)
        near(run.frame()["learning_rate"], [.1 * .9**i * (.3 if i > 2 else 1) for i in range(6)])
        near(rates(optimizer), [.1 * .9**6, .03 * .9**6])
        weights.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    torch._dynamo.reset()
    near(*weights)


def test_all_optimizers_are_scaled_and_each_rate_is_noted_before_its_step(tmp_path):
    models = dict(g=nn.Linear(2, 2), d=nn.Linear(2, 1))
    optimizers = dict(g=SGD(models["g"].parameters(), lr=.1), d=Adam(models["d"].parameters(), lr=.01))
    in_force = []
    with watch(models, optimizers, dir=tmp_path, view=None) as run:
        for optimizer in optimizers.values():
            optimizer.register_step_pre_hook(lambda optimizer, *_: in_force.append(rates(optimizer)[0]))
        run.scale_lr(.5)
        for _ in run.steps(2):
            models["d"](models["g"](torch.ones(1, 2))).sum().backward()
            for optimizer in optimizers.values(): optimizer.step()
            run.log(loss=1.)
    assert in_force == [.05, .005] * 2
    assert run.frame()[["learning_rate/g", "learning_rate/d"]].to_numpy().tolist() == [[.05, .005]] * 2


@pytest.mark.says("scale_lr is refused")
def test_nothing_to_scale(tmp_path):
    with watch(nn.Linear(1, 1), dir=tmp_path, view=None) as run:
        for step in run.steps(2):
            if not step: id = run.scale_lr(.5)
    came = outcome(run, id)
    assert came["status"] == "refused" and "watch(model, optimizer)" in came["reason"] and not run.info["steering"]["can_scale"]


@pytest.mark.parametrize("factors", [(.5, .3), (.7, .1, .9), (1 / 3, 3., .6)])
def test_what_is_undone_leaves_no_trace(tmp_path, factors):
    model, optimizer, _ = trained()
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        for step in run.steps(3):
            if step == 0: ids = [run.scale_lr(k) for k in factors]
            if step == 1:
                assert run.learning_rate.factor == pytest.approx(math.prod(factors))
                for id in ids: run.undo(id)
            run.log(loss=1.)
    assert run.learning_rate.factor == 1 and run.frame()["learning_rate"].iloc[-1] == .1


# Nothing else is touched

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(.3))
        self.frozen = nn.Sequential(nn.BatchNorm1d(16), nn.Dropout(.5))
        self.head = nn.Linear(16, 1)

    def forward(self, x): return self.head(self.frozen(self.body(x)))


def modes(model): return [module.training for module in model.modules()]


def training(tmp_path, disturb=None, evaluate=None, helper=None):
    torch.manual_seed(0); random.seed(0); np.random.seed(0)
    data = TensorDataset(torch.randn(64, 6), torch.randn(64, 1))
    model, losses = Net(), []
    model.frozen.eval()
    found = modes(model)
    optimizer = Adam(model.parameters(), lr=.01)
    with watch(model, optimizer, dir=tmp_path, view=None, evaluate=evaluate) as run:
        for epoch in run.epochs(3):
            for x, y in run.batches(DataLoader(data, 8, shuffle=True)):
                assert modes(model) == found and torch.is_grad_enabled()
                x = x + .1 * random.random() + .1 * float(np.random.rand())
                loss = (model(x) - y).square().mean()
                loss.backward(); optimizer.step(); optimizer.zero_grad()
                losses.append(loss.item())
                run.log(loss=loss)
                if disturb: disturb(run)
    random_states = torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()
    return run, losses, copy.deepcopy(model.state_dict()), random_states


def same(one, other):
    assert one[1] == other[1] and one[3] == other[3]
    assert all(torch.equal(a, b) for a, b in zip(one[2].values(), other[2].values()))


def look(run):
    """An evaluation that leaves traces of all kinds."""
    model, total = run.model, 0.
    assert not any(modes(model)) and not torch.is_grad_enabled()
    for x, in run.batches(DataLoader(TensorDataset(torch.randn(32, 6)), 8, shuffle=True), valid=True):
        total += model(x + random.random() + np.random.rand()).mean().item()
    model.train()  # and forgets it
    torch.set_grad_enabled(True)
    return dict(val_loss=total, accuracy=np.float32(.5))


def test_pause_resume_and_evaluate_change_no_bit(tmp_path, helper):
    def disturb(run):
        if run.step in (1, 5, 16, 20): run.evaluate()
        if run.step in (3, 8, 16):
            run.pause()
            helper(resume_when_paused, run)
    def resume_when_paused(run):
        until(lambda: run.status == "paused")
        run.resume()
    plain, steered = training(tmp_path), training(tmp_path, disturb, look)
    same(plain, steered)
    run = steered[0]
    assert {event["status"] for event in events(run)} == {"requested", "applied"} and len(events(run)) == 20
    assert [event["status"] for event in events(run, "status")] == ["paused", "running"] * 3 + ["finished"]
    validations = events(run, "validation")
    assert [(event["status"], event["step"]) for event in validations] == [("evaluated", step) for step in (1, 5, 16, 20)]
    assert all(event["metrics"].keys() == {"val_loss", "accuracy"} for event in validations)
    assert not len(run.frame("valid")) and "accuracy" not in run.frame()
    assert run.frame()["loss"].tolist() == pytest.approx(steered[1], rel=1e-6) and len(run.frame()) == 24


@pytest.mark.parametrize("wrong, said", [
    (lambda run: (run.model.train(), torch.rand(3), random.random(), np.random.rand(), 1 / 0), "ZeroDivisionError"),
    (lambda run: .3, "not 0.3"),
    (lambda run: dict(val_loss="low"), "low"),
    (lambda run: (_ for _ in ()).throw(ValueError("no data")), "no data"),
], ids=["raises", "number", "text", "ValueError"])
@pytest.mark.says("evaluate is failed")
def test_an_evaluation_that_fails_is_said_and_nothing_more(tmp_path, wrong, said):
    ids = []
    def disturb(run):
        if run.step in (2, 9): ids.append(run.evaluate())
    plain, steered = training(tmp_path), training(tmp_path, disturb, wrong)
    same(plain, steered)
    for id in ids:
        came = outcome(steered[0], id)
        assert came["status"] == "failed" and said in came["reason"], came
    assert steered[0].status == "finished" and not events(steered[0], "validation")


@pytest.mark.says("evaluate is refused: nothing to evaluate with")
def test_nothing_to_evaluate_with(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for step in run.steps(2):
            if not step: id = run.evaluate()
    came = outcome(run, id)
    assert came["status"] == "refused" and "evaluate=f" in came["reason"] and not run.info["steering"]["can_evaluate"]


@pytest.mark.says("evaluate is refused: an evaluation is under way")
def test_evaluate_within_evaluate(tmp_path):
    ids = []
    def within(run):
        ids.append(run.evaluate())
        for _ in run.batches("ab", valid=True): pass
        return dict(val_loss=1.)
    with watch(dir=tmp_path, view=None, evaluate=within) as run:
        for step in run.steps(3):
            if step == 1: ids.append(run.evaluate())
    outer, inner = (outcome(run, id) for id in ids)
    assert (outer["status"], inner["status"]) == ("applied", "refused") and "under way" in inner["reason"]
    assert len(events(run, "validation")) == 1


@pytest.mark.parametrize("with_batches", [False, True])
def test_evaluate_while_paused(tmp_path, helper, with_batches):
    """The run remains paused; a second one too."""
    def evaluate(run):
        for _ in run.batches("abc", valid=True) if with_batches else "abc": pass
        return dict(val_loss=.5)
    done = []
    def act():
        until(lambda: run.status == "paused")
        try:
            for _ in range(2):
                id = run.evaluate()
                until(lambda: settled(run, id), "the evaluation has no outcome while the run is paused")
                done.append((outcome(run, id)["status"], run.status, run.step))
        finally: run.resume()
    with watch(dir=tmp_path, view=None, evaluate=evaluate) as run:
        for step in run.steps(5):
            if step == 2:
                run.pause()
                helper(act)
    assert done == [("applied", "paused", 3)] * 2
    assert (run.status, run.step) == ("finished", 5) and len(events(run, "validation")) == 2


def test_pause_and_resume_within_an_evaluation(tmp_path, helper):
    def evaluate(run):
        for i in run.batches(range(4), valid=True):
            if i == 1: run.pause()
        return dict(val_loss=.5)
    def act():
        until(lambda: run.status == "paused")
        run.resume()
    with watch(dir=tmp_path, view=None, evaluate=evaluate) as run:
        for step in run.steps(5):
            if step == 2:
                run.evaluate()
                helper(act)
    assert (run.status, run.step) == ("finished", 5)
    assert [event["status"] for event in events(run)] == ["requested"] * 2 + ["applied", "requested", "applied", "applied"]


# Many at a time

WRITER = """
import random, sys
from trainbook import open_run
run = open_run(sys.argv[1])
for _ in range(int(sys.argv[2])): random.choice(
    [run.pause, run.resume, lambda: run.scale_lr(2.), lambda: run.scale_lr(.5), lambda: run.early_stop(True),
     lambda: run.early_stop(False), run.undo, lambda: run.stop(when="epoch"), run.undo])()
"""
CHOICES = [("pause", {}), ("resume", {}), ("scale_lr", dict(factor=2.)), ("scale_lr", dict(factor=.5)), ("early_stop", dict(on=True)),
           ("early_stop", dict(on=False)), ("undo", {}), ("stop", dict(when="epoch")), ("undo", {})]


def test_a_thousand_opposite_commands(tmp_path, helper):
    """Two panels and another process; the epoch has no end, so that nothing ends but by the stop at last."""
    model, optimizer, _ = trained()
    run = watch(model, optimizer, dir=tmp_path, view=None, every=0)
    asked, others = [], []
    def panel():
        for _ in range(350):
            name, arguments = random.choice(CHOICES)
            asked.append(run.request(Command(name, arguments, by="panel", route="subshell")))
            time.sleep(0)
    def all_of_them():
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(run.path), "300"], stderr=subprocess.PIPE, text=True)
        panels = [helper(panel) for _ in range(2)]
        try:
            for thread in panels: thread.join()
            _, said = writer.communicate(timeout=40)
            assert writer.returncode == 0, said
            until(lambda: not list((run.path/"inbox").iterdir()))
            with pytest.raises(RuntimeError, match="thread that trains"): run.commands.obey(Command("pause"))
        finally: others.extend((run.resume(), run.stop()))
    with run:
        for epoch in run.epochs(2):
            for i in run.batches(itertools.count()):
                if i == 0: helper(all_of_them)
                optimizer.step()
                if i % 10 == 0: run.log(val_loss=1.)
    assert (run.status, run.progress["epoch"]) == ("stopped", 0)
    outcomes = {}
    for event in events(run): outcomes.setdefault(event["id"], []).append(event["status"])
    assert len(outcomes) == 1002 and {*asked, *others} < outcomes.keys()
    assert {tuple(states) for states in outcomes.values()} <= {("requested", "applied"), ("requested", "refused")}
    refused = [event for event in events(run) if event["status"] == "refused"]
    assert all(event["command"] == "undo" and "nothing to undo" in event["reason"] for event in refused)
    assert sum(event["route"] == "inbox" for event in events(run)) == 600
    assert rates(optimizer) == [.1, .03]


# Validations

@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_stop_in_a_validation(tmp_path, at):
    """The figures of a part are no row, and do not count; those of all batches are and do."""
    with watch(dir=tmp_path, view=None, early_stop=3) as run:
        for epoch in run.epochs(3):
            for _ in run.batches("ab"): run.log(loss=1.)
            seen = 0
            for i in run.batches(range(4), valid=True):
                seen += 1
                if (epoch, i) == (1, at): run.stop(), run.stop()  # once, it would be finished
            run.log(val_loss=.5 - seen / 100 - epoch / 10, learned=epoch)
    whole = at == 3
    assert run.status == "stopped" and run.step == 4
    assert len(run.frame("valid")) == 1 + whole and run.frame()["learned"].dropna().tolist() == [0, 1]
    assert run.early_stopper.patience.best == pytest.approx(.36 if whole else .46) and run.early_stopper.patience.waited == 0
    partial = [] if whole else [("partial", 4, dict(val_loss=pytest.approx(.4 - (at + 1) / 100)))]
    assert [(event["status"], event["step"], event["metrics"]) for event in events(run, "validation")] == partial


@pytest.mark.parametrize("at", ["training", 0, 1, 3])
@pytest.mark.parametrize("within", [True, False])
def test_a_validation_is_finished(tmp_path, at, within):
    """A script's own best goes by the mean over all batches, whenever the stop came, with and without `with`."""
    run, own = watch(dir=tmp_path, view=None), []
    def train():
        for epoch in run.epochs(3):
            for i in run.batches("ab"):
                if (epoch, i, at) == (1, "b", "training"): run.stop()
            own.append(0)
            for i in run.batches(range(4), valid=True):
                own[-1] += 1
                if (epoch, i) == (1, at): run.stop()
            run.log(val_loss=own[-1])
    if within:
        with run: train()
    else: train()
    assert own == [4, 4] and (run.status, run.step) == ("stopped", 4)
    assert run.frame("valid")["val_loss"].tolist() == [4, 4] and events(run, "validation") == []
    run.finish()


def test_a_stop_in_an_evaluation(tmp_path):
    def evaluate(run):
        seen = 0
        for i in run.batches(range(4), valid=True):
            seen += 1
            if i == 1: run.stop(), run.stop()
        run.log(val_loss=.01)
        return dict(val_loss=seen / 100)
    with watch(dir=tmp_path, view=None, early_stop=3, evaluate=evaluate) as run:
        for epoch in run.epochs(2):
            for i in run.batches(range(5)):
                if (epoch, i) == (1, 2): id = run.evaluate()
            if not run.info["steering"]["stopping"]: run.log(val_loss=.5)
    assert (run.status, run.step, run.early_stopper.patience.best) == ("stopped", 8, .5)
    assert run.frame("valid")["val_loss"].tolist() == [.5] and outcome(run, id)["status"] == "applied"
    assert {event["status"] for event in events(run, "validation")} == {"partial"}
    assert events(run, "validation")[-1]["metrics"] == dict(val_loss=.02)


# Early stopping

def epochs(run, values, between=lambda epoch: None, metric="val_loss"):
    with run:
        for epoch in run.epochs(len(values)):
            for _ in run.batches("ab"): pass
            run.log({metric: values[epoch]})
            between(epoch)
    return run


nan = math.nan


@pytest.mark.parametrize("settings, values, end", [
    (dict(early_stop=2), [5, 4, 4, 4.5, 1, 1], 4),
    (dict(early_stop=2), [5, 4, 4, 3, 3, 2], None),
    (dict(early_stop=dict(patience=2, min_delta=.5)), [5, 4.8, 4.6, 1, 1], 3),
    (dict(early_stop=1, mode="max"), [1, 2, 1, 3], 3),
    (dict(early_stop=dict(mode="max", patience=2)), [1, 1, 1, 1], 3),
    (dict(early_stop=2), [5, nan, nan, 1], 3),
    (dict(early_stop=2), [nan, nan, 1], 2),
    (dict(early_stop=2), [nan, 5, nan, 4, math.inf, 1, 1], None),
    (dict(early_stop=2, mode="max"), [1, math.inf, nan, 3], 3),
    (dict(early_stop=True), [1] * 6, 4),
], ids=range(10))
def test_early_stopping_stops_at_the_right_epoch(tmp_path, settings, values, end):
    run = epochs(watch(dir=tmp_path, view=None, **settings), values)
    assert (run.status, run.step) == ("stopped" if end else "finished", 2 * (end or len(values)))
    info = open_run(run.path).info
    assert (info["reason"] or "").startswith("early stopping: ") == bool(end), info["reason"]
    assert [(event["status"], event["step"]) for event in events(run, "early_stop")] == ([("stopped", 2 * end)] if end else [])


def test_another_metric_and_a_loop_of_steps(tmp_path):
    run = watch(dir=tmp_path, view=None, monitor="score", mode="max", early_stop=3)
    for step in run.steps(100): run.log(score=min(step, 5), val_loss=1.)
    assert (run.status, run.step) == ("stopped", 9)
    assert run.info["reason"] == "early stopping: score no better than 5 (step 6) for 3 checks"


@pytest.mark.says("val_loss is logged again at step 0")
def test_patience_that_ends_with_the_last_epoch_stops_nothing(tmp_path):
    run = watch(dir=tmp_path, view=None, early_stop=2)
    for epoch in run.epochs(3): run.log(val_loss=1.)
    assert (run.status, run.info["reason"]) == ("finished", None)


def test_off_it_says_once_what_it_would_have_done(tmp_path):
    run = epochs(watch(dir=tmp_path, view=None), [1] * 9)
    assert run.status == "finished" and run.info["reason"] is None
    event, = events(run, "early_stop")
    assert (event["status"], event["step"], event["metric"], event["best"], event["best_step"]) == ("would_stop", 8, "val_loss", 1, 2)
    assert run.info["steering"]["early_stop"]["would_stop"] == 8


def test_settings_changed_in_the_middle_judge_what_was_recorded(tmp_path):
    ids, states = [], []
    def between(epoch):
        if epoch == 3: ids.append(run.early_stop(patience=9, min_delta=.5))
        if epoch == 5: ids.append(run.early_stop(True, monitor="val_accuracy", mode="max", min_delta=0.))
        if epoch == 6: ids.append(run.undo(ids[1]))
        if epoch == 7: ids.append(run.early_stop(True, patience=2))
        states.append((run.early_stopper.patience.best, run.early_stopper.patience.best_step, run.early_stopper.patience.waited))
    values = [5., 4., 3.8, 3.7, 3.6, 3.5, 3.4, 3.6, 3.6, 3.6]
    run = watch(dir=tmp_path, view=None)
    with run:
        for epoch in run.epochs(10):
            for _ in run.batches("ab"): pass
            run.log(val_loss=values[epoch], val_accuracy=1 / values[epoch])
            between(epoch)
    assert [outcome(run, id)["status"] for id in ids] == ["applied"] * 4
    assert states[:4] == [(5., 2, 0), (4., 4, 0), (3.8, 6, 0), (3.7, 8, 0)]
    assert states[4:6] == [(4., 4, 3), (4., 4, 4)]
    assert states[6] == (1 / 3.4, 14, 0)
    assert states[7] == (3.4, 14, 1)
    assert (run.status, run.step) == ("stopped", 18)


@pytest.mark.parametrize("late", [False, True])
def test_a_value_that_arrives_late_stops_at_its_own_epoch(tmp_path, gpu, late):  # noqa: F811 - the fixture
    gpu.arrived = not late
    run = epochs(watch(dir=tmp_path, view=None, early_stop=2), [far(value) for value in (3., 2., 2., 2., 1., 1.)])
    assert (run.status, run.step) == ("stopped", 8) and run.info["reason"].startswith("early stopping: val_loss no better than 2 (step 4)")


def test_a_late_value_in_a_loop_of_steps(tmp_path, gpu):  # noqa: F811 - the fixture
    """It stops when it is there, and the event has the step it belongs to."""
    gpu.arrived = False
    run = watch(dir=tmp_path, view=None, monitor="loss", early_stop=2)
    for step in run.steps(50):
        run.log(loss=far(1.))
        if step == 9: gpu.arrived = True
    event, = events(run, "early_stop")
    assert run.status == "stopped" and run.step < 20 and event["step"] == 3


@pytest.mark.parametrize("by", ["log", pytest.param("far", marks=pytest.mark.says("trainbook has a fault in logging")), "again"])
def test_what_is_logged_within_an_evaluation_does_not_count(tmp_path, gpu, by):  # noqa: F811 - the fixture
    gpu.arrived = by != "far"
    def evaluate(run):
        run.log(val_loss=far(.01) if by == "far" else .01)
        return dict(val_loss=.01)
    with watch(dir=tmp_path, view=None, early_stop=5, evaluate=evaluate) as run:
        for epoch in run.epochs(3):
            for i in run.batches("ab"):
                if epoch == 1 and i == "a": run.evaluate()
            if epoch == 1 and by == "again": run.early_stop(patience=4)
            run.log(val_loss=1. - epoch / 10)
    assert (run.early_stopper.patience.best, run.early_stopper.patience.best_step, run.early_stopper.patience.waited) == (.8, 6, 0)


def test_turned_off_after_it_has_decided_it_does_not_stop(tmp_path):
    with watch(dir=tmp_path, view=None, early_stop=2) as run:
        for epoch in run.epochs(2):
            for i in run.batches(range(10)):
                run.log(val_loss=1.)
                if (epoch, i) == (0, 4):
                    assert run.info["steering"]["stopping"] == "epoch"
                    run.early_stop(False)
    assert (run.status, run.step) == ("finished", 20)


# A training in a terminal

TRAIN = """
import sys, time
import torch
from torch import nn
from trainbook import watch
torch.set_num_threads(1)
model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(.5), nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=.01)
def evaluate(run):
    return dict(val_loss=sum(model(x).square().mean() for x in torch.randn(4, 8, 4)))
run = watch(model, optimizer, dir=sys.argv[1], evaluate=evaluate)
for epoch in run.epochs(2):
    for x in run.batches(torch.randn(8, 4) for _ in range(10**6)):
        loss = model(x).square().mean()
        loss.backward(); optimizer.step(); optimizer.zero_grad()
        run.log(loss=loss)
        time.sleep(.001)
print("after", run.status, model(torch.ones(1, 4)).shape)
"""


def test_a_training_in_a_terminal_is_steered_from_elsewhere(tmp_path, capsys):
    (tmp_path/"train.py").write_text(TRAIN)
    process = subprocess.Popen([sys.executable, "train.py", "runs"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert "recording to" in process.stdout.readline()
        run = open_run(list_runs(tmp_path/"runs").index[0])
        until(lambda: run.info["progress"]["step"] > 20)
        delays, came = [], []
        def ask(name, *arguments, **more):
            time.sleep(random.random() / 10)  # any moment of the clerk's round
            began = time.time()
            id = getattr(run, name)(*arguments, **more)
            until(lambda: settled(run, id), name)
            asked, applied = (event for event in events(run) if event["id"] == id)
            assert (asked["status"], applied["status"], applied["route"]) == ("requested", "applied", "inbox"), applied
            assert 0 <= applied["step"] - asked["step"] <= 1, (asked, applied)
            delays.append((asked["time"] - began, applied["time"] - asked["time"]))
            came.append(applied)
            return applied
        for round in range(3):
            paused = ask("pause")
            until(lambda: run.status == "paused")
            if round: ask("evaluate")
            assert run.status == "paused" and ask("scale_lr", .5)["step"] == paused["step"]
            until(lambda: run.info["steering"]["learning_rate"] == pytest.approx(.01 * .5 ** (round + 1)))
            assert run.info["steering"]["paused_since"]
            ask("resume")
            until(lambda: run.status == "running")
        ask("evaluate")
        ask("undo")
        ask("early_stop", True, patience=10**6)
        until(lambda: run.info["steering"]["early_stop"]["patience"] == 10**6 and run.info["steering"]["early_stop"]["on"])
        ask("stop", when="epoch"); ask("undo"); ask("stop")
        said, complaints = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert "after stopped torch.Size([1, 1])" in said and process.returncode == 0, complaints
    assert run.status == "stopped" and len(run.frame()) == came[-1]["step"]
    assert len(events(run, "validation")) == 3 and all(event["status"] == "evaluated" for event in events(run, "validation"))
    rate = run.frame()["learning_rate"]
    assert sorted(set(rate)) == pytest.approx([.00125, .0025, .005, .01])
    seen, done = zip(*delays)
    with capsys.disabled(): print(
        f"\nrequested to seen: median {statistics.median(seen)*1e3:.0f} ms, worst {max(seen)*1e3:.0f} ms of {len(seen)}; "
        f"seen to applied: median {statistics.median(done)*1e3:.1f} ms, worst {max(done)*1e3:.1f} ms")


def test_a_reader_sees_at_once_how_the_run_stands(tmp_path):
    model, optimizer, _ = trained()
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        for epoch in run.epochs(1):
            for i in run.batches("ab"):
                if i == "b": state = open_run(run.path).info["steering"]
                else: run.scale_lr(.5); run.stop(when="epoch"); run.early_stop(patience=4)
    assert (state["learning_rate_scale"], state["stopping"], state["early_stop"]["patience"]) == (.5, "epoch", 4)
    assert state["learning_rate"] == .05


# Undo, and what can't be done

@pytest.mark.says("undo is refused")
def test_undo_restores(tmp_path):
    model, optimizer, _ = trained()
    ids, states = [], []
    with watch(model, optimizer, dir=tmp_path, view=None, early_stop=dict(patience=7, on=False)) as run:
        for epoch in run.epochs(1):
            for i in run.batches(range(7)):
                steering = run.info["steering"]
                states.append((steering["learning_rate_scale"], steering["stopping"], steering["early_stop"]["patience"],
                               steering["early_stop"]["on"]))
                if i == 0: ids += [run.scale_lr(.25), run.early_stop(True, patience=2), run.stop(when="epoch")]
                if i in (1, 2, 3): ids.append(run.undo())
                if i == 4: ids += [run.undo(id) for id in ids[:3]] + [run.undo(), run.undo("no such command")]
    assert run.status == "finished"
    assert states == [(1., None, 7, False), (.25, "epoch", 2, True), (.25, None, 2, True), (.25, None, 7, False)] + [(1., None, 7, False)] * 3
    came = [outcome(run, id) for id in ids]
    assert [event["status"] for event in came] == ["applied"] * 6 + ["refused"] * 5
    assert [event.get("undoable", False) for event in came] == [True] * 3 + [False] * 8
    assert all("undo" in event["reason"] for event in came[6:])


def test_two_stops_taken_back_in_the_order_they_came(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for epoch in run.epochs(2):
            for i in run.batches(range(4)):
                if (epoch, i) == (0, 0): ids = [run.stop(when="epoch"), run.stop(when="epoch")]
                if (epoch, i) == (0, 1): undone = [run.undo(id) for id in ids]
    assert [outcome(run, id)["status"] for id in undone] == ["applied"] * 2
    assert (run.status, run.step) == ("finished", 8)


def test_one_of_two_stops_taken_back(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for epoch in run.epochs(2):
            for i in run.batches(range(4)):
                if (epoch, i) == (0, 0): ids = [run.stop(when="epoch"), run.stop(when="epoch")]
                if (epoch, i) == (0, 1): run.undo(ids[0])
    assert (run.status, run.step) == ("stopped", 4)


def test_a_stop_now_is_not_taken_back_with_an_earlier_one(tmp_path):
    """All three come between the same two steps."""
    with watch(dir=tmp_path, view=None) as run:
        for epoch in run.epochs(2):
            for i in run.batches(range(4)):
                if (epoch, i) == (0, 1): ids = [run.stop(when="epoch"), run.stop(), run.undo()]
    assert outcome(run, ids[1])["status"] == "applied" and (run.status, run.step) == ("stopped", 2)


def test_two_changes_taken_back_in_the_order_they_came(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for step in run.steps(4):
            if step == 0: ids = [run.early_stop(True), run.early_stop(patience=9)]
            if step == 1: run.undo(ids[0])
            if step == 2:
                first = run.early_stopper.rule
                run.undo(ids[1])
    assert (first.on, first.patience) == (False, 9)
    assert (run.early_stopper.rule.on, run.early_stopper.rule.patience) == (False, 3)


BAD = [("stop", dict(when="soon")), ("stop", dict(when=3)), ("scale_lr", dict(factor=0)), ("scale_lr", dict(factor=-1.)),
       ("scale_lr", dict(factor="half")), ("scale_lr", dict(factor=True)), ("scale_lr", dict(factor=nan)), ("scale_lr", dict(factor=math.inf)),
       ("scale_lr", dict(factor=None)), ("early_stop", dict(on=1)), ("early_stop", dict(on="yes")), ("early_stop", dict(patience=0)),
       ("early_stop", dict(patience=2.5)), ("early_stop", dict(patience=True)), ("early_stop", dict(min_delta=-1)),
       ("early_stop", dict(min_delta=nan)), ("early_stop", dict(mode="up")), ("early_stop", dict(monitor="")),
       ("early_stop", dict(monitor=3)), ("undo", dict(id=3)), ("undo", dict(id=["a"]))]
WORSE = [("fly", {}), ("pause", dict(when="step")), ("resume", dict(x=1)), ("evaluate", dict(x=1)), ("scale_lr", {}), ("scale_lr", dict(factor=2., x=1)),
         ("early_stop", dict(x=1)), ("undo", dict(x=1)), ("_obey", {})]


@pytest.mark.parametrize("name, arguments", BAD, ids=[f"{name}-{value}" for name, given in BAD for value in given.values()])
def test_bad_arguments_raise_at_once(tmp_path, name, arguments):
    model, optimizer, _ = trained()
    run = watch(model, optimizer, dir=tmp_path, view=None, evaluate=lambda run: {})
    with pytest.raises((ValueError, TypeError)): getattr(run, name)(**arguments)
    assert not events(run) and not run.recorder.mailbox.waiting
    run.finish()


def test_bad_files_in_the_inbox_are_refused_with_a_reason(tmp_path):
    model, optimizer, _ = trained()
    with watch(model, optimizer, dir=tmp_path, view=None, evaluate=lambda run: {}) as run:
        ids, inbox = [], run.path/"inbox"
        for name, arguments in BAD + WORSE:
            ids.append((command := Command(name, arguments, by="elsewhere")).id)
            leave(inbox, command)
        for i, text in enumerate(["{", "[]", "7", '{"command": "stop", "arguments": []}', '{"command": 5}', '{"x": 1}', "", "\x00"]):
            (inbox/f"{i}.json").write_text(text)
        before = run.info["steering"]
        for step in run.steps(10**6):
            if not list(inbox.iterdir()): break
            time.sleep(.01)
        for step in run.steps(1): pass
        assert run.info["steering"] == before
    unreadable = [event for event in events(run) if event["command"] == "unreadable" and event["status"] == "requested"]
    assert sorted(event["by"] for event in unreadable) == [f"{i}.json" for i in range(8)]
    for id in ids + [event["id"] for event in unreadable]:
        came = outcome(run, id)
        assert came["status"] == "refused" and came["reason"], came
    lines = (run.path/"events.jsonl").read_text().splitlines()
    def no_json(text): raise ValueError(f"{text} is no JSON, and no browser reads it")
    for line in lines: json.loads(line, parse_constant=no_json)


def test_the_same_command_twice_is_one(tmp_path):
    model, optimizer, _ = trained()
    command = Command("scale_lr", dict(factor=.5))
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        for _ in run.steps(3): run.request(command)
    assert outcome(run, command.id)["status"] == "applied" and run.learning_rate.factor == .5


@pytest.mark.says("is refused, the run is finished")
def test_what_was_asked_of_a_run_that_is_over_is_refused(tmp_path):
    model, optimizer, _ = trained()
    with watch(model, optimizer, dir=tmp_path, view=None, evaluate=lambda run: {}) as run:
        for step in run.steps(2): pass
    ids = [run.pause(), run.resume(), run.scale_lr(.5), run.evaluate(), run.early_stop(True), run.undo(), run.stop()]
    assert all("the run is finished" in outcome(run, id)["reason"] for id in ids)
    with pytest.raises(RuntimeError, match="can't pause: it is finished"): open_run(run.path).pause()
    assert not optimizer._optimizer_step_pre_hooks and not optimizer._optimizer_step_post_hooks


# Clocks

def test_a_pause_distorts_no_figure(tmp_path, helper):
    """What is expected follows from the times the run wrote down itself."""
    def act():
        until(lambda: run.status == "paused")
        time.sleep(1.2)  # longer than from one system row to the next
        run.resume()
    with watch(dir=tmp_path, view=None) as run:
        for i in run.batches([torch.zeros(4, 1)] * 400):
            if run.step == 1: began = run.progress["began"]
            time.sleep(.0005)
            if run.step == 40:
                run.pause()
                helper(act)
        moved = run.progress["began"] - began
    paused, resumed, *_ = [event["time"] for event in events(run, "status")]
    assert moved == pytest.approx(resumed - paused, abs=.1) and moved >= 1.2
    rows = run.frame("system")
    assert len(rows) and not rows["_time"].between(paused, resumed).any()
    first = rows[rows["_time"] > resumed].iloc[0]
    steps = first.name - 40
    assert first["steps_per_second"] * (first["_time"] - resumed) == pytest.approx(steps, rel=.2)
    assert first["samples_per_second"] == pytest.approx(4 * first["steps_per_second"])
    assert (rows["watching"] < 1).all() and (rows["data_wait"] < 1).all()


@pytest.mark.says("does not tell whether low or high is good")
def test_whatever_lies_in_the_inbox_the_run_goes_on_and_ends(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        inbox = run.path/"inbox"
        (inbox/"0.json").mkdir()
        os.mkfifo(inbox/"1.json")
        (inbox/"2.json").symlink_to("/etc/passwd")
        (inbox/"3.json").write_text("[" * 200_000)
        (inbox/"4.json").write_text('{"command": "pause\\ud800"}')
        (inbox/"5.json").write_text('{"command": "stop", "by": 5}')
        (inbox/"6.json").write_text('{"command": "stop", "by": "\\u001b[2J"}')
        (inbox/"7.json").write_text('{"command": "stop", "id": "../../evil"}')
        (inbox/"8.json").write_text('{"command": "early_stop", "arguments": {"monitor": "\\ud800"}}')
        stop = None
        for step in run.steps(1000):
            time.sleep(.01)
            if stop is None and [event["status"] for event in events(run)][-1:] == ["applied"]: stop = open_run(run.path).stop()
    assert run.status == "stopped" and run.step < 1000 and run.is_over
    for id in {event["id"] for event in events(run)}: outcome(run, id)
    assert sorted(event["command"] for event in events(run) if event["status"] == "applied") == ["early_stop", "stop"]
    assert not list(tmp_path.glob("**/*evil*"))


@pytest.mark.says("which was not logged so far")
def test_batches_that_are_fetched_on_another_thread(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for epoch in run.epochs(2):
            thread = threading.Thread(target=lambda: list(run.batches(range(20))))
            if epoch == 0: id = run.early_stop(True)
            thread.start(); thread.join()
    assert run.status == "finished" and run.step == 40 and outcome(run, id)["status"] == "applied"


def test_a_run_that_is_ended_in_a_pause_lets_its_loop_go(tmp_path):
    run = watch(dir=tmp_path, view=None)
    def end():
        while run.status != "paused": time.sleep(.01)
        run.finish()
    ending = threading.Thread(target=end)
    for step in run.steps(3):
        if step == 1:
            run.pause()
            ending.start()
    ending.join()  # the loop goes on as soon as the run has an end, which is written down after that
    assert run.status in ("finished", "stopped") and run.is_over and open_run(run.path).status == run.status


@pytest.mark.says("early_stop is refused")
def test_early_stopping_is_taken_back_with_what_it_decided(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for epoch in run.epochs(4):
            for step in run.steps(2):
                if (epoch, step) == (0, 1): id = run.early_stop(True, patience=1)
                run.log(val_loss=1.)
                if (epoch, step) == (1, 0):
                    assert run.stopping == "epoch"
                    run.request(Command("early_stop", dict(delta=1)))
                    run.loop.edge()
                    assert run.stopping == "epoch"  # what was refused has changed nothing
                    run.undo(id)
    assert (run.status, run.step, run.info["reason"]) == ("finished", 8, None)
    assert [event["status"] for event in events(run, "early_stop")] == ["stopped", "taken_back", "would_stop"]  # off, it only says so


@pytest.mark.says("val_loss is logged again at step 0", "stop is refused: this loop has no epochs")
def test_steps_after_epochs_have_no_epoch(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for epoch in run.epochs(2): run.log(val_loss=1.)
        id = run.stop(when="epoch")
        for step in run.steps(5): pass
        assert outcome(run, id)["status"] == "refused" and step == 4
        run.early_stop(True, patience=1)
        for step in run.steps(5): run.log(val_loss=1.)
    assert (run.status, step) == ("stopped", 0)


def test_a_pause_that_was_broken_off_does_not_stick(tmp_path):
    run = watch(dir=tmp_path, view=None)
    def interrupt():
        while run.status != "paused": time.sleep(.01)
        for _ in range(2): signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        for step in run.steps(5):
            run.pause()
            run.loop.poll = lambda: [signal.raise_signal(signal.SIGINT) for _ in range(2)] if run.status == "paused" else None
    run.loop.poll = None
    assert (run.status, run.info["steering"]["paused_since"]) == ("stopped", None)
    for step in run.steps(5): pass
    assert (run.status, step) == ("finished", 4)
    run.finish()


@pytest.mark.says("scale_lr is refused")
def test_factors_are_taken_back_exactly_and_refused_beyond_numbers(tmp_path):
    model, optimizer, _ = trained()
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        ids = [run.recorder.scale_lr(factor) for factor in (.1, 1e-200, 1e-200, .7)]  # to be obeyed at the first edge
        run.recorder.undo(ids[1]); run.recorder.undo(ids[3])
        for _ in run.steps(2): advance(model, optimizer)
        assert run.learning_rate.factor == .1
    assert [outcome(run, id)["status"] for id in ids] == ["applied", "applied", "refused", "applied"]
    assert "all factors together" in outcome(run, ids[2])["reason"]


def test_an_evaluation_is_no_training(tmp_path):
    def evaluate(run): time.sleep(1.2)
    with watch(dir=tmp_path, view=None, evaluate=evaluate) as run:
        for step in run.steps(30):
            if step == 10:
                run.evaluate()
                began = run.progress["began"]
            if step == 12: assert run.progress["began"] >= began + 1.2
            time.sleep(.05)
    assert (run.frame("system")["steps_per_second"] > 5).all()
