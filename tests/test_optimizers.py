"""Optimizers: several of them have rates, total norms and factors of their own; the one that is measured and scaled is the one that steps."""
import copy
import pickle
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD, Adam

from trainbook import open_run, watch
from trainbook.run.control import Refused

LOSS = F.mse_loss


@pytest.fixture
def options(tmp_path) -> dict:
    torch.manual_seed(0)
    return dict(dir=tmp_path, view=None)


def batches(n: int = 8) -> list[tuple]:
    return [(torch.randn(8, 4), torch.randn(8, 1)) for _ in range(n)]


def advance(model: nn.Module, optimizer, batch) -> torch.Tensor:
    optimizer.zero_grad()
    loss = LOSS(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def outcomes(run) -> list[tuple]:
    """What became of the commands: status and reason."""
    return [(event["status"], event.get("reason")) for event in run.events() if event["event"] == "command" and event["status"] != "requested"]


def said(caught: list) -> str: return "\n".join(str(one.message) for one in caught)


# Several optimizers

def adversaries() -> tuple[dict, dict]:
    models = dict(g=nn.Linear(2, 4), d=nn.Linear(4, 1))
    return models, dict(g=SGD(models["g"].parameters(), lr=.1), d=Adam(models["d"].parameters(), lr=.01))


def duel(models: dict, optimizers: dict, steps, log=lambda: None) -> dict:
    """Trains both in turn; the total norms as torch has them."""
    norms = {name: [] for name in optimizers}
    for _ in steps:
        for name, optimizer in optimizers.items():
            optimizer.zero_grad()
            models["d"](models["g"](torch.randn(8, 2))).square().mean().backward()
            norms[name].append(nn.utils.get_total_norm([p.grad for p in models[name].parameters()]).item())
            optimizer.step()
        log()
    return norms


@pytest.mark.parametrize("form", [dict, list, tuple])
def test_each_optimizer_has_its_rate_and_its_total_norm(options, form):
    models, optimizers = adversaries()
    names = list(optimizers) if form is dict else ["0", "1"]
    with watch(models, optimizers if form is dict else form(optimizers.values()), **options) as run:
        norms = duel(models, optimizers, run.steps(5), lambda: run.log(loss=1.))
    rates = run.frame()[[f"learning_rate/{name}" for name in names]]
    assert rates.to_numpy().tolist() == [[.1, .01]] * 5
    total = open_run(run.path).frame("gradients")["total"]
    for name, wanted in zip(names, norms.values()): np.testing.assert_allclose(total[name].dropna(), wanted, rtol=1e-5)
    assert list(total) == names and len(total) == 10


def test_a_loop_without_iterators_has_them_too(options):
    models, optimizers = adversaries()
    run = watch(models, optimizers, **options)
    norms = duel(models, optimizers, range(5), lambda: run.log(loss=1.))
    run.finish()
    np.testing.assert_allclose(run.frame("gradients")["total"]["d"].dropna(), norms["d"], rtol=1e-5)
    assert run.frame()["learning_rate/d"].tolist() == [.01] * 5


def test_one_optimizer_has_no_name(options):
    model = nn.Linear(4, 1)
    with watch(model, dict(only=SGD(model.parameters(), lr=.1)), **options) as run:
        for batch in run.batches(batches(3)): advance(model, run.optimizer["only"], batch), run.log(a=1)
    assert run.frame()["learning_rate"].tolist() == [.1] * 3
    assert ("total", "") in run.frame("gradients")


@pytest.mark.parametrize("steps", ["steps", "bare"])
def test_one_of_two_is_scaled_undone_and_resumed(options, steps):
    models, optimizers = adversaries()
    used = {name: [] for name in optimizers}
    run = watch(models, optimizers, **options)
    for name, optimizer in optimizers.items():
        optimizer.register_step_pre_hook(lambda optimizer, *_, name=name: used[name].append(optimizer.param_groups[0]["lr"]))
    duel(models, optimizers, run.steps(2) if steps == "steps" else range(2), lambda: run.log(loss=1.))
    run.scale_lr(.5)
    run.scale_lr(.1, optimizer="d")
    duel(models, optimizers, run.steps(2) if steps == "steps" else range(2), lambda: run.log(loss=1.))
    run.checkpoint("scaled")
    run.undo()
    duel(models, optimizers, run.steps(1) if steps == "steps" else range(1), lambda: run.log(loss=1.))
    run.finish()
    np.testing.assert_allclose(used["g"], [.1, .1, .05, .05, .05], rtol=1e-12)
    np.testing.assert_allclose(used["d"], [.01, .01, .0005, .0005, .005], rtol=1e-12)
    assert [optimizer.param_groups[0]["lr"] for optimizer in optimizers.values()] == [.1, .01]  # their own again
    again, others = adversaries()
    with watch(again, others, resume=run.path/"checkpoints/step-4", **options) as resumed:
        assert resumed.learning_rate.in_force() == {"learning_rate/g": .05, "learning_rate/d": .01 / 20}


def test_an_unknown_optimizer_is_refused(options):
    models, optimizers = adversaries()
    run = watch(models, optimizers, **options)
    with pytest.raises(Refused, match="no optimizer 'critic' is watched; there is 'g', 'd'"): run.scale_lr(.5, optimizer="critic")
    run.finish()
    model = nn.Linear(4, 1)
    run = watch(model, SGD(model.parameters(), lr=.1), **options)
    with pytest.raises(Refused, match="no optimizer 'd' is watched; there is one optimizer, which has no name"): run.scale_lr(.5, optimizer="d")
    with pytest.raises(Refused, match="optimizer is the name of an optimizer, not 3"): run.scale_lr(.5, optimizer=3)
    run.finish()


def test_one_optimizer_under_two_names_is_an_error(options):
    model = nn.Linear(4, 1)
    optimizer = SGD(model.parameters(), lr=.1)
    with pytest.raises(ValueError, match="one and the same"): watch(model, [optimizer, optimizer], **options)
    assert not optimizer._optimizer_step_pre_hooks


def test_a_click_scales_all_of_them(options):
    models, optimizers = adversaries()
    with watch(models, optimizers, **options) as run:
        assert run.loop.state()["can_scale"]
        duel(models, optimizers, run.steps(3), lambda: run.step == 1 and run.scale_lr(.5))
        assert run.learning_rate.in_force() == {"learning_rate/g": .05, "learning_rate/d": .005}


def test_twenty_optimizers_one_for_each_parameter(options):
    """As with `register_post_accumulate_grad_hook`: each parameter is moved as soon as its gradient is there."""
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(10)))
    optimizers = {name: SGD([parameter], lr=.1) for name, parameter in model.named_parameters()}
    names = {parameter: name for name, parameter in model.named_parameters()}
    def move(parameter):
        optimizers[names[parameter]].step()
        optimizers[names[parameter]].zero_grad()
    for parameter in model.parameters(): parameter.register_post_accumulate_grad_hook(move)
    with watch(model, optimizers, **options) as run:
        run.observer.budget.window = float("inf")  # never settles: all steps are measured
        for _ in run.steps(6):
            model(torch.randn(8, 4)).square().mean().backward()
            run.log(loss=1.)
    total = run.frame("gradients")["total"]
    assert total.shape == (120, 20) and (total.notna().sum() == 6).all()
    assert run.step == 6 and run.frame()["learning_rate/9.bias"].tolist() == [.1] * 6


