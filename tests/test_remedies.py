"""A remedy is planned, applied between two steps, and kept or taken back; what is taken back was never there, to the last bit."""
import json
import os
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from outsiders.noisy_weights import shake_weights
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner, open_run, watch
from trainbook.remedy.change import Change, Plan
from trainbook.remedy.commands import known_remedies, remedy
from trainbook.remedy.recipe import scheduled_commands
from trainbook.run.control import Command
from trainbook.run.finding import Finding, Remedy
from trainbook.train.callback import Callback
from trainbook.train.callbacks import GradientAccumulation, GradientClipping, Schedule

X = torch.randn(60, 8, generator=torch.Generator().manual_seed(1))
Y = X[:, :2].prod(1, keepdim=True)
CLASSES = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()
STEPS = 24


@remedy("Fail half way", cures={}, arguments=dict(out_of_memory=bool))
def fail_half_way(training, out_of_memory=False):
    """The weights are set to zero, and then it fails."""
    model = training.models[""]

    def change():
        before, model[2] = model[2], nn.GELU()
        def take_back(): model[2] = before
        return take_back

    def fail():
        with torch.no_grad():
            for weights in model.parameters(): weights.zero_()
        torch.rand(3)
        raise MemoryError("no memory is left") if out_of_memory else RuntimeError("the second half is missing")
    return Plan("It fails.", [Change("2", "ReLU()", "GELU()", change), Change("weights", "as they are", "0", fail)])


@remedy("GELU for ReLU", cures={"dead_relu": 1})
def gelu_for_relu(training):
    """Each ReLU becomes a GELU."""
    model = training.models[""]

    def change():
        before, model[2] = model[2], nn.GELU()
        def take_back(): model[2] = before
        return take_back
    return Plan("The ReLU becomes a GELU.", [Change("2", "ReLU()", "GELU()", change)])


class Script:
    """A training as people write it: Dropout, running means, a scheduler, a loader that shuffles, and a validation in each epoch."""

    def __init__(self, folder, **options):
        torch.manual_seed(0), random.seed(0), np.random.seed(0)
        self.model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(.3), nn.ReLU(), nn.BatchNorm1d(16), nn.Linear(16, 1))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=.05, momentum=.9)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 2, .5)
        self.loader = DataLoader(TensorDataset(X, Y), 10, shuffle=True)
        self.losses = []
        self.run = watch(self.model, self.optimizer, dir=folder, view=None, scheduler=self.scheduler, **options)

    def step(self, xb, yb, act):
        loss = (self.model(xb) - yb).square().mean()
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.run.log(loss=loss)
        self.losses.append(loss.item())
        act(self.run)

    def epochs(self, act):
        for epoch in self.run.epochs(4):
            self.model.train()
            for xb, yb in self.run.batches(self.loader): self.step(xb, yb, act)
            self.scheduler.step()
            self.model.eval()
            with torch.no_grad(): losses = [(self.model(xb) - yb).square().mean() for xb, yb in self.run.batches([(X, Y)], valid=True)]
            self.run.log(val_loss=torch.stack(losses).mean() + random.random())

    def plain(self, act):
        for epoch in range(4):
            for xb, yb in self.run.batches(self.loader): self.step(xb, yb, act)
            self.scheduler.step()

    def steps(self, act):
        for i in self.run.steps(STEPS): self.step(X[i:i + 9], Y[i:i + 9], act)

    def train(self, style="epochs", act=lambda run: None):
        with self.run: getattr(self, style)(act)
        momenta = [state["momentum_buffer"] for state in self.optimizer.state.values()]
        numbers = torch.tensor([self.optimizer.param_groups[0]["lr"], random.random(), np.random.rand()])
        self.end = [*self.model.state_dict().values(), *momenta, torch.rand(3), numbers]  # all that the training has come to
        return self


def is_same(first, second): return all(map(torch.equal, first.end, second.end))


def doing(*what):
    """Sends commands behind steps: (step, command, arguments)."""
    def act(run):
        for step, command, *arguments in what:
            if run.step == step: run.request(Command(command, dict(*arguments), id=f"{command}-{step}", by="test"))
    return act


