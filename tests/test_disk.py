"""Whatever becomes of the disk: it is said once, the training is the same bit for bit, and nothing is lost that could be kept."""
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from contextlib import ExitStack, contextmanager, suppress
from math import inf
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from test_interrupt import Group
from torch import nn

from trainbook import list_runs, open_run, watch
from trainbook.run.record import EventLog, read_events, read_table
from trainbook.train.checkpoint import entries_of, load
from trainbook.widget.feed import Feed
from trainbook.widget.panel import RunView

VALIDATIONS = [1., .6, .5, .8, .7, .6, .55, .5, .5]  # with the patience of 3 that is asked for in step 25 it ends after the sixth
STEPS, BEGINS, IN_IT, ENDS = 48, 18, 29, 30  # all steps; those before which the trouble begins, is looked at, and ends
STREAMS = "train", "valid", "gradients"


def until(condition, of="it"):
    """Waits; a deadlock is no endless test."""
    for _ in range(500):
        if condition(): return
        time.sleep(.02)
    raise TimeoutError(f"{of() if callable(of) else of} has not come")


def say(*words): print(*words, flush=True)


# In the process that trains

class Seen(RunView):
    """What the panel in a notebook is sent."""

    def __init__(self, run):
        self.tables, self.columns, self.happened = [], {}, []
        super().__init__(run)

    def send(self, content, buffers=None):
        for table in content["tables"]:
            assert table["start"] == sum(part["count"] for part in self.tables if part["key"] == table["key"]), f"{table['key']} has a gap"
            self.tables.append(table)
            for name in table["columns"]: self.columns.setdefault((table["key"], name), []).append(buffers.pop(0))
        self.happened += content["events"]["rows"]


