"""The first ■ or ^C ends the loop between two steps, the second one at once, as the whole process group hears it."""
import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from trainbook import list_runs, open_run

KERNEL = """
import json, random, signal, sys, threading, time, warnings
import torch
from torch.utils.data import DataLoader, TensorDataset
from trainbook import watch, open_run
from trainbook.train.interrupt import Interrupts
Interrupts.seconds = 0  # the cells of these tests follow each other faster than a person clicks
torch.set_num_threads(1)
def say(*words): print(*words, flush=True)
def is_mine(): return signal.getsignal(signal.SIGINT) is signal.default_int_handler
say("ready")
for line in sys.stdin:
    try:
        exec(compile(json.loads(line), "cell", "exec"), globals())
        say("done")
    except BaseException as error: say("raised", type(error).__name__, error)
"""


class Group:
    """A process with its children in a group of its own, which hears a SIGINT as a whole."""

    def __init__(self, *command, cwd=None):
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen(command, start_new_session=True, text=True, cwd=cwd, **pipes)
        self.lines, self.complaints = queue.Queue(), []
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=lambda: self.complaints.extend(self.process.stderr), daemon=True).start()

    def _listen(self):
        for line in self.process.stdout: self.lines.put(line)
        self.lines.put("")

    def interrupt(self): os.killpg(self.process.pid, signal.SIGINT)

    def tell(self, line=""): print(line, file=self.process.stdin, flush=True)

    def hear(self, timeout=20):
        """Gives the next line; `Empty` is an interrupt that was lost or a deadlock."""
        try: line = self.lines.get(timeout=timeout)
        except queue.Empty: raise TimeoutError("".join(self.complaints) or "nothing is said") from None
        if not line: raise EOFError("".join(self.complaints))
        return line.rstrip()

    def end(self):
        """Gives the exit code."""
        self.process.wait(20)
        for pipe in (self.process.stdin, self.process.stdout): pipe.close()
        return self.process.returncode

    def kill(self):
        try: os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError: pass
        self.process.wait()


@pytest.fixture(scope="module")
def python():
    """One process for all cells, as a notebook's kernel."""
    kernel = Group(sys.executable, "-c", KERNEL)
    assert kernel.hear() == "ready"
    yield kernel
    kernel.kill()


@pytest.fixture
def kernel(python, tmp_path):
    """The kernel between two cells."""
    python.tell(json.dumps(f"dir = {str(tmp_path)!r}; model, x = torch.nn.Linear(2, 1), torch.ones(1, 2)"))
    assert python.hear() == "done"
    return python


@pytest.fixture
def script(tmp_path):
    """Starts scripts, and leaves none behind."""
    started = []
    def start(text, *arguments, through=()):
        (tmp_path/"train.py").write_text(text)
        started.append(Group(*through, sys.executable, "train.py", *arguments, cwd=tmp_path))
        return started[-1]
    yield start
    for group in started: group.kill()


def talk(kernel, cell):
    """What a cell says; it is interrupted whenever it says @."""
    kernel.tell(json.dumps(cell))
    said = []
    while not said or said[-1].split()[0] not in ("done", "raised"):
        said.append(kernel.hear())
        if said[-1] == "@": kernel.interrupt()
    return [line for line in said if line != "@"]


def the_run(tmp_path): return open_run(list_runs(tmp_path).index[-1])


def stops(run): return [event["status"] for event in run.events() if event.get("command") == "stop" and event["by"] == "interrupt"]


def sent_again(kernel):
    """Until one is heard; says whether one was."""
    for _ in range(9):
        kernel.interrupt()
        try: return kernel.hear(.5)
        except TimeoutError: continue


LOOPS = {"bare": """
for step in run.steps(10**9):
    BODY
""", "with": """
with run:
    for step in run.steps(10**9):
        BODY
""", "epochs": """
for epoch in run.epochs(10**6):
    for step in run.batches(range(50)):
        BODY
"""}


