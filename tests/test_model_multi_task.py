"""Several losses: gradients beside ones that were computed apart, going on bit-equal, the Learner and its callbacks, and what is refused."""
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, StackDataset
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

from trainbook import Callback, GradientAccumulation, GradientClipping, Learner, MixedPrecision, watch
from trainbook.model.loss_weights import DynamicWeightAverage, FixedWeights, GradNorm, PCGrad, UncertaintyWeights, leaves_of, sum_by_task
from trainbook.model.multi_task import MultiTaskLoss

WEIGHTS = "equal", "uncertainty", "dwa", "gradnorm", "pcgrad"
TASKS = dict(kind=F.cross_entropy, size=F.mse_loss)


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.trunk, self.kind, self.size = nn.Linear(4, 8), nn.Linear(8, 3), nn.Linear(8, 1)

    def forward(self, x):
        features = self.trunk(x).tanh()
        return dict(kind=self.kind(features), size=self.size(features))


def data(rows=24):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(rows, 4, generator=generator)
    return StackDataset(x, StackDataset(kind=x[:, :3].argmax(1), size=100 * x.sum(1, keepdim=True)))


def batch(rows=24):
    x, targets = next(iter(DataLoader(data(rows), rows)))
    return x, targets


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return [parameter.grad.clone() for parameter in model.parameters()]


def of_each(model, loss_func):
    """The gradients of each loss by itself, zero where it does not depend on a parameter."""
    x, targets = batch()
    outputs = model(x)
    losses = [loss(outputs[name], targets[name]) for name, loss in TASKS.items()]
    sizes = loss_func.initial_size.sizes if loss_func.initial_size is not None else [1., 1.]
    parameters = [*model.parameters()]
    found = [torch.autograd.grad(loss / size, parameters, retain_graph=True, allow_unused=True) for loss, size in zip(losses, sizes)]
    return [[torch.zeros_like(parameter) if one is None else one for one, parameter in zip(each, parameters)] for each in found]


def summed(loss_func): return sum(value for name, value in loss_func.metrics().items() if name.startswith("loss/"))


def flat(tensors): return torch.cat([one.flatten() for one in tensors])


@pytest.mark.parametrize("normalize", [None, "init"])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_first_gradients(weights, normalize):
    """Before anything was learned all weights are 1, but for PCGrad's, which is written out here."""
    model, loss_func = TwoHeads(), MultiTaskLoss(TASKS, normalize=normalize, weights=weights)
    x, targets = batch()
    value = loss_func(model(x), targets)
    mine = gradients(model, value)
    one, other = of_each(model, loss_func)
    plain = summed(loss_func)
    assert value.item() == pytest.approx(plain.item())
    a, b = flat(one[:2]), flat(other[:2])
    if weights == "pcgrad" and a @ b < 0: a, b = a - (a @ b) / (b @ b) * b, b - (a @ b) / (a @ a) * a
    assert torch.allclose(flat(mine[:2]), a + b, rtol=1e-4, atol=1e-5 * float((a + b).abs().max()))
    assert torch.allclose(flat(mine[2:]), flat(one[2:]) + flat(other[2:]), rtol=1e-4)


def test_pcgrad_of_three_in_conflict():
    vectors = torch.tensor([[1., 0., .2], [-.8, .6, 0.], [-.3, -1., .1]])
    place, pcgrad = torch.zeros(3, requires_grad=True), PCGrad(3)
    torch.manual_seed(3)
    pcgrad([place @ vector for vector in vectors]).backward()
    torch.manual_seed(3)
    expected = torch.zeros(3)
    for number in range(3):
        part = vectors[number].clone()
        for other in torch.randperm(3).tolist():
            if other != number and part @ vectors[other] < 0: part -= (part @ vectors[other]) / (vectors[other] @ vectors[other]) * vectors[other]
        expected += part
    assert torch.allclose(place.grad, expected, atol=1e-6)


def test_uncertainty_is_kendalls_formula():
    weighting = UncertaintyWeights(2, bound=1e6)
    with torch.no_grad(): weighting.unbounded.copy_(torch.tensor([.7, -1.2]))
    losses = [torch.tensor(2., requires_grad=True), torch.tensor(.3, requires_grad=True)]
    weighting(losses).backward()
    s = weighting.unbounded.detach()
    assert torch.allclose(weighting.unbounded.grad, torch.stack([1 - 2 * (-s[0]).exp(), 1 - .3 * (-s[1]).exp()]))
    assert torch.allclose(torch.stack([loss.grad for loss in losses]), (-s).exp())