def outcomes(run): return [(event["command"], event["status"], event.get("reason")) for event in run.events()
                           if event["event"] == "command" and event["status"] != "requested"]


# Taking back

@pytest.mark.parametrize("applied, undone", [(3, 3), (3, 5), (3, 8), (6, 6), (6, 7), (8, 17), (1, 2), (5, 24), (24, 24)])
@pytest.mark.parametrize("style", ["epochs", "steps"])
def test_what_is_taken_back_was_never_there(tmp_path, style, applied, undone):
    """Within the epoch, in a later one, at the last batch of one: the batches since then come again, with the same random numbers."""
    untouched = Script(tmp_path / "untouched").train(style)
    changed = Script(tmp_path / "changed").train(style, doing((applied, "shake_weights"), (undone, "undo", dict(id=f"shake_weights-{applied}"))))
    assert outcomes(changed.run) == [("shake_weights", "applied", None), ("undo", "applied", None)]
    rest = STEPS - applied
    assert changed.losses[len(changed.losses) - rest:] == untouched.losses[applied:] and is_same(changed, untouched)
    assert changed.run.step == STEPS + undone - applied


def test_a_loop_by_hand_over_epochs_goes_back_within_one_epoch_and_says_where_it_can_not(tmp_path):
    untouched = Script(tmp_path / "untouched").train("plain")
    within = Script(tmp_path / "within").train("plain", doing((8, "shake_weights"), (11, "undo", dict(id="shake_weights-8"))))
    assert is_same(within, untouched)
    at = {}
    def note(run):
        if run.step == 8: at[8] = [weights.clone() for weights in script.model.parameters()]
        if run.step == 15: at[15] = [weights.clone() for weights in script.model.parameters()]
        doing((8, "shake_weights"), (14, "undo", dict(id="shake_weights-8")))(run)
    script = Script(tmp_path / "across")
    with pytest.warns(RuntimeWarning, match=r"with the batches that come next.* only a loop over run.epochs\(n\) can go back"): script.train("plain", note)
    assert script.run.step == STEPS


def test_at_the_begin_of_a_loop_and_in_a_pause(tmp_path):
    """Both are obeyed at one edge, before the first batch of an epoch or within a pause."""
    untouched = Script(tmp_path / "untouched").train()
    for at in (6, 9):
        act = doing((at, "pause"), (at, "shake_weights"), (at, "undo", dict(id=f"shake_weights-{at}")), (at, "resume"))
        changed = Script(tmp_path / f"{at}").train(act=act)
        assert is_same(changed, untouched) and changed.run.step == STEPS


def test_modules_are_put_back_and_remedies_in_turn(tmp_path):
    untouched = Script(tmp_path / "untouched").train()
    act = doing((3, "gelu_for_relu"), (5, "shake_weights"), (7, "undo", dict(id="gelu_for_relu-3")), (8, "undo", dict(id="shake_weights-5")),
                (9, "undo", dict(id="gelu_for_relu-3")), (10, "undo", dict(id="gelu_for_relu-3")))
    changed = Script(tmp_path / "changed").train(act=act)
    told = outcomes(changed.run)
    assert [status for _, status, _ in told] == ["applied", "applied", "refused", "applied", "applied", "refused"]
    assert told[2][2] == "'Shake the weights' was applied after it; take that back first" and told[5][2] == "it has been undone, or can't be"
    assert type(changed.model[2]) is nn.ReLU and is_same(changed, untouched)


def test_workers_and_a_compiled_model(tmp_path):
    def train(folder, act=lambda run: None):
        script = Script(folder)
        script.loader = DataLoader(TensorDataset(X, Y), 10, shuffle=True, num_workers=1)
        compiled = torch.compile(script.model, backend="aot_eager")
        def step(xb, yb, act):
            loss = (compiled(xb) - yb).square().mean()
            loss.backward()
            script.optimizer.step()
            script.optimizer.zero_grad()
            script.losses.append(loss.item())
            act(script.run)
        script.step = step
        return script.train(act=act)
    untouched = train(tmp_path / "untouched")
    changed = train(tmp_path / "changed", doing((3, "gelu_for_relu"), (9, "undo", dict(id="gelu_for_relu-3"))))
    applied = train(tmp_path / "applied", doing((3, "gelu_for_relu")))
    assert changed.losses[3:9] == applied.losses[3:9] != untouched.losses[3:9] and is_same(changed, untouched)


