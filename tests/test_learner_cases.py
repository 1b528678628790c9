"""What a Learner does where public trainers were silently wrong: what is frozen stays so, each step is averaged over what it has,
what was left out moves nothing, and what is put into a learner acts or is refused."""
import inspect
import math
import warnings
from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_sequence
from torch.optim import LBFGS, SGD, Adam, lr_scheduler
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy
from trainings import Doing, Stream, copies, learners, network, regression, same

from trainbook import Learner, watch
from trainbook.measure.throughput import samples_in
from trainbook.train.callback import CancelBatchException, CancelEpochException, CancelFitException, CancelStepException
from trainbook.train.callbacks import (
    EMA, L2, EarlyStopping, GradientAccumulation, GradientClipping, MixedPrecision, ModelCheckpoint, ReduceLROnPlateau, Schedule,
)
from trainbook.train.metrics import AverageMetric

pytestmark = pytest.mark.usefixtures("one_thread")


X, Y, BATCHES = regression()


@pytest.fixture
def learner(tmp_path): return learners(tmp_path, BATCHES)


def counting(found, key=lambda learn: learn.run.step): return Doing(after_step=lambda learn: found.append(key(learn)), order=500)


# What is in eval mode stays so

def with_body():
    body = network(lambda: (nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(.5)))
    return body, nn.Sequential(body, nn.Linear(8, 1))


def modes_in_training(found):
    """Of the body, its normalisation and the head, in each training batch."""
    def note(learn):
        if learn.training: found.append((learn.model[0].training, learn.model[0][1].training, learn.model[1].training))
    return Doing(after_pred=note)


@pytest.mark.parametrize("valid", [None, BATCHES], ids=["", "valid"])
@pytest.mark.parametrize("between", [lambda learn: None, lambda learn: learn.validate(BATCHES), lambda learn: learn.model.eval(), lambda learn: learn.lr_find(),
                                     lambda learn: learn.predict(X)], ids=["nothing", "validate", "by hand", "lr_find", "predict"])
def test_a_part_in_eval_mode_stays_so(learner, valid, between):
    body, model = with_body()
    body.eval()
    found = []
    learn = learner(modes_in_training(found), model=model, valid=valid)
    before = copies(body[1].buffers())
    between(learn)
    learn.fit(2)
    between(learn)
    learn.fit(1)
    learn.model.train()  # someone else's loop
    body.eval()
    learn.fit(1)
    assert set(found) == {(False, False, True)} and same(before, copies(body[1].buffers()))


def test_only_a_layer_in_eval_mode(learner):
    body, model = with_body()
    body[1].eval()
    found = []
    learner(modes_in_training(found), model=model, valid=BATCHES).fit(2)
    assert set(found) == {(True, False, True)}


def test_a_layer_in_train_mode_within_a_part_in_eval_mode(learner):
    body, model = with_body()
    body.eval()
    body[1].train()
    found = []
    learner(modes_in_training(found), model=model, valid=BATCHES).fit(2)
    assert set(found) == {(False, True, True)}


def test_a_model_that_was_evaluated_as_a_whole_is_trained_as_a_whole_but_for_what_is_frozen(learner):
    for frozen in (False, True):
        body, model = with_body()
        body.requires_grad_(not frozen)
        model.eval()
        found = []
        learner(modes_in_training(found), model=model).fit(1)
        assert set(found) == {(not frozen, not frozen, True)}


@pytest.mark.parametrize("event", ["before_fit", "before_epoch"])
def test_a_callback_freezes_and_unfreezes(learner, event):
    body, model = with_body()
    found = []
    def change(learn):
        if event == "before_fit" or learn.epoch == 1: body.eval()
        if event == "before_epoch" and learn.epoch == 3: body.train()
    learner(modes_in_training(found), Doing(**{event: change}), model=model, valid=BATCHES).fit(5)
    expected = [False] * 5 if event == "before_fit" else [True, False, False, True, True]
    assert [body for body, *_ in found[::5]] == expected


def test_a_module_with_a_train_method_of_its_own(learner):
    class Frozen(nn.Sequential):
        def train(self, mode=True):
            super().train(mode)
            self[1].eval()
            return self
    body = Frozen(nn.Linear(4, 8), nn.BatchNorm1d(8))
    found = []
    learner(modes_in_training(found), model=nn.Sequential(body, nn.Linear(8, 1)), valid=BATCHES).fit(2)
    assert set(found) == {(True, False, True)}


# The optimizer is the learner's

@pytest.mark.says("has done its 1 epochs already")
def test_another_optimizer_steps_is_scaled_and_saved(learner):
    model = network()
    model[0].requires_grad_(False)
    learn = learner(model=model, optimizer=SGD(model[2].parameters(), .05))
    first = learn.fit(1)
    model[0].requires_grad_(True)
    learn.optimizer = Adam(model.parameters(), .01)
    before = copies(model[0].parameters())
    rates = []
    learn.callbacks += Doing(before_fit=lambda learn: learn.optimizer.register_step_pre_hook(lambda optimizer,
        *_: rates.append(optimizer.param_groups[0]["lr"])),
                             before_batch=lambda learn: learn.run.step == 3 and learn.run.scale_lr(.5))
    second = learn.fit(1)
    assert not same(before, copies(model[0].parameters())) and first.is_over and second is not first
    assert rates[:2] == [.01, .01] and rates[-1] == .005 and second.frame()["learning_rate"].tolist()[-1] == .005
    second.finish()
    model = network()
    again = learner(model=model, optimizer=Adam(model.parameters(), .01), resume=second)
    again.fit(1)
    assert same(copies(model.parameters()), copies(learn.model.parameters()))


@pytest.mark.parametrize("step", ["plain", "float16"])
def test_an_optimizer_of_the_same_kind(learner, step):
    model = network()
    learn = learner(*([MixedPrecision(torch.float16)] if step == "float16" else []), model=model)
    learn.fit(1)
    old, learn.optimizer = learn.optimizer, SGD(model.parameters(), .05, momentum=.9)
    learn.fit(1)
    assert not old.state and learn.optimizer.state


def test_an_optimizer_replaced_within_a_fit_is_refused(learner):
    def replace(learn): learn.optimizer = SGD(learn.model.parameters(), 1.)
    learn = learner(Doing(before_epoch=replace))
    with pytest.raises(ValueError, match="between two fits"): learn.fit(1)
    learn.optimizer = SGD(learn.model.parameters(), 1.)