def loop(kind, body):
    indent = " " * (8 if kind != "bare" else 4)
    return "run = watch(model, dir=dir, view=None)" + LOOPS[kind].replace("BODY", body.strip().replace("\n", "\n" + indent))


@pytest.mark.parametrize("kind", LOOPS)
def test_the_first_ends_the_loop_and_the_cell_goes_on(kernel, tmp_path, kind):
    cell = loop(kind, """
if step == 3: say("@")
run.log(loss=model(x))
time.sleep(.001)
""") + "\nsay(run.status, tuple(model(x).shape), is_mine())"
    assert talk(kernel, cell) == ["stopped (1, 1) True", "done"]
    run = the_run(tmp_path)
    assert run.status == "stopped" and stops(run) == ["requested", "applied"] and len(run.frame()) == run.progress["step"]


@pytest.mark.parametrize("kind", LOOPS)
def test_the_second_breaks_off_at_once(kernel, tmp_path, kind):
    cell = loop(kind, """
run.log(loss=1.)
if step == 3:
    say("@")
    while not run.recorder.mailbox.waiting: time.sleep(.001)
    say("@")
    while True: time.sleep(.01)
""")
    assert talk(kernel, cell)[0].startswith("raised KeyboardInterrupt")
    assert talk(kernel, "say(is_mine())")[0] == "True"
    run = the_run(tmp_path)
    assert run.status == "stopped" and len(run.frame()) == 4
    assert stops(run)[0] == "requested" and len(stops(run)) == 2


@pytest.mark.parametrize("presses", [1, 2])
def test_end_hooks_of_a_trainer_run_once(kernel, tmp_path, presses):
    cell = f"""
class Learner:
    def __init__(self): self.calls = []
    def fit(self, run):
        try:
            self.calls.append("begin")
            for epoch in run.epochs(10**6):
                try:
                    for i in run.batches(range(20)): self.step(run, i)
                finally: self.calls.append("epoch end")
        finally: self.calls.append("end")
    def step(self, run, i):
        if i == 3:
            say("@")
            while not run.recorder.mailbox.waiting: time.sleep(.001)
            if {presses} == 2:
                say("@")
                while True: time.sleep(.01)
learner, run = Learner(), watch(model, dir=dir, view=None)
try: learner.fit(run)
except KeyboardInterrupt: say("broken off")
say(run.status, learner.calls, is_mine())"""
    said = talk(kernel, cell)
    assert said == ["broken off"] * (presses - 1) + ["stopped ['begin', 'epoch end', 'end'] True", "done"]
    assert the_run(tmp_path).status == "stopped"


def test_during_a_pause(kernel, tmp_path):
    cell = loop("epochs", """
if (epoch, step) == (0, 3):
    def wait():
        while run.status != "paused": time.sleep(.001)
        say("@")
    threading.Thread(target=wait).start()
    run.pause()
""") + "\nsay(run.status, run.step, is_mine())"
    assert talk(kernel, cell) == ["stopped 4 True", "done"]
    assert stops(the_run(tmp_path)) == ["requested", "applied"]


@pytest.mark.parametrize("loader, result", [("'abc'", "evaluated"), ("run.batches('abc', valid=True)", "evaluated")])
def test_during_an_evaluation(kernel, tmp_path, loader, result):
    cell = f"""
def evaluate(run):
    seen = 0
    for _ in {loader}:
        seen += 1
        if seen == 1:
            say("@")
            while not run.recorder.mailbox.waiting: time.sleep(.001)
    return dict(val_loss=seen)
run = watch(model, dir=dir, view=None, evaluate=evaluate)
for step in run.steps(10**9):
    if step == 3: run.evaluate()
say(run.status, run.step, model.training, is_mine())"""
    assert talk(kernel, cell) == ["stopped 4 True True", "done"]
    validation, = (event for event in the_run(tmp_path).events() if event["event"] == "validation")
    assert (validation["status"], validation["metrics"]) == (result, dict(val_loss=3. if result == "evaluated" else 1.))


