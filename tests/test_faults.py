"""A fault of ours, wherever it is: the training goes on bit for bit, its name is said once. Errors of others are theirs."""
import importlib
import random
import re
import signal
import threading
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from test_device_values import far, gpu  # noqa: F401
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch
from trainbook.run.clerk import clerk

SAID = re.compile(r"trainbook has a fault in ([\w ]+) and goes on without: ZeroDivisionError\('a fault of ours'\)\. The training is not affected\.")


class Fault:
    """Takes the place of something of ours, and fails."""

    def __init__(self): self.calls = 0

    def __call__(self, *arguments, **more):
        self.calls += 1
        raise ZeroDivisionError("a fault of ours")


def put_in(monkeypatch, place):
    """A fault in a function or a method, such as `run.recorder.Tables.append`."""
    package, module, *names, last = place.split(".")
    owner = importlib.import_module(f"trainbook.{package}.{module}")
    for name in names: owner = getattr(owner, name)
    assert hasattr(owner, last), f"there is no {place}"
    monkeypatch.setattr(owner, last, fault := Fault())
    return fault


@contextmanager
def what_is_said():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield (texts := [])
    texts += [str(warning.message) for warning in said if issubclass(warning.category, RuntimeWarning)]


def train(folder, before=lambda: None, after=lambda run: None, middle=lambda run: None, view=None,
          wrap=lambda loss: loss, **more):
    """Something of everything, and all that a training is made of at the end: losses, weights, random numbers, order of things."""
    torch.manual_seed(0), random.seed(0), np.random.seed(0)
    model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(.2), nn.Tanh(), nn.Linear(8, 1))
    sgd = torch.optim.SGD(model.parameters(), lr=.1, momentum=.9)
    schedule = torch.optim.lr_scheduler.StepLR(sgd, 3, .9)
    x = torch.randn(40, 8)
    batches = DataLoader(TensorDataset(x), 8, shuffle=True, generator=torch.Generator().manual_seed(1))
    done = []
    before()
    run = watch(model, sgd, scheduler=schedule, name="faulty", dir=folder, view=view, early_stop=9, evaluate=lambda run: dict(val_loss=1.), **more)
    after(run)
    with run:
        for epoch in run.epochs(3):
            model.train()
            for xb, in run.batches(batches):
                loss = (model(xb) - xb.prod(1, keepdim=True)).square().mean()
                loss.backward()
                sgd.step()
                sgd.zero_grad()
                schedule.step()
                done.append((epoch, loss.item()))
                run.log(loss=wrap(loss))
                if run.step == 7: middle(run)
                if run.step == 9:
                    run.request(run_command("checkpoint", tag="asked for")), run.note("noted")
                    run.log(more=1., val_more=random.random())
            model.eval()
            with torch.no_grad(): losses = [model(xb).square().mean().item() for xb, in run.batches(batches, valid=True)]
            run.log(val_loss=sum(losses))
            done.append((epoch, losses))
    state = [parameter.detach().clone() for parameter in model.parameters()], torch.get_rng_state(), random.getstate(), str(np.random.get_state())
    return run, done, state, sgd.param_groups[0]["lr"]


def run_command(name, **arguments):
    from trainbook.run.control import Command
    return Command(name, arguments)


def is_same(one, other):
    """Whether two trainings went the same way, bit for bit."""
    (_, done, (weights, *generators), rate), (_, same_done, (same_weights, *same_generators), same_rate) = one, other
    return (done == same_done and all(map(torch.equal, weights, same_weights)) and rate == same_rate
            and torch.equal(generators[0], same_generators[0]) and generators[1:] == same_generators[1:])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    with what_is_said() as said: training = train(tmp_path_factory.mktemp("undisturbed"))
    assert said == [] and training[0].status == "finished" and len(training[0].frame()) == 15
    return training


LOG, LOOP, FILES, GRADIENTS = "logging", "the loop", "keeping the files", "measuring gradients"
MACHINE, RATES = "measuring the machine", "noting learning rates"
SAVING, COMMANDS, DECIDING, ENDING, COUNTING = "saving checkpoints", "taking commands", "deciding by metrics", "ending the run", "counting samples"

