"""Applied means in force: commands between loops, from threads and other processes, in pauses and in any order."""
import threading
import time
import warnings

import pytest
import torch
import trainings
from test_loops import ask, until
from torch import nn, optim
from torch.optim import lr_scheduler
from trainings import both

from trainbook import open_run
from trainbook.run.control import Refused

pytestmark = pytest.mark.usefixtures("one_thread")

X = torch.linspace(-1, 1, 8)[:, None]


class Script(trainings.Script):
    """Four batches an epoch, plain gradient descent; the gradient of the one weight is always 1, so that rates can be read off the weight."""

    def __init__(self, tmp_path=None, in_with=True, rate=.5, **options):
        model = nn.Linear(1, 1, bias=False).double()
        nn.init.zeros_(model.weight)
        super().__init__(model, optim.SGD(model.parameters(), rate), tmp_path, in_with, **options)

    def step(self):
        self.model.weight.grad = torch.ones_like(self.model.weight)
        self.optimizer.step()
        self.made += 1

    def loop(self, n=4):
        for _ in self.run.batches(range(n)): self.step()

    @property
    def weight(self) -> float: return self.model.weight.item()


def outcomes(run, command: str) -> list[str]:
    return [event["status"] for event in run.events() if event.get("command") == command and event["status"] != "requested"]


@both
def test_scaled_before_the_first_loop(tmp_path, in_with):
    """Right: a rate that is halved between `watch` and the loop is halved from the first step on."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        run.scale_lr(.5)
        script.loop()
    assert script.weight == -4 * .25 and outcomes(run, "scale_lr") == ["applied"]


@both
def test_scaled_between_loops(tmp_path, in_with):
    """Right: between two loops the factor acts from the next step on, and undoing it in any order leaves the others."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        script.loop()
        first, _ = run.scale_lr(.5), run.scale_lr(.25)
        script.loop()
        run.undo(first)
        script.loop()
        run.undo()
        script.loop()
    assert script.weight == -4 * (.5 + .0625 + .125 + .5)


@both
def test_rolled_back_and_scaled_between_loops(tmp_path, in_with):
    """Right: back to the best, at a tenth of the rate, and on (tutorial 07's recipe in a bare loop)."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        script.loop()
        run.log(val_loss=1.)
        script.loop()
        run.log(val_loss=2.)
        run.rollback("best")
        assert script.weight == -2
        run.scale_lr(.5)
        script.loop()
    assert script.weight == -3 and outcomes(run, "rollback") == ["applied"]


@both
def test_a_roll_back_undone_after_more_steps(tmp_path, in_with):
    """Right: undo of a roll back brings back what was there before it, and what was trained since is gone."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        script.loop()
        run.checkpoint("a")
        script.loop()
        run.rollback("a")
        script.loop(1)
        assert script.weight == -2.5
        run.undo()
        assert script.weight == -4
        script.loop(1)
    assert script.weight == -4.5


@both
def test_scaled_rolled_back_and_undone_out_of_order(tmp_path, in_with):
    """Right: the rate that was scaled before the roll back can be undone on its own; a roll back leaves it as it is."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        script.loop()
        run.checkpoint("a")
        scaled = run.scale_lr(.5)
        script.loop()
        run.rollback("a")
        run.undo(scaled)
        script.loop(1)
    assert script.weight == -2.5


@pytest.mark.parametrize("what", ["rollback", "scale_lr", "undo", "checkpoint"])
@both
def test_what_can_t_be_done_between_loops_raises(tmp_path, what, in_with):
    """Right: what can't be obeyed raises where it was called, and the run goes on."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        script.loop()
        call = dict(rollback=lambda: run.rollback("none"), scale_lr=lambda: run.scale_lr(-1), undo=run.undo, checkpoint=lambda: run.checkpoint("best"))[what]
        with pytest.raises(ValueError): call()
        script.loop()
    assert script.weight == -4 and run.status == "finished"


@pytest.mark.parametrize("what", ["rollback", "scale_lr", "checkpoint", "evaluate"])
@both
def test_behind_the_end(tmp_path, what, in_with):
    """Right: asked of a run that is over, it is refused to the person's face."""
    script = Script(tmp_path, in_with, evaluate=lambda run: dict(val_loss=1.))
    with script.going() as run:
        script.loop()
        run.log(val_loss=1.)
    call = dict(rollback=lambda: run.rollback("best"), scale_lr=lambda: run.scale_lr(.5), checkpoint=run.checkpoint, evaluate=run.evaluate)[what]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try: call()
        except (ValueError, RuntimeError) as error: said.append(error)
    assert said


