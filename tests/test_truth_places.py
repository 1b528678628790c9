"""Values have a place: where a loop is written otherwise than the tutorials have it, each value stands at the step it belongs to, or it is said what to add."""
import asyncio
import contextlib
import copy
import io
import threading
import time
import warnings
from itertools import islice

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn
from torch.optim import LBFGS, SGD, lr_scheduler
from trainings import regression, step, trained

from trainbook import list_runs, open_run, watch
from trainbook.run.control import make_command
from trainbook.widget.curves import curves

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def said():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


X, Y, BATCHES = regression()


def at(run, metric="loss"): return [place for place, _ in run.history(metric)]
def known(run, said): return said or run.notes


# watch and log alone

def test_a_log_before_the_step_has_the_step_before(new):
    """`log; step` in a bare loop: the losses stand at 0, 1, 2, … one behind the other, as the steps made then."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for x, y in BATCHES:
            run.log(loss=F.mse_loss(model(x), y))
            step(model, optimizer, x, y)
    assert at(run) == [0, 1, 2, 3, 4] and run.step == 5


@pytest.mark.parametrize("accumulated", [1, 2, 5])
def test_a_bare_loop_with_accumulation_counts_steps_of_the_optimizer(new, accumulated):
    """10 batches, a step in every `accumulated`: a value logged in each step stands at that step."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for i, (x, y) in enumerate(BATCHES * 2, 1):
            loss = F.mse_loss(model(x), y)
            (loss / accumulated).backward()
            if i % accumulated: continue
            optimizer.step()
            optimizer.zero_grad()
            run.log(loss=loss)
    assert at(run) == list(range(1, 10 // accumulated + 1)) and run.step == 10 // accumulated


def test_a_bare_loop_with_a_scaler_that_leaves_steps_out(new):
    """What a GradScaler leaves out is no step: losses of skipped steps stand at the last one made."""
    model, optimizer = trained()
    scaler, made = torch.amp.GradScaler("cpu", init_scale=2.**127), 0
    with new(model, optimizer, state=scaler) as run:
        for x, y in BATCHES:
            before = model.weight.detach().clone()
            scaler.scale(F.mse_loss(model(x), y)).backward()
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            made += not torch.equal(before, model.weight)
            run.log(loss=1.)
            assert run.step == made


def test_a_bare_loop_with_lbfgs(new):
    """A step of LBFGS is one step, however often it evaluates; a loss logged within the closure stands in it."""
    model, optimizer = trained(.1, LBFGS)
    calls = []
    with new(model, optimizer) as run:
        for x, y in BATCHES:
            def closure():
                optimizer.zero_grad()
                loss = F.mse_loss(model(x), y)
                loss.backward()
                calls.append(run.step)
                return loss
            run.log(loss=optimizer.step(closure))
    assert at(run) == [1, 2, 3, 4, 5] and set(calls) == {1, 2, 3, 4, 5} and len(calls) > 5


def test_two_optimizers_of_which_the_second_trains_first(new, said):
    """Head first, then all: dict(body=…, head=…), five steps of the head alone are five places, or it is said."""
    body, head = nn.Linear(4, 4), nn.Linear(4, 1)
    optimizers = dict(body=SGD(body.parameters(), .01), head=SGD(head.parameters(), .05))
    with new(dict(body=body, head=head), optimizers) as run:
        for phase in range(2):
            for x, y in BATCHES:
                loss = F.mse_loss(head(body(x)), y)
                loss.backward()
                for optimizer in list(optimizers.values())[not phase:]: optimizer.step()
                for optimizer in optimizers.values(): optimizer.zero_grad()
                run.log(loss=loss)
    assert len(set(at(run))) == 10 or known(run, said), at(run)


def test_two_optimizers_in_turn_of_a_bare_loop(new):
    """A GAN: two steps of D and one of G an iteration; an iteration is one place for what is logged at its end."""
    torch.manual_seed(0)
    g, d = nn.Linear(4, 4), nn.Linear(4, 1)
    og, od = SGD(g.parameters(), .01), SGD(d.parameters(), .01)
    with new(dict(g=g, d=d), dict(g=og, d=od)) as run:
        for x, _ in BATCHES:
            for _ in range(2):
                (d(x).mean() - d(g(x).detach()).mean()).backward()
                od.step()
                od.zero_grad()
            (-d(g(x)).mean()).backward()
            og.step()
            og.zero_grad()
            run.log(loss_g=1., loss_d=2.)
    assert len(set(at(run, "loss_g"))) == 5 and at(run, "loss_g") == at(run, "loss_d")


def test_a_bare_loop_of_epochs_whose_best_is_best(new):
    """for epoch: for batch: step; then validate and log: val_loss stands at 5, 10, …, and best has the weights of its validation."""
    model, optimizer = trained()
    kept = {}
    with new(model, optimizer) as run:
        for epoch in range(4):
            for x, y in BATCHES: run.log(loss=step(model, optimizer, x, y))
            value = [3., 1., 2., 2.5][epoch]
            kept[value] = copy.deepcopy(model.state_dict())
            run.log(val_loss=value)
    best, = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    weights = load_file(run.path/"checkpoints"/best["name"]/"model.safetensors")
    assert run.history("val_loss") == [(5, 3.), (10, 1.), (15, 2.), (20, 2.5)] and best["value"] == 1.
    assert all(torch.equal(weights[name], kept[1.][name]) for name in weights)


@pytest.mark.parametrize("with_model", [False, True])
def test_log_alone_without_an_optimizer(new, said, with_model):
    """watch() and log() around a library that trains by itself: 20 losses are 20 places, or one sentence says to set run.step or to use run.steps."""
    with new(*[nn.Linear(1, 1)] if with_model else []) as run:
        for i in range(20): run.log(loss=1 / (i + 1))
    relevant = [text for text in [*run.notes, *(str(warning.message) for warning in said)] if "step" in text and "gradients are not measured" not in text]
    assert len(set(at(run))) == 20 or relevant, at(run)


class Own:
    """An optimizer of one's own, which knows no hooks."""
    def __init__(self, parameters, lr): self.param_groups = [dict(params=list(parameters), lr=lr)]
    def step(self):
        with torch.no_grad():
            for p in self.param_groups[0]["params"]: p -= self.param_groups[0]["lr"] * p.grad
    def zero_grad(self):
        for p in self.param_groups[0]["params"]: p.grad = None
    def state_dict(self): return {}
    def load_state_dict(self, state): pass


def test_an_optimizer_without_hooks_in_a_bare_loop(new, said):
    """Five steps of an optimizer that can't be followed are five places, or it is said what to add."""
    model, optimizer = trained(kind=Own)
    with new(model, optimizer) as run:
        for x, y in BATCHES: run.log(loss=step(model, optimizer, x, y))
    assert at(run) == [1, 2, 3, 4, 5] or any("step" in text for text in [*run.notes, *(str(warning.message) for warning in said)]), (at(run), run.notes)


# Steps that a script counts itself

@pytest.mark.parametrize("optimized", [False, True])
def test_steps_that_are_set_by_hand(new, optimized):
    """`run.step = i` at the begin of each iteration: what is logged in it stands at i, gradients too, and the run ends at the last i."""
    model, optimizer = trained()
    with new(*(model, optimizer) if optimized else ()) as run:
        for i in range(10, 60, 10):
            run.step = i
            step(model, optimizer, X, Y)
            run.log(loss=float(i))
    assert run.history("loss") == [(i, float(i)) for i in range(10, 60, 10)] and run.step == 50
    if optimized: assert run.frame("gradients").index.tolist() == [10, 20, 30, 40, 50]


def test_global_step_set_behind_the_step(new):
    """`optimizer.step(); global_step += 1; run.step = global_step; run.log`: the same."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for i, (x, y) in enumerate(BATCHES * 2, 1):
            loss = step(model, optimizer, x, y)
            run.step = i
            run.log(loss=loss)
    assert at(run) == list(range(1, 11)) and run.step == 10


# Full batches

@pytest.mark.parametrize("order", ["log behind the step", "log before the step"])
def test_full_batch_epochs(new, order):
    """One step an epoch, 20 epochs: 20 places and the epochs 0 to 19, whichever comes first."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for epoch in run.epochs(20):
            if order == "log before the step": run.log(loss=float(epoch))
            step(model, optimizer, X, Y)
            if order == "log behind the step": run.log(loss=float(epoch))
    places = at(run)
    assert places == list(range(places[0], places[0] + 20)) and run.step == 20 and run.frame()["epoch"].tolist() == list(range(20))


def test_full_batch_epochs_with_a_closure_and_a_schedule(new):
    """LBFGS and ExponentialLR, one step an epoch: the rates on record are those of the plain loop."""
    def play(run=None):
        model, optimizer = trained(.5, LBFGS) if run is None else run
        return model, optimizer
    model, optimizer = trained(.5, LBFGS)
    schedule, rates = lr_scheduler.ExponentialLR(optimizer, .9), []
    with new(model, optimizer, scheduler=schedule) as run:
        for _ in run.epochs(6):
            def closure():
                optimizer.zero_grad()
                loss = F.mse_loss(model(X), Y)
                loss.backward()
                return loss
            rates.append(optimizer.param_groups[0]["lr"])
            run.log(loss=optimizer.step(closure))
            schedule.step()
    assert run.frame()["learning_rate"].tolist() == rates and at(run) == [1, 2, 3, 4, 5, 6]


def test_epochs_of_which_only_some_have_a_loop_over_batches(new):
    """A warm-up epoch of full batch, then loops over batches, then a plain loop: 1 + 5 + 5 steps."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for epoch in run.epochs(3):
            if epoch == 0: run.log(loss=step(model, optimizer, X, Y))
            for x, y in [[], run.batches(BATCHES), BATCHES][epoch]: run.log(loss=step(model, optimizer, x, y))
    assert at(run) == list(range(1, 12)) and run.step == 11
    assert run.frame()["epoch"].tolist() == [0] + [1] * 5 + [2] * 5


def test_epochs_with_plain_batches_and_a_validation_each(new):
    """`epochs` without `batches`: 15 steps, validations at 5, 10, 15, also if the validation has our iterator."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for _ in run.epochs(3):
            for x, y in BATCHES: run.log(loss=step(model, optimizer, x, y))
            with torch.no_grad():
                for x, y in run.batches(BATCHES, valid=True): F.mse_loss(model(x), y)
            run.log(val_loss=1.)
    assert at(run) == list(range(1, 16)) and at(run, "val_loss") == [5, 10, 15]


# Several runs, several loops

def test_two_runs_in_one_loop(new):
    """Teacher and student, each with a run of its own, in one loop over epochs of the first: each has its own steps and losses."""
    (a, oa), (b, ob) = trained(.05), trained(.2)
    with new(a, oa, name="a") as one, new(b, ob, name="b") as two:
        for _ in one.epochs(2):
            for x, y in one.batches(BATCHES):
                one.log(loss=step(a, oa, x, y))
                two.log(loss=step(b, ob, x, y))
    plain, optimizer = trained(.2)
    assert two.history("loss") == [(i, step(plain, optimizer, x, y)) for i, (x, y) in enumerate(BATCHES * 2, 1)]
    assert one.step == two.step == 10 and one.status == two.status == "finished"


def test_two_runs_over_zipped_batches(new):
    """zip(one.batches(dl), two.batches(dl)): ten steps each."""
    (a, oa), (b, ob) = trained(.05), trained(.2)
    with new(a, oa, name="a") as one, new(b, ob, name="b") as two:
        for _ in range(2):
            for (x, y), (u, v) in zip(one.batches(BATCHES), two.batches(BATCHES)):
                one.log(loss=step(a, oa, x, y))
                two.log(loss=step(b, ob, u, v))
    assert at(one) == at(two) == list(range(1, 11)) and one.status == two.status == "finished"


@pytest.mark.parametrize("in_with", [False, True])
@pytest.mark.parametrize("zipped", [lambda loop: zip(range(3), loop), lambda loop: zip(BATCHES[:3], loop), lambda loop: zip(loop, BATCHES[:3]),
                                    lambda loop: zip(BATCHES, loop), lambda loop: islice(loop, 3)],
                         ids=["range", "shorter", "behind", "as long", "islice"])
def test_batches_zipped_with_something_that_ends_first(new, zipped, in_with):
    """zip(range(n), run.batches(dl)), islice(run.batches(dl), n): the loop has ended by itself, so the run is finished. A batch that was drawn in
    vain may count."""
    model, optimizer = trained()
    made = 0
    run = new(model, optimizer)
    with run if in_with else contextlib.nullcontext():
        for pair in zipped(run.batches(BATCHES)):
            step(model, optimizer, *BATCHES[made])
            made += 1
    run.finish()
    assert run.status == "finished" and run.step - made in (0, 1)


def test_what_is_logged_between_two_loops(new):
    """Behind the first loop's 5 steps and before the second: at 5; in the second from 6 on."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for x, y in run.batches(BATCHES): run.log(loss=step(model, optimizer, x, y))
        run.log(test_loss=1.)
        for x, y in run.batches(BATCHES): run.log(loss=step(model, optimizer, x, y))
        run.log(test_loss=2.)
    assert run.history("test_loss") == [(5, 1.), (10, 2.)] and at(run) == list(range(1, 11))


def test_steps_between_two_loops_count(new):
    """A calibration of three steps by hand between two loops over batches: 5 + 3 + 5."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for x, y in run.batches(BATCHES): run.log(loss=step(model, optimizer, x, y))
        for x, y in BATCHES[:3]: run.log(loss=step(model, optimizer, x, y))
        for x, y in run.batches(BATCHES): run.log(loss=step(model, optimizer, x, y))
    assert at(run) == list(range(1, 14)) and run.step == 13


def test_logged_from_a_thread_that_evaluates(new):
    """A thread logs while the loop stands in a step: at that step, and the main thread's values stay in theirs."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for x, y in run.batches(BATCHES):
            thread = threading.Thread(target=lambda: run.log(val_loss=float(run.step)))
            thread.start()
            thread.join()
            run.log(loss=step(model, optimizer, x, y))
    assert run.history("val_loss") == [(i, float(i)) for i in range(1, 6)] and at(run) == [1, 2, 3, 4, 5]


def test_a_test_figure_behind_a_loop_without_with(new):
    """`test_loss` behind the loop, before finish: at the last step, and no best of val_loss."""
    model, optimizer = trained()
    run = new(model, optimizer)
    for _ in run.epochs(2):
        for x, y in run.batches(BATCHES): run.log(loss=step(model, optimizer, x, y))
        run.log(val_loss=1.)
    run.log(test_loss=.1)
    run.finish()
    best, = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    assert run.history("test_loss") == [(10, .1)] and best["value"] == 1. and open_run(run.path).latest()["test_loss"] == .1


def test_a_validation_before_the_first_step(new):
    """A sanity check before training (as Lightning has it) stands at 0, and its value can be the best of weights that never moved."""
    model, optimizer = trained()
    first = model.weight.detach().clone()
    with new(model, optimizer) as run:
        with torch.no_grad():
            for x, y in run.batches(BATCHES, valid=True): F.mse_loss(model(x), y)
        run.log(val_loss=.1)
        for epoch in run.epochs(2):
            for x, y in run.batches(BATCHES): run.log(loss=step(model, optimizer, x, y))
            run.log(val_loss=1.)
    best, = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    assert at(run, "val_loss") == [0, 5, 10] and torch.equal(load_file(run.path/"checkpoints"/best["name"]/"model.safetensors")["weight"], first)


def test_a_validation_in_mid_epoch_every_few_steps(new):
    """val_check_interval: validations within the loop over batches stand at 2, 4, 7, 9 and count no step."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for _ in run.epochs(2):
            for i, (x, y) in enumerate(run.batches(BATCHES), 1):
                run.log(loss=step(model, optimizer, x, y))
                if i % 2: continue
                for _ in run.batches(BATCHES, valid=True): pass
                run.log(val_loss=1.)
    assert at(run, "val_loss") == [2, 4, 7, 9] and at(run) == list(range(1, 11))


def test_valid_forgotten_in_inference_mode(new, said):
    """torch.inference_mode() instead of no_grad(): no steps are counted."""
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for _ in run.epochs(2):
            for x, y in run.batches(BATCHES): step(model, optimizer, x, y)
            with torch.inference_mode():
                for x, y in run.batches(BATCHES): F.mse_loss(model(x), y)
            run.log(val_loss=1.)
    assert at(run, "val_loss") == [5, 10] and run.step == 10


def test_valid_forgotten_with_eval_mode_only(new, said):
    """model.eval() and a loop over run.batches without valid=True and with gradients on: 10 steps, or it is said."""
    model, optimizer = trained()
    model = nn.Sequential(model)
    with new(model, optimizer) as run:
        for _ in run.epochs(2):
            model.train()
            for x, y in run.batches(BATCHES): step(model, optimizer, x, y)
            model.eval()
            for x, y in run.batches(BATCHES): F.mse_loss(model(x), y).item()
            run.log(val_loss=1.)
    assert run.step == 10 or known(run, said), run.step


# Pairs of axes

@pytest.mark.parametrize("train, valid", [("Loss/train", "Loss/test"), ("train_loss_epoch", "val_loss_epoch"), ("loss", "val_loss"), ("train/acc", "eval/acc"),
                                          ("accuracy", "test_accuracy"),
                                          ("metrics/train/f1", "metrics/val/f1"), ("Train Loss", "Valid Loss"), ("training loss", "validation loss"),
                                          ("train.nll", "dev.nll")])
def test_pairs_share_their_axes(new, train, valid):
    """TensorBoard's, Lightning's, Keras' and W&B's names of a pair: both are drawn together."""
    with new() as run:
        for _ in run.steps(3): run.log({train: 1.})
        run.log({valid: 2.})
    assert len(curves(run)) == 2, list(curves(run))


@pytest.mark.parametrize("train, valid", [("trainLoss", "valLoss"), ("Train loss", "Val loss"), ("loss/training", "loss/validation")])
def test_pairs_in_other_spellings(new, train, valid):
    """Capitals as word borders, and the long words: a pair, and the second one a validation's."""
    with new() as run:
        for _ in run.steps(3): run.log({train: 1.})
        run.log({valid: 2.})
    assert len(curves(run)) == 2 and valid in run.frame("valid").columns


# The rates on record

def test_a_rate_set_by_hand_in_a_bare_loop(new):
    """param_groups[0]['lr'] = … before each step: the record has the rates of the steps."""
    model, optimizer = trained()
    rates = [.1, .05, .2, .01, .02]
    with new(model, optimizer) as run:
        for rate, (x, y) in zip(rates, BATCHES):
            optimizer.param_groups[0]["lr"] = rate
            run.log(loss=step(model, optimizer, x, y))
    assert run.frame()["learning_rate"].tolist() == rates


@pytest.mark.parametrize("in_epochs", [False, True])
def test_a_rate_scaled_in_a_bare_loop(new, in_epochs):
    """÷2 from within a loop without our batches: the weights are those of a plain loop whose rate was halved there."""
    plain, optimizer = trained()
    for i, (x, y) in enumerate(BATCHES):
        if i == 3: optimizer.param_groups[0]["lr"] /= 2
        step(plain, optimizer, x, y)
    model, optimizer = trained()
    with new(model, optimizer) as run:
        for _ in run.epochs(1) if in_epochs else range(1):
            for i, (x, y) in enumerate(BATCHES):
                if i == 2:
                    request = run.scale_lr(.5)
                run.log(loss=step(model, optimizer, x, y))
    halved_from = [i for i, rate in enumerate(run.frame()["learning_rate"]) if rate == .025]
    assert request.outcome["status"] == "applied" and halved_from in ([2, 3, 4], [3, 4]), run.frame()["learning_rate"].tolist()
    if halved_from == [3, 4]: assert torch.equal(model.weight, plain.weight)


def test_stop_in_a_bare_loop_that_looks(new):
    """`while made < 100 and not run.stopping`: it ends after the step in which it was told, stopped, and saved there."""
    model, optimizer = trained()
    made = 0
    with new(model, optimizer) as run:
        while made < 100 and not run.stopping:
            run.log(loss=step(model, optimizer, X, Y))
            made += 1
            if made == 7: run.stop()
    last = [entry["step"] for entry in run.info["checkpoints"] if "last" in entry["roles"]]
    assert made in (7, 8) and run.status == "stopped" and last == [made]


def test_a_terminal_has_epochs_of_full_batches(new):
    """epochs without batches in a terminal: a line for each epoch with its loss."""
    model, optimizer = trained()
    with contextlib.redirect_stdout(io.StringIO()) as out, new(model, optimizer, view="terminal") as run:
        for epoch in run.epochs(3):
            step(model, optimizer, X, Y)
            run.log(loss=epoch + .5)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert [line[1] for line in lines if line and line[0] in ("1", "2", "3")] == ["0.5000", "1.500", "2.500"], out.getvalue()


# How far it is

def test_an_inner_loop_leaves_the_place_of_the_outer_one(new):
    """PPO: so many iterations, each with a few passes over minibatches. What the panel counts are the iterations, which are no batches."""
    seen = []
    with new() as run:
        for _ in run.steps(4):
            for _ in run.batches([1, 2, 3]): seen.append([run.progress[name] for name in ("unit", "batch", "batches", "epoch")])
    assert seen == [["step", i, 4, None] for i in (1, 2, 3, 4) for _ in range(3)] and run.step == 12


def test_told_to_stop_in_the_last_iteration_s_inner_loop(new):
    """It was cut short, though the outer loop has no iteration left."""
    with new() as run:
        for i in run.steps(3):
            for k in run.batches([1, 2, 3]):
                if (i, k) == (2, 1): run.stop()
    assert run.status == "stopped"


@pytest.mark.parametrize("number", [np.int64, torch.tensor, np.array], ids=["numpy", "tensor", "array"])
def test_steps_counted_by_an_environment(new, number):
    """`run.step = env.steps`, a number of another library: the run can be opened, and the values stand there."""
    with new() as run:
        for i in range(1, 4):
            run.step = number(128 * i)
            run.log(reward=i)
    assert open_run(run.path).history("reward") == [(128, 1.), (256, 2.), (384, 3.)] and open_run(run.path).step == 384


def test_two_coroutines_with_a_run_each(new):
    """Cells with `await` in their loops take turns on one thread."""
    async def train(name, steps):
        with new(name=name) as run:
            for i in run.steps(steps):
                run.log(loss=i)
                await asyncio.sleep(0)
        return run
    async def both(): return await asyncio.gather(train("a", 5), train("b", 9))
    a, b = asyncio.run(both())
    assert [len(a.frame()), len(b.frame()), a.status, b.status] == [5, 9, "finished", "finished"]


def test_a_rate_is_of_the_training_alone(new):
    """What comes behind the loop, an evaluation of an hour perhaps, is in no rate and not in the mean."""
    with new() as run:
        began = time.perf_counter()
        for _ in run.steps(10): time.sleep(.01)
        seconds = time.perf_counter() - began
        time.sleep(.5)
    assert run.info["watching"]["mean_rates"]["steps_per_second"] > 10 / (seconds + .5)
    assert open_run(run.path).info["watching"]["mean_rates"] == run.info["watching"]["mean_rates"]


# What no reader would find

@pytest.mark.parametrize("silly", [None, -1, 2.5, "7", True, 2**63])
def test_a_step_is_a_whole_number(new, silly):
    with new() as run, pytest.raises(TypeError, match="run.step is a whole number from 0 on; got"): run.step = silly
    assert open_run(run.path).step == 0


@pytest.mark.parametrize(("call", "said"), [
    (lambda run: run.request("stop"), r"request\(command\) takes a Command, such as make_command"),
    (lambda run: run.recorder.event(7), r"event\(kind, step, …\) takes a kind such as 'note'"),
    (lambda run: run.recorder.event("note", "second"), "a whole number as the step; got 'note' and 'second'"),
    (lambda run: run.curves("loss"), "names of metrics in a list are expected, such as"),
    (lambda run: run.curve(b"loss"), "names of metrics in a list are expected, such as"),
    (lambda run: list_runs(7), "by the folder they are kept in"),
    (lambda run: watch(resume=7, dir=run.path), "resume takes a run, its folder, or the folder of one of its checkpoints; got 7"),
    (lambda run: make_command("fly"), "every run knows stop, pause, resume, .*; got 'fly'"),
    (lambda run: run.loop.begin_epoch("first"), "epoch is a whole number from 0 on; got 'first'")],
    ids=["request", "event", "step", "letters", "bytes", "list_runs", "resume", "fly", "epoch"])
def test_silly_calls_are_told_what_was_expected(new, call, said):
    with new() as run, pytest.raises((TypeError, ValueError), match=said): call(run)
