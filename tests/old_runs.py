"""The trainings whose runs are kept in tests/corpus/runs, and the script that made them.

The runs were made by commit 255a79a, the last one before the classes of a live run were taken apart, with:

    git worktree add /tmp/before 255a79a
    PYTHONPATH=/tmp/before .venv/bin/python tests/old_runs.py

Every later version is held to open, show, compare and resume them (tests/test_old_runs.py), so they are not made anew: a newer
version's runs go into a folder of their own. `reference.json` beside them holds what the old version read in each run, and what
the same trainings give that nobody interrupts: all losses, and a checksum of the weights at the end.

A training is a class with a model, a loop, and the losses it has seen. The loop is written for whatever has the iterators of a
run, so `Bare` can stand in for one: then it is plain PyTorch, which tells whether this machine computes the same bits.
"""
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, Dataset, TensorDataset

from trainbook import EMA, Callback, GradientAccumulation, GradientClipping, Learner, ReduceLROnPlateau, Schedule, open_run, watch

COMMIT = "255a79a"
RUNS = Path(__file__).resolve().parent / "corpus/runs"
SIZE, BATCHES, EPOCHS = 8, 6, 3  # samples in a batch, batches in an epoch, epochs
STREAMS = "train", "valid", "gradients", "system"


# Data

class Noisy(Dataset):
    """Points on two sides of a plane; each draws from all three generators when it is asked for."""

    def __init__(self):
        self.x = torch.randn(BATCHES * SIZE, 6, generator=torch.Generator().manual_seed(1))
        self.y = (self.x.sum(1) > 0).long()

    def __len__(self): return len(self.x)

    def __getitem__(self, i):
        x = self.x[i] * random.uniform(.9, 1.1) + torch.randn(6) * .1 + torch.tensor(np.random.normal(0, .1, 6), dtype=torch.float32)
        return x, self.y[i]


def seed(value: int = 0):
    for one in (torch.manual_seed, np.random.seed, random.seed): one(value)


def loader(own: bool = False) -> DataLoader:
    return DataLoader(Noisy(), SIZE, shuffle=True, generator=torch.Generator().manual_seed(3) if own else None)


def valid() -> DataLoader: return DataLoader(TensorDataset(Noisy().x, Noisy().y), 16)


# Trainings

class Bare:
    """Stands in for a run where there is none."""

    def __init__(self): self.progress = dict(step=0)

    def epochs(self, n): return iter(range(n))

    def batches(self, batches, valid=False):
        for batch in batches:
            if not valid: self.progress["step"] += 1
            yield batch

    def steps(self, n): return self.batches(range(n))

    def log(self, **metrics): pass


def nothing(training, where: str): pass


class Training:
    """A model and its loop; `at(training, where)` is called in it, and may ask for something, raise or kill."""
    total = BATCHES * EPOCHS  # steps

    def __init__(self, at: Callable = nothing):
        seed()
        self.at, self.run, self.losses, self.scheduler, self.state = at, None, [], None, ()
        self.make()

    @property
    def models(self) -> dict: return self.model if isinstance(self.model, dict) else {"": self.model}

    @property
    def step(self) -> int: return self.run.progress["step"]

    def begin(self, **watching):
        if watching.get("resume"): seed(77)  # what is drawn has to come from the checkpoint
        self.run = watch(self.model, self.optimizer, scheduler=self.scheduler, state=self.state, view=None, **watching)
        return self.run

    def train(self, **watching):  # the run, which is over
        with self.begin(**watching) as run: self.loop(run)
        return run

    def bare(self):  # this training
        self.run = Bare()
        self.loop(self.run)
        return self

    def note_loss(self, loss: torch.Tensor, **more):
        self.losses.append((self.step, loss.item()))
        self.run.log(loss=loss, **more)
        self.at(self, "step")

    def validate(self):
        net = next(reversed(self.models.values()))
        net.eval()
        total, n = 0., 0
        with torch.no_grad():
            for x, y in self.run.batches(valid(), valid=True):
                total, n = total + self.valid_loss(net, x, y), n + 1
                self.at(self, "validation")
        self.run.log(val_loss=total / n)

    def valid_loss(self, net, x, y) -> float: return F.cross_entropy(net(x), y).item()

    def rates(self) -> dict[int, float]:
        """The learning rates that the schedule gives, by step."""
        found = {}
        for step in range(1, self.total + 1):
            found[step] = self.optimizer.param_groups[0]["lr"]
            self.optimizer.step()
            self.scheduler.step()
        return found

    def weights(self) -> str: return checksum(value for model in self.models.values() for value in model.state_dict().values())


