"""Remedies that change modules in place: made, trained with, taken back, and the training goes on as if nothing had been."""
import copy
import io

import pytest
import torch
import torch.nn.functional as F
from test_remedies import Script, doing, is_same, outcomes
from torch import nn, optim

from trainbook.measure.parts import by_name
from trainbook.remedy.activations import drop_output_activation, gelu, leaky_relu, log_probabilities, relu, turn_output
from trainbook.remedy.change import Training, make_changes
from trainbook.remedy.mode import mode_by_gradients
from trainbook.remedy.modules import becoming, extend
from trainbook.remedy.normalisation import normalise_layers, residual, spectral_norm
from trainbook.remedy.scales import folded, normalise_inputs, normalise_targets, scale_of
from trainbook.remedy.weights import freeze, reinitialise, unfreeze
from trainbook.run.control import Refused
from trainbook.run.finding import Finding
from trainbook.train.training_state import TrainingState


class Block(nn.Module):
    def __init__(self, width, activation):
        super().__init__()
        self.fc, self.act, self.norm = nn.Linear(width, width), activation, nn.BatchNorm1d(width)

    def forward(self, x): return self.norm(self.act(self.fc(x)))


class Net(nn.Module):
    """Nested modules, a list of them, an activation at two places, dropout, and a softmax at the end."""
    def __init__(self):
        super().__init__()
        self.stem, self.drop = nn.Linear(6, 8), nn.Dropout(.2)
        shared = nn.ReLU()
        self.blocks = nn.ModuleList([Block(8, shared), Block(8, shared), Block(8, nn.Tanh())])
        self.head, self.out = nn.Linear(8, 3), nn.Softmax(dim=1)

    def forward(self, x):
        x = F.relu(self.stem(x))
        for block in self.blocks: x = block(self.drop(x))
        return self.out(self.head(x))


def training_of(models, optimizers=None, others=()):
    return Training(by_name(models, "parameters"), by_name(optimizers, "step"), None, None, None, None, None, others)


def batch(step):
    generator = torch.Generator().manual_seed(step)
    return torch.randn(16, 6, generator=generator) * 3 + 2, torch.randint(3, (16,), generator=generator)


def steps(model, optimizer, numbers):
    for step in numbers:
        x, y = batch(step)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def bits(model, optimizer):
    """All weights, buffers and states, the mode of each module, and the structure of the model."""
    states = [optimizer.state.get(one, {}) for group in optimizer.param_groups for one in group["params"]]
    tensors = [*model.state_dict().values(), *(value for state in states for value in state.values() if isinstance(value, torch.Tensor))]
    kept = [*model.state_dict(), repr(model), [one.requires_grad for one in model.parameters()], [len(group["params"]) for group in optimizer.param_groups]]
    return [one.clone() for one in tensors], kept + [module.training for module in model.modules()]


def are_equal(one, other): return one[1] == other[1] and len(one[0]) == len(other[0]) and all(map(torch.equal, one[0], other[0]))


OPTIMIZERS = dict(
    sgd=lambda p: optim.SGD(p, .1, momentum=.9, weight_decay=1e-3), adamw=lambda p: optim.AdamW(p, 1e-2), muon=lambda p: optim.Muon(p, 1e-2),
    adagrad=lambda p: optim.Adagrad(p, .1))
REMEDIES = dict(
    leaky_relu=(leaky_relu, {}), gelu=(gelu, {}), relu=(relu, {}), drop=(drop_output_activation, {}), turn=(turn_output, dict(turn="log")),
    logit=(turn_output, dict(turn="logit")), nll=(log_probabilities, {}), log_softmax=(log_probabilities, dict(turn="log_softmax")),
    normalise=(normalise_layers, {}), residual=(residual, {}), spectral=(spectral_norm, dict(model="")), inputs=(normalise_inputs, {}),
    targets=(normalise_targets, dict(mean=3., std=7.)), kept_targets=(normalise_targets, dict(mean=3., std=7., anew=False)),
    anew=(reinitialise, {}), one_anew=(reinitialise, dict(layers=["head"], method="torch")), freeze=(freeze, dict(layers=["blocks.1"])),
    unfreeze=(unfreeze, {}), mode=(mode_by_gradients, {}))


