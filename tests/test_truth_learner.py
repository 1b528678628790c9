"""A Learner's arithmetic beside the same loop in plain torch, in situations that public issues of trainers tell of."""
import copy
import warnings
from collections import UserDict

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD, Adam, lr_scheduler
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
from trainings import Doing, Stream, copies, learners, near, network, regression, same

from trainbook import Learner
from trainbook.train.callback import CancelBatchException, CancelStepException
from trainbook.train.callbacks import EMA, EarlyStopping, GradientAccumulation, GradientClipping, MixedPrecision, Schedule

pytestmark = pytest.mark.usefixtures("one_thread")


X, Y, BATCHES = regression(44)  # 8, 8, 8, 8, 8 and 4 samples


@pytest.fixture
def learner(tmp_path): return learners(tmp_path, BATCHES)


def noting(found, key, event="after_step"): return Doing(500, **{event: lambda learn: found.append(key(learn))})


# Parts that are frozen

class Backbone(nn.Module):
    """A pretrained body with BatchNorm and Dropout that the person has set to eval, and a head in train mode."""
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(.5)), nn.Sequential(nn.Dropout(.0), nn.Linear(8, 1))
        self.body.requires_grad_(False).eval()
    def forward(self, x): return self.head(self.body(x))


@pytest.mark.parametrize("callbacks", [list, lambda: [EMA(.9)], lambda: [GradientAccumulation(2)]], ids=["plain", "ema", "accumulation"])
def test_a_frozen_backbone_is_as_by_hand(learner, callbacks):
    """Fine-tuning a head: statistics and dropout of the frozen body stay as they were, and the head has the plain loop's weights."""
    model = Backbone()
    learn = learner(*callbacks(), model=model, optimizer=SGD(model.head.parameters(), .1), valid=BATCHES)
    before = copies(model.body.state_dict().values())
    learn.fit(2)
    learn.validate()
    learn.fit(1)
    assert same(before, copies(model.body.state_dict().values())) and not any(m.training for m in model.body.modules())
    if callbacks() and not isinstance(callbacks()[0], EMA): return
    plain = Backbone()
    optimizer = SGD(plain.head.parameters(), .1)
    for x, y in BATCHES * 3:
        F.mse_loss(plain(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert same(copies(plain.parameters()), copies(model.parameters()))


def test_batch_norm_of_the_average_in_validation(learner):
    """EMA and BatchNorm: a validation uses the running statistics of the model as it is, with averaged weights, and moves none."""
    model = network(lambda: (nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1)))
    average = EMA(.5)
    learn = learner(average, model=model, valid=BATCHES)
    learn.fit(2)
    before = copies(model.buffers())
    plain = copy.deepcopy(model)
    for own, mean in zip(plain.parameters(), average.model.module.parameters()): own.data.copy_(mean)
    with torch.no_grad(): expected = F.mse_loss(plain.eval()(X), Y).item()
    assert learn.validate()["val_loss"] == pytest.approx(expected, rel=1e-5) and same(before, copies(model.buffers()))


def test_unfreezing_in_mid_training_with_add_param_group(learner):
    """Gradual unfreezing by a callback: the body moves from epoch 1 on, as in the plain loop."""
    def play(by_hand):
        model = Backbone()
        optimizer = SGD(model.head.parameters(), .1)
        def unfreeze():
            model.body.requires_grad_(True)
            optimizer.add_param_group(dict(params=list(model.body.parameters()), lr=.01))
        if not by_hand:
            learner(Doing(before_epoch=lambda learn: learn.epoch == 1 and unfreeze()), model=model, optimizer=optimizer).fit(2)
            return copies(model.parameters())
        for epoch in range(2):
            if epoch: unfreeze()
            for x, y in BATCHES:
                F.mse_loss(model(x), y).backward()
                optimizer.step()
                optimizer.zero_grad()
        return copies(model.parameters())
    assert same(play(False), play(True))


# Gradients

def test_a_loss_with_parameters_of_its_own(learner):
    """A margin loss whose weights are in the optimizer: its gradients are dropped before a fit, and after each step."""
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(2.))
        def forward(self, pred, y): return F.mse_loss(pred * self.scale, y)
    def play(by_hand):
        model, loss = network(), Scaled()
        optimizer = SGD([*model.parameters(), *loss.parameters()], .05)
        if not by_hand:
            (100 * loss(model(X), Y)).backward()
            learner(model=model, loss=loss, optimizer=optimizer).fit(2)
        else:
            for x, y in BATCHES * 2:
                loss(model(x), y).backward()
                optimizer.step()
                optimizer.zero_grad()
        return copies([*model.parameters(), loss.scale])
    assert same(play(False), play(True))


