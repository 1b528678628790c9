"""A training with Ignite that is watched: the same losses, Ignite's own log, and each control by Ignite's own means."""
import signal

import pytest
import torch
from frameworks import Acting, Actions, Steered, digits, in_passes, outcomes
from ignite.engine import Engine, Events, create_supervised_evaluator, create_supervised_trainer
from ignite.handlers import Checkpoint, DiskSaver, EarlyStopping
from ignite.metrics import Accuracy, Loss, RunningAverage
from torch import nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

from trainbook.connect.ignite import WatchHandler

pytestmark = pytest.mark.usefixtures("one_thread")
X, Y = (torch.from_numpy(found) for found in digits(320))
STEPS = 8


class Training:
    """The trainer and the evaluator of Ignite's example; what the trainer gave, and what the validations found."""

    def __init__(self, actions=None, lr=.01, **more):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Dropout(.2), Acting(actions or {}), nn.Linear(16, 10))
        self.optimizer, loss = torch.optim.Adam(self.model.parameters(), lr), nn.CrossEntropyLoss()
        self.scheduler = StepLR(self.optimizer, 3, .5)
        self.train_dl, self.valid_dl = DataLoader(TensorDataset(X[:256], Y[:256]), 32, shuffle=True), DataLoader(TensorDataset(X[256:], Y[256:]), 16)
        self.trainer = create_supervised_trainer(self.model, self.optimizer, loss, **more)
        self.evaluator = create_supervised_evaluator(self.model, dict(accuracy=Accuracy(), nll=Loss(loss)))
        self.outputs, self.rates, self.validations = [], [], []

    def watched_by(self, watching, **more):
        watching.attach(self.trainer, self.evaluator, **more)
        return self

    def run(self, epochs=3):
        if not self.trainer.has_event_handler(self.validate):
            self.trainer.add_event_handler(Events.ITERATION_STARTED, lambda: self.rates.append(self.optimizer.param_groups[0]["lr"]))
            self.trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: self.outputs.append(self.trainer.state.output))
            self.trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: self.scheduler.step())
            self.trainer.add_event_handler(Events.EPOCH_COMPLETED, self.validate)
        self.trainer.run(self.train_dl, max_epochs=epochs)
        return self

    def validate(self, engine): self.validations.append(dict(self.evaluator.run(self.valid_dl).metrics))


class Watched(WatchHandler):
    """Is made before its training, whose actions speak of it."""

    def __init__(self, **options): self.options = options

    def follow(self, training, **more):
        super().__init__(training.model, training.optimizer, **dict(scheduler=training.scheduler, monitor="val_nll") | self.options)
        return training.watched_by(self, **more)


def steered(folder, actions: Actions, epochs=3, *, can_evaluate=True, **options) -> Steered:
    watching = Watched(name="in Ignite", dir=folder / "runs", view=None, **options)
    training = watching.follow(Training(in_passes(actions, lambda: watching.run)))
    if not can_evaluate: watching.attach(training.trainer)
    training.run(epochs)
    return Steered(watching.run, training.outputs, lambda: training.model(X[:3]), dict(run=lambda: training.run() and watching.run))


@pytest.fixture
def watching(tmp_path): return Watched(name="in Ignite", dir=tmp_path / "runs", view=None)


@pytest.fixture(scope="module")
def twin():
    """The same training that nobody watches."""
    return Training().run()


def test_the_losses_and_the_log_are_ignite_s_own(watching, twin):
    training = watching.follow(Training()).run()
    assert training.outputs == twin.outputs and all(map(torch.equal, training.model.parameters(), twin.model.parameters()))
    run = watching.run
    assert (run.status, run.step) == ("finished", 3 * STEPS)
    train, valid = run.frame(), run.frame("valid")
    assert train["loss"].tolist() == twin.outputs and train["learning_rate"].tolist() == twin.rates
    for name in ("accuracy", "nll"): assert valid[f"val_{name}"].tolist() == [found[name] for found in twin.validations]
    assert valid["epoch"].tolist() == [0, 1, 2] and run.layers == ["0 Linear", "4 Linear"] and len(run.frame("gradients")) >= STEPS
    assert run.checkpoints.get("best")["metric"] == "val_nll" and train["_samples"].unique().tolist() == [32]


