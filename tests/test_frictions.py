"""Scripts as people have them: their configuration objects, long names, `step=`, a command that is waited for, options with a slip in them."""

import argparse
import inspect
import signal
import subprocess
import sys
from collections import UserDict, UserList, namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from types import SimpleNamespace

import attrs
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from trainbook import Learner, watch
from trainbook.run.control import Command
from trainbook.run.run import open_run
from trainbook.train.callback import Callback
from trainbook.train.callbacks import EMA
from trainbook.train.metrics import Metrics
from trainbook.train.watch import WatchOptions


@dataclass
class Data:
    folder: Path = Path("data")
    sizes: tuple = (8, 16)
    model: nn.Module | None = None


@attrs.define
class Trainer:
    lr: float = 3e-3
    data: Data = field(default_factory=Data)


class Dumped:
    """Like a model of pydantic."""
    def model_dump(self): return dict(lr=.1, nested=UserDict(a=1))


class Configured:
    """Like a configuration of transformers."""
    def to_dict(self): return dict(hidden=[1, 2], activation="gelu")


class Interpolated(UserDict):
    """Like a configuration of OmegaConf with a value that is still missing."""
    def __getitem__(self, name): raise LookupError(f"Missing mandatory value: {name}")


def parsed(*words):
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=.1)
    parser.add_argument("--out", type=Path, default=Path("out"))
    return parser.parse_args(words)


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize("config, kept", [
    (parsed("--lr", ".3"), dict(lr=.3, out="out")),
    (SimpleNamespace(lr=.1, inner=parsed()), dict(lr=.1, inner=dict(lr=.1, out="out"))),
    (Data(model=None), dict(folder="data", sizes=[8, 16], model=None)),
    (attrs.define(type("Own", (), {"__annotations__": dict(lr=float)}))(.1), dict(lr=.1)),
    (Dumped(), dict(lr=.1, nested=dict(a=1))),
    (Configured(), dict(hidden=[1, 2], activation="gelu")),
    (UserDict(steps=UserList([1, 2])), dict(steps=[1, 2])),
    (Point(1, 2), dict(x=1, y=2)),
    (dict(data=Data(), many=[Dumped(), parsed()]), dict(data=dict(folder="data", sizes=[8, 16], model=None),
                                                        many=[dict(lr=.1, nested=dict(a=1)), dict(lr=.1, out="out")])),
    (dict(lr=np.float32(.5), n=np.int64(3), flag=np.bool_(True), scale=torch.tensor(2.)), dict(lr=.5, n=3, flag=True, scale=2.)),
    (dict(dtype=torch.float16, device=torch.device("cpu"), steps=range(3), text=b"ab"),
     dict(dtype="torch.float16", device="cpu", steps="range(0, 3)", text="b'ab'")),
    (dict(kind=Data, broken=Interpolated(lr="???")), dict(kind=str(Data), broken="{'lr': '???'}")),
], ids=["parsed", "namespace", "dataclass", "attrs", "model_dump", "to_dict", "UserDict", "namedtuple", "nested", "numpy", "torch", "unreadable"])
def test_a_configuration_is_what_has_names_and_values(tmp_path, config, kept):
    with watch(config=config, dir=tmp_path, view=None) as run: pass
    assert run.config == open_run(run.path).config == kept


@pytest.mark.parametrize("config, said", [(Data, "Data"), (Interpolated(lr="???"), "Missing mandatory value: lr"), (nn.Linear(1, 1), "Linear"),
                                          (torch.ones(2), "tensor"), (3, "3"), (parsed, "parsed")],
                         ids=["class", "missing", "model", "tensor", "number", "function"])
def test_what_has_no_names_and_values_is_told(tmp_path, config, said):
    with pytest.raises(TypeError, match="config is a mapping.*dataclass") as caught: watch(config=config, dir=tmp_path, view=None)
    assert said in str(caught.value) and len(str(caught.value)) < 400 and not list(tmp_path.iterdir())


LONG = [f"{part}/" + "deep." * 48 + f"{i:03}" for i, part in enumerate(("loss", "val"))]


def test_long_names_in_every_table(tmp_path):
    """A name of 255 bytes is recorded as it is: in a table of its own, among many, from a device's ring, and as the metric that decides."""
    many = {f"{'ü' * 120}{i:03}": float(i) for i in range(100)}
    with watch(dir=tmp_path, view=None, monitor="n" * 255, mode="min", early_stop=2) as run:
        for run.step in range(1, 5): run.log({LONG[0]: run.step, LONG[1]: -run.step, "n" * 255: run.step} | many)
        run.early_stop(patience=1)
    same = open_run(run.path)
    assert {*LONG, *many, "n" * 255} == {*same.metrics} == {*same.latest()}
    assert same.latest()[LONG[1]] == -4 and all(same.history(name) == [(step, value) for step in range(1, 5)] for name, value in many.items())
    assert same.frame("valid")[LONG[1]].tolist() == [-1, -2, -3, -4]