class Classifier(Training):
    """Epochs over a shuffled loader; dropout, batch norm, momentum, a schedule by the step."""

    def make(self):
        self.model = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(.3), nn.Linear(12, 2))
        self.optimizer = optim.SGD(self.model.parameters(), .05, momentum=.9)
        self.scheduler = lr_scheduler.OneCycleLR(self.optimizer, .1, total_steps=200)
        self.loader = loader()

    def loop(self, run):
        for epoch in run.epochs(EPOCHS):
            self.model.train()
            for x, y in run.batches(self.loader):
                loss = F.cross_entropy(self.model(x), y)
                loss.backward()
                self.optimizer.step()
                self.optimizer.zero_grad()
                self.scheduler.step()
                self.note_loss(loss)
            self.validate()


class TwoLoops(Classifier):
    """Two loops over batches in an epoch, each over a loader with a generator of its own."""
    total = 2 * BATCHES * EPOCHS

    def make(self):
        super().make()
        self.loaders = [loader(own=True), loader(own=True)]

    def loop(self, run):
        for epoch in run.epochs(EPOCHS):
            self.model.train()
            for one in self.loaders:
                for x, y in run.batches(one):
                    loss = F.cross_entropy(self.model(x), y)
                    loss.backward()
                    self.optimizer.step()
                    self.optimizer.zero_grad()
                    self.scheduler.step()
                    self.note_loss(loss)
            self.validate()


class Counter:
    """Something of one's own with a state, which decides what is computed."""
    def __init__(self): self.count = 0
    def state_dict(self): return dict(count=self.count, names=["a", "b"])
    def load_state_dict(self, state): self.count = state["count"]


class Pair(Training):
    """Two models and two optimizers by name, a loader with a generator of its own, and a state of one's own."""

    def make(self):
        generator, critic = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 6)), nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
        self.model = dict(generator=generator, critic=critic)
        self.optimizer = dict(generator=optim.Adam(generator.parameters(), .01), critic=optim.RMSprop(critic.parameters(), .01))
        self.scheduler = {name: lr_scheduler.ExponentialLR(one, .97) for name, one in self.optimizer.items()}
        self.state, self.loader = dict(counter=Counter()), loader(own=True)

    def loop(self, run):
        generator, critic = self.model.values()
        for epoch in run.epochs(EPOCHS):
            for x, _ in run.batches(self.loader):
                self.state["counter"].count += 1
                made, scale = generator(torch.randn(len(x), 3)), 1 + .01 * self.state["counter"].count
                critic_loss = scale * (F.softplus(critic(made.detach())) + F.softplus(-critic(x))).mean()
                self.learn("critic", critic_loss)
                loss = F.softplus(-critic(made)).mean()
                self.learn("generator", loss)
                self.note_loss(loss, critic_loss=critic_loss)
            self.validate()

    def learn(self, name, loss):
        self.optimizer[name].zero_grad()
        loss.backward()
        self.optimizer[name].step()
        self.scheduler[name].step()

    def valid_loss(self, net, x, y) -> float: return F.softplus(-net(x)).mean().item()


class Steps(Training):
    """No epochs; batches are drawn, gradients of two are added up for each step of the optimizer, and validations lie within steps."""

    def make(self):
        self.model = nn.Sequential(nn.Linear(6, 10), nn.Tanh(), nn.Dropout(.2), nn.Linear(10, 2))
        self.optimizer = optim.AdamW(self.model.parameters(), .02)
        self.data = Noisy()

    def loop(self, run):
        self.optimizer.zero_grad()  # as many begin; what had been added up comes from the checkpoint all the same
        for i in run.steps(self.total):
            chosen = torch.randint(len(self.data), (SIZE,))
            loss = F.cross_entropy(self.model(self.data.x[chosen]), self.data.y[chosen])
            (loss / 2).backward()
            if i % 2:
                self.optimizer.step()
                self.optimizer.zero_grad()
            self.note_loss(loss)
            if i % 6 == 5: self.validate()
            self.model.train()


class Witness(Callback):
    """Notes the losses of a Learner."""
    order = 1000

    def __init__(self, training): self.training = training

    def before_fit(self, learn): self.training.run = learn.run

    def after_batch(self, learn):
        if not learn.training: return
        self.training.losses.append((learn.run.progress["step"], learn.loss.item()))
        self.training.at(self.training, "step")


