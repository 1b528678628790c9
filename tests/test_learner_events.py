"""The events of a fit come in their order and are cleaned up after, whatever is cancelled, raised or stopped in them."""
import os
import signal
import time
from itertools import count

import pytest
import torch
import torch.nn.functional as F
from learners import TRAIN, VALID, VALIDATION, Log, Oops, at, at_step, epochs, fit, in_validation, stop_with
from trainings import Doing

from trainbook.train import checkpoint_store as checkpoint
from trainbook.train.callback import CancelBatchException, CancelEpochException, CancelException, CancelFitException, CancelStepException
from trainbook.train.callbacks import EMA, GradientAccumulation, MixedPrecision

pytestmark = pytest.mark.usefixtures("one_thread")


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
    assert log.seen == fit("before_epoch", *TRAIN * 6, *VALIDATION, "after_epoch") and run.status == "stopped"
    assert len(run.frame("valid")) == 1, "a validation that is under way is finished"
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
    assert run.frame().index.tolist() == [1, 2, 3] and not learn.batch_metrics


def test_figures_logged_in_validation_are_rows_of_their_own(learner):
    """One for each batch of it, in the stream of their name; rows of steps stay as they are."""
    learn = learner([Doing(after_batch=lambda learn: learn.training or learn.log(val_seen=1.))])
    run = learn.fit(2)
    assert run.frame().index.tolist() == list(range(1, 13)) and "val_seen" not in run.frame()
    assert run.history("val_seen") == [(6, 1.)] * 3 + [(12, 1.)] * 3 and not learn.batch_metrics


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
    monkeypatch.setattr(checkpoint, "save", lambda folder, snapshot, save=checkpoint.save, **more: (time.sleep(.3), save(folder, snapshot, **more)))
    run = learner().fit(1)
    assert learner(resume=run.path).fit(2).history("loss") == whole