def test_long_names_in_the_long_table_of_both_versions(tmp_path):
    from trainbook.run.record import Table
    with watch(dir=tmp_path, view=None) as run:
        for i in range(70): run.log({f"{'k' * 250}{i:05}": i})
    assert np.load(run.path/"train.long.npy").dtype["key"] == "S255"
    assert open_run(run.path).latest() == {f"{'k' * 250}{i:05}": i for i in range(70)}
    (run.path/"train.long.npy").unlink()
    old = Table(run.path/"train.long.npy", [("key", "S64"), ("value", "<f8")])
    old.append(1, b"of an older version", 3.)
    old.close()
    assert open_run(run.path).latest()["of an older version"] == 3


def test_long_names_are_shown(tmp_path, capsys):
    """The terminal's lines and the picture stay as wide as they are."""
    with watch(dir=tmp_path, view="terminal", name="r" * 200) as run:
        for _ in run.epochs(2):
            for _ in run.batches(range(3)): run.log({name: 1. for name in LONG})
    assert max(map(len, capsys.readouterr().out.splitlines())) < 400


def trained(tmp_path, loop):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=.1)
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        def step():
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        loop(run, step)
    return [step for step, _ in run.history("loss")]


def counted_first(run, step):
    for run.step in range(1, 6):
        step()
        run.log(loss=1.)


def counted_last(run, step):
    for i in range(0, 50, 10):
        step()
        run.step = i
        run.log(loss=1.)


def many_steps_a_number(run, step):
    for run.step in range(5):
        for _ in range(3 if run.step else 1): step()
        run.log(loss=1.)


def begun_at(run, step):
    run.step = 100
    for _ in range(5):
        step()
        run.log(loss=1.)


@pytest.mark.parametrize("loop, steps", [(counted_first, [1, 2, 3, 4, 5]), (counted_last, [0, 10, 20, 30, 40]), (many_steps_a_number, [0, 1, 2, 3, 4]),
                                         (begun_at, [100, 101, 102, 103, 104])])
def test_a_loop_that_counts_for_itself(tmp_path, loop, steps):
    """The optimizer's steps are the clock; a number that the script sets is not counted on by the step it was set for."""
    assert trained(tmp_path, loop) == steps


@pytest.mark.parametrize("log, said", [
    (lambda run: run.log({"loss": 1.}, step=3), "leave it out of log.*run.step = i"), (lambda run: run.log(loss=1., step=3), "run.step = i"),
    (lambda run: run.log(loss=1., epoch=3), "run.epochs"), (lambda run: run.log({"loss": 1.}, commit=False), "knows no commit"),
    (lambda run: run.log({"loss": 1.}, loss=2.), "loss twice")])
def test_what_other_monitors_take(tmp_path, log, said):
    with watch(dir=tmp_path, view=None) as run:
        with pytest.raises((ValueError, TypeError), match=said): log(run)
        assert run.frame().empty
        run.log({"loss": 1.}, accuracy=.5)
    assert run.latest() == dict(loss=1., accuracy=.5)


def test_monitor_is_the_word(tmp_path):
    with watch(dir=tmp_path, view=None, early_stop=dict(monitor="val_acc", patience=2)) as run:
        assert run.early_stopper.rule.mode == "max" and run.early_stopper.state()["early_stop"]["monitor"] == "val_acc"
        run.early_stop(monitor="val_error")
        assert (run.early_stopper.rule.monitor, run.early_stopper.rule.mode) == ("val_error", "min")
        run.early_stop(monitor="val_acc", mode="min")
        run.early_stop(patience=5)
        assert (run.early_stopper.rule.monitor, run.early_stopper.rule.mode) == ("val_acc", "min")
        run.undo(); run.undo(); run.undo()
        assert (run.early_stopper.rule.monitor, run.early_stopper.rule.mode, run.early_stopper.rule.patience) == ("val_acc", "max", 2)
    with pytest.raises(ValueError, match="knows monitor, .*, not metric"): watch(dir=tmp_path, view=None, early_stop=dict(metric="val_acc"))
    with pytest.raises(TypeError, match="metric"): run.early_stop(metric="val_acc")


def measure(run): return dict(val_loss=.5, val_acc=.25)


def asked_in_the_loop(run, step):
    for _ in run.steps(3):
        step()
        request = run.evaluate()
        assert request.outcome is None and request.metrics is None
        with pytest.raises(RuntimeError, match="thread that trains.*behind the next batch"): request.wait()
        yield request


