"""What it costs to send a run to a tracker, whether every row arrives once, and how long it takes to bring runs back.

    python bench/trackers.py [rows]

The loop that trains is measured in stretches, in turns: alone, followed by a process of ours, and with the calls that the tracker's own guide has in the
loop. Then 100,000 rows of four metrics are sent while the follower is killed twenty times at moments drawn by chance, after the run has ended, and, to
MLflow, while the server is down for half a minute; what the tracker has is compared with what the run has. At last a million values are imported, beside
the tracker's own reader. Writes a section of RESULTS.md.
"""
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from threading import Thread
from typing import Any

import numpy as np
import report
import torch
import torch.nn.functional as F
from torch import nn

from trainbook import watch
from trainbook.connect.follower import Sending, carry, send_to
from trainbook.connect.imports import import_runs
from trainbook.connect.mlflow import MLflow, read_metrics, read_runs
from trainbook.connect.tensorboard import TensorBoard
from trainbook.connect.wandb import WandB, read_offline
from trainbook.run.recorder import Recorder
from trainbook.run.run import Run
from trainbook.run.tables import table_files

METRICS = "loss", "accuracy", "grad_norm", "val_loss"
ROWS, KILLS, DOWN = 100_000, 20, 30.
TRACKERS = "tensorboard", "wandb", "mlflow"


# the loop

def own_idiom(tracker: str, folder: Path) -> tuple[Callable[[int, float], Any], Callable[[], Any]]:
    "What the tracker's guide calls in each step, and at the end"
    if tracker == "tensorboard":
        from torch.utils.tensorboard import SummaryWriter
        writer = SummaryWriter(str(folder))
        return lambda step, loss: writer.add_scalar("loss", loss, step), writer.close
    if tracker == "wandb":
        import wandb
        run = wandb.init(mode="offline", dir=folder, settings=wandb.Settings(silent=True, console="off"))
        return lambda step, loss: run.log({"loss": loss}), run.finish
    import mlflow
    mlflow.set_tracking_uri(f"sqlite:///{folder}/own.db")
    mlflow.start_run()
    return lambda step, loss: mlflow.log_metric("loss", loss, step=step), mlflow.end_run


def stretch(folder: Path, send: dict[str, Any] | None, log: Callable[[int, float], Any] | None, steps: int = 300) -> float:
    "Milliseconds of the training thread's own time a step"
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer, x, y = torch.optim.SGD(model.parameters(), .1), torch.randn(128, 64), torch.arange(128) % 10
    with watch(model, optimizer, dir=folder, view=None, diagnose=False, every=0, send_to=send) as run:
        began = time.thread_time()
        for step in run.batches(range(steps)):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            run.log(loss=loss)
            if log: log(step, loss.item())
        took = time.thread_time() - began
    for sending in run.sendings: sending.stop()
    return took / steps * 1e3


def loop(folder: Path) -> list[str]:
    rows = []
    for tracker in TRACKERS:
        options = {tracker: options_of(tracker, folder)}
        log, end = own_idiom(tracker, folder)
        turns = [(stretch(folder, None, None), stretch(folder, options, None), stretch(folder, None, log, 100)) for _ in range(9)]
        end()
        alone = median(turn[0] for turn in turns)
        ratios = [median(turn[i] / turn[0] for turn in turns) for i in (1, 2)]
        rows.append([tracker, f"{alone:.2f}", *(f"{ratio:.2f}" for ratio in ratios)])
    return report.table(["tracker", "ms a step alone", "followed by ours, ratio", "its own calls in the loop, ratio"], rows)


# every row once

def options_of(tracker: str, folder: Path) -> dict[str, Any]:
    return {"tensorboard": dict(double=True), "wandb": dict(mode="offline"), "mlflow": dict(tracking_uri=f"sqlite:///{folder}/mlflow.db")}[tracker]


def recorded(run: Run | Recorder) -> dict[str, tuple[np.ndarray, ...]]:
    "Steps, values and times of each metric in the run's own tables"
    tables = [table.read() for table in table_files(run.path)]
    return {name: (rows["_step"], rows[name], rows["_time"]) for rows in tables for name in METRICS if name in (rows.dtype.names or ())}


def arrived(tracker: str, run: Run | Recorder, options: dict[str, Any]) -> dict[str, tuple[np.ndarray, ...]]:
    if tracker == "tensorboard":
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        accumulator = EventAccumulator(str(run.path), size_guidance=dict(tensors=0))
        accumulator.Reload()
        def of(name: str): return zip(*((event.step, event.tensor_proto.double_val[0], event.wall_time) for event in accumulator.Tensors(name)))
        return {name: tuple(map(np.array, of(name))) for name in METRICS}
    if tracker == "wandb":
        parts = [part["metrics"] for path in sorted(run.path.glob("wandb/offline-run-*/*.wandb")) if (part := read_offline(path))]
        return {name: tuple(map(np.concatenate, zip(*(part[name] for part in parts if name in part)))) for name in METRICS}
    id = next(id for id, known in read_runs(options["tracking_uri"]) if known["tags"]["trainbook.run"] == run.path.name)
    return {name: tuple(series) for name, series in read_metrics(options["tracking_uri"], id, METRICS).items()}