def test_the_second_during_an_evaluation(kernel, tmp_path):
    """The evaluation has an outcome, the model is as it was."""
    cell = """
def evaluate(run):
    say("@")
    while not run.recorder.mailbox.waiting: time.sleep(.001)
    say("@")
    while True: time.sleep(.01)
run = watch(model, dir=dir, view=None, evaluate=evaluate)
for step in run.steps(10**9):
    if step == 3: id = run.evaluate()
"""
    assert talk(kernel, cell)[0].startswith("raised KeyboardInterrupt")
    assert talk(kernel, "say(model.training, torch.is_grad_enabled(), is_mine())")[0] == "True True True"
    run = the_run(tmp_path)
    commands = [(event["command"], event["status"]) for event in run.events() if event["event"] == "command"]
    assert run.status == "stopped" and ("evaluate", "failed") in commands and len(commands) == 4


@pytest.mark.parametrize("kind", ["bare", "epochs", "with"])
def test_the_second_while_the_loop_waits_for_data(kernel, tmp_path, kind):
    cell = """
def data():
    yield from range(3)
    say("@")
    while not run.recorder.mailbox.waiting: time.sleep(.001)
    say("@")
    while True: time.sleep(.01)
""" + loop(kind, "pass").replace("run.steps(10**9)", "run.batches(data())").replace("range(50)", "data()")
    assert talk(kernel, cell)[0].startswith("raised KeyboardInterrupt")
    talk(kernel, "run.finish()")
    run = the_run(tmp_path)
    assert run.status == "stopped" and run.progress["step"] == 3 and len(stops(run)) == 2


@pytest.mark.parametrize("kind", ["bare", "epochs"])
def test_a_loader_that_fails_is_no_finish(kernel, tmp_path, kind):
    cell = """
def data():
    yield from range(3)
    1 / 0
""" + loop(kind, "pass").replace("run.steps(10**9)", "run.batches(data())").replace("range(50)", "data()")
    assert talk(kernel, cell)[0].startswith("raised ZeroDivisionError")
    assert the_run(tmp_path).status == "stopped"


def test_a_run_within_a_run(kernel, tmp_path):
    """Who is in the innermost loop hears it; the next one, after that loop, is a first one again."""
    cell = """
outer = watch(dir=dir, view=None, name="outer")
for i in outer.steps(10**9):
    inner = watch(model, dir=dir, view=None, name="inner")
    for step in inner.steps(10**9):
        if step == 2: say("@")
        time.sleep(.001)
    say(inner.status, outer.status)
    if i == 1:
        say("@")
        while not outer.recorder.mailbox.waiting: time.sleep(.001)
say(outer.status, outer.step, is_mine())"""
    assert talk(kernel, cell) == ["stopped running"] * 2 + ["stopped 2 True", "done"]


def test_the_second_within_a_run_within_a_run(kernel, tmp_path):
    cell = """
outer = watch(dir=dir, view=None, name="outer")
for i in outer.steps(10**9):
    inner = watch(model, dir=dir, view=None, name="inner")
    for step in inner.steps(10**9):
        say("@")
        while not inner.recorder.mailbox.waiting: time.sleep(.001)
        say("@")
        while True: time.sleep(.01)
"""
    assert talk(kernel, cell)[0].startswith("raised KeyboardInterrupt")
    assert talk(kernel, "say(inner.status, outer.status, is_mine())")[0] == "stopped stopped True"