@pytest.mark.parametrize("function", [measure, lambda run: run.log(val_loss=.5, val_acc=.25)], ids=["returned", "logged"])
def test_an_evaluation_is_asked_for_its_metrics(tmp_path, function):
    """Within the loop the outcome is there behind the next step, between two loops at once; another thread can wait."""
    model = nn.Linear(2, 1)
    with watch(model, torch.optim.SGD(model.parameters(), .1), dir=tmp_path, view=None, evaluate=function) as run:
        before = run.evaluate()
        assert before.wait()["status"] == "applied" and before.metrics == dict(val_loss=.5, val_acc=.25)
        requests = list(asked_in_the_loop(run, lambda: None))
        for request in requests: assert request.wait(1)["status"] == "applied" and request.metrics == dict(val_loss=.5, val_acc=.25)
        with ThreadPoolExecutor() as pool:
            asked = pool.submit(lambda: (request := run.evaluate()).wait(20) and request.metrics)
            for _ in run.steps(10**6):
                if asked.done(): break
                sleep(.001)
        assert asked.result() == dict(val_loss=.5, val_acc=.25)
        pause = run.pause()
        with pytest.raises(RuntimeError, match="thread that trains"): pause.wait()
        assert run.scale_lr(.5).metrics is None
    assert pause.wait()["status"] == "refused"


@pytest.mark.says("evaluate is refused")
def test_an_evaluation_that_was_refused_has_no_metrics(tmp_path):
    with watch(dir=tmp_path, view=None, evaluate=measure) as run:
        run.evaluate()
        with ThreadPoolExecutor() as pool:
            for _ in run.steps(2):
                refused = pool.submit(run.request, Command("evaluate", dict(often=3))).result()
    assert refused.wait()["status"] == "refused" and refused.metrics is None


ELSEWHERE = """
import sys, time
from trainbook import watch
with watch(dir=sys.argv[1], view=None, name="elsewhere", evaluate=lambda run: dict(val_loss=float(run.step > 0))) as run:
    for _ in run.steps(10**6):
        run.log(loss=1.)
        time.sleep(.005)
"""


def test_a_run_of_another_process_is_waited_for(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ELSEWHERE, tmp_path])
    try:
        while not (found := list(tmp_path.glob("*/train.npy"))): sleep(.05)
        run = open_run(found[0].parent)
        request = run.evaluate()
        assert request.wait(30)["status"] == "applied" and request.metrics == dict(val_loss=1.)
        refused = run.rollback()
        assert refused.wait(30)["status"] == "refused" and refused.metrics is None
        process.send_signal(signal.SIGSTOP)
        request = run.scale_lr(.5)
        with pytest.raises(TimeoutError, match="within 0.2 s"): request.wait(.2)
        process.kill()
        with pytest.raises(RuntimeError, match="is lost, and never got to"): request.wait(30)
    finally:
        process.kill()
        process.wait(20)


def test_frame_history_and_curve_agree_on_ancestors(tmp_path):
    """A run that goes on from another one: all three give the whole, or all three what it has recorded itself."""
    def go(**more):
        model = nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=.1)
        with watch(model, optimizer, dir=tmp_path, view=None, **more) as run:
            for _ in run.epochs(2 if more else 1):
                for _ in run.batches(range(3)):
                    model(torch.ones(1, 2)).sum().backward()
                    optimizer.step()
                    run.log(loss=run.step)
                run.log(val_loss=run.step)
        return run
    first = go()
    rest = go(resume=first)
    for run in (rest, open_run(rest.path)):
        for more, steps in (({}, [1, 2, 3, 4, 5, 6]), (dict(joined=False), [4, 5, 6])):
            assert run.frame(**more)["loss"].tolist() == [value for _, value in run.history("loss", **more)] == run.curve("loss", **more)[1].tolist() == steps
            assert run.frame("gradients", **more).index.tolist() == steps
        assert run.frame("valid")["val_loss"].tolist() == [3, 6] and run.latest()["loss"] == 6


def learner(tmp_path, **more):
    model = nn.Linear(2, 1)
    batches = [(torch.ones(4, 2), torch.zeros(4, 1))] * 3
    return Learner(model, batches, batches[:1], F.mse_loss, torch.optim.SGD(model.parameters(), .1), dir=tmp_path, view=None, **more)


def test_the_signature_of_a_learner_names_all_options():
    """For an editor that asks Python, and for one that only reads the source."""
    options = {name: parameter for name, parameter in inspect.signature(watch).parameters.items() if parameter.kind is parameter.KEYWORD_ONLY}
    shown = inspect.signature(Learner).parameters
    assert all(shown[name] == parameter for name, parameter in options.items()) and "watching" not in shown and "metrics" in shown
    assert WatchOptions.__annotations__.keys() == options.keys()
    in_words = lambda kind: getattr(kind, "__forward_arg__", str(kind))
    told = {name: in_words(kind) for name, kind in WatchOptions.__annotations__.items()}
    assert told == {name: in_words(parameter.annotation) for name, parameter in options.items()}

    class Own(Learner):
        def __init__(self, *given, smoothing=.1, **more): super().__init__(*given, **more)
    assert list(inspect.signature(Own).parameters) == ["given", "smoothing", "more"]