# Where, and the part that it is to people; further ones where others use it, too. Not guarded are the stopwatch, whose two lines a guard
# would cost more than they do, the guards themselves (event, save, flush), and what is around the begin of a loader, as nobody could tell our fault
# from the loader's.
PLACES = {
    "run.writing.Tables.append": LOG, "run.writing.Tables.insert": (LOG, MACHINE), "run.writing.Tables._sort_out": LOG,
    "run.writing.Tables.set_context": (LOOP, RATES, COMMANDS), "run.writing.Tables.open": (LOG, GRADIENTS, MACHINE), "run.writing.Tables.flush": FILES,
    "run.record.Table.append": (LOG, GRADIENTS, MACHINE), "run.record.Table.flush": FILES, "run.record.Table.close": (FILES, ENDING),
    "run.file.Appender.append": (LOG, GRADIENTS, MACHINE, FILES), "run.file.Appender.flush": FILES, "run.file.Appender.close": (FILES, ENDING),
    "run.file.Appender._open": (LOG, GRADIENTS, MACHINE, FILES), "run.file.Appender.size": FILES,
    "run.words.EventWords.complete": (FILES, "the terminal"), "run.record.EventLog.append": FILES, "run.record.EventLog.flush": FILES,
    "run.record.EventLog.close": (FILES, ENDING),
    "run.recorder.as_json": FILES, "run.record.as_json": FILES, "run.recorder.Recorder.tick": FILES,
    "run.recorder.Recorder.set_status": (FILES, LOOP, ENDING), "run.recorder.Recorder._look_into_inbox": (FILES, ENDING),
    "run.recorder.collect": (FILES, ENDING), "run.recorder.Recorder.settle": (COMMANDS, ENDING, FILES),
    "run.recorder.Recorder.describe": (SAVING, FILES), "run.control.Mailbox.pop_all": (COMMANDS, ENDING, FILES), "run.control.Mailbox.close": (ENDING, FILES),
    "run.commands.Commands.obey": COMMANDS, "run.commands.Commands.obey_all": COMMANDS, "run.commands.Commands._carry_out": COMMANDS,
    "run.commands.Commands._applied": COMMANDS, "run.commands.Commands._settle": (COMMANDS, ENDING), "run.commands.Commands._with_id_to_undo": COMMANDS,
    "run.commands.Commands.close": ENDING, "run.commands.Commands.state": (FILES, ENDING, SAVING),
    "measure.observer.Observer.on_step_begin": MACHINE, "measure.observer.Observer.on_step_end": MACHINE,
    "measure.observer.Observer.on_batches_begin": MACHINE, "measure.observer.Observer.on_loop_end": MACHINE, "measure.observer.Observer.on_close": ENDING,
    "measure.observer.Observer.drain": (LOOP, ENDING, MACHINE, DECIDING), "measure.observer.Observer.tick": MACHINE,
    "measure.observer.Observer._note_system": MACHINE, "measure.observer.Observer.bring": GRADIENTS,
    "measure.steps.StepRecorder.rest": MACHINE, "measure.steps.StepRecorder.close": ENDING, "measure.budget.Budget.add_cost": GRADIENTS,
    "measure.budget.Budget.pause": MACHINE, "measure.throughput.samples_in": COUNTING, "measure.throughput.Throughput.rates": MACHINE,
    "measure.hooks.StepHooks.close": ENDING,
    "train.learning_rate.LearningRate.on_step_begin": RATES, "train.learning_rate.LearningRate.on_epoch_begin": RATES,
    "train.learning_rate.LearningRate.on_commands": RATES, "train.learning_rate.LearningRate.in_force": RATES,
    "train.learning_rate.LearningRate._give_back": (ENDING, LOOP, RATES), "train.learning_rate.LearningRate.on_close": ENDING,
    "train.learning_rate.LearningRate.state": (FILES, ENDING, SAVING), "train.learning_rate.LearningRate.state_dict": SAVING,
    "train.early_stopping.Patience.update": DECIDING, "train.early_stopping.is_better": DECIDING,
    "train.early_stopping.EarlyStopper.on_metrics": DECIDING, "train.early_stopping.EarlyStopper.on_train_end": DECIDING,
    "train.metric_log.MetricLog.on_close": ENDING,
    "train.evaluation.Evaluation.on_close": ENDING, "train.evaluation.Evaluation.collect": COMMANDS,
    "train.metric_log.MetricLog.note_rates": RATES, "train.metric_log.MetricLog.decide": DECIDING, "train.metric_log.MetricLog.on_commands": DECIDING,
    "train.metric_log.MetricLog.on_epoch_end": DECIDING, "train.metric_log.device_values": RATES,
    "train.loop.Loop._attend": COMMANDS, "train.loop.Loop.do_what_is_due": COMMANDS, "train.loop.Loop._say_outcome": (LOOP, ENDING),
    "train.loop.Loop.close": ENDING, "train.loop.Loop.state": (FILES, ENDING, SAVING), "train.loop.Loop.state_dict": SAVING,
    "train.pauses.Pauses.hold": COMMANDS,
    "train.replay.Replay.on_epoch_begin": LOOP, "train.replay.Replay.on_epoch_end": LOOP, "train.replay.Replay.on_validation_begin": LOOP,
    "train.replay.Replay.begin_loop": LOOP, "train.replay.Replay.state_dict": SAVING, "train.replay.Replay._states": SAVING,
    "train.replay.random_states": (LOOP, SAVING), "train.replay.loader_state": SAVING, "train.replay.loader_start": LOOP, "train.replay.set_loader_state": LOOP,
    "train.replay.counters_of": (LOOP, SAVING), "train.iterators.loader_start": LOOP, "train.iterators.batch_fingerprint": LOOP,
    "train.replay.Replay._know": LOOP,
    "train.random_state._sources": (LOOP, SAVING), "train.iterators.length_of": LOOP,
    "train.interrupt.Interrupts.install": LOOP, "train.interrupt.Interrupts.uninstall": (LOOP, ENDING),
    "train.checkpointer.Checkpointer.on_metrics": DECIDING, "train.checkpointer.Checkpointer._set_due": (DECIDING, SAVING),
    "train.checkpointer.Checkpointer._save_due": (SAVING, LOOP), "train.checkpointer.Checkpointer._save": (COMMANDS, LOOP, SAVING),
    "train.checkpointer.Checkpointer._take_snapshot": SAVING, "train.checkpointer.Checkpointer._save_if_worth_it": SAVING,
    "train.checkpointer.Checkpointer.save_last": (SAVING, LOOP), "train.checkpointer.Checkpointer.on_train_end": SAVING,
    "train.checkpointer.Checkpointer.on_epoch_end": SAVING, "train.checkpointer.Checkpointer.on_commands": SAVING,
    "train.checkpointer.Checkpointer.tick": SAVING, "train.checkpointer.Checkpointer.on_close": ENDING,
    "train.checkpoint_store.save": SAVING, "train.checkpoint_store.CheckpointStore.write": SAVING, "train.checkpoint_store.CheckpointStore._write": SAVING,
    "train.checkpoint_store.CheckpointStore._write_next": SAVING, "train.checkpoint_store.CheckpointStore._list": SAVING,
    "train.checkpoint_store.CheckpointStore._supersedes": SAVING,
    "train.checkpoint_store.CheckpointStore.close": ENDING, "train.checkpoint_store.CheckpointStore.wait": ENDING,
    "train.training_state.TrainingState.snapshot": SAVING, "train.training_state.copied": (SAVING, "the loop"), "train.training_state._on_host": SAVING,
}
# What watch() itself needs: where that fails no training has begun yet.
IN_WATCH = {"run.writing.Tables.set_context", "run.file.Appender._open", "run.recorder.as_json", "run.recorder.Recorder.describe",
            "train.metric_log.MetricLog.note_rates", "train.metric_log.MetricLog.on_commands", "train.metric_log.device_values",
            "train.learning_rate.LearningRate.in_force", "train.learning_rate.LearningRate.on_commands"}
