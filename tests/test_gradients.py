"""Gradient norms as the optimizer applies them equal a float64 reference, whatever the loop does before its step."""
import copy
import warnings
import weakref
from contextlib import nullcontext

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from trainbook import watch
from trainbook.measure.hooks import not_compiled

STEPS = 6


class Reference:
    """What was applied, layer by layer in float64, taken from the gradients just before each step."""

    def __init__(self, *models: nn.Module):
        self.rows, self.parameters = [], {}
        for model in models:
            for path, parameter in model.named_parameters():
                path = path.replace("_orig_mod.", "")
                self.parameters.setdefault(path.rpartition(".")[0] or path, []).append(parameter)

    def take(self, scale: float = 1.):
        norm = {layer: self.norm([p.grad for p in parameters if p.grad is not None]) / scale
                for layer, parameters in self.parameters.items() if any(p.grad is not None for p in parameters)}
        weight = {layer: self.norm([p.detach() for p in self.parameters[layer]
                                    if p.grad is not None]) for layer in norm}
        self.rows.append((norm, weight))

    @staticmethod
    def norm(tensors) -> float:
        return float(np.sqrt(sum(t.detach().to_dense().double().square().sum().item() for t in tensors)))

    def check(self, run, rtol=1e-5):
        frame = run.frame("gradients")
        assert len(frame) == len(self.rows) > 0
        assert frame["parameter_norm"].iloc[0].notna().any()
        for (_, row), (norm, weight) in zip(frame.iterrows(), self.rows):
            assert row["norm"].dropna().to_dict() == pytest.approx(norm, rel=rtol)
            # the weights are measured in every sixteenth measurement, or again when they have new memory
            assert row["parameter_norm"].dropna().to_dict() in ({}, pytest.approx(weight, rel=rtol))
            assert row["total"].item() == pytest.approx(np.sqrt(sum(n**2 for n in norm.values())), rel=rtol)


class Net(nn.Module):
    """A layer of each kind that matters: long and short parameters, a convolution in another memory layout, a norm."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3).to(memory_format=torch.channels_last)
        self.batch_norm = nn.BatchNorm2d(16)
        self.wide = nn.Linear(16 * 36, 300)
        self.head = nn.Linear(300, 5)

    def forward(self, x): return self.head(torch.tanh(self.wide(F.relu(self.batch_norm(self.conv(x))).flatten(1))))


def batch(i: int):
    generator = torch.Generator().manual_seed(i)
    return torch.randn(16, 3, 8, 8, generator=generator), torch.randint(5, (16,), generator=generator)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net()


def watched(tmp_path, model, optimizer, **options): return watch(model, optimizer, dir=tmp_path, view=None, **options)


def test_plain(tmp_path, net):
    adam, reference = torch.optim.Adam(net.parameters(), lr=.01), Reference(net)
    with watched(tmp_path, net, adam) as run:
        for i in run.steps(STEPS):
            x, y = batch(i)
            F.cross_entropy(net(x), y).backward()
            reference.take()
            adam.step(); adam.zero_grad()
    reference.check(run)
    assert list(run.frame("gradients")["norm"]) == run.info["layers"] == ["conv", "batch_norm", "wide", "head"]


def test_update_ratio(tmp_path, net):
    """How far a layer's longest parameter moves, by a sample of it and its last norm."""
    sgd, true = torch.optim.SGD(net.parameters(), lr=.1, momentum=.9), []
    with watched(tmp_path, net, sgd) as run:
        for i in run.steps(STEPS):
            x, y = batch(i)
            F.cross_entropy(net(x), y).backward()
            before = copy.deepcopy(net)
            sgd.step(); sgd.zero_grad()
            true.append({name: Reference.norm([new.weight - old.weight]) / Reference.norm([old.weight])
                         for (name, old), new in zip(before.named_children(), net.children())})
    ratios = run.frame("gradients")["update_ratio"]
    assert ratios["batch_norm"].iloc[0] == pytest.approx(true[0]["batch_norm"], rel=1e-4)  # its sample is all there is
    for (_, row), expected in zip(ratios.iterrows(), true):
        assert row["batch_norm"] == pytest.approx(expected["batch_norm"], rel=.05)
        for layer in ("conv", "wide", "head"): assert row[layer] == pytest.approx(expected[layer], rel=.3)


