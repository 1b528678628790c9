"""What is in a checkpoint: weights that stay as they are once, those that a validation measured beside those that are trained, optimizers in their
own precision."""
import copy
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
import torch
from schedulefree import AdamWScheduleFree, SGDScheduleFree
from torch import nn, optim
from torch.optim import lr_scheduler, swa_utils

from trainbook import EMA, Learner, open_run, watch
from trainbook.run.control import Refused
from trainbook.train import checkpoint
from trainbook.train.checkpoint import load


@pytest.fixture(autouse=True)
def nothing_was_compiled():
    """Where something was, a copy that is called is not looked for; other tests of this process compile."""
    if dynamo := sys.modules.get("torch._dynamo.utils"): dynamo.counters.clear()

torch.set_num_threads(1)
MB = 10**6


def copy_of(model): return {name: value.detach().clone() for name, value in model.state_dict().items()}


def same(a, b): return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def stored(*runs):
    """Bytes on the disk of all checkpoints; what has several names counts once."""
    files = {status.st_ino: status.st_blocks * 512 for run in runs for file in (run.path / "checkpoints").rglob("*.*") if file.is_file()
             for status in [file.stat()]}
    return sum(files.values())


def entry_of(run, role): return next(entry for entry in reversed(run.checkpoints.entries) if role in entry["roles"])


# Weights that stay as they are

