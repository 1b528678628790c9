"""Loops of any shape: hypothesis writes small programs, and what is true of every training has to be true of them.

A failing one is printed as source, which is its own smallest reproduction once the helpers of `Play` are read.
"""
import os
import tempfile
import textwrap
import warnings
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from soak import IS_LONG
from test_device_values import NearRing, SlowCopy, far
from torch import nn
from torch.utils.data import DataLoader

from trainbook import watch
from trainbook.measure import observer
from trainbook.train.stop_requests import TrainingStopped

EXAMPLES = settings(derandomize=not IS_LONG, deadline=None, max_examples=int(os.environ.get("TRAINBOOK_FUZZ", 1000 if IS_LONG else 8)), database=None,
                    suppress_health_check=list(HealthCheck))
X = torch.linspace(-1, 1, 24, dtype=torch.float64).view(12, 2)
Y = X.sum(1, keepdim=True).sin()
VALID_X, VALID_Y = X[::2] + .1, Y[::2] - .1


class Trouble(Exception):
    """What goes wrong in a program."""


class Endless(Exception):
    """A while loop goes on although no training is left in it."""


def score(weights: dict) -> float:
    """What weights are worth: the loss over all of the validation's data."""
    return float((VALID_X @ weights["weight"].double().T + weights["bias"].double() - VALID_Y).square().mean())


class Play:
    """Runs a program, and counts beside it. The methods are what a program calls."""

    def __init__(self, program: str, folder: Path, *, in_with=True, stop_at=None, when="step", save_at=None, back_at=None, resume=None,
                 lateness=None, **options):
        torch.manual_seed(0)
        self.model = nn.Linear(2, 1).double()
        self.average = nn.Linear(2, 1).double()  # weights that are swapped in
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=.1, momentum=.9)
        self.items = DataLoader(range(5), batch_size=None, shuffle=True)
        self.list = [0, 1, 2, 3]
        self.stop_at, self.when, self.save_at, self.back_at = stop_at, when, save_at, back_at
        self.lateness, self.moments, self.passes = lateness, 0, 0
        self.epoch, self.epochs, self.weights, self.before = 0, [], {}, {}  # of each step; after and before each iteration's step
        self.iteration, self.steps, self.losses, self.logged, self.asked_in, self.asked_in_epoch, self.error = 0, [], [], [], None, None, None
        with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as self.said:
            warnings.simplefilter("always")
            patch.setattr(observer, "Ring", NearRing)
            patch.setattr(SlowCopy, "arrived", True)
            self.run = watch(self.model, self.optimizer, dir=folder, view=None, resume=resume, **options)
            self.run.observer.budget.window = float("inf")
            try: self._play(program, in_with)
            except (Trouble, Endless, TrainingStopped) as error: self.error = error
            finally: self.run.finish()

    def _play(self, program: str, in_with: bool):
        known = "run", "items", "list", "begun", "begun_epoch", "step", "log", "validate", "passed"
        names = {name: getattr(self, name) for name in known} | dict(Trouble=Trouble)
        if in_with:
            with self.run: exec(program, names)
        else: exec(program, names)

    def _moment(self):
        "Somebody may ask for the stop here, and values may arrive from the device, or not yet"
        if self.lateness: SlowCopy.arrived = self.lateness[self.moments % len(self.lateness)]
        if self.moments == self.stop_at: self.asked_in, self.asked_in_epoch = (self.iteration, self.run.stop(self.when)), self.epoch
        if self.moments == self.save_at: self.run.checkpoint("asked for")
        if self.moments == self.back_at: self.run.rollback("asked for")
        self.moments += 1

    def _value(self, value): return value if self.lateness is None else far(float(value))

    def begun(self):
        self.iteration += 1
        self._moment()

    def begun_epoch(self):
        self.epoch += 1
        self._moment()

    def passed(self):
        self.passes += 1
        if self.passes > 200: raise Endless

    def step(self, item: int):
        self.before[self.iteration] = self.model.weight.detach().clone()
        self.optimizer.zero_grad()
        loss = (self.model(X[item:item + 4]) - Y[item:item + 4]).square().mean()
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            for own, average in zip(self.model.parameters(), self.average.parameters()): average.lerp_(own, .3)
        self.steps.append(self.iteration)
        self.epochs.append(self.epoch)
        self.weights[self.iteration] = self.model.weight.detach().clone()
        self.losses.append(loss.item())
        self._moment()

    def log(self):
        if self.losses:
            self.run.log(loss=self._value(self.losses[-1]))
            self.logged.append((self.iteration, self.losses[-1]))
        self._moment()

    def validate(self, how: str):
        """Over all of the data at once (`whole`), in a loop of ours (`loop`) or of Python's (`own`).

        Or with other weights (`swapped`), or with random numbers drawn (`drawing`).
        """
        if how == "swapped": self._swap()
        batches, total, count = zip(VALID_X.split(2), VALID_Y.split(2)), 0., 0
        batches = list(batches) if how in ("own", "loop", "drawing") else [(VALID_X, VALID_Y)]
        if how == "drawing": torch.rand(3)
        with torch.no_grad():
            for x, y in self.run.batches(batches, valid=True) if how in ("loop", "drawing") else batches:
                total, count = total + (self.model(x) - y).square().sum().item(), count + len(x)
                self._moment()
        self.run.log(val_loss=self._value(total / count if count else float("nan")))
        if how == "swapped": self._swap()
        self._moment()

    def _swap(self):
        for own, other in zip(self.model.parameters(), self.average.parameters()): own.data, other.data = other.data, own.data


