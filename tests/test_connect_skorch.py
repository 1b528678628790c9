"""A training with skorch that is watched: the same losses, skorch's own log, and each control by skorch's own means."""
import pickle
import signal

import numpy as np
import pytest
import torch
from frameworks import Acting, Actions, Steered, digits, in_passes
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Checkpoint, EarlyStopping, EpochScoring, LRScheduler, ProgressBar
from torch import nn
from torch.optim.lr_scheduler import StepLR

from trainbook.connect.skorch import WatchCallback

pytestmark = pytest.mark.usefixtures("one_thread")
X, Y = digits(320)  # skorch trains on 256 of them, which are 8 batches, and validates with 64
STEPS = 8


class Digits(nn.Module):
    def __init__(self, actions=None):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Dropout(.2), Acting(actions or {}), nn.Linear(16, 10))

    def forward(self, x): return self.layers(x)


def new_net(callbacks=(), actions=None, **more):
    torch.manual_seed(0)
    options = dict(criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=.01, batch_size=32, max_epochs=3, verbose=0)
    return NeuralNetClassifier(Digits, module__actions=actions, iterator_train__shuffle=True, callbacks=list(callbacks), **options | more)


@pytest.fixture
def watching(tmp_path): return WatchCallback(name="in skorch", dir=tmp_path / "runs", view=None)


def losses(net): return [loss for epoch in net.history for loss in (batch.get("train_loss") for batch in epoch["batches"]) if loss is not None]


def halving(): return LRScheduler(StepLR, step_size=3, gamma=.5, step_every="batch")


@pytest.fixture(scope="module")
def twin():
    """The same training that nobody watches."""
    rates = []
    class Rates(WatchCallback.__base__):
        def on_grad_computed(self, net, **kwargs): rates.append(net.optimizer_.param_groups[0]["lr"])
    net = new_net([halving(), Rates()]).fit(X, Y)
    net.rates = rates
    return net


def steered(folder, actions: Actions, epochs=3, *, can_evaluate=True, **options) -> Steered:
    watching = WatchCallback(name="in skorch", dir=folder / "runs", view=None, **options)
    net = fit(watching, in_passes(actions, lambda: watching.run), max_epochs=epochs, **{} if can_evaluate else dict(train_split=None))
    def again(train):
        train(X, Y)
        return watching.run
    return Steered(watching.run, losses(net), lambda: net.predict(X[:3]), dict(partial_fit=lambda: again(net.partial_fit), fit=lambda: again(net.fit)))


def fit(watching, actions=None, callbacks=None, **more):
    return new_net([watching, *([halving()] if callbacks is None else callbacks)], actions, **more).fit(X, Y)


def test_the_losses_and_the_log_are_skorch_s_own(watching, twin):
    net = fit(watching)
    assert losses(net) == losses(twin) and all(map(torch.equal, net.module_.parameters(), twin.module_.parameters()))
    run = watching.run
    assert (run.status, run.step, run.is_over) == ("finished", 3 * STEPS, False)
    assert run.frame()["train_loss"].tolist() == losses(net)
    assert [mean for _, mean in run.epoch_means("train_loss")] == pytest.approx(net.history[:, "train_loss"])
    for name in ("valid_loss", "valid_acc"): assert run.frame("valid")[name].tolist() == net.history[:, name]
    assert run.frame()["learning_rate"].tolist() == twin.rates
    assert run.layers == ["layers.0 Linear", "layers.4 Linear"] and len(run.frame("gradients")) >= STEPS
    assert {"best", "last"} <= {role for entry in run.checkpoints.entries for role in entry["roles"]}
    assert run.checkpoints.get("best")["metric"] == "valid_loss"
    assert run.frame()["_samples"].unique().tolist() == [32]