def test_accumulation_and_clipping(tmp_path, net):
    """Four batches a step; the norm is that of their sum, after clipping. The raw one is the loop's to log."""
    sgd, reference, raw = torch.optim.SGD(net.parameters(), lr=.1), Reference(net), []
    with watched(tmp_path, net, sgd) as run:
        for i in run.steps(4 * STEPS):
            x, y = batch(i)
            F.cross_entropy(net(x), y).backward()
            if i % 4 < 3: continue
            raw.append(nn.utils.clip_grad_norm_(net.parameters(), .5).item())
            run.log(grad_norm=raw[-1])
            reference.take()
            sgd.step(); sgd.zero_grad()
    reference.check(run)
    assert run.frame("gradients").index.tolist() == [4, 8, 12, 16, 20, 24]
    assert run.frame()["grad_norm"].tolist() == raw and min(raw) > .5
    assert run.frame("gradients")["total"].to_numpy() == pytest.approx(.5, rel=1e-3)


@pytest.mark.parametrize("fused", [True, False])
def test_grad_scaler(tmp_path, net, fused):
    """Unscaled figures, and none for a step that is skipped because its gradients overflowed."""
    sgd = torch.optim.SGD(net.parameters(), lr=.01, fused=fused)
    scaler, reference = torch.amp.GradScaler("cpu", init_scale=1024.), Reference(net)
    with watched(tmp_path, net, sgd) as run:
        for i in run.steps(STEPS):
            x, y = batch(i)
            if i == 3: x[0] = torch.inf
            loss = F.cross_entropy(net(x), y)
            scaler.scale(loss).backward()
            if i != 3: reference.take(scaler.get_scale())
            scaler.step(sgd); scaler.update(); sgd.zero_grad()
            if i == 3: net.batch_norm.reset_running_stats()
    reference.check(run)
    assert run.frame("gradients").index.tolist() == [1, 2, 3, 5, 6]
    assert {e["finding"] for e in run.events() if e["event"] == "finding"} <= {"bad_data"}  # which the batch is, not the gradients


def test_grad_scaler_unscaled_by_hand(tmp_path, net):
    sgd = torch.optim.SGD(net.parameters(), lr=.01, fused=True)
    scaler, reference = torch.amp.GradScaler("cpu", init_scale=1024.), Reference(net)
    with watched(tmp_path, net, sgd) as run:
        for i in run.steps(STEPS):
            x, y = batch(i)
            scaler.scale(F.cross_entropy(net(x), y)).backward()
            scaler.unscale_(sgd)
            nn.utils.clip_grad_norm_(net.parameters(), .5)
            reference.take()
            scaler.step(sgd); scaler.update(); sgd.zero_grad()
    reference.check(run)


def test_half_precision(tmp_path):
    """A sum of squares that overflows float16."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 8)).half()
    sgd, reference = torch.optim.SGD(model.parameters(), lr=1e-9), Reference(model)
    with watched(tmp_path, model, sgd) as run:
        for i in run.steps(STEPS):
            (model(torch.randn(16, 64, dtype=torch.float16)).square().mean() * 10000).backward()
            reference.take()
            sgd.step(); sgd.zero_grad()
    reference.check(run)
    assert run.frame("gradients")["total"].max() > 256  # its square is beyond 65504


def test_long_parameters(tmp_path):
    """The CPU's sum in single precision would be off by 3e-4 here."""
    model = nn.Linear(2000, 5000)
    sgd, reference = torch.optim.SGD(model.parameters(), lr=.1), Reference(model)
    with watched(tmp_path, model, sgd) as run:
        for _ in run.steps(2):
            for parameter in model.parameters(): parameter.grad = torch.rand_like(parameter) + .5
            reference.take()
            sgd.step()
    reference.check(run, rtol=1e-6)


