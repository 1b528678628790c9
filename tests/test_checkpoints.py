"""A checkpoint is there whole or not at all, runs no code, and everything goes back to it, or nothing."""
import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn, optim
from torch.optim import lr_scheduler, swa_utils

from trainbook import open_run, watch
from trainbook.train import checkpoint_store as module
from trainbook.train.checkpoint import find, load, save

torch.set_num_threads(1)


def events(run, kind): return [event for event in run.events() if event["event"] == kind]


def outcome(run, id): return next((event for event in events(run, "command") if event["id"] == id and event["status"] != "requested"), None)


def copy_of(*parts): return pickle.loads(pickle.dumps([part.state_dict() for part in parts]))


def same(a, b):
    if isinstance(a, torch.Tensor): return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict): return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple): return len(a) == len(b) and all(map(same, a, b))
    return a == b


def small(kind=lambda parameters: optim.Adam(parameters, .05), scheduler=lambda o: lr_scheduler.StepLR(o, 3, .5), seed=0):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    optimizer = kind(model.parameters())
    return model, optimizer, scheduler(optimizer)


def advance(model, optimizer, scheduler=None):
    x = torch.randn(8, 3).to(next(model.parameters()).dtype)
    def closure():
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        return loss
    loss = optimizer.step(closure) if isinstance(optimizer, optim.LBFGS) else closure()
    if not isinstance(optimizer, optim.LBFGS): optimizer.step()
    if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau): scheduler.step(loss.item())
    elif scheduler is not None: scheduler.step()
    return loss.item()


def trained(folder, steps=6, saved=(), parts=None, each=lambda run: None, **more):
    """A run with checkpoints at some steps; gives what the training was like at each."""
    model, optimizer, scheduler = parts or small()
    was = {}
    run = watch(model, optimizer, scheduler=scheduler, dir=folder, view=None, **dict(checkpoint=None) | more)
    for _ in run.steps(steps):
        run.log(loss=advance(model, optimizer, scheduler))
        was[run.step] = copy_of(model, optimizer, *[scheduler] * (scheduler is not None))
        if run.step in saved: run.checkpoint()
        each(run)
    run.finish()
    return run, was


# Kill -9 in a write