def fine_tuned(seed=0, width=1000):
    """4 MB that no one trains, and a head of 4 kB."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(width, width).requires_grad_(False), nn.Linear(width, 1))


def train(model, folder, each=lambda epoch: None, epochs=5, parameters=None, **more):
    optimizer = optim.SGD(parameters or [p for p in model.parameters() if p.requires_grad], .01)
    with watch(model, optimizer, dir=folder, view=None, **dict(checkpoint=dict(best=3, last=2)) | more) as run:
        for epoch in run.epochs(epochs):
            for _ in run.batches(range(2)):
                model(torch.ones(2, 1000)).square().mean().backward()
                optimizer.step()
                optimizer.zero_grad()
            each(epoch)
            run.log(val_loss=1 / (epoch + 1))
            run.checkpoint(f"epoch {epoch}")
            run.checkpoints.wait()
    return run


def test_what_no_one_trains_is_stored_once(tmp_path):
    model = fine_tuned()
    run = train(model, tmp_path)
    assert len(run.checkpoints) >= 5 and stored(run) < 4.5 * MB
    assert same(dict(load(run.checkpoints.folder(entry_of(run, "last")["name"])).by_name()), copy_of(model))
    frozen = [run.checkpoints.folder(entry["name"]) / "frozen.safetensors" for entry in run.checkpoints]
    assert {file.stat().st_nlink for file in frozen} == {len(frozen)}


def test_what_is_in_no_optimizer_is_stored_once(tmp_path):
    model = fine_tuned().requires_grad_(True)
    run = train(model, tmp_path, parameters=model[1].parameters())
    assert len(run.checkpoints) >= 5 and stored(run) < 4.5 * MB


def test_a_large_buffer_is_stored_once(tmp_path):
    model = fine_tuned(width=1000)
    model[0] = nn.Identity()
    model.register_buffer("mask", torch.ones(1000, 1000))
    run = train(model, tmp_path)
    assert len(run.checkpoints) >= 5 and stored(run) < 4.5 * MB


def test_a_run_that_goes_on_shares_with_the_one_before(tmp_path):
    first = train(fine_tuned(), tmp_path)
    model = fine_tuned(1)
    second = train(model, tmp_path, epochs=9, resume=first)
    assert stored(first, second) < 4.7 * MB and same(copy_of(model), load(second.checkpoints.folder(entry_of(second, "last")["name"])).by_name())
    assert torch.equal(model[0].weight, fine_tuned()[0].weight)


def test_a_disk_without_links_has_copies(tmp_path, monkeypatch):
    def refuse(*_): raise OSError(1, "Operation not permitted")
    monkeypatch.setattr(checkpoint.os, "link", refuse)
    model = fine_tuned()
    run = train(model, tmp_path)
    assert same(dict(load(run.checkpoints.folder(entry_of(run, "last")["name"])).by_name()), copy_of(model))


@pytest.mark.parametrize("how", ["copy_", "data", "unfrozen"])
def test_what_changes_is_never_taken_for_frozen(tmp_path, how):
    model, was = fine_tuned(), {}
    def change(epoch):
        weight = model[0].weight
        if how == "unfrozen" and epoch == 2: weight.requires_grad_(True)
        if epoch in (1, 3):
            with torch.no_grad():
                if how == "data": weight.data[0, 0] += 1
                else: weight[-1, -1] += 1
        was[epoch] = copy_of(model)
    run = train(model, tmp_path, change)
    for epoch, weights in was.items():
        other = fine_tuned(7)
        run.checkpoints.load(f"epoch {epoch}", other)
        assert same(copy_of(other), weights), epoch


def test_an_average_does_not_keep_the_others_from_being_shared(tmp_path):
    """A shadow model needs no gradients either, and changes all the time; from the third checkpoint on the rest is shared."""
    model, shadow = fine_tuned(), nn.Linear(400, 400).requires_grad_(False)
    def average(epoch):
        with torch.no_grad(): shadow.weight.mul_(.9)
    model.shadow, model.forward = shadow, lambda x: model[1](model[0](x))
    run = train(model, tmp_path, average, epochs=8)
    files = {(run.checkpoints.folder(entry["name"]) / "frozen.safetensors").stat().st_ino for entry in list(run.checkpoints)[2:]}
    assert len(files) == 1
    other = fine_tuned(7)
    other.shadow = nn.Linear(400, 400)
    run.checkpoints.load("last", other)
    assert same(copy_of(other), copy_of(model))


def test_tied_weights_that_no_one_trains(tmp_path):
    def make(seed):
        model = fine_tuned(seed)
        model.append(nn.Linear(1000, 1000).requires_grad_(False))
        model[2].weight, model.forward = model[0].weight, lambda x: model[1](model[0](x))
        return model
    model = make(0)
    run = train(model, tmp_path)
    other = make(1)
    run.checkpoints.load("last", other)
    assert same(copy_of(other), copy_of(model)) and stored(run) < 4.5 * MB


@pytest.mark.parametrize("harm", ["another", "gone"])
def test_a_frozen_file_that_is_not_its_own_is_refused(tmp_path, harm):
    run, other = train(fine_tuned(), tmp_path), train(fine_tuned(3), tmp_path)
    file = run.checkpoints.folder(entry_of(run, "last")["name"]) / "frozen.safetensors"
    file.unlink()
    if harm == "another": os.link(other.checkpoints.folder(entry_of(other, "last")["name"]) / "frozen.safetensors", file)
    with pytest.raises(ValueError, match="no whole checkpoint"): run.checkpoints.load("last", fine_tuned())


# Best and last of one step

@pytest.mark.parametrize("with_block", [True, False])
@pytest.mark.parametrize("scheduled", [True, False])
def test_best_and_last_of_a_step_are_stored_once(tmp_path, with_block, scheduled):
    torch.manual_seed(0)
    model = nn.Linear(500, 500)
    optimizer = optim.Adam(model.parameters(), .01)
    scheduler = lr_scheduler.StepLR(optimizer, 1, .5) if scheduled else None
    run = watch(model, optimizer, scheduler=scheduler, dir=tmp_path, view=None)
    def loop():
        for epoch in run.epochs(3):
            for _ in run.batches(range(2)):
                optimizer.zero_grad()
                model(torch.randn(4, 500)).square().mean().backward()
                optimizer.step()
            run.log(val_loss=-epoch)
            if scheduled: scheduler.step()
    if with_block:
        with run: loop()
    else: loop()
    run.finish()
    entry, = run.checkpoints.entries
    assert entry["roles"] == ["best", "last"] and (entry["metric"], entry["value"], entry["step"]) == ("val_loss", -2, 6)
    assert stored(run) < 1.1 * 3 * 500 * 500 * 4
    if not scheduled: return
    again = nn.Linear(500, 500)
    optimizer = optim.Adam(again.parameters(), .01)
    scheduler = lr_scheduler.StepLR(optimizer, 1, .5)
    with watch(again, optimizer, scheduler=scheduler, dir=tmp_path, view=None, resume=run): assert optimizer.param_groups[0]["lr"] == .01 / 8


def test_other_weights_in_the_same_step_are_another_checkpoint(tmp_path):
    model = nn.Linear(500, 500)
    optimizer = optim.SGD(model.parameters(), .01)
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        for epoch in run.epochs(1):
            for _ in run.batches(range(2)): optimizer.step()
            run.log(val_loss=1.)
            was = copy_of(model)
            with torch.no_grad(): model.weight.zero_()
    assert [entry["roles"] for entry in run.checkpoints] == [["best"], ["last"]]
    run.checkpoints.load("best", other := nn.Linear(500, 500))
    assert same(copy_of(other), was)


# Weights that a validation measured

def score(model): return sum(p.detach().double().abs().sum().item() for p in model.parameters())


class ByHand:
    """An average that is put in place of the weights; the copy of those that are trained is the script's own."""

    def __init__(self, model, **_): self.model, self.average = model, copy_of(model)

    def step(self):
        for name, value in self.model.state_dict().items(): self.average[name].lerp_(value, .3)

    def swap(self):
        self.trained = copy_of(self.model)
        self.model.load_state_dict(self.average)

    def swap_back(self): self.model.load_state_dict(self.trained)

    def state_dict(self): return self.average

    def load_state_dict(self, state): self.average = {name: value.clone() for name, value in state.items()}