def test_clipping_is_of_all_gradients_together(learner):
    """`max_norm` is 'the largest L2 norm of all gradients together': also those of a loss with parameters."""
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(2.))
        def forward(self, pred, y): return F.mse_loss(pred * self.scale, y)
    model, loss, norms = network(), Scaled(), []
    parameters = [*model.parameters(), loss.scale]
    learner(GradientClipping(.01), noting(norms, lambda learn: torch.stack([p.grad.norm() for p in parameters]).norm().item()), model=model, loss=loss,
            optimizer=SGD(parameters, .05)).fit(1)
    assert max(norms) <= .01 * 1.001


@pytest.mark.parametrize("train", [list, Stream, lambda batches: DataLoader(TensorDataset(X, Y), 8)], ids=["list", "stream", "DataLoader"])
@pytest.mark.parametrize("n", [2, 4, 5])
def test_clipped_accumulation_is_as_by_hand(learner, train, n):
    """Groups of n batches of 6 of which the last is smaller: the gradient is the mean over the group's batches, and clipped once, before the step."""
    model = network()
    optimizer = SGD(model.parameters(), .1, momentum=.9)
    for _ in range(2):
        for first in range(0, 6, n):
            group = BATCHES[first:first + n]
            for x, y in group: (F.mse_loss(model(x), y) / len(group)).backward()
            nn.utils.clip_grad_norm_(model.parameters(), .1)
            optimizer.step()
            optimizer.zero_grad()
    other = network()
    learn = learner(GradientAccumulation(n), GradientClipping(.1), model=other, train=train(BATCHES), optimizer=SGD(other.parameters(), .1, momentum=.9))
    learn.fit(2)
    assert near(copies(model.parameters()), copies(other.parameters()))


@pytest.mark.parametrize("train", [list, Stream], ids=["list", "stream"])
def test_accumulation_in_float16_is_as_in_float32(learner, train):
    """With a scaler and 6 batches in groups of 4 the steps are those without it, up to half precision's digits."""
    found = []
    for callbacks in ([], [MixedPrecision(torch.float16)]):
        learn = learner(GradientAccumulation(4), *callbacks, train=train(BATCHES))
        learn.fit(3)
        found.append(copies(learn.model.parameters()))
    assert all(torch.allclose(a, b, atol=5e-3) for a, b in zip(*found)) and not same(*found)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_step_that_is_left_out_at_the_end_of_a_stream(learner, dtype):
    """A callback leaves out the last, smaller group's step (its norm was not finite, say): the next epoch's groups go on."""
    left_out = []
    def leave_out(learn):
        if learn.is_at_end and not left_out:
            left_out.append(learn.run.step)
            learn.optimizer.zero_grad()
            raise CancelStepException
    steps = []
    learn = learner(GradientAccumulation(4), MixedPrecision(dtype), Doing(20, before_step=leave_out), noting(steps, lambda learn: learn.run.step),
                    train=Stream(BATCHES))
    learn.fit(3)
    assert left_out == [6] and steps == [4, 10, 12, 16, 18]


