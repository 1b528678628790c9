"""What each control does in each framework, found in real trainings, and the tables of it that the README shows."""
import signal
from functools import partial
from pathlib import Path

import pytest
import test_connect_accelerate
import test_connect_fastai
import test_connect_ignite
import test_connect_keras
import test_connect_lightning
import test_connect_skorch
import test_connect_transformers
import torch
from frameworks import Steered, outcomes, resume_when_paused, statuses
from tables import CONTROLS, REFUSED, tell
from torch.utils._pytree import tree_leaves

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore::UserWarning")]
FRAMEWORKS = {"Lightning": test_connect_lightning, "Transformers": test_connect_transformers, "Accelerate": test_connect_accelerate,
              "fastai": test_connect_fastai, "Keras": test_connect_keras, "skorch": test_connect_skorch, "Ignite": test_connect_ignite}
TWINS: dict[str, Steered] = {}


@pytest.fixture(params=FRAMEWORKS)
def framework(request): return request.param


@pytest.fixture
def steered(framework, tmp_path): return partial(FRAMEWORKS[framework].steered, tmp_path)


@pytest.fixture
def size(framework):
    """Steps of an epoch."""
    return FRAMEWORKS[framework].STEPS


@pytest.fixture
def twin(framework, tmp_path_factory):
    """The same training, watched and left alone."""
    if framework not in TWINS: TWINS[framework] = FRAMEWORKS[framework].steered(tmp_path_factory.mktemp(framework), {})
    return TWINS[framework]


def validations(run) -> list[int]: return run.frame("valid").index.tolist()


def test_stop_now_ends_behind_the_step(framework, steered, twin, size):
    at = size + 3
    found = steered({at: lambda run: run.stop()})
    assert (found.run.status, found.run.step, outcomes(found.run, "stop")) == ("stopped", at, ["applied"]) and found.losses == twin.losses[:at]
    found.use()
    tell(CONTROLS, framework, "Stop now", "yes" if validations(found.run) == [size] else "yes, and validates")


def test_stop_after_the_epoch_lets_it_validate(framework, steered, twin, size):
    found = steered({size + 3: lambda run: run.stop("epoch")})
    assert (found.run.status, found.run.step, outcomes(found.run, "stop")) == ("stopped", 2 * size, ["applied"]) and found.losses == twin.losses[:2 * size]
    found.use()
    tell(CONTROLS, framework, "Stop after epoch", "yes" if len(validations(found.run)) == 2 else "without validation")


def test_a_pause_holds_the_loop_and_changes_nothing(framework, steered, twin):
    threads = []
    def pause(run):
        run.pause()
        threads.append(resume_when_paused(run))
    found = steered({5: pause})
    threads[0].join()
    assert statuses(found.run) == ["paused", "running", "finished"]
    tell(CONTROLS, framework, "Pause, Resume", "yes" if found.losses == twin.losses else "other losses")


def test_half_the_rate_in_all_later_steps(framework, steered, twin, size):
    """It is recorded, and it is what is trained with: the loss of the step after the next one is another."""
    at = size + 3
    found = steered({at: lambda run: run.scale_lr(.5)})
    rates, own = (one.run.frame()["learning_rate"].groupby(level="step").first() for one in (found, twin))
    assert rates.tolist() == pytest.approx([rate / 2 if step > at else rate for step, rate in own.items()], rel=1e-6) and len(own) == 3 * size
    assert found.losses[:at + 1] == twin.losses[:at + 1] and found.losses[at + 1] != twin.losses[at + 1]
    tell(CONTROLS, framework, "÷2", "yes")


def test_evaluate_measures_and_changes_nothing(framework, steered, twin, size):
    at = size + 3
    found = steered({at: lambda run: run.evaluate()})
    event, = (event for event in found.run.events() if event["event"] == "validation")
    assert (event["step"], outcomes(found.run, "evaluate")) == (at, ["applied"])
    assert found.losses == twin.losses and validations(found.run) == validations(twin.run)
    assert all(found.run.history(name) == twin.run.history(name) for name in event["metrics"])
    tell(CONTROLS, framework, "Evaluate now", ", ".join(f"`{name}`" for name in sorted(event["metrics"])))


def test_roll_back_restores_weights_and_optimizer(framework, steered):
    seen = {}
    def note(step, run):
        seen[step] = [part.detach().clone() for part in tree_leaves([[*run.model.parameters()], run.optimizer.state_dict()]) if torch.is_tensor(part)]
    actions = {4: lambda run: run.checkpoint("fourth"), 10: lambda run: (note(10, run), run.rollback("fourth"))}
    found = steered(actions | {step: partial(note, step) for step in (5, 11)})
    assert len(seen[5]) == len(seen[11]) and all(map(torch.equal, seen[5], seen[11])) and not all(map(torch.equal, seen[5], seen[10]))
    assert outcomes(found.run, "checkpoint") == outcomes(found.run, "rollback") == ["applied"]
    tell(CONTROLS, framework, "Roll back", "yes")


def test_early_stopping_ends_the_training(framework, steered, size):
    found = steered({}, epochs=9, early_stop=dict(patience=2, min_delta=9.))
    assert (found.run.status, found.run.step) == ("stopped", 3 * size)
    monitor = found.run.early_stopper.rule.monitor
    assert f"early stopping: {monitor}" in found.run.info["reason"]
    tell(CONTROLS, framework, "Early stopping by", f"`{monitor}`")


def test_the_first_interrupt_is_gentle(framework, steered, twin, size):
    at = size + 3
    found = steered({at: lambda run: signal.raise_signal(signal.SIGINT)})
    assert (found.run.status, found.run.step, signal.getsignal(signal.SIGINT)) == ("stopped", at, signal.default_int_handler)
    assert found.losses == twin.losses[:at]
    tell(CONTROLS, framework, "■", "yes")


def test_trained_again_after_a_stop(framework, steered, size):
    found = steered({size + 3: lambda run: run.stop()})
    ways = {}
    for way, again in found.again.items():
        run = again()
        if run is found.run: ways[way] = "goes on"
        else: ways[way] = "a new run" if run.frame(joined=False).index[0] == 1 else "a new run, counts on"
    tell(CONTROLS, framework, "trained again", "; ".join(f"`{way}`: {said}" for way, said in ways.items()))


@pytest.mark.parametrize("framework", [name for name in FRAMEWORKS if name != "fastai"])  # which doesn't train without
def test_evaluate_without_validation_data_is_refused(framework, steered):
    with pytest.warns(RuntimeWarning, match="evaluate is refused"): found = steered({3: lambda run: run.evaluate()}, can_evaluate=False)
    refused, = (event for event in found.run.events() if event.get("status") == "refused")
    assert (refused["command"], found.run.status) == ("evaluate", "finished")
    tell(REFUSED, f"{framework}, *Evaluate now* without validation data", "why it is refused", refused["reason"])


@pytest.mark.parametrize("table", [CONTROLS, REFUSED], ids=lambda table: table.stem)
def test_readme_shows_the_table(table):
    assert table.read_text().strip() in Path(__file__).parent.parent.joinpath("README.md").read_text()
