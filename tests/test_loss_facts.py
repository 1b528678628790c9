"""What is measured of the losses of a training: that it is right, that it changes nothing, that it waits for nothing."""
import sys
import warnings
from contextlib import contextmanager
from functools import partial
from threading import Thread

import pytest
import torch
import torch.nn.functional as F
from calls import calls
from torch import nn
from torch.optim import LBFGS, SGD, Adam
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

from trainbook import watch
from trainbook.measure.loss_facts import LossMeasurement
from trainbook.measure.loss_watch import LossWatch
from trainbook.measure.parameters import Watched
from trainbook.measure.ring import Ring
from trainbook.measure.sampling import next_sample

X = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


def net(*ends):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(.2), nn.Linear(16, 2), *ends)


@contextmanager
def looked_at(model, optimizer, folder, is_on=True):
    """A run, and the facts of its losses, which are complete when it is over."""
    facts = []
    with watch(model, optimizer, dir=folder, view=None, diagnose=False) as run:
        models = model if isinstance(model, dict) else {"": model}
        if is_on: run.loop.attach(LossWatch(run.observer, models, run.hooks, facts.append))
        yield run, facts
    assert not run.faults.parts
    assert torch.autograd.backward.__module__ == "torch.autograd"


def batches(n): return [(X[i * 8 % 64:][:8], Y[i * 8 % 64:][:8]) for i in range(n)]


def train(model, optimizer, folder, steps=20, is_on=True, step=None):
    """A loop over batches; gives the losses and the facts."""
    losses = []
    def usual(xb, yb):
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss
    with looked_at(model, optimizer, folder, is_on) as (run, facts):
        for xb, yb in run.batches(batches(steps)): losses.append((step or usual)(xb, yb).item())
    return losses, facts


# It changes nothing

def test_a_training_is_bit_for_bit_the_same(tmp_path):
    found = []
    for is_on in (False, True):
        model = net()
        optimizer = Adam(model.parameters(), 1e-2)
        losses, facts = train(model, optimizer, tmp_path, 40, is_on)
        found.append((losses, [p.tolist() for p in model.parameters()], torch.get_rng_state().tolist()))
    assert found[0] == found[1]
    assert [one["step"] for one in facts] == [*range(1, 16), 19, 23, 27, 31, 35, 39]
    assert [one["loss"] for one in facts] == pytest.approx([losses[one["step"] - 1] for one in facts])


def test_no_call_in_the_steps_that_are_not_looked_at(tmp_path):
    """Counted between two steps that are, in a loop over batches, and in one in which the optimizer counts the steps."""
    first = next_sample(160)
    begins, ends = first + 2, next_sample(first) - 2

    def training(is_on, has_batches):
        def go(begin, end):
            model = net()
            optimizer = SGD(model.parameters(), .01)
            def step(run, number):
                if number == begins:
                    run.observer.drain()  # what was measured before comes home at a time of its own
                    begin()
                F.cross_entropy(model(X), Y).backward()
                optimizer.step()
                optimizer.zero_grad()
                if number == ends: end()
            with looked_at(model, optimizer, tmp_path / f"{is_on}{has_batches}", is_on) as (run, _):
                run.observer.budget.window = float("inf")
                for number in run.batches(range(1, ends + 1)) if has_batches else range(1, ends + 1): step(run, number)
        return go

    for has_batches in (True, False):
        without, with_it = calls(training(False, has_batches)), calls(training(True, has_batches))
        assert with_it == without, has_batches


def test_one_copy_for_each_pass(tmp_path, monkeypatch):
    model = net()
    optimizer = SGD(model.parameters(), .1)
    with looked_at(model, optimizer, tmp_path) as (run, facts):
        copies = []
        bring = run.observer.bring
        monkeypatch.setattr(run.observer, "bring", lambda values, deliver, *rest: (copies.append(deliver.__qualname__), bring(values, deliver, *rest)))
        for xb, yb in run.batches(batches(3)):
            (F.cross_entropy(model(xb), yb) / 2).backward()
            (F.cross_entropy(model(xb), yb) / 2).backward()
            optimizer.step()
    assert copies.count("LossWatch._deliver") == len(facts) == 6


