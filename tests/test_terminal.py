"""A training started in a terminal shows a bar and a line per epoch; in a pipe, the lines alone."""
import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from trainbook import list_runs, watch
from trainbook.run.clerk import clerk
from trainbook.run.recorder import Recorder
from trainbook.run.words import brief
from trainbook.terminal.progress import Terminal, new_bar

TRAIN = """
import sys, time
from trainbook import watch
with watch(name="in a terminal", dir=sys.argv[1]) as run:
    for epoch in run.epochs(2):
        for batch in run.batches(range(30)):
            time.sleep(.03)
            run.log(loss=1 / run.step)
        for batch in run.batches(range(2), valid=True): time.sleep(.2)
        run.log(val_loss=.5 / (epoch + 1))
"""


def test_bar_and_lines_in_a_terminal(tmp_path):
    text = in_a_terminal(TRAIN, str(tmp_path))
    assert "Epoch 1/2 : |" in text and "Epoch 2/2 : |" in text and "█" in text
    assert "Warning" not in text
    assert text.rstrip().endswith("in a terminal finished at step 60")


def test_the_bar_goes_by_the_settings_of_fastprogress(tmp_path):
    """`NO_BAR` as fastai sets it, and the file that a script's own bars write to, which is left alone."""
    saved = tmp_path / "saved.txt"
    saved.write_text("a line of the script's\n")
    text = in_a_terminal(f"import fastprogress.fastprogress as settings\nsettings.NO_BAR, settings.SAVE_PATH = True, {str(saved)!r}\n{TRAIN}", str(tmp_path))
    assert "Epoch" not in text and text.rstrip().endswith("in a terminal finished at step 60")
    assert saved.read_text() == "a line of the script's\n"


@pytest.mark.parametrize("place, shown", [(dict(epoch=0, epochs=3, batches=10), "Epoch 1/3 : |"),
                                          (dict(epoch=900, epochs=1000, batches=10), "Epoch 901/1000 : |"),
                                          (dict(epoch=4, epochs=None, batches=10), "Epoch 5 : |"), (dict(epoch=4, epochs=5, batches=None), "[5/? "),
                                          (dict(epoch=None, epochs=None, batches=10), " |█")], ids=["first", "gone on", "no end", "no length", "steps"])
def test_a_bar_says_where_the_run_is(place, shown, capsys):
    bar = new_bar(place)
    for batch in (0, 5): bar.update(batch)
    assert shown in capsys.readouterr().out.rsplit("\r", 1)[-1]