def train(dir, at, parts=None, **more):
    """Something of everything, with the losses of each step; in some steps something happens."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 16), nn.Dropout(.2), nn.Tanh(), nn.Linear(16, 1))
    sgd, losses = torch.optim.SGD(model.parameters(), lr=.05, momentum=.9), []
    if 0 in at: at[0]()
    run = watch(model, sgd, name="disk", dir=dir, view=None, early_stop=4, **more)
    run.observer.budget.window, run.recorder.tables.limit, run.losses, run.trained = inf, 4, losses, model
    run.views.append(Seen(run))
    run.feed, run.fed = Feed(run), []
    with run:
        for epoch in run.epochs(9):
            for _ in run.batches(range(8)):
                run.fed += run.feed.rows()
                if run.step in at: at[run.step](run)
                x = torch.randn(8, 16)
                loss = (model(x) - x.prod(1, keepdim=True)).square().mean()
                loss.backward()
                sgd.step()
                sgd.zero_grad()
                losses.append(loss.item())
                run.log(loss=loss)
                if run.step in (4, 20, 21, 22, 23): run.log({f"only in {run.step}": run.step})  # tables of their own, the last in a long one
                if run.step == 19: run.scale_lr(.5)
                if run.step == 21: run.checkpoint("in it")
                if run.step == 22: run.note("a remark ä"), run.tag("tagged")
                if run.step == 25: run.early_stop(patience=3)  # looks at all values again
            run.log(val_loss=VALIDATIONS[epoch])
    return run


def rows_of(folder): return {path.name: read_table(path) for path in sorted(folder.glob("*.npy"))}


def check_prefix(rows, of):
    for name in of.dtype.names[:-1]: assert rows[name].tobytes() == of[name][:len(rows)].tobytes(), name


class Expected:
    """A training that nothing came over, in memory."""

    def __init__(self, path):
        run = open_run(path)
        self.frames = {stream: run.frame(stream).drop(columns="_time", errors="ignore") for stream in STREAMS}
        self.history = {name: run.history(name) for name in ("loss", "val_loss")}
        self.happened = [event for event in run.events() if event["event"] in ("note", "early_stop")]
        self.commands, self.losses = commands(run), json.loads(Path(path, "losses").read_text())
        self.weights = load(Path(path, "checkpoints", f"step-{STEPS}")).weights
        self.check(run, inf)  # pandas imports half of itself when it is needed, which is no file of ours

    def check(self, run, before):
        """All rows and events are there that were recorded before a step."""
        for stream, frame in self.frames.items():
            mine, theirs = run.frame(stream).drop(columns="_time", errors="ignore"), frame[frame.index < before].dropna(axis=1, how="all")
            pd.testing.assert_frame_equal(mine, theirs, check_exact=True)
        for name, history in self.history.items():
            assert run.history(name) == [(step, value) for step, value in history if step < before]
            assert run.latest()[name] == run.history(name)[-1][1]
        mine = [(event["event"], event["step"]) for event in run.events() if event["event"] in ("note", "early_stop")
                and not any(text in event.get("text", "") for text in ("for a while", "from outside"))]
        assert mine == [(event["event"], event["step"]) for event in self.happened if event["step"] < before]
        mine = [command for command in commands(run) if command[0] in ("scale_lr", "checkpoint", "early_stop")]
        assert mine == [command for command in self.commands if command[0] in ("scale_lr", "checkpoint", "early_stop") and command[2] < before]

    def check_training(self, run):
        """The training went as it would have gone."""
        assert run.status == "stopped" and run.losses == self.losses
        assert all(torch.equal(self.weights[name], parameter) for name, parameter in run.trained.named_parameters())


def commands(run, before=inf):
    return [(event["command"], event["status"], event["step"]) for event in run.events() if event["event"] == "command" and event["step"] < before]


def check_views(run):
    """A panel and a feed that were there all the time have been given each row once."""
    view, rows = run.views[0], {}
    run.recorder.tick()
    until(lambda: not view._feed.has_more and view.happened == run.events(), "the last event")  # noqa: SLF001 - has the view been given all?
    run.fed += run.feed.rows()
    for new in run.fed: rows.setdefault(new.key, []).append(new)
    fed = {key: np.concatenate([new.rows for new in parts]) for key, parts in rows.items()}
    assert all([new.start for new in parts] == np.cumsum([0] + [new.count for new in parts])[:-1].tolist() for parts in rows.values())
    for key, table in fed.items():
        for name in table.dtype.names[:-1]: assert b"".join(view.columns[key, name]) == table[name].astype(
            "<f4" if table[name].ndim > 1 else "<f8").tobytes()
    assert {key for key, _ in view.columns} == fed.keys()
    for stream in (*STREAMS, "system"):
        assert sum(len(table) for key, table in fed.items() if key.split(".")[0] == stream) == sum(
            len(rows) for name, rows in rows_or_memory(run).items() if name.split(".")[0] == stream)


def rows_or_memory(run):
    from trainbook.run.tables import table_files
    return {table.path.name: table.read() for table in table_files(run.path)}


@contextmanager
def full(dir, path=None):
    with open(Path(dir)/"ballast", "wb", buffering=0) as file, suppress(OSError):
        while True: file.write(bytes(2**12))
    yield
    Path(dir, "ballast").unlink()


@contextmanager
def full_then_larger(dir, path=None):
    with suppress(FileNotFoundError), full(dir):
        yield
        subprocess.run(["mount", "-o", "remount,size=8M", dir], check=True)


@contextmanager
def read_only(dir, path=None):
    if path is None: subprocess.run(["mount", "-o", "remount,ro", dir], check=True)
    else:  # where files are open for writing only a second way to them can be closed
        subprocess.run(["mount", "--bind", dir, dir], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", dir], check=True)
    yield
    subprocess.run(["mount", "-o", "remount,rw", dir] if path is None else ["umount", "-l", dir], check=True)


@contextmanager
def immutable(dir, path=None):
    """Files that are open can't be written either."""
    subprocess.run(["chattr", "-R", "+i", path or dir], check=True)
    yield
    subprocess.run(["chattr", "-R", "-i", path or dir], check=True)


@contextmanager
def too_large(dir, path=None):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def too_many(dir, path=None):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, before[1]))
    with ExitStack() as files:
        with suppress(OSError):
            while True: files.enter_context(open(os.devnull))
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def ask(what, *more):
    """Has another process look, and waits until it has."""
    say(what, *more)
    assert sys.stdin.readline() == "\n"


