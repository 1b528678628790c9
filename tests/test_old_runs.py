"""Runs that an older version made open, show, compare and go on as they did then.

What they are and how they were made stands in old_runs.py. All is asked through public names, and on copies, so that the runs
that are kept stay as they were written.
"""
import json
import shutil
import time
from functools import cache

import numpy as np
import pytest
import torch
from old_runs import KEPT, RUNS, Acts, ask, facts, find, go_on, is_bare, points
from safetensors.torch import load_file

from trainbook import Panel, compare, list_runs, open_run
from trainbook.terminal.progress import Terminal
from trainbook.widget.feed import Feed
from trainbook.widget.picture import picture

MADE = json.loads((RUNS / "reference.json").read_text(encoding="utf-8"))
READ, UNINTERRUPTED = MADE["read"], MADE["uninterrupted"]

# what trainbook can't do, it says in a RuntimeWarning
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
each = pytest.mark.parametrize("name", KEPT)


def said(name: str) -> dict:
    """What stands in a run's `run.json`."""
    return json.loads((find(RUNS, name) / "run.json").read_text(encoding="utf-8"))


def lines(name: str) -> list[dict]:
    """What stands in a run's `events.jsonl`."""
    return [json.loads(line) for line in (find(RUNS, name) / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def holds(now, then) -> bool:
    """Whether all is there that was there then; a newer version may say more."""
    if isinstance(then, dict): return isinstance(now, dict) and all(key in now and holds(now[key], value) for key, value in then.items())
    if isinstance(then, list): return isinstance(now, list) and len(now) == len(then) and all(map(holds, now, then))
    return now == then


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def kept(tmp_path, name):
    """A run, with the one it goes on from, where they may be written."""
    for one in filter(None, (KEPT[name].parent, name)):
        path = shutil.copytree(find(RUNS, one), tmp_path / find(RUNS, one).name)
    return path


# Opened

@each
def test_what_was_read_then_is_read_now(name):
    run = open_run(find(RUNS, name))
    assert (run.status, run.is_over) == (KEPT[name].status, True)
    now, then = facts(run.path), READ[name]
    for what, value in then.items(): assert holds(now[what], value), what


@each
def test_nothing_of_the_events_is_lost(name):
    assert holds(open_run(find(RUNS, name)).events(), lines(name))


@each
def test_a_run_that_is_over_takes_remarks_and_no_commands(kept, name):
    run = open_run(kept)
    with pytest.raises(RuntimeError, match=f"it is {KEPT[name].status}"): run.stop()
    tags, notes = run.tags, run.notes
    run.tag("looked at")
    run.note("years later")
    same = open_run(kept)
    assert same.tags == [*tags, "looked at"] and same.notes == [*notes, "years later"]
    assert holds(facts(kept) | dict(tags=tags, notes=notes, events=facts(kept)["events"][:-1]), READ[name])


def test_all_in_a_list():
    frame = list_runs(RUNS)
    assert dict(zip(frame["name"], frame["status"])) == {name: kept.status for name, kept in KEPT.items()}
    assert dict(zip(frame["name"], frame["parent"]))["resumed"] == find(RUNS, "stopped").name and frame["parent"].count() == 1
    assert dict(zip(frame["name"], frame["step"])) == {name: READ[name]["progress"]["step"] for name in KEPT}


# Shown

@each
def test_what_a_view_is_fed(name):
    run = open_run(find(RUNS, name))
    feed, rows = Feed(run), []
    while not rows or feed.has_more: rows += feed.rows()
    steps, losses = run.curve("loss")
    found = [(step, loss) for part in rows if "loss" in part.rows.dtype.names for step, loss in part.rows[["_step", "loss"]].tolist()]
    assert np.array_equal(sorted(found), list(zip(steps, losses)), equal_nan=True)
    for stream, then in READ[name]["joined"].items():
        if name != "names": assert sum(part.count for part in rows if part.stream == stream) == then["rows"]
    assert feed.events() == (0, run.events())
    state, progress = feed.state(), READ[name]["progress"]
    assert (state["status"], state["folder"], state["reason"]) == (KEPT[name].status, run.path.name, READ[name]["reason"])
    assert holds(state, progress) and state["seconds_left"] is None
    assert holds(state["checkpoints"], READ[name]["checkpoints"]) and holds(state["parent"], READ[name]["parent"])
    assert holds(state, said(name)["watching"]) and holds(state, said(name)["steering"])


@each
def test_the_panel(name):
    panel = Panel(find(RUNS, name))
    assert (panel.run_id, panel.run_name, panel.layers) == (find(RUNS, name).name, name, open_run(find(RUNS, name)).layers)
    panel.close()


@each
def test_the_picture(kept, name):
    shown = picture(open_run(kept))
    assert f"{name}: {KEPT[name].status}, step {READ[name]['progress']['step']}" in shown["text/html"]
    assert (kept / "picture.svg").read_bytes().lstrip().startswith(b"<?xml") and (kept / "picture.png").stat().st_size > 10_000


@each
def test_the_terminal(name, capsys):
    run = open_run(find(RUNS, name))
    Terminal(run)  # the clerk's thread has it write
    reason, out = READ[name]["reason"], ""
    end = f"{name} {KEPT[name].status} at step {READ[name]['progress']['step']}{f': {reason}' if reason else ''}\n"
    until = time.monotonic() + 10
    while not out.endswith(end) and time.monotonic() < until:
        time.sleep(.01)
        out += capsys.readouterr().out
    first, *shown, last = out.splitlines(keepends=True)
    assert (first, last) == (f"{name}: recording to {run.path}\n", end)
    if name == "finished":
        assert [line.split()[0] for line in shown if line.split()[0].isdigit()] == ["1", "2", "3"]
        assert "Learning rate halved by python, in force at step 3.\n" in out and "Pause by panel, in force at step 6.\n" in out
        assert "Back to the weights of step 12, at step 13.\n" in out


# Compared

def test_all_in_one_comparison():
    shown = compare(*(find(RUNS, name) for name in KEPT), metric="loss")
    table = shown.frame.loc[[str(find(RUNS, name)) for name in KEPT]]  # it has the best one on top
    assert len(table) == len(shown.frame)
    assert np.array_equal(table["loss", "last"], [float(READ[name]["latest"]["loss"]) for name in KEPT], equal_nan=True)
    assert table["run", "status"].tolist() == [kept.status for kept in KEPT.values()]
    bundle = shown._repr_mimebundle_()
    assert all(name in bundle["text/html"] and name in bundle["text/plain"] for name in KEPT) and bundle["image/png"]
    assert repr(compare(dir=RUNS)) == repr(compare(*(find(RUNS, name) for name in KEPT)))


# Gone on from

@cache
def agreement() -> str:
    """How this machine's results agree with those of the machine that made the runs, without trainbook: `exact`, `about` or `not`."""
    torch.set_num_threads(1)
    pairs = [(KEPT[name].training().bare().losses, then["losses"]) for name, then in UNINTERRUPTED.items() if is_bare(name)]
    found = [([loss for _, loss in own], then) for own, then in pairs]
    if all(own == then for own, then in found): return "exact"
    return "about" if all(np.allclose(own, then, 1e-3, 1e-3) for own, then in found) else "not"


def agree(own, then) -> bool:
    if agreement() == "not": pytest.skip(f"torch {torch.__version__} computes otherwise than {MADE['made_by']['torch']}, which these runs were made with")
    return own == then if agreement() == "exact" else np.allclose(own, then, 1e-3, 1e-3)


def test_this_machine_can_tell():
    """With the torch that made the runs, all bits must agree; else those that follow hold less than they could."""
    if torch.__version__.split("+")[0] == MADE["made_by"]["torch"].split("+")[0]: assert agreement() != "not"


def entry_of(name: str, point: str | None) -> dict:
    return next(entry for entry in said(name)["checkpoints"] if (entry["name"] == point if point else "last" in entry["roles"]))


ALL_POINTS = [pytest.param(name, point, id=f"{name} {point or 'as it is'}") for name, kept in KEPT.items() if kept.resumes for point in points(name)]


@pytest.mark.parametrize("name,point", ALL_POINTS)
def test_it_goes_on_to_the_same_bits(kept, name, point):
    begin, then = entry_of(name, point)["step"], UNINTERRUPTED[name]["losses"]
    wanted = MADE["astray"].get(f"{name} {point}") or dict(losses=then[begin:], weights=UNINTERRUPTED[name]["weights"])
    training, run = go_on(name, kept, point, kept.parent)
    steps, losses = zip(*training.losses)
    assert run.status == "finished" and list(steps) == list(range(begin + 1, training.total + 1))
    # a group of accumulated batches is averaged in another order since, which is seen in the last bit
    same = agree if name != "learner" else lambda own, then: agree(np.round(own, 5).tolist(), np.round(then, 5).tolist())
    assert same(list(losses), wanted["losses"])
    if agreement() == "exact" and name != "learner": assert training.weights() == wanted["weights"]
    steps, losses = run.curve("loss")
    assert steps.tolist() == list(range(1, training.total + 1)) and same(losses.tolist(), then[:begin] + wanted["losses"])
    assert holds(run.parent, dict(id=kept.name, name=name, checkpoint=entry_of(name, point)["name"], step=begin))
    assert holds([event for event in run.events() if event["event"] == "resume"], [dict(step=begin, parent=kept.name)])


def test_the_monitor_of_runs_that_call_it_metric(tmp_path):
    folder = shutil.copytree(find(RUNS, "steered"), tmp_path / "steered")
    assert "monitor" not in json.loads((folder / "run.json").read_text())["steering"]["early_stop"]
    assert Feed(open_run(folder)).state()["early_stop"]["monitor"] == "val_loss"


def test_what_was_changed_stays_changed(tmp_path):
    """A learning rate that was halved, and early stopping that was turned on."""
    _, run = go_on("steered", find(RUNS, "steered"), None, tmp_path)
    state = Feed(run).state()
    assert state["learning_rate_scale"] == .5 and holds(state["early_stop"], dict(on=True, patience=7))
    rates = run.frame()["learning_rate"]
    by_schedule = KEPT["steered"].training().rates()
    assert rates.tolist() == pytest.approx([by_schedule[step] / 2 for step in rates.index]) and len(rates) == 8


def test_what_is_opened_is_gone_on_from_too(tmp_path):
    training = KEPT["stopped"].training()
    training.train(dir=tmp_path, resume=open_run(find(RUNS, "stopped")), **KEPT["stopped"].watching)
    assert agree([loss for _, loss in training.losses], UNINTERRUPTED["stopped"]["losses"][10:])


def saved(folder) -> dict: return load_file(folder / "model.safetensors")


def weights(training) -> dict:
    return {f"{prefix}.{path}".strip("."): value.detach().clone()
            for prefix, model in training.models.items() for path, value in model.state_dict().items()}


def same(one: dict, other: dict) -> bool: return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


# a Learner takes a checkpoint when it begins to fit, which is done above
ENTRIES = [pytest.param(name, entry, id=f"{name} {entry['name']}") for name in KEPT if name != "learner" for entry in said(name)["checkpoints"]]


@pytest.mark.parametrize("name,entry", ENTRIES)
def test_every_checkpoint_loads(kept, name, entry):
    training = KEPT[name].training()
    with training.begin(dir=kept.parent, resume=kept / "checkpoints" / entry["name"]) as run:
        assert run.progress["step"] == entry["step"]
        assert same(weights(training), saved(kept / "checkpoints" / entry["name"]))


class Rollback:
    """Asks once to go back to the best, as soon as there is one, and looks at the weights with which the next step begins."""

    def __init__(self): self.is_asked, self.best, self.found = False, None, None

    def __call__(self, training, where):
        is_there = bool(self.best_of(training.run)) or training.step > 12  # a validation is behind it, whose checkpoint may just be being written
        if where != "step" or self.is_asked or not is_there: return
        self.is_asked = True
        training.run.rollback("best")
        next(iter(training.models.values())).register_forward_pre_hook(lambda *_: self.look(training))

    def best_of(self, run) -> list[dict]: return [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]

    def look(self, training):
        if self.found is not None: return
        self.best = self.best_of(training.run)[-1]
        self.found = weights(training), saved(training.run.path / "checkpoints" / self.best["name"])


@pytest.mark.parametrize("name", [name for name, kept in KEPT.items() if kept.resumes])
def test_it_goes_back_to_its_best(kept, name):
    rollback = Rollback()
    training, run = go_on(name, kept, None, kept.parent, rollback)
    assert run.status == "finished" and rollback.found and same(*rollback.found)
    assert holds([event for event in run.events() if event["event"] == "rollback"], [dict(to="best", to_step=rollback.best["step"])])


def test_what_was_tagged_is_begun_at(tmp_path):
    entry, = (entry for entry in said("finished")["checkpoints"] if entry["tag"])
    training, run = go_on("finished", find(RUNS, "finished"), entry["name"], tmp_path, Acts({("step", 12): ask("rollback", "last")}))
    assert run.status == "finished" and training.losses[0][0] == entry["step"] + 1 == 12
    assert [event["to_step"] for event in run.events() if event["event"] == "rollback"] == [11]