def test_a_stop_that_is_repeated_breaks_off_the_validation(watching):
    class InValidation(WatchCallback.__base__):
        def on_batch_begin(self, net, training=None, **kwargs):
            if not training: watching.run.stop(), watching.run.stop()
    net = fit(watching, callbacks=[InValidation()])
    assert (watching.run.status, watching.run.step, "valid" in [stream for stream, _ in watching.run.recorder.tables.files]) == ("stopped", STEPS, False)
    assert "valid_loss" not in net.history[-1]


def test_skorch_s_own_early_stopping(watching):
    """It raises before the callback is told that the epoch is over, which is recorded all the same."""
    net = fit(watching, callbacks=[EarlyStopping(patience=2)], lr=0., max_epochs=9)
    assert len(net.history) == 3 and watching.run.status == "stopped"
    assert watching.run.frame("valid")["valid_loss"].tolist() == net.history[:, "valid_loss"]


def test_the_second_interrupt_is_skorch_s(watching):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    net = fit(watching, {5: twice})
    assert (watching.run.status, len(losses(net)), signal.getsignal(signal.SIGINT)) == ("stopped", 4, signal.default_int_handler)


def test_their_error_passes_through(watching):
    def fail(): raise ArithmeticError("theirs")
    net = new_net([watching], {5: fail})
    with pytest.raises(ArithmeticError, match="theirs"): net.fit(X, Y)
    assert (watching.run.status, watching.run.info["reason"]) == ("failed", "ArithmeticError: theirs")
    assert "fit_loop" not in vars(net)
    net.set_params(module__actions=None)
    assert net.fit(X, Y) and watching.run.status == "finished"


def test_partial_fit_goes_on_and_fit_begins_anew(watching):
    net = fit(watching, max_epochs=2)
    first = watching.run
    net.partial_fit(X, Y)
    assert watching.run is first and (first.step, first.frame("valid")["epoch"].tolist()) == (4 * STEPS, [0, 1, 2, 3])
    assert first.frame()["train_loss"].tolist() == losses(net)
    net.fit(X, Y)
    assert first.is_over and (watching.run.step, len(net.history)) == (2 * STEPS, 2)


def test_partial_fit_behind_a_stop(watching):
    net = fit(watching, {11: lambda: watching.run.stop()})
    net.partial_fit(X, Y)
    assert (watching.run.status, watching.run.step) == ("finished", 11 + 3 * STEPS)


def test_another_optimizer_is_followed(watching):
    net = fit(watching, callbacks=[], max_epochs=1)
    net.set_params(optimizer__weight_decay=.1)
    net.initialize_optimizer()
    net.partial_fit(X, Y)
    assert watching.run.step == 2 * STEPS and len(watching.run.frame("gradients")) >= STEPS


def test_resume_by_skorch_s_own_means(tmp_path):
    """Parameters, optimizer and history, in another process as it were: a record of its own, which counts on."""
    files = dict(f_params=tmp_path / "params.pt", f_optimizer=tmp_path / "optimizer.pt", f_history=tmp_path / "history.json")
    new_net().fit(X, Y).save_params(**files)
    def go_on(*callbacks):
        net = new_net(callbacks).initialize()
        net.load_params(**files)
        torch.manual_seed(1)
        return net.partial_fit(X, Y)
    watching = WatchCallback(dir=tmp_path / "runs", view=None)
    net, bare = go_on(watching), go_on()
    assert losses(net) == losses(bare)
    run = watching.run
    assert run.step == 6 * STEPS and run.frame().index[0] == 3 * STEPS + 1 and run.frame("valid")["epoch"].tolist() == [3, 4, 5]
    with pytest.raises(TypeError, match="resume is left to skorch"): WatchCallback(resume=run)


class TwoParts(NeuralNet):
    """Two modules, each with an optimizer."""
    def initialize_module(self):
        self.head_, self.body_ = nn.Linear(16, 10), nn.Linear(64, 16)
        return super().initialize_module()

    def initialize_optimizer(self):
        self.slow_ = torch.optim.SGD(self.body_.parameters(), .01)
        self.optimizer_ = torch.optim.SGD(self.head_.parameters(), .1)
        return self

    def infer(self, x, **fit_params): return self.head_(torch.tanh(self.body_(x)))