def test_gradients_that_are_left_to_add_up_by_a_callback_in_float16(learner):
    """CancelStepException in every other batch is accumulation by hand: also with a scaler the gradients of both add up."""
    found = []
    for callbacks in ([], [MixedPrecision(torch.float16)]):
        def alternate(learn):
            if learn.run.step % 2: raise CancelStepException
        for callback in callbacks: callback.load_state_dict(callback.state_dict() | dict(scale=256.))  # nothing overflows
        learn = learner(*callbacks, Doing(20, before_step=alternate))
        learn.fit(2)
        found.append(copies(learn.model.parameters()))
    assert all(torch.allclose(a, b, atol=5e-3) for a, b in zip(*found))


# Schedules and averages move with steps

@pytest.mark.parametrize("n", [1, 2, 4])
def test_one_cycle_over_the_steps_of_an_accumulation(learner, n):
    """OneCycleLR with total_steps = epochs × groups: the rates of the steps are those of the plain schedule, its last step included."""
    groups = -(-6 // n)
    def cycle(optimizer): return lr_scheduler.OneCycleLR(optimizer, .1, total_steps=2 * groups)
    own = SGD([nn.Parameter(torch.ones(1))], .1, momentum=.9)
    schedule, expected = cycle(own), []
    for _ in range(2 * groups):
        expected.append(own.param_groups[0]["lr"])
        own.step()
        if len(expected) < 2 * groups: schedule.step()
    model, rates = network(), []
    optimizer = SGD(model.parameters(), .1, momentum=.9)
    learn = learner(GradientAccumulation(n), Schedule(cycle(optimizer)), Doing(10, before_step=lambda learn: rates.append(optimizer.param_groups[0]["lr"])),
                    model=model, optimizer=optimizer)
    try: learn.fit(2)
    except ValueError as error: pytest.fail(f"the schedule has as many steps as there are, and: {error}")
    assert rates == pytest.approx(expected, rel=1e-12)


def test_warmup_by_step_and_plateau_by_epoch_together(learner):
    """Two schedules on one optimizer, one by step, one by epoch: the rates are those of the plain loop."""
    def schedules(optimizer): return lr_scheduler.LinearLR(optimizer, .1, total_iters=8), lr_scheduler.StepLR(optimizer, 1, .5)
    model, rates, expected = network(), [], []
    optimizer = SGD(model.parameters(), .1)
    a, b = schedules(optimizer)
    learner(Schedule(a), Schedule(b, every="epoch"), Doing(10, before_step=lambda learn: rates.append(optimizer.param_groups[0]["lr"])), model=model,
            optimizer=optimizer).fit(3)
    own = SGD([nn.Parameter(torch.ones(1))], .1)
    a, b = schedules(own)
    for _ in range(3):
        for _ in range(6):
            expected.append(own.param_groups[0]["lr"])
            own.step()
            a.step()
        b.step()
    assert rates == expected


def test_an_average_counts_the_steps_of_a_stream_with_skipped_batches(learner):
    """6 batches of which one is None, in groups of 2: three steps an epoch, and the average is that of the weights after them."""
    average, after = EMA(.8), []
    learn = learner(GradientAccumulation(2), average, noting(after, lambda learn: copies(learn.model.parameters())),
                    train=Stream([*BATCHES[:2], None, *BATCHES[2:5]]))
    learn.fit(2)
    by_hand = after[0]
    for weights in after[1:]: by_hand = [.8 * mean + .2 * value for mean, value in zip(by_hand, weights)]
    assert len(after) == int(average.model.n_averaged) == 6 and near(by_hand, copies(average.model.module.parameters()))


def test_torchs_plateau_of_a_metric_to_be_maximized(learner):
    """mode='max' with val_accuracy: the rate is cut when it does not rise, as in the plain loop."""
    left, rates = iter([.5, .6, .6, .6, .7]), []
    class Script:
        def reset(self): pass
        def update(self, pred, y): pass
        def compute(self): return next(left)
        def __call__(self, *_): pass
    model = network()
    optimizer = SGD(model.parameters(), .08)
    schedule = Schedule(lr_scheduler.ReduceLROnPlateau(optimizer, "max", factor=.5, patience=0), monitor="val_accuracy")
    learner(schedule, noting(rates, lambda learn: optimizer.param_groups[0]["lr"], "after_epoch"), model=model, optimizer=optimizer, valid=BATCHES,
            metrics=dict(accuracy=Script())).fit(5)
    assert rates == [.08, .08, .04, .02, .02]


# Batches and epochs that are cut

@pytest.mark.parametrize("event", ["before_batch", "after_loss", "after_backward", "before_step"])
def test_every_batch_of_one_epoch_is_skipped(learner, event):
    """The second of three epochs trains nothing (in after_backward its gradients are left, as documented): the weights are those of two plain epochs."""
    def skip(learn):
        if learn.training and learn.epoch == 1:
            learn.optimizer.zero_grad()
            raise CancelBatchException
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        learn = learner(Doing(-200, **{event: skip}))
        run = learn.fit(3)
    plain = learner()
    plain.fit(2)
    assert same(copies(plain.model.parameters()), copies(learn.model.parameters())) and run.status == "finished"


@pytest.mark.parametrize("when", ["after_step", "after_epoch", "after_validate", "before_fit"])
def test_a_callback_that_raises_leaves_a_learner_that_can_be_fitted_again(learner, when):
    """An error in a callback: the run has failed, and a fit after it trains on from the weights there are, as the plain loop would."""
    def fail(learn): raise ZeroDivisionError("by a callback")
    learn = learner(EMA(.9), Doing(300, **{when: fail}), valid=BATCHES)
    with pytest.raises(ZeroDivisionError): learn.fit(2)
    assert learn.run.status == "failed" and learn.model is not None and all(p.grad is None for p in learn.model.parameters())
    weights = copies(learn.model.parameters())
    learn.callbacks = [EMA(.9)]
    run = learn.fit(1)
    plain = network()
    for own, value in zip(plain.parameters(), weights): own.data.copy_(value)
    step = SGD(plain.parameters(), .05)
    for x, y in BATCHES:
        F.mse_loss(plain(x), y).backward()
        step.step()
        step.zero_grad()
    assert run.status == "finished" and same(copies(plain.parameters()), copies(learn.model.parameters()))


def test_no_epochs(learner):
    """fit(0) trains nothing and is finished; fit(2) behind it has the epochs 0 and 1."""
    learn = learner(EarlyStopping("loss", patience=100), EMA(.9), valid=BATCHES)
    before = copies(learn.model.parameters())
    run = learn.fit(0)
    assert same(before, copies(learn.model.parameters())) and run.step == 0 and run.status == "finished"
    run = learn.fit(2)
    assert run.step == 12 and sorted(run.frame()["epoch"].unique()) == [0, 1]


@pytest.mark.parametrize("when", ["first batch", "last batch", "first epoch's end"])
def test_a_second_fit_after_a_stop(learner, when):
    """fit(3) stopped, then fit(1): one epoch more, of all six batches, and the run is finished."""
    def stop(learn):
        if learn.run.step == dict([("first batch", 1), ("last batch", 6), ("first epoch's end", 6)])[when]: learn.run.stop("epoch" if "end" in when else "step")
    learn = learner(Doing(after_batch=lambda learn: learn.training and stop(learn)), valid=BATCHES)
    run = learn.fit(3)
    assert run.status == "stopped"
    before = run.step
    run = learn.fit(1)
    assert run.step == before + 6 and run.status == "finished" and run.frame()["epoch"].tolist() == [0] * before + [1] * 6


def test_a_stream_that_has_other_batches_each_time(learner):
    """An IterableDataset that gives 3 batches, then 5: accumulation by 2 makes 2 and 3 steps, each a mean."""
    class Data(IterableDataset):
        lengths = iter([3, 5])
        def __iter__(self): return iter([(torch.ones(1, 1), torch.ones(1, 1))] * next(self.lengths))
    model, moves = nn.Linear(1, 1, bias=False), []
    nn.init.zeros_(model.weight)
    learner(GradientAccumulation(2), noting(moves, lambda learn: learn.model.weight.item()), model=model, train=DataLoader(Data(), batch_size=None),
            loss=lambda pred, y: -pred.mean(),
            optimizer=SGD(model.parameters(), 1.)).fit(2)
    assert moves == [1., 2., 3., 4., 5.]


def test_an_empty_loader_is_refused_and_an_empty_stream_too(learner):
    """No batch to train on or to validate on: an error that names the loader, and the weights as they were."""
    for options in (dict(train=[]), dict(valid=[]), dict(train=Stream([])), dict(valid=Stream([])),
                    dict(train=DataLoader(TensorDataset(X[:3], Y[:3]), 8, drop_last=True))):
        learn = learner(**options)
        before = copies(learn.model.parameters())
        with pytest.raises(ValueError, match="no batches"): learn.fit(1)
        if "train" in options: assert same(before, copies(learn.model.parameters()))


# What a model takes and gives

class Keywords(nn.Module):
    """forward(**kwargs), as models of transformers have it; gives a loss and logits."""
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(4, 1)
    def forward(self, **batch): return dict(loss=F.mse_loss(self.linear(batch["x"]), batch["labels"]), logits=self.linear(batch["x"]))


class Encoding(UserDict):
    def to(self, device): return Encoding({name: value.to(device) for name, value in self.items()})


@pytest.mark.parametrize("form", [dict, Encoding])
def test_a_model_of_keywords_that_gives_its_own_loss(learner, form):
    """As documented by a wrapper: model(**batch)["loss"] trains as the plain loop, and the mean loss is weighted by samples (44 in 6 batches)."""
    class Called(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Keywords()
        def forward(self, batch): return self.inner(**batch)
    class ByKeyword(Learner):
        def split(self, batch): return [batch], batch["labels"]
    batches = [form(dict(x=x, labels=y)) for x, y in BATCHES]
    model = Called()
    learn = learner(model=model, train=batches, valid=batches, loss=lambda out, labels: out["loss"], kind=ByKeyword)
    learn.fit(2)
    plain = Keywords()
    optimizer = SGD(plain.parameters(), .05)
    for x, y in BATCHES * 2:
        plain(x=x, labels=y)["loss"].backward()
        optimizer.step()
        optimizer.zero_grad()
    assert same(copies(plain.parameters()), copies(model.parameters()))
    with torch.no_grad(): assert learn.validation["val_loss"] == pytest.approx(F.mse_loss(plain.linear(X), Y).item(), rel=1e-5)
    assert torch.allclose(learn.predict(batches)["logits"], plain.linear(X)) if not learn.predict(batches)["loss"].ndim == 0 else True


def test_inputs_that_split_gives_as_a_dict_are_keywords(learner):
    """split that gives (dict(x=…, labels=…), labels): called as model(**inputs), or refused in words that name split."""
    class ByKeyword(Learner):
        def split(self, batch): return dict(x=batch[0], labels=batch[1]), batch[1]
    learn = learner(model=Keywords(), loss=lambda out, y: out["loss"], kind=ByKeyword)
    try: learn.fit(1)
    except Exception as error: assert "split" in " ".join([str(error), *getattr(error, "__notes__", [])])


@pytest.mark.parametrize("loss", [lambda p, y: (F.mse_loss(p, y), {}), lambda p, y: dict(loss=F.mse_loss(p, y)),
                                  lambda p, y: F.mse_loss(p, y, reduction="none"), lambda p, y: F.mse_loss(p, y).item(),
                                  lambda p, y: None], ids=["tuple", "dict", "each sample", "item", "none"])
def test_a_loss_that_is_not_one_tensor_is_refused_before_any_step(learner, loss):
    """In words that name loss_func, with the weights as they were, and the run failed."""
    learn = learner(loss=loss)
    before = copies(learn.model.parameters())
    with pytest.raises(ValueError, match="loss_func"): learn.fit(1)
    assert same(before, copies(learn.model.parameters())) and learn.run.status == "failed"


def test_predict_says_what_a_squeezed_last_sample_is(learner):
    """9 rows in batches of 4 and a model that squeezes: (9,), or a TypeError of predict's own, as its docstring has it."""
    class Squeezed(nn.Linear):
        def forward(self, x): return super().forward(x).squeeze()
    learn = learner(model=Squeezed(4, 1), loss=lambda p, y: F.mse_loss(p, y.squeeze()))
    try: assert learn.predict(list(X[:9].split(4))).shape == (9,)
    except TypeError as error: assert "predict" in str(error)


def test_predict_says_what_outputs_of_different_lengths_are(learner):
    """Logits padded to the longest text of each batch can't be joined: a TypeError of predict's own, as its docstring has it."""
    class Padded(nn.Linear):
        def forward(self, x): return super().forward(x)[:, None].expand(-1, len(x), -1)
    learn = learner(model=Padded(4, 2), loss=lambda p, y: p.mean())
    with pytest.raises(TypeError, match="predict"): learn.predict(list(X[:9].split(5)))


def test_predict_is_in_the_loaders_order_and_leaves_modes(learner):
    """A DataLoader with a sampler of its own: rows in its order, dropout off, and each module's mode as before."""
    model = network(lambda: (nn.Linear(4, 8), nn.Dropout(.5), nn.Linear(8, 1)))
    model[1].eval()
    learn = learner(model=model)
    order = list(range(0, 44, 3))
    rows = learn.predict(DataLoader(TensorDataset(X, Y), 4, sampler=order))
    with torch.no_grad(): assert torch.allclose(rows, model[2](model[0](X[order])), atol=1e-6)
    assert [module.training for module in model.modules()] == [True, True, False, True]


def test_validate_leaves_modes_gradients_and_random_numbers(learner):
    """Between two steps of a plain loop: modes, gradients that add up and the random numbers are as without it."""
    model = network(lambda: (nn.Linear(4, 8), nn.Dropout(.5), nn.BatchNorm1d(8), nn.Linear(8, 1)))
    model[2].eval()
    learn = learner(model=model)
    F.mse_loss(model(X), Y).backward()
    torch.manual_seed(5)
    before = copies(p.grad for p in model.parameters()), copies(model.buffers()), [module.training for module in model.modules()]
    learn.validate(DataLoader(TensorDataset(X, Y), 8, shuffle=True))
    drawn = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(3)) and same(before[0], copies(p.grad for p in model.parameters())) and same(before[1], copies(model.buffers()))
    assert before[2] == [module.training for module in model.modules()]


# Layers without shapes, parametrized ones

def test_a_lazy_model_with_weight_norm_parametrization_and_everything(learner):
    """LazyLinear, weight_norm and spectral_norm as parametrizations with EMA, lr_find, clipping and accumulation: lr_find leaves the fit as it would be."""
    def made():
        torch.manual_seed(0)
        model = nn.Sequential(nn.LazyLinear(8), nn.Tanh(), nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)),
                              nn.utils.parametrizations.spectral_norm(nn.Linear(8, 1)))
        return learner(EMA(.9), GradientAccumulation(2), GradientClipping(1.), model=model, valid=BATCHES)
    torch.manual_seed(7)
    plain = made()
    plain.initialize()
    torch.manual_seed(8)
    plain.fit(2)
    torch.manual_seed(7)
    searched = made()
    assert len(searched.lr_find(steps=20).rates) > 10
    torch.manual_seed(8)
    searched.fit(2)
    assert same(copies(plain.model.parameters()), copies(searched.model.parameters())) and plain.validation == searched.validation


