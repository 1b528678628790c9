"""What was logged is on disk, whatever becomes of the process."""
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from trainbook import list_runs, open_run

TRAIN = """
import os, sys
from trainbook import watch
run = watch(name="doomed", dir=sys.argv[1], view=None)
for step in run.steps(10**9):
    run.log(loss=1 / (step + 1), grad_norm=.5)
    if step % 1000 == 999: print(step + 1, flush=True)
"""


@pytest.mark.parametrize("moment", range(5))
def test_kill_leaves_every_row(tmp_path, moment):
    """At a random moment, in the midst of logging as fast as it can."""
    process = subprocess.Popen([sys.executable, "-c", TRAIN, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    for _ in range(20): said = int(process.stdout.readline())
    time.sleep(random.random() / 20)
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now
    run, = (open_run(path) for path in list_runs(tmp_path).index)
    assert run.status == "lost"
    process.wait()
    frame = run.frame()
    assert run.status == "lost"
    assert len(frame) >= said == 20_000
    assert (frame["loss"] == 1 / frame.index).all()


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