def test_lines_alone_in_a_pipe(tmp_path):
    done = subprocess.run([sys.executable, "-c", TRAIN, str(tmp_path)], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[1].endswith("(training: mean of batches)")
    assert [line.split()[:3] for line in lines[1:4]] == [["epoch", "loss", "val_loss"], ["1", "0.1332", "0.5000"], ["2", "0.02283", "0.2500"]]
    assert "█" not in done.stdout and done.stderr == ""


@pytest.fixture
def followed(tmp_path, capsys):
    """A run, and the terminal that follows it; its first line is not looked at."""
    run = Recorder("followed", dir=tmp_path)
    terminal = Terminal(run)
    capsys.readouterr()
    yield run, terminal
    run.finish()
    clerk.call(terminal)


def test_a_gradient_that_is_not_a_number_is_named(followed, capsys):
    run, terminal = followed
    for layers in (1, 3):
        run.event("finding", step=12, finding="non_finite_gradient", value="nan", layer="encoder.fc2", layers=layers)
    clerk.call(terminal)
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == [
        "NaN in the gradients of encoder.fc2 at step 12.", "NaN in the gradients of encoder.fc2 at step 12, and of 2 layers more."]


@pytest.mark.parametrize("outcome, said", [
    (dict(outcome="refused", reason="there is no best checkpoint yet"), "Roll back by panel, refused: there is no best checkpoint yet"),
    (dict(outcome="failed", reason="the disk is full"), "Roll back by panel, failed: the disk is full")], ids=["refused", "failed"])
def test_what_was_not_done_is_said(followed, capsys, outcome, said):
    run, terminal = followed
    run.event("command", command="rollback", arguments={}, status=outcome["outcome"], reason=outcome["reason"], by="panel")
    clerk.call(terminal)
    assert said in capsys.readouterr().out


def test_a_text_is_read_where_it_is(followed, capsys, monkeypatch):
    """The newest one of a name, its first lines, without what a terminal obeys; of a picture there is a line, once."""
    monkeypatch.setenv("COLUMNS", "60")
    run, terminal = followed
    (run.path / "media").mkdir()
    for step, text in enumerate(["too early", "first\x1b[2J line\n\n" + "word " * 200], 1):
        (run.path / "media" / f"{step}.txt").write_text(text)
        run.event("media", step, name="a\nsample", kind="text", file=f"{step}.txt", about="text")
        run.event("media", step, name="picture", kind="image", file=f"{step}.png", about="8×8")
    run.event("media", 3, name="gone", kind="text", file="gone.txt", about="text")
    run.flush()
    clerk.call(terminal)
    lines = capsys.readouterr().out.splitlines()
    assert "picture at step 1: 8×8. In" in lines[0] and lines[1:3] == ["       a sample at step 2", "       │ first\N{REPLACEMENT CHARACTER}[2J line"]
    assert len(lines) == 6 and max(map(len, lines[1:])) <= 60 and lines[-1].endswith("…")


def test_a_loop_without_epochs_has_lines_too(followed, capsys, monkeypatch):
    """Every five seconds at first, then more rarely: a thousand seconds make about forty lines."""
    run, terminal = followed
    now = [time.monotonic()]
    monkeypatch.setattr("trainbook.terminal.progress.monotonic", lambda: now[0])
    for run.position.step in range(1, 1001):
        run.log(loss=1 / run.position.step, val_loss=2.)
        now[0] += 1
        clerk.call(terminal)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0][:3] == ["step", "loss", "val_loss"] and 20 < len(lines) < 60
    first = int(lines[1][0])
    assert 4 <= first <= 7 and lines[1][1:] == [brief(np.mean([1 / i for i in range(1, first + 1)])), "2.000"]


@pytest.mark.parametrize("names", [["val_loss"], ["loss", "eval/a_metric_with_quite_a_long_name"]])
def test_columns_stay_apart(followed, capsys, monkeypatch, names):
    monkeypatch.setenv("COLUMNS", "160")
    run, terminal = followed
    run.log({name: 1. for name in names})
    run.finish()
    clerk.call(terminal)
    heading, row = capsys.readouterr().out.splitlines()[:2]
    assert heading.split()[1:][:len(names)] == names and row.split()[1:] == ["1.000"] * len(names)
    assert ("mean of" in heading) == ("loss" in names)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_many_metrics_have_as_many_columns_as_fit(followed, capsys, monkeypatch, width):
    """Those that matter most, a pair side by side; the rest is counted."""
    monkeypatch.setenv("COLUMNS", str(width))
    run, terminal = followed
    names = [*(f"layer.{i}.some_rather_long_name_of_a_statistic" for i in range(50)), "val_accuracy", "val_loss", "accuracy", "loss"]
    run.log({name: 12345.6789 for name in names})
    run.finish()
    clerk.call(terminal)
    lines = capsys.readouterr().out.splitlines()
    heading, row = lines[0], next(line for line in lines if "12,346" in line)
    shown = heading.split(" more")[0].split()
    assert shown[1:3] == ["loss", "val_loss"] and (width < 80 or shown[3:5] == ["accuracy", "val_accuracy"])
    assert int(shown[-1]) + len(shown) - 2 == len(names) and row.split()[1:] == ["12,346"] * (len(shown) - 2)
    assert max(len(heading), len(row)) <= width


def test_a_batch_counts_by_its_samples_where_they_are_recorded(followed, capsys):
    run, terminal = followed
    run.position.epoch, run.position.epochs = 0, 1
    run.tables.set_context(epoch=0)
    for run.position.step, (size, loss) in enumerate([(64, 1.), (64, 1.), (1, 100.)], 1):
        run.tables.set_samples(size)
        run.log(loss=loss)
    run.finish()
    clerk.call(terminal)
    heading, row = capsys.readouterr().out.splitlines()[:2]
    assert heading.endswith("(training: mean of samples)") and row.split() == ["1", f"{(128 + 100) / 129:.4g}"]