MOMENTS = "before", "after", "middle"  # watch(), between it and the loop, in the middle of the loop
CASES = [(place, moment) for place in PLACES for moment in MOMENTS if moment != "before" or place not in IN_WATCH]


@pytest.fixture(autouse=True)
def nothing_is_left():
    """A training that waits for ever is broken off, and a run that could not end speaks in no other test."""
    def waits(*_): raise TimeoutError("a deadlock")
    before = signal.signal(signal.SIGALRM, waits)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    for known in clerk.clients: clerk.remove(known())


@pytest.mark.parametrize("place, moment", CASES)
def test_a_fault_of_ours_changes_nothing(tmp_path, monkeypatch, undisturbed, place, moment):
    faults = []
    def fail(*_): faults.append(put_in(monkeypatch, place))
    with what_is_said() as said:
        training = train(tmp_path, **{moment: fail})
    monkeypatch.undo()
    training[0].checkpointer.store.wait()  # or the fault of the next case meets what is still being written
    assert is_same(training, undisturbed) and training[0].status == "finished"
    check_said(said, PLACES[place] if faults[0].calls else ())


EVERYWHERE = {DECIDING, "measuring losses", "recording facts", "diagnosing"}  # parts that use much of what others use, and read all that is written


def check_said(said, expected):
    """One warning for each part that has failed, and no others."""
    expected = {expected} if isinstance(expected, str) else {*expected}
    said = [text for text in said if not re.match(r"\w+: \w+ is failed: ", text)]  # a command's own outcome, told to the person who gave it
    parts = [match[1] for text in said if (match := SAID.fullmatch(text))]
    assert len(parts) == len(said) == len({*parts}) and {*parts} <= expected | EVERYWHERE and bool(parts) == bool(expected), "\n".join(said)