# Another optimizer than at first

def test_an_optimizer_that_is_replaced_is_followed(options):
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1))
    optimizer = SGD(model[1].parameters(), .1)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(4):
            if epoch == 2:
                optimizer = Adam(model.parameters(), .01)  # phase two
                run.follow(optimizer)
            for batch in run.batches(batches(5)):
                advance(model, optimizer, batch)
                run.log(a=1)
                if run.step == 15: run.scale_lr(.5)
    assert run.frame()["learning_rate"].tolist() == [.1] * 10 + [.01] * 5 + [.005] * 5
    norm = run.frame("gradients")["norm"]
    assert norm["0"].notna().sum() == 10 and norm["1"].notna().sum() == 20
    assert not run.notes


def test_an_optimizer_that_is_replaced_in_a_bare_loop_is_followed(options, recwarn):
    model = nn.Linear(4, 1)
    optimizer = SGD(model.parameters(), .1)
    run = watch(model, optimizer, **options)
    for step, batch in enumerate(batches(12)):
        if step == 6: run.follow(optimizer := Adam(model.parameters(), .01))
        run.log(loss=advance(model, optimizer, batch))
        if step == 8: run.scale_lr(.5)
    run.finish()
    assert run.step == 12 and run.frame()["learning_rate"].tolist() == [.1] * 6 + [.01] * 3 + [.005] * 3
    assert not recwarn.list