# Programs

PLAIN = dict(ends=())  # what ends as it is told to


def indented(lines: list[str]) -> list[str]: return textwrap.indent("\n".join(lines), "    ").splitlines()


@st.composite
def training_loops(draw, kinds=("run.batches(items)", "run.batches(list)", "run.steps(4)"), validations=("whole", "own", "loop"), places=("after",),
                   ends=("break", "continue"), nested=False):
    """A loop over batches or steps, with what stands in it in some order; `nested`: perhaps it stands in another one."""
    if nested and draw(st.booleans()): return ["for _ in run.batches(items):", *indented(draw(training_loops(kinds=("run.batches(list)",), **PLAIN)))]
    body = ["begun()"]
    if draw(st.booleans()) and "continue" in ends: body += [f"if item == {draw(st.integers(0, 4))}: continue"]
    how, where = draw(st.sampled_from([None, None, *validations])), draw(st.sampled_from(places))
    measure = [] if how is None else [f"if item % {draw(st.integers(1, 3))} == 0: validate({how!r})"]
    if where == "before": body += measure
    body += ["step(item)"]
    if draw(st.booleans()): body += ["log()"]
    if where == "after": body += measure
    end = draw(st.sampled_from([None, None, *(set(ends) - {"continue"})]))
    if end: body += [f"if item == {draw(st.integers(0, 4))}: {end}"]
    return [f"for item in {draw(st.sampled_from(kinds))}:", *indented(body)]


@st.composite
def epochs(draw, validations=("whole", "own", "loop"), **options):
    """A loop over epochs, with validations at its begin or its end and up to two loops over batches."""
    options["validations"] = validations
    body = draw(st.lists(training_loops(**options).filter(lambda loop: "run.steps" not in loop[0]), min_size=1, max_size=2))
    lines = [line for loop in body for line in loop]
    how, where = draw(st.sampled_from([None, *validations])), draw(st.sampled_from(["begin", "end", "end"]))
    if how: lines = [f"validate({how!r})", *lines] if where == "begin" else [*lines, f"validate({how!r})"]
    ends = [end for end in options.get("ends", ("break", "continue")) if end in ("break", "continue")]
    if ends and draw(st.booleans()): lines += [f"if epoch == {draw(st.integers(0, 2))}: {draw(st.sampled_from(ends))}"]
    return [f"for epoch in run.epochs({draw(st.integers(1, 3))}):", *indented(["begun_epoch()", *lines])]


@st.composite
def while_loops(draw, by="steps", **options):
    """A loop that counts its steps or its passes itself, around loops over batches."""
    inner = draw(training_loops(**options).filter(lambda loop: not any("continue" in line for line in loop)))
    if by == "passes": return ["made = 0", f"while made < {draw(st.integers(1, 3))}:", "    made += 1", *indented(inner)]
    return [f"while run.step < {draw(st.integers(3, 12))}:", "    passed()", *indented(inner)]


def programs(*loops, most=1):
    """Some loops one after the other, as source."""
    return st.lists(st.one_of(*loops), min_size=1, max_size=most).map(lambda parts: "\n".join(line for part in parts for line in part))


LATENESS = st.none() | st.lists(st.booleans(), min_size=1, max_size=6)
STOPS = st.integers(0, 30)


def play(program: str, **options) -> Play:
    with tempfile.TemporaryDirectory() as folder:
        played = Play(program, Path(folder), **options)
        played.best = [(entry["value"], load_file(played.run.path / "checkpoints" / entry["name"] / "model.safetensors"))
                       for entry in played.run.info["checkpoints"] if "best" in entry["roles"]]
        played.others = [(entry, load_file(played.run.path / "checkpoints" / entry["name"] / "model.safetensors"))
                         for entry in played.run.info["checkpoints"] if entry["roles"] != ["best"]]
        played.frame, played.gradients, played.valid = (played.run.frame(stream) for stream in ("train", "gradients", "valid"))
        played.events, played.notes, played.status = played.run.events(), played.run.notes, played.run.status
    return played


