"""Remedies on gradients, rates, optimizers, regularisation, loss and loaders: taken back, the rest of the training is that of one never touched."""
import copy
import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch
from trainbook.measure.replaceable_loss import ReplaceableLoss
from trainbook.remedy.change import Training, make_changes
from trainbook.remedy.gradients import clip_gradients
from trainbook.remedy.loaders import balance_classes, more_workers, shuffle, with_options
from trainbook.remedy.losses import match_shapes, use_loss, weigh_classes
from trainbook.remedy.optimizer_choice import set_momentum, use_optimizer
from trainbook.remedy.rates import hold_rate, warm_up
from trainbook.remedy.regularisation import dropout, l1_penalty, weight_decay
from trainbook.remedy.restart import restart_with_defaults
from trainbook.run.control import Refused
from trainbook.train.iterators import Loaders
from trainbook.train.training_state import TrainingState

X = torch.randn(40, 6, generator=torch.Generator().manual_seed(1))
Y = X[:, :3].argmax(1)
OPTIMIZERS = dict(sgd=lambda parameters: optim.SGD(parameters, .05, momentum=.9, weight_decay=1e-3),
                  adamw=lambda parameters: optim.AdamW(parameters, .01, foreach=True), fused=lambda parameters: optim.Adam(parameters, .01, fused=True),
                  muon=lambda parameters: optim.Muon([one for one in parameters if one.ndim == 2], .02))
SCHEDULERS = dict(one_cycle=lambda optimizer: lr_scheduler.OneCycleLR(optimizer, .05, total_steps=40),
                  lambda_=lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda step: .95**step),
                  plateau=lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, patience=1), none=lambda optimizer: None)
REMEDIES = {
    "clip": (clip_gradients, dict(max_norm=.05, lower_rate=[])), "lower the rate": (clip_gradients, dict(max_norm=.05, lower_rate=[""])),
    "warm up": (warm_up, dict(steps=5)), "hold": (hold_rate, {}), "decay": (weight_decay, dict(value=.3)), "l1": (l1_penalty, dict(strength=.5)),
    "dropout": (dropout, dict(share=.4)), "to AdamW": (use_optimizer, dict(name="AdamW", rate=.02)), "to SGD": (use_optimizer, dict(name="SGD", rate=.02)),
    "momentum": (set_momentum, dict(value=.5)), "classes": (weigh_classes, dict(weights=[1., 2., 3.])), "loss": (use_loss, dict(name="smoothed_cross_entropy")),
    "restart": (restart_with_defaults, {})}


class Loop:
    """A training by hand, a step at a time."""
    def __init__(self, run, model, optimizer, scheduler):
        self.model, self.optimizer, self.scheduler, self.loss = model, optimizer, scheduler, ReplaceableLoss(F.cross_entropy)
        self.training = Training({"": model}, {"": optimizer}, self.loss, Loaders(), run.hooks, run.learning_rate, run)
        self.state = TrainingState({"": model}, {"": optimizer}, scheduler)
        self.steps = iter(run.steps(40))

    def go_on(self, steps):
        for _ in range(steps):
            next(self.steps)
            loss = self.loss(self.model(X), Y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if isinstance(self.scheduler, lr_scheduler.ReduceLROnPlateau): self.scheduler.step(loss.item())
            elif self.scheduler: self.scheduler.step()

    @property
    def all(self):
        weights = [one.clone() for one in self.model.parameters()]
        return weights, copy.deepcopy(self.optimizer.state_dict()), type(self.optimizer), str(self.model), self.scheduler and self.scheduler.state_dict()


def begun(tmp_path, optimizer, scheduler, frozen):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))
    if frozen: model[0].requires_grad_(False)
    made = OPTIMIZERS[optimizer](model.parameters())
    schedule = SCHEDULERS[scheduler](made)
    return Loop(watch(model, made, dir=tmp_path, view=None, checkpoint=None, diagnose=False), model, made, schedule)