@pytest.mark.parametrize("value", [0., 1e-30, 1e30])
def test_uncertainty_stays_bounded(value):
    weighting = UncertaintyWeights(1)
    optimizer = torch.optim.Adam(weighting.parameters(), 1.)
    for _ in range(100): weighting([torch.tensor(value)]).backward(); optimizer.step(); optimizer.zero_grad()
    assert -5 <= weighting.log_variances.item() <= 5


def test_dwa_is_lius_formula():
    average, epochs = DynamicWeightAverage(2, temperature=2.), [([1., 3.], [2., 4.]), ([.5, .7], [1., 3.]), ([.4], [2.])]
    for one, other in epochs:
        for pair in zip(one, other): average([torch.tensor(value, requires_grad=True) for value in pair])
        average.end_epoch()
    ratios = torch.tensor([.4 / .6, 2 / 2.])
    assert torch.allclose(average.weights, 2 * torch.softmax(ratios / 2, 0))
    average.end_epoch()  # an epoch without a batch
    assert average.weights.isfinite().all()


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("alone", [False, True], ids=["several", "a single one"])
def test_reproducible_and_resumed_bit_equal(weights, alone, tmp_path):
    tasks = dict(size=F.mse_loss) if alone else TASKS

    def learner(**more):
        model, loss = TwoHeads(), MultiTaskLoss(tasks, weights=weights)
        optimizer = torch.optim.Adam([*model.parameters(), *loss.parameters()], .01)
        loader = DataLoader(data(), 8, shuffle=True)
        return Learner(model, loader, loader, loss, optimizer, dir=tmp_path, view=None, **more)
    whole, again = (learner().fit(4) for _ in range(2))
    stopped = learner()
    stopped.fit(2)
    rest = learner(resume=stopped.run).fit(4)
    names = ["loss", "val_loss", *(f"{what}/{name}" for what in ("loss", "weight", "val_loss") for name in tasks)]
    for name in names: assert whole.history(name) == again.history(name) == rest.history(name) != [], name
    assert {one.kind for one in whole.findings} <= {"unnormalised_target"}  # which is so: the terms are seen behind the weights


@pytest.mark.parametrize("weights", WEIGHTS)
def test_in_mid_epoch(weights, tmp_path):
    """A checkpoint within an epoch has the sums of the epoch so far, too."""
    def learner(**more):
        model, loss = TwoHeads(), MultiTaskLoss(TASKS, weights=weights)
        optimizer = torch.optim.Adam([*model.parameters(), *loss.parameters()], .01)
        return Learner(model, DataLoader(data(), 8, shuffle=True), None, loss, optimizer, dir=tmp_path, view=None, diagnose=False, **more)

    class StopAt(Callback):
        def after_batch(self, learn):
            if learn.run.step == 7: learn.run.stop()
    whole = learner().fit(4)
    half = learner(callbacks=StopAt()).fit(4)
    assert half.step == 7
    rest = learner(resume=half).fit(4)
    for name in ("loss", "weight/kind", "loss/size"): assert rest.history(name) == whole.history(name)


def test_the_value_does_not_depend_on_the_weights():
    """So that curves with different weightings can be compared, and a validation with the training."""
    x, targets = batch()
    for weights in WEIGHTS:
        loss_func = MultiTaskLoss(TASKS, weights=weights)
        model = TwoHeads()
        optimizer = torch.optim.SGD([*model.parameters(), *loss_func.parameters()], .1)
        for _ in range(20): loss_func(model(x), targets).backward(); optimizer.step(); optimizer.zero_grad()
        loss_func.end_epoch(); loss_func.end_epoch()
        value = loss_func(model(x), targets)
        assert value.item() == pytest.approx(summed(loss_func).item(), rel=1e-5)


def test_a_validation_changes_nothing():
    x, targets = batch()
    for weights in WEIGHTS:
        loss_func = MultiTaskLoss(TASKS, weights=weights)
        before = {name: value.clone() for name, value in loss_func.state_dict().items()}
        with torch.no_grad(): loss_func(TwoHeads()(x), targets)
        assert all(torch.equal(torch.nan_to_num(value), torch.nan_to_num(before[name])) for name, value in loss_func.state_dict().items()), weights


