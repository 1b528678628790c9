"""Runs on their way to trackers: each row arrives once, with its step and time, whatever is killed, late or down."""
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
import torch
from calls import STEPS, calls
from torch import nn, optim

from trainbook import watch
from trainbook.connect.follower import carry, send_to
from trainbook.connect.imports import import_runs
from trainbook.connect.mlflow import read_metrics as read_mlflow
from trainbook.connect.mlflow import read_runs
from trainbook.connect.tensorboard import TensorBoard, read_scalars
from trainbook.connect.wandb import WandB, read_offline
from trainbook.run.recorder import Recorder
from trainbook.run.tables import table_files

METRICS = "loss", "accuracy", "val_loss", "odd name (raw)"


def record(run, steps):
    """Rows of several tables, with values that 32 bits can't hold, a NaN and an infinity."""
    for run.step in steps:
        run.log(loss=1 / run.step, accuracy=float("nan") if run.step == 7 else 1 - 1 / run.step)
        if run.step % 5 == 0: run.log({"val_loss": 2 / run.step, "odd name (raw)": float("inf") if run.step == 10 else run.step / 3})


def logged(run):
    """What the run's own tables have of each metric: steps, values and times."""
    found = {}
    for table in table_files(run.path):
        rows = table.read()
        found |= {name: (rows["_step"], rows[name], rows["_time"]) for name in METRICS if name in (rows.dtype.names or ())}
    return found


def from_tensorboard(run, options):
    files = sorted(Path(options.get("logdir", run.path.parent), run.path.name).glob("*tfevents*"))
    assert len(files) == 1
    return read_scalars(files[0])


def from_csv(run, options):
    frames = [pd.read_csv(file) for file in (run.path / "csv").glob("*.csv")]
    return {name: (frame["step"].to_numpy(), frame[name].to_numpy(), frame["time"].to_numpy()) for frame in frames for name in frame.columns if name in METRICS}


def from_wandb(run, options):
    parts = [part["metrics"] for file in sorted(run.path.glob("wandb/offline-run-*/*.wandb")) if (part := read_offline(file))]
    return {name: tuple(np.concatenate(column) for column in zip(*(part[name] for part in parts if name in part))) for name in METRICS}


def from_mlflow(run, options):
    id, known = next((id, known) for id, known in read_runs(options["tracking_uri"]) if known["tags"]["trainbook.run"] == run.path.name)
    found = read_mlflow(options["tracking_uri"], id, known["metrics"])
    return found | {"odd name (raw)": found["odd name _raw_"]}


READERS = {"tensorboard": from_tensorboard, "csv": from_csv, "wandb": from_wandb, "mlflow": from_mlflow}


def options_for(tracker, folder):
    return {"tensorboard": dict(double=True), "wandb": dict(mode="offline"), "mlflow": dict(tracking_uri=f"sqlite:///{folder}/mlflow.db")}.get(tracker, {})


def same(run, tracker, options):
    """Whether a tracker has exactly what the run has; times as finely as the tracker keeps them."""
    there, here = READERS[tracker](run, options), logged(run)
    assert here.keys() == set(METRICS)
    for name, (steps, values, times) in here.items():
        theirs = there[name]
        np.testing.assert_array_equal(theirs[0], steps, name)
        np.testing.assert_array_equal(theirs[1], values, name)
        np.testing.assert_allclose(theirs[2], times, rtol=0, atol=2e-3 if tracker == "mlflow" else 1e-6, err_msg=name)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MLflow keeps files of a local store in the working folder
    return tmp_path


@pytest.mark.parametrize("tracker", READERS)
def test_a_run_that_is_over(tracker, folder):
    run, options = Recorder("over", config=dict(lr=.1, net=dict(width=64)), dir=folder), options_for(tracker, folder)
    record(run, range(1, 301))
    run.finish("finished")
    sending = send_to(tracker, run, **options)
    sending.wait()
    same(run, tracker, options)
    send_to(tracker, run, **options).wait()  # a second call sends nothing twice
    same(run, tracker, options)


