"""A Learner keeps no graph and no batch."""
import gc

import pytest
import torch
from learners import Oops, X, Y, at_step, stop_with

from trainbook.train.callback import CancelBatchException, CancelFitException
from trainbook.train.callbacks import EMA, L2, GradientAccumulation, GradientClipping, MixedPrecision

pytestmark = pytest.mark.usefixtures("one_thread")


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
    learn = learner([GradientClipping(1.), EMA(.9), L2(.01)], train=batch * 250, valid=batch * 5, checkpoint=None)
    for _ in range(6):
        learn.fit(1)
        gc.collect()
        found.append((len(tensors()), len(gc.get_objects())))
    growth = [now[1] - before[1] for before, now in zip(found, found[1:])]
    assert found[-1][0] == found[1][0] and min(growth) < 60, found  # a leak grows in each fit, of 250 steps; what torch or Python make once does not
