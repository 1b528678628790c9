"""Best is best, in loops that were not thought of when it was written: what a checkpoint is listed with is what its weights score."""
import math
import warnings
from contextlib import contextmanager

import pytest
import torch
import trainings
from safetensors.torch import load_file
from torch import nn, optim
from trainings import both

from trainbook import watch

pytestmark = pytest.mark.usefixtures("one_thread")

TARGETS = [0., 5., 2., 3.5, 1., 2.9, 4., 2.5, 6., 3.2, 0., 1.]  # the weight after each step; 3 is right


def score(weight) -> float: return (float(weight) - 3) ** 2


class Script(trainings.Script):
    """A model of one weight, which each step sets to the next of some values."""

    def __init__(self, tmp_path, in_with=True, targets=TARGETS, **options):
        torch.manual_seed(0)
        model = nn.Linear(1, 1, bias=False)
        nn.init.constant_(model.weight, -1.)
        self.targets, self.values, self.said = targets, [], []
        with self.listening(): super().__init__(model, optim.SGD(model.parameters(), 1.), tmp_path, in_with, **options)

    @contextmanager
    def listening(self):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            yield
        self.said += said

    @contextmanager
    def going(self):
        with self.listening(), super().going(): yield self.run

    def step(self):
        weight = self.model.weight
        weight.grad = weight.detach() - self.targets[self.made % len(self.targets)]
        self.optimizer.step()
        self.made += 1

    def score(self) -> float: return score(self.model.weight)

    def log(self, name="val_loss", value=None):
        value = self.score() if value is None else value
        self.values.append(value)
        self.run.log({name: value})

    @property
    def best(self) -> tuple[float, float]:
        """The value that the best checkpoint is listed with, and its weight."""
        entry, = (entry for entry in self.run.info["checkpoints"] if "best" in entry["roles"])
        return entry["value"], float(load_file(self.run.path / "checkpoints" / entry["name"] / "model.safetensors")["weight"])

    @property
    def words(self) -> str: return " ".join([*(str(one.message) for one in self.said), *self.run.notes])


def check(script: Script, mode="min"):
    value, weight = script.best
    assert value == (min if mode == "min" else max)(value for value in script.values if math.isfinite(value))
    assert abs(score(weight)) == pytest.approx(abs(value), abs=1e-9), f"listed with {value}, its weights score {score(weight)}"


@both
def test_logged_in_the_middle_and_at_the_end_of_each_epoch(tmp_path, in_with):
    """Right: both values count, and the weights are those of the moment (Lightning's val_check_interval=.5)."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        for _ in run.epochs(3):
            for i in run.batches(range(4)):
                script.step()
                if i == 1: script.log()
            script.log()
    check(script)
    assert script.best[1] == pytest.approx(2.9)


@both
def test_not_a_number_first_and_last(tmp_path, in_with):
    """Right: NaN and infinity are never the best, whether they come first, in between or last."""
    script, given = Script(tmp_path, in_with), [math.nan, math.inf, None, None, -math.inf, None, math.nan]
    with script.going() as run:
        for epoch in run.epochs(len(given)):
            for _ in run.batches(range(1)): script.step()
            script.log(value=given[epoch])
    check(script)


@both
def test_every_third_epoch(tmp_path, in_with):
    """Right: the best of the epochs that were validated."""
    script = Script(tmp_path, in_with, monitor="val_score", mode="min")
    with script.going() as run:
        for epoch in run.epochs(9):
            for _ in run.batches(range(1)): script.step()
            if epoch % 3 == 2: script.log("val_score")
    check(script)
    assert len(script.values) == 3


@both
def test_default_metric_logged_from_the_third_epoch_on(tmp_path, in_with):
    """Right: val_loss decides, although another validation's loss stood there first (a `test_loss` in each epoch)."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        for epoch in run.epochs(9):
            for _ in run.batches(range(1)): script.step()
            run.log(test_loss=100. - epoch)
            if epoch % 3 == 2: script.log()
    check(script)


@both
def test_another_loss_than_the_default_is_best_in_the_first_epoch(tmp_path, in_with):
    """Right: where `test_loss` is taken for `val_loss`, its first value counts like all others, or it is said that it does not."""
    script = Script(tmp_path, in_with, targets=[3., 4., 5., 6.])
    with script.going() as run:
        for _ in run.epochs(4):
            for _ in run.batches(range(1)): script.step()
            script.log("test_loss")
    if "test_loss" not in script.words: check(script)