def test_a_stop_that_is_repeated_breaks_off_the_validation(watching):
    training, seen = watching.follow(Training()), []
    @training.evaluator.on(Events.ITERATION_STARTED)
    def stop_twice():
        seen.append(training.evaluator.state.iteration)
        if seen == [1]: watching.run.stop(), watching.run.stop()
    training.run()
    assert seen == [1] and watching.run.status == "stopped" and "valid" not in [stream for stream, _ in watching.run.recorder.tables.files]


@pytest.mark.parametrize("step, data", [(12, None), (5, "given")])
def test_evaluate_measures_and_changes_nothing(watching, twin, step, data):
    training = Training({step: lambda: watching.run.evaluate()})
    watching.follow(training, data=data and training.valid_dl).run()
    found, = (event for event in watching.run.events() if event["event"] == "validation")
    assert found["step"] == step and found["metrics"].keys() == {"val_accuracy", "val_nll"}
    assert (training.outputs, training.validations) == (twin.outputs, twin.validations)
    assert watching.run.frame("valid")["val_nll"].tolist() == [found["nll"] for found in twin.validations]


@pytest.mark.says("the evaluator has not run yet")
def test_without_data_an_evaluation_is_refused(watching):
    watching.follow(Training({5: lambda: watching.run.evaluate()})).run()
    assert outcomes(watching.run, "evaluate") == ["refused"] and watching.run.status == "finished"


def test_ignite_s_own_early_stopping(watching):
    training = watching.follow(Training(lr=0.))
    stopper = EarlyStopping(2, lambda engine: -engine.state.metrics["nll"], training.trainer)
    training.evaluator.add_event_handler(Events.COMPLETED, stopper)
    training.run(9)
    assert watching.run.status == "stopped" and len(watching.run.frame("valid")) == len(training.validations) == 3


def test_the_second_interrupt_breaks_off(watching):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    training = watching.follow(Training({5: twice}))
    with pytest.raises(KeyboardInterrupt): training.run()
    assert (watching.run.status, signal.getsignal(signal.SIGINT)) == ("stopped", signal.default_int_handler)


def test_their_error_passes_through(watching):
    def fail(): raise ArithmeticError("theirs")
    training = watching.follow(Training({5: fail}))
    with pytest.raises(ArithmeticError, match="theirs"): training.run()
    assert (watching.run.status, watching.run.info["reason"]) == ("failed", "ArithmeticError: theirs")


@pytest.mark.parametrize("event, status", [(Events.ITERATION_COMPLETED, "finished"), (Events.EPOCH_COMPLETED, "failed")])
def test_an_error_that_their_handler_takes(watching, event, status):
    """Ignite hands the error to handlers of `EXCEPTION_RAISED`, and goes on with the next epoch, or ends if it came between two. That stays so."""
    def fail(): raise ArithmeticError("theirs")
    taken, training = [], watching.follow(Training())
    training.trainer.add_event_handler(event, fail)
    training.trainer.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, error: taken.append(error))
    training.run(1)
    assert [type(error) for error in taken] == [ArithmeticError] and watching.run.status == status


def test_a_run_behind_a_stop_goes_on_and_one_behind_the_end_begins_anew(watching):
    training = watching.follow(Training({11: lambda: watching.run.stop()})).run()
    first = watching.run
    training.run()
    assert watching.run is first and (first.status, first.step) == ("finished", training.trainer.state.iteration)
    assert first.frame()["loss"].tolist() == training.outputs
    training.run()
    assert first.is_over and watching.run is not first and watching.run.step == 3 * STEPS


def test_ignite_s_own_interrupt_and_resume(watching, twin):
    training = watching.follow(Training())
    training.trainer.add_event_handler(Events.ITERATION_COMPLETED(once=11), lambda engine: engine.interrupt())
    training.run()
    assert (watching.run.status, watching.run.step, watching.run.is_over) == ("finished", 11, False)
    training.run()
    assert training.outputs == twin.outputs and watching.run.frame()["loss"].tolist() == twin.outputs
    assert watching.run.frame("valid")["epoch"].tolist() == [0, 1, 2]