@pytest.mark.parametrize("what", ["model", "step"])
def test_compiled(tmp_path, what):
    """Right figures, and no graph break or recompile of ours: the same graph is compiled once."""
    def count(run):
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))
        adam, reference = torch.optim.Adam(model.parameters()), Reference(model)
        net = torch.compile(model, backend="aot_eager") if what == "model" else model
        step = torch.compile(lambda: adam.step(), backend="aot_eager") if what == "step" else adam.step
        if run: run = watched(tmp_path, net, adam)
        for i in run.steps(STEPS) if run else range(STEPS):
            x = torch.randn(16, 8)
            (net(x) - x.sum(1, keepdim=True)).square().mean().backward()
            reference.take()
            step(); adam.zero_grad()
        if run:
            run.finish()
            reference.check(run)
            assert run.info["layers"] == ["0", "2"]
        counters = torch._dynamo.utils.counters
        return {what: sum(counters[what].values()) for what in ("graph_break", "recompiles")}, dict(counters["stats"])
    (ours, our_graphs), (plain, graphs) = count(True), count(False)
    assert our_graphs == graphs and graphs["unique_graphs"] == 1
    assert ours["graph_break"] <= plain["graph_break"] and ours["recompiles"] == plain["recompiles"]


def test_several_optimizers(tmp_path):
    """Each has its rows; the other's layers are absent there."""
    torch.manual_seed(0)
    generator, critic = nn.Linear(4, 8), nn.Linear(8, 1)
    models = dict(generator=generator, critic=critic)
    optimizers = {name: torch.optim.Adam(model.parameters(), lr=.1) for name, model in models.items()}
    references = {name: Reference(model) for name, model in models.items()}
    with watched(tmp_path, models, optimizers) as run:
        for _ in run.steps(STEPS):
            critic(generator(torch.randn(16, 4))).square().mean().backward()
            for name, optimizer in optimizers.items():
                references[name].take()
                optimizer.step()
            generator.zero_grad(); critic.zero_grad()
    frame = run.frame("gradients")
    assert run.info["layers"] == ["generator", "critic"] and len(frame) == 2 * STEPS
    for i, name in enumerate(models):
        rows = frame[frame["norm"][name].notna()]
        assert rows["norm"][name].to_numpy() == pytest.approx(
            [np.hypot(row[0]["weight"], row[0]["bias"]) for row in references[name].rows], rel=1e-5)
        assert rows["norm"].drop(columns=name).isna().all(axis=None)


def test_frozen_and_unfrozen(tmp_path, net):
    """A frozen layer is absent, not zero; a group that is added later is measured from then on."""
    for layer in (net.conv, net.batch_norm): layer.requires_grad_(False)
    adam = torch.optim.Adam([p for p in net.parameters() if p.requires_grad])
    reference = Reference(net)
    with watched(tmp_path, net, adam) as run:
        for i in run.steps(STEPS):
            if i == 3:
                net.conv.requires_grad_(True)
                adam.add_param_group(dict(params=net.conv.parameters()))
            x, y = batch(i)
            F.cross_entropy(net(x), y).backward()
            reference.take()
            adam.step(); adam.zero_grad()
    reference.check(run)
    assert run.frame("gradients")["norm"]["conv"].isna().tolist() == [True] * 3 + [False] * 3


