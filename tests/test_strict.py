"""A test in which trainbook warns says so, or it fails; nothing is skipped, misspelt or mended silently."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
EXAMPLES = """
import threading, warnings
import pytest
from trainbook.run.fault import Faults

def fault(): Faults().blame("the weather", ValueError("rain"))

def test_fault(): fault()

def test_on_a_thread():
    thread = threading.Thread(target=fault)
    thread.start()
    thread.join()

def test_with_a_filter():
    warnings.simplefilter("default")
    fault()

@pytest.mark.says("a storm")
def test_of_another(): fault()

@pytest.mark.says("a fault in the weather", "a storm")
def test_of_more_than_was_said(): fault()

@pytest.mark.says("a fault in the weather")
def test_with_a_mark(): fault()

def test_with_a_block():
    with pytest.warns(RuntimeWarning, match="a fault"): fault()

def test_of_theirs(): warnings.warn("the moon is full", RuntimeWarning)

@pytest.mark.xfail
def test_mended(): pass

@pytest.mark.skip(reason="it is night")
def test_skipped(): pass
"""


def outcome_of(text: str, folder: Path) -> str:
    """What pytest says of a file of tests, with this project's settings and fixtures."""
    (folder / "test_it.py").write_text(text)
    command = "-q", "-rA", "-p", "conftest", "-p", "no:cacheprovider", "-c", TESTS.parent / "pyproject.toml", "--rootdir", folder, "test_it.py"
    found = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run([sys.executable, "-m", "pytest", *command], cwd=folder, env=os.environ | dict(PYTHONPATH=found, COLUMNS="300"), capture_output=True,
                          text=True)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> str: return outcome_of(EXAMPLES, tmp_path_factory.mktemp("examples"))


@pytest.mark.parametrize("test", ["fault", "on_a_thread", "with_a_filter", "of_another"])
def test_a_warning_of_ours_that_is_not_expected_fails(told, test):
    assert f"ERROR test_it.py::test_{test} - Failed: A warning of trainbook's is not expected: trainbook has a fault in the weather" in told


@pytest.mark.parametrize("test", ["with_a_mark", "with_a_block", "of_theirs"])
def test_one_that_is_expected_does_not(told, test): assert f"PASSED test_it.py::test_{test}" in told and f"ERROR test_it.py::test_{test}" not in told


def test_one_that_is_expected_and_not_given_fails(told):
    assert "ERROR test_it.py::test_of_more_than_was_said - Failed: A warning of trainbook's is expected and was not said: a storm" in told


def test_warnings_of_others_are_shown(told): assert "RuntimeWarning: the moon is full" in told


def test_what_is_mended_is_no_longer_expected_to_fail(told): assert "FAILED test_it.py::test_mended" in told


def test_what_is_skipped_says_why(told): assert "it is night" in told


def test_a_mark_that_is_misspelt_fails(tmp_path):
    assert "'browzer' not found in `markers`" in outcome_of("import pytest\n@pytest.mark.browzer\ndef test_it(): pass\n", tmp_path)