# What shows a run

VIEWS = {
    "terminal.progress.Terminal.tick": ("terminal", "the terminal"), "terminal.progress.Terminal._print_epoch": ("terminal", "the terminal"),
    "widget.feed.Feed.rows": ("terminal", "the terminal"), "widget.feed.Feed.state": ("panel", "the panel"), "widget.feed.Feed.events": ("panel",
    "the panel"),
    "widget.panel.RunView.tick": ("panel", "the panel"), "widget.panel.pack": ("panel", "the panel"), "widget.picture.SavedPicture.tick": ("panel",
    "the picture"),
    "widget.picture.draw": ("panel", "the picture"), "widget.picture.SavedPicture._stage": ("panel", "the picture"),
}


@pytest.fixture
def no_output(monkeypatch):
    """There is no notebook here."""
    import IPython.display
    monkeypatch.setattr(IPython.display, "publish_display_data", lambda *data, **more: None)


@pytest.mark.parametrize("place", VIEWS)
def test_a_fault_in_what_shows_it(tmp_path, monkeypatch, undisturbed, no_output, place):
    view, part = VIEWS[place]
    with what_is_said() as said: training = train(tmp_path, after=lambda run: put_in(monkeypatch, place), view=view)
    assert is_same(training, undisturbed) and training[0].status == "finished" and len(training[0].frame()) == 15
    check_said(said, part)


@pytest.mark.parametrize("view, place", [
    ("panel", "widget.panel.RunView.__init__"), ("panel", "widget.feed.Feed.restart"), ("panel", "widget.panel.open_route"),
    ("panel", "widget.panel.Panel._repr_mimebundle_"),
    ("panel", "widget.picture.SavedPicture.__init__"), ("terminal", "terminal.progress.Terminal.__init__")])
def test_what_can_not_be_shown_is_recorded(tmp_path, monkeypatch, undisturbed, no_output, view, place):
    with what_is_said() as said: training = train(tmp_path, before=lambda: put_in(monkeypatch, place), view=view)
    assert is_same(training, undisturbed) and len(training[0].frame()) == 15
    text, = said
    assert "can't be shown, but is recorded: ZeroDivisionError('a fault of ours')" in text


@pytest.mark.parametrize("place", ["run.recorder.Recorder.request", "widget.panel.route", "widget.panel.RunView._request", "run.clerk.Clerk.wake"])
@pytest.mark.parametrize("command", ["stop", "snapshot"])
def test_a_fault_in_what_hears_the_panel(tmp_path, monkeypatch, undisturbed, no_output, place, command):
    """Nothing of it is raised in the kernel's message handler."""
    def click(run):
        with monkeypatch.context() as patch:
            fault = put_in(patch, place)
            for number in range(3): run.views[0]._handle_custom_msg(dict(command=command, arguments={}, id=f"click{number}"), [])
        if command == "stop" and not fault.calls: pytest.fail("nobody was asked")
        run.recorder.mailbox.waiting.clear()
    with what_is_said() as said: training = train(tmp_path, middle=click, view="panel")
    assert is_same(training, undisturbed) and training[0].status == "finished"
    if said: check_said(said, "the panel")
    assert said or command == "snapshot"


