"""Loops by hand over what Accelerate has prepared, with our tracker: the same losses, and what Accelerate hands its trackers is our record."""
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from accelerate.tracking import GeneralTracker
from frameworks import Actions, Steered, act
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook.connect.accelerate import WatchTracker

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore:.log_with")]
STEPS = 8  # an epoch


class Lines(GeneralTracker):
    """What Accelerate gives its trackers."""

    name, requires_logging_directory, tracker = "lines", False, None

    def __init__(self):
        super().__init__()
        self.lines = []

    def log(self, values, step=None, **more): self.lines.append((step, values))


class Training:
    """Eight batches an epoch, prepared by Accelerate; notes losses, and the rates at which steps are made, before our hook puts them back."""

    def __init__(self, *trackers, size=1):
        torch.manual_seed(0)
        self.accelerator = Accelerator(cpu=True, gradient_accumulation_steps=size, log_with=list(trackers))
        self.accelerator.init_trackers("digits", config=dict(lr=.1))
        model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(.2), nn.Tanh(), nn.Linear(16, 4))
        optimizer = torch.optim.SGD(model.parameters(), .1, momentum=.9)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, .9)
        data = TensorDataset(torch.randn(64, 8), torch.randint(4, (64,)))
        self.model, self.optimizer, self.scheduler, self.loader, self.valid_loader = self.accelerator.prepare(
            model, optimizer, scheduler, DataLoader(data, 8, shuffle=True), DataLoader(data, 32))
        self.losses, self.rates = [], []
        optimizer.register_step_post_hook(lambda optimizer, *given: self.rates.append(optimizer.param_groups[0]["lr"]))

    def step(self, xb, yb):
        with self.accelerator.accumulate(self.model):
            loss = F.cross_entropy(self.model(xb), yb)
            self.accelerator.backward(loss)
            self.optimizer.step(), self.scheduler.step(), self.optimizer.zero_grad()
        self.losses.append(loss.item())
        return loss

    def validate(self, run=None):
        self.model.eval()
        with torch.no_grad():
            losses = [self.accelerator.gather_for_metrics(F.cross_entropy(self.model(xb), yb, reduction="none")) for xb, yb in self.valid_loader]
        self.model.train()
        return dict(val_loss=torch.cat(losses).mean().item())

    def fit(self, act=lambda step: None, epochs=3):
        for _ in range(epochs):
            for xb, yb in self.loader: self.step(xb, yb)
            self.validate()
        return self

    def watched(self, tracker, act=lambda step, run: None, epochs=3, **options):
        with tracker.watch(self.model, self.optimizer, **dict(scheduler=self.scheduler, evaluate=self.validate) | options) as run:
            for _ in run.epochs(epochs):
                for xb, yb in run.batches(self.loader):
                    loss = self.step(xb, yb)
                    act(len(self.losses), run)
                    self.accelerator.log(dict(loss=loss.item()), step=run.step)
                if run.stopping != "step": self.accelerator.log(self.validate(), step=run.step)
        self.accelerator.end_training()
        return run


def steered(folder, actions: Actions, epochs=3, *, can_evaluate=True, **options) -> Steered:
    tracker = WatchTracker(name="digits", dir=folder / "runs", view=None, **options)
    training, more = Training(tracker), {} if can_evaluate else dict(evaluate=None)
    step = training.step
    def acting(*batch):
        act(actions, len(training.losses) + 1, tracker.run)
        return step(*batch)
    training.step = acting
    run = training.watched(tracker, epochs=epochs, **more)
    return Steered(run, training.losses, lambda: training.model(torch.randn(1, 8)), dict(watch=lambda: training.watched(tracker)))


@pytest.fixture
def tracker(tmp_path): return WatchTracker(name="digits", dir=tmp_path, view=None)


def weights(training): return torch.cat([parameter.detach().flatten() for parameter in training.model.parameters()])


def outcomes(run, command): return [event["status"] for event in run.events() if event.get("command") == command]


def test_losses_and_weights_are_the_same(tracker):
    bare, training = Training().fit(), Training(tracker)
    run = training.watched(tracker)
    assert training.losses == bare.losses and torch.equal(weights(training), weights(bare))
    assert (run.status, run.step, run.config) == ("finished", 24, dict(lr=.1)) and run.layers == ["0 Linear", "3 Linear"]
    assert run.frame()["learning_rate"].dropna().tolist() == training.rates


