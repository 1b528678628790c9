"""A run is judged while it trains: what is found, withdrawn and muted is in its record, and the training does not notice."""
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import torch
from torch import nn

from trainbook import diagnose, open_run, watch
from trainbook.run.clerk import clerk
from trainbook.run.finding import BACK_TO_BEST, HALVE_RATE, STOP, Finding
from trainbook.run.record import as_json
from trainbook.terminal.progress import Terminal
from trainbook.widget.picture import picture


def high(facts):
    """The loss is above 1; the step from which on that is looked at is the first that the rules of a training may take."""
    curve = facts.training.get("loss")
    if curve and curve.values[-1] > 1:
        yield Finding("lr_too_high", "error", "optimizer", dict(loss=float(curve.values[-1])), "The loss is above 1.", "Halve the rate.",
                      remedies=(HALVE_RATE, BACK_TO_BEST, STOP), series=dict(loss=[(int(curve.steps[-1]), float(curve.values[-1]))]))


def train(run, losses, at=lambda step: None):
    for _, loss in zip(run.steps(len(losses)), losses):
        run.log(loss=loss)
        at(run.step)


def told(run): return [(event["step"], event["finding"], event["status"]) for event in run.events() if event["event"] == "finding"]


def wait_for(happened):
    until = time.monotonic() + 30
    while not happened():
        if time.monotonic() > until: raise TimeoutError
        time.sleep(.01)


def test_found_and_withdrawn(new):
    with new(rules=[high]) as run: train(run, [2.] * 12 + [.5] * 28)
    assert told(run) == [(1, "lr_too_high", "found"), (20, "lr_too_high", "withdrawn")]  # absent at 15 and at 20
    assert run.findings == []


def test_what_comes_again_holds_twice_before_it_is_found(new):
    losses = [2.] * 2 + [.5] * 13 + [2.] * 5 + [.5] * 5 + [2.] * 20
    with new(rules=[high]) as run: train(run, losses)
    assert told(run) == [(1, "lr_too_high", "found"), (5, "lr_too_high", "withdrawn"), (35, "lr_too_high", "found")]
    finding, = run.findings
    assert (finding.step, finding.severity, finding.evidence, dict(finding.series)) == (35, "error", dict(loss=2.), dict(loss=[(35, 2.)]))


def test_it_is_found_while_the_loop_goes_on(new):
    def at(step):
        if step == 4: wait_for(lambda: run.findings)
    with new(rules=[high]) as run: train(run, [2.] * 8, at)
    assert told(run) == [(1, "lr_too_high", "found")]


def test_only_remedies_that_are_possible_are_offered(new):
    model = nn.Linear(1, 1)
    with new(rules=[high]) as run: train(run, [2.] * 8)
    with new(model, rules=[high]) as without: train(without, [2.] * 8)
    with new(model, torch.optim.SGD(model.parameters(), .1), rules=[high]) as steered: train(steered, [2.] * 8)
    offered = [[remedy.command for remedy in one.findings[0].remedies] for one in (run, without, steered)]
    assert offered[0] == ["stop"] and "warm_up" not in offered[1]
    assert offered[2] == ["restart_with_defaults", "scale_lr", "stop", "use_optimizer", "warm_up"]


def test_the_same_training_has_the_same_findings(new):
    def at(step):
        if step % 7 == 0: time.sleep(.15)  # the clerk looks in between
    runs = [new(rules=[high]) for _ in range(2)]
    for run, pause in zip(runs, (lambda step: None, at)):
        with run: train(run, ([2.] * 12 + [.5] * 12) * 3, pause)
    assert told(runs[0]) == told(runs[1]) and len(told(runs[0])) > 2


def test_a_training_without_rules_is_not_judged(new):
    with new(rules=()) as run: train(run, [2.] * 8)
    assert (told(run), run.findings) == ([], [])


# Muting

