"""The facts of a training: what is written, what is read back, and that the training is the same with and without."""
import copy
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import open_run, watch
from trainbook.run.training_facts import FactFile, facts_of

RUNS = Path(__file__).parent / "corpus/runs"


def data(n=96):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(n, 6, generator=generator)
    return TensorDataset(x, x[:, :3].argmax(1))


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(.2), nn.Linear(16, 3))


def train(dir, epochs=2, validate="valid", **options):
    """A small training; gives its run, its losses, its model and the state of the generator of random numbers."""
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    loader, valid, losses = DataLoader(data(), 16, shuffle=True), DataLoader(data(40), 20), []
    with watch(model, optimizer, dir=dir, view=None, **options) as run:
        for _ in run.epochs(epochs):
            for x, y in run.batches(loader):
                loss = F.cross_entropy(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
                losses.append(loss.item())
            model.eval()
            with torch.no_grad():
                batches = run.batches(valid, valid=True) if validate == "valid" else valid
                run.log(val_loss=sum(F.cross_entropy(model(x), y).item() for x, y in batches) / 2)
            model.train()
    return run, losses, model, torch.get_rng_state()


@pytest.fixture(scope="module")
def trained(tmp_path_factory): return train(tmp_path_factory.mktemp("trained"))[0]


# What is written

def test_what_is_recorded(trained):
    facts = facts_of(open_run(trained.path))
    assert facts.lacking == [] and (facts.step, facts.steps) == (12, 12)
    assert [loss["step"] for loss in facts.losses] == [*range(1, 13)] and {loss["number"] for loss in facts.losses} == {0}
    assert facts.losses[-1]["graph"] == facts.losses[0]["graph"] and sum(facts.losses[0]["target"]["classes"].values()) == 16
    assert facts.setup["optimizers"][""]["owns"] == ["0.weight", "0.bias", "3.weight", "3.bias"] and facts.setup["dropout"] == pytest.approx(.2)
    assert [(one["is_valid"], one["samples"], one["is_shuffled"]) for one in facts.loaders] == [(False, 96, True), (True, 40, False)]
    validations = [(one["step"], one["training"], one["wants_gradients"], one["target"]["shape"]) for one in facts.validations]
    assert validations == [(6, [], False, [20]), (12, [], False, [20])]


def test_the_graph_is_written_once(trained):
    lines = [json.loads(line) for line in (trained.path / "facts.jsonl").read_text().splitlines()]
    assert ["graph" in line for line in lines if line["fact"] == "loss"] == [True] + [False] * 11


def test_activations(trained):
    frame = open_run(trained.path).frame("activations")
    assert trained.info["activations"] == ["0"] and frame.index.tolist() == [*range(1, 13)]
    assert frame["dead"]["0"].between(0, 1).all() and frame["saturated"]["0"].isna().all()


def test_as_it_stood_at_a_step(trained):
    facts = facts_of(trained, until=7)
    assert (facts.step, len(facts.losses), len(facts.validations), facts.training["loss"].steps[-1], facts.gradients.steps[-1]) == (7, 7, 1, 7, 7)


def test_validations_by_hand(tmp_path):
    facts = facts_of(train(tmp_path, validate="by hand")[0])
    assert [(one["step"], one["training"], one["wants_gradients"], one["target"]) for one in facts.validations] == [(6, [], False, None), (12, [], False, None)]


def test_nothing_is_recorded_if_it_is_not_wanted(tmp_path):
    run = train(tmp_path, diagnose=False)[0]
    assert not (run.path / "facts.jsonl").exists() and not (run.path / "activations.npy").exists() and len(facts_of(run).lacking) == 4


# The training

def test_the_training_is_the_same(tmp_path):
    _, losses, model, state = train(tmp_path / "with")
    _, same_losses, same_model, same_state = train(tmp_path / "without", diagnose=False)
    assert losses == same_losses and torch.equal(state, same_state)
    assert all(map(torch.equal, model.state_dict().values(), same_model.state_dict().values()))
    assert not any(module._forward_hooks for module in model.modules())


def test_a_model_is_copied_between_two_epochs(tmp_path):
    """A copy of the model has a copy of its hooks, too."""
    model, copies = net(), []
    optimizer = torch.optim.SGD(model.parameters(), .1)
    with watch(model, optimizer, dir=tmp_path, view=None) as run:
        for _ in run.epochs(3):
            for x, y in run.batches(DataLoader(data(), 48)):
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            copies.append(copy.deepcopy(model))
            torch.save(model, tmp_path / "model.pt")
    for one in [*copies, torch.load(tmp_path / "model.pt", weights_only=False)]: one.eval()(data().tensors[0])
    assert facts_of(run).validations == []


# Old runs, runs of others

@pytest.mark.parametrize("name", ["finished", "resumed", "lost", "names", "not-finite"])
def test_old_runs(name):
    facts = facts_of(open_run(next(RUNS.glob(f"*_{name}_*"))))
    assert len(facts.lacking) >= 4 and facts.losses == [] and facts.training


def test_lines_of_all_kinds(trained):
    lines = (trained.path / "facts.jsonl").read_bytes().splitlines()
    hostile = [b"", b"{", b"[]", b"null", b'{"fact": 1}', b'{"fact": "loss"}', b'{"fact": "loss", "number": {}, "graph": []}',
               b'{"fact": "setup", "modules": 1}',
               b"\xff\xfe", b"[" * 5000, b'{"fact": "eclipse", "step": 1}', b'{"fact": "loader", "step": 1e999}', lines[1][:-20]]
    mixed = [line for pair in zip(lines, hostile * 9) for line in pair]
    assert len(mixed) == 2 * len(lines)
    whole, taken = FactFile(trained.path / "facts.jsonl").read(), FactFile(trained.path / "none.jsonl")
    for line in mixed: taken.take(line)
    assert taken.found == whole


# Going on

def test_facts_of_the_run_it_goes_on_from(tmp_path):
    first = train(tmp_path, epochs=1)[0]
    second = train(tmp_path, epochs=2, resume=first.path)[0]
    facts = facts_of(open_run(second.path))
    assert [loss["step"] for loss in facts.losses] == [*range(1, 13)] and [one["step"] for one in facts.validations] == [6, 12]
    assert second.frame("activations").index.tolist() == [*range(1, 13)]


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from test_facts import train
import trainbook.run.recorder as recorder
count, fact = 0, recorder.Recorder.fact
def killed(self, *given):
    global count
    fact(self, *given)
    count += given[0] == "loss"
    if count == 8: os.kill(os.getpid(), signal.SIGKILL)
recorder.Recorder.fact = killed
train(sys.argv[2])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed(tmp_path):
    ended = subprocess.run([sys.executable, "-c", KILLED, Path(__file__).parent, tmp_path], check=False)
    assert ended.returncode == -signal.SIGKILL
    facts = facts_of(open_run(next(tmp_path.iterdir())))
    assert [loss["step"] for loss in facts.losses] == [*range(1, 9)] and facts.setup