class ByData(ByHand):
    """The same with `.data`, which leaves no trace in the versions of tensors."""

    def put(self, values):
        for name, parameter in self.model.named_parameters(): parameter.data = values[name].clone()

    def swap(self):
        self.trained = copy_of(self.model)
        self.put(self.average)

    def swap_back(self): self.put(self.trained)


class ScheduleFree:
    """What its own `eval()` and `train()` do; it has no state beside the optimizer's."""

    def __init__(self, model, optimizer): self.optimizer = optimizer

    def step(self): pass

    def swap(self): self.optimizer.eval()

    def swap_back(self): self.optimizer.train()

    def state_dict(self): return {}

    def load_state_dict(self, state): pass


SWAPS = dict(hand=(ByHand, lambda p: optim.SGD(p, .05, momentum=.9)), data=(ByData, lambda p: optim.Adam(p, .01)),
             schedulefree=(ScheduleFree, lambda p: SGDScheduleFree(p, lr=.1)), adamw=(ScheduleFree, lambda p: AdamWScheduleFree(p, lr=.01)))


class Swapping:
    """Epochs with a validation of other weights than those that are trained."""

    def __init__(self, folder, kind, where, epochs=4, seed=0, within=False, **more):
        torch.manual_seed(seed)
        swap, optimizer = SWAPS[kind]
        self.model, self.where, self.within, self.losses, self.scores = nn.Linear(6, 3), where, within, [], {}
        self.optimizer = optimizer(self.model.parameters())
        self.swap = swap(self.model, optimizer=self.optimizer)
        self.run = watch(self.model, self.optimizer, state=self.swap, dir=folder, view=None, **more)
        self.epochs = epochs

    def step(self):
        self.optimizer.zero_grad()
        loss = self.model(torch.randn(8, 6)).square().mean()
        loss.backward()
        self.optimizer.step()
        self.swap.step()
        self.losses.append(loss.item())

    def validate(self):
        if self.where != "never" and self.where != "within": self.swap.swap()
        value = 0.
        for i in self.run.batches(range(2), valid=True):
            if self.where == "within" and i == 0: self.swap.swap()
            value = score(self.model)
        measured = copy_of(self.model)
        if self.where in ("before log", "within"): self.swap.swap_back()
        self.run.log(val_loss=value)
        self.scores[self.run.step] = value, measured

    def begin(self):
        if self.where == "after log": self.swap.swap_back()

    def go(self):
        with self.run:
            for epoch in self.run.epochs(self.epochs):
                if hasattr(self.optimizer, "train"): self.optimizer.train()
                for i in self.run.batches(range(5)):
                    self.step()
                    if self.within and i == 2:
                        self.validate()
                        self.begin()
                if not self.within: self.validate()
                if not self.within: self.begin()
                self.trained = copy_of(self.model)
        return self

    def fresh(self): return nn.Linear(6, 3)


@pytest.mark.parametrize("within", [False, True], ids=["after the batches", "within an epoch"])
@pytest.mark.parametrize("where", ["before log", "after log", "within"])
@pytest.mark.parametrize("kind", SWAPS)
def test_the_best_is_what_was_measured(tmp_path, kind, where, within):
    training = Swapping(tmp_path, kind, where, within=within).go()
    best, run, other = entry_of(training.run, "best"), open_run(training.run.path), training.fresh()
    assert run.checkpoints.load("best", other)["weights"] == "measured"
    assert score(other) == best["value"] == min(value for value, _ in training.scores.values()) and same(copy_of(other), training.scores[best["step"]][1])
    run.checkpoints.load("best", other, trained=True)
    assert score(other) != best["value"]
    assert len([event for event in run.events() if event["event"] == "note" and "other weights" in event["text"]]) == 1