@pytest.mark.parametrize("tracker", READERS)
def test_the_follower_is_killed(tracker, folder):
    """It is killed at moments drawn by chance, while rows come, and goes on where it was."""
    run, options, chance = Recorder("killed", dir=folder), options_for(tracker, folder), Random(0)
    sending, step, kills = send_to(tracker, run, **options), 0, 0
    for _ in range(4):
        until = time.monotonic() + chance.uniform(.2, 2.5)
        while time.monotonic() < until:
            record(run, range(step + 1, step + 11))
            step += 10
            time.sleep(.01)
        process = sending.progress.process  # of an earlier one, as long as the present one has not begun
        if not process or not sending.is_alive: continue
        with suppress(ProcessLookupError):
            os.kill(process["pid"], signal.SIGKILL)
            kills += 1
    assert kills
    record(run, range(step + 1, step + 11))
    run.finish("finished")
    send_to(tracker, run, **options).wait()
    same(run, tracker, options)


def test_a_killed_follower_is_started_again(folder):
    run = Recorder("again", dir=folder)
    sending = send_to("csv", run)
    record(run, range(1, 11))
    while sending.rows < 12: time.sleep(.02)
    first = sending.progress.process
    os.kill(first["pid"], signal.SIGKILL)
    record(run, range(11, 21))
    while sending.rows < 24: time.sleep(.02)
    assert sending.progress.process["pid"] != first["pid"]
    run.finish("finished")
    sending.wait()
    same(run, "csv", {})


def serve_mlflow(folder, port):
    server = subprocess.Popen([sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/served.db",
                               "--artifacts-destination", str(folder), "--port", str(port), "--workers", "1"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    for _ in range(600):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)): return server
        time.sleep(.1)
    raise TimeoutError("the server does not answer")