@both
def test_from_inside_steps(tmp_path, in_with):
    """Right: in `steps`, before the optimizer's step and every other step."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        for i in run.steps(12):
            if i % 2: script.log()
            script.step()
    check(script)


@both
def test_before_the_first_step(tmp_path, in_with):
    """Right: a validation of the untrained model counts (Lightning's sanity check, or `validate()` before the loop)."""
    script = Script(tmp_path, in_with, targets=[9., 10., 11.])
    script.model.weight.data.fill_(3.1)
    with script.going() as run:
        script.log()
        for _ in run.epochs(3):
            for _ in run.batches(range(1)): script.step()
            script.log()
    check(script)


@both
def test_behind_the_loop(tmp_path, in_with):
    """Right: the last validation stands behind the loop over epochs, and is the best."""
    script = Script(tmp_path, in_with, targets=[9., 8., 3.])
    with script.going() as run:
        for epoch in run.epochs(3):
            if epoch: script.log()
            for _ in run.batches(range(1)): script.step()
        script.log()
    check(script)
    assert script.best[0] == 0


@both
def test_the_weighted_mean_of_a_ragged_validation(tmp_path, in_with):
    """Right: a value logged for each batch of a validation is one figure, weighted by samples: 4, 4 and 1 here."""
    script, sets = Script(tmp_path, in_with), torch.arange(9.).split(4)
    means = []
    with script.going() as run:
        for _ in run.epochs(6):
            for _ in run.batches(range(2)): script.step()
            with torch.no_grad():
                for x in run.batches([*sets], valid=True): run.log(val_loss=(script.model.weight * x.mean() - 12).square().item())
            means.append(sum(((script.model.weight * x.mean() - 12).square().item()) * len(x) for x in sets) / 9)
    assert script.best[0] == pytest.approx(min(means), rel=1e-6)
    at = TARGETS[2 * means.index(min(means)) + 1]
    assert script.best[1] == pytest.approx(at)


@both
def test_each_batch_of_a_validation_in_a_loop_of_its_own(tmp_path, in_with):
    """Right: logged for each batch of a plain loop, a validation is one figure, or one sentence says what to log: early stopping waits for epochs."""
    script = Script(tmp_path, in_with, early_stop=3)
    with script.going() as run:
        for _ in run.epochs(4):
            for _ in run.batches(range(2)): script.step()
            with torch.no_grad():
                for batch in range(5): run.log(val_loss=script.score() + batch)
    assert run.step == 8 and run.status == "finished" or "val_loss" in script.words, f"stopped at step {run.step}: {run.info['reason']}"


NAMES = [("Val Loss", "min"), ("eval/accuracy_top5", "max"), ("valid.mAP", "max"), ("dev-wer", "min"), ("test perplexity", "min"),
         ("metrics/mAP50-95(B)", "max"),
         ("validation/AUROC", "max"), ("F1-Score (macro)", "max"), ("val_mIoU", "max"), ("valAcc", "max"), ("val/psnr", "max"), ("epoch_acc@1", "max"),
         ("val_top5_error", "min"),
         ("dice_loss", "min"), ("eval_bits_per_byte", "min"), ("val_balanced_accuracy", "max"), ("neg_mean_squared_error", "max"), ("val_neg_log_loss", "max")]


@pytest.mark.parametrize(("name", "mode"), NAMES)
def test_unusual_names(tmp_path, name, mode):
    """Right: by the name it is known whether low or high is good, or it is said that it was guessed, and which way."""
    sign = 1 if mode == "min" else -1
    script = Script(tmp_path, monitor=name)
    with script.going() as run:
        for _ in run.epochs(6):
            for _ in run.batches(range(2)): script.step()
            script.log(name, sign * script.score())
    if "does not tell whether" not in script.words: check(script, mode)


@pytest.mark.parametrize("name", ["Val Loss", "eval/accuracy_top5", "valid.mAP", "dev-wer", "score", "metrics/mAP50-95(B)", "perplexity"])
def test_a_validation_cut_short_under_any_name(tmp_path, name):
    """Right: what is logged of a validation that was broken off is never the best, whatever it is called."""
    script = Script(tmp_path, monitor=name, mode="min")
    with script.going() as run:
        for epoch in run.epochs(4):
            for _ in run.batches(range(2)): script.step()
            seen = 0
            for i in run.batches(range(5), valid=True):
                seen += 1
                if epoch == 2 and i == 1: run.stop(), run.stop()
            if seen == 5: script.log(name)
            else: run.log({name: -100.})
    check(script)
    assert len(script.values) == 2


@both
def test_two_watches_with_two_models(tmp_path, in_with):
    """Right: two runs that go side by side each have their own best (a sweep in one loop)."""
    a, b = Script(tmp_path, in_with), Script(tmp_path, in_with, targets=TARGETS[::-1])
    with a.going() as first, b.going() as second:
        for _, _ in zip(first.epochs(6), second.epochs(6)):
            for _, _ in zip(first.batches(range(2)), second.batches(range(2))):
                a.step()
                b.step()
            a.log()
            b.log()
    check(a)
    check(b)
    assert a.best != b.best and (first.step, second.step) == (12, 12)


def test_a_second_watch_of_the_same_model(tmp_path):
    """Right: the second run on the same model begins its own best, the first one's stays what it was."""
    first = Script(tmp_path, in_with=False)
    for _ in first.run.epochs(3):
        for _ in first.run.batches(range(2)): first.step()
        first.log()
    first.run.checkpoints.wait()
    before = first.best
    second = Script(tmp_path, in_with=False)
    second.model, second.optimizer, second.made = first.model, first.optimizer, 6
    second.run.finish()
    second.run = watch(first.model, first.optimizer, dir=tmp_path, view=None)
    with second.going() as run:
        for _ in run.epochs(3):
            for _ in run.batches(range(2)): second.step()
            second.log()
    assert first.run.is_over and first.best == before
    check(first)
    check(second)


@both
def test_after_a_roll_back(tmp_path, in_with):
    """Right: after a roll back to a tag, the best is still that of all values, and its weights score it."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        for epoch in run.epochs(6):
            for _ in run.batches(range(2)):
                script.step()
            script.log()
            if epoch == 0: run.checkpoint("early")
            if epoch == 3: run.rollback("early")
    check(script)


@both
def test_in_place_changes_behind_the_log(tmp_path, in_with):
    """Right: the weights that were measured are kept, although the script clips, averages or re-initializes them right behind the log."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        for _ in run.epochs(6):
            for _ in run.batches(range(2)): script.step()
            script.log()
            with torch.no_grad(): script.model.weight.mul_(10)
    check(script)


def test_mode_of_early_stopping_and_of_best_disagree(tmp_path):
    """Right: two settings that disagree about one metric are an error where they are written."""
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match="mode"): watch(model, dir=tmp_path, view=None, monitor="val_acc", mode="max", early_stop=dict(patience=2, mode="min"))


