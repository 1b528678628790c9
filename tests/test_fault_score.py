"""The figures of the fault suite count what they say, on verdicts and a run made for it."""
import math
import sys
from pathlib import Path

import pytest

from trainbook import watch

sys.path.insert(0, str(Path(__file__).parent / "faults"))
import score
from score import Told, Verdict
from suite import Program


def program(kind, name="", **more): return Program(Path(f"{name or kind}.py"), "", kind, **more)


def verdict(*told, held=None, steps=200, first_bad=None, best=None, validations=()):
    """A verdict with findings, each a kind and a step; all of them hold at the end if nothing else is said."""
    told = [Told(step, kind, where, severity) for kind, step, where, severity in ((*one, "", "warning")[:4] if len(one) == 2 else one for one in told)]
    return Verdict(steps, told, [one for one in told if held is None or one.kind in held], first_bad, best, list(validations))


def test_what_is_right_is_held_at_the_end_or_was_a_moment():
    plateau, nan = program("plateau"), program("nan_loss")
    assert score.is_diagnosed(plateau, verdict(("plateau", 40)))
    assert not score.is_diagnosed(plateau, verdict(("plateau", 40), held=()))
    assert score.is_diagnosed(nan, verdict(("nan_loss", 40), held=()))
    assert not score.is_diagnosed(nan, verdict(("plateau", 40)))


def test_what_is_true_as_well_is_neither_right_nor_wrong():
    leaping = program("missing_zero_grad", ALSO=frozenset({"unstable"}))
    found = verdict(("unstable", 3), ("missing_zero_grad", 5), ("plateau", 9))
    assert score.is_first(leaping, found.told) and score.wrong(leaping, found.told) == {"plateau"}
    assert not score.is_first(leaping, verdict(("plateau", 3), ("missing_zero_grad", 5)).told)
    assert not score.is_first(leaping, verdict(("unstable", 3)).told)


@pytest.mark.parametrize("where, is_right", [("rnn", True), ("rnn.weight_hh_l0", True), ("decoder.rnn", False), ("rnn2", False), ("the layer rnn", True)])
def test_a_place_is_named_by_what_is_in_it(where, is_right):
    assert score.is_right_where(program("unstable", WHERE="rnn"), verdict(("unstable", 5, where, "warning"))) == is_right


def test_steps_count_from_when_a_fault_can_be_seen():
    assert score.delay(program("plateau", SINCE=20), verdict(("plateau", 30))) == 10
    assert score.delay(program("nan_loss"), verdict(("nan_loss", 44), first_bad=40)) == 4
    assert score.delay(program("overfitting"), verdict(("overfitting", 60), best=30, validations=range(10, 100, 10))) == 3
    assert score.delay(program("plateau"), verdict()) is None
    assert score.is_in_time(program("no_update"), verdict(("no_update", 15))) and not score.is_in_time(program("no_update"), verdict(("no_update", 16)))
    assert score.is_in_time(program("plateau"), verdict(("plateau", 20))) and not score.is_in_time(program("plateau"), verdict(("plateau", 21)))


def test_the_worst_seed_is_the_one_to_go_by():
    one, other, healthy = program("plateau"), program("no_update"), program(None, "sound")
    verdicts = {(one, 0): verdict(("plateau", 5)), (one, 1): verdict(("plateau", 5)), (other, 0): verdict(("no_update", 5), ("plateau", 6)),
                (other, 1): verdict(), (healthy, 0): verdict(), (healthy, 1): verdict(("nan_loss", 5, "", "error"))}
    lines = {line.split(" | ")[0].strip("| "): line for line in score.figures(verdicts, (0, 1))}
    assert lines["exact diagnosis"] == "| exact diagnosis | 100% | 50% | 50% | ≥ 90% | **no** |"
    assert lines["wrong findings per faulty run, ever"] == "| wrong findings per faulty run, ever | 0.50 | 0.00 | 0.50 | ≤ 0.30 | **no** |"
    assert lines["healthy runs with any finding"] == "| healthy runs with any finding | 0% | 100% | 100% | ≤ 5% | **no** |"
    assert "| plateau | plateau | 2/2 | 2/2 | 2/2 | 5 5 |  |  |" in score.by_kind(verdicts, (0, 1))
    assert [*score.alarms(verdicts)] == ["* sound 1: nan_loss; at the end nan_loss"]


def test_a_run_tells_what_has_no_step_of_its_own(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        for step in run.steps(6):
            run.log(loss=math.nan if step >= 3 else 1.)
            if step % 2: run.log(val_loss=[.9, .5, .7][step // 2])
    found = score.verdict_of(run, [], [])
    assert (found.steps, found.first_bad, found.best, found.validations) == (6, 4, 4, [2, 4, 6])


def test_what_was_shown_is_told_once_and_a_symptom_beside_its_cause_is_not():
    def found(kind, step, status="found"):
        return dict(event="finding", step=step, finding=kind, status=status, where="1", severity="warning", explanation="", advice="")

    events = [found("plateau", 3), found("unstable", 5), found("dead_relu", 5), found("dead_relu", 8, "withdrawn"), found("dead_relu", 15),
              found("bad_init", 20), found("vanishing_gradient", 20), found("non_finite_gradient", 20), dict(event="note", step=21)]
    assert [(one.step, one.kind) for one in score.told_by(events)] == [(3, "plateau"), (5, "unstable"), (5, "dead_relu"), (20, "bad_init")]