@pytest.mark.parametrize("weights", WEIGHTS)
def test_accumulation_scaling_and_clipping(weights, tmp_path):
    """Scaled losses give scaled gradients, and the weights do not depend on the scale."""
    model, loss_func = TwoHeads(), MultiTaskLoss(TASKS, weights=weights)
    x, targets = batch()
    plain = gradients(model, loss_func(model(x), targets))
    other = MultiTaskLoss(TASKS, weights=weights)
    scaled = gradients(model, 1024 * other(model(x), targets))
    assert torch.allclose(flat(scaled), 1024 * flat(plain), rtol=1e-4)
    assert torch.allclose(loss_func.weighting.weights, other.weighting.weights, rtol=1e-4)
    for callback in (GradientAccumulation(2), GradientClipping(1.), MixedPrecision(), MixedPrecision(torch.float16)):
        model, loss_func = TwoHeads(), MultiTaskLoss(TASKS, weights=weights)
        optimizer = torch.optim.Adam([*model.parameters(), *loss_func.parameters()], .05)
        run = Learner(model, DataLoader(data(), 12), None, loss_func, optimizer, callbacks=callback, dir=tmp_path, view=None, diagnose=False).fit(5)
        kind = run.frame()["loss/kind"]
        assert kind.iloc[-1] < kind.iloc[0] and run.frame()["weight/kind"].notna().all()


def test_lr_find_leaves_it_as_it_was(tmp_path):
    model, loss_func = TwoHeads(), MultiTaskLoss(TASKS, weights="gradnorm")
    learn = Learner(model, DataLoader(data(), 4), None, loss_func, torch.optim.Adam(model.parameters(), .01), dir=tmp_path, view=None)
    before = {name: value.clone() for name, value in loss_func.state_dict().items()}
    learn.lr_find(steps=20)
    assert all(torch.equal(torch.nan_to_num(value), torch.nan_to_num(before[name])) for name, value in loss_func.state_dict().items())


def test_validation_means_are_over_samples(tmp_path):
    """The last batch is smaller than the others."""
    model, loss_func = TwoHeads(), MultiTaskLoss(TASKS, normalize=None)
    learn = Learner(model, DataLoader(data(), 4), DataLoader(data(22), 5), loss_func, torch.optim.SGD(model.parameters(), 1e-5), dir=tmp_path, view=None)
    learn.fit(1)
    x, targets = batch(22)
    with torch.no_grad(): outputs = model(x)
    for name, loss in TASKS.items(): assert learn.validation[f"val_loss/{name}"] == pytest.approx(loss(outputs[name], targets[name]).item(), rel=1e-4)


def test_another_loss_between_two_fits(tmp_path):
    model = TwoHeads()
    first, second = MultiTaskLoss(TASKS), MultiTaskLoss(dict(size=F.mse_loss))
    learn = Learner(model, DataLoader(data(), 4), None, first, torch.optim.SGD(model.parameters(), 1e-3), dir=tmp_path, view=None)
    learn.loss_func = second
    run = learn.fit(1)
    assert {name for name in run.frame() if name.startswith("loss")} == {"loss", "loss/size"} and first not in learn.callbacks
    learn.callbacks = [GradientClipping(1.)]
    assert second in learn.callbacks
    with pytest.raises(ValueError, match="among the callbacks, and the learner has another loss"):
        Learner(model, DataLoader(data(), 4), None, first, learn.optimizer, callbacks=[second], dir=tmp_path, view=None).fit(1)


def test_within_a_fit_it_is_not_replaced(tmp_path):
    """And what was refused has changed nothing."""
    class Replaces(Callback):
        def after_step(self, learn):
            with pytest.raises(ValueError, match="can't be replaced within a fit"): learn.loss_func = MultiTaskLoss(TASKS)

    model, loss_func = TwoHeads(), MultiTaskLoss(TASKS)
    learn = Learner(model, DataLoader(data(), 12), None, loss_func, torch.optim.SGD(model.parameters(), 1e-5), callbacks=Replaces(), dir=tmp_path, view=None)
    assert learn.fit(1).status == "finished" and learn.loss_func is loss_func and loss_func in [*learn.callbacks]