class Waits(TorchDispatchMode):
    """Notes the operations that would wait for a device."""
    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = str(function)
        if name.startswith(("aten._local_scalar_dense", "aten.nonzero", "aten.is_nonzero", "aten.equal", "aten.masked_select", "aten._unique",
                            "aten.bincount", "aten.item")): self.found.append(name)
        return function(*args, **kwargs or {})


MODELS = {
    "table": lambda: (net(), lambda model: F.cross_entropy(model(X), Y)),
    "pictures": lambda: (nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.GELU(), nn.Flatten(), nn.Linear(144, 1)),
                         lambda model: F.binary_cross_entropy_with_logits(model(X.reshape(8, 1, 8, 8))[:, 0], Y[:8].float())),
    "sequence": lambda: (nn.GRU(8, 4), lambda model: (model(X.reshape(8, 8, 8))[0][-1] - 1).square().mean()),
    "tokens": lambda: (nn.Sequential(nn.Embedding(9, 8), nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Linear(8, 9)),
                       lambda model: F.cross_entropy(model(torch.arange(40).reshape(4, 10) % 9).flatten(0, 1), torch.arange(40) % 9, label_smoothing=.1)),
}


@pytest.mark.parametrize("name", MODELS)
def test_nothing_waits_for_a_device(name, monkeypatch):
    """Tensors here say that they are on a device; the operations that would read one of them are noted."""
    model, loss_of = MODELS[name]()
    watched = Watched({"": model}, {"": SGD(model.parameters(), .1)})
    loss = loss_of(model)
    with monkeypatch.context() as patch, Waits() as waits:
        patch.setattr(torch.Tensor, "is_cpu", property(lambda self: False))
        measurement = LossMeasurement(loss, watched, [X, Y])
        loss.backward()
        measurement.end()
    assert not waits.found
    measurement.numbers.fetch()
    facts = measurement.tell()
    assert facts["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert facts["graph"] and facts["graph"]["reached"] == [name for name, _ in model.named_parameters()]


# Other ways of going backwards

def test_passes_of_other_threads_and_other_models_are_none_of_ours(tmp_path):
    model, other = net(), nn.Linear(8, 1)
    optimizer = SGD(model.parameters(), .1)
    def step(xb, yb):
        if len(threads) == 2:
            beside = Thread(target=lambda: F.cross_entropy(model(xb), yb).backward())
            beside.start(), beside.join()
        threads.append(1)
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        other(xb).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss
    threads = []
    _, facts = train(model, optimizer, tmp_path, 5, step=step)
    assert [(one["step"], one["number"]) for one in facts] == [(step, 0) for step in range(1, 6)]


def test_a_loss_that_never_reaches_the_model_is_told(tmp_path):
    model, copied = net(), net()
    optimizer = SGD(model.parameters(), .1)
    def step(xb, yb):
        loss = F.cross_entropy(copied(xb), yb)
        loss.backward()
        optimizer.step()
        return loss
    _, facts = train(model, optimizer, tmp_path, 3, step=step)
    assert [one["graph"]["reached"] for one in facts] == [[], [], []] and len(facts[0]["graph"]["strangers"]) == 4


def test_closures_create_graph_and_several_roots(tmp_path):
    model = net()
    optimizer = LBFGS(model.parameters(), max_iter=3)
    def closure_step(xb, yb):
        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(xb), yb)
            loss.backward()
            return loss
        return optimizer.step(closure)
    _, facts = train(model, optimizer, tmp_path / "lbfgs", 3, step=closure_step)
    assert len(facts) >= 6 and not any(one.get("old_gradients") for one in facts) and facts[-1]["number"] >= 1

    model = net()
    optimizer = SGD(model.parameters(), .1)
    def odd_step(xb, yb):
        out = model(xb)
        torch.autograd.backward([F.cross_entropy(out, yb), out.square().mean()], retain_graph=True)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using backward\\(\\) with create_graph")
            F.cross_entropy(out, yb).backward(create_graph=True)
        out.backward(gradient=torch.ones_like(out))
        optimizer.step()
        for parameter in model.parameters(): parameter.grad = None
        return out.sum()
    _, facts = train(model, optimizer, tmp_path / "odd", 3, step=odd_step)
    assert [(one["step"], one["number"]) for one in facts] == [(step, number) for step in (1, 2, 3) for number in (0, 1, 2)]
    assert [term["op"] for term in facts[0]["terms"]] == ["NllLoss", "Pow"] and facts[1]["classes"]["counts"]


