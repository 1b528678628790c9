"""What runs have in common: whose history is whose, what strangers may write into a folder, and how it is shown."""
import json
import re
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from trainbook import Comparison, compare, list_runs, open_run
from trainbook.run.control import Command, leave
from trainbook.run.recorder import Recorder
from trainbook.widget.feed import Feed
from trainbook.widget.picture import draw

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
    assert repr(Feed(run).state()["parent"]) == repr(whole if isinstance(whole, dict) else None)
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
        html = compare(run, other, metric=metric)._repr_mimebundle_()["text/html"]
        assert set(re.findall(r"<(\w+)", html)) == {"img", "div", "table", "thead", "tbody", "tr", "th", "td", "span", "b"} - ({"b"} if "<b>" not in html else set())
        assert "&lt;script&gt;" in html and "onerror" not in html
    assert "\x1b" not in repr(compare(change(run, name="\x1b[2J")))


@pytest.mark.parametrize("name", ["_hidden", "$x$", r"\$", "$\\frac$", "two\nlines", "ä" * 200])
def test_a_name_is_no_formula_and_always_in_the_legend(tmp_path, name):
    run = record(tmp_path, name)
    figure = compare(run).figure()
    figure.canvas.draw()
    [text] = figure.legends[0].get_texts()
    assert text.get_text().startswith(name[:17]) and not text.get_parse_math()
    draw(run).canvas.draw()


def test_twenty_runs_and_forty_runs(tmp_path):
    """Each has a look of its own as long as there are any; then the last ones are drawn, and the table still has all."""
    for i in range(40): record(tmp_path, f"run {i}", steps=range(1, 4))
    twenty, all_of_them = compare(*[str(path) for path in sorted(tmp_path.iterdir())[:20]]), compare(dir=tmp_path)
    assert len({(course.color, course.line) for course in twenty._courses.values()}) == 20
    assert len(all_of_them._courses) == 24 and all_of_them._repr_mimebundle_()["text/html"].count("<tr>") == 42
    assert "the last 24 of 40" in all_of_them._title


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
    def drawn(*runs): return [course.label for course in compare(*runs)._courses.values()]
    assert drawn(first, second, third) == drawn(third, second, first) == ["third"]
    assert drawn(first, third) == ["third"] and drawn(first) == ["first"]
    assert drawn(first, second, fork) == ["second", "fork"]
    assert drawn(first, second, third, fork) == ["third", "fork"]
    table = compare(first, second, third)
    assert table.frame["loss"]["best"].tolist() == [1 / 10, 1 / 20, 1 / 30]
    assert len(table.frame) == 3 and len(set(re.findall("3px solid (#......)", table._repr_mimebundle_()["text/html"]))) == 1


def test_compare_imports_neither_matplotlib_nor_pandas():
    code = "import sys, trainbook; trainbook.compare; print({'matplotlib', 'pandas', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"
