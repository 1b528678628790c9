"""The fault suite is what it says: each program declares what it must, every kind of finding is there, in both halves, and a fault does harm."""
import ast
import sys
from pathlib import Path

import pytest

from trainbook import open_run

sys.path.insert(0, str(Path(__file__).parent / "faults"))
import grid
import score
import suite

EVERY = suite.programs()
FAULTY = [program for program in EVERY if program.KIND]
HEALTHY = {program.name: program for program in EVERY if not program.KIND}


@pytest.mark.parametrize("program", EVERY, ids=lambda program: program.name)
def test_a_program_declares_what_a_scorer_reads(program):
    tree = ast.parse(program.path.read_text())
    [train] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "train"]
    first, *others = [argument.arg for argument in train.args.args]
    assert first == "seed" and len(others) == len(train.args.defaults) and train.args.kwarg.arg == "options"
    assert program.about.endswith(".")
    if program.KIND:
        assert program.path.parent.name == "faulty" and program.name.startswith(program.KIND)
        assert program.TWIN in HEALTHY and program.SCARY is None
        assert {program.KIND, *program.ALSO} <= set(suite.KINDS) and program.KIND not in program.ALSO
    else:
        assert program.path.parent.name == "healthy" and program.TWIN is None and not program.ALSO and not program.SINCE
        assert program.AT_LEAST > 0


def test_a_fault_is_the_only_difference():
    """Most lines of a faulty program are its twin's: it is not another program that happens to be worse."""
    for program in FAULTY:
        lines, twins = (set(one.path.read_text().splitlines()) for one in (program, HEALTHY[program.TWIN]))
        assert len(lines - twins) <= 15, program.name


def test_how_many_there_are():
    assert len(FAULTY) >= 45 and len(HEALTHY) >= 34
    assert sum(program.SCARY is not None for program in HEALTHY.values()) >= 14
    assert len({program.name for program in EVERY}) == len(EVERY)


def test_every_kind_is_there_to_tune_on_and_most_in_what_is_reported():
    """Once the programs to report on were read, there are none until others have written new ones, and chance cuts these in two."""
    assert {program.KIND for program in suite.programs("tune")} == {*suite.KINDS, None}
    reported = {program.KIND for program in suite.programs("report")}
    assert not reported or None in reported and len(reported) > 25


def test_the_halves_are_what_the_readme_says():
    readme = (suite.HERE / "README.md").read_text()
    for program in EVERY: assert f"| {program.name} | {program.half} |" in readme, "write it anew: python tests/faults/suite.py --write"
    assert "**no**" not in readme and "not reached" not in readme


@pytest.mark.parametrize("name", ["no_update_step_forgotten", "double_softmax_sigmoid_bce", "label_noise_digits"])
def test_a_fault_does_harm(name, tmp_path):
    [faulty] = [program for program in FAULTY if program.name == name]
    suite.warm_up()
    one, other = (suite.outcome(program, 0, tmp_path) for program in (faulty, HEALTHY[faulty.TWIN]))
    assert one.score <= other.score - suite.CLEAR
    assert one.steps == other.steps and Path(one.run, "run.json").exists()


QUICK = """missing_zero_grad_never double_softmax_sigmoid_bce wrong_loss_mse_of_classes shape_broadcast_prices unnormalised_input_wine frozen_params_python_list
    lr_too_low_sgd overfitting_diabetes houses_rmsprop wine_unshuffled diabetes_early_stopping digits_warm_restarts""".split()


@pytest.mark.parametrize("name", QUICK)
def test_a_fault_is_found_while_it_trains_and_nothing_in_a_sound_training(name, tmp_path):
    """A dozen of the suite; all of it, and what must be reached, is for `make faults`."""
    [program] = [program for program in EVERY if program.name == name]
    suite.warm_up()
    verdict = score.live_verdict(open_run(suite.outcome(program, 0, tmp_path).run))
    if program.KIND: assert score.is_diagnosed(program, verdict) and not score.wrong(program, verdict.held)
    else: assert verdict.told == []


PLANTED = """only_the_head_is_given in digits_mlp, l2_by_hand in wine_tanh, inputs_far_from_zero in cancer_binary, validated_on_training_rows in houses_mlp, \
sound in digits_cnn""".split(", ")


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name, tmp_path):
    [planted] = [one for one in grid.all_planted() if one.name == name]
    suite.warm_up()
    verdict = score.live_verdict(open_run(grid.outcome(planted, 0, tmp_path)[1]))
    if planted.KIND: assert score.is_diagnosed(planted, verdict)
    else: assert verdict.told == []


def test_a_fault_that_a_training_has_no_place_for_is_left_out(tmp_path):
    [planted] = [one for one in grid.all_planted() if one.name == "flat_targets in digits_mlp"]
    assert grid.outcome(planted, 0, tmp_path) is None