def in_the_middle(run, loader):
    """Several epochs, and a scheduler whose rates are noted meanwhile."""
    for epoch in run.epochs(2):
        for batch in run.batches(loader): yield batch


def accumulated(run, loader):
    """Every batch in two halves, each with its own value."""
    for epoch in run.epochs(1):
        for batch in run.batches(loader):
            yield batch
            yield batch


def without_epochs(run, loader): yield from run.batches(loader)


def begun_by_hand(run, loader):
    """A loop of another library."""
    run.loop.begin_epoch(0, 1)
    for batch in loader:
        run.loop.begin_step(batch)
        yield batch
        run.loop.end_step()
    run.loop.end_epoch()


ROWS = torch.tensor([1.] * 64 + [100.])
LOADERS = dict(tensors=lambda: ROWS.split(64), loader=lambda: DataLoader(ROWS, 64), dicts=lambda: [dict(x=part) for part in ROWS.split(64)],
               ragged=lambda: ROWS.split([10, 30, 24, 1]))


@pytest.mark.parametrize("loop, kind", [(in_the_middle, "tensors"), (in_the_middle, "ragged"), (accumulated, "tensors"), (without_epochs, "loader"),
                                        (begun_by_hand, "dicts")])
@pytest.mark.parametrize("with_block", [True, False])
def test_the_mean_of_an_epoch_is_that_of_its_samples(tmp_path, capsys, loop, kind, with_block):
    """Case 48: 64 samples of 1 and one of 100."""
    model = torch.nn.Linear(1, 1)
    run = watch(model, torch.optim.SGD(model.parameters(), .1), dir=tmp_path, view="terminal", name="means", checkpoint=None, diagnose=False)
    with run if with_block else contextlib.nullcontext():
        for batch in loop(run, LOADERS[kind]()): run.log(loss=(batch["x"] if kind == "dicts" else batch).mean())
    if not with_block: run.finish()
    lines = capsys.readouterr().out.splitlines()
    assert "(training: mean of samples)" in lines[1] and f" {ROWS.mean():.4g}" in lines[2], lines


def test_a_validation_logged_by_batches_is_one_mean(tmp_path, capsys):
    """With the values that decide, and none of the last batch's weight left behind for what the training logs next."""
    model = torch.nn.Linear(1, 1)
    with watch(model, torch.optim.SGD(model.parameters(), .1), dir=tmp_path, view="terminal", name="means", every=0) as run:
        for epoch in run.epochs(2):
            for batch in run.batches(ROWS.split(64)):
                for part in run.batches(ROWS.split(64), valid=True): run.log(val_loss=part.mean())
                run.log(loss=batch.mean())
    lines = capsys.readouterr().out.splitlines()
    rows = [[str(epoch), f"{ROWS.mean():.4g}", f"{ROWS.mean():.4g}"] for epoch in (1, 2)]
    assert [line.split()[:3] for line in lines[1:4]] == [["epoch", "loss", "val_loss"], *rows]


# Beside what the script prints

PRINTS = """
import logging, sys, time, warnings
logging.basicConfig(format="%(message)s", level=logging.INFO)
from trainbook import watch
from tqdm import tqdm
mode = sys.argv[2]
with watch(name="in a terminal", dir=sys.argv[1], checkpoint=None) as run:
    for epoch in run.epochs(2):
        batches = run.batches(range(40))
        for batch in tqdm(batches, total=40, desc="the script's own") if mode == "tqdm" else batches:
            time.sleep(.02)
            run.log(loss=1 / run.step)
            if mode == "lines" and run.step % 3 == 0: print("the script says", run.step)
            if mode == "logger" and run.step % 3 == 0: logging.info("the script says %d", run.step)
            if mode == "half" and batch % 4 == 0: print(".", end="", flush=True)
        if mode == "half": print(" done", flush=True)
    time.sleep(.3)
    if mode == "left open": print("no end", end="", flush=True)
print()
"""