def test_a_warm_up_goes_back_with_all_else(tmp_path):
    """The steps of a run count on when it goes back, and what goes by the step since it began must not."""
    alone = Script(tmp_path / "alone").train(act=doing((3, "warm_up", dict(steps=12))))
    changed = Script(tmp_path / "changed").train(act=doing((3, "warm_up", dict(steps=12)), (6, "shake_weights"), (9, "undo", dict(id="shake_weights-6"))))
    assert is_same(changed, alone) and changed.losses[-18:] == alone.losses[-18:]
    cut = Script(tmp_path / "cut").train(act=doing((3, "warm_up", dict(steps=12)), (8, "stop")))
    resumed = Script(tmp_path / "resumed", resume=cut.run.path).train()
    assert all(map(torch.equal, alone.model.state_dict().values(), resumed.model.state_dict().values()))


def test_what_was_commanded_since_is_taken_back_with_a_remedy(tmp_path):
    untouched = Script(tmp_path / "untouched").train()
    changed = Script(tmp_path / "changed").train(act=doing(
        (6, "shake_weights"), (8, "scale_lr", dict(factor=.5)), (9, "undo", dict(id="shake_weights-6")), (10, "undo", dict(id="scale_lr-8"))))
    assert is_same(changed, untouched) and outcomes(changed.run)[-1][1:] == ("refused", "it has been undone, or can't be")


class Acting(Callback):
    def __init__(self, act): self.act = act
    def after_batch(self, learn):
        if learn.training: self.act(learn.run)


def test_a_learner_goes_back_with_its_schedule_and_what_it_accumulates(tmp_path):
    def train(folder, act=lambda run: None):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(.3), nn.ReLU(), nn.BatchNorm1d(16), nn.Linear(16, 1))
        optimizer = torch.optim.AdamW(model.parameters(), .01)
        schedule = Schedule(torch.optim.lr_scheduler.OneCycleLR(optimizer, .02, total_steps=60))
        learner = Learner(model, DataLoader(TensorDataset(X, Y), 10, shuffle=True), [(X, Y)], nn.functional.mse_loss, optimizer,
                          callbacks=[schedule, GradientClipping(1.), GradientAccumulation(2), Acting(act)], dir=folder, view=None)
        learner.fit(4)
        return [*model.state_dict().values(), torch.tensor(optimizer.param_groups[0]["lr"])]
    untouched = train(tmp_path / "untouched")
    for applied, undone in ((3, 5), (6, 7), (8, 20)):
        act = doing((applied, "shake_weights"), (undone, "undo", dict(id=f"shake_weights-{applied}")))
        assert all(map(torch.equal, untouched, train(tmp_path / f"{applied}", act)))


# What can go wrong

@pytest.mark.parametrize("more, said", [({}, "the second half is missing"), (dict(out_of_memory=True), "no memory is left")])
def test_a_remedy_that_fails_half_way_has_changed_nothing(tmp_path, more, said):
    untouched, changed = Script(tmp_path / "untouched").train(), Script(tmp_path / "changed").train(act=doing((8, "fail_half_way", more)))
    assert is_same(changed, untouched) and changed.losses == untouched.losses
    [(command, status, reason)] = outcomes(changed.run)
    assert status == "failed" and "it failed half way, and all is as it was before" in reason and said in reason
    assert changed.run.status == "finished" and type(changed.model[2]) is nn.ReLU


def test_a_checkpoint_that_can_not_be_written_is_a_reason_to_change_nothing(tmp_path):
    def act(run):
        if run.step == 8:
            run.checkpoints.wait()
            checkpoints = run.path / "checkpoints"
            if checkpoints.exists(): checkpoints.rename(run.path / "before")
            checkpoints.write_text("a file in the place of the folder: nothing can be written below it")
            run.request(Command("shake_weights", by="test"))
        if run.step == 9 and (run.path / "checkpoints").is_file(): (run.path / "checkpoints").unlink()
    untouched = Script(tmp_path / "untouched").train()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        changed = Script(tmp_path / "changed").train(act=act)
    [(_, status, reason)] = outcomes(changed.run)
    assert status == "refused" and reason.startswith("no checkpoint can be saved before it: ") and is_same(changed, untouched)