def go_through(dir, reference, trouble, begins="in the middle", ends="soon", again=""):
    """A training with trouble."""
    warnings.simplefilter("always", RuntimeWarning)
    expected, stack, make = Expected(reference), ExitStack(), globals()[trouble]
    def begin(run):
        run.checkpoints.wait()  # the draft of one that fails would leave room
        stack.enter_context(make(dir, str(run.path)))
    def look(run):
        systems = len(run.frame("system"))
        until(lambda: len(run.frame("system")) > systems, "the next second")
        expected.check(run, IN_IT)
        assert run.status == "running" and run.tags == ["tagged"] and run.notes == ["a remark ä"]
        ask("in it", run.path)
    def end(run):
        stack.close()
        run.frame()  # brings home what gradients are on their way
        ask("over", run.path)
        until(lambda: "from outside" in run.notes and "outside" in run.tags, "the command of another process")
        expected.check(run, ENDS)
    at = {IN_IT: look}
    if begins == "in the middle": at[BEGINS] = begin
    else: at[0] = lambda: stack.enter_context(make(dir))
    if ends == "soon": at[ENDS] = end
    if again: at |= {ENDS + 5: begin, ENDS + 10: lambda run: stack.close()}
    run = train(dir, at)
    expected.check_training(run)
    expected.check(run, inf)
    check_views(run)
    if ends == "never": return say("done", run.path)
    stack.close()
    ask("done", run.path, json.dumps(rows_or_memory(run)["system.npy"].tolist()))


def undisturbed(dir):
    run = train(dir, {})
    (run.path/"losses").write_text(json.dumps(run.losses))
    say(run.path)


SERVER = """
import sys
sys.path.insert(0, sys.argv[1])
import test_disk
test_disk.serve()
"""


def serve():
    """Does what it is told to, each time in a child, which then ends as any process does."""
    import torch._dynamo  # a first step does so, with all of sympy: two seconds that no child needs to spend
    torch.set_num_threads(1)
    for line in iter(sys.stdin.readline, ""):
        name, arguments = json.loads(line)
        if not (child := os.fork()): return globals()[name](*arguments)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print("ended", file=sys.stderr, flush=True)
        say("ended", code)


# In the process that looks on

class Trainings(Group):
    """Trains in another process, and tells what was said there on stderr."""

    def __init__(self): super().__init__(sys.executable, "-c", SERVER, str(Path(__file__).parent))

    is_idle = True

    def begin(self, name, *arguments):
        self.complaints.clear()
        self.is_idle = False
        self.tell(json.dumps([name, list(map(str, arguments))]))

    def expect(self, what):
        """Gives what is said after these words."""
        line = self.hear(40)
        assert line.startswith(what), f"{line}\n{''.join(self.complaints)}"
        return line.removeprefix(what).strip()

    def warnings(self):
        """Waits for the end, and gives all that was warned of."""
        assert self.expect("ended") == "0", "".join(self.complaints)
        until(lambda: "ended\n" in self.complaints)
        self.is_idle = True
        return [line.split("RuntimeWarning: ")[1].strip() for line in self.complaints if "RuntimeWarning: " in line]


servers = []


@pytest.fixture
def trainings():
    """One server for all tests, unless one of them has left it in the middle of something."""
    if not servers: servers.append(Trainings())
    yield servers[0]
    if not servers[0].is_idle: os.killpg(servers.pop().process.pid, signal.SIGKILL)


