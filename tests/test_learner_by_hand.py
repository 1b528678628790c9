"""A fit is the loop one would have written by hand, to the last bit."""
import pytest
import torch
from learners import TRAIN, VALIDATION, Endless, Log, Oops, at_step, by_hand, data, groups, network, onecycle, scaled, seed, weights
from torch.optim import SGD, lr_scheduler
from trainings import Doing, same

from trainbook.train.callback import CancelBatchException, CancelStepException
from trainbook.train.callbacks import EMA, L1, L2, GradientAccumulation, GradientClipping, MixedPrecision, ReduceLROnPlateau, Schedule

pytestmark = pytest.mark.usefixtures("one_thread")


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


@pytest.mark.parametrize("clip, accumulate", [(None, 1), (.1, 1), (.1, 4)])
def test_float16_with_a_scaler_as_by_hand(learner, clip, accumulate):
    callbacks = [MixedPrecision(torch.float16), *([GradientClipping(clip)] if clip else []), GradientAccumulation(accumulate)]
    learn = scaled(learner(callbacks), init_scale=2.**20, growth_interval=3)
    run = learn.fit(3)
    losses, valid, final = by_hand(dtype=torch.float16, scaler=torch.amp.GradScaler("cpu", init_scale=2.**20, growth_interval=3), clip=clip,
                                   accumulate=accumulate)
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


def test_the_last_group_of_a_loader_with_a_length_makes_a_step(learner):
    learn = learner([GradientAccumulation(4)])
    learn.fit(1)
    assert all(p.grad is None for p in learn.model.parameters())


def test_the_last_group_of_a_stream_makes_a_step_behind_it(learner):
    """Only when the stream is over is it known which batch was the last."""
    log, steps = Log(), []
    learn = learner([GradientAccumulation(4), log, Doing(after_step=lambda learn: steps.append(learn.run.step))], train=Endless(data()[0]))
    learn.fit(2)
    assert steps == [4, 6, 10, 12] and all(p.grad is None for p in learn.model.parameters())
    left_out = ["before_batch", "after_pred", "after_loss", "after_backward", "after_batch"]  # to `before_step` GradientAccumulation came first
    assert log.seen[:-2] == ["before_fit", *["before_epoch", *left_out * 3, *TRAIN, *left_out * 2, "before_step", "after_step", *VALIDATION, "after_epoch"] * 2]