def test_its_own_log_is_our_record(tracker):
    lines = Lines()
    run = Training(tracker, lines).watched(tracker)
    for name in ("loss", "val_loss"): assert run.history(name) == [(step, values[name]) for step, values in lines.lines if name in values]


def test_accumulation_has_the_gradients_of_its_steps(tracker):
    bare, training = Training(size=4).fit(), Training(tracker, size=4)
    run = training.watched(tracker)
    assert training.losses == bare.losses and run.step == 24 and len(run.frame("gradients")) == len(training.rates) == 6


def test_half_the_rate_in_every_later_step(tracker):
    twin, training = Training().fit(), Training(tracker)
    training.watched(tracker, lambda step, run: step == 5 and run.scale_lr(.5))
    assert training.rates == twin.rates[:5] + [rate / 2 for rate in twin.rates[5:]] and len(twin.rates) == 24
    assert training.losses[:6] == twin.losses[:6] and training.losses[6] != twin.losses[6]


def test_their_exception_is_theirs(tracker):
    def act(step, run):
        if step == 5: raise ArithmeticError("theirs")
    with pytest.raises(ArithmeticError, match="theirs"): Training(tracker).watched(tracker, act)
    assert (tracker.run.status, tracker.run.info["reason"]) == ("failed", "ArithmeticError: theirs")


def test_resume_by_a_state_of_theirs(tmp_path, tracker):
    training = Training(tracker)
    training.accelerator.register_for_checkpointing(tracker)
    training.watched(tracker, lambda step, run: step == 2 and (run.scale_lr(.5), run.early_stop(True, patience=7)), epochs=1)
    training.accelerator.save_state(tmp_path / "state")
    again = WatchTracker(name="again", dir=tmp_path, view=None)
    other = Training(again)
    other.accelerator.register_for_checkpointing(again)
    other.accelerator.load_state(tmp_path / "state")
    run = other.watched(again, epochs=1)
    assert run.history("loss")[0][0] == 9 and run.learning_rate.factor == .5 and run.early_stopper.rule.patience == 7
    assert run.history("learning_rate")[0][1] == pytest.approx(.1 * .9 ** 8 / 2)


def test_resume_by_a_run(tmp_path, tracker):
    """As any loop by hand: from the middle of an epoch, with the same losses."""
    training = Training(tracker)
    run = training.watched(tracker, lambda step, run: step == 11 and run.stop())
    again = WatchTracker(dir=tmp_path, view=None)
    other = Training(again)
    other.watched(again, resume=run.path)
    assert training.losses + other.losses == Training().fit().losses


def test_a_loop_that_only_logs(tracker):
    """The steps are those that it names; texts are shown, mappings are several curves."""
    training = Training(tracker)
    for number, batch in enumerate(training.loader, 1):
        values = dict(loss=training.step(*batch).item(), both=dict(a=1., b=2.), sample=f"text {number}")
        if number % 4 == 0: training.accelerator.log(values, step=10 * number)
    training.accelerator.end_training()
    run = tracker.run
    assert run.history("loss") == [(40, training.losses[3]), (80, training.losses[7])] and run.history("both/b") == [(40, 2.), (80, 2.)]
    assert [shown.value for shown in run.media("sample")] == ["text 4", "text 8"] and run.status == "finished"


def test_wrong_options_are_told_at_once():
    with pytest.raises(TypeError, match="there is no option 'nmae'"): WatchTracker(nmae="digits")


def test_mixed_precision_in_a_process_of_its_own(tmp_path):
    """Accelerate has one precision a process."""
    code = f"""
import sys; sys.path.insert(0, {str(__file__.rsplit('/', 1)[0])!r})
import os; os.environ["ACCELERATE_MIXED_PRECISION"] = "bf16"
from test_connect_accelerate import Training, WatchTracker
tracker = WatchTracker(dir={str(tmp_path)!r}, view=None)
training = Training(tracker)
run = training.watched(tracker)
assert training.accelerator.mixed_precision == "bf16" and training.losses == Training().fit().losses
print(len(run.frame("gradients")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "24\n", done.stderr