@pytest.mark.parametrize("way", [
    "for i in run.steps(3): pass",
    "for i in run.steps(3): break",
    "for i in run.steps(3): 1 / 0",
    "with run:\n    for i in run.steps(3): raise KeyboardInterrupt",
    "for e in run.epochs(2):\n    for i in run.batches('abc'): run.stop()",
    "for e in run.epochs(2):\n    for i in run.batches('abc', valid=True): break",
    "it = run.steps(3); next(it); run.finish()",
    "it = run.steps(3); next(it); del it",
    "it = run.steps(3); next(it); run = watch(model, dir=dir, view=None); del it",
    "other = watch(dir=dir, view=None)\nfor i, j in zip(run.steps(2), other.steps(2)): pass",
    "other = watch(dir=dir, view=None)\nfor i, j in zip(run.steps(3), other.steps(2)): pass\ndel i, j",
    "with watch(dir=dir, view=None) as other:\n    for i in other.steps(2):\n        for j in run.steps(2): break",
    "for i in run.batches(DataLoader(TensorDataset(x), num_workers=1)): pass",
], ids=range(13))
def test_whoever_handled_interrupts_does_so_again(kernel, way):
    talk(kernel, "run = watch(model, dir=dir, view=None)\n" + way)
    assert talk(kernel, "say(is_mine())\nsignal.signal(signal.SIGINT, signal.default_int_handler)")[0] == "True"


def test_a_handler_of_ones_own(kernel, tmp_path):
    """The second interrupt goes to it, and it may go on."""
    cell = """
came = []
def handler(number, frame): came.append(number)
before = signal.signal(signal.SIGINT, handler)
run = watch(model, dir=dir, view=None)
for step in run.steps(10**9):
    say("@")
    while not run.recorder.mailbox.waiting: time.sleep(.001)
    say("@")
    while not came: time.sleep(.001)
say(run.status, came, signal.signal(signal.SIGINT, before) is handler)"""
    assert talk(kernel, cell) == [f"stopped [{int(signal.SIGINT)}] True", "done"]


def test_none_is_lost_while_workers_are_created(kernel, tmp_path):
    """At twenty random moments of short epochs, most of whose time goes into creating workers."""
    cell = """
run = watch(model, dir=dir, view=None)
data = TensorDataset(torch.randn(4, 2))
for epoch in run.epochs(10**6):
    if epoch == 1: say("go")
    for batch in run.batches(DataLoader(data, 2, num_workers=2)): pass
say(run.status, is_mine())"""
    lost = 0
    for i in range(20):
        kernel.tell(json.dumps(cell))
        assert kernel.hear() == "go"
        time.sleep(random.random() / 10)
        kernel.interrupt()
        try: said = kernel.hear(2)
        except TimeoutError:
            lost += 1
            if not sent_again(kernel): break  # so that the others are counted too
        else:
            assert said == "stopped True"
        assert kernel.hear() == "done"
    assert not lost, f"{lost} of {i + 1} are lost"


def test_one_in_the_midst_of_creating_workers(kernel, tmp_path):
    """Sent from within, where the loader begins."""
    cell = """
class Loader(DataLoader):
    def _get_iterator(self):
        say("@")
        time.sleep(.2)
        return super()._get_iterator()
run = watch(model, dir=dir, view=None)
for batch in run.batches(Loader(TensorDataset(torch.randn(4, 2)), num_workers=2)): time.sleep(.001)
say(run.status, run.step, is_mine())"""
    assert talk(kernel, cell) == ["stopped 0 True", "done"]


SCRIPT = """
import sys, time
import torch
from torch.utils.data import DataLoader, Dataset
from trainbook import watch

class Data(Dataset):
    def __len__(self): return 10**6
    def __getitem__(self, i):
        if i == 12:  # the other worker, too, has begun: a batch of it was needed before this one was asked for
            print("@", flush=True)
            time.sleep(.5)  # the training waits for it now, and would learn of this worker's death
        return torch.ones(4)

class Lazy(DataLoader):
    def __iter__(self): yield from super().__iter__()

class Wrapper:
    def __init__(self, loader): self.loader = loader
    def __iter__(self): yield from self.loader

def main(start, looks, presses):
    kind = Lazy if looks == "lazy" else DataLoader
    loader = kind(Data(), 2, num_workers=2, multiprocessing_context=start)
    if looks == "wrapped": loader = Wrapper(loader)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=.01)
    if looks == "looks": next(iter(DataLoader(Data(), 2, num_workers=1, multiprocessing_context=start)))
    run = watch(model, optimizer, dir="runs", view=None)
    for epoch in run.epochs(3):
        for x in run.batches(loader):
            loss = model(x).square().mean()
            loss.backward(); optimizer.step(); optimizer.zero_grad()
            run.log(loss=loss)
            if presses == "2" and run.recorder.mailbox.waiting:
                print("@", flush=True)
                while True: time.sleep(.01)
    print("after", run.status, tuple(model(x).shape), flush=True)

if __name__ == "__main__": main(*sys.argv[1:])
"""