def trained(optimizer, remedy=None, frozen=False, wrap=lambda model: model, lead_in=range(3), rest=range(3, 7)):
    """The bits after some steps and a remedy that was taken back in between, if there is one."""
    torch.manual_seed(0)
    model = Net()
    if frozen: model.stem.requires_grad_(False)
    held = [one for one in model.parameters() if one.requires_grad and (optimizer != "muon" or one.ndim == 2)]
    opt = OPTIMIZERS[optimizer](held)
    called = wrap(model)
    steps(called, opt, lead_in)
    if remedy:
        state, random = TrainingState(by_name(called, "parameters"), by_name(opt, "step")), torch.get_rng_state()
        copied, before = state.snapshot(with_gradients=True), bits(model, opt)
        function, options = REMEDIES[remedy]
        names = [name for name, _ in model.named_parameters()]
        take_back = make_changes(function.plan(training_of(called, opt), **options))
        assert [name for name, _ in model.named_parameters()] == names
        steps(called, opt, range(20, 22))
        assert not are_equal(bits(model, opt), before)
        take_back()
        state.restore(copied)
        torch.set_rng_state(random)
        assert are_equal(bits(model, opt), before)
    steps(called, opt, rest)
    return bits(model, opt)


@pytest.mark.parametrize("frozen", [False, True], ids=["", "frozen"])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon", "adagrad"])
@pytest.mark.parametrize("remedy", REMEDIES)
def test_taken_back_is_never_touched(remedy, optimizer, frozen):
    if remedy == "unfreeze" and (not frozen or optimizer == "muon"): pytest.skip("nothing is frozen, or the optimizer takes no biases")
    assert are_equal(trained(optimizer, remedy, frozen), trained(optimizer, None, frozen))


@pytest.mark.parametrize("remedy", ["leaky_relu", "turn", "normalise", "inputs", "kept_targets", "spectral", "mode"])
def test_compiled(remedy):
    """The new structure is what runs, and after taking back the bits are the old ones."""
    def compiled(model): return torch.compile(model, backend="eager")
    assert are_equal(trained("adamw", remedy, True, compiled, range(2), range(2, 4)), trained("adamw", None, True, lead_in=range(2), rest=range(2, 4)))


def test_what_runs_is_the_new_structure():
    torch.manual_seed(0)
    model, x = Net().eval(), batch(0)[0]
    before, plain = model(x), copy.deepcopy(model)
    model.compile(backend="eager")
    assert torch.equal(model(x), before)
    applied = (leaky_relu, dict(slope=.5)), (normalise_layers, dict(anew=False, layers=["head"])), (turn_output, {})
    take_backs = [make_changes(remedy.plan(training_of(model), **options)) for remedy, options in applied]
    for remedy, options in applied: make_changes(remedy.plan(training_of(plain), **options))
    assert torch.equal(model(x), plain(x)) and not torch.equal(model(x), before)
    for take_back in reversed(take_backs): take_back()
    assert torch.equal(model(x), before)


def changed_net():
    torch.manual_seed(0)
    model = Net()
    training = training_of(model)
    for remedy, options in ((leaky_relu, {}), (normalise_inputs, dict(anew=False)), (normalise_layers, dict(anew=False)), (residual, {}),
                            (spectral_norm, dict(model="")), (turn_output, {})):
        make_changes(remedy.plan(training, **options))
    for step in range(3): model(batch(step)[0])
    return model.eval()


def test_copied_saved_and_loaded():
    model, x = changed_net(), batch(9)[0]
    stored = io.BytesIO()
    torch.save(model, stored)
    stored.seek(0)
    for other in (copy.deepcopy(model), torch.load(stored, weights_only=False)):
        assert torch.equal(other(x), model(x)) and repr(other) == repr(model) and [*other.state_dict()] == [*model.state_dict()]
    again = changed_net()  # the plans are made again on a fresh model, then the weights are loaded
    with torch.no_grad():
        for one in again.parameters(): one.zero_()
    again.load_state_dict(model.state_dict())
    assert torch.equal(again(x), model(x))


def test_exported():
    model, x = changed_net(), batch(9)[0]
    program = torch.export.export(model, (x,))
    assert torch.allclose(program.module()(x), model(x))


def test_moved_in_type_and_to_another_device():
    model = changed_net()
    assert {one.dtype for one in model.double().buffers() if one.is_floating_point()} == {torch.float64}
    assert model(batch(9)[0].double()).dtype == torch.float64
    assert {one.device.type for one in model.to("meta").buffers()} == {"meta"}


def test_replicas():
    """What nn.DataParallel makes of a module: a copy of its dict, with the class that it has."""
    model = changed_net()
    for layer in (model.stem, model.head):
        replica, given = layer.__new__(type(layer)), torch.randn(4, layer.in_features)
        vars(replica).update(vars(layer))
        assert torch.equal(replica(given), layer(given))


def test_a_wrapped_model():
    """Names are those without the wrapper, and the change is made to the model in it."""
    model = Net()
    plan = turn_output.plan(training_of(nn.DataParallel(model)))
    make_changes(plan)
    assert type(model).__name__ == "NetWithTurnedOutput" and plan.arguments["model"] == ""
    assert leaky_relu.plan(training_of(nn.DataParallel(model))).arguments["layers"] == ["blocks.0.act"]