@pytest.mark.parametrize("when", ["made", "put in"])
def test_an_optimizer_of_another_model_is_refused(learner, when):
    other = SGD(network().parameters(), .05)
    if when == "put in":
        learn = learner()
        learn.optimizer = other
    with pytest.raises(ValueError, match="none of the model's parameters"): learner(optimizer=other) if when == "made" else learn.fit(1)


def test_a_schedule_of_another_optimizer_is_refused(learner):
    model = network()
    optimizer = SGD(model.parameters(), .05)
    learn = learner(Schedule(lr_scheduler.StepLR(optimizer, 2)), model=model, optimizer=optimizer)
    learn.fit(1)
    learn.optimizer = SGD(model.parameters(), .05)
    with pytest.raises(ValueError, match="another optimizer than the learner's"): learn.fit(1)


def test_another_model_gets_a_run_of_its_own(learner):
    learn = learner(EMA(.5))
    first = learn.fit(1)
    learn.model = network(lambda: (nn.Linear(4, 1),))
    learn.optimizer = SGD(learn.model.parameters(), .05)
    second = learn.fit(1)
    assert second is not first and any("model and other optimizer" in note for note in second.notes)
    assert math.isfinite(learn.validate(BATCHES)["val_loss"])


# Gradients that were there before

@pytest.mark.parametrize("left", ["looked at", "stopped", "raised", "of a frozen part"])
def test_a_fit_begins_without_gradients(learner, left):
    found = []
    learn = learner(Doing(after_backward=lambda learn: found.append(learn.model[0].weight.grad.clone())))
    if left == "looked at": (100 * F.mse_loss(learn.model(X), Y)).backward()
    if left == "of a frozen part":
        learn.optimizer = SGD(learn.model[2].parameters(), .05)
        (100 * F.mse_loss(learn.model(X), Y)).backward()
    if left in ("stopped", "raised"):
        def leave(learn): raise CancelFitException if left == "stopped" else ZeroDivisionError
        learn.callbacks += Doing(after_backward=leave, order=10)
        try: learn.fit(1)
        except ZeroDivisionError: pass
        learn.callbacks = [callback for callback in learn.callbacks if callback.order < 10]
    found.clear()
    weights = copies(learn.model.parameters())
    learn.fit(1)
    fresh = network()
    for parameter, value in zip(fresh.parameters(), weights): parameter.data.copy_(value)
    F.mse_loss(fresh(X[:8]), Y[:8]).backward()
    assert torch.equal(found[0], fresh[0].weight.grad)


@pytest.mark.parametrize("stop", [2, 3, 6])
def test_a_run_that_goes_on_within_a_group_has_its_gradients(learner, stop):
    """And a second fit of the same learner begins with none, and with a new group."""
    def made(*more, **options):
        torch.manual_seed(0)
        return learner(GradientAccumulation(4), *more, **options)
    whole = made()
    whole.fit(3)
    half = made(Doing(after_batch=lambda learn: learn.run.step == stop and learn.run.stop()))
    run = half.fit(3)
    rest = made(resume=run)
    rest.fit(3)
    assert rest.run.step == 15 and same(copies(rest.model.parameters()), copies(whole.model.parameters()))
    steps = []
    half.callbacks = [GradientAccumulation(4), counting(steps, lambda learn: learn.run.step - stop)]
    assert half.fit(1).status == "finished" and len(steps) == 2


# Groups of an accumulation

def moves(learner, batches, n, train=lambda batches: batches, *more, epochs=1):
    """Where a weight is after each step of size 1, if each gradient is -1."""
    model, found = nn.Linear(1, 1, bias=False), []
    nn.init.zeros_(model.weight)
    ones = [(torch.ones(1, 1), torch.ones(1, 1))] * batches
    learner(GradientAccumulation(n), *more, counting(found, lambda learn: round(learn.model.weight.item(), 4)), model=model, train=train(ones),
            loss=lambda pred, y: -pred.mean(), optimizer=SGD(model.parameters(), 1.)).fit(epochs)
    return found


class SaysTen(Stream):
    def __len__(self): return 10


class Streamed(IterableDataset):
    def __init__(self, batches): self.batches = batches
    def __iter__(self): return iter(self.batches)


@pytest.mark.parametrize("batches, n", [(6, 4), (5, 4), (4, 4), (3, 4), (7, 3), (1, 1), (5, 1)])
@pytest.mark.parametrize("train", [list, Stream, SaysTen, lambda batches: DataLoader(Streamed(batches), batch_size=None)], ids=["list", "stream", "wrong "
    "length", "IterableDataset"])