def test_several_modules_and_optimizers(watching):
    def two(*callbacks):
        torch.manual_seed(0)
        return TwoParts(nn.Identity, criterion=nn.CrossEntropyLoss, max_epochs=2, batch_size=64, verbose=0, callbacks=list(callbacks)).fit(X, Y)
    assert losses(two(watching)) == losses(two())
    run = watching.run
    assert sorted(layer.split()[0] for layer in run.layers) == ["body", "head"] and {"learning_rate/slow", "learning_rate/optimizer"} <= {*run.frame()}


def test_accumulated_gradients(watching):
    """As in skorch's FAQ: an optimizer's step in every second batch."""
    class Accumulating(NeuralNetClassifier):
        batch = 0
        def train_step(self, batch, **fit_params):
            self.batch += 1
            step = self.train_step_single(batch, **fit_params)
            if self.batch % 2 == 0: self.optimizer_.step(), self.optimizer_.zero_grad()
            return step
    def net(*callbacks):
        torch.manual_seed(0)
        return Accumulating(Digits, criterion=nn.CrossEntropyLoss, max_epochs=2, batch_size=32, verbose=0, callbacks=list(callbacks)).fit(X, Y)
    assert losses(net(watching)) == losses(net())
    assert watching.run.step == 2 * STEPS and (watching.run.frame("gradients").index % 2 == 0).all()


@pytest.mark.parametrize("view, is_printed", [("terminal", False), (None, True)])
def test_nothing_is_printed_twice(tmp_path, capsys, view, is_printed):
    watching, bar = WatchCallback(dir=tmp_path, view=view), ProgressBar(detect_notebook=False)
    fit(watching, callbacks=[bar], verbose=1)
    watching.run.finish()
    said = capsys.readouterr()
    assert ("train_loss    valid_acc" in said.out, "%" in said.err) == (is_printed, is_printed)
    assert ("recording to" in said.out) == (not is_printed)


@pytest.mark.says("a fault in following skorch")
def test_a_fault_of_ours_does_no_harm(watching, twin, monkeypatch):
    def break_it(): monkeypatch.setattr(watching.run.loop, "end_step", lambda: 1 / 0)
    net = fit(watching, {5: break_it})
    assert losses(net) == losses(twin)


def test_it_is_cloned_and_pickled_without_its_run(watching, tmp_path):
    net = fit(watching, callbacks=[Checkpoint(f_pickle="net.pkl", dirname=tmp_path)], max_epochs=1)  # pickles the net in the midst of the fit
    loaded = pickle.loads(pickle.dumps(net))
    again = loaded.callbacks[0]
    assert (again.name, watching.run.status) == ("in skorch", "finished")
    with pytest.raises(RuntimeError, match="begins with the fit"): again.run
    loaded.partial_fit(X, Y)
    found = next(callback for _, callback in loaded.callbacks_ if isinstance(callback, WatchCallback))
    assert found.run.path != watching.run.path
    assert clone(net).callbacks[0].get_params() == watching.get_params()


def test_a_grid_search_has_a_run_for_each_fit(tmp_path):
    net = new_net([WatchCallback(name="grid", dir=tmp_path, view=None), EpochScoring("f1_macro", lower_is_better=False)], max_epochs=1)
    GridSearchCV(net, dict(lr=[.1, .01]), cv=2, refit=False).fit(X, Y)
    assert len([*tmp_path.iterdir()]) == 4


def test_options_are_checked(tmp_path):
    with pytest.raises(TypeError, match="is it 'monitor'"): WatchCallback(monitr="valid_acc")
    net = new_net([("watch", WatchCallback(name="a", dir=tmp_path, view=None))])
    net.set_params(callbacks__watch__name="b").fit(X, Y)
    assert net.callbacks[0][1].run.name == "b"
    assert np.isfinite(losses(net)).all()