# The search for a rate

def test_lr_find_with_a_warm_up_from_zero(learner):
    """LambdaLR(step / 10) has set the rate to 0 when it was made, as Hugging Face's warm-up does: the search tries the rates it says all the same."""
    model, tried = network(), []
    optimizer = SGD(model.parameters(), .1)
    schedule = Schedule(lr_scheduler.LambdaLR(optimizer, lambda step: min(1., step / 10)))
    learn = learner(schedule, noting(tried, lambda learn: optimizer.param_groups[0]["lr"]), model=model, optimizer=optimizer)
    found = learn.lr_find(steps=20)
    assert tried[:len(found.rates)] == found.rates.tolist() and optimizer.param_groups[0]["lr"] == 0.


@pytest.mark.parametrize("schedule", [lambda o: lr_scheduler.OneCycleLR(o, .1, total_steps=12), lambda o: lr_scheduler.CosineAnnealingLR(o, 12)],
                         ids=["one cycle", "cosine"])
def test_lr_find_before_a_fit_with_a_schedule(learner, schedule):
    """The rates of the fit behind a search are those of a fit without it, and so are the weights."""
    def play(search):
        model, rates = network(), []
        optimizer = SGD(model.parameters(), .05, momentum=.9)
        learn = learner(GradientAccumulation(1), Schedule(schedule(optimizer)),
                        Doing(10, before_step=lambda learn: rates.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))),
                        model=model, optimizer=optimizer)
        if search: learn.lr_find(steps=20)
        rates.clear()
        learn.callbacks += Doing(after_batch=lambda learn: learn.run.step == 11 and learn.run.stop())
        learn.fit(2)
        return rates, copies(model.parameters())
    (rates, weights), (others, moved) = play(False), play(True)
    assert rates == others and same(weights, moved)