# What is true of every training

def check_best(played: Play):
    """The weights in the best checkpoint score what it is listed with, and no value on record is better, or it is said why."""
    is_said = any("best checkpoint" in note for note in played.notes)
    values = played.valid["val_loss"].dropna().tolist() if len(played.valid) else []
    finite = [value for value in values if value == value]
    for value, weights in played.best:
        assert score(weights) == pytest.approx(value, rel=1e-6), f"listed with {value}, its weights score {score(weights)}"
        assert value in finite and (value == min(finite) or is_said), f"{value} is listed as the best of {finite}"
    assert played.best or not finite or is_said, "values were recorded, and none was best"


def check_steps(played: Play):
    """Steps are the iterations of the training loops, and gradients those of the optimizer's steps."""
    assert played.run.step == played.iteration
    assert played.gradients.index.tolist() == played.steps


def check_losses(played: Play):
    """What was logged stands at the step it was logged in, all of it."""
    found = [*played.frame["loss"].dropna().items()] if played.logged else []
    assert found == played.logged and ("loss" in played.frame) == bool(found)


def check_stopped(played: Play):
    """After the iteration in which it was asked for there is no further step."""
    assert not isinstance(played.error, Endless), "an empty loop goes on for ever"
    if played.asked_in is None: return
    at, id = played.asked_in
    outcome = [event["status"] for event in played.events if event.get("id") == id][-1]
    late = [iteration for iteration in played.steps if iteration > at]
    assert outcome != "applied" or not late, f"stopped in iteration {at}, and {len(late)} steps afterwards"
    assert outcome == "applied" or not late, f"{outcome} in iteration {at}, although {len(late)} steps were still to come"


def check_checkpoints(played: Play):
    """What is saved to go on from, or because somebody asked for it, has the weights of its step."""
    for entry, weights in played.others:
        before = [at for at in played.weights if at <= entry["step"]]
        assert not before or torch.equal(weights["weight"], played.weights[before[-1]]), entry


def check_status(played: Play, in_with: bool):
    """It is finished if it ended by itself, stopped if it was told to, failed if it was an error."""
    if isinstance(played.error, Trouble): assert not in_with or played.status == "failed"
    elif played.asked_in is None: assert played.status == "finished"
    else: assert played.status in ("stopped", "finished")


def check_all(played: Play, in_with=True):
    check_steps(played)
    check_losses(played)
    check_stopped(played)
    check_checkpoints(played)
    check_status(played, in_with)
    check_best(played)


@EXAMPLES
@given(programs(epochs(**PLAIN), training_loops(**PLAIN)), st.none() | STOPS)
def test_stopped_anywhere(program, stop_at):
    check_all(play(program, stop_at=stop_at))


@EXAMPLES
@given(programs(epochs(**PLAIN)), STOPS)
def test_stopped_after_the_epoch(program, stop_at):
    """It ends with this epoch, which is as if nobody had asked."""
    played, whole = play(program, stop_at=stop_at, when="epoch"), play(program)
    for check in (check_steps, check_losses, check_checkpoints, check_best): check(played)
    at = played.asked_in_epoch if played.asked_in else whole.epoch
    assert played.losses == [loss for loss, epoch in zip(whole.losses, whole.epochs) if epoch <= at]
    assert played.valid["val_loss"].tolist() == whole.valid["val_loss"].tolist()[:len(played.valid)] if len(played.valid) else True


@EXAMPLES
@given(programs(epochs(**PLAIN), training_loops(**PLAIN), most=2), STOPS, st.none() | STOPS)
def test_saved_anywhere(program, save_at, stop_at):
    played = play(program, save_at=save_at, stop_at=stop_at)
    check_all(played)
    asked = [event for event in played.events if event.get("command") == "checkpoint" and event["status"] == "applied"]
    assert [entry["tag"] for entry, _ in played.others if entry["tag"]] == ["asked for"] * len(asked)