def screen_of(text: str) -> list[str]:
    """The lines of a terminal that has got this."""
    lines, column = [[]], 0
    for letter in text.replace("\r\n", "\n"):
        if letter == "\n": lines.append([]); column = 0
        elif letter == "\r": column = 0
        else:
            lines[-1][column:column + 1] = letter
            column += 1
    return ["".join(line).rstrip() for line in lines]


def in_a_terminal(code: str, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 10_000): shown += part
    except OSError: pass  # the other side has closed
    assert process.wait() == 0, shown.decode()
    return shown.decode()


@pytest.mark.parametrize("mode", ["lines", "logger", "half", "tqdm", "left open"])
def test_beside_what_the_script_prints(tmp_path, mode):
    """No line of the script's or of ours has anything of the other in it."""
    text = in_a_terminal(PRINTS, str(tmp_path), mode)
    lines = screen_of(text)
    rows = [line for line in lines if re.fullmatch(r" +[12] +[\d.e-]+", line)]
    assert len(rows) == 2 and any(line.startswith("epoch ") and "loss" in line for line in lines), lines
    assert any(line.endswith("in a terminal finished at step 80") and line.startswith("in a terminal") for line in lines), lines
    if mode in ("lines", "logger"):
        assert [line for line in lines if "says" in line] == [f"the script says {step}" for step in range(3, 81, 3)]
        assert text.count("█") > 10  # the bar is drawn all the same
    if mode == "half": assert "".join(line for line in lines if re.fullmatch(r"[. done]+", line)).count(".") == 20, lines
    if mode == "tqdm": assert sum(line.startswith("the script's own: 100%") and "40/40" in line for line in lines) == 2, lines
    if mode == "left open": assert "no end" in lines, lines
    assert not any("epoch" in line and "|" in line and "says" in line for line in lines)


def test_a_worker_may_print_while_a_bar_is_drawn(tmp_path):
    """A fork in the moment of a drawing: the child has a lock of its own."""
    code = """
import os, sys, threading
from trainbook.terminal.screen import screen, share
share(object())
inside, go_on = threading.Event(), threading.Event()
def draw():
    with screen.painting(): inside.set(); go_on.wait(30)
thread = threading.Thread(target=draw); thread.start(); inside.wait()
child = os.fork()
if not child:
    print("from the child", flush=True)
    os._exit(0)
os.waitpid(child, 0)
go_on.set(); thread.join()
"""
    assert "from the child" in in_a_terminal(code)


# The picture

def test_a_script_leaves_a_picture(tmp_path):
    for number, end in enumerate(("with watch(name='a', dir=folder) as run: train(run)", "run = watch(name='a', dir=folder); train(run)",
                                  "run = watch(name='a', dir=folder); train(run); run.finish(); print('on', flush=True); import matplotlib; run = "
                                  "watch(name='b', dir=folder); train(run)")):
        folder = tmp_path / str(number)
        code = f"from trainbook import watch\nfolder = {str(folder)!r}\ndef train(run):\n    for step in run.steps(20): run.log(loss=1 / run.step)\n{end}"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stderr == ""
        for path in list_runs(folder).index: assert (Path(path) / "picture.svg").read_text().startswith("<?xml")


def test_a_picture_that_can_t_be_drawn_is_said(tmp_path):
    code = (f"import sys; sys.modules['matplotlib'] = None\nfrom trainbook import watch\nwith watch(name='a', dir={str(tmp_path)!r}) as run:\n"
            "    for step in run.steps(20): run.log(loss=1 / run.step)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "a: there is no picture of it, as it can't be drawn here" in done.stderr and "pip install matplotlib pandas" in done.stderr
    assert "finished at step 20" in done.stdout


@pytest.mark.parametrize("code", ["with watch(dir=folder) as run: pass", "watch(dir=folder, view=None).log(loss=1)"], ids=["nothing logged", "no view"])
def test_no_picture_of_nothing(tmp_path, code):
    subprocess.run([sys.executable, "-c", f"from trainbook import watch\nfolder = {str(tmp_path)!r}\n{code}"], check=True, capture_output=True)
    assert not [*tmp_path.rglob("picture*")]