def test_lr_find_within_a_fit(learner):
    """A callback searches for a rate before the second epoch and does not use it: the training is as without."""
    def play(search):
        def look(learn):
            if learn.epoch == 1 and search: learn.lr_find(steps=20)
        model = network(lambda: (nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(.2), nn.Linear(8, 1)))
        optimizer = Adam(model.parameters(), .01)
        class Once(Doing): in_lr_find = False
        learn = learner(EMA(.9), Once(before_epoch=look), model=model, optimizer=optimizer, valid=BATCHES)
        torch.manual_seed(4)
        run = learn.fit(3)
        return copies(model.state_dict().values()), run.history("val_loss"), run.history("loss"), run.step, run.status
    with_search, without = play(True), play(False)
    assert same(with_search[0], without[0]) and with_search[1:] == without[1:]


def test_lr_find_leaves_left_over_gradients_of_an_accumulation(learner):
    """Gradients that a plain loop has added up are there after a search, to the last bit."""
    learn = learner(GradientAccumulation(3))
    F.mse_loss(learn.model(X), Y).backward()
    before = copies(p.grad for p in learn.model.parameters())
    learn.lr_find(steps=20)
    assert same(before, copies(p.grad for p in learn.model.parameters()))


def test_a_user_of_the_found_rate(learner):
    """`for group in optimizer.param_groups: group['lr'] = found.suggestion`: the fit has that rate from its first step."""
    learn = learner()
    rate = learn.lr_find(steps=60).suggestion
    for group in learn.optimizer.param_groups: group["lr"] = rate
    assert set(learn.fit(1).frame()["learning_rate"]) == {rate}


# Saved and loaded by hand

def test_weights_loaded_by_hand_between_two_fits(learner):
    """model.load_state_dict between fits: the second fit trains from there; momentum is the optimizer's, as in the plain loop."""
    first = network()
    start = copy.deepcopy(first.state_dict())
    learn = learner(model=first, optimizer=SGD(first.parameters(), .05, momentum=.9))
    learn.fit(1)
    first.load_state_dict(start)
    learn.fit(1)
    plain = network()
    optimizer = SGD(plain.parameters(), .05, momentum=.9)
    for i, (x, y) in enumerate(BATCHES * 2):
        if i == 6: plain.load_state_dict(start)
        F.mse_loss(plain(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert same(copies(plain.parameters()), copies(first.parameters()))


def test_the_best_of_a_learner_with_an_average_scores_what_it_says(learner):
    """EMA: the best checkpoint's measured weights are the average; a learner that goes on from it validates to the listed value."""
    learn = learner(EMA(.5), valid=BATCHES)
    run = learn.fit(3)
    run.finish()
    best, = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    again = learner(EMA(.5), valid=BATCHES, resume=run.path/"checkpoints"/best["name"])
    assert again.validate()["val_loss"] == pytest.approx(best["value"], rel=1e-6)