def test_shared_parameters(tmp_path):
    """Tied weights count once."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(50, 16), nn.Linear(16, 50, bias=False))
    model[1].weight = model[0].weight
    sgd, reference = torch.optim.SGD(model.parameters(), lr=.1), Reference(model)
    with watched(tmp_path, model, sgd) as run:
        for _ in run.steps(STEPS):
            x = torch.randint(50, (32,))
            F.cross_entropy(model(x), x).backward()
            reference.take()
            sgd.step(); sgd.zero_grad()
    reference.check(run)
    assert run.info["layers"] == ["0"]


def test_sparse(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(1000, 16, sparse=True), nn.Linear(16, 4))
    sgd, reference = torch.optim.SGD(model.parameters(), lr=.1), Reference(model)
    with watched(tmp_path, model, sgd) as run:
        for _ in run.steps(STEPS):
            F.cross_entropy(model(torch.randint(20, (64,))), torch.randint(4, (64,))).backward()
            assert not model[0].weight.grad.is_coalesced()
            reference.take()
            sgd.step(); sgd.zero_grad()
    reference.check(run)


def test_lbfgs(tmp_path):
    """The gradient comes into being within the step; what is recorded is the last one it evaluated."""
    torch.manual_seed(0)
    model = nn.Linear(8, 1)
    lbfgs, reference = torch.optim.LBFGS(model.parameters(), max_iter=3), Reference(model)
    x, y = torch.randn(64, 8), torch.randn(64, 1)
    with watched(tmp_path, model, lbfgs) as run:
        for _ in run.steps(STEPS):
            before = {name: Reference.norm([parameter]) for name, parameter in model.named_parameters()}
            def closure():
                lbfgs.zero_grad()
                loss = F.mse_loss(model(x), y)
                loss.backward()
                return loss
            run.log(loss=lbfgs.step(closure))
            reference.take()
            reference.rows[-1][1].update(before)
    reference.check(run)


def test_closure_by_name(tmp_path, net):
    """`step(closure=…)` brings its gradients into being within the step, too."""
    sgd, reference = torch.optim.SGD(net.parameters(), lr=.1), Reference(net)
    with watched(tmp_path, net, sgd) as run:
        for i in run.steps(STEPS):
            x, y = batch(i)
            def closure():
                loss = F.cross_entropy(net(x), y)
                loss.backward()
                reference.take()
                return loss
            sgd.step(closure=closure); sgd.zero_grad()
    reference.check(run)


def test_gradients_of_gradients(tmp_path):
    """With `create_graph` a gradient has a graph, which measuring does not keep alive."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
    sgd, reference, graphs = torch.optim.SGD(model.parameters(), lr=.1), Reference(model), []
    with watched(tmp_path, model, sgd) as run:
        for _ in run.steps(STEPS):
            with pytest.warns(UserWarning, match="create_graph") if not graphs else nullcontext():
                model(torch.randn(16, 8)).square().mean().backward(create_graph=True)
            reference.take()
            graphs.append(weakref.ref(model[0].weight.grad))
            sgd.step(); sgd.zero_grad()
            assert graphs[-1]() is None
    reference.check(run)


def test_layers_in_double_precision(tmp_path):
    """One layer in double precision beside one in single, and one whose longest parameter has few numbers."""
    torch.manual_seed(0)
    model = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 1).double(), nn.LayerNorm(8)])
    sgd, reference, true = torch.optim.SGD(model.parameters(), lr=.1), Reference(model), []
    with watched(tmp_path, model, sgd) as run:
        for _ in run.steps(STEPS):
            model[1](model[2](model[0](torch.randn(16, 8))).double()).square().mean().backward()
            reference.take()
            before = model[2].weight.detach().clone()
            sgd.step(); sgd.zero_grad()
            true.append(Reference.norm([model[2].weight - before]) / 8**.5)  # the norm of the first step's weights
    reference.check(run)
    ratios = run.frame("gradients")["update_ratio"]
    assert ratios["2"].to_numpy() == pytest.approx(true, rel=1e-4) and (ratios > 0).all(axis=None)


class Wrapper(torch.optim.Optimizer):
    """One that never called torch's `__init__`, as Accelerate's."""
    def __init__(self, optimizer): self.optimizer = optimizer
    param_groups = property(lambda self: self.optimizer.param_groups)
    def step(self): self.optimizer.step()
    def zero_grad(self): self.optimizer.zero_grad()


class Hidden(Wrapper):
    """Its inner optimizer is in none of its attributes."""
    def __init__(self, optimizer): self.optimizers = [optimizer]
    optimizer = property(lambda self: self.optimizers[0])


