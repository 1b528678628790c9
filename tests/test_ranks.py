"""Several processes train together: all of them obey at the same step, and none waits for one that is gone."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from soak import IS_LONG

from trainbook import Run, list_runs, open_run

SCRIPTS = Path(__file__).parent / "ranks"
MANY = 50 if IS_LONG else 6  # commands of each kind
PLACES = ["forward", "all-reduce", "validation", "error", "first", "hang"]  # where a process dies, see `dies.py`


class Training:
    """A script under torchrun, in a folder and a session of its own."""

    def __init__(self, folder: Path, script: str, *arguments: object, ranks: int = 2):
        self.folder, self.script = folder, str(SCRIPTS / script)
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks), self.script, *map(str, arguments)]
        with open(folder / "output.txt", "w") as file: self.process = subprocess.Popen(
            command, cwd=folder, stdout=file, stderr=file, start_new_session=True, env={**os.environ, "OMP_NUM_THREADS": "1"})

    @property
    def output(self) -> str: return (self.folder / "output.txt").read_text()

    def until(self, condition, seconds=60):
        """Waits while the script runs."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert self.process.poll() is None and time.monotonic() < end, self.output
            time.sleep(.05)  # the processes need both cores
        return found

    def run(self, name: str) -> Run | None:
        """The latest run of that name."""
        found = [path.parent for path in sorted((self.folder / "runs").glob(f"*_{name}_*/run.json"))]
        return open_run(found[-1]) if found else None

    def end(self, seconds=60) -> int:
        """Its exit code, and nothing of it may be left."""
        try: code = self.process.wait(seconds)
        except subprocess.TimeoutExpired: raise TimeoutError(self.output) from None
        assert self.left() == [], self.output
        return code

    def left(self) -> list[int]:
        return [process.pid for process in psutil.process_iter(["cmdline"]) if self.script in (process.info["cmdline"] or ())
                and str(self.folder) == self._folder_of(process)]

    def _folder_of(self, process: psutil.Process) -> str | None:
        try: return process.cwd()
        except psutil.Error: return None

    def kill(self):
        for pid in [self.process.pid, *self.left()]:
            try: os.kill(pid, signal.SIGKILL)
            except ProcessLookupError: pass
        self.process.wait()


@pytest.fixture
def start(tmp_path):
    """Starts a script; at the end none of it may be left."""
    started = []

    def begin(*given, **more):
        started.append(Training(tmp_path, *given, **more))
        return started[-1]

    yield begin
    for training in started: training.kill()


def outcomes(told, command, by=None):
    return [(status, step) for _, its, who, status, step in told if its == command and by in (who, None)]


@pytest.mark.parametrize("ranks", [2, 4] if IS_LONG else [2])
def test_all_obey_at_the_same_step(start, ranks):
    """By panel, by another process, by early stopping, by the script; in pauses, validations and loops of unequal length."""
    training = start("agree.py", MANY, ranks=ranks)
    run = training.until(lambda: training.run("told"))
    is_done = lambda: sum(event["event"] == "command" and event["status"] == "applied" for event in run.events()) >= 4 * MANY
    training.until(is_done, 120)
    for number in range(MANY):  # this is the other process
        run.scale_lr(.5 if number % 2 else 2.)
        run.checkpoint(f"elsewhere {number}")
        run.pause()
        training.until(lambda: run.status == "paused")
        run.resume()
        training.until(lambda: run.status == "running")
    run.stop()
    assert training.end(180) == 0, training.output
    assert "refuses commands" not in training.output and "can't agree" not in training.output

    told = [json.loads((training.folder / f"told.{rank}.json").read_text()) for rank in range(ranks)]
    for scene in told[0].keys() - {"reasons"}: assert all(one[scene] == told[0][scene] for one in told), scene
    told = told[0]
    commands = told["told"][0]
    for command in ("scale_lr", "checkpoint", "pause", "resume"):
        assert [status for status, _ in outcomes(commands, command)] == ["applied"] * 2 * MANY
        assert len(outcomes(commands, command, by="panel")) == MANY
    assert [step for _, step in outcomes(commands, "stop")] == [told["told"][1]]
    assert [status for _, status in told["stopped"]] == [status for _, status in told["early"]] == ["stopped"] * MANY
    assert all(reason.startswith("early stopping: val_loss no better than") for reason in told["reasons"])
    assert told["called"][1]["learning_rate_scale"] == .125
    assert told["validated"] == [40, "stopped", 60, 2]
    assert [status for status, _ in outcomes(told["rolled back"][0], "rollback")] == ["applied", "refused"]
    assert [status for status, _ in outcomes(told["rolled back"][0], "undo")] == ["applied"]
    assert told["unequal"] == ["stopped", 1]
    stopped, *gone_on = told["gone on"]
    assert 40 <= stopped < 80 and gone_on == ["stopped", 120, True, 1]
    assert told["restored"][:3] == [25, "stopped", True]
    assert outcomes(told["divided"][0], "checkpoint")[0][0] == "refused" and told["divided"][1:] == ["stopped", 0]
    assert len(list_runs(training.folder / "runs")) == 2 * MANY + 10  # those of rank 0
    assert {path.name for path in (run.path / "ranks").iterdir()} == {str(rank) for rank in range(1, ranks)}