def accuracy(pred, targets): return (pred.argmax(1) == targets).float().mean()


class Learning(Training):
    """A Learner, with all callbacks that have a state."""

    def make(self):
        self.model = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(.3), nn.Linear(12, 2))
        self.optimizer = optim.SGD(self.model.parameters(), .05, momentum=.9)
        self.average = EMA(.9)

    def train(self, **watching):
        plateau = ReduceLROnPlateau(factor=.5, patience=1, min_delta=10.)  # after each epoch but the first, as nothing gets better by 10
        schedule = Schedule(lr_scheduler.ExponentialLR(self.optimizer, .98))
        callbacks = [self.average, GradientAccumulation(4), GradientClipping(1.), schedule, plateau, Witness(self)]
        if watching.get("resume"): seed(77)
        learner = Learner(self.model, loader(own=True), valid(), F.cross_entropy, self.optimizer,
                          callbacks=callbacks, metrics=[accuracy], view=None, **watching)
        run = learner.fit(EPOCHS)
        run.finish()
        return run

    def weights(self) -> str: return checksum([*self.model.state_dict().values(), *self.average.model.state_dict().values()])


def checksum(tensors) -> str:
    whole = hashlib.sha256()
    for tensor in tensors: whole.update(tensor.detach().contiguous().numpy().tobytes())
    return whole.hexdigest()


class Free(Training):
    """A loop without a model: more than 64 sets of names are logged, so the last ones go into one long table."""

    def make(self): self.model = self.optimizer = None

    @property
    def models(self) -> dict: return {}

    def loop(self, run):
        for i in run.steps(140):
            run.log(loss=1 / (i + 1), **{f"part {i % 70}": i})
            if i % 35 == 34: run.log(val_loss=2 / (i + 1), val_gain=i)
            self.at(self, "step")


class Spoilt(Classifier):
    """The loss is NaN from the eighth step on, and with it all gradients and weights; loops without epochs around them."""

    def loop(self, run):
        for _ in range(2):
            for x, y in run.batches(self.loader):
                loss = F.cross_entropy(self.model(x), y) * (float("nan") if self.step >= 8 else 1.)
                loss.backward()
                self.optimizer.step()
                self.optimizer.zero_grad()
                self.note_loss(loss)


# What is done to them: functions of the training, by where and at which step they are called

def stop(training): training.run.stop()


def fail(training): raise RuntimeError("the fifteenth batch is bad")


def wait(until: Callable[[], bool]):
    end = time.monotonic() + 20
    while not until():
        if time.monotonic() > end: raise TimeoutError("what was waited for did not come")
        time.sleep(.02)


def read(run) -> dict: return json.loads((run.path / "run.json").read_text())


def die(training):
    """As with `kill -9`, once there is a checkpoint to go on from."""
    wait(lambda: any("last" in entry["roles"] for entry in read(training.run)["checkpoints"]))
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_pause(training):
    training.run.pause()
    training.run.checkpoint("in a pause")

    def watch_and_kill():
        wait(lambda: read(training.run)["status"] == "paused" and any(entry["tag"] for entry in read(training.run)["checkpoints"]))
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=watch_and_kill).start()


def from_elsewhere(training):
    """As from another process: through the inbox."""
    open_run(training.run.path).scale_lr(2.)
    wait(lambda: not any((training.run.path / "inbox").iterdir()))


def from_a_panel(training):
    """A pause that is over before it begins."""
    from trainbook.run.control import Command
    for command in "pause", "resume": training.run.request(Command(command, by="panel", route="subshell"))


def remark(training):
    training.run.tag("baseline", "kept")
    training.run.untag("kept")
    training.run.note("the loss falls, größer <b>steps</b> next")


def ask(request: str, *arguments, **more) -> Callable:
    return lambda training: getattr(training.run, request)(*arguments, **more)


EVERYTHING = {
    ("step", 2): remark, ("step", 3): ask("scale_lr", .5), ("step", 5): ask("undo"), ("step", 6): from_a_panel, ("step", 7): ask("evaluate"),
    ("step", 9): from_elsewhere, ("step", 10): ask("early_stop", patience=8), ("step", 11): ask("checkpoint", "before the fall"),
    ("step", 13): ask("rollback", "best"), ("step", 14): ask("undo"), ("step", 15): ask("rollback", "before the fall"),
    ("step", 16): ask("rollback", "nowhere"), ("step", 17): ask("stop", "epoch"), ("step", 18): ask("undo")}
