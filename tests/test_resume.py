"""A training that was killed, stopped or left goes on to the same bits as one that was not.

Trainings run in children of a process that has torch imported, so that each is fresh and can be killed at no great cost.
"""
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from trainbook import list_runs, open_run, watch
from trainbook.run.clerk import clerk

EPOCHS, BATCHES, SIZE = 3, 6, 8


class Augmented(Dataset):
    """Draws from all three generators for each sample."""

    def __init__(self):
        generator = torch.Generator().manual_seed(1)
        self.x = torch.randn(BATCHES * SIZE, 6, generator=generator)

    def __len__(self): return len(self.x)

    def __getitem__(self, i):
        x = self.x[i] * random.uniform(.9, 1.1) + torch.randn(6) * .1 + torch.tensor(np.random.normal(0, .1, 6), dtype=torch.float32)
        return x, (self.x[i].sum() > 0).long()


class Stream(IterableDataset):
    def __iter__(self): return iter(TensorDataset(Augmented().x, (Augmented().x.sum(1) > 0).long()))


def loader(cfg, seed=3):
    own = torch.Generator().manual_seed(seed) if cfg.get("own") else None
    return DataLoader(Stream() if cfg.get("stream") else Augmented(), SIZE, shuffle=cfg.get("shuffle", True) and not cfg.get("stream"),
                      num_workers=cfg.get("workers", 0), generator=own, persistent_workers=cfg.get("persistent", False),
                      multiprocessing_context="fork" if cfg.get("workers") else None)  # the others import torch again for each worker


def parts(cfg):
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    model = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(.3), nn.Linear(12, 2))
    weights = model.parameters()
    optimizer = dict(sgd=lambda: optim.SGD(weights, .05, momentum=.9), adam=lambda: optim.Adam(weights, .01),
                     adamw=lambda: optim.AdamW(weights, .01, fused=True))[cfg.get("optimizer", "sgd")]()
    scheduler = dict(
        none=lambda: None, onecycle=lambda: lr_scheduler.OneCycleLR(optimizer, .1, total_steps=200),
        cosine=lambda: lr_scheduler.CosineAnnealingLR(optimizer, 11), epoch=lambda: lr_scheduler.StepLR(optimizer, 1, .5),
        plateau=lambda: lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=.5))[cfg.get("scheduler", "none")]()
    return model, optimizer, scheduler, torch.amp.GradScaler("cpu", init_scale=2.**10, growth_interval=5, enabled=cfg.get("half", False))


def state_of(model): return {name: value.detach().clone() for name, value in model.state_dict().items()}