def test_a_checkpoint_holds_the_followed_optimizer(options):
    def training(phases, **more):
        torch.manual_seed(0)
        model = nn.Linear(4, 1)
        data = batches(6)
        optimizer = SGD(model.parameters(), .1) if phases else Adam(model.parameters(), .01)
        run = watch(model, optimizer, **options, **more)
        for number, epoch in enumerate(run.epochs(4)):
            if phases and epoch == 1: run.follow(optimizer := Adam(model.parameters(), .01))
            for batch in run.batches(data): advance(model, optimizer, batch)
            if phases == "stop" and epoch == 2: run.stop("epoch")
        run.finish()
        return run, [p.detach().clone() for p in model.parameters()]
    _, wanted = training("whole")
    stopped, _ = training("stop")
    _, came = training(None, resume=stopped.path)
    for a, b in zip(wanted, came): assert torch.equal(a, b)


def test_follow_says_what_it_wants(options):
    models, optimizers = adversaries()
    run = watch(models, optimizers, **options)
    with pytest.raises(ValueError, match="say which one it replaces"): run.follow(SGD(models["d"].parameters(), lr=.1))
    with pytest.raises(TypeError, match="got a str"): run.follow("adam")
    run.follow(dict(d=SGD(models["d"].parameters(), lr=.2)))
    assert run.learning_rate.in_force() == {"learning_rate/g": .1, "learning_rate/d": .2}
    assert not optimizers["d"]._optimizer_step_pre_hooks
    run.finish()
    with pytest.raises(RuntimeError, match="has ended"): run.follow(optimizers["d"])


def test_one_more_optimizer_may_come(options):
    models, optimizers = adversaries()
    with watch(models, dict(g=optimizers["g"]), **options) as run:
        duel(models, dict(g=optimizers["g"]), run.steps(3), lambda: run.log(loss=1.))
        run.follow(dict(d=optimizers["d"]))
        duel(models, optimizers, run.steps(2), lambda: run.log(loss=1.))
    total = open_run(run.path).frame("gradients")["total"]
    assert total.notna().sum().to_dict() == {"": 3, "g": 2, "d": 2}


def test_a_run_without_an_optimizer_follows_its_first(options):
    model = nn.Linear(4, 1)
    with watch(model, **options) as run:
        optimizer = SGD(model.parameters(), lr=.1)
        run.follow(optimizer)
        for batch in run.batches(batches(5)): advance(model, optimizer, batch)
        assert len(run.frame("gradients")) == 5


# An optimizer that makes no steps

SAYS = "the optimizer that is watched has made no step"


def told(run, caught) -> str:
    """What is said of an optimizer without steps, and that its rate can't be scaled then."""
    text = said(caught)
    if SAYS in text: assert "run.follow(optimizer)" in text and text.count("Its gradients are not measured") == 1
    return text


@pytest.mark.parametrize("kind", ["other optimizer", "by hand", "own step"])
@pytest.mark.parametrize("loop", ["batches", "bare", "no with"])
def test_what_makes_no_steps_is_said_within_a_dozen_batches(options, kind, loop):
    """Another optimizer, lines of the loop's own, or a library's own `step` move the parameters."""
    model = nn.Linear(4, 1)
    optimizer, other = SGD(model.parameters(), .1), SGD(model.parameters(), .1)
    @torch.no_grad()
    def move():
        for parameter in model.parameters(): parameter -= .1 * parameter.grad
    if kind == "own step": optimizer.step = move
    step = dict([("other optimizer", other.step), ("by hand", move), ("own step", optimizer.step)])[kind]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = watch(model, optimizer, **options)
        for batch in run.batches(batches(16)) if loop != "bare" else batches(16):
            model.zero_grad()
            LOSS(model(batch[0]), batch[1]).backward()
            step()
            run.log(loss=1.)
        text = told(run, caught)
        assert f"{SAYS} yet, and its parameters change all the same" in text
        with pytest.raises(Refused, match="has made no step yet"): run.scale_lr(.5)
        run.finish()