def test_resume_by_ignite_s_own_means(tmp_path):
    """A checkpoint of Ignite's after the second epoch, loaded into new objects."""
    def go_on(folder, follow):
        first = Training()
        saved = dict(model=first.model, optimizer=first.optimizer, trainer=first.trainer, scheduler=first.scheduler)
        first.trainer.add_event_handler(Events.EPOCH_COMPLETED(once=2), Checkpoint(saved, DiskSaver(tmp_path / folder, create_dir=True)))
        first.run()
        second = follow(Training())
        Checkpoint.load_objects(dict(model=second.model, optimizer=second.optimizer, trainer=second.trainer, scheduler=second.scheduler),
                                torch.load(next((tmp_path / folder).iterdir())))
        return second.run()
    watching = Watched(dir=tmp_path / "runs", view=None)
    watched, bare = go_on("watched", watching.follow), go_on("bare", lambda training: training)
    assert watched.outputs == bare.outputs and len(bare.outputs) == STEPS
    run = watching.run
    assert (run.step, run.frame().index[0], run.frame("valid")["epoch"].tolist()) == (3 * STEPS, 2 * STEPS + 1, [2])
    with pytest.raises(TypeError, match="load_state_dict"): WatchHandler(nn.Linear(1, 1), resume=run)


def test_several_optimizers_and_evaluators(tmp_path):
    """A trainer that is written by hand, with two optimizers, several numbers, a running average and two evaluators."""
    def train(*, is_watched):
        torch.manual_seed(0)
        body, head = nn.Linear(64, 16), nn.Linear(16, 10)
        slow, fast = torch.optim.SGD(body.parameters(), .01), torch.optim.SGD(head.parameters(), .1)
        model, losses = nn.Sequential(body, nn.Tanh(), head), []
        def update(engine, batch):
            loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
            loss.backward()
            for optimizer in (slow, fast): optimizer.step(), optimizer.zero_grad()
            losses.append(loss.item())
            return dict(loss=loss, half=loss.item() / 2, logits=torch.zeros(4, 10))
        trainer = Engine(update)
        RunningAverage(output_transform=lambda output: output["loss"]).attach(trainer, "average")
        evaluators = {name: create_supervised_evaluator(model, dict(accuracy=Accuracy())) for name in ("train", "val")}
        data = {"train": DataLoader(TensorDataset(X[:256], Y[:256]), 32), "val": DataLoader(TensorDataset(X[256:], Y[256:]), 32)}
        watching = WatchHandler(dict(body=body, head=head), dict(slow=slow, fast=fast), dir=tmp_path, view=None)
        if is_watched: watching.attach(trainer, evaluators)
        trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: [evaluators[name].run(data[name]) for name in data] and None)
        trainer.run(data["train"], max_epochs=2)
        return losses, watching
    (losses, watching), (bare, _) = train(is_watched=True), train(is_watched=False)
    assert losses == bare
    train, valid = watching.run.frame(), watching.run.frame("valid")
    assert train["loss"].dropna().tolist() == losses and {"half", "average", "train_accuracy", "learning_rate/slow", "learning_rate/fast"} <= {*train}
    assert "logits" not in train and "val_accuracy" in valid


def test_accumulated_gradients(tmp_path):
    def train(watching):
        training = Training(gradient_accumulation_steps=2)
        return (watching.follow(training) if watching else training).run().outputs
    watching = Watched(dir=tmp_path, view=None)
    assert train(watching) == train(None)
    assert watching.run.step == 3 * STEPS and (watching.run.frame("gradients").index % 2 == 0).all()


def test_nothing_is_printed_but_by_the_view(tmp_path, capsys):
    """Ignite prints nothing by itself."""
    Watched(dir=tmp_path, view=None).follow(Training()).run(1)
    assert capsys.readouterr().out == ""


@pytest.mark.says("a fault in following Ignite")
def test_a_fault_of_ours_does_no_harm(watching, twin, monkeypatch):
    def break_it(): monkeypatch.setattr(watching.run.loop, "end_step", lambda: 1 / 0)
    assert watching.follow(Training({5: break_it})).run().outputs == twin.outputs


@pytest.mark.says("'val_nll', which was not logged so far")
def test_iterations_instead_of_epochs(watching):
    training = watching.follow(Training())
    training.trainer.run(training.train_dl, max_iters=12)
    assert (watching.run.status, watching.run.step) == ("finished", 12)


def test_an_evaluator_that_runs_by_itself_is_not_followed(watching):
    training = watching.follow(Training()).run()
    training.evaluator.run(training.valid_dl)
    assert (watching.run.status, len(watching.run.frame("valid"))) == ("finished", 3)