class Training:
    """The loop of a user, in all the ways it may be written; what it is asked for and when it dies is in `cfg`."""

    def __init__(self, cfg, folder):
        self.cfg, self.losses = cfg, []
        self.model, self.optimizer, self.scheduler, self.scaler = parts(cfg)
        self.loaders = [loader(cfg), loader(cfg, 4)]
        if cfg.get("resume"): [seed(77) for seed in (torch.manual_seed, random.seed, np.random.seed)]
        self.run = watch(self.model, self.optimizer, scheduler=self.scheduler, state=self.scaler, view=None, dir=folder, every=cfg.get("every", 0),
                         resume=cfg.get("resume"), checkpoint=cfg.get("checkpoint", "best"), early_stop=cfg.get("early_stop"))
        clerk.remove(self.run.recorder), clerk.remove(self.run.checkpointer)  # it would save at moments of its own, some of which are told below not to work
        if cfg.get("each_epoch"): self.run.checkpointer.share = 1e9  # saved at the end of each epoch, however short it is

    def die(self, where):
        kill = self.cfg.get("kill")
        if kill and kill[0] == self.run.step and kill[1] == where: os.kill(os.getpid(), signal.SIGKILL)

    def on_step(self, x, y):
        cfg, run = self.cfg, self.run
        every = cfg.get("accumulate", 1)
        with torch.autocast("cpu", torch.bfloat16, enabled=cfg.get("half", False)): loss = F.cross_entropy(self.model(x), y)
        self.die("forward")
        self.scaler.scale(loss / every).backward()
        self.die("backward")
        if run.step % every == 0:
            self.scaler.step(self.optimizer)
            self.scaler.update()
            self.die("step")
            self.optimizer.zero_grad()
        if cfg.get("scheduler") in ("onecycle", "cosine"): self.scheduler.step()
        self.losses.append((run.step, loss.item()))
        run.log(loss=loss)
        for what, *arguments in cfg.get("asks", {}).get(str(run.step), []):
            if what == "tick": run.checkpointer.tick()  # as if the minutes were over
            elif what == "settle": run.checkpoints.wait()
            elif what == "early_stop": run.early_stop(*arguments, patience=5)
            elif what == "pause_checkpoint":
                run.pause()
                run.checkpoint(*arguments)
                run.resume()
            else: getattr(run, what)(*arguments)
        self.die("end")

    def validate(self, name="val_loss"):
        self.model.eval()
        total, n = 0., 0
        with torch.no_grad():
            for x, y in self.run.batches(self.valid, valid=True):
                total, n = total + F.cross_entropy(self.model(x), y).item(), n + 1
                self.die("valid")
        self.run.log({name: total / max(n, 1) + self.cfg.get("worsen", 0.) * self.run.step})
        return total / max(n, 1)

    @property
    def valid(self): return DataLoader(TensorDataset(Augmented().x, (Augmented().x.sum(1) > 0).long()), 16)

    def begin_epoch(self):
        self.model.train()

    def epochs(self):
        cfg = self.cfg
        for epoch in self.run.epochs(cfg.get("epochs", EPOCHS)):
            self.begin_epoch()
            if str(epoch) in cfg.get("asks_epoch", {}): getattr(self.run, cfg["asks_epoch"][str(epoch)])()
            for x, y in self.run.batches(self.loaders[0]): self.on_step(x, y)
            if cfg.get("loops") == 2:
                if cfg.get("between"): self.run.log({"val_between": self.validate("val_other")})
                self.model.train()
                for x, y in self.run.batches(self.loaders[1]): self.on_step(x, y)
            if cfg.get("validate", True): value = self.validate()
            if cfg.get("scheduler") == "epoch": self.scheduler.step()
            if cfg.get("scheduler") == "plateau": self.scheduler.step(value)

    def steps(self):
        data = Augmented()
        self.model.train()
        for _ in self.run.steps(EPOCHS * BATCHES):
            x, y = zip(*[data[i] for i in torch.randint(len(data), (SIZE,)).tolist()])
            self.on_step(torch.stack(x), torch.stack(y))

    def tensors(self):
        """Batches made by hand, in an order drawn when the epoch begins."""
        data = Augmented()
        for _ in self.run.epochs(EPOCHS):
            self.model.train()
            for chosen in self.run.batches(torch.randperm(len(data)).split(SIZE)):
                x, y = zip(*[data[i] for i in chosen.tolist()])
                self.on_step(torch.stack(x), torch.stack(y))

    def zero_first(self):
        """Gradients are cleared where the epoch begins, and summed over batches."""
        for _ in self.run.epochs(EPOCHS):
            self.model.train()
            self.optimizer.zero_grad()
            for x, y in self.run.batches(self.loaders[0]): self.on_step(x, y)

    def __call__(self):
        getattr(self, self.cfg.get("loop", "epochs"))()
        self.run.finish()
        parent = self.run.info["parent"]
        return dict(losses=self.losses, weights=state_of(self.model), optimizer=self.optimizer.state_dict(), path=self.run.path,
                    status=self.run.status, start=parent["step"] if parent else 0, factor=self.run.learning_rate.factor,
                    early=self.run.early_stopper.patience.state, progress=self.run.progress, scheduler=self.scheduler.state_dict() if self.scheduler else None)


# Fresh processes

def do(cfg, folder, out):
    torch.set_num_threads(1)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try: result = Training(cfg, folder)()
        except BaseException as error: result = dict(error=repr(error))
    result["said"] = [str(warning.message) for warning in said if not issubclass(warning.category, DeprecationWarning)]
    Path(out).write_bytes(pickle.dumps(result))