def end(server):
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def test_a_server_that_is_down_for_a_while(folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = dict(tracking_uri=f"http://127.0.0.1:{port}")
    run, server = Recorder("served", dir=folder), serve_mlflow(folder, port)
    try:
        sending = send_to("mlflow", run, **options)
        record(run, range(1, 101))
        while sending.rows < 100: time.sleep(.05)
        end(server)
        record(run, range(101, 201))
        while sending.state != "waiting": time.sleep(.05)
        assert sending.trouble
        server = serve_mlflow(folder, port)
        record(run, range(201, 301))
        run.finish("finished")
        sending.wait()
        same(run, "mlflow", options)
        _, known = next(read_runs(options["tracking_uri"]))
        assert (known["status"], known["name"]) == ("FINISHED", "served")
    finally: end(server)


def test_steps_of_a_training_cost_no_call_more(folder):
    def training(send):
        def train(begin, end):
            with watch(dir=folder, view=None, send_to=send) as run:
                for step in run.batches(range(STEPS + 20)):
                    if step == 10: begin()
                    run.log(loss=1 / (step + 1))
                    if step == STEPS + 9: end()
        return train
    assert calls(training(["csv"])) == calls(training(None))


def test_the_trackers_of_a_resumed_run_get_its_own_rows(folder):
    model = nn.Linear(4, 2)
    with watch(model, optim.SGD(model.parameters(), .1), dir=folder, view=None, send_to=["csv"]) as run:
        for step in run.batches(range(8)):
            run.log(loss=1. + step)
            if step == 4: run.stop()
    run.sendings[0].wait()
    with watch(model, optim.SGD(model.parameters(), .1), dir=folder, view=None, send_to=["csv"], resume=run) as later:
        for step in later.batches(range(8)): later.log(loss=10. + step)
    later.sendings[0].wait()
    assert pd.read_csv(later.path / "csv" / "train.csv")["loss"].tolist() == [15., 16., 17.]


def test_gradients_and_the_machine_are_sent_and_activations_if_wanted(folder):
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    x, rows = torch.randn(8, 4), []

    class Names:
        def begin(self, run, place): pass
        def send(self, news): rows.extend(news.rows())
        def end(self, run): pass

    optimizer = optim.SGD(model.parameters(), .1)
    with watch(model, optimizer, dir=folder, view=None) as run:
        for _ in run.batches(range(20)):
            model(x).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
    carry(run, Names(), streams=("gradients", "activations"))
    names = {name for row in rows for name in row.values}
    assert {"gradients/norm/0 Linear", "gradients/norm/2 Linear", "gradients/total"} <= names
    assert any(name.startswith("activations/std/") for name in names), names


def test_a_sink_that_never_answers_is_given_up(folder):
    class Dead:
        def begin(self, run, place): raise ConnectionError("nobody is there")
        def send(self, news): raise AssertionError
        def end(self, run): raise AssertionError

    run = Recorder("dead", dir=folder)
    run.finish("finished")
    with pytest.raises(ConnectionError): carry(run, Dead(), gives_up=.5)


def test_mistakes_are_said_at_once(folder):
    run = Recorder("mistakes", dir=folder)
    with pytest.raises(ValueError, match="csv, mlflow, parquet, tensorboard, wandb"): send_to("tensorbored", run)
    with pytest.raises(TypeError, match="logdri"): send_to("tensorboard", run, logdri="x")
    with pytest.raises(ValueError, match="streams are some of"): send_to("csv", run, streams=["gradient"])
    with pytest.raises(ValueError, match="offline"): send_to("wandb", run, mode="off")
    assert not (run.path / "sent").exists()


def test_a_follower_that_fails_says_why(folder):
    run = Recorder("fails", dir=folder)
    run.log(loss=1.)
    run.finish("finished")
    (folder / "taken").write_text("")
    sending = send_to("mlflow", run, tracking_uri="carrier-pigeon://loft")
    with pytest.raises(RuntimeError, match="mlflow"): sending.wait()
    assert sending.state == "failed" and "carrier-pigeon" in sending.trouble


# back

def everything(run):
    return {name: tuple(map(np.ndarray.tobytes, map(np.ascontiguousarray, columns))) for name, columns in logged(run).items()}


@pytest.mark.parametrize("tracker", ["tensorboard", "wandb"])
def test_there_and_back(tracker, folder):
    run = Recorder("there", config=dict(lr=.1), dir=folder / "runs")
    record(run, range(1, 301))
    run.note("a remark")
    run.finish("finished")
    options = dict(logdir=str(folder / "there")) if tracker == "tensorboard" else dict(folder=str(folder / "there"), mode="offline")
    carry(run, TensorBoard(**options, double=True) if tracker == "tensorboard" else WandB(**options))
    back, = import_runs(folder / "there", folder / "back")
    assert everything(back) == everything(run)
    assert back.info["imported"]["tracker"] == tracker
    assert back.status == "finished"


def test_mlflow_and_back(folder):
    run = Recorder("there", config=dict(lr=.1, net=dict(width=64)), dir=folder / "runs")
    record(run, range(1, 301))
    run.tag("good")
    run.note("a remark")
    run.finish("failed", "no reason")
    store = f"sqlite:///{folder}/mlflow.db"
    send_to("mlflow", run, tracking_uri=store).wait()
    back, = import_runs(store, folder / "back")
    assert (back.name, back.status, back.tags, back.notes, back.config["net.width"]) == ("there", "failed", ["good"], ["a remark"], "64")
    for name in ("loss", "accuracy", "val_loss"):
        np.testing.assert_array_equal(back.curve(name), run.curve(name))


def test_an_import_goes_on_where_it_was_and_takes_what_has_grown(folder):
    for name in ("one", "two"):
        run = Recorder(name, dir=folder / "runs")
        record(run, range(1, 101))
        carry_some = TensorBoard(str(folder / "there"))
        run.finish("finished")
        carry(run, carry_some)
    first = import_runs(folder / "there", folder / "back")
    stamps = [(run.path / "run.json").stat().st_mtime_ns for run in first]
    later = Recorder("three", dir=folder / "runs")
    record(later, range(1, 11))
    later.finish("finished")
    carry(later, TensorBoard(str(folder / "there")))
    second = import_runs(folder / "there", folder / "back")
    assert len(second) == 3 and [(run.path / "run.json").stat().st_mtime_ns for run in first] == stamps
    file = next((folder / "there" / later.path.name).glob("*tfevents*"))
    file.write_bytes(file.read_bytes() + next((folder / "there").glob("*one*/*tfevents*")).read_bytes())  # it was written further
    third = import_runs(folder / "there", folder / "back")
    assert [len(run.frame()) for run in third if "three" in run.path.name] == [110]


def test_metrics_of_all_kinds_of_names_are_imported(folder):
    import torch.utils.tensorboard as board
    writer = board.SummaryWriter(str(folder / "there"))
    for step in range(10):
        for name in ("Loss/train", "Loss/val", "step", "epoch", "_private", "lr-Adam", "x" * 300, *(f"layer{i}/norm" for i in range(100))):
            writer.add_scalar(name, step * 2., step)
    writer.close()
    run, = import_runs(folder / "there", folder / "back")
    assert len(run.metrics) == 106 and {"Loss/train", "Loss/val", "logged/step", "logged/_private", "lr-Adam", "layer99/norm"} <= set(run.metrics)
    for name in ("Loss/val", "layer99/norm"): np.testing.assert_array_equal(run.curve(name), [np.arange(10), np.arange(10) * 2.])
