"""Metrics are those of the whole validation, and a validation leaves the training as it is."""
import math
from itertools import count

import pytest
import torch
import torch.nn.functional as F
from learners import at, at_step, data, in_validation, says, seed, weights
from torch import nn
from torch.optim import SGD
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score
from trainings import Doing, same

from trainbook import Learner
from trainbook.train.callback import Callback, CancelBatchException, CancelEpochException, CancelFitException
from trainbook.train.callbacks import EMA, L2, GradientAccumulation, GradientClipping, MixedPrecision

pytestmark = pytest.mark.usefixtures("one_thread")


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
    with pytest.raises(ValueError, match="255 bytes"): classes(tmp_path, {"a" * 252: error_rate})


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


@pytest.mark.parametrize("callbacks", [lambda: [], lambda: [EMA(.9), MixedPrecision(), GradientAccumulation(4), L2(.1), GradientClipping(.1)]],
                         ids=["plain", "all"])
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


@pytest.mark.says("evaluate is refused: a validation is under way")
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