def serve():
    """Forks a child for each line; kills it when its time is over."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder: Training({}, folder)()  # what torch imports at its first step, children need not
    while threading.active_count() > 1: time.sleep(.01)
    for line in sys.stdin:
        cfg, folder, out, after = json.loads(line)
        child = os.fork()
        if not child:
            os.setsid()
            try: do(cfg, folder, out)
            finally: os._exit(0)
        if after is not None:
            time.sleep(after)
            with suppress(ProcessLookupError): os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError): os.killpg(child, signal.SIGKILL)  # workers it has left
        print(status, flush=True)


@pytest.fixture(scope="module")
def fresh():
    """Trains in a fresh process; gives what came of it, or None if it was killed."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_resume; test_resume.serve()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    count = 0

    def train(cfg, folder, after=None):
        nonlocal count
        count += 1
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        out = folder/f".{count}.result"
        print(json.dumps([cfg, str(folder), str(out), after], default=str), file=process.stdin, flush=True)
        status = int(process.stdout.readline())
        if os.WIFSIGNALED(status): return None
        result = pickle.loads(out.read_bytes())
        assert "error" not in result, (cfg, result)
        return result

    yield train
    process.stdin.close()
    process.wait(20)


_whole = {}


def whole(fresh, cfg, folder):
    """The same training uninterrupted; what it is asked for that changes nothing is left out."""
    kept = {step: [ask for ask in asks if ask[0] in ("scale_lr", "early_stop", "rollback")] for step, asks in cfg.get("asks", {}).items()}
    cfg = {key: value for key, value in cfg.items() if key not in ("kill", "resume", "asks_epoch")} | dict(asks=kept, checkpoint=None)
    key = json.dumps(cfg, sort_keys=True)
    if key not in _whole: _whole[key] = fresh(cfg, folder/"whole")
    return _whole[key]


def same(a, b):
    if isinstance(a, torch.Tensor): return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict): return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple): return len(a) == len(b) and all(map(same, a, b))
    return a == b


def assert_goes_on(full, rest, hint=""):
    start = rest["start"]
    wanted = [row for row in full["losses"] if row[0] > start]
    assert [step for step, _ in rest["losses"]] == [step for step, _ in wanted], hint
    first = next((a[0] for a, b in zip(wanted, rest["losses"]) if a != b), None)
    assert first is None, f"losses differ from step {first} on, resumed at {start}: {hint}"
    for part in ("weights", "optimizer", "scheduler", "factor"): assert same(full[part], rest[part]), f"{part} {hint}"


def only_run(folder): return open_run(list_runs(folder).index[-1])