def wrapped_and_plain(folder, net, wrapper):
    wrapped, plain = wrapper(torch.optim.SGD(net.wide.parameters(), lr=.1)), torch.optim.SGD(net.head.parameters(), lr=.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with watched(folder, net, dict(wrapped=wrapped, plain=plain)) as run:
            for i in run.steps(STEPS):
                x, y = batch(i)
                F.cross_entropy(net(x), y).backward()
                wrapped.step(); plain.step(); net.zero_grad()
    return run, [e["text"] for e in run.events() if e["event"] == "note"]


def test_optimizer_without_hooks(tmp_path, net):
    """Said once, and nothing of it is measured."""
    run, notes = wrapped_and_plain(tmp_path, net, Hidden)
    norm = run.frame("gradients")["norm"]
    assert len(norm) == STEPS and norm["head"].notna().all() and norm.drop(columns="head").isna().all(axis=None)
    assert notes == ["Hidden has no step hooks: its gradients are not measured"]


def test_optimizer_within_an_optimizer(tmp_path, net):
    """The inner one moves the weights, and is measured."""
    run, notes = wrapped_and_plain(tmp_path, net, Wrapper)
    norm = run.frame("gradients")["norm"]
    assert norm["head"].notna().sum() == norm["wide"].notna().sum() == STEPS and notes == []


def test_not_compiled_without_strategies(monkeypatch):
    """A torch whose compiler has no strategies for code gets the wrapper it offers; either way the function is called as it is."""
    for has_strategies in (True, False):
        if not has_strategies: monkeypatch.delattr(torch._C._dynamo.eval_frame, "set_code_exec_strategy")
        torch._dynamo.reset()
        compiling = []
        note = not_compiled(lambda x: compiling.append((torch.compiler.is_compiling(), x.sum().item())))
        @torch.compile(backend="eager")
        def double(x):
            note(x)
            return x * 2
        for i in range(3): double(torch.full((2,), float(i)))
        assert compiling == [(False, 0.), (False, 2.), (False, 4.)]


def test_new_memory_under_a_parameter(tmp_path, net):
    """`model.double()` and the like put other memory under the parameters in mid-training."""
    sgd, reference = torch.optim.SGD(net.parameters(), lr=.1), Reference(net)
    with watched(tmp_path, net, sgd) as run:
        for i in run.steps(STEPS):
            if i == 3: net.double()
            x, y = batch(i)
            F.cross_entropy(net(x.to(net.head.weight.dtype)), y).backward()
            reference.take()
            sgd.step(); sgd.zero_grad()
    reference.check(run)
    assert (run.frame("gradients")["update_ratio"] > 0).all(axis=None)


def test_first_gradient_that_is_not_finite(tmp_path):
    """When it was first is noted; the layer is told by the table, and by the rule that reads it."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 1))
    sgd = torch.optim.SGD(model.parameters(), lr=.1)
    with watched(tmp_path, model, sgd) as run:
        for i in run.steps(STEPS):
            model(torch.randn(8, 4)).square().mean().backward()
            if i == 3: model[1].weight.grad[0, 0] = torch.nan
            sgd.step(); sgd.zero_grad()
    assert run.observer.bad_step == 4
    rows = run.frame("gradients")["norm"]
    assert rows.iloc[:3].notna().all(axis=None) and rows.loc[4].isna().to_dict() == {"0": False, "1": True, "2": False}


def test_every(tmp_path, net):
    sgd = torch.optim.SGD(net.parameters(), lr=.1)
    for every, steps in ((0, []), (4, [1, 5])):
        with watched(tmp_path, net, sgd, every=every) as run:
            for i in run.steps(STEPS):
                x, y = batch(i)
                F.cross_entropy(net(x), y).backward()
                sgd.step(); sgd.zero_grad()
        assert run.frame("gradients").index.tolist() == steps
    with pytest.raises(ValueError, match="every"): watched(tmp_path, net, sgd, every=-1)
    assert not sgd._optimizer_step_pre_hooks and not sgd._optimizer_step_post_hooks


def test_budget_makes_it_rarer(tmp_path):
    """Measuring a tiny model costs more than its step: the period grows after 50 measurements, and an event says so."""
    model = nn.Linear(2, 1)
    sgd = torch.optim.SGD(model.parameters(), lr=.1)
    with watched(tmp_path, model, sgd) as run:
        for _ in run.steps(4000):
            model(torch.ones(1, 2)).sum().backward()
            sgd.step(); sgd.zero_grad()
    event, = [e for e in run.events() if e["event"] == "budget"][:1]
    assert event["step"] >= 50 and event["every"] in (2**k for k in range(1, 12)) and event["share"] > .02
    steps = run.frame("gradients").index
    before, after = steps[steps <= event["step"]], steps[steps > event["step"]]
    assert before.tolist() == list(range(1, event["step"] + 1)) and (np.diff(after) % event["every"] == 0).all()


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e38])
def test_weights_that_are_not_finite_bring_no_warning_of_numpy(new, value):
    model = nn.Linear(4, 2)
    with torch.no_grad():
        for parameter in model.parameters(): parameter.fill_(value)
    optimizer = torch.optim.SGD(model.parameters(), 1.)
    with new(model, optimizer) as run:
        for _ in run.steps(20):
            model(torch.full((2, 4), 1e30)).square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()
    assert run.status == "finished"  # and a warning of ours would fail this test