@pytest.mark.parametrize("kind", SWAPS)
@pytest.mark.parametrize("within", [False, True], ids=["after the batches", "within an epoch"])
def test_where_nothing_is_swapped_nothing_is_said(tmp_path, kind, within):
    training = Swapping(tmp_path, kind, "never", within=within).go()
    assert {entry["weights"] for entry in training.run.checkpoints} == {"trained"} and training.run.notes == []
    assert not list(training.run.path.rglob("trained.safetensors"))


@pytest.mark.parametrize("kind", SWAPS)
@pytest.mark.parametrize("where", ["before log", "after log"])
def test_a_run_goes_on_from_the_weights_that_are_trained(tmp_path, kind, where):
    """From the best of an earlier run to the same losses as without the stop."""
    full = Swapping(tmp_path / "full", kind, where, checkpoint=dict(best=9, last=1)).go()
    first = next(entry for entry in full.run.checkpoints if "best" in entry["roles"] and entry["step"] < 20)
    again = Swapping(tmp_path / "again", kind, where, seed=1, resume=full.run.path / "checkpoints" / first["name"]).go()
    assert again.losses == full.losses[first["step"]:]


@pytest.mark.parametrize("kind", SWAPS)
@pytest.mark.parametrize("where", ["before log", "after log"])
def test_a_roll_back_goes_on_with_the_weights_that_are_trained(tmp_path, kind, where):
    training = Swapping(tmp_path, kind, where)
    run, trained = training.run, {}
    with run:
        for epoch in run.epochs(4):
            if hasattr(training.optimizer, "train"): training.optimizer.train()
            for i in run.batches(range(5)):
                if epoch == 3 and i == 1:
                    assert any(same(copy_of(training.model), was) for was in trained.values())
                training.step()
                if epoch == 3 and i == 0: run.rollback()
            training.validate()
            training.begin()
            trained[run.step] = copy_of(training.model)
    assert run.status == "finished" and len([event for event in run.events() if event["event"] == "rollback"]) == 1


def test_weights_that_are_changed_by_hand_are_not_swapped(tmp_path):
    """As in pruning: what was measured is what was trained, and what comes later is something else."""
    torch.manual_seed(0)
    model = nn.Linear(6, 3)
    optimizer = optim.SGD(model.parameters(), .05)
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        for epoch in run.epochs(2):
            for _ in run.batches(range(3)):
                optimizer.zero_grad()
                model(torch.randn(8, 6)).square().mean().backward()
                optimizer.step()
            for _ in run.batches(range(2), valid=True): pass
            run.log(val_loss=epoch)
            if epoch == 0:
                was = copy_of(model)
                with torch.no_grad(): model.weight[model.weight.abs() < .2] = 0
    assert entry_of(run, "best")["weights"] == "trained"
    run.checkpoints.load("best", other := nn.Linear(6, 3))
    assert same(copy_of(other), was)


def test_two_validations_of_different_weights_before_one_log_are_said(tmp_path):
    training = Swapping(tmp_path, "hand", "before log")
    with training.run as run:
        for epoch in run.epochs(2):
            for _ in run.batches(range(5)): training.step()
            for _ in run.batches(range(2), valid=True): pass
            training.swap.swap()
            for _ in run.batches(range(2), valid=True): pass
            training.swap.swap_back()
            run.log(val_loss=1 - epoch, average_val_loss=2.)
    assert len([note for note in (event["text"] for event in run.events() if event["event"] == "note") if "several weights" in note]) == 1


# Another module that is validated

def averaged(model): return swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(.7))


class Copied(nn.Module):
    """As many libraries do it: a deep copy, and `lerp_`."""

    def __init__(self, model):
        super().__init__()
        self.ema = copy.deepcopy(model)

    def forward(self, x): return self.ema(x)

    @torch.no_grad()
    def update_parameters(self, model):
        for mine, its in zip(self.ema.state_dict().values(), model.state_dict().values()):
            if mine.is_floating_point(): mine.lerp_(its, .3)


def small(): return nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))