def test_muted_it_stays_silent(new):
    def at(step):
        if step == 4:
            wait_for(lambda: run.findings)
            run.mute("lr_too_high")
            assert run.findings == []
    with new(rules=[high]) as run: train(run, [2.] * 8 + [.5] * 20 + [2.] * 20, at)
    assert [what[1:] for what in told(run)] == [("lr_too_high", "found"), ("lr_too_high", "muted")]
    assert run.findings == []
    run.mute("lr_too_high", "optimizer", on=False)
    assert [finding.kind for finding in run.findings] == ["lr_too_high"]
    assert run.events()[-1]["sentence"] == "Learning rate too high (optimizer) is no longer muted."


def test_an_event_behind_the_end_leaves_no_file_open(new):
    with new(rules=[high]) as run: train(run, [2.] * 8)
    run.mute("lr_too_high")
    assert [file.path for file in psutil.Process().open_files() if file.path.startswith(str(run.path))] == []
    assert run.events()[-1]["status"] == "muted"


def test_what_is_not_there_can_not_be_muted(new):
    with new(rules=[high]) as run: train(run, [2.] * 8)
    with pytest.raises(ValueError, match="no finding 'overfitting'; there are 'lr_too_high' at 'optimizer'"): run.mute("overfitting")
    with pytest.raises(ValueError, match="no finding 'lr_too_high' at 'fc'"): run.mute("lr_too_high", "fc")
    with pytest.raises(ValueError, match="finding is the kind of a finding, not 3"): run.mute(3)
    opened = open_run(run.path)
    opened.mute("lr_too_high")
    assert opened.findings == run.findings == []
    assert [finding.kind for finding in diagnose(opened, rules=[high]).findings] == ["lr_too_high"]  # which tells all


def test_muted_it_stays_so_after_resuming(new):
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), .1)
    def at(step):
        if step == 4: time.sleep(.3)  # what was measured is brought after a quarter of a second
        if step == 6:
            wait_for(lambda: first.findings)
            first.mute("lr_too_high")
    with new(model, optimizer, rules=[high]) as first: train(first, [2.] * 8, at)
    with new(model, optimizer, rules=[high], resume=first) as second: train(second, [2.] * 8)
    assert told(second) == [(8, "lr_too_high", "muted")] and second.findings == []
    second.mute("lr_too_high", on=False)
    assert second.findings == []  # it was not found in this run


SCRIPT = """
import sys
from time import sleep
from trainbook import watch
from trainbook.run.finding import Finding
def high(facts): yield Finding("lr_too_high", "error", "", {}, "The loss is above 1.", "Halve the rate.")
with watch(name="script", dir=sys.argv[1], view=None, rules=[high]) as run:
    for step in run.steps(10**6):
        run.log(loss=2.)
        if step == 20: print(run.path, flush=True)
        if step > 20: sleep(.01)
"""


@pytest.fixture
def script(tmp_path):
    """A run that another process trains, and the process."""
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, tmp_path], stdout=subprocess.PIPE, text=True)
    run = open_run(process.stdout.readline().strip())
    yield run, process
    process.kill()
    process.wait()


def test_muted_from_another_process_and_killed(script):
    run, process = script
    wait_for(lambda: run.findings)
    run.mute("lr_too_high")
    wait_for(lambda: not run.findings)
    with pytest.raises(ValueError, match="no finding 'plateau'"): run.mute("plateau")
    run.mute("lr_too_high", on=False)
    wait_for(lambda: run.findings)
    process.kill()
    process.wait()
    assert [(one.kind, one.step) for one in open_run(run.path).findings] == [("lr_too_high", 1)]


# Faults and costs

@pytest.mark.says("the rule broken has failed and says nothing: KeyError")
def test_a_rule_that_fails_is_named_once(new):
    def broken(facts): raise KeyError("loss")
    with new(rules=[broken, high]) as run: train(run, [2.] * 40)
    assert (run.status, told(run)) == ("finished", [(1, "lr_too_high", "found")])


