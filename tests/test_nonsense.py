"""Whatever is logged, named, configured or asked is recorded right, or answered with what was expected, what came and what to do."""
import json
import subprocess
import sys
import threading
import warnings
from decimal import Decimal
from fractions import Fraction
from math import inf, nan

import numpy as np
import pandas as pd
import pytest
import torch

from trainbook import list_runs, open_run, watch
from trainbook.widget.picture import picture
from trainbook.terminal.progress import Terminal


class Unspeakable:
    """Neither a number nor to be shown."""
    def __float__(self): raise OverflowError("no")
    def __repr__(self): raise OSError("not even this")


@pytest.fixture
def run(tmp_path):
    run = watch(name="odd", dir=tmp_path, view=None)
    yield run
    run.finish()


GOOD = [(True, 1), (np.float32(2), 2), (np.array(3.), 3), (Decimal("1.5"), 1.5), (Fraction(1, 2), .5), (nan, nan), (inf, inf), (-inf, -inf), (10**300, 1e300),
        (5e-324, 5e-324),
        (torch.ones(1, 1), 1), (torch.tensor(1., dtype=torch.bfloat16), 1), (torch.tensor(2., requires_grad=True), 2), (torch.tensor(3), 3),
        (torch.tensor(True), 1)]
BAD = ["3", b"3", None, 1j, {1}, [1.], {}, print, 10**400, Unspeakable(), "x" * 10**6, torch.ones(2), torch.ones(0), torch.tensor(1j), torch.eye(2).to_sparse(),
       torch.ones((), device="meta"), np.array([1., 2.]), pd.Series([1., 2.])]


@pytest.mark.parametrize("value,number", GOOD, ids=lambda value: f"{value!r:.30}")
def test_one_number_however_it_is_wrapped(run, value, number):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.log(loss=value)
        run.log({"loss": value, "val_loss": value})
    assert np.array_equal(run.frame()["loss"], [number, number], equal_nan=True)
    assert np.array_equal(open_run(run.path).history("val_loss"), [(0, number)], equal_nan=True)


@pytest.mark.parametrize("value", BAD, ids=lambda value: "unspeakable" if isinstance(value, Unspeakable) else f"{value!r:.30}")
@pytest.mark.parametrize("known", [False, pytest.param(True, marks=pytest.mark.says("is logged again at step 0"))])
def test_what_is_no_number_is_told_and_nothing_of_it_recorded(run, value, known):
    """Neither half of a row, nor one stream of two."""
    if known: run.log(loss=.5, accuracy=.1, val_loss=1.)
    with pytest.raises(TypeError) as caught: run.log(loss=.7, accuracy=value, val_loss=.9)
    said = str(caught.value)
    assert "log(accuracy=…) takes one number or a tensor that holds one; got " in said and len(said) < 300
    assert len(run.frame()) == len(run.frame("valid")) == known
    run.step += 1
    run.log(loss=.7, accuracy=.2, val_loss=.9)
    assert run.latest() == dict(loss=.7, accuracy=.2, val_loss=.9)


@pytest.mark.parametrize("name", ["", "step", "epoch", "learning_rate", "learning_rate_1", "_loss", "_time", "a\nb", "a\0b", "\x1b[31mred", "\u202eevil",
                                  "\ud800", "x" * 256, "é" * 128, "x" * 10**6, 3, None, ("a", "b")])
def test_names_that_can_not_be(run, name):
    with pytest.raises(ValueError) as caught: run.log({"loss": 1., name: 1.})
    assert len(str(caught.value)) < 300 and any(part in str(caught.value) for part in ("1 to 255 bytes of printable text", "recorded by itself"))
    assert len(run.frame()) == 0


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "it's \"quoted\"", "größe", "😀" * 16, "ü" * 127, "n" * 255, "a b", "a/b", "../../etc/passwd",
                                  "CON", ".", "{{x}}", "$x$", "%s", "key", "value", "name", "loss.1", "-1"])
def test_odd_names_are_names(run, name):
    run.log({name: 1., "loss": 2.})
    run.step += 1
    run.log({name: 3.})
    same = open_run(run.path)
    assert same.history(name) == [(0, 1.), (1, 3.)] and same.latest()[name] == 3
    assert sorted(path.name for path in run.path.glob("*.npy")) == ["train.1.npy", "train.npy"]


def test_ten_thousand_names(run, tmp_path):
    """At once, and one by one: all there, in few files."""
    run.log({f"at once {i}": i for i in range(10_000)})
    for i in range(10_000): run.log({f"one by one {i}": i})
    assert len(list(run.path.glob("*.npy"))) <= 66
    latest = open_run(run.path).latest()
    assert len(latest) == len(run.metrics) == 20_000
    assert all(latest[f"at once {i}"] == latest[f"one by one {i}"] == i for i in range(10_000))
    frame = run.frame()
    assert frame.shape[0] == 1 and frame["one by one 9999"].item() == 9999
    assert list_runs(tmp_path).shape == (1, 20_000 + len(("name", "status", "tags", "started", "step")))