def is_same(one, other):
    if isinstance(one, torch.Tensor): return torch.equal(one, other)
    if isinstance(one, dict): return one.keys() == other.keys() and all(is_same(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple): return len(one) == len(other) and all(map(is_same, one, other))
    return callable(one) or one == other


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    known = {}
    def train(*case):
        if case not in known:
            loop = begun(tmp_path_factory.mktemp("untouched"), *case)
            loop.go_on(16)
            known[case] = loop.all
        return known[case]
    return train


# each remedy meets each optimizer, and all schedulers and both kinds of models by turns
CASES = [(name, optimizer, scheduler, frozen) for (name, optimizer), (scheduler, frozen) in zip(
    itertools.product(REMEDIES, OPTIMIZERS), itertools.cycle(itertools.product(SCHEDULERS, (False, True))))]


@pytest.mark.parametrize("name, optimizer, scheduler, frozen", CASES)
def test_taken_back(tmp_path, untouched, name, optimizer, scheduler, frozen):
    remedy, arguments = REMEDIES[name]
    loop = begun(tmp_path, optimizer, scheduler, frozen)
    loop.go_on(6)
    if name == "momentum" and scheduler == "one_cycle": return pytest.raises(Refused, remedy.plan, loop.training, **arguments)
    before, dice, held = loop.state.snapshot(), torch.get_rng_state(), loop.optimizer.param_groups[0]
    plan = remedy.plan(loop.training, **arguments)
    changed = [one.clone() for one in loop.model.parameters()]
    take_back = make_changes(plan)
    loop.go_on(5)
    assert held is loop.optimizer.param_groups[0] and not is_same(changed, loop.all[0])
    take_back()
    loop.state.restore(before)
    torch.set_rng_state(dice)
    loop.steps = iter(range(10))
    loop.go_on(10)
    assert is_same(loop.all, untouched(optimizer, scheduler, frozen))


@pytest.mark.parametrize("name", REMEDIES)
def test_the_plan_made_again_does_the_same(tmp_path, name):
    remedy, arguments = REMEDIES[name]
    first, second = (begun(tmp_path/str(i), "sgd", "lambda_", False) for i in range(2))
    for loop in (first, second): loop.go_on(6)
    plan = remedy.plan(first.training, **arguments)
    for loop, made in ((first, plan), (second, remedy.plan(second.training, **plan.arguments))):
        torch.manual_seed(3)
        make_changes(made)
        loop.go_on(6)
    assert is_same(first.all, second.all)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_clipping_under_a_scaler(tmp_path, kind):
    """With loss scaling, fused or not, the weights are those of clipping by hand."""
    def train(fused, remedy):
        torch.manual_seed(0)
        model = nn.Linear(6, 3)
        optimizer, scaler = kind(model.parameters(), lr=.1, fused=fused), torch.amp.GradScaler("cpu", init_scale=256.)
        run = watch(model, optimizer, dir=tmp_path/f"{fused}{remedy}", view=None, checkpoint=None, diagnose=False)
        training = Training({"": model}, {"": optimizer}, None, Loaders(), run.hooks, run.learning_rate, run)
        if remedy: make_changes(clip_gradients.plan(training, max_norm=.1, lower_rate=[]))
        for _ in run.steps(4):
            optimizer.zero_grad()
            scaler.scale(F.cross_entropy(model(X), Y)).backward()
            if not remedy:
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), .1)
            scaler.step(optimizer)
            scaler.update()
        return model.weight.detach()
    for fused in (False, True): torch.testing.assert_close(train(fused, True), train(fused, False), rtol=1e-4, atol=1e-6)


def two(tmp_path):
    models = {name: nn.Linear(6, 3) for name in "GD"}
    optimizers = {name: optim.SGD(model.parameters(), .1, momentum=.9) for name, model in models.items()}
    run = watch(models, optimizers, dir=tmp_path, view=None, checkpoint=None, diagnose=False)
    return Training(models, run.hooks.watched, None, Loaders(), run.hooks, run.learning_rate, run)