STEERING = {("step", 4): ask("scale_lr", .5), ("step", 5): ask("early_stop", True, patience=7)}


# The runs

class Kept(NamedTuple):
    """A run that is kept: of which training, how it ended, and what was done to it."""
    training: type[Training]
    status: str
    acts: dict = {}  # by where and at which step
    steers: dict = {}  # those that an uninterrupted training has, too
    watching: dict = {}  # what `watch` is given
    parent: str | None = None  # the run it goes on from
    resumes: bool = False  # whether it goes on to the losses of an uninterrupted training


CONFIG = dict(lr=.05, momentum=.9, layers=[6, 12, 2], data=dict(noise=.1, kind="plane"), note="größer")
KEPT = {
    "finished": Kept(Classifier, "finished", EVERYTHING, watching=dict(
        config=CONFIG, early_stop=dict(patience=20, min_delta=.001), evaluate=lambda run: dict(val_loss=.5, val_gain=2.), checkpoint="best")),
    "stopped": Kept(Classifier, "stopped", {("step", 10): stop}, watching=dict(config=CONFIG | dict(lr=.1)), resumes=True),
    "resumed": Kept(Classifier, "finished", watching=dict(config=CONFIG | dict(lr=.1)), parent="stopped"),
    "in-validation": Kept(Classifier, "stopped", {("validation", 12): stop}, resumes=True),
    "steered": Kept(Classifier, "stopped", {("step", 10): stop}, STEERING, resumes=True),
    "early": Kept(Classifier, "stopped", watching=dict(monitor="loss", mode="max", early_stop=dict(patience=3, restore_best=True))),
    "failed": Kept(Classifier, "failed", {("step", 15): fail}, resumes=True),
    "lost": Kept(Classifier, "lost", {("step", 15): die}, resumes=True),
    "paused": Kept(Classifier, "lost", {("step", 14): die_in_pause}, resumes=True),
    "learner": Kept(Learning, "stopped", {("step", 15): stop}, watching=dict(config=dict(model="small")), resumes=True),
    "steps": Kept(Steps, "stopped", {("step", 9): stop}, resumes=True),
    "loops": Kept(TwoLoops, "stopped", {("step", 21): stop}, resumes=True),
    "pair": Kept(Pair, "stopped", {("step", 9): stop}, watching=dict(every=2), resumes=True),
    "names": Kept(Free, "finished"),
    "not-finite": Kept(Spoilt, "finished", watching=dict(checkpoint=None)),
}


class Acts:
    """Does each thing once."""
    def __init__(self, acts: dict): self.left = dict(acts)

    def __call__(self, training, where):
        if act := self.left.pop((where, training.step), None): act(training)


def find(dir: Path, name: str) -> Path:
    """The folder of a run."""
    path, = dir.glob(f"*_{name}_????")
    return path


# What a version of trainbook reads in a run, as JSON that is compared

def plain(value):
    if isinstance(value, dict): return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple): return [plain(part) for part in value]
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def digest(*arrays) -> str:
    """A checksum of numbers; all NaN are the same one."""
    whole = hashlib.sha256()
    for array in arrays:
        numbers = np.array(array, "<f8")
        whole.update(np.where(np.isnan(numbers), np.nan, numbers).tobytes())
    return whole.hexdigest()[:16]


def facts_of_frame(frame) -> dict:
    columns = [list(name) if isinstance(name, tuple) else name for name in frame.columns]
    return dict(rows=len(frame), columns=columns, numbers=digest(frame.index, frame.to_numpy(float)))


def facts(path: Path) -> dict:
    run = open_run(path)
    return plain(dict(
        name=run.name, config=run.config, tags=run.tags, notes=run.notes, parent=run.parent, layers=run.layers,
        progress=run.progress, reason=run.info["reason"], latest=run.latest(), curves={name: digest(*run.curve(name)) for name in run.metrics},
        frames={stream: facts_of_frame(run.frame(stream, joined=False)) for stream in STREAMS},
        joined={stream: facts_of_frame(run.frame(stream, joined=True)) for stream in STREAMS},
        events=[[event["event"], event["step"], event.get("command"), event.get("status")] for event in run.events()],
        checkpoints=run.info.get("checkpoints", [])))


# Making them