@pytest.fixture(scope="module", autouse=True)
def no_server_is_left():
    yield
    for server in servers: server.process.stdin.close()
    for server in servers: server.end()


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The same training with nothing in its way."""
    servers.append(trainings := Trainings())
    trainings.begin("undisturbed", tmp_path_factory.mktemp("reference"))
    path = Path(trainings.hear(40))
    assert trainings.warnings() == []
    assert len(open_run(path).frame()) == STEPS and {table.name for table in path.glob("train*")} == {
        "train.npy", "train.1.npy", "train.2.npy", "train.3.npy", "train.long.npy"}
    return path


@pytest.fixture
def disk(tmp_path):
    """A disk of half a megabyte."""
    folder = tmp_path/"disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=500k", "none", folder], capture_output=True).returncode: pytest.skip("can't mount")
    yield folder
    while subprocess.run(["umount", "-l", folder], capture_output=True).returncode == 0: pass


@pytest.fixture
def place(request, tmp_path):
    """Where the trouble will be: a disk of its own, or any folder."""
    if request.getfixturevalue("trouble") in ("full", "full_then_larger", "read_only"): yield request.getfixturevalue("disk")
    else:
        yield tmp_path
        subprocess.run(["chattr", "-R", "-i", tmp_path], capture_output=True)


class Onlooker(threading.Thread):
    """Reads everything all the time, from another process: what is there is right, even if it is not all."""

    def __init__(self, dir, reference):
        super().__init__(daemon=True)
        self.dir, self.expected, self.events, self.looks, self.is_on, self.wrong = dir, rows_of(reference), {}, 0, True, None

    def run(self):
        try:
            while self.is_on: self.look()
        except Exception as error: self.wrong = error

    def look(self):
        for path in self.dir.glob("*_disk_*"):
            with suppress(FileNotFoundError): self.look_at(path)
        self.looks += 1
        time.sleep(.005)

    def look_at(self, path):
        if (path/"run.json").exists(): assert open_run(path).status in ("running", "stopped", "lost")
        for name, rows in rows_of(path).items():
            if not name.startswith("system"): check_prefix(rows, self.expected[name])
        seen = self.events.get(path, [])
        if (path/"events.jsonl").exists(): self.events[path] = open_run(path).events()
        assert self.events.get(path, [])[:len(seen)] == seen

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, error, trace):
        self.is_on = False
        self.join()
        if kind is None: assert self.looks and self.wrong is None, repr(self.wrong)


def missing(path, reference, before):
    """What is not there yet of the rows and events that were recorded before a step."""
    try: rows, run = rows_of(path), open_run(path)
    except (OSError, ValueError) as error: return error
    counts = {name: int((table["_step"] < before).sum()) for name, table in rows_of(reference).items() if name != "system.npy"}
    return {name: count for name, count in counts.items() if count > len(rows.get(name, ()))} or not run.notes and "the note"


def check_whole(path, reference, system=None):
    """Each file of a run that has ended is as it would be without any trouble."""
    run = open_run(path)
    rows, theirs = rows_of(path), rows_of(reference)
    # without figures of the machine, where it could not be looked at, a row goes into another table
    assert {name for name in rows if name != "system.1.npy"} == theirs.keys()
    for name, table in rows.items():
        loaded = np.load(path/name)  # as the header says how many there are
        assert np.array_equal(loaded, table), f"{name}: {len(loaded)} rows by its header, {len(table)} in it"
        if not name.startswith("system"):
            assert len(table) == len(theirs[name])
            check_prefix(table, theirs[name])
    Expected(reference).check(run, inf)
    if system is not None: assert [list(row) for row in rows["system.npy"].tolist()] == json.loads(system)
    assert run.status == "stopped" and "early stopping" in run.info["reason"] and "tagged" in run.tags
    times = [event["time"] for event in run.events() if event["event"] != "checkpoint"]  # those say when it was taken
    assert times == sorted(times) and [event["status"] for event in run.events() if event["event"] == "status"][-1] == "stopped"
    left = {file.name for file in path.iterdir()} - {file.name for file in reference.iterdir()} - {"checkpoints", "system.1.npy"}
    assert not left, "drafts are left behind"
    assert not list((path/"inbox").iterdir())


def check_checkpoints(path, reference):
    """Those that could be saved are there, and the last one is the end."""
    run = open_run(path)
    entries = entries_of(run)
    assert {entry["name"] for entry in entries} == {folder.name for folder in (path/"checkpoints").iterdir()}
    assert entries[-1]["step"] == STEPS and "last" in entries[-1]["roles"]
    ours, theirs = (load(folder/"checkpoints"/f"step-{STEPS}").weights for folder in (path, reference))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def one_warning(said, about="can't be written"):
    assert len(said) == 1 and about in said[0], "\n".join(said)


MIDDLE = ["full", "full_then_larger", "read_only", "immutable", "too_large", "too_many"]
START = ["full", "read_only", "immutable", "too_large"]  # with no file left to open not even a widget can be made


@pytest.mark.parametrize("begins, trouble", [("in the middle", kind) for kind in MIDDLE] + [("at the start", kind) for kind in START])
def test_space_returns(trainings, reference, place, begins, trouble):
    """What waited is written while it trains, and whoever reads meanwhile finds what there is."""
    trainings.begin("go_through", place, reference, trouble, begins)
    with Onlooker(place, reference):
        path = Path(trainings.expect("in it"))
        if begins == "in the middle":
            assert open_run(path).status == "running" and len(open_run(path).frame()) >= BEGINS - 1
            assert missing(path, reference, IN_IT)
        trainings.tell()
        assert Path(trainings.expect("over")) == path
        until(lambda: not missing(path, reference, ENDS), lambda: missing(path, reference, ENDS))
        run = open_run(path)
        until(lambda: (path/"inbox").is_dir(), "the inbox")
        run.note("from outside")
        run.tag("outside")
        trainings.tell()
        system = trainings.expect("done").removeprefix(str(path))
        check_whole(path, reference, system)
        trainings.tell()
    one_warning(trainings.warnings())
    check_whole(path, reference, system)
    check_checkpoints(path, reference)
    assert any("could not be written for a while" in note for note in run.notes)


@pytest.mark.parametrize("trouble", ["full", "immutable", "too_large", "too_many"])
def test_space_returns_after_the_end(trainings, reference, place, trouble):
    """As long as the process lives, all is still written, and a reader then sees that the run has ended."""
    trainings.begin("go_through", place, reference, trouble, "in the middle", "at the end")
    with Onlooker(place, reference):
        path = Path(trainings.expect("in it"))
        trainings.tell()
        system = trainings.expect("done").removeprefix(str(path))
        until(lambda: open_run(path).status == "stopped" and not missing(path, reference, inf), lambda: missing(path, reference, inf))
        until(lambda: json.dumps(rows_of(path)["system.npy"].tolist()) == system.strip(), "the system's last row")
        trainings.tell()
    one_warning(trainings.warnings())
    check_whole(path, reference, system)


@pytest.mark.parametrize("begins, trouble", [
    ("in the middle", "full"), ("in the middle", "too_large"), ("at the start", "full"), ("at the start", "immutable")])
def test_space_never_returns(trainings, reference, place, begins, trouble):
    """What was recorded before stays readable; what is lost is said when the process ends."""
    trainings.begin("go_through", place, reference, trouble, begins, "never")
    with Onlooker(place, reference):
        trainings.expect("in it")
        trainings.tell()
        path = Path(trainings.expect("done"))
        refused, lost = trainings.warnings()
    assert "can't be written" in refused and re.search(r"[1-9][\d,]* bytes of .*_disk_.* are lost", lost), lost
    if begins == "at the start": return
    assert open_run(path).status in ("lost", "stopped") and len(open_run(path).frame()) >= BEGINS - 1


@pytest.mark.parametrize("trouble", ["full", "too_large"])
def test_trouble_that_comes_again_is_not_said_again(trainings, reference, place, trouble):
    trainings.begin("go_through", place, reference, trouble, "in the middle", "soon", "again")
    path = Path(trainings.expect("in it"))
    trainings.tell()
    trainings.expect("over")
    until(lambda: (path/"inbox").is_dir(), "the inbox")
    open_run(path).note("from outside"), open_run(path).tag("outside")
    trainings.tell()
    system = trainings.expect("done").removeprefix(str(path))
    trainings.tell()
    one_warning(trainings.warnings())
    check_whole(path, reference, system)


# A folder that goes

def removed(path):
    while path.exists(): shutil.rmtree(path, ignore_errors=True)  # what is written just now makes it fail


def parent_removed(path): removed(path.parent)


def moved(path): path.rename(path.with_name("elsewhere"))


def emptied(path):
    for file in path.iterdir():
        if file.is_file(): file.unlink()
    shutil.rmtree(path/"inbox")


def half_removed(path):
    for name in ("train.npy", "events.jsonl", "run.json"): (path/name).unlink()


def lose_the_folder(dir, reference, how):
    warnings.simplefilter("always", RuntimeWarning)
    expected = Expected(reference)
    def lose(run):
        globals()[how](run.path)
        expected.check(run, BEGINS)
    def look(run):
        expected.check(run, IN_IT)
        run.frame()
        ask("gone", run.path)
        until(lambda: "from outside" in run.notes and "outside" in run.tags, "the command of another process")
        expected.check(run, IN_IT)
    run = train(dir, {BEGINS: lose, IN_IT: look})
    expected.check_training(run)
    expected.check(run, inf)
    check_views(run)
    ask("done", run.path, json.dumps(rows_or_memory(run)["system.npy"].tolist()))


@pytest.mark.parametrize("how", ["removed", "parent_removed", "moved", "emptied", "half_removed"])
def test_a_folder_that_goes_comes_back_whole(trainings, reference, tmp_path, how):
    """With all rows from the first one on; and the run listens there again."""
    dir = tmp_path/"runs"
    trainings.begin("lose_the_folder", dir, reference, how)
    with Onlooker(dir, reference):
        path = Path(trainings.expect("gone"))
        until(lambda: not missing(path, reference, IN_IT), lambda: missing(path, reference, IN_IT))
        until(lambda: (path/"inbox").is_dir(), "the inbox")
        open_run(path).note("from outside"), open_run(path).tag("outside")
        trainings.tell()
        system = trainings.expect("done").removeprefix(str(path))
        trainings.tell()
    one_warning(trainings.warnings())
    check_whole(path, reference, system)
    assert "last" in entries_of(open_run(path))[-1]["roles"]


def end_and_lose(dir):
    """Its views and a recorder that goes on are still there: nobody may bring it back."""
    warnings.simplefilter("always", RuntimeWarning)
    ended, other = train(dir, {}), watch(dir=dir, view=None)
    shutil.rmtree(ended.path)
    since = time.time()
    until(lambda: time.time() - since > 2.5, "the clerk's second round")
    assert not ended.path.exists()
    other.log(loss=1.)
    say(ended.path)


def test_a_folder_removed_after_the_end_stays_removed(trainings, tmp_path):
    trainings.begin("end_and_lose", tmp_path)
    path = Path(trainings.hear(40))
    assert trainings.warnings() == [] and not path.exists()


def test_a_round_of_the_clerk_that_began_before_the_end(tmp_path):
    """Right: it finds the run over and its folder removed, and says nothing, as when a search for a learning rate ends."""
    with watch(dir=tmp_path, view=None) as run: run.log(loss=1.)
    shutil.rmtree(run.path)
    since = time.monotonic()
    until(lambda: time.monotonic() - since > 1.2, "a sign of life is due")
    with warnings.catch_warnings(record=True) as said: run.recorder.tick()
    assert not said and not run.path.exists()


def two_at_once(dir, count):
    warnings.simplefilter("always", RuntimeWarning)
    with full(dir): runs = [watch(name=name, dir=dir, view=None) for name in ("one", "other")]
    with full(dir):
        for i in range(int(count)):
            for run in runs: run.log(loss=i)
    for run in runs: run.finish()
    say("done")


def test_each_run_says_it_for_itself(trainings, disk):
    trainings.begin("two_at_once", disk, 5000)
    trainings.expect("done")
    said = trainings.warnings()
    said = [text for text in said if "nothing counts the steps" not in text]
    assert len(said) == 2 and all("can't be written" in text for text in said) and said[0].split(" can't")[0] != said[1].split(" can't")[0]
    for run in list_runs(disk).index: assert open_run(run).frame()["loss"].tolist() == list(range(5000))


@pytest.mark.parametrize("dir", ["file", "file/runs"])
def test_a_folder_that_can_be_none_is_an_error(tmp_path, dir):
    (tmp_path/"file").touch()
    with pytest.raises(NotADirectoryError, match="runs are kept in a folder"): watch(dir=tmp_path/dir, view=None)


def test_a_file_where_ours_should_be_is_not_written_to(tmp_path):
    """Somebody's link in a run's folder leads nowhere, not even when a table of ours has that name."""
    theirs = tmp_path/"theirs"
    theirs.write_text("theirs")
    with pytest.warns(RuntimeWarning) as said, watch(dir=tmp_path, view=None) as run:
        (run.path/"train.npy").symlink_to(theirs)
        for _ in run.steps(5): run.log(loss=1.)
    assert theirs.read_text() == "theirs" and [str(one.message).partition("is a link")[1] for one in said] == ["is a link"] * 2  # to log, to diagnose


def test_it_is_said_once_by_however_many_threads(tmp_path, monkeypatch):
    """The clerk, the one who writes checkpoints and the one who trains find out in the same moment."""
    said = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, *more: (said.append(str(message)), time.sleep(.05)))
    with watch(dir=tmp_path, view=None) as run, warnings.catch_warnings():
        warnings.simplefilter("always")
        threads = [threading.Thread(target=work, args=arguments) for work, arguments in [
            (run.recorder.say_trouble, ("full",)), (run.faults.blame, ("the loop", ZeroDivisionError()))] for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
    assert sorted(text.split(" ")[0] == "trainbook" for text in said) == [False, True], said


def test_events_of_a_thread_that_goes_on_are_kept_while_another_one_closes(tmp_path, monkeypatch):
    """As when a checkpoint is written while its run ends."""
    monkeypatch.setattr(threading, "excepthook", lambda failed: errors.append(failed.exc_value))
    trouble, errors, log = [], [], EventLog(tmp_path/"events.jsonl", lambda error: trouble.append(error))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        thread = threading.Thread(target=lambda: [log.append(step, "note") for step in range(200)])
        thread.start()
        while thread.is_alive(): log.close()
    finally: sys.setswitchinterval(before)
    log.close()
    assert trouble == errors == [] and [event["step"] for event in read_events(tmp_path/"events.jsonl")[0]] == [*range(200)]
