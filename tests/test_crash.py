"""What was logged is on disk, whatever becomes of the process."""
import mmap
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import count, islice
from pathlib import Path

import numpy as np
import psutil
import pytest
from soak import IS_LONG

from trainbook import list_runs, open_run, watch
from trainbook.run.record import read_table
from trainbook.train.checkpoint import entries_of, load

TRAIN = """
import sys
from trainbook import watch
with watch(name="going on", dir=sys.argv[1], view=None) as run:
    for step in run.steps(10**9):
        run.log(loss=1 / (step + 1), grad_norm=.5)
        if step % 1000 == 999: print(step + 1, flush=True)
"""

# What the process is busy with when it is killed, and how many seconds of that it is given at most.
MOMENTS = {"watch()": .03, "first rows": .01, "rows": .5, "flushing": .3, "new tables": .3, "checkpoints": .3}
KILLS = [(number, moment) for number, moment in zip(range(200 if IS_LONG else 10), [*MOMENTS] * 40)]


# In the process that is killed

def in_step(moment: str, step: int) -> list[dict]:
    """What is logged in a step, call by call; the names are many where new tables are wanted: more than there are tables for."""
    calls = [dict(loss=1 / step, grad_norm=float(step % 7))]
    if step % 10 == 0: calls.append(dict(accuracy=step / 1e6))
    if moment == "new tables" and step % 5 == 0: calls.append({f"new {step // 5 % 90}": step * .5})
    return calls


def after_epoch(epoch: int) -> dict: return dict(val_loss=1 / (epoch + 1), val_accuracy=float(epoch))


def train(moment: str, folder: str, memory: str):
    """Logs as fast as it can and counts the calls that have returned, in memory that outlives it."""
    import torch
    torch.set_num_threads(1)
    with open(memory, "r+b") as file: shared = memoryview(mmap.mmap(file.fileno(), 16)).cast("q")
    model = torch.nn.Linear(8, 8) if moment == "checkpoints" else None
    shared[1] = True
    run = watch(model, name="doomed", dir=folder, view=None)
    if moment == "flushing": threading.Thread(target=lambda: [run.recorder.flush() for _ in count()], daemon=True).start()
    calls = 0
    for epoch in run.epochs(10**6):
        for _ in run.steps(50):
            for values in in_step(moment, run.step):
                run.log(values)
                shared[0] = calls = calls + 1
            if model and run.step % 20 == 0: run.checkpoint(f"at {run.step}")
        run.log(after_epoch(epoch))
        shared[0] = calls = calls + 1


def serve():
    """Forks a process for each line that asks for one: importing torch takes longer than all it has to do."""
    pid = 0
    for line in sys.stdin:
        if line == "reap\n": print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
        elif pid := os.fork(): print(pid, flush=True)
        else:
            try: train(*line[:-1].split("\t"))
            finally: os._exit(1)


# In the one that kills it

def logged(moment: str):
    """What `train` logs, call by call: step, epoch and values."""
    for epoch in count():
        for step in range(epoch * 50 + 1, epoch * 50 + 51): yield from ((step, epoch, values) for values in in_step(moment, step))
        yield step, epoch, after_epoch(epoch)


@pytest.fixture(scope="module")
def victims():
    """Begins processes, and says in the end what they were doing when they were killed."""
    doing, server = Counter(), subprocess.Popen([sys.executable, "-c", "import torch, test_crash; test_crash.serve()"], text=True,
                                               cwd=Path(__file__).parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    def tell(*words) -> int:
        print(*words, sep="\t", file=server.stdin, flush=True)
        return int(server.stdout.readline())
    yield tell, doing
    server.stdin.close()
    server.wait()
    print(f"\nkilled {doing.total()} times:", ", ".join(f"{number} {what}" for what, number in doing.most_common()))


def kill(tell, folder: Path, moment: str, seconds: float) -> int:  # how many calls had returned
    """Leaves a zombie."""
    memory = folder.with_suffix(".memory")
    memory.write_bytes(bytes(16))
    pid = tell(moment, folder, memory)
    with open(memory, "r+b") as file: shared = memoryview(mmap.mmap(file.fileno(), 16)).cast("q")
    while not shared[moment == "watch()"]: assert psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE: pass
    return shared[0]


@pytest.mark.parametrize("number, moment", KILLS)
def test_kill_leaves_every_row(victims, tmp_path, number, moment):
    """At a random moment, in the midst of logging as fast as it can."""
    tell, doing = victims
    returned = kill(tell, tmp_path/"runs", moment, random.Random(number).uniform(0, MOMENTS[moment]))
    statuses = [*map(status, runs_in(tmp_path/"runs"))]
    assert tell("reap") == -signal.SIGKILL
    runs = runs_in(tmp_path/"runs")
    assert [*map(status, runs)] == statuses == ["lost"] * len(runs) and len(runs) <= 1
    if runs: doing[check(runs[0], moment, returned)] += 1
    else:
        assert moment == "watch()" and not returned
        doing["before there was a run"] += 1


def runs_in(folder: Path): return [open_run(path) for path in list_runs(folder).index]


def status(run) -> str: return run.status


def check(run, moment: str, returned: int) -> str:  # what it was doing
    """All that had been logged is there, perhaps the call that had not returned, and nothing else."""
    calls = [*islice(logged(moment), returned + 1)]
    frames = [run.frame("train"), run.frame("valid")]
    found = sum(int(frame[metric].count()) for frame in frames for metric in {*frame} & {*run.metrics})
    if has_written := found > sum(len(values) for _, _, values in calls[:-1]): returned += 1
    wanted = {}
    for step, epoch, values in calls[:returned]:
        for metric, value in values.items(): wanted.setdefault(metric, []).append((step, epoch, value))
    for metric, rows in wanted.items():
        frame = frames[metric.startswith("val_")].dropna(subset=metric)
        assert np.array_equal(frame[[metric, "epoch"]].assign(step=frame.index)[["step", "epoch", metric]].to_numpy(), np.array(rows))
    assert found == sum(map(len, wanted.values()))
    assert run.latest() == {metric: rows[-1][2] for metric, rows in wanted.items()}
    assert {*wanted} <= {*run.metrics} <= {*wanted, *calls[-1][2]}
    for file in run.path.glob("[!.]*.npy"):
        counted, rows = np.load(file), read_table(file)  # the header's count may be an old one
        assert (rows[:len(counted)] == counted).all()
    for folder in (run.path/"checkpoints").glob("[!.]*"): load(folder)
    for entry in entries_of(run): load(run.path/"checkpoints"/entry["name"])
    drafts = sorted({file.name.split("-")[0] for file in [*run.path.glob(".*"), *run.path.glob("checkpoints/.*")]})
    return f"with {' and '.join(drafts)} half made" if drafts else "in log()" if has_written else "elsewhere"


def test_stop_from_another_process(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", TRAIN, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    run, = (open_run(path) for path in list_runs(tmp_path).index)
    id = run.stop()
    process.communicate(timeout=20)
    asked, applied = (event for event in run.events() if event.get("id") == id)
    assert (asked["status"], applied["status"], applied["route"]) == ("requested", "applied", "inbox")
    assert process.returncode == 0 and run.status == "stopped"
    assert len(run.frame()) == applied["step"]
