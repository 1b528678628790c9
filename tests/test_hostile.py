"""A run's folder that somebody has sent: whatever is in it, it is read or refused, and nothing outside of it is touched."""
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from uuid import uuid4

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from soak import IS_LONG, MINUTES

from trainbook import compare, list_runs, open_run, watch
from trainbook.run.clerk import clerk
from trainbook.run.control import Command, collect, leave
from trainbook.run.record import Table, header, row_type
from trainbook.train.checkpoint import entries_of, find
from trainbook.widget.feed import Feed
from trainbook.widget.panel import pack
from trainbook.terminal.progress import Terminal

CORPUS = Path(__file__).parent/"corpus"  # what was once found to do harm, and what may: one file each, named `what it is.name.ending`, with _ for further dots


@pytest.fixture(scope="session")
def honest(tmp_path_factory) -> Path:
    """A run with all that a run can have."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    sgd = torch.optim.SGD(model.parameters(), lr=.1)
    with watch(model, sgd, name="honest", config=dict(lr=.1), dir=tmp_path_factory.mktemp("honest"), view=None, early_stop=5) as run:
        for _ in run.epochs(2):
            for _ in run.steps(4):
                model(torch.ones(2)).sum().backward()
                sgd.step()
                run.log(loss=1., accuracy=.5)
            run.log(val_loss=.5)
            run.scale_lr(.5), run.checkpoint("kept"), run.rollback("kept"), run.undo(), run.note("so far"), run.tag("t")
            run.show("samples", torch.rand(2, 1, 4, 4)), run.show("weights", torch.rand(9))
    long = Table(run.path/"train.long.npy", [("key", "S64"), ("value", "<f8")])  # as if there had been thousands of names
    for i in range(6): long.append(i, b"name %d" % (i % 3), i)
    long.close()
    return run.path


def readings(path: Path) -> list[Callable]:
    """All that one may ask of a run that can be opened."""
    run = open_run(path)
    frames = [lambda stream=stream: run.frame(stream, joined=True) for stream in ("train", "valid", "gradients", "system")]
    names = "name config tags notes parent progress status is_over layers metrics".split()
    return [*frames, *(lambda name=name: getattr(run, name) for name in names), run.events, run.latest, run.ancestors, lambda: run.curve("loss"),
            lambda: run.history("val_loss"),
            lambda: repr(run), lambda: run.unknown, lambda: entries_of(run), lambda: find(run), lambda: list_runs(path.parent), lambda: repr(compare(run)),
            lambda: fed(Feed(run)), lambda: shown(run), run.media, *(lambda one=one: one.value for one in media_of(run))]


def media_of(run):
    """What it has shown, if its events can be read."""
    try: return run.media()
    except ValueError: return []


def fed(feed: Feed):
    pack(feed.rows())
    while feed.has_more: pack(feed.rows())
    return feed.events(), feed.state()


def shown(run):
    terminal = Terminal(run)
    clerk.remove(terminal)  # whose thread would go on with it in the midst of what is done here, and when the folder is gone
    terminal.tick()
    terminal.tick()


def ask_everything(path: Path) -> list[str]:
    """What is answered, as text; a refusal is a `ValueError` or a `FileNotFoundError` and nothing else."""
    try: asked = readings(path)
    except (ValueError, FileNotFoundError): return []
    answers = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).* is compared without what can't be read of it", RuntimeWarning)
        for ask in asked:
            try: answers.append(repr(ask()))
            except (ValueError, FileNotFoundError) as error: assert str(error)
    return answers


def with_file(honest: Path, name: str, content: bytes):
    """Asks a copy of the honest run in which a file is another."""
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # no part may have a fault
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="numpy|pandas")
        path = Path(folder)/honest.name
        shutil.copytree(honest, path, ignore=shutil.ignore_patterns("checkpoints"))
        (path/name).write_bytes(content)
        return ask_everything(path)


# The corpus

@pytest.mark.parametrize("case", sorted(path.name for path in CORPUS.iterdir() if path.is_file()))
def test_corpus(honest, case):
    what, name, ending = case.rsplit(".", 2)
    with_file(honest, f"{name.replace('_', '.')}.{ending}", (CORPUS/case).read_bytes())


# Fuzzing: honest files, bent in every way

EXAMPLES = settings(derandomize=not IS_LONG, deadline=None, max_examples=40, database=None, suppress_health_check=list(HealthCheck))
TABLES = ["train.npy", "valid.npy", "gradients.npy", "train.long.npy"]
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
                      | st.sampled_from(["../../x", "lost", "\ud800", 10**400, -1, 2**63, 1e308]),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5)


def bend(data, content: bytes) -> bytes:
    """Cut off, overwritten here and there, doubled, or with something put in."""
    bent = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, min(len(bent), 400 if data.draw(st.booleans()) else len(bent)) - 1)))
        how = data.draw(st.sampled_from(["cut", "byte", "insert", "double", "remove"]))
        if how == "cut": del bent[at:]
        elif how == "byte" and bent: bent[at] = data.draw(st.integers(0, 255))
        elif how == "insert": bent[at:at] = data.draw(st.binary(max_size=9))
        elif how == "double": bent[at:at] = bent[at:at + 50]
        else: del bent[at:at + 9]
    return bytes(bent)


KEYS = st.sampled_from(["status", "step", "folder", "roles", "event", "learning_rate", "epoch", "command", "began", "format", "self", "<b>"])


def bend_json(data, value):
    """The same with another value somewhere within."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 3)):
        key = data.draw(st.sampled_from(sorted(value)))
        if not data.draw(st.integers(0, 4)): return {name: part for name, part in value.items() if name != key}
        if not data.draw(st.integers(0, 4)): return value | {data.draw(KEYS): data.draw(VALUES)}
        return value | {key: bend_json(data, value[key])}
    if isinstance(value, list) and value and data.draw(st.integers(0, 3)):
        at = data.draw(st.integers(0, len(value) - 1))
        return [*value[:at], bend_json(data, value[at]), *value[at + 1:]]
    return data.draw(VALUES)