def test_names_that_come_and_go(run):
    for run.step in range(1, 301):
        run.log({"loss": run.step} | ({"accuracy": -run.step} if run.step % 2 else {}) | ({"val_loss": 0.} if run.step % 3 == 0 else {}))
    frame = run.frame()
    assert frame["loss"].tolist() == list(range(1, 301)) and frame["accuracy"].dropna().tolist() == list(range(-1, -301, -2))
    assert len(run.frame("valid")) == 100


CYCLE: dict = {}
CYCLE["itself"] = CYCLE


@pytest.mark.parametrize("config,kept", [
    ({1: 2}, {"1": 2}), ({"a": {1}}, {"a": "{1}"}), ({"f": len}, {"f": "<built-in function len>"}), ({"n": nan, "i": [inf]}, {"n": "nan", "i": ["inf"]}),
    ([("lr", 1)], {"lr": 1}), ({"x": "y" * 10**6}, {"x": "y" * 10**6}), ({"t": torch.ones(2)}, {"t": "tensor([1., 1.])"}), ({"s": "\ud800"}, {"s": "\ud800"})],
    ids=lambda value: f"{value!r:.30}")
def test_configurations_become_json(tmp_path, config, kept):
    with watch(config=config, dir=tmp_path, view=None) as run: pass
    assert open_run(run.path).config == kept
    assert json.loads((run.path/"run.json").read_text(), parse_constant=pytest.fail)["config"] == kept


@pytest.mark.parametrize("config", [3, "lr=3", CYCLE, {("a", "b"): 1}, [1, 2], Unspeakable()], ids=["number", "text", "cycle", "tuple", "list", "unspeakable"])
def test_what_is_no_configuration(tmp_path, config):
    with pytest.raises(TypeError, match="config is a mapping") as caught: watch(config=config, dir=tmp_path, view=None)
    assert len(str(caught.value)) < 300 and not list(tmp_path.iterdir())


def test_eight_threads(run):
    """No row is lost or torn, and each thread's are in its order."""
    def log(thread):
        for i in range(5_000): run.log(**{f"of_{thread % 4}": i, "thread": thread, "twice": 2 * i})
    threads = [threading.Thread(target=log, args=[number]) for number in range(8)]
    for thread in threads: thread.start()
    for _ in run.steps(2_000): run.log(loss=1.)
    for thread in threads: thread.join()
    frame = open_run(run.path).frame()
    assert frame["loss"].count() == 2_000 and frame["thread"].count() == 40_000
    for number in range(8): assert sorted(frame["twice"][frame["thread"] == number]) == [2 * i for i in range(5_000)]
    for table in run.path.glob("train*.npy"):
        rows = np.load(table)
        if "thread" not in rows.dtype.names: continue
        for number in range(8):
            mine = rows[rows["thread"] == number]
            own = mine[f"of_{number % 4}"] if f"of_{number % 4}" in rows.dtype.names else mine["twice"][:0]
            assert (2 * own == mine["twice"][:len(own)]).all() and (np.diff(own) > 0).all()


def test_after_the_end(run):
    run.finish()
    for late in (lambda: run.log(loss=1.), lambda: next(iter(run.epochs(1))), lambda: next(iter(run.steps(1))), lambda: next(iter(run.batches([1])))):
        with pytest.raises(RuntimeError, match="has ended.*watch\\(\\) begins a new"): late()
    assert len(run.frame()) == 0


def test_nested(tmp_path):
    """Of one model, the second run ends the first; of two models, they run side by side."""
    model, other = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    with watch(model, dir=tmp_path, view=None, name="outer") as outer:
        for _ in outer.steps(2):
            with watch(other, dir=tmp_path, view=None, name="inner") as inner:
                for _ in inner.steps(3): inner.log(loss=1.)
            outer.log(loss=2.)
    assert (len(outer.frame()), len(inner.frame()), outer.status, inner.status) == (2, 3, "finished", "finished")
    outer = watch(model, dir=tmp_path, view=None)
    with watch(model, dir=tmp_path, view=None) as inner: inner.log(loss=1.)
    assert outer.is_over
    with pytest.raises(RuntimeError, match="has ended"): outer.log(loss=1.)


@pytest.mark.parametrize("name,slug", [("", "run"), ("../../x", "x"), ("😀\n\0", "run"), ("x" * 10**5, "x" * 40), ("a b", "a-b"), (3, "3")])
def test_a_run_may_be_called_anything(tmp_path, name, slug):
    with watch(name=name, dir=tmp_path, view=None) as run: pass
    folder, = tmp_path.iterdir()
    assert folder.name.split("_", 1)[1][:-5] in (slug, "__main__", "pytest", "c") and open_run(run.path).name


