"""A training with fastai that is watched: the same losses, fastai's own table, and each control by fastai's own means."""
import signal
import warnings

import pytest
import torch
from fastai.basics import (
    Adam,
    Callback,
    CrossEntropyLossFlat,
    DataLoader,
    DataLoaders,
    Learner,
    OptimWrapper,
    accuracy,
    set_seed,
)
from fastai.callback import schedule  # noqa: F401 - adds `fit_one_cycle`
from fastai.callback.progress import ProgressCallback
from fastai.callback.tracker import EarlyStoppingCallback
from fastai.callback.training import GradientAccumulation
from frameworks import Acting, Actions, Steered, digits, in_passes
from torch import nn

from trainbook.connect.fastai import WatchCallback

X, Y = (torch.from_numpy(found) for found in digits(320))
STEPS = 8


class Noting(Callback):
    """Notes the loss of each batch, and the rate of its step."""
    order = 54  # before our own, which may cancel the fit

    def __init__(self): self.losses, self.rates = [], []

    def before_step(self): self.rates.append(self.learn.opt.hypers[-1]["lr"])

    def after_batch(self):
        if self.training: self.losses.append(self.learn.loss.item())


class Training:
    """A learner; what it gave in each batch, and fastai's table."""

    def __init__(self, watching=None, actions=None, opt_func=Adam, **more):
        set_seed(0)
        data = list(zip(X, Y))
        dls = DataLoaders(DataLoader(data[:256], bs=32, shuffle=True), DataLoader(data[256:], bs=16))
        model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Dropout(.2), Acting(actions or {}), nn.Linear(16, 10))
        self.noting = Noting()
        self.learn = Learner(dls, model, loss_func=CrossEntropyLossFlat(), metrics=accuracy, opt_func=opt_func,
                             cbs=[self.noting, *([watching] if watching else [])], **more)
        self.watching = watching

    def fit(self, epochs=3, **more):
        with self.learn.no_logging(): self.learn.fit_one_cycle(epochs, .01, **more)
        return self

    @property
    def table(self): return [[*values] for values in self.learn.recorder.values]


def steered(folder, actions: Actions, epochs=3, **options) -> Steered:
    watching = WatchCallback(name="in fastai", dir=folder / "runs", view=None, **options)
    training = Training(watching, in_passes(actions, lambda: watching.live_run))
    training.fit(epochs)
    return Steered(watching.live_run, training.noting.losses, training.learn.get_preds, dict(fit=lambda: training.fit() and watching.live_run))


@pytest.fixture
def watching(tmp_path): return WatchCallback(name="in fastai", dir=tmp_path / "runs", view=None)


@pytest.fixture(scope="module")
def twin():
    """The same training that nobody watches."""
    return Training().fit()


def same(a, b): return all(map(torch.equal, a.learn.model.parameters(), b.learn.model.parameters()))


@pytest.mark.parametrize("opt_func", [Adam, lambda parameters, **more: OptimWrapper(parameters, torch.optim.AdamW, **more)], ids=["fastai", "torch"])
def test_the_losses_and_the_log_are_fastai_s_own(watching, opt_func):
    bare, training = Training(opt_func=opt_func).fit(), Training(watching, opt_func=opt_func).fit()
    assert (training.noting.losses, training.table) == (bare.noting.losses, bare.table) and same(training, bare)
    run = watching.live_run
    assert (run.status, run.step) == ("finished", 3 * STEPS)
    assert run.curve("loss")[1].tolist() == bare.noting.losses
    for place, (name, stream) in enumerate([("train_loss", "train"), ("valid_loss", "valid"), ("accuracy", "train")]):
        assert run.frame(stream)[name].dropna().tolist() == pytest.approx([values[place] for values in bare.table])
    assert run.frame().dropna(subset=["loss"])["learning_rate"].tolist() == pytest.approx(bare.noting.rates)
    assert run.frame("valid")["epoch"].tolist() == [0, 1, 2] and run.layers == ["0 Linear", "4 Linear"]
    assert len(run.frame("gradients")) >= STEPS and run.checkpoints.get("best")["metric"] == "valid_loss"


def test_a_stop_that_is_repeated_breaks_off_the_validation(watching):
    seen = []
    class InValidation(Callback):
        def before_batch(self):
            if self.training: return
            seen.append(self.iter)
            if seen == [0]: watching.live_run.stop(), watching.live_run.stop()
    Training(watching).fit(cbs=InValidation())
    assert seen == [0] and watching.live_run.status == "stopped"


