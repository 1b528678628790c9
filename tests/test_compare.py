"""What runs have in common: whose history is whose, what strangers may write into a folder, and how it is shown."""
import json
import re
import shutil
import subprocess
import sys
import threading
import time
import warnings
from contextvars import ContextVar

import numpy as np
import pytest

from trainbook import Comparison, compare, list_runs, open_run, watch
from trainbook.run.clerk import clerk
from trainbook.run.contract import Parent, is_of
from trainbook.run.control import Command, leave
from trainbook.run.recorder import Recorder
from trainbook.widget.feed import Feed
from trainbook.widget.follow import Follower
from trainbook.widget.picture import Page
from trainbook.widget.drawing import draw

NASTY = "<script>document.title = 'hacked'</script>\"'>&amp; $x_"


def record(dir, name="run", steps=(1, 2, 3), parent=None, status="finished", **values):
    run = Recorder(name, dir=dir, parent=parent)
    for run.step in steps: run.log(loss=1 / run.step, **values)
    if status: run.finish(status)
    return run


def goes_on(run, step, **more): return dict(id=run.path.name, name=run.name, checkpoint="last", step=step, time=time.time()) | more


def change(run, **fields):
    (run.path / "run.json").write_text(json.dumps(json.loads((run.path / "run.json").read_text()) | fields))
    return open_run(run.path)


# Lineage

def test_a_history_cut_into_a_chain_of_runs_is_that_history(tmp_path):
    """Whatever the cuts, and with tables of several sets of names, values and order are exact."""
    random = np.random.default_rng(0)
    for trial in range(5):
        values, cuts = random.normal(size=60), sorted(random.choice(np.arange(1, 60), 3, replace=False))
        dir, parent, written = tmp_path / str(trial), None, []
        for begin, end in zip([0, *cuts], [*cuts, 60]):
            run = Recorder("link", dir=dir, parent=parent)
            for run.step in range(begin + 1, end + 1):
                run.log(loss=values[run.step - 1], **({"extra": -values[run.step - 1]} if run.step % 3 == 0 else {}))
                if run.step % 7 == 0: run.log(val_loss=run.step)
            parent = goes_on(run, end)
            for run.step in range(end + 1, end + 5): run.log(loss=99.)  # on the way it went alone
            run.finish()
            written.append(run)
        last = Recorder("the last", dir=dir, parent=parent)
        last.finish()
        assert last.history("loss") == list(enumerate(values.tolist(), 1))
        assert last.frame(joined=True)["loss"].tolist() == values.tolist()
        assert last.frame(joined=True).index.tolist() == list(range(1, 61))
        assert last.frame("valid", joined=True)["val_loss"].tolist() == list(range(7, 60, 7))
        assert last.frame(joined=True)["extra"].dropna().tolist() == (-values[2::3]).tolist()
        assert [run.path for run, _ in last.ancestors()] == [run.path for run in written]
        fed = np.concatenate([new.rows["loss"] for new in Feed(last).rows() if new.stream == "train"])
        assert sorted(fed) == sorted(values)


def test_what_was_logged_at_the_step_of_the_checkpoint_is_parted_by_time(tmp_path):
    run = Recorder("parent", dir=tmp_path)
    run.step = 5
    run.log(val_loss=1.)
    parent = goes_on(run, 5)
    time.sleep(.01)
    run.log(val_loss=2.)
    assert Recorder("child", dir=tmp_path, parent=parent).history("val_loss") == [(5, 1.)]
    run.finish()


HOSTILE = [
    "a string", 7, [], [1], {}, dict(id=None), dict(id=["x"]), dict(id=""), dict(id="."), dict(id=".."), dict(id="../outside"),
    dict(id="a/b"), dict(id="x" * 5000), dict(id="a\0b"), dict(id="link"), dict(id="/"), dict(step="many"), dict(step=None),
    dict(step=[1]), dict(step=float("inf")), dict(step=float("nan")), dict(time="late"), dict(time=None), dict(time=10**400), dict(id="broken"),
    dict(id="nested"), dict(id="absent"), dict(id="file"),
]