def with_average(folder, make, call, steps=4, in_loop=False, ends="full", watched=lambda model, average: model, loss=None, **more):
    """Trains, and logs what `call` makes of model and average; gives the run, and what the average was like at each step."""
    torch.manual_seed(0)
    model, was, x = small(), {}, torch.randn(8, 6)
    average, optimizer = make(model), optim.Adam(model.parameters(), .01)
    run = watch(watched(model, average), optimizer, dir=folder, view=None, **more)
    def validate():
        model.eval(), average.eval()
        with torch.no_grad():
            for i in run.batches(range(3), valid=True):
                if loss is not None: loss(x)
                value = call(model, average)(x).square().mean().item()
                if ends == "break" and i == 1: break
        run.log(val_loss=value)
        was[run.step] = copy_of(average.ema if isinstance(average, Copied) else average.module), copy_of(model), value
        model.train(), average.train()
    with run:
        for _ in run.epochs(3):
            for i in run.batches(range(steps)):
                optimizer.zero_grad()
                model(torch.randn(8, 6)).square().mean().backward()
                optimizer.step()
                average.update_parameters(model)
                if in_loop and i == 1: validate()
            if not in_loop: validate()
    assert not torch.nn.modules.module._global_forward_pre_hooks
    return run, was


@pytest.mark.parametrize("in_loop", [False, True])
@pytest.mark.parametrize("make", [averaged, Copied])
@pytest.mark.parametrize("part", [lambda average: average, lambda average: getattr(average, "ema", None) or average.module], ids=["wrapper", "module"])
def test_a_copy_that_is_validated_instead_of_the_model(tmp_path, make, part, in_loop):
    """A copy of which the wrapper has other names is found by the first module in it that is built as the model is."""
    run, was = with_average(tmp_path, make, lambda model, average: part(average), in_loop=in_loop)
    entry = run.checkpoints.load("best", other := small())
    measured, trained, value = was[entry["step"]]
    assert entry["weights"] == "measured" and entry["value"] == value and same(copy_of(other), measured)
    run.checkpoints.load("best", other, trained=True)
    assert same(copy_of(other), trained)


@pytest.mark.parametrize("in_loop", [False, True])
def test_a_validation_that_is_left_leaves_no_hook(tmp_path, in_loop):
    with_average(tmp_path, averaged, lambda model, average: average, in_loop=in_loop, ends="break")


@pytest.mark.parametrize("make", [averaged, Copied])
def test_a_model_that_is_validated_beside_a_copy_is_the_one_that_is_measured(tmp_path, make):
    """As with a teacher that is built alike, and called first."""
    run, was = with_average(tmp_path, make, lambda model, average: lambda x: (average(x), model(x))[1])
    assert entry_of(run, "best")["weights"] == "trained" and run.notes == []


def test_a_loss_with_weights_of_its_own_is_no_model(tmp_path):
    run, _ = with_average(tmp_path, averaged, lambda model, average: model, loss=nn.Linear(6, 4))
    assert entry_of(run, "best")["weights"] == "trained" and run.notes == []


def test_an_average_that_is_watched_too_is_in_the_checkpoint(tmp_path):
    run, was = with_average(tmp_path, averaged, lambda model, average: average, watched=lambda model, average: dict(model=model, average=average))
    entry = run.checkpoints.load("best", dict(average=(other := averaged(small()))))
    assert same(copy_of(other.module), was[entry["step"]][0])


def test_a_model_of_another_thread_is_not_taken_for_it(tmp_path):
    other, stop = small(), threading.Event()
    def work():
        while not stop.is_set(): other(torch.randn(8, 6))
    thread = threading.Thread(target=work)
    thread.start()
    try: run, _ = with_average(tmp_path, averaged, lambda model, average: lambda x: (time.sleep(.01), x @ model[0].weight.T)[1])
    finally:
        stop.set()
        thread.join()
    assert entry_of(run, "best")["weights"] == "trained"


def test_the_average_of_a_learner_is_what_was_measured(tmp_path):
    torch.manual_seed(0)
    x, y = torch.randn(64, 6), torch.randn(64, 1)
    batches = [(x[i:i + 16], y[i:i + 16]) for i in range(0, 64, 16)]
    model = small()
    learn = Learner(model, batches, batches, nn.functional.mse_loss, optim.SGD(model.parameters(), .05), callbacks=[EMA(.9)], dir=tmp_path, view=None)
    learn.fit(3)
    learn.run.finish()
    entry = open_run(learn.run.path).checkpoints.load("best", other := small().eval())
    with torch.no_grad(): scored = sum(nn.functional.mse_loss(other(x), y).item() for x, y in batches) / 4
    assert entry["weights"] == "measured" and scored == pytest.approx(entry["value"], rel=1e-5)