def test_fastai_s_own_early_stopping(watching):
    training = Training(watching).fit(9, cbs=EarlyStoppingCallback(min_delta=9., patience=2))
    assert watching.live_run.status == "stopped" and watching.live_run.frame("valid")["valid_loss"].tolist() == [values[1] for values in training.table]


def test_the_second_interrupt_breaks_off(watching):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt): Training(watching, {5: twice}).fit()
    assert (watching.live_run.status, signal.getsignal(signal.SIGINT)) == ("stopped", signal.default_int_handler)


def test_their_error_passes_through(watching):
    def fail(): raise ArithmeticError("theirs")
    training = Training(watching, {5: fail})
    with pytest.raises(ArithmeticError, match="theirs"): training.fit()
    assert (watching.live_run.status, watching.live_run.info["reason"]) == ("failed", "ArithmeticError: theirs")
    assert "all_batches" not in vars(training.learn)
    training.fit(1)
    assert (watching.live_run.status, watching.live_run.step) == ("finished", STEPS)


def test_a_second_fit_is_a_run_of_its_own(watching):
    training = Training(watching).fit(1)
    first = watching.live_run
    training.fit(1)
    assert first.is_over and watching.live_run is not first
    assert watching.live_run.curve("loss")[1][0] < first.curve("loss")[1][0]  # the weights went on


def test_resume_by_fastai_s_own_means(tmp_path, watching):
    """Saved with the optimizer behind two epochs, and loaded into another learner, whose fit begins with the third one."""
    def go_on(watching):
        first = Training(path=tmp_path).fit(2)
        first.learn.save("second")
        second = Training(watching, path=tmp_path)
        second.learn.load("second")
        return second.fit(3, start_epoch=2)
    watched, bare = go_on(watching), go_on(None)
    assert watched.noting.losses == bare.noting.losses and len(bare.noting.losses) == STEPS
    run = watching.live_run
    assert (run.step, run.curve("loss")[0][0], run.frame("valid")["epoch"].tolist()) == (3 * STEPS, 2 * STEPS + 1, [2])
    with pytest.raises(TypeError, match="start_epoch"): WatchCallback(resume=run)


def test_several_parameter_groups(watching):
    splitter = lambda model: [[*model[0].parameters()], [*model[4].parameters()]]
    training = Training(watching, splitter=splitter)
    with training.learn.no_logging(): training.learn.fit(1, slice(1e-4, 1e-2))
    assert {"learning_rate", "learning_rate_1"} <= {*watching.live_run.frame()}


def test_accumulated_gradients(watching):
    def train(watching): return Training(watching).fit(1, cbs=GradientAccumulation(64)).noting.losses
    assert train(watching) == train(None)
    assert watching.live_run.step == STEPS and (watching.live_run.frame("gradients").index % 2 == 0).all()


@pytest.mark.parametrize("view, is_printed", [("terminal", False), (None, True)])
def test_nothing_is_printed_twice(tmp_path, capsys, view, is_printed):
    training = Training(WatchCallback(dir=tmp_path, view=view))
    training.learn.fit(2)
    said = capsys.readouterr().out
    assert ("train_loss" in said and "valid_loss" in said and "time" in said, "recording to" in said) == (is_printed, not is_printed)
    assert training.learn.logger is print or training.learn.progress.run


def test_lr_find_and_validate_are_no_fits(watching):
    training = Training(watching).fit(1)
    first = watching.live_run
    training.learn.validate()
    with training.learn.no_logging(): training.learn.lr_find(num_it=3, show_plot=False)
    assert watching.live_run is first and first.status == "finished"
    assert isinstance(training.learn.progress, ProgressCallback) and training.learn.progress.run


def test_a_fault_of_ours_does_no_harm(watching, twin, monkeypatch):
    def break_it(): monkeypatch.setattr(watching.live_run.loop, "end_step", lambda: 1 / 0)
    with pytest.warns(RuntimeWarning, match="a fault in following fastai"): training = Training(watching, {5: break_it}).fit()
    assert training.noting.losses == twin.noting.losses


def test_options_are_checked():
    with pytest.raises(TypeError, match="is it 'monitor'"): WatchCallback(monitr="accuracy")
    with warnings.catch_warnings(), pytest.raises(RuntimeError, match="begins with the fit"): WatchCallback().live_run