def test_outputs_in_order_and_parts_that_depend_on_one_loss():
    loss_func = MultiTaskLoss(TASKS)
    x, targets = batch()
    outputs = TwoHeads()(x)
    by_name, in_order = loss_func(outputs, targets), loss_func((outputs["kind"], outputs["size"]), [targets["kind"], targets["size"]])
    assert by_name.item() == pytest.approx(in_order.item())
    frozen = TwoHeads()
    frozen.kind.requires_grad_(False); frozen.trunk.requires_grad_(False)
    for weights in WEIGHTS: MultiTaskLoss(TASKS, weights=weights)(frozen(x), targets).backward()
    assert frozen.size.weight.grad is not None and frozen.trunk.weight.grad is None


def test_a_loss_with_weights_moves_along():
    loss_func = MultiTaskLoss(dict(kind=nn.CrossEntropyLoss(weight=torch.ones(3)))).to(torch.float64)
    assert loss_func.losses["kind"].weight.dtype is torch.float64


def test_odd_losses_at_the_beginning():
    """Zero, infinite and negative losses leave everything finite."""
    loss_func = MultiTaskLoss(dict(zero=lambda o, t: 0 * o.sum(), negative=lambda o, t: -o.square().mean(), broken=lambda o, t: o.sum() / t))
    x = torch.ones(3, requires_grad=True)
    outputs = dict(zero=x, negative=x, broken=x)
    loss_func(outputs, dict(zero=0, negative=0, broken=0.))
    for _ in range(12): loss = loss_func(outputs, dict(zero=0, negative=0, broken=1.))
    loss.backward()
    assert loss.isfinite() and x.grad.isfinite().all() and loss_func.initial_size.sizes.tolist() == [1, 1, 3]


def test_gradnorm_ignores_gradients_of_zero_and_infinity():
    place, gradnorm = torch.zeros(2, requires_grad=True), GradNorm(2)
    for factor in (0., float("inf"), 1.):
        gradnorm([factor * place.sum() + 1, place.sum() + 1]).backward()
        assert gradnorm.weights.isfinite().all() and gradnorm.weights.sum().item() == pytest.approx(2)


def test_an_optimizer_without_the_uncertainties_is_said():
    model, loss_func = TwoHeads(), MultiTaskLoss(TASKS, weights="uncertainty")
    x, targets = batch()
    optimizer = torch.optim.SGD(model.parameters(), .01)
    with pytest.warns(RuntimeWarning, match="no optimizer has them"):
        for _ in range(60): loss_func(model(x), targets).backward(); optimizer.step()


def test_an_optimizer_with_the_uncertainties_is_not(recwarn):
    model, loss_func = TwoHeads(), MultiTaskLoss(TASKS, weights="uncertainty")
    x, targets = batch()
    optimizer = torch.optim.SGD([*model.parameters(), *loss_func.parameters()], .01)
    for _ in range(60): loss_func(model(x), targets).backward(); optimizer.step()
    assert [one for one in recwarn if issubclass(one.category, RuntimeWarning)] == []


def test_hidden_and_sparse_parameters_are_refused():
    layer, x = nn.Linear(2, 2), torch.ones(1, 2, requires_grad=True)
    hidden = checkpoint(layer, x, use_reentrant=True).sum()
    with pytest.raises(ValueError, match="use_reentrant=False"): leaves_of([hidden, layer.weight.sum()])
    embedding = nn.Embedding(3, 2, sparse=True)
    outputs = embedding(torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="sparse=False"): PCGrad(2)([outputs.sum(), outputs.square().sum()]).backward()


def test_a_second_backward_pass_is_refused():
    place = torch.zeros(2, requires_grad=True)
    loss = sum_by_task([place.sum(), place.square().sum()], lambda products: (torch.ones(2), torch.ones(2)))
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="their graph is freed"): loss.backward()


class NoReading(TorchDispatchMode):
    """Counts what would make a step wait for a GPU: a value of a tensor that becomes a Python number."""
    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func.name() in ("aten::_local_scalar_dense", "aten::is_nonzero", "aten::equal", "aten::nonzero")
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("weights", WEIGHTS)
def test_a_step_reads_nothing_from_the_device(weights):
    model, loss_func = TwoHeads(), MultiTaskLoss(TASKS, weights=weights)
    optimizer = torch.optim.SGD([*model.parameters(), *loss_func.parameters()], .01)
    x, targets = batch()
    for _ in range(60):
        with NoReading() as reading:
            loss_func(model(x), targets).backward()
            loss_func.metrics()
        assert not reading.count
        optimizer.step(); optimizer.zero_grad()
    with NoReading() as reading:
        loss_func.end_epoch()
        x.sum().item()
    assert reading.count == 1