def test_a_fault_in_the_pump(tmp_path, monkeypatch, undisturbed, no_output):
    """What looks for clicks at each step edge."""
    from trainbook.widget.routes import Pump
    class Working(Pump):
        def __init__(self):
            super().__init__()
            self._socket = object()
    def use(run): run.loop.poll = Working().poll
    put_in(monkeypatch, "widget.routes.Pump._has_message")
    with what_is_said() as said: training = train(tmp_path, after=use)
    assert is_same(training, undisturbed) and training[0].status == "finished"
    text, = said
    assert text.startswith("trainbook has a fault in the pump and goes on without: ZeroDivisionError('a fault of ours')")


# Values on a device

@pytest.mark.parametrize("place", ["measure.observer.Observer.record", "measure.observer.Observer.bring", "measure.observer.Observer._new_ring",
    "measure.observer.Observer.on_step_end", "measure.observer.check_row", "train.metric_log.check_row", "measure.ring.Ring.push", "measure.ring.Ring.poll"])
@pytest.mark.parametrize("moment", ["after", "middle"])
def test_a_fault_with_values_on_a_device(tmp_path, monkeypatch, gpu, undisturbed, place, moment):  # noqa: F811
    from test_device_values import Far
    monkeypatch.setattr(Far, "may_be_read", True)
    faults = []
    with what_is_said() as said:
        training = train(tmp_path, wrap=lambda loss: far(loss.item()), **{moment: lambda run: faults.append(put_in(monkeypatch, place))})
    assert is_same(training, undisturbed) and training[0].status == "finished"
    check_said(said, (LOG, GRADIENTS, COMMANDS, LOOP, "reading values without waiting") if faults[0].calls else ())


# Commands

COMMANDED = {
    "scale_lr": ("train.learning_rate.LearningRate._set", dict(factor=.5)), "checkpoint": ("train.checkpoint_store.CheckpointStore.write", {}),
    "rollback": ("train.checkpointer.Checkpointer._restore", {}), "evaluate": ("train.evaluation.Evaluation._call", {}),
    "early_stop": ("train.early_stopping.EarlyStopper._look_again", dict(on=False)), "stop": ("train.stop_requests.StopRequests.add", dict(when="step")),
    "undo": ("run.commands.Commands.obey", {}), "pause": ("train.pauses.Pauses.hold", {}),
}


@pytest.mark.parametrize("name", COMMANDED)
def test_a_command_that_has_a_fault_has_failed(tmp_path, monkeypatch, undisturbed, name):
    """That is its outcome, which the panel shows; the training goes on as if it had not come."""
    place, arguments = COMMANDED[name]
    def ask(run):
        put_in(monkeypatch, place)
        run.request(run_command(name, **arguments))
    with what_is_said() as said: training = train(tmp_path, middle=ask)
    assert is_same(training, undisturbed) and training[0].status == "finished"
    outcome = [event["status"] for event in training[0].events() if event["event"] == "command" and event["command"] == name and event["id"]]
    if name in ("undo", "pause"): check_said(said, COMMANDS)  # not in obeying it, but around it
    else: assert outcome[:2] == ["requested", "failed"] and all(SAID.fullmatch(text) or f"{name} is failed" in text for text in said)


# Errors of others

class Broken(ArithmeticError): pass


def loops(run, batches, body):
    for epoch in run.epochs(2):
        for batch in run.batches(batches): body(run, batch)


def fails_at(number, error):
    for i in range(number): yield i
    raise error


@pytest.mark.parametrize("error", [Broken("theirs"), KeyboardInterrupt(), SystemExit(3), GeneratorExit(), RuntimeError("theirs"), OSError(28,
    "theirs")])
@pytest.mark.parametrize("where", ["loader", "body"])
def test_errors_of_others_are_theirs(tmp_path, error, where):
    def body(run, batch):
        if where == "body" and run.step == 3: raise error
    with what_is_said() as said, pytest.raises(type(error)) as raised:
        with watch(dir=tmp_path, view=None) as run: loops(run, fails_at(3, error) if where == "loader" else range(9), body)
    assert raised.value is error and not said
    assert run.status == ("failed" if isinstance(error, Exception) else "stopped")