def test_rules_are_called_beside_the_training(new):
    here, called = threading.get_ident(), []
    def slow(facts):
        called.append((facts.step, threading.get_ident() == here))
        until = time.thread_time() + .05
        while time.thread_time() < until: pass
        return ()
    def at(step):
        if step == 10: wait_for(lambda: called)
    with new(rules=[slow]) as run: train(run, [2.] * 300, at)
    steps = [step for step, _ in called]
    assert called[0] == (1, False) and steps == sorted(set(steps)) and steps[-1] == 300
    assert sum(is_here for _, is_here in called) < 15  # of 37 steps: what remains at the end is made up for as long as that is quick
    assert any("the rules take long" in note for note in run.notes)


def test_the_training_is_judged_where_a_gradient_is_not_finite(new):
    seen = []
    def look(facts):
        seen.append(facts.step)
        return ()
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), .1)
    with new(model, optimizer, rules=[look]) as run:
        for step in run.steps(60):
            model(torch.full((1, 2), torch.inf if step == 41 else 1.)).sum().backward()
            optimizer.step(); optimizer.zero_grad()
    assert 42 in seen and 41 not in seen


# Where it is read

def test_a_finding_is_a_line_in_a_terminal(new, capsys):
    with new(rules=[high]) as run: train(run, [2.] * 12 + [.5] * 28)
    terminal = Terminal(open_run(run.path))
    clerk.call(terminal)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "Error at step 1: learning rate too high (optimizer). The loss is above 1. → Halve the rate." in lines
    assert "Learning rate too high (optimizer) no longer holds at step 20." in lines


def test_findings_stand_beside_the_picture(new):
    with new(rules=[high], name="<b>") as run: train(run, [2.] * 8)
    bundle = picture(run)
    assert "learning rate too high" in bundle["text/html"] and "→ Halve the rate." in bundle["text/plain"]
    assert "learning rate too high" not in picture(new(name="sound"))["text/html"]


def test_a_diagnosis_in_words(new):
    with new(rules=[high], name="<b>") as run: train(run, [2.] * 8)
    found = diagnose(run, rules=[high])
    assert repr(found).splitlines()[:2] == ["<b>, up to step 8: 1 finding", "error: learning rate too high (optimizer)"]
    assert "&lt;b&gt;" in found._repr_html_() and "<td" in found._repr_html_()


def test_a_run_of_before_is_diagnosed_and_says_what_it_lacks():
    """It was recorded by the commit before trainings were diagnosed."""
    run = open_run(next((Path(__file__).parent / "corpus/runs-2080b00").glob("*_diverges_*")))
    found = diagnose(run)
    assert [(finding.kind, finding.where, finding.step) for finding in found.findings] == [("lr_too_high", "lr", 40)]
    assert {"where the batches come from", "the model, its optimizers and their settings"} <= set(found.lacking)
    assert "not told: where the batches come from" in repr(found)
    assert run.findings == [] and "Infinity in the gradients of 2 at step 4" in " ".join(event.get("sentence", "") for event in run.events())


def test_a_finding_from_elsewhere_is_data(new):
    with new(rules=()) as run: train(run, [2.] * 8)
    with (run.path / "events.jsonl").open("ab") as file:
        for entries in (dict(finding="<script>", status="found", severity="error", explanation="e", advice="a", where=3, remedies="none"),
                        dict(finding=["a"], status="found"), dict(status="withdrawn"), dict(finding="x", status="gone")):
            file.write(as_json(dict(time=1., step=3, event="finding") | entries) + b"\n")
    finding, = open_run(run.path).findings
    assert (finding.kind, finding.where, finding.remedies) == ("<script>", "", ())
    assert "<script>" not in picture(open_run(run.path))["text/html"]


@pytest.mark.parametrize("rules", ["all", 3, [3], len])
def test_what_are_no_rules_is_refused(tmp_path, rules):
    with watch(dir=tmp_path, view=None) as run: pass
    for ask in (lambda: diagnose(run, rules=rules), lambda: watch(dir=tmp_path, view=None, rules=rules)):
        with pytest.raises(TypeError, match="rules is a list of functions"): ask()
    with pytest.raises(TypeError, match="open_run"): diagnose(str(run.path))