x, targets = batch()
outputs = {name: torch.zeros(24, size) for name, size in dict(kind=3, size=1).items()}
NONSENSE = {
    "a list": (lambda: MultiTaskLoss([F.mse_loss]), TypeError, "by name, such as"),
    "a class": (lambda: MultiTaskLoss(dict(size=nn.MSELoss)), TypeError, r"nn.MSELoss\(\)"),
    "an empty name": (lambda: MultiTaskLoss({"_\n": F.mse_loss}), ValueError, "printable"),
    "a vector loss": (lambda: MultiTaskLoss(dict(size=nn.MSELoss(reduction="none")))(outputs, targets), ValueError, r"'size' gives one.*\(24, 1\).*mean"),
    "a number": (lambda: MultiTaskLoss(dict(size=lambda o, t: 1.))(outputs, targets), ValueError, "'size' gives one number; got 1.0"),
    "a tensor": (lambda: MultiTaskLoss(TASKS)(outputs["kind"], targets), TypeError, "outputs of several losses are a dict by name"),
    "a missing output": (lambda: MultiTaskLoss(TASKS)(dict(kind=0), targets), ValueError, "outputs for size are missing"),
    "a missing target": (lambda: MultiTaskLoss(TASKS)(outputs, dict(size=0)), ValueError, "targets for kind are missing"),
    "three outputs": (lambda: MultiTaskLoss(TASKS)((1, 2, 3), targets), ValueError, "3 outputs for 2 losses"),
    "weights": (lambda: MultiTaskLoss(TASKS, weights="kendall"), ValueError, "one of equal, uncertainty"),
    "a weight missing": (lambda: MultiTaskLoss(TASKS, weights=dict(kind=1.)), ValueError, "weights for size are missing"),
    "a negative weight": (lambda: MultiTaskLoss(TASKS, weights=dict(kind=1., size=-1.)), ValueError, "above 0; got -1.0"),
    "no weighting": (lambda: MultiTaskLoss(TASKS, weights=lambda count: 3), TypeError, "a module with weights"),
    "normalize": (lambda: MultiTaskLoss(TASKS, normalize="std"), ValueError, "one of init; got 'std'"),
    "bound": (lambda: UncertaintyWeights(2, bound=0), ValueError, "above 0; got 0"),
    "alpha": (lambda: GradNorm(2, alpha=-1), ValueError, "alpha is a number from 0 on"),
    "temperature": (lambda: DynamicWeightAverage(2, temperature=0), ValueError, "above 0"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_is_refused(case):
    attempt, error, words = NONSENSE[case]
    with pytest.raises(error, match=words): attempt()


@pytest.mark.parametrize("weights", ["equal", partial(GradNorm, alpha=0.)], ids=["normalised", "gradnorm"])
def test_closures_are_refused_where_the_loss_would_change(weights, tmp_path):
    model = TwoHeads()
    optimizer = torch.optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe")
    learn = Learner(model, DataLoader(data(), 24), None, MultiTaskLoss(TASKS, weights=weights), optimizer, dir=tmp_path, view=None)
    with pytest.raises(ValueError, match="LBFGS evaluates a batch several times"): learn.fit(1)
    learn.loss_func = MultiTaskLoss(TASKS, normalize=None, weights=dict(kind=1., size=1e-4))
    losses = learn.fit(5).frame()["loss"]
    assert losses.iloc[-1] < losses.iloc[0]


def test_in_a_loop_by_hand_it_is_saved(tmp_path):
    def train(epochs, **more):
        model, loss_func = TwoHeads(), MultiTaskLoss(TASKS, weights="dwa")
        optimizer = torch.optim.SGD(model.parameters(), .01)
        with watch(model, optimizer, state=[loss_func], dir=tmp_path, view=None, **more) as run:
            for _ in run.epochs(epochs):
                for xb, yb in run.batches(DataLoader(data(), 4)):
                    loss = loss_func(model(xb), yb)
                    loss.backward(); optimizer.step(); optimizer.zero_grad()
                    run.log(loss=loss, **loss_func.metrics())
                loss_func.end_epoch()
        return run
    whole = train(4)
    rest = train(4, resume=train(2))
    assert whole.history("weight/kind")[-6:] == rest.history("weight/kind")[-6:]
    assert isinstance(MultiTaskLoss(TASKS).weighting, FixedWeights)