@both
def test_early_stopping_by_another_metric_chosen_while_it_runs(tmp_path, in_with):
    """Right: `run.early_stop(monitor='val_acc')` takes high as good, as `watch(monitor='val_acc')` does; accuracy that rises is no reason to stop."""
    script = Script(tmp_path, in_with)
    with script.going() as run:
        for epoch in run.epochs(8):
            for _ in run.batches(range(1)): script.step()
            if epoch == 0: run.early_stop(True, monitor="val_acc", patience=2)
            run.log(val_loss=1., val_acc=.1 * epoch)
    assert run.step == 8 and run.status == "finished" or "does not tell" in script.words, run.info["reason"]


@both
def test_back_to_the_best_of_the_metric_that_stopped_it(tmp_path, in_with):
    """Right: with restore_best chosen while it runs, the model goes back to the best by the metric that stops, or it is refused."""
    script = Script(tmp_path, in_with, targets=[1., 2., 3., 4., 5., 6., 7.])
    with script.going() as run:
        for epoch in run.epochs(7):
            for _ in run.batches(range(1)): script.step()
            if epoch == 0: run.early_stop(True, monitor="val_error", patience=2, mode="min", restore_best=True)
            run.log(val_loss=10. - epoch, val_error=script.score())
    is_refused = any(event.get("status") == "refused" for event in run.events())
    assert is_refused or float(script.model.weight.detach()) == 3., f"stopped by val_error, which was best at 3, and went back to {script.model.weight.item()}"


@pytest.mark.parametrize("shape", ["range", "steps", "valid=True"])
@both
def test_a_misspelt_monitor_without_epochs(tmp_path, in_with, shape):
    """Right: a monitor that is never logged is said after the first validation, with the names there are, where no `run.epochs` is."""
    script = Script(tmp_path, in_with, monitor="val_lss", mode="min")
    with script.going() as run:
        if shape == "steps":
            for i in run.steps(9):
                script.step()
                if i % 3 == 2: script.log()
        else:
            for _ in range(3):
                for _ in run.batches(range(3)): script.step()
                for _ in run.batches(range(2), valid=True) if shape == "valid=True" else (): pass
                script.log()
    assert "val_lss" in script.words and "val_loss" in script.words, "nothing is said, and there is no best checkpoint"


@both
def test_a_number_of_best_ones(tmp_path, in_with):
    """Right: all of `dict(best=3)` have the scores that they are listed with."""
    script = Script(tmp_path, in_with, targets=[9., 8., 7., 6., 5., 4., 3.], checkpoint=dict(best=3))
    with script.going() as run:
        for _ in run.epochs(7):
            for _ in run.batches(range(1)): script.step()
            script.log()
    entries = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    assert [entry["step"] for entry in entries] == [5, 6, 7]
    for entry in entries:
        assert score(load_file(run.path / "checkpoints" / entry["name"] / "model.safetensors")["weight"]) == pytest.approx(entry["value"], abs=1e-9), entry
def test_three_best_are_the_three_best(tmp_path):
    """Right: `best=3` keeps the three lowest values there were, or it is said that it keeps the last three records (Lightning's save_top_k)."""
    script = Script(tmp_path, targets=[3., 5., 4., 6.], checkpoint=dict(best=3))
    with script.going() as run:
        for _ in run.epochs(4):
            for _ in run.batches(range(1)): script.step()
            script.log()
    assert sorted(entry["value"] for entry in run.info["checkpoints"] if "best" in entry["roles"]) == [0., 1., 4.]