@pytest.mark.parametrize("what", ["rollback", "scale_lr", "checkpoint"])
@both
def test_trained_in_a_thread_and_asked_in_the_main_one(tmp_path, what, in_with):
    """Right: after a loop that ran in a thread, what the main thread asks for acts before its next line, or is refused in words."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        thread = threading.Thread(target=script.loop)
        thread.start()
        thread.join()
        run.log(val_loss=1.)
        script.model.weight.data.fill_(7.)
        try: dict(rollback=lambda: run.rollback("best"), scale_lr=lambda: run.scale_lr(.5), checkpoint=lambda: run.checkpoint("now"))[what]()
        except (ValueError, RuntimeError): return
        assert outcomes(run, what) == ["applied"], "it waits for an edge that does not come"
        if what == "rollback": assert script.weight == -2


@both
def test_asked_by_a_thread_within_the_loop(tmp_path, in_with):
    """Right: a command of another thread acts at the next step edge, and `wait` returns its outcome."""
    script, found = Script(tmp_path, in_with), []

    def ask_for_it(): found.append(script.run.scale_lr(.5).wait(10)["status"])

    with script.going() as run:
        for i in run.batches(range(8)):
            script.step()
            if i == 3:
                thread = threading.Thread(target=ask_for_it)
                thread.start()
                until(lambda: run.recorder.mailbox.waiting)
        thread.join(10)
    assert found == ["applied"] and script.weight == -(4 * .5 + 4 * .25)


BETWEEN = pytest.mark.xfail(reason="without `with`, the run reads finished to others between two loops of a cell or script")


@pytest.mark.parametrize("in_with", [True, pytest.param(False, marks=BETWEEN)])
def test_asked_by_another_process_between_two_loops(tmp_path, in_with):
    """Right: what another process asks for while no loop runs is obeyed before the next step."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        script.loop()
        ask(run.path, "checkpoint", "a")
        ask(run.path, "scale_lr", .5)
        script.loop()
        assert script.weight == -3
        ask(run.path, "rollback", "a")
        script.loop(1)
        assert script.weight == -2.25
    assert outcomes(run, "rollback") == ["applied"]


@both
def test_asked_by_another_process_before_the_first_loop(tmp_path, in_with):
    """Right: a stop that came before the first step: no step is made."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        ask(run.path, "stop")
        script.loop()
    assert script.made == 0 and run.status == "stopped"


@both
def test_asked_by_another_process_behind_the_last_step(tmp_path, in_with):
    """Right: asked for in the last step, it is settled when the run is over: applied or refused, never open."""
    script, ids = Script(tmp_path, in_with), []
    with script.going() as run:
        for i in run.batches(range(4)):
            script.step()
            if i == 3:
                ids = [ask(run.path, *command) for command in (("scale_lr", .5), ("checkpoint", "end"), ("rollback", "nowhere"), ("pause",), ("resume",))]
    settled = {id: [event["status"] for event in run.events() if event.get("id") == id][-1] for id in ids}
    assert [*settled.values()] == ["applied", "applied", "refused", "applied", "applied"], settled


@both
def test_stop_and_roll_back_in_one_step(tmp_path, in_with):
    """Right: both are obeyed in the order they came; the last checkpoint has the weights that were gone back to."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        for i in run.batches(range(8)):
            script.step()
            if i == 1: run.checkpoint("two")
            if i == 4:
                run.stop()
                run.rollback("two")
    assert script.weight == -1 and script.made == 5 and run.status == "stopped"
    from safetensors.torch import load_file
    last, = (entry for entry in run.info["checkpoints"] if "last" in entry["roles"])
    assert load_file(run.path / "checkpoints" / last["name"] / "model.safetensors")["weight"].item() == -1