def verdict(tracker: str, run: Run | Recorder, options: dict[str, Any]) -> str:
    there, here, finest = arrived(tracker, run, options), recorded(run), 1e-3 if tracker == "mlflow" else 1e-6
    for name in METRICS:
        if len(there[name][0]) != len(here[name][0]): return f"{name}: {len(there[name][0]):,} of {len(here[name][0]):,}"
        for mine, theirs, most in zip(here[name], there[name], (0, 0, finest)):
            if not np.allclose(theirs, mine, rtol=0, atol=most): return f"{name} differs"
    return "equal, none twice, none missing"


def log_rows(run: Recorder, rows: int, seconds: float):
    "Rows over some seconds, as a training would write them"
    began = time.monotonic()
    for run.step in range(1, rows + 1):
        run.log(loss=1 / run.step, accuracy=1 - 1 / run.step, grad_norm=run.step**.5, val_loss=2 / run.step)
        if run.step % 500 == 0 and (ahead := seconds * run.step / rows - (time.monotonic() - began)) > 0: time.sleep(ahead)


def killed(sending: Sending, until: Callable[[], bool]) -> int:
    chance, kills = Random(0), 0
    while kills < KILLS and not (until() and sending.state == "done"):
        time.sleep(chance.uniform(.3, 4))
        if not sending.is_alive: sending.start()
        elif process := sending.progress.process:
            try: os.kill(process["pid"], signal.SIGKILL)
            except ProcessLookupError: continue
            kills += 1
    return kills


def serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    server = subprocess.Popen([sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/served.db", "--artifacts-destination",
                               str(folder), "--port", str(port), "--workers", "1"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while True:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)): return server
        time.sleep(.1)


def once(folder: Path, rows: int) -> list[str]:
    found = []
    for tracker in TRACKERS:
        options, run = options_of(tracker, folder), Recorder(f"killed {tracker}", dir=folder)
        writer = Thread(target=log_rows, args=(run, rows, 40.))
        sending = send_to(tracker, run, **options)
        writer.start()
        kills = killed(sending, lambda: not writer.is_alive())  # noqa: B023 - called in this round
        writer.join()
        run.finish("finished")
        began = time.monotonic()
        send_to(tracker, run, **options).wait(1800)
        found.append([tracker, f"killed {kills} times", verdict(tracker, run, options), f"{time.monotonic() - began:.0f} s behind the end"])
        late = Recorder(f"late {tracker}", dir=folder)
        log_rows(late, rows, 0.)
        late.finish("finished")
        began = time.monotonic()
        send_to(tracker, late, **options).wait(1800)
        found.append([tracker, "started after the end", verdict(tracker, late, options), f"{time.monotonic() - began:.0f} s"])
    return [*found, down(folder, rows)]


def down(folder: Path, rows: int) -> list[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options, run, server = dict(tracking_uri=f"http://127.0.0.1:{port}"), Recorder("down", dir=folder), serve(folder, port)
    writer = Thread(target=log_rows, args=(run, rows, 60.))
    sending = send_to("mlflow", run, **options)
    writer.start()
    time.sleep(15)
    os.killpg(server.pid, signal.SIGKILL)
    time.sleep(DOWN)
    said, server = sending.state, serve(folder, port)
    writer.join()
    run.finish("finished")
    sending.wait(1800)
    answer = verdict("mlflow", run, options)
    os.killpg(server.pid, signal.SIGKILL)
    return ["mlflow", f"a real server, down for {DOWN:.0f} s (the follower said: {said})", answer, ""]


# back

def back(folder: Path, rows: int) -> list[str]:
    run, found = Recorder("million", dir=folder), []
    log_rows(run, rows, 0.)
    run.finish("finished")
    store = f"sqlite:///{folder}/million.db"
    places = {"tensorboard": folder/"tb", "wandb": folder/"wb", "mlflow": store}
    sinks = {"tensorboard": TensorBoard(str(folder/"tb"), double=True), "wandb": WandB(mode="offline", folder=str(folder/"wb")), "mlflow": MLflow(store)}
    for tracker, sink in sinks.items():
        carry(run, sink, streams=("train", "valid"))
        began = time.perf_counter()
        same, = import_runs(places[tracker], folder/f"back {tracker}")
        took = time.perf_counter() - began
        is_equal = all(np.array_equal(same.curve(name)[1], run.curve(name)[1]) for name in METRICS)
        began = time.perf_counter()
        own_reader(tracker, folder, places[tracker])
        found.append([tracker, f"{len(METRICS) * rows:,}", "equal" if is_equal else "**differs**", f"{took:.1f}", f"{time.perf_counter() - began:.1f}"])
    return report.table(["tracker", "values", "values after export and import", "import, s", "its own reader, s"], found)


def own_reader(tracker: str, folder: Path, place: Any):
    if tracker == "tensorboard":
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        EventAccumulator(str(next(place.iterdir())), size_guidance=dict(tensors=0)).Reload()
    elif tracker == "mlflow":
        from mlflow import MlflowClient
        id, known = next(read_runs(place))
        for name in known["metrics"]: MlflowClient(place).get_metric_history(id, name)
    else:  # W&B reads its offline files only to upload them; its protobuf messages are what takes the time
        for path in place.glob("wandb/offline-run-*/*.wandb"): read_offline(path)


if __name__ == "__main__":
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        os.chdir(folder)
        arrivals = report.table(["tracker", "what happened", "what the tracker has", ""], once(folder, rows))
        lines = ["## What it costs to send a run to a tracker", "", report.provenance("make bench-trackers"), "", *loop(folder), "",
                 f"### {rows:,} rows of four metrics", "", *arrivals, "", "### A million values, and back", "", *back(folder, 10 * rows // len(METRICS))]
        report.write_section("trackers", lines)