def make(name: str):
    """Makes one run, in a process of its own."""
    torch.set_num_threads(1)
    socket.gethostname = lambda: "another-machine"  # so that no process of any machine is ever taken for the one that was killed
    kept = KEPT[name]
    more = dict(resume=find(RUNS, kept.parent)) if kept.parent else {}
    run = kept.training(Acts(kept.acts | kept.steers)).train(name=name, dir=RUNS, **kept.watching, **more)
    assert run.status == kept.status, run


def make_in_child(name: str):
    import trainbook
    root = Path(trainbook.__file__).parents[1]  # there, so that the commit is noted
    done = subprocess.run([sys.executable, __file__, name], cwd=root, capture_output=True, text=True)
    wanted = dict(lost=[-signal.SIGKILL], failed=[1]).get(KEPT[name].status, [0])
    if done.returncode not in wanted: raise RuntimeError(f"{name}: {done.stderr}")
    (find(RUNS, name) / "inbox").rmdir()  # git keeps no empty folders


def points(name: str) -> list[str | None]:
    """Where a run can be gone on from: by itself, and by each of its checkpoints."""
    return [None, *(entry["name"] for entry in json.loads((find(RUNS, name) / "run.json").read_text(encoding="utf-8"))["checkpoints"])]


def go_on(name: str, path: Path, point: str | None, dir: Path, at: Callable = nothing):
    """The training of a run in a folder, which goes on to its end, and its new run."""
    training = KEPT[name].training(at)
    return training, training.train(name="goes on", dir=dir, resume=path / "checkpoints" / point if point else path, **KEPT[name].watching)


def is_bare(name: str) -> bool:
    """Whether the same is computed without trainbook."""
    return KEPT[name].training is not Learning and not KEPT[name].steers


def uninterrupted(name: str, dir: Path) -> dict:
    """What the training of a run gives that nobody interrupts."""
    kept = KEPT[name]
    training = kept.training(Acts(kept.steers))
    training.train(name=name, dir=dir, **kept.watching)
    if is_bare(name): assert kept.training().bare().losses == training.losses, f"trainbook changed what {name} computes"
    assert [step for step, _ in training.losses] == list(range(1, training.total + 1))
    return dict(losses=[loss for _, loss in training.losses], weights=training.weights())


def astray(uninterrupted: dict, dir: Path) -> dict:
    """What a run goes on to where that is not what it would have been uninterrupted.

    A learning rate that ReduceLROnPlateau asks for at the end of an epoch is in force from the next step edge on, and 255a79a saved a checkpoint
    of this epoch before it: neither the factor nor the patience that was over is in it.
    """
    found = {}
    for name, then in uninterrupted.items():
        for point in points(name):
            training, _ = go_on(name, find(RUNS, name), point, dir)
            own = [loss for _, loss in training.losses]
            if own == then["losses"][-len(own):] and training.weights() == then["weights"]: continue
            found[f"{name} {point}"] = dict(losses=own, weights=training.weights())
    return found


def in_lines(parts: dict) -> str:
    """JSON with a line for each run."""
    def lines(of): return ",\n".join(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}" for name, value in of.items())
    return "{\n" + ",\n".join(f"{json.dumps(part)}: {{\n{lines(of)}\n}}" for part, of in parts.items()) + "\n}\n"


def main():
    import trainbook
    root = Path(trainbook.__file__).parents[1]
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True).stdout.strip()
    if not commit.startswith(COMMIT): raise SystemExit(f"{root} has commit {commit[:7]}; these runs are of {COMMIT}, see the beginning of this file")
    shutil.rmtree(RUNS, ignore_errors=True)
    RUNS.mkdir(parents=True)
    torch.set_num_threads(1)
    for name in KEPT: make_in_child(name)
    from trainbook.widget.picture import picture
    picture(open_run(find(RUNS, "finished")))
    (find(RUNS, "finished") / "picture.png").unlink()  # one picture will do
    made_by = dict(commit=commit, torch=torch.__version__, numpy=np.__version__, python=sys.version.split()[0])
    with tempfile.TemporaryDirectory() as scratch:
        whole = {name: uninterrupted(name, Path(scratch)) for name, kept in KEPT.items() if kept.resumes}
        parts = dict(made_by=made_by, uninterrupted=whole, astray=astray(whole, Path(scratch)), read={name: facts(find(RUNS, name)) for name in KEPT})
    (RUNS / "reference.json").write_text(in_lines(parts), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) == 2: make(sys.argv[1])
    else: main()