def test_a_phase_with_another_optimizer_is_said(options):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    optimizer = SGD(model.parameters(), .1)
    with warnings.catch_warnings(record=True) as caught, watch(model, optimizer, **options) as run:
        warnings.simplefilter("always")
        for epoch in run.epochs(2):
            if epoch: optimizer = Adam(model.parameters(), .01)
            for batch in run.batches(batches(60)): advance(model, optimizer, batch)
        assert f"{SAYS} since step 60, and its parameters change all the same" in told(run, caught)


@pytest.mark.parametrize("every", [24, 64])
def test_gradients_that_are_added_up_are_no_idleness(options, every, recwarn):
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
    optimizer = SGD(model.parameters(), .1)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(5):
            for batch in run.batches(batches(30)):
                LOSS(model(batch[0]), batch[1]).backward()
                if run.step % every == 0: optimizer.step(), optimizer.zero_grad()
                if run.step == 20: run.scale_lr(.5)
    assert not recwarn.list and outcomes(run) == [("applied", None)]


def test_steps_that_a_gradient_scaler_skips_are_no_idleness(options, recwarn):
    model = nn.Linear(4, 1)
    optimizer, scaler = SGD(model.parameters(), .1), torch.amp.GradScaler("cpu", init_scale=1e38)
    with watch(model, optimizer, **options) as run:
        for batch in run.batches(batches(60)):
            optimizer.zero_grad()
            scaler.scale(1e3 * LOSS(model(batch[0]), batch[1])).backward()
            scaler.step(optimizer)
            scaler.update()
            if run.step == 5: run.scale_lr(.5)
    assert 0 < run.hooks.steps < 60
    assert not recwarn.list and outcomes(run) == [("applied", None)]


def test_what_is_logged_after_a_bare_loop_is_no_idleness(options, recwarn):
    model = nn.Linear(4, 1)
    optimizer = SGD(model.parameters(), .1)
    run = watch(model, optimizer, **options)
    for batch in batches(5):
        advance(model, optimizer, batch)
        for name in "abc": run.log({name: 1.})
    for value in range(30): run.log(test_accuracy=value)
    run.finish()
    assert not recwarn.list


def test_an_optimizer_without_hooks_is_not_scaled(options):
    class Plain:
        def __init__(self, parameters): self.param_groups = [dict(params=list(parameters), lr=.1)]
        def step(self): pass
        def state_dict(self): return {}
        def load_state_dict(self, state): pass
    model = nn.Linear(4, 1)
    run = watch(model, Plain(model.parameters()), **options)
    with pytest.raises(Refused, match="the optimizer, Plain, has no step hooks, so its rate can't be scaled"): run.scale_lr(.5)
    assert run.notes == ["Plain has no step hooks: its gradients are not measured"]
    run.finish()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))], ids=["deepcopy", "pickle"])
def test_a_copy_of_the_optimizer_is_not_this_runs(options, copied):
    model = nn.Linear(4, 1)
    optimizer = Adam(model.parameters(), .1)
    with watch(model, optimizer, **options) as run:
        for batch in run.batches(batches(4)):
            advance(model, optimizer, batch)
            twin, its = copied((model, optimizer))
            before = run.hooks.steps
            advance(twin, its, batch)
            assert run.hooks.steps == before and not its._optimizer_step_pre_hooks
    assert len(run.frame("gradients")) == 4


# How many samples a step is of

def graphs(n: int) -> list[tuple]: return [(torch.randn(30, 4), torch.randint(30, (2, 80)), torch.randn(30)) for _ in range(n)]


@pytest.mark.parametrize("batch, samples", [
    (graphs(1)[0], 30),
    ((torch.zeros(2, 80), torch.zeros(30, 4), torch.zeros(30)), 30),
    ((torch.zeros(8, 4), torch.zeros(8)), 8), ([torch.zeros(8, 4)], 8), (torch.zeros(8, 4), 8),
    (([torch.zeros(3, 5, 5), torch.zeros(3, 4, 9)], torch.zeros(2)), 2), (dict(x=torch.zeros(6, 2), y=torch.zeros(6)), 6), (3, None)])