@pytest.mark.parametrize("name, meant", [("montior", "monitor"), ("early_stoping", "early_stop"), ("chekpoint", "checkpoint"), ("metric", "metrics")])
def test_a_misspelt_option_of_a_learner(tmp_path, name, meant):
    with pytest.raises(TypeError, match=f"no option {name}; is it {meant}"): learner(tmp_path, **{name: 3})
    with pytest.raises(TypeError, match="unexpected keyword"): learner(tmp_path).fit(1, **{name: 3})


@pytest.mark.parametrize("name, said", [("early_stop", r"Learner\(…, early_stop=…\)"), ("config", r"Learner\(…, config=…\)"), ("loss_fn", "learn.loss_func"),
                                        ("metric", "learn.metrics"), ("optimiser", "learn.optimizer")])
def test_an_attribute_that_would_do_nothing(tmp_path, name, said):
    learn = learner(tmp_path)
    setattr(learn, name, 3)
    with pytest.raises(TypeError, match=f"learn.{name} was set, and does nothing.*{said}"): learn.fit(1)
    delattr(learn, name)
    learn.seen = []
    assert learn.fit(1).step == 3
    learn.callbacks.append(Replaces("state", 3))  # what callbacks note there is theirs
    assert learn.fit(1).step == 6 and learn.fit(1).step == 9

    class Own(Learner): "May call its attributes what it likes"
    learn.__class__ = Own
    setattr(learn, name, 3)
    assert learn.fit(1).step == 12


def absolute(pred, targets): return (pred - targets).abs().mean()


def test_metrics_that_are_set_later_are_measured(tmp_path):
    learn = learner(tmp_path)
    learn.fit(1)
    learn.metrics = [absolute]
    run = learn.fit(1)
    assert "val_absolute" in run.latest() and learn.metrics == dict(absolute=absolute)
    learn.metrics |= dict(again=absolute)
    assert {"val_absolute", "val_again", "val_loss"} <= learn.validate().keys()
    learn.metrics = ()
    assert learn.validate().keys() == {"val_loss"} and run.step == 6
    with pytest.raises(TypeError, match="metrics are"): learn.metrics = [3]
    learn.callbacks = [EMA(.5)]
    learn.metrics = absolute
    assert [type(callback) for callback in learn.callbacks] == [Metrics, EMA] and "val_absolute" in learn.validate()
    with pytest.raises(ValueError, match="metrics were given twice"): learner(tmp_path, metrics=[absolute], callbacks=[Metrics(absolute)])


def test_another_loss_function_is_used(tmp_path):
    learn = learner(tmp_path)
    learn.loss_func = lambda pred, targets: 0 * F.mse_loss(pred, targets) + 7
    assert {value for _, value in learn.fit(1).history("loss")} == {7.}
    learn.loss_func = F.mse_loss(torch.ones(1), torch.ones(1))
    with pytest.raises(TypeError, match="loss_func is a function"): learn.fit(1)


class Replaces(Callback):
    def __init__(self, what, value): self.what, self.value = what, value
    def before_batch(self, learn): setattr(learn, self.what, self.value)


@pytest.mark.parametrize("what, value", [("callbacks", [EMA(.5)]), ("metrics", [absolute])])
def test_what_a_fit_has_begun_with_stays(tmp_path, what, value):
    learn = learner(tmp_path, callbacks=[Replaces(what, value)])
    with pytest.raises(ValueError, match="can't be replaced within a fit"): learn.fit(1)
    learn.callbacks = []
    setattr(learn, what, value)
    assert learn.fit(1).status == "finished"


def test_what_a_learner_is_made_with(tmp_path):
    learn = learner(tmp_path)
    with pytest.raises(AttributeError, match="chosen where it is made"): learn.device = "cpu"
    with pytest.raises(TypeError, match=r"callbacks=\[Schedule\(scheduler\)\]"):
        learner(tmp_path, scheduler=torch.optim.lr_scheduler.StepLR(learn.optimizer, 1))
    with pytest.raises(TypeError, match=r"a run that watch\(\) gives"): learn.fit(1, run="a name")


def test_a_configuration_that_is_none_ends_no_other_run(tmp_path):
    model = torch.nn.Linear(1, 1)
    run = watch(model, dir=tmp_path, view=None)
    with pytest.raises(TypeError, match="config is a mapping"): watch(model, dir=tmp_path, view=None, config=3)
    assert not run.is_over
    run.finish()