@EXAMPLES
@given(programs(epochs(**PLAIN), training_loops(**PLAIN), most=2), st.integers(0, 12), st.integers(0, 30), st.none() | STOPS)
def test_rolled_back_anywhere(program, save_at, back_at, stop_at):
    """The next step begins with the weights of the checkpoint; a roll back that came before there was one is refused."""
    played = play(program, save_at=save_at, back_at=back_at, stop_at=stop_at)
    for check in (check_steps, check_losses, check_stopped): check(played)
    check_status(played, in_with=True)
    outcomes = [event["status"] for event in played.events if event.get("command") == "rollback"][1:]
    backs = [event for event in played.events if event["event"] == "rollback"]
    assert len(backs) == outcomes.count("applied") and outcomes in (["applied"], ["refused"], [])
    for event in backs:
        (weights,) = [weights for entry, weights in played.others if entry["tag"]]
        after = [at for at in played.before if at > event["step"]]
        assert not after or torch.equal(played.before[after[0]], weights["weight"])


@EXAMPLES
@given(programs(epochs(ends=("continue",)), training_loops(ends=("continue",))), st.none() | STOPS)
def test_steps_that_are_left_out(program, stop_at):
    check_all(play(program, stop_at=stop_at))


@EXAMPLES
@given(programs(epochs(), training_loops()), st.none() | STOPS)
def test_left_by_break(program, stop_at):
    played = play(program, stop_at=stop_at)
    for check in (check_steps, check_losses, check_stopped, check_best): check(played)


@EXAMPLES
@example("for item in run.batches(items):\n    begun()\n    step(item)\n    if item == 0: break", None)
@given(programs(epochs(), training_loops()), st.none() | STOPS)
def test_left_by_break_it_is_finished(program, stop_at):
    check_status(play(program, stop_at=stop_at), in_with=True)


@EXAMPLES
@example("for item in run.batches(items):\n    begun()\n    validate('whole')\n    step(item)", None)
@given(programs(epochs(**PLAIN, places=("before", "after")), training_loops(**PLAIN, places=("before", "after"))), st.none() | STOPS)
def test_validated_before_the_step(program, stop_at):
    check_all(play(program, stop_at=stop_at))


@EXAMPLES
@given(programs(epochs(**PLAIN, validations=()), training_loops(**PLAIN, validations=())), st.none() | STOPS,
       st.lists(st.booleans(), min_size=1, max_size=6))
def test_values_come_late_from_a_device(program, stop_at, lateness):
    check_all(play(program, stop_at=stop_at, lateness=lateness))


@EXAMPLES
@example("for item in run.batches(items):\n    begun()\n    step(item)\n    validate('whole')", 0, [False])
@example("for item in run.batches(items):\n    begun()\n    validate('whole')\n    step(item)", None, [False])  # after the optimizer's step
@example("for item in run.batches(items):\n    begun()\n    validate('whole')\n    step(item)", None, [True])
@given(programs(epochs(**PLAIN), training_loops(**PLAIN)), st.none() | STOPS, st.lists(st.booleans(), min_size=1, max_size=6))
def test_measured_values_come_late_from_a_device(program, stop_at, lateness):
    check_all(play(program, stop_at=stop_at, lateness=lateness))


@EXAMPLES
@example("for item in run.batches(items):\n    begun()\n    step(item)\n    validate('swapped')", None)
@given(programs(epochs(**PLAIN, validations=("swapped",)), training_loops(**PLAIN, validations=("swapped",))), st.none() | STOPS)
def test_other_weights_are_swapped_in(program, stop_at):
    check_all(play(program, stop_at=stop_at))


@EXAMPLES
@given(programs(epochs(**PLAIN, nested=True), training_loops(**PLAIN, nested=True)), st.none() | STOPS)
def test_a_loop_within_a_loop(program, stop_at):
    check_all(play(program, stop_at=stop_at))


LOOP = "for item in run.batches(items):\n    begun()\n    step(item)"
TWO = f"{LOOP}\nfor epoch in run.epochs(1):\n{textwrap.indent(LOOP, '    ')}"
WHILE = "while run.step < 3:\n    passed()\n    for item in run.batches(items):\n        begun()\n        step(item)"


@EXAMPLES
@given(programs(while_loops(**PLAIN)), st.none())
def test_while_loops(program, stop_at):
    check_all(play(program, stop_at=stop_at))


@EXAMPLES
@example(WHILE, 0)
@given(programs(while_loops(**PLAIN)), STOPS)
def test_while_loops_that_are_stopped(program, stop_at):
    check_all(play(program, stop_at=stop_at))


@EXAMPLES
@given(programs(epochs(**PLAIN), training_loops(**PLAIN), most=3), st.none() | STOPS)
def test_several_loops(program, stop_at):
    check_all(play(program, stop_at=stop_at))


@EXAMPLES
@example(TWO, 0)
@given(programs(epochs(**PLAIN), training_loops(**PLAIN), most=3), st.none() | STOPS)
def test_several_loops_without_with(program, stop_at):
    check_all(play(program, stop_at=stop_at, in_with=False), in_with=False)