def test_an_average_of_the_model_is_changed_alike():
    torch.manual_seed(0)
    model = Net()
    averaged = optim.swa_utils.AveragedModel(model)
    for part in (drop_output_activation, normalise_inputs):
        make_changes(part.plan(training_of(model, None, [averaged]), **(dict(anew=False) if part is normalise_inputs else {})))
    for step in range(3): model(batch(step)[0])
    averaged.module.load_state_dict(model.state_dict())
    x = batch(9)[0]
    assert torch.equal(averaged.eval()(x), model.eval()(x))
    assert [*averaged.module.state_dict()] == [*model.state_dict()]


def test_an_output_beside_a_state():
    """As recurrent language models give it; the state stays."""
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.out = nn.GRU(4, 6), nn.Linear(6, 5)
        def forward(self, x):
            states, last = self.rnn(x)
            return torch.softmax(self.out(states), dim=2), last

    model, x = Words(), torch.randn(7, 3, 4)
    probabilities, last = model(x)
    found = Finding("double_softmax", "error", "cross_entropy", dict(output="softmax"), "", "")
    assert drop_output_activation.offer(training_of(model), found) is None
    make_changes(turn_output.plan(training_of(model), **turn_output.offer(training_of(model), found)))
    scores, state = model(x)
    assert torch.allclose(scores.softmax(2), probabilities, atol=1e-6) and torch.equal(state, last)


def test_tied_weights_stay_tied():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.head = nn.Embedding(9, 8), nn.Linear(8, 9, bias=False)
            self.head.weight = self.embedding.weight
        def forward(self, x): return self.head(self.embedding(x).mean(1))
    model = Tied()
    optimizer = optim.Adam(model.parameters())
    make_changes(reinitialise.plan(training_of(model, optimizer)))
    assert model.head.weight is model.embedding.weight
    with pytest.raises(Refused, match="has no bias that could take up the mean"):
        normalise_targets.plan(training_of(model, optimizer), 1., 2., anew=False)


def test_what_others_hold_is_changed_as_well():
    """Modules in a plain list, which PyTorch knows nothing of."""
    act = nn.ReLU()

    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.act = nn.Linear(4, 4), act
            self.plain = [self.fc, self.act]
        def forward(self, x):
            for layer in self.plain: x = layer(x)
            return x

    model, x = Listed(), torch.randn(5, 4)
    make_changes(leaky_relu.plan(training_of(model), slope=.5))
    assert torch.equal(model(x), F.leaky_relu(model.fc(x), .5))


@pytest.mark.parametrize("model, message", [
    (torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.ReLU())), "function that is called in forward|no activation"),
    (nn.TransformerEncoderLayer(8, 2, 16), "no linear layer or convolution"), (nn.Sequential(nn.LazyLinear(3), nn.ReLU()), "no linear layer or convolution")])
def test_refused(model, message):
    with pytest.raises(Refused, match=message):
        (leaky_relu if isinstance(model, torch.jit.ScriptModule) else normalise_layers).plan(training_of(model))


@pytest.mark.parametrize("remedy, options, message", [
    (leaky_relu, dict(layers=["nowhere"]), "no layer 'nowhere'"), (residual, dict(layers=["stem"]), "another shape"),
    (freeze, dict(layers=[]), "takes the names"),
    (reinitialise, dict(layers=["out"]), "none of these layers"), (normalise_inputs, dict(layer="out"), "this is done to Linear"),
    (turn_output, dict(model="critic"), "no model 'critic'"), (spectral_norm, {}, "name it"), (drop_output_activation, dict(layer="stem"), "this is done to")])
def test_nonsense(remedy, options, message):
    with pytest.raises(Refused, match=message): remedy.plan(training_of(Net()), **options)


@pytest.mark.parametrize("remedy, options", [
    (normalise_layers, dict(anew=False)), (residual, {}), (turn_output, {}), (normalise_inputs, dict(anew=False)), (mode_by_gradients, {})])
def test_done_already(remedy, options):
    training = training_of(Net())
    make_changes(remedy.plan(training, **options))
    with pytest.raises(Refused, match="changed so already"): remedy.plan(training, **options)


def test_a_change_that_fails_leaves_nothing():
    """In the middle of its copies, too."""
    model, act = nn.Sequential(nn.Linear(2, 2)), nn.ReLU()
    before = repr(model)
    model[0].register_buffer("input_mean", torch.zeros(2))
    training = training_of(model)
    with pytest.raises(ValueError, match="has a input_mean already"): make_changes(normalise_inputs.plan(training, anew=False))
    assert repr(model) == before
    with pytest.raises(TypeError, match="if neither has parameters"): becoming(training, "act", act, nn.PReLU()).make()
    assert type(act) is nn.ReLU