@pytest.mark.parametrize("place", PLACES if IS_LONG else ["validation", "error", "hang"])
def test_a_process_dies(start, place):
    """The run says at once that it has failed, and why; the others end by their own error, by SIGTERM, or are ended."""
    training = start("dies.py", place)
    assert training.end() != 0
    run = training.run("dies")
    assert run.status == "failed"
    rank = 0 if place == "first" else 1
    why = "failed: ValueError: no such label" if place == "error" else "ended without a word"
    assert run.info["reason"].startswith(f"rank {rank} has {why}"), training.output
    if place != "error": assert 0 < run.info["ended"] - float((training.folder / "died").read_text()) < 30
    assert ("trainbook ends rank 0, which has waited" in training.output) == (place == "hang") or place == "error"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM] if IS_LONG else [signal.SIGINT])
def test_an_interrupt(start, number):
    """It reaches all processes, and each of them keeps its model."""
    training = start("interrupted.py")
    training.until(lambda: (run := training.run("interrupted")) and run.step > 3)
    training.process.send_signal(number)
    training.end()
    run = training.run("interrupted")
    assert (run.status, open_run(run.path / "ranks" / "1").step) == ("stopped", run.step)
    assert [f"model of rank {rank} is kept at step {run.step}" in training.output for rank in range(2)] == [True, True]


def test_processes_that_can_not_agree(start):
    """What is off is said where `watch` is called, and the training goes on; the next call finds all of them."""
    training = start("apart.py")
    assert training.end() == 0, training.output
    first, second = (json.loads((training.folder / f"apart.{rank}.json").read_text()) for rank in range(2))
    for rank, told in enumerate((first, second)):
        outcome, (said, refused) = told["without a group"]
        assert outcome == ["finished", 60]
        assert f"rank {rank} of a distributed training" in said and "torch.distributed is not initialised" in said and "Early stopping is off" in said
        assert "stop is refused" in refused
        assert told["all of them"][0][0] == "stopped" and told["all of them"][1] == []
    outcome, (waits, said, _) = first["rank 0 only"]
    assert (outcome, waits) == (["finished", 60], "watch waits up to 3 s for rank 1 to call it, too")
    assert "rank 1 of 2 did not call watch within 3 s" in said
    outcome, (said,) = first["without run.batches"]
    assert outcome == ["finished", 60] and "refuses commands" in said and "run.batches" in said
    outcome, (said, _) = first["in vain"]
    assert outcome == ["finished", 60] and "not all processes have come in time" in said


@pytest.mark.parametrize("framework", ["lightning", "transformers", "accelerate"])
def test_a_framework(start, framework):
    """What one rank is told, all of them do at the same step."""
    pytest.importorskip(framework)
    training = start("framework.py", framework)
    assert training.end(120) == 0, training.output
    first, second = (json.loads((training.folder / f"told.{rank}.json").read_text()) for rank in range(2))
    assert (first["told"], first["status"], first["step"]) == (second["told"], second["status"], second["step"])
    assert [told[:2] for told in first["told"]] == [[name, "applied"] for name in ("pause", "resume", "scale_lr", "checkpoint", "stop")]
    assert first["status"] == "stopped" and first["told"][-1][2] == first["step"] < 300 and first["loss"]
    assert len(list_runs(training.folder / "runs")) == 1