def test_each_step_is_a_mean(learner, batches, n, train):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch may say of what length a loader turned out to be
        assert moves(learner, batches, n, train, epochs=2) == [float(i) for i in range(1, 2 * -(-batches // n) + 1)]


@pytest.mark.parametrize("train", [list, Stream])
@pytest.mark.parametrize("skipped", [{1}, {3}, {6}, {5, 6}, {1, 2, 3, 4}])
def test_skipped_batches_are_no_part_of_a_group(learner, train, skipped):
    def skip(learn):
        if learn.run.step in skipped: raise CancelBatchException
    found = moves(learner, 6, 4, train, Doing(before_batch=skip))
    assert found == [float(i) for i in range(1, len(found) + 1)] and len(found) == -(-(6 - len(skipped)) // 4)


def test_a_batch_that_is_broken_off_behind_its_gradient_belongs_to_the_group(learner):
    def skip(learn):
        if learn.run.step == 2: raise CancelBatchException
    found = moves(learner, 6, 4, list, Doing(after_backward=skip))
    assert found == [1., 2.]


@pytest.mark.parametrize("callbacks", [lambda: [GradientClipping(.1)], lambda: [MixedPrecision()],
                                       lambda: [MixedPrecision(torch.float16), GradientClipping(.1), EMA(.5)], lambda: [L2(.1)]],
                         ids=["clipping", "bfloat16", "float16", "l2"])
def test_a_stream_and_a_list_give_the_same(learner, callbacks):
    found = []
    for train in (BATCHES, Stream(BATCHES)):
        learn = learner(GradientAccumulation(4), *callbacks(), train=train, valid=BATCHES)
        run = learn.fit(3)
        found.append((run.history("loss"), run.history("val_loss"), copies(learn.model.parameters())))
    assert found[0][:2] == found[1][:2] and same(found[0][2], found[1][2])


def test_an_epoch_that_is_broken_off_makes_no_step_by_itself(learner):
    steps = []
    def end(learn):
        if learn.run.step == 2: raise CancelEpochException
    learner(GradientAccumulation(4), counting(steps), Doing(after_batch=end), train=Stream(BATCHES)).fit(2)
    assert steps == [4, 7]  # two batches of the first epoch and two of the second; and its rest


# Steps that were not made

def overflowing(learn):
    """As on a GPU, whose scale begins high; a state is loaded, as a checkpoint's would be."""
    for callback in learn.callbacks:
        if isinstance(callback, MixedPrecision): callback.load_state_dict(callback.state_dict() | dict(scale=2. ** 22))
    return learn


@pytest.mark.parametrize("accumulated", [1, 2])
def test_a_step_that_overflows_moves_nothing(learner, accumulated):
    model, really, told = network(), [], []
    optimizer = SGD(model.parameters(), .05)
    optimizer.register_step_post_hook(lambda *_: really.append(1))
    schedule, average = Schedule(lr_scheduler.ExponentialLR(optimizer, .9)), EMA(.9)
    learn = overflowing(learner(MixedPrecision(torch.float16), schedule, average, GradientAccumulation(accumulated), counting(told), model=model,
                                optimizer=optimizer))
    learn.fit(6)
    groups = 6 * -(-5 // accumulated)
    assert 0 < len(really) < groups and len(told) == len(really)
    assert schedule.scheduler.last_epoch == len(really) and average.model.n_averaged == len(really)
    assert all(p.grad is None and p.isfinite().all() for p in model.parameters())


def test_a_search_counts_the_steps_that_were_made(learner):
    told = []
    learn = learner(MixedPrecision(torch.float16), counting(told, lambda learn: learn.optimizer.param_groups[0]["lr"]))
    found = overflowing(learn).lr_find(steps=20)
    assert told[:len(found.rates)] == found.rates.tolist()


@pytest.mark.parametrize("cancel", [CancelStepException, CancelBatchException])
def test_a_step_that_a_callback_leaves_out_moves_nothing(learner, cancel):
    def leave_out(learn):
        if learn.run.step % 2:
            learn.optimizer.zero_grad()
            raise cancel
    model = network()
    optimizer = SGD(model.parameters(), .05)
    schedule, average = Schedule(lr_scheduler.ExponentialLR(optimizer, .9)), EMA(.9)
    learner(schedule, average, Doing(before_step=leave_out), model=model, optimizer=optimizer).fit(2)
    assert schedule.scheduler.last_epoch == average.model.n_averaged == 5


# Batches that are skipped

class Skipping(Learner):
    def split(self, batch):
        if batch is None: raise CancelBatchException
        return super().split(batch)


class OnlyDicts(Learner):
    def split(self, batch):
        if not isinstance(batch, dict): raise CancelBatchException
        return [batch["x"]], batch["y"]


def as_dict(batch): return dict(x=batch[0], y=batch[1])


NONE = [[None, 0, 1], [0, None, 1], [0, 1, None], [None, 0, None, None, 1, None]]


@pytest.mark.parametrize("kind", [Learner, Skipping, OnlyDicts])
@pytest.mark.parametrize("places", NONE, ids=str)
@pytest.mark.parametrize("shape", [list, Stream])
def test_batches_of_none_are_skipped(learner, kind, places, shape):
    batch = as_dict if kind is OnlyDicts else tuple
    loader = shape([None if i is None else batch(BATCHES[i]) for i in places])
    plain = learner(train=BATCHES[:2], valid=BATCHES[:2])
    plain.fit(2)
    learn = learner(EMA(0.), GradientAccumulation(1), GradientClipping(1e9), MixedPrecision(torch.float16), train=loader, valid=loader, kind=kind, every=1)
    learn.callbacks = [callback for callback in learn.callbacks if not isinstance(callback, MixedPrecision)]
    run = learn.fit(2)
    assert run.status == "finished" and len(run.frame()) == 4
    assert run.frame()["loss"].tolist() == plain.run.frame()["loss"].tolist() and learn.validation == plain.validation
    assert learn.predict(loader).shape == (16, 1) and learn.validate() == learn.validation


@pytest.mark.parametrize("event", ["before_batch", "after_pred", "after_loss"])
@pytest.mark.parametrize("which", [{0}, {4}, {0, 4}, {1, 2, 3}], ids=str)
def test_batches_that_a_callback_skips(learner, event, which):
    def skip(learn):
        number = (learn.run.step - 1) % 5 if learn.training else next(i for i, batch in enumerate(BATCHES) if batch is learn.batch)
        if number in which: raise CancelBatchException
    kept = [batch for i, batch in enumerate(BATCHES) if i not in which]
    plain = learner(train=kept, valid=kept)
    plain.fit(2)
    learn = learner(Doing(**{event: skip}), valid=BATCHES)
    learn.fit(2)
    assert same(copies(learn.model.parameters()), copies(plain.model.parameters())) and learn.validation == plain.validation


@pytest.mark.parametrize("how", ["none", "callback"])
def test_all_batches_skipped(learner, how):
    def skip(learn): raise CancelBatchException
    loader = [None] * 3 if how == "none" else BATCHES[:3]
    learn = learner(GradientAccumulation(2), EMA(.9), *([Doing(before_batch=skip)] if how == "callback" else []), train=loader, valid=loader,
                    metrics=dict(accuracy=MeanMetric()))
    before = copies(learn.model.parameters())
    with pytest.warns(RuntimeWarning, match="all 3 batches of this (epoch|validation) were skipped"): run = learn.fit(2)
    assert run.status == "finished" and run.step == 6 and same(before, copies(learn.model.parameters()))
    assert list(learn.validation) == ["val_loss"] and math.isnan(learn.validation["val_loss"])


def test_a_first_batch_of_none_in_a_search(learner): assert len(learner(train=[None, *BATCHES, None]).lr_find(steps=20).rates) > 10


# Optimizers that evaluate the batch themselves

def test_lbfgs_is_as_by_hand(learner):
    def made():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.Dropout(.2), nn.Linear(8, 1))
    model, losses = made(), []
    optimizer = LBFGS(model.parameters(), .1, max_iter=5)
    for _ in range(3):
        for x, y in BATCHES:
            calls = []
            def closure():
                optimizer.zero_grad()
                loss = F.mse_loss(model(x), y)
                loss.backward()
                calls.append(loss.item())
                return loss
            optimizer.step(closure)
            losses.append(calls[0])
    other = made()
    learn = learner(model=other, optimizer=LBFGS(other.parameters(), .1, max_iter=5))
    run = learn.fit(3)
    assert run.frame()["loss"].tolist() == losses and same(copies(other.parameters()), copies(model.parameters())) and len(run.frame()) == 15


def test_lbfgs_beside_others(learner):
    model, evaluations = network(), []
    optimizer = LBFGS(model.parameters(), .1, max_iter=4)
    schedule = Schedule(lr_scheduler.ExponentialLR(optimizer, .9))
    learn = learner(EMA(.9), L2(.01), schedule, Doing(after_backward=lambda learn: evaluations.append(learn.run.step)), model=model, optimizer=optimizer,
                    valid=BATCHES)
    found = learn.lr_find(steps=20)
    assert len(found.rates) >= 1
    evaluations.clear()
    run = learn.fit(2)
    assert run.step == schedule.scheduler.last_epoch == 10 and len(evaluations) > 10
    assert run.frame()[["loss", "l2"]].notna().all().all() and len(run.frame()) == 10


@pytest.mark.parametrize("callback", [lambda: GradientClipping(1.), lambda: GradientAccumulation(2), lambda: MixedPrecision(torch.float16)],
                         ids=["clipping", "accumulation", "float16"])
def test_what_lbfgs_would_ignore_is_refused(learner, callback):
    model = network()
    learn = learner(callback(), model=model, optimizer=LBFGS(model.parameters()))
    with pytest.raises(ValueError, match="LBFGS computes others within the step"): learn.fit(1)
    assert learn.run.step == 0


class TwoSteps(SGD):
    """Looks at the gradient a little further up, as SAM does; its function must not be left out."""
    def step(self, closure):
        parameters = [p for group in self.param_groups for p in group["params"]]
        with torch.no_grad():
            for p in parameters: p.add_(.01 * p.grad)
            moved = [.01 * p.grad for p in parameters]
        self.zero_grad()
        closure()
        with torch.no_grad():
            for p, by in zip(parameters, moved): p.sub_(by)
        super().step()


def test_an_optimizer_of_two_steps_is_as_by_hand(learner):
    model = network()
    optimizer = TwoSteps(model.parameters(), .1)
    for x, y in BATCHES:
        def closure(): F.mse_loss(model(x), y).backward()
        closure()
        optimizer.step(closure)
        optimizer.zero_grad()
    other = network()
    learner(model=other, optimizer=TwoSteps(other.parameters(), .1)).fit(1)
    assert same(copies(model.parameters()), copies(other.parameters()))


# Layers without shapes, and weights that are computed

def lazy(): return network(lambda: (nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.Tanh(), nn.LazyLinear(1)))
def normalised(): return network(lambda: (nn.utils.weight_norm(nn.Linear(4, 8)), nn.Tanh(), nn.utils.weight_norm(nn.Linear(8, 1))))
def parametrized(): return network(lambda: (nn.utils.parametrizations.weight_norm(nn.Linear(4, 8)), nn.Tanh(), nn.Linear(8, 1)))
def spectral(): return network(lambda: (nn.utils.spectral_norm(nn.Linear(4, 8)), nn.Tanh(), nn.Linear(8, 1)))


UNUSUAL = dict(lazy=lazy, normalised=normalised, parametrized=parametrized, spectral=spectral)


@pytest.mark.parametrize("name", UNUSUAL)
@pytest.mark.parametrize("first", ["fit", "lr_find", "validate"])
def test_unusual_models_with_ema(learner, name, first):
    learn = learner(average := EMA(.9), model=UNUSUAL[name](), valid=BATCHES)
    if first == "lr_find": assert len(learn.lr_find(steps=20).rates) > 10
    if first == "validate": learn.validate()
    by_hand = []
    def note(learn):
        now = copies(learn.model.parameters())
        by_hand[:] = now if not by_hand else [.9 * mean + .1 * value for mean, value in zip(by_hand, now)]
    learn.callbacks += Doing(after_step=note)
    learn.fit(2)
    assert all(torch.allclose(mean, value, atol=1e-6) for mean, value in zip(by_hand, average.model.module.parameters()))
    assert learn.predict(X).shape == (40, 1)


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_models_go_on(learner, name):
    def made(*more, **options): return learner(EMA(.9), *more, model=UNUSUAL[name](), valid=BATCHES, **options)
    torch.manual_seed(3)
    whole = made()
    whole.fit(2)
    torch.manual_seed(3)
    half = made(Doing(after_batch=lambda learn: learn.run.step == 7 and learn.run.stop())).fit(2)
    rest = made(resume=half)
    rest.fit(2)
    assert rest.run.step == 10 and same(copies(rest.model.parameters()), copies(whole.model.parameters())) and rest.validation == whole.validation


def test_ema_is_that_of_its_model(learner):
    """Callbacks that are used for a second model, as in folds, bring nothing from the first."""
    average, plateau = EMA(.9), ReduceLROnPlateau(factor=.5, patience=1)
    learner(average, plateau, valid=BATCHES).fit(3)
    second = learner(average, plateau, valid=BATCHES)
    second.fit(3)
    alone = learner(EMA(.9), ReduceLROnPlateau(factor=.5, patience=1), valid=BATCHES)
    alone.fit(3)
    assert second.validation == alone.validation and second.run.learning_rate.factor == alone.run.learning_rate.factor


# A search with several batches for a step

@pytest.mark.parametrize("n", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("train", [list, Stream])
def test_each_rate_of_a_search_was_that_of_a_step(learner, n, train):
    tried = []
    learn = learner(GradientAccumulation(n), counting(tried, lambda learn: learn.optimizer.param_groups[0]["lr"]), train=train(BATCHES))
    found = learn.lr_find(steps=40)
    assert tried[:len(found.rates)] == found.rates.tolist() and len(tried) - len(found.rates) in (0, 1)


def test_the_loss_of_a_rate_is_the_mean_of_its_group(learner):
    learn = learner(GradientAccumulation(5))
    with torch.no_grad(): expected = sum(F.mse_loss(learn.model(x), y).item() for x, y in BATCHES) / 5
    assert learn.lr_find(1e-9, 1e-8, 20).losses[0] == pytest.approx(expected)


# Schedules that go by a metric

@pytest.mark.parametrize("options, metrics", [({}, ()), (dict(every="epoch", monitor="val_script"), "scripted"), (dict(monitor="loss"), ())])
def test_torchs_plateau_is_as_by_hand(learner, options, metrics):
    left = iter([1., 2., 3., .5, .6, .7])
    class Script(MeanMetric):
        def update(self, pred, y): super().update(0.)
        def compute(self): return torch.tensor(next(left))
    model = network()
    optimizer = SGD(model.parameters(), .05)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=.5, patience=0, threshold=.2)
    rates = []
    learn = learner(Schedule(scheduler, **options), Doing(after_epoch=lambda learn: rates.append(optimizer.param_groups[0]["lr"]), order=10),
                    model=model, optimizer=optimizer, valid=BATCHES, metrics=dict(script=Script()) if metrics else ())
    run = learn.fit(6)
    monitor = options.get("monitor", "val_loss")
    values = [value for _, value in run.history(monitor)]
    if monitor == "loss": values = [sum(values[i:i + 5]) / 5 for i in range(0, len(values), 5)]  # the mean of each epoch
    own = SGD([nn.Parameter(torch.ones(1))], .05)
    again, expected = lr_scheduler.ReduceLROnPlateau(own, factor=.5, patience=0, threshold=.2), []
    for value in values:
        again.step(value)
        expected.append(own.param_groups[0]["lr"])
    assert rates == expected and rates[-1] < .05


def test_torchs_plateau_goes_on(learner):
    def made(*more, **options):
        model = network()
        optimizer = SGD(model.parameters(), .05)
        return learner(Schedule(lr_scheduler.ReduceLROnPlateau(optimizer, factor=.5, patience=0, threshold=.5)), *more, model=model, optimizer=optimizer,
                       valid=BATCHES, **options)
    whole = made()
    whole.fit(4)
    half = made(Doing(after_batch=lambda learn: learn.training and learn.run.step == 12 and learn.run.stop())).fit(4)
    rest = made(resume=half)
    rest.fit(4)
    assert same(copies(rest.model.parameters()), copies(whole.model.parameters()))


@pytest.mark.parametrize("made", [lambda o: Schedule(lr_scheduler.ReduceLROnPlateau(o), monitor="val_accuracy"),
                                  lambda o: Schedule(lr_scheduler.ReduceLROnPlateau(o, mode="max")),
                                  lambda o: Schedule(lr_scheduler.ReduceLROnPlateau(o), every="step"),
                                  lambda o: Schedule(lr_scheduler.StepLR(o, 1), monitor="val_loss")],
                         ids=["accuracy", "loss", "each step", "no metric"])
def test_a_schedule_that_makes_no_sense_is_refused_where_it_is_made(made):
    with pytest.raises(ValueError): made(SGD(network().parameters(), .1))


@pytest.mark.parametrize("made", [lambda: EarlyStopping("val_accuracy"), lambda: ReduceLROnPlateau("val_f1"), lambda: ModelCheckpoint("val_auc")],
                         ids=["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"])
def test_callbacks_know_the_direction_of_plain_names(made): assert made().mode == "max"


def test_a_plateau_without_its_metric_is_said_after_the_first_epoch(learner):
    model = network()
    optimizer = SGD(model.parameters(), .05)
    learn = learner(Schedule(lr_scheduler.ReduceLROnPlateau(optimizer)), model=model, optimizer=optimizer)
    with pytest.raises(ValueError, match="Schedule goes by 'val_loss', which was never logged; there are loss"): learn.fit(3)


# Predictions

class Outputs(nn.Module):
    def __init__(self, form):
        super().__init__()
        self.form, self.a, self.b = form, nn.Linear(4, 1), nn.Linear(4, 2)
    def forward(self, x): return self.form(self.a(x), self.b(x))


Two = namedtuple("Two", "a b")


@pytest.mark.parametrize("form, read", [
    (lambda a, b: (a, b), lambda out: out), (lambda a, b: [a, b], lambda out: out), (Two, lambda out: (out.a, out.b)),
    (lambda a, b: dict(a=a, b=b), lambda out: (out["a"], out["b"])), (lambda a, b: OrderedDict(a=a, b=b, none=None), lambda out: (out["a"], out["b"])),
    (lambda a, b: (a, dict(rest=[b])), lambda out: (out[0], out[1]["rest"][0]))], ids=["tuple", "list", "named", "dict", "with None", "nested"])
def test_outputs_keep_their_form(learner, form, read):
    learn = learner(model=Outputs(form), loss=lambda pred, y: read(pred)[0].mean())
    learn.fit(1)
    for what in (BATCHES, X):
        out = learn.predict(what)
        one, two = read(out)
        assert torch.equal(one, learn.model.a(X)) and two.shape == (40, 2)
        assert type(out) is type(form(one, two)) or isinstance(out, dict)


def test_an_output_without_a_row_for_each_sample_is_refused(learner):
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(4, 1, batch_first=True)
        def forward(self, x): return self.gru(x[:, None])
    learn = learner(model=Recurrent(), loss=lambda pred, y: pred[0].mean())
    with pytest.raises(TypeError, match="predict can't join"): learn.predict(BATCHES)
    assert learn.predict(BATCHES[:1])[1].shape == (1, 8, 1)


def test_what_can_be_predicted(learner):
    learn = learner()
    learn.fit(1)
    rows = learn.predict(BATCHES)
    for what in (X, [X], [X[:8], X[8:]], DataLoader(TensorDataset(X, Y), 16), DataLoader(X, 16), (batch for batch in BATCHES), Stream(BATCHES)):
        assert torch.allclose(learn.predict(what), rows, atol=1e-6)
    assert not rows.requires_grad


@pytest.mark.parametrize("what, text", [
    ((X, Y), "one batch or several"), (TensorDataset(X, Y), "DataLoader"), (X.numpy(), "got a ndarray"), (3, "got a int"), (dict(x=X), "override "
        "Learner.split")],
    ids=["tuple", "data set", "numpy", "number", "dict"])
def test_what_can_not_be_predicted(learner, what, text):
    with pytest.raises(TypeError, match=text): learner().predict(what)


def test_predicting_one_batch_of_a_kind_of_ones_own(learner):
    learn = learner(kind=OnlyDicts, train=[as_dict(batch) for batch in BATCHES])
    learn.fit(1)
    assert torch.equal(learn.predict(dict(x=X, y=Y)), learn.predict([dict(x=X, y=Y)]))


# Epochs of a second fit

@pytest.mark.parametrize("how", ["stop", "epoch", "callback", "CancelFit"])
def test_a_second_fit_goes_on_with_the_next_epoch(learner, how):
    def end(learn):
        if learn.run.step != 12: return
        if how == "callback" or how == "CancelFit": raise CancelFitException
        learn.run.stop("step" if how == "stop" else "epoch")
    learn = learner(Doing(after_batch=end))
    learn.fit(10)
    run = learn.fit(2)
    assert sorted(run.frame()["epoch"].unique()) == [0, 1, 2, 3, 4] and learn.epoch == 4 and run.status == "finished"
    learn.fit(1)
    assert learn.epoch == 5


def test_early_stopping_and_a_second_fit(learner):
    learn = learner(EarlyStopping(min_delta=100., patience=2), valid=BATCHES)
    learn.fit(10)
    run = learn.fit(1)
    assert run.frame("valid")["epoch"].tolist() == [0, 1, 2, 3]


def test_epochs_of_a_run_that_goes_on_and_is_fitted_again(learner):
    half = learner(Doing(after_batch=lambda learn: learn.run.step == 7 and learn.run.stop())).fit(10)
    learn = learner(Doing(after_batch=lambda learn: learn.run.step == 13 and learn.run.stop()), resume=half)
    learn.fit(10)
    run = learn.fit(2)
    assert sorted(run.frame(joined=True)["epoch"].unique()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("callbacks", [list, lambda: [EMA(.9)]], ids=["plain", "ema"])
def test_a_run_that_goes_on_is_looked_at_with_its_own_weights(learner, callbacks):
    first = learner(*callbacks(), valid=BATCHES)
    run = first.fit(3)
    again = learner(*callbacks(), valid=BATCHES, resume=run)
    assert again.validate() == first.validate() and torch.equal(again.predict(X), first.predict(X))
    third = learner(*callbacks(), valid=BATCHES, resume=run)
    assert third.lr_find(steps=20).losses.tolist() == first.lr_find(steps=20).losses.tolist()
    assert third.fit(4).step == 20 and third.fit(1).step == 25
    first.fit(1)
    again.fit(4)
    assert same(copies(again.model.parameters()), copies(first.model.parameters()))


# Callbacks that are put in later

@pytest.mark.parametrize("put", [lambda learn, callback: setattr(learn, "callbacks", [callback]), lambda learn, callback: setattr(learn, "callbacks", callback),
                                 lambda learn, callback: setattr(learn, "callbacks", [*learn.callbacks, callback]), lambda learn,
                                 callback: setattr(learn, "callbacks", learn.callbacks + [callback]), lambda learn, callback: learn.callbacks.append(callback)],
                         ids=["list", "one", "unpacked", "added", "appended"])
def test_callbacks_put_in_between_fits_act(learner, put):
    learn = learner(valid=BATCHES)
    first = learn.fit(1)
    put(learn, GradientClipping(1e-9))
    before = copies(learn.model.parameters())
    second = learn.fit(1)
    assert second is first and all(torch.allclose(*pair, atol=1e-6) for pair in zip(before, copies(learn.model.parameters())))
    assert [callback.name for callback in learn.callbacks] == ["Metrics", "GradientClipping"] and "val_loss" in learn.validation


@pytest.mark.parametrize("callback", [lambda learn: EarlyStopping(min_delta=100., patience=1), lambda learn: EMA(.9),
                                      lambda learn: Schedule(lr_scheduler.StepLR(learn.optimizer, 2))],
                         ids=["EarlyStopping", "EMA", "Schedule"])
def test_callbacks_that_ask_something_of_a_run_get_one(learner, callback):
    learn = learner(valid=BATCHES)
    first = learn.fit(1)
    learn.callbacks += callback(learn)
    second = learn.fit(5)
    assert second is not first and first.is_over and any("other callbacks" in note for note in second.notes)
    assert (second.status == "stopped") == isinstance(callback(learn), EarlyStopping)
    assert learn.fit(1) is second


@pytest.mark.parametrize("wrong", [[EMA], [3], 3, [EarlyStopping("loss"), EarlyStopping("val_loss")]], ids=["class", "number", "no list", "contradiction"])
def test_wrong_callbacks_are_refused_where_they_are_put_in(learner, wrong):
    learn = learner()
    with pytest.raises((TypeError, ValueError)): learn.callbacks = wrong
    learn.fit(1)


# Names

@pytest.mark.parametrize("name, meant", [("early_stopp", "early_stop"), ("metric", "metrics"), ("callback", "callbacks"), ("modee", "mode"),
                                         ("resumee", "resume"), ("devise", "device")])
def test_a_misspelt_option_is_an_error_where_it_is_written(learner, name, meant):
    with pytest.raises(TypeError, match=f"no option {name}; is it {meant}"): learner(**{name: 3})


def test_all_options_of_watch_are_options_of_a_learner(learner):
    names = [name for name, parameter in inspect.signature(watch).parameters.items() if parameter.kind is parameter.KEYWORD_ONLY]
    defaults = {name: inspect.signature(watch).parameters[name].default for name in names}
    learner(**{name: value for name, value in defaults.items() if name not in ("dir", "view", "loss")})  # its loss is its own


def test_a_learner_of_ones_own_with_more_options(tmp_path):
    class Own(Learner):
        def __init__(self, *given, smoothing=.1, **more):
            super().__init__(*given, **more)
            self.smoothing = smoothing
    model = network()
    assert Own(model, BATCHES, None, F.mse_loss, SGD(model.parameters(), .1), smoothing=.3, dir=tmp_path, view=None).fit(1).step == 5


def accuracies(average, **more): return MetricCollection([MulticlassAccuracy(3, average=average)], **more)


class Named(MeanMetric):
    """Gives several values, whose names are known only then."""
    def __init__(self, **values):
        super().__init__()
        self.values = values
    def update(self, pred, y): super().update(0.)
    def compute(self): return {name: super(Named, self).compute() + value for name, value in self.values.items()}


@pytest.mark.parametrize("metrics", [
    lambda: dict(a=accuracies("micro"), b=accuracies("macro")), lambda: [accuracies("micro"), MulticlassAccuracy(3)],
    lambda: [accuracies("micro"), accuracies("macro")],
    lambda: MetricCollection(dict(loss=MeanMetric())), lambda: Named(loss=1.), lambda: dict(a=Named(x=1.), b=Named(x=2.)),
    lambda: dict(a=Named(b=1.), b=Named(c=1., d=2.), c=lambda pred, y: 0.)],
    ids=["collections", "one and a collection", "list of collections", "loss", "late loss", "late twice", "late and a metric"])
def test_metrics_of_one_name_are_an_error(learner, metrics):
    labels = [(x, torch.zeros(len(x), dtype=int)) for x, _ in BATCHES]
    with pytest.raises(ValueError, match="two metrics have one name|as val_loss"):
        learner(model=network(lambda: (nn.Linear(4, 3),)), train=labels, valid=labels, loss=F.cross_entropy, metrics=metrics()).validate()


@pytest.mark.parametrize("metrics, names", [(lambda: dict(a=accuracies("micro", prefix="micro_"), b=accuracies("macro", postfix="_macro")),
                                             ["micro_accuracy", "accuracy_macro"]),
                                            (lambda: [accuracies("micro"), accuracies("macro", prefix="m_")], ["accuracy", "m_accuracy"])])
def test_collections_of_several_names(learner, metrics, names):
    labels = [(x, torch.zeros(len(x), dtype=int)) for x, _ in BATCHES]
    found = learner(model=network(lambda: (nn.Linear(4, 3),)), train=labels, valid=labels, loss=F.cross_entropy, metrics=metrics()).validate()
    assert len(found) == 3 and "val_loss" in found


# Means are weighted by samples

@dataclass
class Pair:
    x: object
    y: object


def detection(n):
    """Images of different sizes, and for each a dict of what is in it."""
    return [torch.zeros(3, 20 + i, 30) for i in range(n)], [dict(boxes=torch.zeros(i + 1, 4), labels=torch.zeros(i + 1)) for i in range(n)]


SHAPES = dict(
    tensors=lambda n: (torch.zeros(n, 3), torch.zeros(n)),
    dicts=lambda n: dict(ids=torch.zeros(n, 9), mask=torch.zeros(n, 9), length=3),
    list_of_dicts=lambda n: [dict(a=torch.zeros(7), b=torch.zeros(2, 2)) for _ in range(n)],
    detection=detection,
    tuples_of_detection=lambda n: tuple(map(tuple, detection(n))),
    only_targets=lambda n: (None, detection(n)[1]),
    nested=lambda n: ((torch.zeros(n, 2), dict(more=torch.zeros(n))), torch.zeros(n)),
    several_inputs=lambda n: ([torch.zeros(n, 5), torch.zeros(n, 9)], torch.zeros(n)),
    ragged=lambda n: ([torch.zeros(i + 1, 8) for i in range(n)], torch.zeros(n)),
    ragged_targets=lambda n: (torch.zeros(n, 2), [torch.zeros(i + 1) for i in range(n)]),
    words=lambda n: (["word"] * n, list(range(n))),
    graph=lambda n: (torch.zeros(2, 50, dtype=int), torch.zeros(n, 4), torch.zeros(n)),
    packed=lambda n: pack_sequence([torch.zeros(i + 1, 2) for i in range(n)], enforce_sorted=False),
    jagged=lambda n: torch.nested.nested_tensor([torch.zeros(i + 1, 2) for i in range(n)]),
    pairs=lambda n: Pair(torch.zeros(n, 3), torch.zeros(n)),
)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("n", [4, 5, 8])
def test_samples_of_a_batch(name, n): assert samples_in(SHAPES[name](n)) == n


@pytest.mark.parametrize("name", ["dicts", "list_of_dicts", "detection", "nested", "several_inputs", "ragged", "ragged_targets", "words", "packed"])
def test_means_over_a_validation_are_weighted_by_samples(learner, name):
    class Any(Learner):
        def split(self, batch): return [batch], batch
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))
        def forward(self, batch): return self.scale
    sizes = [4, 4, 6]
    learn = learner(model=Counting(), train=[SHAPES[name](4)], valid=[SHAPES[name](n) for n in sizes], kind=Any,
                    loss=lambda pred, batch: pred * samples_in(batch), metrics=dict(size=lambda pred, batch: float(samples_in(batch))))
    expected = sum(n * n for n in sizes) / sum(sizes)
    assert learn.validate() == pytest.approx(dict(val_loss=expected, val_size=expected))


def test_a_mean_by_itself_sees_the_samples():
    mean = AverageMetric(lambda pred, y: float(len(y)))
    for n in (4, 6): mean.update(None, detection(n)[1])
    assert mean.compute() == pytest.approx((16 + 36) / 10)


# What was wrong once, in other shapes of a loop

def with_scale(scale):
    """A callback for float16 whose losses are scaled by so much, as a checkpoint's state would say."""
    callback = MixedPrecision(torch.float16)
    callback.load_state_dict(callback.state_dict() | dict(scale=scale))
    return callback


@pytest.mark.parametrize("valid", [None, BATCHES], ids=["no validation", "validation"])
@pytest.mark.parametrize("train", [Stream(BATCHES), [*BATCHES, None]], ids=["stream", "last is None"])
def test_gradients_of_a_step_left_out_behind_an_epoch_are_scaled_once(learner, train, valid):
    """The gradients of an epoch's last group stay, and those of the next epoch are added: with a scaler the steps are those without it, and what is
    saved is scaled."""
    found = []
    for half in ([], [with_scale(256.)]):
        def leave_out(learn):
            if learn.is_at_end and learn.epoch == 0: raise CancelStepException
        learn = learner(GradientAccumulation(4), *half, Doing(20, before_step=leave_out), train=train, valid=valid)
        learn.fit(2)
        found.append(copies(learn.model.parameters()))
    assert all(torch.allclose(a, b, atol=5e-3) for a, b in zip(*found)) and not same(*found)


def test_what_the_optimizer_leaves_alone_is_not_in_the_norm(learner):
    """All has gradients, and only the last layer is in the optimizer: the norm is that layer's, with a scaler as without."""
    norms = []
    for half in ([], [with_scale(256.)]):
        model = network()
        run = learner(*half, GradientClipping(100.), model=model, optimizer=SGD(model[2].parameters(), .05)).fit(1)
        norms.append(run.frame()["grad_norm"].tolist())
    model = network()
    F.mse_loss(model(X[:8]), Y[:8]).backward()
    own = torch.stack([p.grad.norm() for p in model[2].parameters()]).norm().item()
    assert norms[0] == pytest.approx(norms[1], rel=.05) and norms[0][0] == pytest.approx(own, rel=1e-5)


@pytest.mark.parametrize("event", ["before_batch", "after_pred", "before_step", "after_batch"])
def test_a_name_that_is_logged_twice_in_a_batch(learner, event):
    """The learner's own loss, or a name of one's own: an error that names it, at whatever event."""
    with pytest.raises(ValueError, match="loss is logged twice"): learner(Doing(**{event: lambda learn: learn.log(loss=1.)})).fit(1)
    with pytest.raises(ValueError, match="mine is logged twice"):
        learner(Doing(**{event: lambda learn: learn.log(mine=1.)}), Doing(after_backward=lambda learn: learn.log(mine=2.))).fit(1)


def test_two_penalties_of_names_of_their_own(learner):
    """Each has its figure, and both are in what is backpropagated."""
    class HeadL2(L2): pass
    added = []
    run = learner(L2(.1), HeadL2(.2), Doing(500, after_backward=lambda learn: added.append((learn.loss_grad - learn.loss).item()))).fit(1)
    assert (run.frame()["l2"] + run.frame()["headl2"]).tolist() == pytest.approx(added, rel=1e-4)


@pytest.mark.parametrize("event", ["before_fit", "before_epoch", "after_batch", "after_epoch"])
def test_a_search_within_a_fit_changes_nothing(learner, event):
    """With groups of batches, in bfloat16, at several events: the same losses and weights, and the learner's callbacks are its own."""
    found = []
    for search in (False, True):
        class Once(Doing): in_lr_find = False
        def look(learn):
            if search and learn.run.step in (0, 5) and (learn.training or event != "after_batch"): learn.lr_find(steps=20)
        learn = learner(GradientAccumulation(2), MixedPrecision(), EMA(.9), Once(**{event: look}), train=Stream(BATCHES), valid=BATCHES)
        own = [*learn.callbacks]
        run = learn.fit(2)
        assert [*learn.callbacks] == own and learn.valid_dl is BATCHES and learn.run is run
        found.append((run.history("loss"), run.history("val_loss"), copies(learn.model.parameters())))
    assert found[0][:2] == found[1][:2] and same(found[0][2], found[1][2])


@pytest.mark.parametrize("rates, warm_up, shares", [((.01, .1), True, (.1, 1.)), ((0., 0.), False, (1., 1.)), ((0., .1), False, (0., 1.))])
def test_a_search_where_rates_are_zero(learner, rates, warm_up, shares):
    """All rates are 0: the proportion is that of the rates which a warm-up leads to, or all are alike. One that is 0 stays so."""
    model, tried = network(), []
    optimizer = SGD([dict(params=model[0].parameters(), lr=rates[0]), dict(params=model[2].parameters(), lr=rates[1])])
    more = [Schedule(lr_scheduler.LambdaLR(optimizer, lambda step: step / 10))] if warm_up else []
    found = learner(*more, counting(tried, lambda learn: [group["lr"] for group in learn.optimizer.param_groups]), model=model,
                    optimizer=optimizer).lr_find(steps=20)
    assert [pair for pair in tried[:len(found.rates)]] == [pytest.approx([share * rate for share in shares]) for rate in found.rates]


@pytest.mark.parametrize("when", ["before_epoch", "after_step", "after_validate"])
@pytest.mark.parametrize("add", [lambda learn, callback: learn.callbacks.append(callback), lambda learn,
                                 callback: setattr(learn, "metrics", dict(size=lambda pred, y: 0.))], ids=["append", "metrics"])
def test_callbacks_that_are_added_within_a_fit_are_refused(learner, when, add):
    """One that comes later was not told of the beginning, nor the run of what it asks for; after the fit, failed as it is, it is taken."""
    learn = learner(Doing(**{when: lambda learn: add(learn, EarlyStopping())}), valid=BATCHES)
    with pytest.raises(ValueError, match="between two fits"): learn.fit(1)
    learn.callbacks.append(EarlyStopping(patience=1, min_delta=100.))
    learn.callbacks = [callback for callback in learn.callbacks if not isinstance(callback, Doing)]
    assert learn.fit(9).step == 2 * len(BATCHES)


@pytest.mark.parametrize("lazy", [False, True])
def test_inputs_by_the_names_of_arguments(learner, lazy):
    """split gives a dict: fit, validate, predict and layers without shapes go by it, and the mean is over samples."""
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.linear = nn.LazyLinear(1) if lazy else nn.Linear(4, 1)
        def forward(self, *, shift, x): return self.linear(x) + shift
    class ByName(Learner):
        def split(self, batch): return dict(x=batch[0], shift=torch.ones(len(batch[0]), 1)), batch[1]
    batches = [*BATCHES[:2], (X[:3], Y[:3])]
    learn = learner(model=Named(), train=batches, valid=batches, kind=ByName)
    learn.fit(1)
    x, y = torch.cat([X[:16], X[:3]]), torch.cat([Y[:16], Y[:3]])
    with torch.no_grad(): pred = learn.model.linear(x) + 1
    assert torch.allclose(learn.predict(batches), pred) and learn.validate()["val_loss"] == pytest.approx(F.mse_loss(pred, y).item(), rel=1e-5)


@pytest.mark.parametrize("form", [lambda out: (out, out), lambda out: dict(a=out)], ids=["tuple", "dict"])
def test_outputs_that_cannot_be_joined_in_another_form(learner, form):
    class Squeezed(nn.Linear):
        def forward(self, x): return form(super().forward(x).squeeze())
    with pytest.raises(TypeError, match=r"shapes \(4,\), \(\)"): learner(model=Squeezed(4, 1)).predict(list(X[:9].split(4)))


def test_tuples_stay_tuples_on_their_way_to_the_model(learner):
    """A loader of lists of (x, y) samples: split gets them as the data set gave them."""
    seen = []
    class Samples(Learner):
        def split(self, batch):
            seen.append(batch)
            return [torch.stack([x for x, _ in batch])], torch.stack([y for _, y in batch])
    own, plain = learner(train=[list(zip(x, y)) for x, y in BATCHES], kind=Samples), learner()
    assert own.fit(1).history("loss") == plain.fit(1).history("loss") and all(type(sample) is tuple for sample in seen[0])


def test_another_optimizer_and_its_schedule(learner):
    """Both are replaced between two fits: the new rates are the new schedule's, and both are saved."""
    model = network()
    def new(rate):
        optimizer = SGD(model.parameters(), rate, momentum=.9)
        return optimizer, Schedule(lr_scheduler.StepLR(optimizer, 2, .5))
    optimizer, schedule = new(.05)
    learn = learner(schedule, model=model, optimizer=optimizer)
    learn.fit(1)
    learn.optimizer, schedule = new(.02)
    learn.callbacks = [schedule]
    run = learn.fit(1)
    assert run.frame()["learning_rate"].tolist() == [.02, .02, .01, .01, .005] and len(run.frame("gradients"))
    run.finish()
    model = network()
    optimizer, schedule = new(.02)
    again = learner(schedule, model=model, optimizer=optimizer, resume=run)
    again.validate(BATCHES)
    assert optimizer.param_groups[0]["lr"] == .005 and optimizer.state and same(copies(model.parameters()), copies(learn.model.parameters()))


def test_a_metric_is_monitored_by_the_name_that_was_given(learner):
    """mIoU stays mIoU in the record, for what goes by it, and beside metrics that are named by their class."""
    def HitRate(pred, y): return 0.  # noqa: N802 - a metric may be named like a class
    learn = learner(EarlyStopping("val_mIoU", mode="max", patience=1), valid=BATCHES, metrics=dict(mIoU=HitRate))
    assert learn.fit(5).step == 2 * len(BATCHES) and "val_mIoU" in learn.validation
    learn.metrics = [HitRate]
    assert "val_hit_rate" in learn.validate()