@pytest.mark.parametrize("said", HOSTILE, ids=lambda said: repr(said)[:30])
def test_a_hostile_parent_ends_the_lineage(tmp_path, said):
    """And the run itself is read as if it had none."""
    runs = tmp_path / "runs"
    outside = record(tmp_path, name="outside", steps=(1, 2), loss2=1.)
    outside.path.rename(tmp_path / "outside")
    parent, run = record(runs, steps=(1,)), record(runs, steps=(3,))
    (runs / "link").symlink_to(tmp_path / "outside")
    (runs / "file").write_text("no folder")
    for name, text in (("broken", "{"), ("nested", "[" * 100_000)):
        (runs / name).mkdir()
        (runs / name / "run.json").write_text(text)
    if said == dict(id="/"): said = dict(id=str(tmp_path / "outside"))
    whole = goes_on(parent, 2) | said if isinstance(said, dict) and said else said
    run = change(run, parent=whole)
    assert run.ancestors() == []
    assert run.history("loss") == [(3, 1 / 3)]
    assert [new.key for new in Feed(run).rows()] == ["train"]
    assert Feed(run).state()["parent"] == (whole if is_of(whole, Parent) else None)
    draw(run)
    assert len(list_runs(runs)) == len(compare(dir=runs).runs) == 3  # the link is there to be opened by who wants to


def test_huge_steps_and_times_are_only_numbers(tmp_path):
    parent = record(tmp_path)
    for step, at, count in ((10**30, 1e300, 3), (-10**30, 0, 0), (2, float("nan"), 1), (2, -1, 1)):
        assert len(Recorder("child", dir=tmp_path, parent=goes_on(parent, step, time=at)).history("loss")) == count


def test_a_circle_of_parents_ends(tmp_path):
    runs = [record(tmp_path, name) for name in "abc"]
    for run, parent in zip(runs, runs[1:] + runs[:1]): change(run, parent=goes_on(parent, 9))
    for run in runs: assert len(open_run(run.path).ancestors()) == 2
    assert len(compare(dir=tmp_path).runs) == 3


def test_an_older_run_is_readable(tmp_path):
    """Its run.json has no parent, and none of what came later."""
    run = record(tmp_path)
    info = json.loads((run.path / "run.json").read_text())
    for name in ("tags", "parent", "config", "ended", "heartbeat"): del info[name]
    (run.path / "run.json").write_text(json.dumps(info))
    old = open_run(run.path)
    assert (old.tags, old.parent, old.ancestors(), old.notes) == ([], None, [], [])
    old.tag("late")
    assert old.tags == ["late"]
    assert "late" in repr(compare(old))
    assert list_runs(tmp_path)["tags"].tolist() == ["late"]


# Tags and notes

ELSEWHERE = """
import sys
from trainbook import open_run
run = open_run(sys.argv[1])
run.tag("from elsewhere", "größer")
run.note("ä" * 10_000)
run.untag("early")
"""


def test_another_process_tags_and_notes_a_run_that_trains(tmp_path):
    """Its own process writes it, without a step edge, and keeps it when it goes on."""
    run = record(tmp_path, status=None)
    run.tag("early")
    run.set_status("paused")
    subprocess.run([sys.executable, "-c", ELSEWHERE, run.path], check=True)
    deadline, commands = time.time() + 20, []
    while len(commands) < 6:
        assert time.time() < deadline, (run.tags, run.events())
        time.sleep(.02)
        commands = [event for event in run.events() if event["event"] == "command"]
    assert (run.tags, run.notes) == (["from elsewhere", "größer"], ["ä" * 10_000])
    assert [(event["command"], event["status"]) for event in commands] == [
        (name, status) for name in ("tag", "note", "untag") for status in ("requested", "applied")]
    run.set_status("running")
    run.finish()
    assert open_run(run.path).tags == ["from elsewhere", "größer"]
    subprocess.run([sys.executable, "-c", ELSEWHERE, run.path], check=True)
    assert len(run.notes) == 2 and open_run(run.path).status == "finished"


BAD = [dict(tags="abc"), dict(tags=[]), dict(tags=[""]), dict(tags=["x" * 65]), dict(tags=[1]), dict(tags=["\x1b[31m"]), dict(tags={"a": 1}), {}, dict(self=1)]