# What is kept can be used

def test_the_best_is_loaded_in_another_process(tmp_path):
    training = Swapping(tmp_path, "hand", "before log").go()
    code = f"""
import torch
from torch import nn
from trainbook import open_run
run = open_run({str(training.run.path)!r})
model = nn.DataParallel(nn.Linear(6, 3))
entry = run.checkpoints.load("best", model)
print(sum(p.detach().double().abs().sum().item() for p in model.parameters()) == entry["value"])
print(run.checkpoints)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    lines = said.stdout.splitlines()
    assert lines[0] == "True" and "best" in said.stdout and "val_loss" in said.stdout and len(lines) == 1 + len(training.run.checkpoints), said


def test_what_does_not_fit_is_said(tmp_path):
    run = open_run(Swapping(tmp_path, "hand", "never").go().run.path)
    with pytest.raises(ValueError, match=r"another model: weight is \(3, 6\) in it and \(6, 3\) in the model"): run.checkpoints.load("best", nn.Linear(3, 6))
    with pytest.raises(ValueError, match="another model: bias"): run.checkpoints.load("best", nn.Linear(6, 3, bias=False))
    with pytest.raises(Refused, match="no checkpoint 'worst'; there are: best, last"): run.checkpoints.load("worst", nn.Linear(6, 3))
    with pytest.raises(TypeError, match="takes a model"): run.checkpoints.load("best", nn.Linear(6, 3).state_dict)


def test_one_of_several_models_is_loaded(tmp_path):
    a, b = nn.Linear(2, 2), nn.Linear(3, 3)
    with watch(dict(a=a, b=b), optim.SGD([*a.parameters(), *b.parameters()], .1), dir=tmp_path, view=None) as run:
        for _ in run.steps(2): run.log(val_loss=1 / run.step)
    open_run(run.path).checkpoints.load("best", dict(b=(other := nn.Linear(3, 3))))
    assert same(copy_of(other), copy_of(b))
    with pytest.raises(ValueError, match="another model"): run.checkpoints.load("best", nn.Linear(3, 3))


# An optimizer finer than its weights

class Fine(optim.Optimizer):
    """Its momentum is in a precision of its own, within a list."""

    def __init__(self, parameters, dtype=torch.float64):
        super().__init__(list(parameters), dict(lr=.05))
        self.dtype = dtype

    def step(self, closure=None):
        with torch.no_grad():
            for parameter in self.param_groups[0]["params"]:
                state = self.state[parameter]
                if not state: state["nested"] = [torch.zeros_like(parameter, dtype=self.dtype)]
                state["nested"][0].mul_(.9).add_(parameter.grad.to(self.dtype))
                parameter.sub_((.05 * state["nested"][0]).to(parameter.dtype))


@contextmanager
def nothing(run): yield


@pytest.mark.parametrize("with_block", [True, False])
@pytest.mark.parametrize("weights, kind", [(torch.bfloat16, Fine), (torch.float16, lambda p: Fine(p, torch.float32)), (torch.float32, Fine),
    (torch.bfloat16, lambda p: optim.SGD(p, .1, momentum=.9, foreach=False)), (torch.float32, lambda p: optim.AdamW(p, .05, fused=True))],
    ids=["bfloat16", "float16", "float32", "SGD", "AdamW"])
def test_an_optimizer_finer_than_its_weights_goes_on_alike(tmp_path, weights, kind, with_block):
    def go(seed, **more):
        torch.manual_seed(seed)
        model, losses = nn.Linear(5, 3).to(weights), []
        optimizer = kind(model.parameters())
        run = watch(model, optimizer, dir=tmp_path, view=None, checkpoint=None, **more)
        with run if with_block else nothing(run):
            for _ in run.steps(9):
                optimizer.zero_grad()
                loss = model(torch.randn(4, 5).to(weights)).square().mean()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
                if run.step == 4: run.checkpoint("here")
        run.finish()
        states = [copy_of(model), *[(value[0] if isinstance(value, list) else value).clone() for state in optimizer.state.values() for value in state.values()]]
        return run, losses, states
    run, full, states = go(0)
    _, rest, ended = go(1, resume=run.path / "checkpoints/step-4")
    assert rest == full[4:] and same(states[0], ended[0])
    assert all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(states[1:], ended[1:], strict=True))