FIELDS = st.tuples(st.sampled_from(["loss", "epoch", "_step", "_time", "", "é", "key", "value", "norm", "total"]),
                   st.sampled_from(["<f8", "<f4", "<i8", "|S64", "|O", ">f8", "<f8", "|V9", "<U4", "<M8[s]"]),
                   st.sampled_from([(), (1,), (3,), (0,), (2, 2), (10**9,), (-1,), ("x",)]))


def fuzz(honest: Path, given_data, names: list[str], change: Callable):
    name = given_data.draw(st.sampled_from(names))
    with_file(honest, name, change(name, (honest/name).read_bytes()))


@EXAMPLES
@given(data=st.data())
def fuzz_bytes(honest, data): fuzz(honest, data, [*TABLES, "events.jsonl", "run.json"], lambda name, content: bend(data, content))


@EXAMPLES
@given(data=st.data())
def fuzz_values(honest, data):
    def change(name, content):
        lines = content.split(b"\n") if name == "events.jsonl" else [content]
        at = data.draw(st.integers(0, max(0, len(lines) - 2)))
        lines[at] = json.dumps(bend_json(data, json.loads(lines[at])), ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")
        return b"\n".join(lines)
    fuzz(honest, data, ["events.jsonl", "run.json"], change)


@EXAMPLES
@given(data=st.data())
def fuzz_layouts(honest, data):
    fields = [(name, kind, *([shape] if shape else [])) for name, kind, shape in data.draw(st.lists(FIELDS, max_size=4))]
    if data.draw(st.booleans()): fields = [("_step", "<i8"), *fields, ("_time", "<f8")]
    text = repr({"descr": fields, "fortran_order": False, "shape": (data.draw(st.integers(-1, 10**20)),)}).encode()
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data.draw(st.binary(max_size=400))
    fuzz(honest, data, TABLES, lambda name, old: content)


def listening(dir: Path):
    """A run that trains and obeys, a new one for each example: one that was stopped obeys nothing more."""
    model = torch.nn.Linear(1, 1)
    return watch(model, torch.optim.SGD(model.parameters(), lr=.1), name="listening", dir=dir, view=None, evaluate=lambda run: dict(val_loss=1.))


ASKED = [Command("early_stop", dict(on=True, monitor="val_loss", patience=3, min_delta=.1, mode="min", restore_best=False)),
         Command("scale_lr", dict(factor=.5)),
         Command("stop", dict(when="step")), Command("rollback", dict(to="best")), Command("checkpoint", dict(tag="a")), Command("undo"), Command("evaluate"),
         Command("note", dict(text="b")), Command("tag", dict(tags=["c"])), Command("untag", dict(tags=["c"])), Command("pause")]


@EXAMPLES
@given(data=st.data())
def fuzz_inbox(honest, data):
    """Whatever is left there goes, is one command, and has one outcome."""
    run, seen = listening(honest.parent/"listening"), data.draw(st.sampled_from(ASKED))
    with TemporaryDirectory() as folder:
        file = leave(Path(folder), replace(seen, id=uuid4().hex))
        content = file.read_bytes()
        if data.draw(st.booleans()): bent = bend(data, content)
        else:
            text = json.dumps(bend_json(data, json.loads(content)), ensure_ascii=data.draw(st.booleans()))
            bent = text.encode("utf-8", "surrogatepass")
        file.write_bytes(bent)
        command, = collect(Path(folder))
        assert not list(Path(folder).iterdir())
    with run:
        for _ in run.steps(1):
            run.request(command)
            run.resume()
    outcomes = [event["status"] for event in run.events() if event.get("id") == command.id]
    assert len(outcomes) == 2 and outcomes[0] == "requested"
    assert not run.recorder.mailbox.waiting and not run.faults.parts


FUZZERS = dict(bytes=fuzz_bytes, values=fuzz_values, layouts=fuzz_layouts, inbox=fuzz_inbox)


@pytest.mark.parametrize("fuzz", FUZZERS.values(), ids=FUZZERS)
def test_fuzz(honest, fuzz):
    """As many examples as there is time for: a few, or for each fuzzer's share of ten minutes."""
    until, rounds = monotonic() + 60 * min(MINUTES, 10) / len(FUZZERS), 0
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a terminal may still look into a folder that is gone; commands are refused
            fuzz(honest)
        rounds += 1
        if monotonic() >= until: break
    if IS_LONG: print(f"\n{fuzz.__name__}: {40 * rounds} examples")


# Size

BIG = """
import resource, sys
from trainbook import list_runs, open_run
from trainbook.widget.feed import Feed
limit = 3 * 2**30
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
path = sys.argv[1]
try:
    run = open_run(path)
    for ask in run.frame, run.events, run.latest, lambda: Feed(run).events(), lambda: run.curve("loss"), lambda: list_runs(run.path.parent):
        try: ask()
        except ValueError as error: print("refused:", error)
except ValueError as error: print("refused:", error)
print("done")
"""


@pytest.mark.parametrize("name", ["train.npy", "train.long.npy", "events.jsonl", "run.json"])
def test_a_hole_of_a_terabyte(honest, tmp_path, name):
    path = tmp_path/honest.name
    shutil.copytree(honest, path)
    if not (path/name).exists(): (path/name).write_bytes(header(row_type([("key", "S64"), ("value", "<f8")])))
    os.truncate(path/name, 2**40)
    said = subprocess.run([sys.executable, "-c", BIG, str(path)], capture_output=True, text=True, timeout=100)
    assert said.returncode == 0 and said.stdout.endswith("done\n"), said.stderr
    assert "refused:" in said.stdout or name == "events.jsonl"


def test_a_header_of_four_gigabytes(honest):
    with_file(honest, "train.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr': ")


# Places

SECRET = "the secret of the house"
OUTSIDE = ["run.json", "events.jsonl", "train.npy", "valid.npy", "gradients.npy"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_links_are_not_followed(honest, tmp_path, name):
    """Though what they lead to is a file of the right kind."""
    (outside := tmp_path/"outside").mkdir()
    there = outside/name
    content = (honest/name).read_bytes()
    if name == "run.json": content = json.dumps(json.loads(content) | dict(name=SECRET)).encode()
    if name == "events.jsonl": content += json.dumps(dict(event="note", step=1, time=1., text=SECRET)).encode() + b"\n"
    if name.endswith(".npy"):
        rows = np.zeros(3, row_type([("loss", "<f8"), (SECRET, "<f8")]))
        content = header(rows.dtype, 3) + rows.tobytes()
    there.write_bytes(content)
    path = tmp_path/"runs"/honest.name
    shutil.copytree(honest, path)
    (path/name).unlink()
    (path/name).symlink_to(there)
    assert not any(SECRET in answer for answer in ask_everything(path))
    if name != "run.json":
        try: open_run(path).note("for the record")
        except ValueError: pass
    assert there.read_bytes() == content


def test_a_parent_outside_is_nobodys(honest, tmp_path):
    shutil.copytree(honest, outside := tmp_path/"outside"/"mother")
    for number, id in enumerate(["../outside/mother", str(outside), "..", ".", "", "a/../../outside/mother", honest.name + "\0"]):
        path = tmp_path/"runs"/str(number)
        shutil.copytree(honest, path)
        info = json.loads((path/"run.json").read_text())
        (path/"run.json").write_text(json.dumps(info | dict(parent=dict(id=id, name="m", checkpoint="last", step=9, time=9e9))))
        assert open_run(path).ancestors() == [] and len(open_run(path).frame()) == len(open_run(path).frame(joined=False))


PIPES = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_hostile import ask_everything
print(len(ask_everything(Path(sys.argv[1]))))
"""


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
@pytest.mark.parametrize("name", [*OUTSIDE, "inbox"])
def test_what_is_no_file_blocks_nobody(honest, tmp_path, name, kind):
    path = tmp_path/honest.name
    shutil.copytree(honest, path)
    if (path/name).is_dir(): shutil.rmtree(path/name)
    else: (path/name).unlink()
    if kind == "pipe": os.mkfifo(path/name)
    elif kind == "folder": (path/name).mkdir()
    else:
        try: os.mknod(path/name, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
        except OSError: pytest.skip("nobody may make devices here")
    if name == "run.json" or kind == "pipe":
        said = subprocess.run([sys.executable, "-c", PIPES, str(path), str(Path(__file__).parent)], capture_output=True, text=True, timeout=60)
        assert said.returncode == 0, said.stderr
    else: ask_everything(path)


# A run that goes on while somebody fills its inbox

def test_an_inbox_full_of_nonsense(tmp_path):
    (outside := tmp_path/"outside.json").write_text(json.dumps(dict(command="stop")))
    run = watch(dir=tmp_path/"runs", view=None)
    inbox = run.path/"inbox"
    def fill():
        for number, content in enumerate([b"", b"{", b"[]", b"3", b"null", b"\xff\xfe", b"[" * 10_000, b"{}" * 9, b'{"command": 3}',
                                          b'{"command": "stop", "arguments": []}', b'{"command": "stop", "id": "../x"}',
                                          b'{"command": "fly"}', b'{"command": "stop", "arguments": {"when": "never"}}', b'{"command": "stop", "more": 1}',
                                          b"x" * 100_000]):
            (inbox/f"{number}.json").write_bytes(content)
        (inbox/"99.json").symlink_to(outside)
        (inbox/"folder.json").mkdir()
        os.mkfifo(inbox/"pipe.json")
        for number in range(1000): (inbox/f"many{number}.json").write_bytes(b"?")
    for _ in run.steps(10**9):
        run.log(loss=1.)
        if run.step == 3: fill()
        if run.step > 3 and not any(path.is_file() and not path.is_symlink() for path in inbox.iterdir()): break
    run.finish()
    outcomes = {}
    for event in run.events():
        if event["event"] == "command": outcomes.setdefault(event["id"], []).append(event["status"])
    assert len(outcomes) == 1015 and {tuple(statuses) for statuses in outcomes.values()} == {("requested", "refused")}
    assert outside.exists() and run.status == "finished" and len(run.frame()) == run.step