@pytest.mark.quiet
@pytest.mark.parametrize("start, looks", [("fork", "looks"), ("spawn", "begins"), ("forkserver", "begins"), ("forkserver", "looks"),
                                          ("fork", "lazy"), ("fork", "wrapped")])
def test_workers_outlive_the_first(script, tmp_path, start, looks):
    """However they are started; `looks`: the loader has been used before the training, and with it the server that forks;
    `lazy`, `wrapped`: they are started only when the first batch is asked for."""
    train = script(SCRIPT, start, looks, "1")
    assert train.hear(40) == "@"
    time.sleep(.2)
    train.interrupt()
    assert train.hear() == "after stopped (2, 1)", "".join(train.complaints)
    assert train.end() == 0 and "Traceback" not in "".join(train.complaints)
    run = the_run(tmp_path/"runs")
    assert run.status == "stopped" and stops(run) == ["requested", "applied"] and len(run.frame()) == run.progress["step"]


def test_the_second_ends_a_script(script, tmp_path):
    """As it would without us; the run is whole."""
    train = script(SCRIPT, "fork", "begins", "2")
    for _ in range(2):
        assert train.hear(40) == "@"
        train.interrupt()
    assert train.end() == -signal.SIGINT
    assert "KeyboardInterrupt" in "".join(train.complaints)
    run = the_run(tmp_path/"runs")
    assert run.status == "stopped" and run.progress["step"] - len(run.frame()) in (0, 1) and run.progress["step"]


def test_what_the_parent_ignores_stays_ignored(script, tmp_path):
    """As under nohup."""
    train = script("""
import signal
from trainbook import watch
run = watch(dir="runs", view=None)
for step in run.steps(5):
    if step == 2:
        print("@", flush=True)
        input()
print(run.status, run.step, signal.getsignal(signal.SIGINT) is signal.SIG_IGN, flush=True)
""", through=("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh"))
    assert train.hear(40) == "@"
    for _ in range(2): train.interrupt()
    train.tell("go on")
    assert train.hear() == "finished 5 True" and train.end() == 0
    assert not stops(the_run(tmp_path/"runs"))


# Loops that report their moments themselves, as a framework's does through a callback

def test_a_loop_by_hand_is_interrupted_between_two_steps(new):
    run = new(name="by hand")
    before = signal.getsignal(signal.SIGINT)
    for step in range(4):
        run.loop.begin_step()
        if step == 1: signal.raise_signal(signal.SIGINT)
        if run.loop.end_step(): break
    run.loop.end_by_hand()
    assert (run.step, run.status, run.is_over) == (2, "stopped", False)
    assert signal.getsignal(signal.SIGINT) is before
    run.finish()


BY_HAND = """
from trainbook import watch
run = watch(dir=".", view=None)
for step in range(4):
    run.loop.begin_step()
    run.log(loss=1 / (2 - step))
    run.loop.end_step()
"""


def test_a_loop_by_hand_that_an_error_leaves_has_failed(script, tmp_path):
    assert script(BY_HAND).end() == 1
    run = the_run(tmp_path)
    assert (run.status, run.step, run.info["reason"]) == ("failed", 3, "ZeroDivisionError: division by zero")