BEGIN = """
import sys
from trainbook import watch
sys.stdin.readline()
for _ in range(50): watch(name="same", dir=sys.argv[1], view=None).finish()
"""


def test_two_processes_that_begin_at_once(tmp_path):
    both = [subprocess.Popen([sys.executable, "-c", BEGIN, str(tmp_path)], stdin=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.wait(60) for process in both] == [0, 0]
    runs = [open_run(path) for path in list_runs(tmp_path).index]
    assert len(runs) == 100 and {run.status for run in runs} == {"finished"}


STEER = """
import sys
from trainbook import open_run
run = open_run(sys.argv[1])
print("here", flush=True)
sys.stdin.readline()
for _ in range(60): run.scale_lr(2.); run.note(sys.argv[2]); run.scale_lr(.5)
"""


def test_two_processes_on_one_run(tmp_path):
    """Both steer it at the same time; each command has one outcome."""
    model = torch.nn.Linear(1, 1)
    sgd = torch.optim.SGD(model.parameters(), lr=1.)
    run = watch(model, sgd, dir=tmp_path, view=None)
    both = [subprocess.Popen([sys.executable, "-c", STEER, str(run.path), who], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for who in ("one", "other")]
    for process in both: process.stdout.readline()
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    for _ in run.steps(10**9):
        sgd.step()
        if all(process.poll() is not None for process in both) and not any((run.path/"inbox").iterdir()): run.stop()
    assert [process.returncode for process in both] == [0, 0]
    outcomes = {}
    for event in run.events():
        if event["event"] == "command": outcomes.setdefault(event["id"], []).append(event["status"])
    assert len(outcomes) == 2 * 180 + 1 and {tuple(statuses) for statuses in outcomes.values()} == {("requested", "applied")}
    assert sgd.param_groups[0]["lr"] == 1 and sorted(run.notes) == ["one"] * 60 + ["other"] * 60


CLOCK = """
import sys, time
jumps, real = eval(sys.argv[2]), time.time
shift = 0.
time.time = lambda: 1.8e9 if shift is None else real() + shift
from trainbook import open_run, watch
run = watch(name="clock", dir=sys.argv[1], view=None)
n = 0
for shift in jumps:
    for _ in run.batches(range(50)):
        run.log(loss=n); n += 1
        run.log(loss=n, other=-n); n += 1
    run.recorder.event("turn")
    before = (run.path/"run.json").stat().st_mtime_ns
    until = time.monotonic() + 10
    while (run.path/"run.json").stat().st_mtime_ns == before and time.monotonic() < until: time.sleep(.05)
    assert (run.path/"run.json").stat().st_mtime_ns > before, "no sign of life"
    left = __import__("trainbook.widget.feed").widget.feed.Feed(run).state()["seconds_left"]
    assert left is None or left >= 0
run.finish()
"""


@pytest.mark.parametrize("jumps", [[0, -3600, 0], [0, 3e7, -3e7], [None, None]], ids=["an hour back", "a year on", "stands still"])
def test_a_clock_that_is_set(tmp_path, jumps):
    """Rows stay in the order they were logged in, and the signs of life go on."""
    said = subprocess.run([sys.executable, "-c", CLOCK, str(tmp_path), repr(jumps)], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr
    run, = (open_run(path) for path in list_runs(tmp_path).index)
    everything = list(range(100 * len(jumps)))
    assert run.status == "finished"
    assert [value for _, value in run.history("loss")] == everything
    assert sorted(run.frame()["loss"].dropna()) == everything and (np.diff(run.frame().index) >= 0).all()
    assert [event["event"] for event in run.events()].count("turn") == len(jumps)


HTML = "<img src=x onerror=\"window.pwned=1\">"


def test_the_picture_and_the_tables_hold_words_only(tmp_path):
    """What a saved notebook shows without us."""
    with watch(name=HTML, config=dict(note=HTML), dir=tmp_path, view=None) as run:
        for _ in run.steps(60): run.log({HTML: 1., "loss": .5, "val_" + HTML: 2.})
        run.tag(HTML)
    for shown in (picture(run)["text/html"], list_runs(tmp_path)._repr_html_(), run.frame()._repr_html_()): assert "<img src=x" not in shown


@pytest.mark.says("is logged again at step 0")
def test_nothing_commands_the_terminal(tmp_path, capsys):
    run = watch(name="\x1b]0;title\x07", dir=tmp_path, view=None)
    Terminal(run)
    for _ in run.epochs(2): run.log({"loss[2J": 1.})
    run.note("\x1b[2J".replace("\x1b", " "))
    run.finish("failed", "\x1b[2Jgone")
    for view in [Terminal(run)]: view.tick()
    assert "\x1b" not in capsys.readouterr().out