def test_the_fast_way_counts_as_the_slow_one(options, batch, samples):
    from trainbook.measure.throughput import samples_in
    with watch(**options) as run:
        for _ in run.batches([batch] * 3): run.log(loss=1.)
        assert run.observer.throughput.samples == 3 * (samples or 0) and samples_in(batch) == samples


@pytest.mark.parametrize("loop", ["steps", "batches", "while"])
def test_a_loop_says_how_many_samples_it_has_drawn(options, loop):
    model = nn.Linear(4, 1)
    optimizer = SGD(model.parameters(), .1)
    run = watch(model, optimizer, **options)
    drawn = [5, 7, 7, 9]
    for n, _ in zip(drawn, run.steps(4) if loop == "steps" else run.batches(graphs(4)) if loop == "batches" else range(4)):
        advance(model, optimizer, (torch.randn(n, 4), torch.randn(n, 1)))
        run.samples(n)
        run.log(loss=1.)
    assert run.observer.throughput.samples == sum(drawn)
    run.finish()


def test_samples_that_were_said_hold_until_others_are(options):
    with watch(**options) as run:
        for step in run.steps(5):
            if step in (0, 3): run.samples(10 + step)
        assert run.observer.throughput.samples == 3 * 10 + 2 * 13
        with pytest.raises(TypeError, match="takes how many samples there are, a whole number; got 2.5"): run.samples(2.5)


def test_a_validation_is_weighted_with_the_samples_that_are_said(options):
    model = nn.Linear(4, 1)
    optimizer = SGD(model.parameters(), .1)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(1):
            for batch in run.batches(batches(2)): advance(model, optimizer, batch)
            for number, _ in enumerate(run.batches(graphs(2), valid=True)):
                run.samples([1, 3][number])
                run.log(val_loss=[1., 2.][number])
        assert run.observer.throughput.samples == 16
    assert run.latest()["val_loss"] == 1.75


# What is measured

@pytest.mark.parametrize("dtype", [torch.cfloat, torch.cdouble])
@pytest.mark.parametrize("size", [3, 700])
def test_complex_parameters_are_measured(options, dtype, size):
    """In the total norm, too, which is what torch's own clipping says."""
    model = nn.ParameterDict(dict(spectrum=nn.Parameter(torch.randn(size, dtype=dtype)), shift=nn.Parameter(torch.zeros(1))))
    optimizer = SGD(model.parameters(), .1)
    norms, before = [], model["spectrum"].detach().clone()
    with watch(model, optimizer, checkpoint=None, **options) as run:
        for _ in run.batches(range(3)):
            optimizer.zero_grad()
            (model["spectrum"].abs().square().mean() + model["shift"].square().sum()).backward()
            norms.append(nn.utils.get_total_norm([p.grad for p in model.parameters()]).item())
            optimizer.step()
    table = run.frame("gradients")
    np.testing.assert_allclose(table["total", ""], norms, rtol=1e-5)
    # each number shrinks by this share; a large one is sampled
    np.testing.assert_allclose(table["update_ratio", "spectrum"].iloc[0], .1 * 2 / size, rtol=1e-3 if size < 16 else .2)
    np.testing.assert_allclose(table["parameter_norm", "spectrum"].iloc[0], before.norm().item(), rtol=1e-5)


def test_layers_that_come_later_are_said_to_be_left_out(options):
    model = nn.Sequential(nn.Linear(4, 4))
    optimizer = SGD(model.parameters(), .1)
    with watch(model, optimizer, **options) as run:
        for number, batch in enumerate(run.batches(batches(6))):
            if number == 3:
                model.append(nn.Linear(4, 1))
                optimizer.add_param_group(dict(params=model[1].parameters(), lr=.3))
            optimizer.zero_grad()
            model(batch[0]).square().mean().backward()
            optimizer.step()
    assert run.notes == ["2 parameters have come to the optimizer after watch() was called; they are neither in the map of gradients nor in the total norm"]