@both
def test_evaluated_in_a_pause(tmp_path, in_with):
    """Right: in a pause an evaluation is made at once, its metrics are found by the request, and the run stays paused."""
    script, found = Script(tmp_path, in_with, evaluate=lambda run: dict(val_loss=run.model.weight.item() ** 2)), []

    def other():
        reader = open_run(script.run.path)
        until(lambda: reader.status == "paused")
        request = reader.evaluate()
        request.wait(10)
        found.extend([request.metrics, reader.status])
        reader.resume()

    thread = threading.Thread(target=other)
    with script.going() as run:
        for i in run.batches(range(4)):
            script.step()
            if i == 1:
                run.pause()
                thread.start()
        thread.join(10)
    assert found == [dict(val_loss=1.), "paused"] and script.weight == -2


@both
def test_scaled_and_rolled_back_in_a_pause(tmp_path, in_with):
    """Right: in a pause both act, and the first step behind it has the weights and the rate."""
    script = Script(tmp_path, in_with)

    def other():
        reader = open_run(script.run.path)
        until(lambda: reader.status == "paused")
        for request in (reader.rollback("one"), reader.scale_lr(.5)): assert request.wait(10)["status"] == "applied"
        reader.resume()

    thread = threading.Thread(target=other)
    with script.going() as run:
        for i in run.batches(range(4)):
            script.step()
            if i == 0: run.checkpoint("one")
            if i == 2:
                run.pause()
                thread.start()
        thread.join(10)
    assert script.weight == -.5 - .25


@both
def test_evaluated_between_loops(tmp_path, in_with):
    """Right: between loops `run.evaluate()` gives the metrics at once; they are no value of early stopping or best."""
    script = Script(tmp_path, in_with, early_stop=1, evaluate=lambda run: dict(val_loss=run.model.weight.item() ** 2))
    with script.going() as run:
        script.loop()
        run.log(val_loss=5.)
        assert run.evaluate().metrics == dict(val_loss=4.) and run.evaluate().metrics == dict(val_loss=4.)
        script.loop()
    assert script.made == 8 and [entry["value"] for entry in run.info["checkpoints"] if "best" in entry["roles"]] == [5.]