TROUBLE = epochs(ends=("raise Trouble",)), training_loops(ends=("raise Trouble",))


@EXAMPLES
@given(programs(*TROUBLE), st.none() | STOPS, st.booleans())
def test_exceptions(program, stop_at, in_with):
    played = play(program, stop_at=stop_at, in_with=in_with)
    for check in (check_steps, check_losses, check_stopped): check(played)
    check_status(played, in_with)


@EXAMPLES
@example("for item in run.batches(items):\n    begun()\n    step(item)\n    validate('whole')\n    if item == 0: raise Trouble", None, True)
@given(programs(*TROUBLE), st.none() | STOPS, st.booleans())
def test_best_before_an_exception(program, stop_at, in_with):
    check_best(play(program, stop_at=stop_at, in_with=in_with))


def check_resumed(program: str, stop_at: int):
    """The steps of both parts are those of a run that was not stopped, or the second one says what it can't."""
    whole = play(program)
    with tempfile.TemporaryDirectory() as folder:
        first = Play(program, Path(folder), stop_at=stop_at)
        if not any("last" in entry["roles"] for entry in first.run.info["checkpoints"]): return
        rest = Play(program, Path(folder), resume=first.run.path)
        if rest.said or rest.run.notes: return
    assert first.losses + rest.losses == whole.losses
    assert all(map(torch.equal, rest.model.parameters(), whole.model.parameters()))


DRAWING = dict(ends=("continue",), validations=("whole", "loop", "drawing"))


@EXAMPLES
@given(programs(epochs(**DRAWING), training_loops(**DRAWING)), STOPS)
def test_resumed_it_goes_on_as_if_it_had_not_been_stopped(program, stop_at):
    check_resumed(program, stop_at)


@EXAMPLES
@given(programs(training_loops(**DRAWING), most=3), STOPS)
def test_resumed_among_several_loops(program, stop_at):
    check_resumed(program, stop_at)


@EXAMPLES
@given(programs(epochs(**DRAWING), most=3), STOPS)
def test_resumed_among_several_loops_over_epochs(program, stop_at):
    check_resumed(program, stop_at)


@EXAMPLES
@example(TWO, 10)
@given(st.tuples(programs(training_loops(**DRAWING)), programs(epochs(**DRAWING))).map("\n".join), STOPS)
def test_resumed_in_epochs_after_another_loop(program, stop_at):
    check_resumed(program, stop_at)


@EXAMPLES
@given(programs(while_loops(by="passes", ends=(), validations=("whole", "loop", "drawing"))), STOPS)
def test_resumed_in_a_while_loop(program, stop_at):
    check_resumed(program, stop_at)


NESTED = "for item in run.batches(items):\n    for item in run.batches(list):\n        begun()\n        step(item)"


@EXAMPLES
@example(NESTED, 0)
@given(programs(epochs(**PLAIN, nested=True), training_loops(**PLAIN, nested=True)), STOPS)
def test_resumed_in_a_loop_within_a_loop(program, stop_at):
    check_resumed(program, stop_at)


def unpacked(program: str) -> str: return program.replace("item in run.batches(zip", "item, _ in run.batches(zip")


GENERATOR = dict(ends=("continue",), kinds=("run.batches(item for item in list)", "run.batches(zip(list, list))", "run.batches(items)"))


@EXAMPLES
@given(programs(epochs(**GENERATOR), training_loops(**GENERATOR)).map(unpacked), STOPS)
def test_resumed_with_generators(program, stop_at):
    check_resumed(program, stop_at)


@EXAMPLES
@example("for item in run.batches(items):\n    begun()\n    step(item)\n    if item == 0: break", 2)
@given(programs(epochs(), training_loops()), STOPS)
def test_resumed_where_a_loop_was_left(program, stop_at):
    check_resumed(program, stop_at)


ANYTHING = dict(ends=("break", "continue", "raise Trouble"), places=("before", "after"), nested=True,
                validations=("whole", "own", "loop", "swapped", "drawing"))


@EXAMPLES
@example(WHILE, 0, None, None, True)
@given(programs(epochs(**ANYTHING), training_loops(**ANYTHING), while_loops(**ANYTHING), most=3),
       st.none() | STOPS, st.none() | STOPS, LATENESS, st.booleans())
def test_anything(program, stop_at, save_at, lateness, in_with):
    # a known limit: a value that comes late from a device may belong to weights that were swapped back since
    assume(lateness is None or "swapped" not in program)
    check_all(play(program, stop_at=stop_at, save_at=save_at, lateness=lateness, in_with=in_with), in_with)