def test_one_of_two_optimizers(tmp_path):
    training = two(tmp_path)
    make_changes(use_optimizer.plan(training, "Adam", rate=.01, optimizer="G"))
    make_changes(weight_decay.plan(training, .2, optimizer="D"))
    make_changes(clip_gradients.plan(training, max_norm={"G": .5}, lower_rate=[]))
    for model in training.models.values():
        for one in model.parameters(): one.grad = torch.ones_like(one)
    for optimizer in training.optimizers.values(): optimizer.step()
    norms = {name: float(nn.utils.get_total_norm([one.grad for one in model.parameters()])) for name, model in training.models.items()}
    assert [type(one).__name__ for one in training.optimizers.values()] == ["Adam", "SGD"]
    assert norms == pytest.approx({"G": .5, "D": 21**.5})
    assert training.learning_rate.in_force() == pytest.approx({"learning_rate/G": .01, "learning_rate/D": .1})
    for remedy in (use_optimizer, set_momentum, l1_penalty):
        with pytest.raises(Refused, match="no optimizer 'E' is watched"): remedy.plan(training, optimizer="E")
    with pytest.raises(Refused, match="several optimizers"): hold_rate.plan(training)


def test_a_closure_is_blamed_and_the_training_goes_on(tmp_path):
    weights = nn.Parameter(torch.ones(3))
    optimizer = optim.SGD([weights], .1)
    run = watch(nn.ParameterList([weights]), optimizer, dir=tmp_path, view=None, checkpoint=None, diagnose=False)
    training = Training({}, {"": optimizer}, None, Loaders(), run.hooks, run.learning_rate, run)
    make_changes(clip_gradients.plan(training, 1., lower_rate=[]))
    def closure():
        optimizer.zero_grad()
        loss = weights.square().sum()
        loss.backward()
        return loss
    with pytest.warns(RuntimeWarning, match="come within the step"): optimizer.step(closure)
    assert torch.equal(weights.detach(), torch.full((3,), .8))


def test_a_compiled_step_is_refused(tmp_path):
    loop = begun(tmp_path, "sgd", "lambda_", False)
    step = torch.compile(loop.optimizer.step, backend="eager")
    with pytest.raises(Refused, match="torch.compile"): use_optimizer.plan(loop.training)
    del step


def test_with_options_keeps_all_others():
    dataset, generator = TensorDataset(X, Y), torch.Generator()
    options = dict(drop_last=True, collate_fn=list, generator=generator, num_workers=2, prefetch_factor=3, persistent_workers=True, timeout=5)
    loader = DataLoader(dataset, 7, **options)
    other = with_options(loader, num_workers=1)
    same = "dataset", "batch_size", "drop_last", "collate_fn", "generator", "prefetch_factor", "persistent_workers", "timeout", "sampler", "pin_memory"
    assert all(getattr(loader, name) is getattr(other, name) or getattr(loader, name) == getattr(other, name) for name in same) and other.num_workers == 1


def test_loaders_are_replaced_in_a_loop(tmp_path):
    order = Y.argsort()
    loader = DataLoader(TensorDataset(X[order], Y[order]), 10)
    model = nn.Linear(6, 3)
    with watch(model, dir=tmp_path, view=None, checkpoint=None, diagnose=False) as run:
        training, classes, take_back = Training({"": model}, {}, None, run.loaders, run.hooks, run.learning_rate, run), [], None
        for epoch in run.epochs(6):
            if epoch == 1: take_back = make_changes(shuffle.plan(training))
            if epoch == 3: take_back()
            if epoch == 4: make_changes(balance_classes.plan(training))
            classes.append(sum(len(y.unique()) for _, y in run.batches(loader)))
    assert classes[0] == classes[3] < min(classes[1], classes[2], classes[4])


@pytest.mark.parametrize("remedy, arguments", [(shuffle, {}), (balance_classes, {}), (more_workers, {}), (weigh_classes, {}), (match_shapes, {}),
                                               (use_loss, dict(name="huber_loss")), (use_optimizer, {}), (clip_gradients, {}), (warm_up, {}),
                                               (set_momentum, {}), (weight_decay, dict(value=.1)), (dropout, {}), (hold_rate, {})])
def test_refused_where_there_is_nothing(tmp_path, remedy, arguments):
    run = watch(nn.Flatten(), dir=tmp_path, view=None, checkpoint=None, diagnose=False)
    with pytest.raises(Refused): remedy.plan(Training({}, {}, None, Loaders(), run.hooks, run.learning_rate, run), **arguments)