@both
def test_a_scaled_rate_under_a_scheduler(tmp_path, in_with):
    """Right: half of what the scheduler says, also behind its next steps, and its own state is untouched."""
    script, twin = Script(tmp_path, in_with), Script(watched=False)
    schedulers = [lr_scheduler.StepLR(one.optimizer, 2, .5) for one in (script, twin)]
    with script.going() as run:
        for i in run.batches(range(8)):
            script.step()
            schedulers[0].step()
            if i == 2: run.scale_lr(.5)
    expected = -sum(.5 * .5 ** (i // 2) * (1 if i <= 2 else .5) for i in range(8))
    for _ in range(8):
        twin.step()
        schedulers[1].step()
    assert script.weight == expected and script.optimizer.param_groups[0]["lr"] == twin.optimizer.param_groups[0]["lr"] == .5 ** 5


@both
def test_a_rate_that_the_script_sets_itself(tmp_path, in_with):
    """Right: a script that writes `group["lr"]` in each step, or reads it to divide it (as in the MNIST-like recipes), has its own rate, and the
    factor acts on top."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        for i in run.batches(range(6)):
            for group in script.optimizer.param_groups: group["lr"] = group["lr"] / 2 if i in (2, 4) else group["lr"]
            script.step()
            if i == 2: run.scale_lr(.5)
    assert script.weight == -(.5 + .5 + .25 + .125 + .0625 + .0625)
    assert script.optimizer.param_groups[0]["lr"] == .125


@both
def test_a_group_that_comes_later(tmp_path, in_with):
    """Right: a parameter group that is added while it trains (unfreezing) is scaled, too."""
    script, extra = Script(tmp_path, in_with), nn.Parameter(torch.zeros(1, dtype=torch.float64))
    with script.going() as run:
        for i in run.batches(range(4)):
            if i == 2: script.optimizer.add_param_group(dict(params=[extra], lr=1.))
            extra.grad = torch.ones_like(extra)
            script.step()
            if i == 0: run.scale_lr(.5)
    assert script.weight == -(.5 + 3 * .25) and extra.item() == -2 * .5


@both
def test_rolled_back_behind_an_added_group(tmp_path, in_with):
    """Right: a roll back to before a group was added is refused in words, and nothing is changed by it."""
    script, extra = Script(tmp_path, in_with), nn.Parameter(torch.zeros(1, dtype=torch.float64))
    with script.going() as run:
        script.loop()
        run.checkpoint("before")
        script.optimizer.add_param_group(dict(params=[extra], lr=1.))
        script.loop()
        with pytest.raises((ValueError, RuntimeError)): run.rollback("before")
        assert script.weight == -4
        script.loop()
    assert script.weight == -6


@both
def test_rolled_back_within_a_validation(tmp_path, in_with):
    """Right: asked for in a validation, it waits for its end: the figures are those of one model, and the next step begins with the other one."""
    script, seen = Script(tmp_path, in_with), []
    with script.going() as run:
        script.loop()
        run.checkpoint("a")
        script.loop()
        for i in run.batches(range(3), valid=True):
            seen.append(script.weight)
            if i == 0: run.rollback("a")
        run.log(val_loss=script.weight)
        script.loop(1)
    assert seen == [-4.] * 3 and script.weight == -2.5
    entry = next(event for event in run.events() if event["event"] == "rollback")
    assert entry["to"] == "a"


@both
def test_a_best_logged_behind_a_roll_back_in_a_validation(tmp_path, in_with):
    """Right: a roll back that waited for the validation's end does not come between its last batch and its `log`: best has the weights that were measured."""
    from safetensors.torch import load_file
    script = Script(tmp_path, in_with)
    with script.going() as run:
        for epoch in run.epochs(2):
            script.loop()
            if epoch == 0: run.checkpoint("a")
            figures = []
            for i in run.batches(range(3), valid=True):
                figures.append(script.weight)
                if epoch == 1 and i == 0: run.rollback("a")
            run.log(val_loss=sum(figures) / 3)
    entry, = (entry for entry in run.info["checkpoints"] if "best" in entry["roles"])
    assert load_file(run.path / "checkpoints" / entry["name"] / "model.safetensors")["weight"].item() == entry["value"] == -4


@both
def test_commands_of_a_loop_left_by_break(tmp_path, in_with):
    """Right: asked for in the step in which the script breaks: obeyed, before the next loop's first step."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        for i in run.batches(range(4)):
            script.step()
            if i == 1:
                run.scale_lr(.5)
                break
        script.loop(2)
    assert script.weight == -1.5


@both
def test_an_optimizer_that_is_replaced_between_loops(tmp_path, in_with):
    """Right: after the optimizer was replaced (unfreezing), a factor is in force or refused; never applied and without effect."""
    script, words = Script(tmp_path, in_with), []
    with warnings.catch_warnings(record=True) as said, script.going() as run:
        warnings.simplefilter("always")
        script.loop()
        script.optimizer = optim.SGD(script.model.parameters(), 1.)
        script.loop()
        try: run.scale_lr(.5)
        except Refused as error: words.append(str(error))
        script.loop()
    words += [str(one.message) for one in said]
    assert script.weight == -2 - 4 - 2 or words, "applied, and the rate is what it was"


def test_two_runs_side_by_side_each_with_its_own_commands(tmp_path):
    """Right: what one run is told does not touch the other one in the same loop."""
    a, b = Script(tmp_path), Script(tmp_path)
    with a.going() as first, b.going() as second:
        for i, _ in zip(first.batches(range(6)), second.batches(range(6))):
            a.step()
            b.step()
            if i == 1: first.scale_lr(.5)
            if i == 3: second.stop()
    assert (a.weight, a.made) == (-(2 * .5 + 3 * .25), 5) or (a.weight, a.made) == (-(2 * .5 + 2 * .25), 4)
    assert (b.weight, b.made) == (-2., 4) and second.status == "stopped"


@both
def test_time_in_a_pause_asked_for_between_loops(tmp_path, in_with):
    """Right: a pause that is asked for between two loops holds the next one before its first step, until it is told to go on."""
    script, made = Script(tmp_path, in_with), []

    def other():
        reader = open_run(script.run.path)
        until(lambda: reader.status == "paused")
        time.sleep(.05)
        made.append(script.made)
        reader.resume()

    with script.going() as run:
        script.loop()
        run.pause()
        thread = threading.Thread(target=other)
        thread.start()
        script.loop()
        thread.join(10)
    assert made == [4] and script.made == 8