SAVE = """
import sys, torch
from torch import nn
from trainbook import watch
torch.set_num_threads(1)
import safetensors.torch, os
for line in sys.stdin:
    child = os.fork()
    if not child:
        model = nn.Linear(1000, 1000)
        run = watch(model, dir=line.strip(), view=None, checkpoint=dict(minutes=0))
        for _ in run.steps(10**6):
            run.checkpointer.tick()
            run.checkpoints.wait()
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


def has_draft(folder) -> bool: return any(True for _ in folder.glob("*/checkpoints/.*"))


def test_kill_in_a_write_leaves_one_to_go_on_from(tmp_path):
    seed = random.randrange(10**6)
    print("seed", seed)
    draw, drafts = random.Random(seed), 0
    process = subprocess.Popen([sys.executable, "-c", SAVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for i in range(20):
        folder = tmp_path/str(i)
        folder.mkdir()
        print(folder, file=process.stdin, flush=True)
        child = int(process.stdout.readline())
        def listed():
            try: return find(next(folder.iterdir()))[1]
            except (StopIteration, FileNotFoundError): return None
        while not listed(): time.sleep(.001)
        until = time.perf_counter() + draw.uniform(0, .06)
        # every second one dies while a draft is there, however slowly the machine writes
        while time.perf_counter() < until or i % 2 and not has_draft(folder): assert listed(), "there was one, and there is none"
        os.kill(child, signal.SIGKILL)
        process.stdout.readline()
        run = open_run(next(folder.iterdir()))
        drafts += has_draft(folder)
        for entry in run.info["checkpoints"]: load(run.path/"checkpoints"/entry["name"])
        model = nn.Linear(1000, 1000)
        with watch(model, dir=folder, view=None, resume=run) as again: assert again.step == find(run)[1]["step"]
        assert same(dict(model.state_dict()), dict(load(run.path/"checkpoints"/find(run)[1]["name"]).weights))
        shutil.rmtree(folder)
    process.stdin.close()
    process.wait(20)
    print(drafts, "of 20 killed while a draft was there")
    assert drafts > 0


# Checkpoints from elsewhere

class Evil:
    def __init__(self, path): self.path = path

    def __reduce__(self): return os.mkdir, (str(self.path),)


def edit(run, **facts):
    file = run.path/"run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | facts))


@contextmanager
def unharmed(folder, *parts):
    """Nothing of a training is changed in the block, and no run is left behind."""
    before, runs = copy_of(*parts), sorted(path.name for path in Path(folder).iterdir())
    yield
    assert same(before, copy_of(*parts)), "half loaded"
    assert sorted(path.name for path in Path(folder).iterdir()) == runs, "a run is left behind"


def refused(folder, source, parts=None, error=ValueError, match=None, **more):
    model, optimizer, scheduler = parts or small(seed=5)
    with unharmed(folder, *filter(None, (model, optimizer, scheduler))):
        with pytest.raises(error, match=match): watch(model, optimizer, scheduler=scheduler, dir=folder, view=None, resume=source, **more)


@pytest.mark.parametrize("file", ["state.pt", "model.safetensors"])
def test_a_pickle_that_runs_code_is_refused(tmp_path, file):
    run, _ = trained(tmp_path, saved=[3])
    for how in (lambda path: path.write_bytes(pickle.dumps(Evil(tmp_path/"evil"))), lambda path: torch.save(dict(parts=Evil(tmp_path/"evil")), path)):
        how(run.path/"checkpoints/step-3"/file)
        refused(tmp_path, run, match="step-3")
    assert not (tmp_path/"evil").exists()


@pytest.mark.says("rollback is failed")
def test_rollback_to_a_pickle_that_runs_code_fails_and_changes_nothing(tmp_path):
    parts, ids, was = small(), [], {}
    def each(run):
        if run.step == 4:
            run.checkpoints.wait()
            torch.save(dict(parts=Evil(tmp_path/"evil")), run.path/"checkpoints/step-3/state.pt")
            ids.append(run.rollback("step 3"))
        if run.step == 4: was["before"] = copy_of(*parts)
    model, optimizer, scheduler = parts
    run = watch(model, optimizer, scheduler=scheduler, dir=tmp_path, view=None, checkpoint=None)
    for _ in run.steps(6):
        if run.step == 5: assert same(copy_of(*parts), was["before"])
        advance(*parts)
        if run.step == 3: run.checkpoint()
        each(run)
    run.finish()
    assert outcome(run, ids[0])["status"] == "failed" and "refused" in outcome(run, ids[0])["reason"]
    assert not (tmp_path/"evil").exists() and run.status == "finished"


def test_damaged_files_are_refused(tmp_path):
    run, _ = trained(tmp_path, saved=[3])
    folder = run.path/"checkpoints/step-3"
    for file in ("state.pt", "model.safetensors"):
        whole = (folder/file).read_bytes()
        for size in {0, 1, 7, 8, 20, 100, len(whole) // 2, len(whole) - 1}:
            (folder/file).write_bytes(whole[:size])
            refused(tmp_path, run, match="step-3")
        (folder/file).write_bytes(random.Random(0).randbytes(len(whole)))
        refused(tmp_path, run, match="step-3")
        (folder/file).unlink()
        refused(tmp_path, run, match="step-3")
        (folder/file).mkdir()
        refused(tmp_path, run, match="step-3")
        (folder/file).rmdir()
        (folder/file).write_bytes(whole)
    shutil.rmtree(folder)
    refused(tmp_path, run, match="step-3")
    refused(tmp_path, folder, match="step-3")
    refused(tmp_path, run.path/"checkpoints/step-4", error=FileNotFoundError, match="step-3")
    refused(tmp_path, tmp_path/"nothing", error=FileNotFoundError)


@pytest.mark.parametrize("state", [[], {}, 3, dict(parts=[]), "no place"], ids=str)
def test_a_state_of_another_form_is_refused(tmp_path, state):
    run, _ = trained(tmp_path, saved=[3])
    file = run.path/"checkpoints/step-3/state.pt"
    if state == "no place": state = {key: value for key, value in torch.load(file).items() if key != "place"}
    torch.save(state, file)
    refused(tmp_path, run)


def test_of_another_model(tmp_path):
    run, _ = trained(tmp_path, saved=[3])
    other = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Linear(5, 1))
    optimizer = optim.Adam(other.parameters())
    refused(tmp_path, run, (other, optimizer, lr_scheduler.StepLR(optimizer, 3)), match="another model")
    model, optimizer, _ = small(seed=5)
    refused(tmp_path, run, (model, optimizer, None), match="scheduler")


@pytest.mark.parametrize("kind", [
    lambda p: optim.SGD(p, .1), lambda p: optim.Adagrad(p, .1),
    lambda p: optim.Adam([dict(params=p[:2]), dict(params=p[2:])]), lambda p: optim.Adam(p[:2])], ids=["SGD", "Adagrad", "two groups", "fewer"])
def test_of_another_optimizer(tmp_path, kind):
    run, _ = trained(tmp_path, saved=[3])
    model, *_ = small(seed=5)
    optimizer = kind(list(model.parameters()))
    refused(tmp_path, run, (model, optimizer, lr_scheduler.StepLR(optimizer, 3)))


def test_of_another_grad_scaler(tmp_path):
    run, _ = trained(tmp_path, saved=[3], state=torch.amp.GradScaler("cpu", enabled=False))
    refused(tmp_path, run, state=torch.amp.GradScaler("cpu"))


def test_names_that_lead_out_of_the_folder_are_no_checkpoints(tmp_path):
    run, _ = trained(tmp_path/"runs", saved=[3])
    shutil.copytree(run.path/"checkpoints/step-3", tmp_path/"x")
    entry, = run.info["checkpoints"]
    for name in ("../../../x", str(tmp_path/"x"), "..", ".", ""):
        edit(run, checkpoints=[entry | dict(name=name)])
        refused(tmp_path/"runs", run.path, error=FileNotFoundError)


def test_a_best_that_leads_out_of_the_folder_harms_nothing(tmp_path):
    run, _ = trained(tmp_path/"runs", saved=[3])
    victim, _ = trained(tmp_path/"runs")
    entry, = run.info["checkpoints"]
    edit(run, checkpoints=[entry | dict(name=f"../../{victim.path.name}", roles=["best"], time=entry["time"] - 1), entry])
    parts = small(seed=5)
    try:
        with watch(*parts[:2], scheduler=parts[2], dir=tmp_path/"runs", view=None, resume=run.path): pass
    finally: assert (victim.path/"run.json").exists(), "a sibling is gone"


@pytest.mark.parametrize("checkpoints", [[dict(name=3)], ["x"], None, 3, [dict(name="step-3")]], ids=str)
def test_entries_of_another_form(tmp_path, checkpoints):
    run, _ = trained(tmp_path, saved=[3])
    edit(run, checkpoints=checkpoints)
    refused(tmp_path, run.path, error=(ValueError, FileNotFoundError))


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_checkpoint_on_another_disk(tmp_path, what):
    """Links to it are followed, and what is taken over from it is there whatever the link is relative to."""
    run, _ = trained(tmp_path/"runs", saved=[3])
    path = run.path/"checkpoints/step-3"
    if what == "file": path = path/"state.pt"
    path.rename(tmp_path/"x")
    path.symlink_to(os.path.relpath(tmp_path/"x", path.parent))
    parts = small(seed=5)
    with watch(*parts[:2], scheduler=parts[2], dir=tmp_path/"deeper/runs", view=None, resume=run.path) as again: assert again.step == 3
    assert same(dict(load(again.path/"checkpoints/step-3").weights), dict(load(run.path/"checkpoints/step-3").weights))


def test_a_missing_best_does_not_keep_from_going_on(tmp_path):
    parts = small()
    run = watch(*parts[:2], scheduler=parts[2], dir=tmp_path, view=None)
    for _ in run.steps(4):
        advance(*parts)
        run.log(val_loss=run.step)
    run.finish()
    best, last = run.info["checkpoints"]
    shutil.rmtree(run.path/"checkpoints"/best["name"])
    again = small(seed=5)
    with watch(*again[:2], scheduler=again[2], dir=tmp_path, view=None, resume=run.path) as resumed: assert resumed.step == 4


# What is kept

class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last, self.norm = nn.Linear(3, 3), nn.Linear(3, 3), nn.BatchNorm1d(3)
        self.last.weight = self.first.weight

    def forward(self, x): return self.last(self.norm(self.first(x)))


class Wrapper(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x): return self.module(x)


def compiled(model): return torch._dynamo.OptimizedModule(model, torch._dynamo.disable())


@pytest.mark.parametrize("wrap", [lambda m: m, Wrapper, compiled, lambda m: Wrapper(compiled(m)), nn.DataParallel],
                         ids=["bare", "wrapper", "compiled", "both", "DataParallel"])
@pytest.mark.parametrize("other", [lambda m: m, Wrapper, compiled], ids=["bare", "wrapper", "compiled"])
def test_tied_weights_and_wrappers(tmp_path, wrap, other):
    def parts(seed, wrap):
        torch.manual_seed(seed)
        model = Tied()
        return model, (wrapped := wrap(model)), optim.SGD(wrapped.parameters(), .1)
    model, wrapped, optimizer = parts(0, wrap)
    run, _ = trained(tmp_path, 3, [3], (wrapped, optimizer, None))
    fresh, wrapped, optimizer = parts(1, other)
    with watch(wrapped, optimizer, dir=tmp_path, view=None, resume=run.path/"checkpoints/step-3"): pass
    assert same(dict(model.state_dict()), dict(fresh.state_dict())) and fresh.last.weight is fresh.first.weight
    third, *_ = parts(2, other)
    safetensors.torch.load_model(third, run.path/"checkpoints/step-3/model.safetensors")
    assert same(dict(model.state_dict()), dict(third.state_dict())) and third.last.weight is third.first.weight


OPTIMIZERS = dict(
    SGD=lambda p: optim.SGD(p, .1, momentum=.9, nesterov=True), Adam=lambda p: optim.Adam(p, .05, amsgrad=True),
    AdamW=lambda p: optim.AdamW(p, .05, fused=True),
    Adagrad=lambda p: optim.Adagrad(p, .1), RMSprop=lambda p: optim.RMSprop(p, .01, centered=True), LBFGS=lambda p: optim.LBFGS(p, .1, max_iter=3),
    tensor=lambda p: optim.Adam(p, torch.tensor(.05), foreach=False), NAdam=lambda p: optim.NAdam(p), Adafactor=lambda p: optim.Adafactor(p))
SCHEDULERS = dict(
    LambdaLR=lambda o: lr_scheduler.LambdaLR(o, lambda n: .9 ** n), MultiplicativeLR=lambda o: lr_scheduler.MultiplicativeLR(o, lambda n: .9),
    StepLR=lambda o: lr_scheduler.StepLR(o, 3, .5), MultiStepLR=lambda o: lr_scheduler.MultiStepLR(o, [2, 5, 7], .3),
    ConstantLR=lambda o: lr_scheduler.ConstantLR(o, .25, 6), LinearLR=lambda o: lr_scheduler.LinearLR(o, .1, 1., 8),
    ExponentialLR=lambda o: lr_scheduler.ExponentialLR(o, .9), PolynomialLR=lambda o: lr_scheduler.PolynomialLR(o, 20, 2.),
    SequentialLR=lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(o, .1, 1., 5), lr_scheduler.CosineAnnealingLR(o, 9)], [5]),
    ChainedScheduler=lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.ConstantLR(o, .1, 6), lr_scheduler.ExponentialLR(o, .9)], optimizer=o),
    CosineAnnealingLR=lambda o: lr_scheduler.CosineAnnealingLR(o, 6, 1e-4),
    CosineAnnealingWarmRestarts=lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2),
    ReduceLROnPlateau=lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, factor=.5),
    CyclicLR=lambda o: lr_scheduler.CyclicLR(o, .01, .1, 4), OneCycleLR=lambda o: lr_scheduler.OneCycleLR(o, .1, total_steps=40),
    SWALR=lambda o: swa_utils.SWALR(o, .05, anneal_epochs=6))


def goes_on_alike(folder, make, **more):
    run, was = trained(folder, 9, [4], make(0), **more)
    return_of = make(5)
    torch.manual_seed(9)
    again, now = trained(folder, 9, (), return_of, resume=run.path/"checkpoints/step-4", **more)
    assert list(now) == [5, 6, 7, 8, 9]
    for step in now: assert same(was[step], now[step]), step
    assert run.history("loss") == again.history("loss")


def making(kind=OPTIMIZERS["SGD"], scheduler=lambda o: None, to=torch.float32):
    def make(seed):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(.3), nn.Linear(4, 1)).to(to)
        optimizer = kind(model.parameters())
        return model, optimizer, scheduler(optimizer)
    return make


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(tmp_path, name): goes_on_alike(tmp_path, making(OPTIMIZERS[name]))


@pytest.mark.parametrize("name", SCHEDULERS)
def test_every_scheduler(tmp_path, name):
    make = making(scheduler=SCHEDULERS[name])
    if any(map(callable, make(0)[2].state_dict().values())): pytest.skip("this torch keeps a function in its state")  # 2.6 in SWALR's
    goes_on_alike(tmp_path, make)


def test_bfloat16(tmp_path):
    goes_on_alike(tmp_path, making(OPTIMIZERS["Adam"], to=torch.bfloat16))


def test_two_optimizers_of_which_one_sums_gradients(tmp_path):
    def training(resume=None):
        torch.manual_seed(0)
        a, b = nn.Linear(2, 1), nn.Linear(2, 1)
        optimizers = dict(a=optim.SGD(a.parameters(), .1), b=optim.SGD(b.parameters(), .1))
        seen = []
        run = watch(dict(a=a, b=b), optimizers, dir=tmp_path, view=None, checkpoint=None, resume=resume)
        for _ in run.steps(8):
            loss = (a(torch.randn(4, 2)) + b(torch.randn(4, 2))).square().mean()
            loss.backward()
            seen.append(loss.item())
            optimizers["a"].step()
            optimizers["a"].zero_grad()
            if run.step % 4 == 0:
                optimizers["b"].step()
                optimizers["b"].zero_grad()
            if run.step == 3: run.checkpoint()
        run.finish()
        return run, seen
    run, full = training()
    assert training(run.path/"checkpoints/step-3")[1] == full[3:]


def test_state_of_more(tmp_path):
    def training(resume=None):
        model, optimizer, scheduler = small(seed=0 if resume is None else 5)
        average, scaler = swa_utils.AveragedModel(model), torch.amp.GradScaler("cpu", growth_interval=2)
        run = watch(model, optimizer, scheduler=scheduler, state=dict(average=average, scaler=scaler), dir=tmp_path, view=None, checkpoint=None, resume=resume)
        for _ in run.steps(7):
            optimizer.zero_grad()
            scaler.scale(model(torch.randn(8, 3)).square().mean()).backward()
            scaler.step(optimizer)
            scaler.update()
            average.update_parameters(model)
            if run.step == 3: run.checkpoint()
        run.finish()
        return run, copy_of(model, optimizer, average, scaler)
    run, full = training()
    assert same(full, training(run.path/"checkpoints/step-3")[1])


class Odd:
    """Has a state that only pickle could keep."""
    def state_dict(self): return dict(function=len, array=object())
    def load_state_dict(self, state): raise NotImplementedError


def test_a_state_that_only_pickle_could_keep(tmp_path):
    _, plain = trained(tmp_path, 6, ())
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run, was = trained(tmp_path, 6, [2, 3, 4], state=Odd(), checkpoint="best")
    said = [str(warning.message) for warning in said if "saving checkpoints" in str(warning.message)]
    assert len(said) == 1 and "state" in said[0] and same(plain, was)
    assert run.info["checkpoints"] == [] and run.status == "finished"
    assert [event["status"] for event in events(run, "command") if event["status"] != "requested"] == ["failed"] * 3
    with pytest.raises(TypeError, match="state_dict"): watch(nn.Linear(1, 1), state=3, dir=tmp_path, view=None)


# How many, and a disk that takes none

def test_as_many_are_kept_as_wished(tmp_path):
    parts = small()
    run = watch(*parts[:2], scheduler=parts[2], dir=tmp_path, view=None, checkpoint=dict(best=2, last=2, tagged=2, minutes=0))
    run.checkpointer.share = 1e9  # else the best of so short steps would not be saved in each of them
    for i, _ in enumerate(run.steps(16)):
        advance(*parts)
        run.checkpoints.wait()
        run.log(val_loss=[9, 8, 10, 7, 11, 6, 12, 12][i % 8] - i // 8)
        run.checkpointer.tick()
        if i % 3 == 0: run.checkpoint(f"tag {i % 2}")
    run.finish()
    entries = run.info["checkpoints"]
    assert [sum(role in entry["roles"] for entry in entries) for role in ("best", "last")] == [2, 2]
    assert [entry["value"] for entry in entries if "best" in entry["roles"]] == [6, 5]
    assert [entry["tag"] for entry in entries if entry["tag"]] == ["tag 0", "tag 1"]
    assert {path.name for path in (run.path/"checkpoints").iterdir()} == {entry["name"] for entry in entries}
    assert all(load(run.path/"checkpoints"/entry["name"]) for entry in entries)


@pytest.fixture
def tiny(tmp_path):
    """A disk of 400 kB."""
    folder = tmp_path/"tiny"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(folder)], capture_output=True).returncode: pytest.skip("can't mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def full_disk(folder, checkpoint="best", **more):
    torch.manual_seed(0)
    model = nn.Linear(200, 200)
    losses, optimizer = [], optim.Adam(model.parameters(), .01)
    run = watch(model, optimizer, dir=folder, view=None, checkpoint=checkpoint, **more)
    for _ in run.epochs(4):
        for _ in run.batches(range(3)):
            loss = model(torch.randn(4, 200)).square().mean() + nn.functional.dropout(torch.ones(9)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        run.log(val_loss=len(losses) if more else -len(losses))
    run.finish()
    return run, losses


def test_a_full_disk_is_said_once_and_the_training_goes_on(tmp_path, tiny):
    _, losses = full_disk(tmp_path, None)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run, these = full_disk(tiny)
    assert losses == these and run.status == "finished" and run.info["checkpoints"] == []
    assert len([warning for warning in said if "can't be written" in str(warning.message)]) == 1
    assert {event["status"] for event in events(run, "checkpoint")} == {"failed"} and list((run.path/"checkpoints").iterdir()) == []


def test_a_write_that_fails_leaves_the_one_before(tmp_path, monkeypatch):
    def fails(folder, snapshot, **shared):
        save(folder, snapshot, **shared)
        if snapshot.state["epoch"] and not folder.name.endswith("3"): raise OSError(30, "Read-only file system")
    monkeypatch.setattr(module, "save", fails)
    with pytest.warns(RuntimeWarning, match="can't be written.* could not be saved"): run, _ = full_disk(tmp_path)
    assert [entry["step"] for entry in run.info["checkpoints"]] == [3]


# Back in a running loop

def going_back(folder, do, steps=8, saved=(3,), parts=None, **more):
    """Does something at each step, and notes how everything is before the next."""
    parts = parts or small()
    model, optimizer, scheduler = parts
    was, began, ids = {}, {}, {}
    run = watch(model, optimizer, scheduler=scheduler, dir=folder, view=None, **dict(checkpoint=None) | more)
    for _ in run.steps(steps):
        began[run.step] = copy_of(*parts), torch.get_rng_state()
        advance(*parts)
        if run.step in saved: run.checkpoint()
        was[run.step] = copy_of(*parts), torch.get_rng_state()
        if (id := do(run)): ids[run.step] = id
    run.finish()
    return run, was, began, ids


@pytest.mark.says("undo is refused: there is nothing to undo")
def test_back_and_back_again(tmp_path):
    def do(run):
        if run.step == 5: return run.rollback("step 3")
        if run.step == 6: return run.undo()
        if run.step == 7: return run.undo()
    run, was, began, ids = going_back(tmp_path, do)
    assert same(began[6][0], was[3][0]) and torch.equal(began[6][1], was[5][1])
    assert same(began[7][0], was[5][0]) and torch.equal(began[7][1], was[6][1])
    assert same(began[8][0], was[7][0])
    assert [outcome(run, id)["status"] for id in ids.values()] == ["applied", "applied", "refused"]
    back, undone = events(run, "rollback")
    assert (back["to"], back["to_step"], back["step"], undone["to"], undone["step"]) == ("step 3", 3, 5, "undo", 6)
    assert run.step == 8 and run.status == "finished"


@pytest.mark.says("rollback is refused: there is no checkpoint")
def test_back_to_best_last_and_unknown(tmp_path):
    values = {2: 5., 3: 4., 4: 6.}
    def do(run):
        if run.step in values: run.log(val_loss=values[run.step])
        if run.step == 4: run.checkpointer.tick()
        return {5: lambda: run.rollback(), 6: lambda: run.rollback("last"), 7: lambda: run.rollback("nobody")}.get(run.step, lambda: None)()
    run, was, began, ids = going_back(tmp_path, do, saved=(), checkpoint=dict(minutes=0))
    assert same(began[6][0], was[3][0])
    last = outcome(run, ids[7])
    assert last["status"] == "refused" and "best" in last["reason"] and "nobody" in last["reason"]
    run, _, _, ids = going_back(tmp_path, lambda run: run.rollback() if run.step == 2 else None, saved=())
    assert outcome(run, ids[2])["status"] == "refused" and "none yet" in outcome(run, ids[2])["reason"]
    assert events(run, "rollback") == []


@pytest.mark.says("rollback is refused", "checkpoint is refused: there is no model to save")
def test_back_without_a_model(tmp_path):
    run = watch(dir=tmp_path, view=None)
    for _ in run.steps(3):
        if run.step == 1: ids = run.rollback(), run.checkpoint()
    run.finish()
    assert [outcome(run, id)["status"] for id in ids] == ["refused", "refused"]


def test_back_while_it_is_paused_from_another_process(tmp_path):
    parts = small()
    run = watch(*parts[:2], scheduler=parts[2], dir=tmp_path, view=None, checkpoint=None)
    ask = f"from trainbook import open_run; run = open_run({str(run.path)!r}); run.rollback('step 3'); run.resume()"
    processes, was = [], None
    for _ in run.steps(6):
        if run.step == 6: assert same(copy_of(*parts), was)
        advance(*parts)
        if run.step == 3:
            run.checkpoint()
            was = copy_of(*parts)
        if run.step == 5:
            run.pause()
            processes.append(subprocess.Popen([sys.executable, "-c", ask]))
    run.finish()
    processes[0].wait(20)
    assert len(events(run, "rollback")) == 1 and run.status == "finished"


def test_back_waits_for_the_end_of_a_validation(tmp_path):
    parts = small()
    run = watch(*parts[:2], scheduler=parts[2], dir=tmp_path, view=None, checkpoint=None)
    was = id = None
    for epoch in run.epochs(3):
        if epoch == 2: assert same(copy_of(*parts), was)
        for _ in run.batches(range(3)): advance(*parts)
        if epoch == 0:
            run.checkpoint()
            was = copy_of(*parts)
        if epoch == 1:
            now = copy_of(*parts)
            for _ in run.batches(range(4), valid=True):
                id = run.rollback("step 3") if _ == 1 else id if _ else None
                assert same(copy_of(*parts), now)
            assert outcome(run, id) is None
    run.finish()
    assert outcome(run, id)["status"] == "applied"


@pytest.mark.says("checkpoint is refused: the validation it waited for was broken off")
def test_what_waits_for_a_validation_that_is_left_is_settled(tmp_path):
    parts = small()
    with pytest.raises(KeyError), watch(*parts[:2], dir=tmp_path, view=None) as run:
        for _ in run.epochs(2):
            for i in run.batches(range(4), valid=True):
                if i == 1: id = run.checkpoint()
                if i == 3: raise KeyError
    assert outcome(run, id) and outcome(run, id)["status"] == "refused"


def test_what_waits_for_a_validation_by_itself_is_settled(tmp_path):
    parts = small()
    with watch(*parts[:2], dir=tmp_path, view=None) as run:
        for i in run.batches(range(4), valid=True):
            if i == 1: id = run.checkpoint("now")
    assert outcome(run, id) and outcome(run, id)["status"] == "applied"


@pytest.mark.says("rollback is failed", "undo is refused")
def test_an_undo_whose_state_could_not_be_saved_changes_nothing(tmp_path):
    class Turns(Odd):
        is_odd = False
        def state_dict(self): return super().state_dict() if self.is_odd else {}
        def load_state_dict(self, state): pass
    turns, parts = Turns(), small()
    run, ids, now = watch(*parts[:2], scheduler=parts[2], dir=tmp_path, view=None, state=turns, checkpoint=dict(minutes=0)), [], None
    with pytest.warns(RuntimeWarning, match="saving checkpoints"):
        for _ in run.steps(8):
            if run.step == 8: assert same(copy_of(*parts), now)
            advance(*parts)
            if run.step == 2: run.checkpointer.tick()
            if run.step == 4: turns.is_odd = True
            if run.step == 5: ids.append(run.rollback("last"))
            if run.step == 7: ids.append(run.undo())
            now = copy_of(*parts)
    run.finish()


def test_two_roll_backs_are_undone_one_after_the_other(tmp_path):
    do = {5: lambda run: run.rollback("step 3"), 6: lambda run: run.rollback("step 3"), 7: lambda run: run.undo(), 8: lambda run: run.undo()}
    run, was, began, ids = going_back(tmp_path, lambda run: do.get(run.step, lambda run: None)(run), steps=9)
    assert [outcome(run, id)["status"] for id in ids.values()] == ["applied"] * 4
    assert same(began[9][0], was[5][0])


@pytest.mark.parametrize("what", ["rollback", "scale_lr"])
def test_what_is_done_after_the_last_save_of_a_step_is_kept(tmp_path, what):
    parts = small()
    run = watch(*parts[:2], scheduler=parts[2], dir=tmp_path, view=None, checkpoint="last")
    run.checkpointer.share = 1e9
    for epoch in run.epochs(5):
        for _ in run.batches(range(3)):
            advance(*parts)
            if run.step == 2: run.checkpoint("early")
        if epoch == 2:
            run.rollback("early") if what == "rollback" else run.scale_lr(.5)
            run.stop()
    run.finish()
    again = small(seed=5)
    with watch(*again[:2], scheduler=again[2], dir=tmp_path, view=None, resume=run.path) as resumed:
        assert resumed.step == run.step
        if what == "rollback": assert same(copy_of(*parts), copy_of(*again))
        else: assert resumed.learning_rate.factor == .5


@pytest.mark.says("undo is refused")
def test_the_last_state_is_saved_once(tmp_path):
    parts = small()
    run = watch(*parts[:2], scheduler=parts[2], dir=tmp_path, view=None, checkpoint="last")
    run.checkpointer.share = 1e9
    for _ in run.epochs(3):
        for _ in run.batches(range(3)): advance(*parts)
        run.undo()  # which is refused, and run.json written
        run.checkpoints.wait()  # on a slow disk the next one would take its place
    run.finish()
    assert [event["step"] for event in events(run, "checkpoint")] == [3, 6, 9]


def test_the_last_one_has_the_weights_of_its_step_on_a_slow_disk(tmp_path, monkeypatch):
    """A best one may be taken within a step, before the weights move. It does not take the place of a last one that waits to be written."""
    weights, written = {}, {}

    def save_slowly(folder, snapshot, **more):
        time.sleep(.03)
        written[folder.name] = next(iter(snapshot.weights.values())).clone()
        save(folder, snapshot, **more)

    monkeypatch.setattr(module, "save", save_slowly)
    parts = small()
    with watch(*parts[:2], scheduler=parts[2], dir=tmp_path, view=None) as run:
        run.checkpointer.share = 1e9  # the last one is due behind each loop
        for loop in range(12):
            for _ in run.batches(range(2)):
                run.log(val_loss=1 / (1 + run.step))
                advance(*parts)
                weights[run.step] = next(iter(parts[0].state_dict().values())).clone()
    last = [event for event in events(run, "checkpoint") if "last" in event["roles"]]
    assert len(last) > 3 and [event["name"] for event in last if not torch.equal(written[event["name"]], weights[event["step"]])] == []


@pytest.mark.says("checkpoint is refused")
def test_a_tag_does_not_pass_for_the_best(tmp_path):
    parts = small()
    def do(run):
        if run.step == 2: run.log(val_loss=1.)
        if run.step == 4: run.checkpoint("best")
        if run.step == 6: run.rollback("best")
    run, was, began, ids = going_back(tmp_path, do, saved=(), parts=parts, checkpoint="best")
    assert same(began[7][0], was[2][0])


# Early stopping

@pytest.mark.parametrize("by", ["watch", "toggle"])
def test_early_stopping_restores_the_best(tmp_path, by):
    parts, was = small(), {}
    settings = dict(patience=2, restore_best=True)
    run = watch(*parts[:2], scheduler=parts[2], dir=tmp_path, view=None, early_stop=settings if by == "watch" else None)
    for epoch in run.epochs(9):
        for _ in run.batches(range(3)): advance(*parts)
        run.log(val_loss=[5., 3., 4., 3.5][epoch])
        was[epoch] = copy_of(*parts)
        if epoch == 1 and by == "toggle": run.early_stop(True, **settings)
    assert epoch == 3 and same(copy_of(*parts), was[1])
    run.finish()
    assert same(copy_of(*parts), was[1]) and run.status == "stopped" and "early stopping: val_loss no better than 3 (step 6)" in run.info["reason"]


CANT_GO_BACK = pytest.mark.says("can't go back to its best")


@pytest.mark.parametrize("more", [pytest.param(dict(checkpoint="last"), marks=CANT_GO_BACK), pytest.param(dict(checkpoint=None), marks=CANT_GO_BACK),
                                  dict(monitor="other")], ids=str)
def test_early_stopping_without_a_best_goes_on_with_what_there_is(tmp_path, more):
    parts = small()
    run = watch(*parts[:2], dir=tmp_path, view=None, early_stop=dict(monitor="val_loss", patience=2, restore_best=True), **more)
    for epoch in run.epochs(9):
        for _ in run.batches(range(3)): advance(*parts)
        run.log(val_loss=[5., 3., 4., 3.5][epoch])
    run.finish()
    assert run.status == "stopped"