@pytest.mark.parametrize("command, arguments, said", [
    ("shake_weights", dict(scale=-1), "scale is a number above 0, such as .5, not -1"), ("shake_weights", dict(size=1), "'size' is none of its arguments"),
    ("plan", dict(remedy="bloodletting"), "'bloodletting' is no remedy; there are "),
    ("plan", dict(remedy="shake_weights", arguments=dict(scale=0)), "scale is"),
    ("freeze", {}, "freeze(…) missing a required argument: 'layers'"), ("plan", dict(remedy="freeze"), "missing a required argument: 'layers'"),
    ("keep", dict(id="none"), "no remedy is on trial"), ("keep", {}, "no remedy is on trial")])
def test_nonsense_is_refused_with_what_was_expected(tmp_path, command, arguments, said):
    [(_, status, reason)] = outcomes(Script(tmp_path).train(act=doing((3, command, arguments))).run)
    assert status == "refused" and said in reason


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from test_remedies import Change, Plan, Script, doing, remedy
@remedy("Kill it", cures={})
def kill_it(training):
    "The process is killed while weights are changed."
    def kill(): os.kill(os.getpid(), signal.SIGKILL)
    return Plan("It is killed.", [Change("process", "alive", "dead", kill)])
Script(sys.argv[2]).train(act=doing((8, "kill_it")))
"""


def test_a_process_that_is_killed_in_the_middle_resumes_before_the_remedy(tmp_path):
    dead = subprocess.run([sys.executable, "-W", "ignore", "-c", KILLED, str(Path(__file__).parent), str(tmp_path / "killed")], capture_output=True, text=True)
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    [folder] = (tmp_path / "killed").iterdir()
    untouched, resumed = Script(tmp_path / "untouched").train(), Script(tmp_path / "resumed", resume=folder)
    assert resumed.run.step == 8
    resumed.train()
    assert all(map(torch.equal, untouched.model.state_dict().values(), resumed.model.state_dict().values()))


def test_a_run_goes_on_with_its_remedies(tmp_path):
    """The script builds the model without them, and they are applied again before the weights are loaded."""
    whole = Script(tmp_path / "whole").train(act=doing((4, "gelu_for_relu")))
    cut = Script(tmp_path / "cut").train(act=doing((4, "gelu_for_relu"), (13, "stop")))
    resumed = Script(tmp_path / "resumed", resume=cut.run.path)
    assert type(resumed.model[2]) is nn.GELU
    resumed.train()
    assert all(map(torch.equal, whole.model.state_dict().values(), resumed.model.state_dict().values()))


@pytest.mark.parametrize("name", ["normalise_inputs", "use_optimizer"])
def test_a_checkpoint_from_before_a_change_is_refused_with_what_to_do(tmp_path, name):
    act = doing((3, "checkpoint", dict(tag="before")), (5, name), (8, "rollback", dict(to="before")), (9, "undo", dict(id=f"{name}-5")),
                (10, "rollback", dict(to="before")))
    changed = Script(tmp_path).train(act=act)
    refused = outcomes(changed.run)[2]
    assert refused[1] == "refused" and refused[2].endswith("a remedy that was applied since has to be taken back first")
    assert [status for _, status, _ in outcomes(changed.run)] == ["applied", "applied", "refused", "applied", "applied"]


# The trial, and what is told

def test_a_plan_is_told_and_changes_nothing(tmp_path):
    untouched, asked = Script(tmp_path / "untouched").train(), Script(tmp_path / "asked").train(act=doing((8, "plan", dict(remedy="gelu_for_relu"))))
    assert is_same(asked, untouched)
    [plan] = [event for event in asked.run.events() if event["event"] == "plan"]
    assert (plan["sentence"], plan["changes"]) == ("The ReLU becomes a GELU.", [dict(where="2", before="ReLU()", after="GELU()")])


def test_a_trial_is_compared_and_kept(tmp_path):
    seen = []
    def act(run):
        doing((8, "shake_weights", dict(scale=2.)))(run)
        trial = run.loop.state()["trial"]
        if trial: seen.append((trial["since"], trial["until"], trial.get("verdict")))
        if trial and trial.get("verdict") and len(kept) == 0: kept.append(run.keep())
        if run.step < 300 and run.step > 28 and not kept: run.clerk_round()
    kept = []
    script = Script(tmp_path)
    script.run.clerk_round = lambda: [part.tick() for part in script.run.loop.parts if part.part == "applying remedies"]
    with script.run:
        for i in script.run.steps(60): script.step(X[i % 50:i % 50 + 9], Y[i % 50:i % 50 + 9], act)
    told = [event for event in script.run.events() if event["event"] == "trial"]
    assert [event["status"] for event in told] == ["compared", "kept"] and told[0]["metric"] == "loss" and seen[0][:2] == (8, 28)
    assert told[0]["verdict"] in ("worse", "no difference", "better", "not comparable") and told[1]["sentence"] == "Shake the weights is kept."
    with pytest.warns(RuntimeWarning, match="undo is refused, the run is finished"): script.run.undo("shake_weights-8")


def test_a_finding_offers_remedies_best_first_and_apply_takes_the_first(tmp_path):
    def act(run):
        if run.step != 5: return
        remedies = next(part for part in run.loop.parts if part.part == "applying remedies")
        found = Finding("dead_relu", "warning", "2", {}, "", "", remedies=(Remedy("scale_lr", dict(factor=.5), "Halve", ""),))
        offered.append(found._replace(remedies=remedies.offers(found)))
        run.apply(offered[0])
    offered = []
    script = Script(tmp_path).train(act=act)
    assert offered[0].remedies[0].command == "gelu_for_relu" and "scale_lr" in [one.command for one in offered[0].remedies]
    assert outcomes(script.run) == [("gelu_for_relu", "applied", None)]
    leak = Finding("leakage", "error", "", {}, "", "Split first.")
    with pytest.raises(ValueError, match="no remedy is known against leakage"): open_run(script.run.path).apply(leak)


def test_what_was_cured_is_no_longer_found_and_comes_back_with_an_undo(tmp_path):
    def train(folder, *what):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(1))
        optimizer = torch.optim.SGD(model.parameters(), .1)
        with watch(model, optimizer, dir=folder, view=None) as run:
            for i in run.steps(200):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(X), CLASSES)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
                doing(*what)(run)
        return [finding.kind for finding in run.findings if finding.severity == "error"]
    cured = (20, "drop_output_activation")
    assert train(tmp_path / "left alone") == ["double_softmax"] and train(tmp_path / "cured", cured) == []
    assert train(tmp_path / "undone", cured, (60, "undo", dict(id="drop_output_activation-20"))) == ["double_softmax"]


# Recipes

def steered(seed):
    """Commands and remedies by chance, some taken back."""
    rng, what, applied = random.Random(seed), [], []
    for step in sorted(rng.sample(range(1, STEPS), 6)):
        kind = rng.choice(["scale_lr", "shake_weights", "gelu_for_relu", "undo", "checkpoint", "early_stop", "rollback"])
        if kind == "undo" and applied: what.append((step, "undo", dict(id=applied.pop())))
        elif kind == "scale_lr": what.append((step, kind, dict(factor=rng.choice([.5, 2., .9]))))
        elif kind == "rollback": what.append((step, kind, dict(to="best")))
        elif kind == "early_stop": what.append((step, kind, dict(patience=rng.randint(2, 4), on=rng.random() < .3)))
        elif kind != "undo":
            what.append((step, kind))
            if kind in ("shake_weights", "gelu_for_relu"): applied.append(f"{kind}-{step}")
    return what


@pytest.mark.parametrize("seed", range(50 if os.environ.get("TRAINBOOK_SOAK_MINUTES") else 8))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_steered_run_is_repeated_from_its_recipe(tmp_path, seed):
    first = Script(tmp_path / "first").train(act=doing(*steered(seed)))
    recipe = first.run.recipe()
    second = Script(tmp_path / "second", recipe=json.loads(recipe.json())).train()
    assert second.losses == first.losses and is_same(first, second)
    assert [entry[:4] for entry in second.run.recipe()] == [entry[:4] for entry in recipe]


def test_the_snippet_of_a_recipe_is_code(tmp_path):
    recipe = Script(tmp_path).train(act=doing((4, "shake_weights"), (9, "scale_lr", dict(factor=.5)))).run.recipe()
    names = {}
    exec(str(recipe), names)
    assert scheduled_commands(names["recipe"]) == scheduled_commands(recipe) and recipe[0].arguments == dict(scale=.01)


def test_a_recipe_that_does_not_fit_says_at_which_entry(tmp_path):
    recipe = Script(tmp_path / "first").train(act=doing((4, "shake_weights"), (6, "gelu_for_relu"))).run.recipe()
    model = nn.Linear(8, 1)
    run = watch(model, torch.optim.SGD(model.parameters(), .1), dir=tmp_path / "other", view=None, recipe=recipe)
    with pytest.warns(RuntimeWarning, match="entry 2 of the recipe, gelu_for_relu behind step 7, is failed: it failed half way"), run:
        for i in run.steps(STEPS): model(X).sum().backward()
    assert [status for _, status, _ in outcomes(run)] == ["applied", "failed"]


def test_what_is_done_before_and_between_loops_is_repeated(tmp_path):
    def train(folder, steers=False, **options):
        script = Script(folder, **options)
        with script.run:
            if steers: script.run.scale_lr(.5)
            for i in script.run.steps(4): script.step(X[i:i + 9], Y[i:i + 9], lambda run: None)
            if steers: script.run.request(Command("shake_weights", by="test"))
            for i in script.run.steps(8): script.step(X[i:i + 9], Y[i:i + 9], lambda run: None)
        return script
    first = train(tmp_path / "first", steers=True)
    assert train(tmp_path / "second", recipe=first.run.recipe()).losses == first.losses


def test_what_of_a_recipe_was_never_reached_is_said(tmp_path):
    recipe = Script(tmp_path / "first").train(act=doing((4, "shake_weights"), (20, "gelu_for_relu"))).run.recipe()
    shorter = Script(tmp_path / "shorter", recipe=recipe)
    with pytest.warns(RuntimeWarning, match="entry 2 of the recipe, gelu_for_relu, was not reached: the training ended before"), shorter.run:
        for i in shorter.run.steps(6): shorter.step(X[i:i + 9], Y[i:i + 9], lambda run: None)
    assert [command for command, _, _ in outcomes(shorter.run)] == ["shake_weights"]


# A Learner, and another package

def test_the_loss_of_a_learner_and_of_a_script_can_be_replaced(tmp_path):
    @remedy("Absolute differences", cures={})
    def absolute_differences(training):
        """The loss is the mean absolute difference."""
        return Plan("The loss is the mean absolute difference.", [Change("loss", "squares", "absolute", lambda: training.loss.replace(nn.functional.l1_loss))])
    model = nn.Linear(8, 1)
    learner = Learner(model, [(X, Y)] * 3, None, nn.functional.mse_loss, torch.optim.SGD(model.parameters(), 0.), dir=tmp_path / "learner", view=None)
    learner.fit(1)
    learner.run.request(Command("absolute_differences", id="absolute"))
    learner.fit(1)
    losses = learner.run.history("loss")
    squares, absolute = (pytest.approx(float(loss(model(X), Y))) for loss in (nn.functional.mse_loss, nn.functional.l1_loss))
    assert losses[0][1] == squares and losses[-1][1] == absolute
    assert learner.loss_func is nn.functional.l1_loss
    run = watch(model, dir=tmp_path / "script", view=None, loss=nn.functional.mse_loss)
    with run:
        for _ in run.steps(2):
            run.log(loss=run.loss(model(X), Y))
            if run.step == 1: run.request(Command("absolute_differences"))
    assert [value for _, value in run.history("loss")] == [squares, absolute]
    with pytest.raises(TypeError, match="such as F.cross_entropy; got 3"): watch(model, dir=tmp_path, view=None, loss=3)
    sgd = torch.optim.SGD(model.parameters(), 0.)
    with pytest.raises(TypeError, match="takes its loss as loss_func"): Learner(model, [(X, Y)], None, nn.functional.mse_loss, sgd, loss=nn.functional.l1_loss)


def test_a_remedy_of_another_package_is_found(tmp_path):
    outsiders = Path(__file__).parent / "outsiders"
    info = tmp_path / "noisy_weights-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: noisy-weights\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[trainbook.commands]\nshake_weights = noisy_weights:shake_weights\nother = noisy_weights:torch\n")
    code = "from trainbook.remedy.commands import known_remedies; print([one.name for one in known_remedies() if one.name == 'shake_weights'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | dict(PYTHONPATH=f"{tmp_path}:{outsiders}"))
    assert done.stdout.strip() == "['shake_weights']" and "the remedy other is left out: TypeError" in done.stderr
    assert shake_weights.effect.startswith("Noise is added")


# Each remedy there is, in a real run



class Kinds(Script):
    """Trainings that between them have something for each remedy to change."""

    def __init__(self, folder, kind):
        torch.manual_seed(0), random.seed(0), np.random.seed(0)
        ends = dict(probabilities=[nn.Softmax(1)], numbers=[], critic=[])[kind]
        hidden = [nn.Linear(16, 16), nn.Sigmoid()] if kind == "numbers" else [nn.BatchNorm1d(16)]
        self.model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(.3), nn.ReLU(), *hidden, nn.Linear(16, 1 if kind == "numbers" else 3), *ends)
        if kind == "critic": self.model[0].requires_grad_(False)
        learning = [weights for weights in self.model.parameters() if weights.requires_grad]
        self.optimizer = torch.optim.SGD(learning, lr=.05, momentum=.0 if kind == "critic" else .9, weight_decay=1e-3)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 2, .5)
        self.loader = DataLoader(TensorDataset(X, Y[:, 0] if kind == "numbers" else CLASSES), 10)
        self.losses, self.is_class = [], kind != "numbers"
        loss = nn.functional.cross_entropy if self.is_class else nn.functional.mse_loss
        models = dict(critic=self.model) if kind == "critic" else self.model
        self.run = watch(models, self.optimizer, dir=folder, view=None, scheduler=self.scheduler, loss=loss)

    def step(self, xb, yb, act):
        loss = self.run.loss(self.model(xb), yb)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.run.log(loss=loss)
        self.losses.append(loss.item())
        act(self.run)

    def train(self, act=lambda run: None):
        with self.run: self.plain(act)
        self.end = [*self.model.state_dict().values(), torch.rand(3), torch.tensor([group["lr"] for group in self.optimizer.param_groups])]
        self.end += [value for state in self.optimizer.state.values() for value in state.values() if isinstance(value, torch.Tensor)]
        return self


NEEDED = dict(normalise_targets=dict(mean=2., std=3.), weight_decay=dict(value=.1), use_loss=dict(name="l1_loss"), turn_output=dict(turn="log"),
              log_probabilities=dict(turn="log"), dropout=dict(share=.2), freeze=dict(layers=["0"]))
ELSEWHERE = {"turn_output", "log_probabilities", "spectral_norm", "mode_by_gradients", "use_loss"}  # tests of their own have what these need


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {kind: Kinds(tmp_path_factory.mktemp(kind), kind).train() for kind in ("probabilities", "numbers", "critic")}


@pytest.mark.parametrize("name", sorted(one.name for one in known_remedies() if one.plan.__module__.startswith("trainbook")))
@pytest.mark.filterwarnings("ignore")
def test_each_remedy_is_applied_and_taken_back(tmp_path, untouched, name):
    applied = []
    for kind, before in untouched.items():
        changed = Kinds(tmp_path / kind, kind).train(doing((8, name, NEEDED.get(name, {})), (10, "undo", dict(id=f"{name}-8"))))
        first = outcomes(changed.run)[0]
        assert first[1] in ("applied", "refused"), first
        assert is_same(changed, before) and changed.losses[-16:] == before.losses[-16:], kind
        if first[1] == "applied": applied.append(kind)
        else: assert len(first[2].split()) > 4, first
    assert applied or name in ELSEWHERE