def drawn(seed):
    """A training, and when it is killed."""
    draw = random.Random(seed)
    loop = draw.choice(["epochs"] * 4 + ["steps"])
    cfg = dict(loop=loop, optimizer=draw.choice(["sgd", "adam", "adamw"]), scheduler=draw.choice(["none", "onecycle", "cosine"]),
               half=draw.random() < .4, shuffle=draw.random() < .7, workers=2 if loop == "epochs" and draw.random() < .15 else 0,
               accumulate=draw.choice([1, 1, 2, 3, 4]), loops=2 if draw.random() < .25 else 1, every=draw.choice([0, 1]),
               checkpoint=draw.choice([dict(minutes=0), dict(minutes=0), None, dict(best=0, last=2, minutes=0)]), asks={})
    if loop == "epochs" and draw.random() < .4: cfg["scheduler"] = draw.choice(["epoch", "plateau"])
    steps = EPOCHS * BATCHES * (cfg["loops"] if loop == "epochs" else 1)
    how = "tick" if cfg["checkpoint"] and draw.random() < .6 else draw.choice(["checkpoint", "pause_checkpoint"])
    saved = draw.sample(range(1, steps - 1), draw.randint(1, 4))
    killed = [draw.randrange(min(saved) + 1, steps + 1), draw.choice(["forward", "backward", "step", "end"])]
    if killed[1] == "step": killed[0] = max(min(saved) + 1, killed[0] // cfg["accumulate"] * cfg["accumulate"])
    for step in saved: cfg["asks"].setdefault(str(step), []).append([how])
    # that which is asked for in the step before is written by then, so that there is one to go on from
    cfg["asks"].setdefault(str(min(saved) + 1), []).append(["settle"])
    if killed[0] == min(saved) + 1: killed[1] = "end"
    # not at the edge of a save, which may come before it
    free = [step for step in range(1, steps) if step not in saved]
    if draw.random() < .4: cfg["asks"].setdefault(str(draw.choice(free)), []).append(["scale_lr", draw.choice([.5, 2., .3])])
    return cfg, killed, draw


@pytest.mark.parametrize("seed", range(50))
def test_killed_at_a_random_point(fresh, tmp_path, seed):
    cfg, kill, draw = drawn(seed)
    hint = f"seed {seed}, killed at {kill}: {cfg}"
    print(hint)
    full = whole(fresh, cfg, tmp_path)
    source, kills = None, [kill] + [[draw.randrange(kill[0], kill[0] + 8), "end"]] * (draw.random() < .3)
    for n, kill in enumerate(kills):
        died = fresh(cfg | dict(kill=kill, resume=source), tmp_path/"runs")
        run = only_run(tmp_path/"runs")
        if died is None: assert run.status == "lost"
        entries = run.info["checkpoints"]
        assert entries, hint
        # some by the run, some by one of its checkpoints
        source = str(run.path if draw.random() < .6 else run.path/"checkpoints"/draw.choice(entries)["name"])
    rest = fresh(cfg | dict(resume=source), tmp_path/"runs")
    assert rest["status"] == "finished" and not rest["said"], (rest["said"], hint)
    assert_goes_on(full, rest, f"{source} {hint}")


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_a_random_time(fresh, tmp_path, seed):
    """Saves as often as it can, and is killed from outside."""
    cfg = dict(checkpoint=dict(minutes=0), asks={str(step): [["tick"]] for step in range(1, 19)}, scheduler="onecycle")
    full = whole(fresh, cfg, tmp_path)
    draw = random.Random(seed)
    while True:
        after = draw.uniform(.05, .35)
        fresh(cfg, tmp_path/"runs", after)
        runs = list_runs(tmp_path/"runs").index
        run = open_run(runs[-1]) if len(runs) else None
        if run and run.info.get("checkpoints"): break
    rest = fresh(cfg | dict(resume=str(run.path)), tmp_path/"runs")
    assert_goes_on(full, rest, f"killed after {after}")


def stopped(fresh, cfg, folder, step):
    """A training that was stopped with ■ after a step, and the one that goes on from it."""
    first = fresh(cfg | dict(asks={str(step): [["stop"]]}), folder/"runs")
    assert first["status"] == "stopped" and first["losses"][-1][0] == step
    return fresh(cfg | dict(resume=str(first["path"])), folder/"runs")


@pytest.mark.parametrize("step", [3, 6, 8, 13])
@pytest.mark.parametrize("more", [dict(), dict(accumulate=4), dict(workers=2), dict(loop="steps"), dict(half=True)], ids=str)
def test_stopped_goes_on(fresh, tmp_path, step, more):
    cfg = dict(validate=False, scheduler="onecycle") | more
    full = whole(fresh, cfg, tmp_path)
    rest = stopped(fresh, cfg, tmp_path, step)
    assert rest["start"] == step
    assert_goes_on(full, rest)




@pytest.mark.parametrize("more", [
    dict(validate=True), dict(validate=False, scheduler="epoch"), dict(scheduler="plateau", optimizer="adam")], ids=str)
def test_stopped_before_the_rest_of_an_epoch(fresh, tmp_path, more):
    """Its validation, and schedulers that go by epochs."""
    full = whole(fresh, more, tmp_path)
    assert_goes_on(full, stopped(fresh, more, tmp_path, 8))


@pytest.mark.parametrize("step", [3, 6, 13])
def test_stopped_in_the_first_of_two_loops(fresh, tmp_path, step):
    cfg = dict(validate=False, loops=2)
    assert_goes_on(whole(fresh, cfg, tmp_path), stopped(fresh, cfg, tmp_path, step))




@pytest.mark.parametrize("what", ["checkpoint", "stop"])
@pytest.mark.parametrize("workers", [0, 2])
def test_saved_before_the_first_batch(fresh, tmp_path, what, workers):
    cfg = dict(workers=workers, validate=False, checkpoint=None if what == "checkpoint" else "best")
    full = whole(fresh, cfg, tmp_path)
    first = fresh(cfg | dict(asks_epoch={"1": what}), tmp_path/"runs")
    assert_goes_on(full, fresh(cfg | dict(resume=str(first["path"])), tmp_path/"runs"))


@pytest.mark.parametrize("step", [8, 6])
def test_a_loader_with_its_own_generator(fresh, tmp_path, step):
    cfg = dict(own=True, asks={str(step): [["checkpoint"]]} if step != 6 else {}, checkpoint=None if step != 6 else "last", each_epoch=True)
    full = whole(fresh, cfg, tmp_path)
    assert fresh(cfg | dict(kill=[step + 1, "end"], asks=cfg["asks"] | {str(step + 1): [["settle"]]}), tmp_path/"runs") is None
    rest = fresh(cfg | dict(resume=str(only_run(tmp_path/"runs").path)), tmp_path/"runs")
    assert rest["start"] == step
    assert_goes_on(full, rest)


def saved_at(fresh, cfg, folder, step):
    """A training killed soon after a checkpoint, and the one that goes on from it."""
    asks = {str(step): [["checkpoint"]], str(step + 1): [["settle"]]}
    assert fresh(cfg | dict(asks=asks, kill=[step + 1, "end"], checkpoint=None), folder/"runs") is None
    return fresh(cfg | dict(resume=str(only_run(folder/"runs").path/"checkpoints"/f"step-{step}"), checkpoint=None), folder/"runs")


def test_an_order_drawn_when_the_epoch_begins(fresh, tmp_path):
    cfg = dict(loop="tensors")
    rest = saved_at(fresh, cfg, tmp_path, 8)
    if any("edge" in text for text in rest["said"]): return
    assert_goes_on(whole(fresh, cfg, tmp_path), rest)


def test_a_sum_of_gradients_that_the_epoch_begins_by_clearing(fresh, tmp_path):
    cfg = dict(loop="zero_first", accumulate=4)
    assert_goes_on(whole(fresh, cfg, tmp_path), saved_at(fresh, cfg, tmp_path, 9))


def test_saved_between_two_loops_of_an_epoch(fresh, tmp_path):
    cfg = dict(loops=2, scheduler="onecycle")
    full = whole(fresh, cfg, tmp_path)
    for step in (6, 9, 12): assert_goes_on(full, saved_at(fresh, cfg, tmp_path/str(step), step))


def test_a_validation_that_was_over_is_not_recorded_again(fresh, tmp_path):
    cfg = dict(loops=2, between=True)
    full, rest = whole(fresh, cfg, tmp_path), saved_at(fresh, cfg, tmp_path, 9)
    assert_goes_on(full, rest)
    def values(path): return open_run(path).history("val_between")
    assert values(rest["path"]) == values(full["path"])


def test_saved_at_once_after_resuming(fresh, tmp_path):
    cfg = dict(asks={"8": [["checkpoint"]]}, checkpoint=None)
    full, first = whole(fresh, cfg, tmp_path), fresh(cfg, tmp_path/"runs")
    second = fresh(cfg | dict(resume=str(first["path"]/"checkpoints/step-8"), asks_epoch={"1": "checkpoint"}), tmp_path/"runs")
    assert_goes_on(full, second)
    source = second["path"]/"checkpoints"/second_name(second["path"])
    assert_goes_on(full, fresh(cfg | dict(resume=str(source)), tmp_path/"runs"))


def second_name(path): return next(entry["name"] for entry in open_run(path).info["checkpoints"][::-1] if entry["step"] == 8)


# What can't be the same

@pytest.mark.parametrize("more", [dict(stream=True), dict(stream=True, workers=2), dict(workers=2, persistent=True)], ids=str)
def test_what_cant_be_wound_forward_says_so_and_trains_on(fresh, tmp_path, more):
    rest = saved_at(fresh, more, tmp_path, 8)
    said, = rest["said"]
    assert "resumes at the epoch's edge" in said and said in open_run(rest["path"]).notes
    per_epoch = BATCHES * (2 if more.get("stream") and more.get("workers") else 1)
    first = rest["losses"][0][0]
    assert first == 9 and rest["status"] == "finished" and np.isfinite([loss for _, loss in rest["losses"]]).all()
    if not (more.get("stream") and more.get("workers")): assert len(rest["losses"]) == 2 * per_epoch
    assert rest["progress"]["epoch"] == EPOCHS - 1


def test_a_generator_resumes_at_the_edge(tmp_path):
    def training(resume=None):
        model = nn.Linear(1, 1)
        run = watch(model, dir=tmp_path, view=None, resume=resume, checkpoint=None)
        for _ in run.epochs(2):
            for i in run.batches(iter(range(4))):
                if run.step == 3 and not resume: run.checkpoint()
        run.finish()
        return run
    first = training()
    with pytest.warns(RuntimeWarning, match="resumes at the epoch's edge"): run = training(first.path/"checkpoints/step-3")
    assert run.step == 3 + 8 and run.status == "finished"


# Counting on

def test_what_was_asked_for_comes_along(fresh, tmp_path):
    cfg = dict(asks={"3": [["scale_lr", .5]], "4": [["scale_lr", .3]], "5": [["early_stop", True]], "8": [["checkpoint"]]}, worsen=1., checkpoint=None,
               epochs=5)
    full = whole(fresh, cfg, tmp_path)
    first = fresh(cfg, tmp_path/"runs")
    rest = fresh(cfg | dict(resume=str(first["path"]/"checkpoints/step-8")), tmp_path/"runs")
    assert_goes_on(full, rest)
    assert rest["factor"] == .15 and rest["early"] == full["early"] and rest["early"]["on"] and rest["early"]["patience"] == 5


def test_early_stopping_counts_on(fresh, tmp_path):
    """Its best value was before the checkpoint."""
    cfg = dict(early_stop=3, worsen=1., epochs=9)
    full = whole(fresh, cfg, tmp_path)
    assert full["status"] == "stopped" and full["losses"][-1][0] == 4 * BATCHES
    rest = saved_at(fresh, cfg, tmp_path, 14)
    assert_goes_on(full, rest)
    assert rest["status"] == "stopped" and rest["early"] == full["early"]


def test_early_stopping_counts_on_in_another_folder(fresh, tmp_path):
    cfg = dict(early_stop=3, worsen=1., epochs=9, asks={"14": [["checkpoint"]]}, checkpoint=None)
    full = fresh(cfg, tmp_path/"a")
    rest = fresh(cfg | dict(resume=str(full["path"]/"checkpoints/step-14")), tmp_path/"b")
    assert rest["early"] == full["early"]


def test_a_whole_run_trains_nothing_and_more_epochs_train_on(fresh, tmp_path):
    cfg = dict(scheduler="epoch")
    first = fresh(cfg, tmp_path/"runs")
    again = fresh(cfg | dict(resume=str(first["path"])), tmp_path/"runs")
    assert again["losses"] == [] and again["status"] == "finished" and again["start"] == 18
    for part in ("weights", "optimizer", "scheduler"): assert same(again[part], first[part])
    longer = cfg | dict(epochs=5)
    for source in (first, again): assert_goes_on(whole(fresh, longer, tmp_path), fresh(longer | dict(resume=str(source["path"])), tmp_path/"runs"))


def test_progress_of_a_resumed_run(fresh, tmp_path):
    for step, epoch, batch in ((8, 1, 2), (12, 1, 6), (13, 2, 1)):
        rest = stopped(fresh, dict(validate=False), tmp_path/str(step), step)
        stop = fresh(dict(resume=None, validate=False, asks={str(step): [["stop"]]}), tmp_path/str(step))
        assert (stop["progress"]["epoch"], stop["progress"]["batch"]) == (epoch, batch)
        again = fresh(dict(resume=str(stop["path"]), validate=False, asks={str(step + 1): [["stop"]]}), tmp_path/str(step))
        wanted = (epoch, batch + 1) if batch < BATCHES else (epoch + 1, 1)
        assert (again["progress"]["epoch"], again["progress"]["batch"], again["progress"]["epochs"]) == (*wanted, EPOCHS)
        assert rest["progress"]["step"] == 18


def test_a_second_loop_goes_on_counting(tmp_path):
    def training(resume=None, stop=None):
        torch.manual_seed(0)
        model = nn.Linear(2, 1)
        optimizer = optim.SGD(model.parameters(), .1, momentum=.9)
        seen = []
        run = watch(model, optimizer, dir=tmp_path, view=None, resume=resume, checkpoint=None)
        for n in (2, 3):
            for epoch in run.epochs(n):
                for x in run.batches(DataLoader(torch.arange(8.).reshape(4, 2), shuffle=True)):
                    loss = model(x).square().mean() + F.dropout(x).mean()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    seen.append((epoch, run.step, loss.item()))
                    if run.step == stop: run.checkpoint()
        run.finish()
        return run, seen
    _, full = training()
    assert [epoch for epoch, *_ in full] == [epoch for epoch in range(5) for _ in range(4)]
    for step in (3, 8, 9, 14, 20):
        run, seen = training(stop=step)
        assert seen == full
        _, rest = training(run.path/"checkpoints"/f"step-{step}")
        assert rest == full[step:], step