def test_an_iteration_that_stops_where_it_should_not(tmp_path):
    """`next` of an empty iterator in the body is an error there; in a person's own generator Python makes it one."""
    def body(run, batch): next(iter([]))
    with watch(dir=tmp_path, view=None) as run, pytest.raises(StopIteration): loops(run, range(3), body)
    def epoch(run):
        for batch in run.batches(range(3)): yield next(iter([]))
    with watch(dir=tmp_path, view=None) as run, pytest.raises(RuntimeError, match="generator raised StopIteration"): list(epoch(run))


def test_a_loop_that_is_left(tmp_path):
    def epoch(run):
        for batch in run.batches(range(9)): yield batch
    with what_is_said() as said, watch(dir=tmp_path, view=None) as run:
        for batch in epoch(run):
            if batch == 4: break
        for batch in run.batches(range(9)):
            if batch == 2: break
    assert not said and run.step == 8 and run.status == "finished"


@pytest.mark.parametrize("wrong, error, text", [
    (dict(loss="high"), TypeError, "takes one number"), (dict(loss=torch.zeros(3)), TypeError, "shape"),
    (dict(epoch=1), ValueError, "recorded by itself"),
    (dict(_x=1.), ValueError, "name"), (dict(loss=None), TypeError, "NoneType")])
def test_what_a_person_has_to_mend_is_raised(tmp_path, wrong, error, text):
    with what_is_said() as said, watch(dir=tmp_path, view=None) as run:
        for _ in run.steps(3):
            run.log(loss=1.)
            with pytest.raises(error, match=text): run.log(wrong)
    assert not said and len(run.frame()) == 3


@pytest.mark.parametrize("place", ["run.writing.Tables.append", "run.writing.Tables._sort_out", "run.record.Table.append"])
def test_what_a_person_has_to_mend_is_raised_beside_a_fault_of_ours(tmp_path, monkeypatch, place):
    put_in(monkeypatch, place)
    with what_is_said() as said, watch(dir=tmp_path, view=None) as run:
        for _ in run.steps(3):
            run.log(loss=1.)
            with pytest.raises(TypeError, match="takes one number"): run.log(loss="high")
    check_said(said, (LOG, MACHINE))


@pytest.mark.parametrize("part", ["evaluate", "scheduler"])
def test_what_a_person_has_given_us_fails_as_theirs(tmp_path, part):
    """An evaluation fails as a command; a state that can't be saved is said once."""
    class Theirs:
        def state_dict(self): raise Broken("theirs")
        def load_state_dict(self, state): pass
    def evaluate(run): raise Broken("theirs")
    model = nn.Linear(2, 1)
    with what_is_said() as said, watch(model, dir=tmp_path, view=None, evaluate=evaluate, state=Theirs() if part == "scheduler" else ()) as run:
        for _ in run.epochs(3):
            for _ in run.batches(range(3)):
                if run.step == 2 and part == "evaluate": run.evaluate()
            run.log(val_loss=-run.step)
    outcome = [event["status"] for event in run.events() if event["event"] == "command"]
    assert outcome == (["requested", "failed"] if part == "evaluate" else []) and len(said) == 1 and run.status == "finished"


def test_many_faults_at_once(tmp_path, monkeypatch, undisturbed):
    """Each part says it, however many fail, and warnings that are errors are only printed."""
    places = [place for place in PLACES if place.split(".")[-2] not in ("Stopwatch", "CheckpointStore")][::5]
    def fail(run):
        for place in places: put_in(monkeypatch, place)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        training = train(tmp_path, after=fail)
    assert is_same(training, undisturbed) and training[0].status == "finished"


def test_no_thread_of_ours_dies_of_a_fault(tmp_path, monkeypatch):
    """The clerk serves the others when one of its clients fails."""
    with what_is_said() as said, watch(dir=tmp_path, view=None) as one, watch(dir=tmp_path, view=None) as other:
        monkeypatch.setattr(one.recorder, "tick", Fault())
        for _ in range(500):
            if one.recorder.tick.calls > 3: break
            threading.Event().wait(.01)
        (other.path/"inbox"/"0.json").write_text('{"command": "note", "arguments": {"text": "heard"}}')
        for _ in range(500):
            if other.notes: break
            threading.Event().wait(.01)
        assert other.notes == ["heard"] and one.recorder.tick.calls > 3
    check_said(said, FILES)