def test_checkpointed_segments_are_not_computed_once_more(tmp_path):
    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head, self.passes = net(nn.ReLU()), nn.Linear(2, 2), 0

        def forward(self, x): return self.head(checkpoint(self.run, x, use_reentrant=False))

        def run(self, x):
            self.passes += 1
            return self.body(x)

    model = Checkpointed()
    _, facts = train(model, SGD(model.parameters(), .1), tmp_path, 3)
    assert model.passes == 6  # forwards, and once more in each backward pass
    assert facts[0]["graph"]["reached"] == [name for name, _ in model.named_parameters()] and facts[0]["target"]["classes"]


def test_accumulation_and_scaled_losses_have_the_loss_as_it_is(tmp_path):
    model = net()
    optimizer, scaler = SGD(model.parameters(), .1), torch.amp.GradScaler("cpu", init_scale=1024.)
    done = []
    def step(xb, yb):
        with torch.autocast("cpu", torch.bfloat16): loss = F.cross_entropy(model(xb), yb) / 4
        scaler.scale(loss).backward()
        done.append(1)
        if len(done) % 4 == 0:
            scaler.step(optimizer), scaler.update()
            optimizer.zero_grad()
        return 4 * loss
    losses, facts = train(model, optimizer, tmp_path, 12, step=step)
    assert [one["loss"] for one in facts] == pytest.approx(losses, rel=1e-3)
    assert [one["old_gradients"] for one in facts if "old_gradients" in one] == [[], []]
    assert [one["step"] for one in facts if one["stepped"]] == [4, 8, 12]


def test_what_follows_a_pass_is_told_with_it_however_soon_its_numbers_come(tmp_path, monkeypatch):
    """On the CPU, the numbers of a pass come at once when they fill a chunk of the ring: before the optimizer's step."""
    monkeypatch.setattr("trainbook.measure.observer.Ring", partial(Ring, rows=1))
    model = net()
    _, facts = train(model, SGD(model.parameters(), .1), tmp_path / "loader", steps=25)
    assert [(one["step"], one["stepped"]) for one in facts] == [(step, [""]) for step in (*range(1, 16), 19, 23)]

    optimizer = SGD(model.parameters(), .1)
    with looked_at(model, optimizer, tmp_path / "steps") as (run, facts):
        for step in run.steps(5):
            for xb, yb in batches(3): F.cross_entropy(model(xb), yb).backward()
            assert len(facts) == 3 * step
            optimizer.step()
            optimizer.zero_grad()
    assert [one["stepped"] for one in facts] == [[], [], [""]] * 5


def test_loops_without_our_iterators(tmp_path):
    model = net()
    optimizer = SGD(model.parameters(), .1)
    with looked_at(model, optimizer, tmp_path) as (run, facts):
        for _ in run.epochs(2):
            for xb, yb in batches(10):
                F.cross_entropy(model(xb), yb).backward()
                optimizer.step()
                optimizer.zero_grad()
    assert [one["step"] for one in facts] == [*range(1, 16), 19]
    assert facts[3]["target"]["classes"] and facts[3]["inputs"][0]["shape"] == [8, 8]


# What goes wrong