@pytest.mark.parametrize("given", BAD, ids=repr)
def test_a_bad_tag_from_the_inbox_is_refused(tmp_path, given):
    run = record(tmp_path, status=None)
    for command in ("tag", "untag"):
        id = Command(command, given)
        leave(run.path / "inbox", id)
        run.tick()
        assert [event["status"] for event in run.events() if event.get("id") == id.id] == ["requested", "refused"]
    run.request(note := Command("note", dict(text=given)))
    assert [event["status"] for event in run.events() if event.get("id") == note.id] == ["requested", "refused"]
    assert run.tags == run.notes == []
    run.finish()


def test_a_command_that_comes_twice_tags_once(tmp_path):
    run = record(tmp_path, status=None)
    note = Command("note", dict(text="once"))
    for _ in range(3): run.request(note)
    assert run.notes == ["once"]
    run.finish()


def test_many_threads_tag_at_a_time_and_none_is_lost(tmp_path):
    run = record(tmp_path, status=None)
    threads = [threading.Thread(target=run.tag, args=(str(i),)) for i in range(30)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    run.finish()
    assert sorted(run.tags, key=int) == [str(i) for i in range(30)]
    assert open_run(run.path).tags == run.tags


@pytest.mark.parametrize("text", ["", "  ", "x" * 10_001, None, 3, b"bytes", "\x00", "a\x1b[2J", "\ud800"])
def test_a_bad_note_raises(tmp_path, text):
    run = record(tmp_path, status=None)
    for one in (run, open_run(run.path)):
        with pytest.raises(ValueError, match="a note is 1 to 10,000 characters"): one.note(text)
        with pytest.raises(ValueError, match="a tag is 1 to 64 characters"): one.tag(text)
    run.finish()
    with pytest.raises(ValueError): open_run(run.path).note(text)
    assert run.events()[-1]["event"] == "status"


# The comparison

def test_everything_from_a_run_is_escaped(tmp_path):
    run = Recorder(NASTY, config={NASTY: NASTY, "n": {"<i>": ["<b>"]}}, dir=tmp_path)
    run.log({NASTY[:40]: 1., "loss": 2.})
    run.tag(NASTY[:60])
    run.finish()
    other = record(tmp_path)
    for metric in (None, NASTY[:40]):
        html = re.sub("<(style|script)>.*?</\\1>", "", compare(run, other, metric=metric)._repr_mimebundle_()["text/html"], flags=re.S)  # ours
        tags = {"img", "div", "table", "thead", "tbody", "tr", "th", "td", "span", "b"}
        assert set(re.findall(r"<(\w+)", html)) == tags - ({"b"} if "<b>" not in html else set())
        assert "&lt;script&gt;" in html and "onerror" not in html
    assert "\x1b" not in repr(compare(change(run, name="\x1b[2J")))


@pytest.mark.parametrize("name", ["_hidden", "$x$", r"\$", "$\\frac$", "two\nlines", "ä" * 200])
def test_a_name_is_no_formula_and_always_in_the_legend(tmp_path, name):
    run = record(tmp_path, name)
    figure = compare(run).figure()
    figure.canvas.draw()
    [text] = figure.axes[-1].get_legend().get_texts()
    assert text.get_text().startswith(name[:12]) and not text.get_parse_math()
    draw(run).canvas.draw()


def test_ten_runs_and_forty_runs(tmp_path):
    """Up to ten have a look of their own; of more the eight best have, in front of the others, which are grey. The table has all."""
    for i in range(40): record(tmp_path, f"run {i}", steps=range(1, 4), accuracy=i / 100)
    ten, all_of_them = compare(*[str(path) for path in sorted(tmp_path.iterdir())[:10]]), compare(tmp_path, sort="accuracy")
    assert len({course.color for course in ten.courses.values()}) == 8 and len({(course.color, course.line) for course in ten.courses.values()}) == 10
    assert len(all_of_them.courses) == 40 and all_of_them._repr_mimebundle_()["text/html"].count("<tr data-run") == 40
    assert [course.label for course in all_of_them.courses.values() if not course.is_grey] == [f"run {i}" for i in range(39, 31, -1)]
    assert "the best 8 in colour" in all_of_them.title
    legend = [text.get_text() for text in all_of_them.figure().axes[-1].get_legend().get_texts()]
    assert legend == [*(f"run {i}" for i in range(39, 31, -1)), "32 others"]


def test_losses_that_are_no_numbers(tmp_path):
    run = Recorder("diverged", dir=tmp_path)
    for run.step, loss in enumerate([1., float("inf"), float("nan")]): run.log(loss=loss, val_loss=float("nan"))
    run.finish()
    comparison = compare(run)
    assert comparison.frame["loss"]["best"].tolist() == [1.] and np.isnan(comparison.frame["loss"]["last"]).all()
    assert ("val_loss", "best") not in comparison.frame
    comparison._repr_mimebundle_()


def test_runs_that_cannot_be_compared(tmp_path):
    assert isinstance(compare(dir=tmp_path), Comparison) and len(compare(dir=tmp_path).frame) == 0
    compare(dir=tmp_path).figure()
    with pytest.raises(FileNotFoundError, match="is no run"): compare(tmp_path / "nothing")
    with pytest.raises(TypeError, match="by its folder"): compare([record(tmp_path)])
    run = record(tmp_path)
    assert len(compare(run, run.path, str(run.path)).runs) == 1


def test_a_chain_is_one_curve_and_a_fork_two(tmp_path):
    first = record(tmp_path, "first", steps=range(1, 11))
    second = record(tmp_path, "second", steps=range(11, 21), parent=goes_on(first, 10))
    third = record(tmp_path, "third", steps=range(21, 31), parent=goes_on(second, 20))
    fork = record(tmp_path, "fork", steps=range(16, 21), parent=goes_on(second, 15))
    def drawn(*runs): return sorted(course.label for course in compare(*runs).courses.values())
    assert drawn(first, second, third) == drawn(third, second, first) == ["third"]
    assert drawn(first, third) == ["third"] and drawn(first) == ["first"]
    assert drawn(first, second, fork) == ["fork", "second"]
    assert drawn(first, second, third, fork) == ["fork", "third"]
    table = compare(first, second, third)
    assert table.frame["loss"]["best"].tolist() == [1 / 30, 1 / 20, 1 / 10]  # the best one first
    assert len(table.frame) == 3 and len(set(re.findall("3px solid (#......)", table._repr_mimebundle_()["text/html"]))) == 1


def test_a_run_whose_folder_is_gone_is_left_out(tmp_path):
    """Before it is compared, and while it is."""
    here, later, gone = (record(tmp_path, name) for name in ("here", "later", "gone"))
    later, gone = open_run(later.path), open_run(gone.path)
    shutil.rmtree(gone.path)
    with pytest.warns(RuntimeWarning, match="gone.* is left out of a comparison, as it can't be read"): comparison = compare(here, later, gone)
    assert {run.name for run in comparison.runs} == {"here", "later"}
    shutil.rmtree(later.path)
    with pytest.warns(RuntimeWarning, match="later.* is left out"): comparison.refresh()
    assert [run.name for run in comparison.runs] == ["here"]
    comparison._repr_mimebundle_()


# Which runs, and in which order

def sweep(dir):
    return [record(dir, f"run {i}", steps=range(1, i + 3), accuracy=.1 * i, status=status) for i, status in enumerate(["finished", "failed", "stopped"])]


WHERE = ["accuracy > .05", lambda row: row.accuracy > .05, "name != 'run 0'", "status in ('failed', 'stopped')", lambda row: row.name in ("run 1", "run 2"),
         lambda row: np.bool_(row.step > 2)]


@pytest.mark.parametrize("where", WHERE, ids=range(len(WHERE)))
def test_runs_are_picked_by_a_question(tmp_path, where):
    runs = sweep(tmp_path)
    for given in ((tmp_path,), (str(tmp_path),), runs, ()):
        assert {run.name for run in compare(*given, where=where, dir=tmp_path).runs} == {"run 1", "run 2"}
    assert len(compare(tmp_path, where="accuracy > 5").runs) == 0


BAD_WHERE = ["nothing > 1", "accuracy >", "name > 1", lambda row: row.nothing, lambda row: row["nothing"] > 1, lambda row: row.name > 1, "", "accuracy"]


@pytest.mark.parametrize("where", BAD_WHERE, ids=range(len(BAD_WHERE)))
def test_a_question_that_can_t_be_asked_names_the_columns(tmp_path, where):
    sweep(tmp_path)
    with pytest.raises(ValueError, match="There are the columns path, name, status, tags, started, step, loss, accuracy"): compare(tmp_path, where=where)
    with pytest.raises(TypeError, match="a question as a string or a function"): compare(tmp_path, where=3)


def test_the_best_run_stands_on_top(tmp_path):
    first, second, third = sweep(tmp_path)
    def names(**how): return [run.name for run in compare(tmp_path, **how).runs]
    assert names() == ["run 2", "run 1", "run 0"] and compare(tmp_path).by == "loss"  # 1 / step
    assert names(mode=dict(loss="max"))[0] == "run 0" and names(metric="accuracy")[0] == "run 2"
    assert names(sort="started") == names(sort="name") == ["run 0", "run 1", "run 2"] and names(sort="status") == ["run 1", "run 0", "run 2"]
    with pytest.raises(ValueError, match="can't be sorted by 'nothing', which is none of name, status"): names(sort="nothing")
    text = repr(compare(tmp_path)).splitlines()
    assert text[1].startswith("run 2") and text[3].startswith("run 0")


def test_many_settings_and_metrics_are_bounded(tmp_path):
    for i in range(3): Recorder(f"run {i}", config={f"key {n}": n * i for n in range(50)}, dir=tmp_path).finish()
    run = record(tmp_path, **{f"metric.{i}": float(i) for i in range(300)})
    comparison = compare(tmp_path)
    html = comparison._repr_mimebundle_()["text/html"]
    assert html.count("<th ") < 80 and "38 more settings and 289 more metrics in <code>.frame</code>" in html and len(comparison.families) <= 9
    assert comparison.frame["metric.299"]["last"].loc[str(run.path)] == 299 and len(comparison.frame["config"].columns) == 50
    assert max(map(len, repr(comparison).splitlines())) <= 160


def test_runs_that_did_not_go_well_are_there(tmp_path):
    """Empty, failed with its reason, lost; and one whose table is none, which is said."""
    good = record(tmp_path, "good")
    Recorder("empty", dir=tmp_path).finish()
    failed = record(tmp_path, "failed", status=None)
    failed.finish("failed", reason="CUDA out of memory")
    lost = record(tmp_path, "lost")
    change(lost, status="running", process=json.loads((lost.path / "run.json").read_text())["process"] | dict(started=0, since_boot=0))
    broken = record(tmp_path, "broken")
    (broken.path / "train.npy").write_bytes(b"no table" * 100)
    with pytest.warns(RuntimeWarning, match="is compared without what can't be read of it"): comparison = compare(*tmp_path.iterdir())
    html = comparison._repr_mimebundle_()["text/html"]
    assert all(word in html for word in ("failed: CUDA out of memory", ">lost<", "empty", "broken")) and len(comparison.courses) == 3
    assert comparison.runs[-1].name in ("empty", "broken") and good.name == "good"


# Up to date

def test_a_comparison_is_kept_up_to_date_while_a_run_goes_on(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.publish_display_data", lambda bundle, transient, update: shown.append((bundle, transient, update)))
    over, live = record(tmp_path, "over"), record(tmp_path, "live", status=None)
    comparison, page = compare(over, live), Page()
    assert "1 going on at" in comparison.title
    follower, reads = comparison.follow(page), []
    curves = type(open_run(over.path)).curves
    monkeypatch.setattr("trainbook.run.run.Run.curves", lambda run, *what: reads.append(run.name) or curves(run, *what))
    follower.tick()
    assert not shown  # nothing is new
    for live.step in range(4, 9): live.log(loss=.01)
    live.flush()
    follower.tick()
    (bundle, transient, update), = shown
    assert update and transient == dict(display_id=page.display_id) and comparison.courses[live].curves["loss"].steps[-1] == 8
    assert set(reads) == {"live"}
    live.log(loss=.001)
    live.flush()
    follower.tick()
    assert len(shown) == 1  # at most every two seconds
    live.finish()
    monkeypatch.setattr("trainbook.widget.follow.monotonic", lambda: time.monotonic() + 600)
    follower.tick()
    assert len(shown) == 2 and "going on" not in comparison.title and follower not in Follower.at_work


def test_an_update_is_sent_on_behalf_of_the_cell_that_runs_now(monkeypatch):
    """ipykernel keeps in a context variable which cell that is; the clerk's thread has the one in which it began, which nbclient does not hear any more."""
    cell, sent = ContextVar("cell"), []
    cell.set("the first one")
    monkeypatch.setattr("IPython.display.publish_display_data", lambda bundle, transient, update: sent.append(cell.get("now")))
    Page().publish({}, "id", update=True)
    assert sent == ["now"]


def test_only_the_last_three_are_kept_up_to_date(tmp_path):
    run = record(tmp_path, status=None)
    followers = [compare(run).follow(Page()) for _ in range(5)]
    assert Follower.at_work == followers[2:]
    assert [any(known() is follower for known in clerk.clients) for follower in followers] == [False, False, True, True, True]
    for follower in followers: follower.leave()
    assert Follower.at_work == []
    run.finish()


def test_compare_imports_neither_matplotlib_nor_pandas():
    code = "import sys, trainbook; trainbook.compare; print({'matplotlib', 'pandas', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"


# What a run goes by

def trained(dir, name, values, **options):
    """A run of `watch`, in which a metric called `val_thing`, whose name says nothing, has these values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with watch(name=name, dir=dir, view=None, **options) as run:
            for epoch, value in zip(run.epochs(len(values)), values):
                for _ in run.batches(range(2)): run.log(loss=1 / run.step)
                run.log(val_thing=value, val_loss=1 - value)
    return open_run(run.path)


@pytest.mark.parametrize("mode, best", [("max", .9), ("min", .2)])
def test_what_a_run_goes_by_is_known(tmp_path, mode, best):
    """A name that says nothing: its direction is the one that `watch` was told, in this process and in the folder; and it is what is drawn."""
    runs = [trained(tmp_path, name, (.5, .9, .2), monitor="val_thing", mode=mode) for name in "ab"]
    comparison = compare(*runs)
    assert comparison.frame["val_thing"]["best"].tolist() == [best] * 2
    assert comparison.families[0] == "thing" and ("↑" if mode == "max" else "↓") in comparison._repr_mimebundle_()["text/html"].split(">val_thing")[1][:4]
    assert compare(*runs, metric="loss").families[0] == "loss"
    assert compare(*runs, mode=dict(val_thing="min" if mode == "max" else "max")).frame["val_thing"]["best"].tolist() == [.2 if mode == "max" else .9] * 2


def test_a_direction_against_the_name_is_kept(tmp_path):
    """A loss that is to be high, as of a critic."""
    run = trained(tmp_path, "critic", (.5, .9, .2), monitor="val_loss", mode="max")
    assert compare(run).frame["val_loss"]["best"].item() == .8


def test_runs_that_differ_in_what_is_good_are_told(tmp_path):
    runs = [trained(tmp_path, mode, (.5, .9, .2), monitor="val_thing", mode=mode) for mode in ("min", "max")]
    with pytest.warns(RuntimeWarning, match="some of these runs take low values of 'val_thing' for good and some high ones"): comparison = compare(*runs)
    assert ("val_thing", "best") not in comparison.frame
    mixed = compare(runs[0], trained(tmp_path, "by loss", (.5,)))  # two monitors: what is drawn is the loss, as ever
    assert mixed.families[0] == "loss" and mixed.frame["val_thing"]["best"].max() == .5


@pytest.mark.parametrize("steering", [None, {}, dict(monitor=None), dict(monitor=["val_loss"]), dict(monitor=dict(metric=3, mode="min")),
                                      dict(monitor=dict(metric="val_loss", mode="best")), dict(monitor=dict(metric=["a"], mode=["b"]))])
def test_what_a_folder_says_of_it_does_no_harm(tmp_path, steering):
    run = change(record(tmp_path, val_loss=.5), steering=steering)
    assert compare(run).frame["val_loss"]["best"].item() == .5


def test_the_best_of_several_batches_is_their_mean(tmp_path):
    """A validation logged batch by batch: a single lucky batch is no best."""
    run = Recorder("by batches", dir=tmp_path)
    for run.step, values in enumerate(((.1, .9), (.4, .4), (.2, 1.)), 1):
        for value in values: run.log(val_loss=value)
    run.finish()
    cells = compare(run).frame["val_loss"]
    assert (cells["best"].item(), cells["step"].item(), cells["last"].item()) == (.4, 2, .6)
