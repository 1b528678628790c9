"""However a loop is left, the run says truly how it ended, and every command has one outcome."""
import gc
import subprocess
import sys
import threading
import time
import weakref

import nbformat
import pytest
from lab import notebook
from torch import nn

from trainbook import open_run, watch
from trainbook.run.clerk import clerk
from trainbook.widget.picture import SavedPicture


def events(run, kind): return [event for event in run.events() if event["event"] == kind]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("in_with", [True, False])
def test_an_error_is_no_finish(tmp_path, error, in_with):
    run = watch(dir=tmp_path, view=None)
    def loop():
        for step in run.steps(5):
            if step == 2: raise error("on purpose")
    with pytest.raises(error):
        if not in_with: loop()
        with run: loop()
    run.finish()
    wanted = "stopped" if error is KeyboardInterrupt or not in_with else "failed"
    assert open_run(run.path).status == wanted
    assert [event["status"] for event in events(run, "status")] == [wanted]


def test_break_and_early_stopping_of_ones_own(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for epoch in run.epochs(5):
            for batch in run.batches(range(10)):
                if batch == 3: break  # a short epoch, not the end
            if epoch == 2: break
    assert (run.status, run.step) == ("finished", 12)
    with watch(dir=tmp_path, view=None) as run:
        for epoch in run.epochs(3):
            for batch in run.batches(range(10)):
                if batch == 3: break
    assert run.status == "finished"


@pytest.mark.says("stop is refused")
def test_commands_from_many_threads_have_one_outcome_each(tmp_path):
    run = watch(dir=tmp_path, view=None)
    def ask():
        for _ in range(50): run.stop(when="epoch")
    threads = [threading.Thread(target=ask) for _ in range(4)]
    with run:
        for epoch in run.epochs(3):
            for step in run.steps(200):
                if (epoch, step) == (0, 50):
                    for thread in threads: thread.start()
        for thread in threads: thread.join()
    run.stop()
    outcomes = {}
    for event in events(run, "command"): outcomes.setdefault(event["id"], []).append(event["status"])
    assert len(outcomes) == 201
    assert {tuple(states) for states in outcomes.values()} <= {("requested", "applied"), ("requested", "refused")}


def test_inbox_read_by_two_at_a_time(tmp_path):
    for _ in range(30):
        run = watch(dir=tmp_path, view=None)
        seen = open_run(run.path)
        ids = [seen.stop() for _ in range(20)]
        clerk.wake()
        run.finish()
        assert sorted(event["id"] for event in events(run, "command") if event["status"] == "refused") == sorted(ids)


def test_an_ended_run_keeps_neither_model_nor_files(tmp_path):
    model = nn.Linear(2, 2)
    watch(model, dir=tmp_path, view=None).finish()
    kept = weakref.ref(model)
    del model
    gc.collect()
    assert kept() is None


@pytest.mark.says("stop is refused: this loop has no epochs")
def test_stop_after_epoch_needs_epochs(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for step in run.steps(5):
            if step == 2: run.stop(when="epoch")
    refused = events(run, "command")[-1]
    assert (refused["status"], run.status) == ("refused", "finished") and "no epochs" in refused["reason"]


def test_seventy_sets_of_names(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for i in range(70): run.log({f"expert {i}": i})
    assert run.latest() == {f"expert {i}": i for i in range(70)}


@pytest.mark.parametrize("call, said", [
    (lambda path: watch(nn.Linear, dir=path), "the class Linear"),
    (lambda path: watch(optimizer=nn.Linear(1, 1), dir=path), "without param_groups"),
    (lambda path: watch(config=[1], dir=path), "config is a mapping"),
    (lambda path: watch(config={(1, 2): 3}, dir=path), "config is a mapping"),
    (lambda path: watch(view="wandb", dir=path), '"auto", "panel", "terminal" or None'),
    (lambda path: watch(dir=path, view=None).log(5), "log(loss=…)"),
    (lambda path: watch(dir=path, view=None).log(loss="low"), "takes one number"),
    (lambda path: watch(dir=path, view=None).log(loss=nn.Linear(2, 2).weight), "of shape (2, 2)"),
    (lambda path: watch(dir=path, view=None).log(loss=1., step=3), "step is recorded by itself"),
    (lambda path: watch(dir=path, view=None).log({"": 1.}), "1 to 255 bytes"),
    (lambda path: watch(dir=path, view=None).log({"\ud800": 1.}), "1 to 255 bytes"),
    (lambda path: watch(dir=path, view=None).stop(when="soon"), '"step" or "epoch"'),
    (lambda path: watch(dir=path, view=None).finish("done"), "finished, stopped, failed"),
    (lambda path: watch(dir=path, view=None).frame("val"), "one of train, valid"),
    (lambda path: open_run(path), "list_runs"),
    (lambda path: open_run(None), "opened by its folder"),
    (lambda path: next(watch(dir=path, view=None).epochs("3")), "epochs(n) takes how many"),
    (lambda path: watch(dir=path, view=None).steps(2.5), "steps(n) takes how many"),
    (lambda path: watch(dir=path, view=None).batches(5), "such as a DataLoader"),
], ids=range(19))
def test_bad_input_is_told_what_to_do(tmp_path, call, said):
    with pytest.raises((TypeError, ValueError, FileNotFoundError)) as caught: call(tmp_path)
    assert said in str(caught.value)


def test_a_broken_view_kills_no_training(tmp_path, monkeypatch):
    monkeypatch.setattr("trainbook.terminal.progress.Feed", None)
    with pytest.warns(RuntimeWarning, match="can't be shown, but is recorded"):
        run = watch(name="unseen", dir=tmp_path, view="terminal")
    with run:
        for step in run.steps(3): run.log(loss=1.)
    assert (run.status, len(run.frame())) == ("finished", 3)


def test_a_broken_chore_is_said_once(tmp_path, monkeypatch):
    with pytest.warns(RuntimeWarning, match="a fault in keeping the files") as said:
        run = watch(name="hindered", dir=tmp_path, view=None)
        monkeypatch.setattr(run.recorder, "_look_into_inbox", None)  # of this run only: those of other tests may still be open
        for step in run.steps(5):
            run.log(loss=1.)
            clerk.call(run.recorder)
    assert len(said) == 1, [str(w.message)[:200] for w in said]
    monkeypatch.undo()
    run.finish()
    assert len(run.frame()) == 5


def test_fast_epochs_are_not_all_drawn(tmp_path, monkeypatch):
    drawn = []
    def slow_picture(run):
        time.sleep(.05)
        drawn.append(run.status)
        return {"text/html": "", "text/plain": ""}
    monkeypatch.setattr("trainbook.widget.picture.picture", slow_picture)
    monkeypatch.setattr("IPython.display.publish_display_data", lambda *data, **options: None)
    with watch(dir=tmp_path, view=None) as run:
        run.views = [SavedPicture(run)]
        for epoch in run.epochs(20):
            for step in run.steps(2): run.log(loss=1.)
            clerk.call(run.views[0])
    assert drawn == ["running", "finished"]


LOOPS = """
from trainbook import watch
run = watch(name="open", dir="runs")
for epoch in run.epochs(6):
    for step in run.steps(500): run.log(loss=1 / run.step)
    run.log(val_loss=1 / run.step)
"""
NO_LOOPS = """
from trainbook import watch
run = watch(name="open", dir="runs")
for run.step in range(1, 3001): run.log(loss=1 / run.step, val_loss=2 / run.step)
"""


@pytest.mark.parametrize("cells, said", [
    ([LOOPS], "finished"), ([LOOPS, "run.log(test_loss=.25)", "6 * 7"], "finished"), ([NO_LOOPS], "running")], ids=["loops", "more", "no loops"])
def test_the_picture_of_a_run_that_is_left_open(tmp_path, cells, said):
    """As a Learner leaves it: what is saved is what there was when the last cell was over, and the kernel ends without a complaint."""
    path, outcome = notebook(cells, tmp_path/"open.ipynb"), f"open: {said}, step 3000"
    kernel = subprocess.run([sys.executable, "-m", "jupyter", "execute", "--inplace", path.name], cwd=tmp_path, check=True, capture_output=True, text=True)
    shown = [output["data"]["text/html"] for output in nbformat.read(path, 4).cells[0].outputs if "trainbook-picture" in output["data"].get("text/html", "")]
    assert len(shown) == 1 and outcome in shown[0] and "Traceback" not in kernel.stderr
    run, = (open_run(file.parent) for file in tmp_path.glob("runs/*/run.json"))
    assert run.status == "finished"
    written, logged = (run.path/"picture.svg").stat().st_mtime, run.frame("valid")["_time"].max()
    assert written > logged


def test_a_run_that_was_stopped_begins_no_second_loop(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for epoch in run.epochs(3):
            for step in run.steps(2): run.stop(when="epoch")
        for epoch in run.epochs(3):
            for step in run.steps(2): pass
    assert (run.status, run.step) == ("stopped", 2)