def test_an_error_of_ours_is_said_once_and_the_training_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("trainbook.measure.loss_watch.LossMeasurement", lambda *_, **__: 1 / 0)
    model = net()
    optimizer = SGD(model.parameters(), .1)
    with watch(model, optimizer, dir=tmp_path, view=None, diagnose=False) as run:
        run.loop.attach(LossWatch(run.observer, {"": model}, run.hooks, lambda facts: None))
        with pytest.warns(RuntimeWarning, match="a fault in measuring losses") as said:
            for xb, yb in run.batches(batches(5)):
                F.cross_entropy(model(xb), yb).backward()
                optimizer.step()
    assert len(said) == 1 and "measuring losses" in run.faults.parts
    assert torch.autograd.backward.__module__ == "torch.autograd"


def test_an_error_of_the_training_is_its_own(tmp_path):
    model = net()
    with pytest.raises(RuntimeError, match="does not require grad"), looked_at(model, SGD(model.parameters(), .1), tmp_path) as (run, _):
        for xb, yb in run.batches(batches(2)): F.cross_entropy(model(xb).detach(), yb).backward()
    assert torch.autograd.backward.__module__ == "torch.autograd"


class Odd(torch.Tensor):
    """A class of somebody's own, as torchvision has them."""


ODD = dict(sparse=X.to_sparse(), odd=X.as_subclass(Odd), empty=X[:0], double=X.double(), nan=torch.full((64, 8), float("nan")))


@pytest.mark.parametrize("inputs", ODD.values(), ids=ODD)
def test_inputs_of_all_kinds(inputs):
    model = nn.Linear(8, 2).to(inputs.dtype)
    loss = torch.sparse.mm(inputs, model.weight.t()).sum() if inputs.layout is torch.sparse_coo else model(inputs).sum()
    measurement = LossMeasurement(loss, Watched({"": model}, {}), [inputs, Y])
    loss.backward()
    measurement.end()
    measurement.numbers.fetch()
    facts = measurement.tell()
    assert facts["graph"] and facts["graph"]["reached"][0] == "weight"
    if inputs.layout is torch.strided: assert facts["inputs"][0]["shape"] == list(inputs.shape)


def test_complex_parameters_and_half_precision():
    class Wave(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.head = nn.Parameter(torch.randn(8, 8, dtype=torch.complex64)), nn.Linear(8, 2, dtype=torch.bfloat16)

        def forward(self, x): return self.head((x.to(torch.complex64) @ self.weight).abs().bfloat16())

    model = Wave()
    loss = F.cross_entropy(model(X).float(), Y)
    measurement = LossMeasurement(loss, Watched({"": model}, {}), [X, Y])
    loss.backward()
    measurement.end()
    measurement.numbers.fetch()
    facts = measurement.tell()
    assert [parameter["name"] for parameter in facts["parameters"] if parameter["gradient"]] == ["weight", "head.weight", "head.bias"]


def test_a_graph_is_let_go_of(tmp_path):
    model = net()
    optimizer = SGD(model.parameters(), .1)
    _, facts = train(model, optimizer, tmp_path, 15)
    assert {one["graphs_alive"] for one in facts} == {0}


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="torch.compile")
def test_compiled_models_are_not_compiled_anew(tmp_path):
    torch._dynamo.reset()
    counted = []
    model = net()
    compiled = torch.compile(model, backend=lambda graph, _: counted.append(1) or graph.forward)
    optimizer = SGD(model.parameters(), .1)
    @torch.compile(backend=lambda graph, _: counted.append(1) or graph.forward)
    def step(xb, yb):
        loss = F.cross_entropy(compiled(xb), yb)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss
    graphs = []
    for is_on in (False, True):
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        counted.clear()
        _, facts = train(model, optimizer, tmp_path / str(is_on), 20, is_on, step=step)
        graphs.append((len(counted), torch._dynamo.utils.counters["stats"]["unique_graphs"]))
    assert graphs[0] == graphs[1] and len(facts) == 16
