"""A training started in a terminal shows a bar and a line per epoch; in a pipe, the lines alone."""
import os
import pty
import subprocess
import sys

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
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", TRAIN, str(tmp_path)], stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 10_000): shown += part
    except OSError: pass  # the other side has closed
    assert process.wait() == 0
    text = shown.decode()
    assert "epoch 1/2 |" in text and "epoch 2/2 |" in text and "█" in text
    assert "Warning" not in text
    assert text.rstrip().endswith("in a terminal finished at step 60")


def test_lines_alone_in_a_pipe(tmp_path):
    done = subprocess.run([sys.executable, "-c", TRAIN, str(tmp_path)], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert [line.split() for line in lines[1:4]] == [["epoch", "loss", "val_loss"], ["1", "0.1332", "0.5"], ["2", "0.02283", "0.25"]]
    assert "█" not in done.stdout and done.stderr == ""