def test_the_spread_of_inputs_is_that_of_all_samples():
    """Batches of several sizes; numbers far from 0, which single precision can hold; as many as are measured and no more."""
    layer, generator = nn.Linear(3, 2), torch.Generator().manual_seed(1)
    make_changes(normalise_inputs.plan(training_of(layer), anew=False))
    x = torch.randn(500, 3, generator=generator, dtype=torch.float64) * torch.tensor([1., 300., .01]) + torch.tensor([0., 101_300., 5.])
    sizes, at = [7, 30, 1, 12, 25] * 4, 0
    for size in sizes:
        layer(x[at:at + size].float())
        at += size
    mean, std = scale_of(layer)
    assert torch.allclose(mean.double(), x[:at].mean(0), rtol=1e-4, atol=1e-3)
    assert torch.allclose(std.double(), x[:at].std(0, correction=0), rtol=1e-3)
    layer(x.float() * 50)
    assert torch.equal(scale_of(layer)[0], mean)
    layer.eval()
    assert not folded(layer).state_dict().keys() - {"weight", "bias"}
    assert torch.allclose(folded(layer)(x.float()), layer(x.float()), atol=.02)


def test_the_learning_rate_that_suits_standardised_targets_suits():
    """Plain gradient descent in dollars, at the rate of a twin with standardised targets, whose losses it has, in its unit."""
    x, price = torch.randn(64, 4), torch.randn(64, 1) * 90_000 + 400_000
    losses = []
    for is_twin in (False, True):
        torch.manual_seed(3)
        model = nn.Linear(4, 1)
        wanted, unit = ((price - 400_000) / 90_000, 1) if is_twin else (price, 90_000 ** 2)
        if not is_twin:
            weights = copy.deepcopy(model.state_dict())
            make_changes(normalise_targets.plan(training_of(model), 400_000., 90_000., anew=False))
            model.load_state_dict(weights, strict=False)
        optimizer = optim.SGD(model.parameters(), .1)
        for _ in range(20):
            loss = F.mse_loss(model(x), wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item() / unit)
    assert losses[:20] == pytest.approx(losses[20:], rel=1e-4)


def test_gradients_of_gradients():
    """A penalty on the gradient by the inputs goes through what was changed."""
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    training = training_of(model)
    make_changes(normalise_targets.plan(training, 5., 3., anew=False))
    make_changes(spectral_norm.plan(training, model=""))
    x = torch.randn(6, 4, requires_grad=True)
    slope, = torch.autograd.grad(model(x).sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert all(one.grad is not None and one.grad.isfinite().all() for one in (model[0].weight, model[2].weight))


def test_two_mixins_of_one_name_in_any_order():
    layer, x = nn.Linear(3, 3), torch.randn(2, 3)
    before = layer(x)

    class Twice(nn.Module):
        def forward(self, *given): return 2 * super().forward(*given)

    first, second = extend(layer, Twice), make_changes(residual.plan(training_of(layer), layers=[""]))
    first()
    assert torch.allclose(layer(x), (x + before) * .5 ** .5)
    second()
    assert type(layer) is nn.Linear and torch.equal(layer(x), before)


@pytest.mark.parametrize("command, options", [
    ("leaky_relu", {}), ("normalise_layers", {}), ("spectral_norm", dict(model="")), ("normalise_inputs", {}), ("normalise_targets", dict(mean=2., std=3.)),
    ("mode_by_gradients", {})])
def test_in_a_run(tmp_path, command, options):
    """Applied behind a step and undone in the next epoch, the batches since then come again, and all is as in a run without it."""
    untouched = Script(tmp_path / "untouched").train()
    changed = Script(tmp_path / "changed").train(act=doing((3, command, options), (8, "undo", dict(id=f"{command}-3"))))
    assert outcomes(changed.run) == [(command, "applied", None), ("undo", "applied", None)]
    assert is_same(changed, untouched)


def test_a_run_is_repeated_and_goes_on_with_what_was_changed(tmp_path):
    act = doing((3, "normalise_inputs"), (5, "leaky_relu", dict(slope=.2)), (7, "normalise_layers", dict(layers=["0"], anew=False)))
    whole = Script(tmp_path / "whole").train(act=act)
    assert [status for _, status, _ in outcomes(whole.run)] == ["applied"] * 3
    assert type(whole.model[0]).__name__ == "LinearWithNormalisedOutputAndStandardisedInput" and float(whole.model[0].input_passes) == 20
    again = Script(tmp_path / "again", recipe=whole.run.recipe()).train()
    assert again.losses == whole.losses and is_same(again, whole)
    def and_stop(run):
        act(run)
        doing((13, "stop"))(run)
    resumed = Script(tmp_path / "resumed", resume=Script(tmp_path / "cut").train(act=and_stop).run.path).train()
    assert all(map(torch.equal, whole.model.state_dict().values(), resumed.model.state_dict().values()))
