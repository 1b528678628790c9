"""`make check` fails for what it is there for: each tool is run, as the Makefile runs it, on a copy with one mistake in it."""
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from public_types import GUESSED

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


@pytest.fixture
def copied(tmp_path):
    """The package, its notebooks and the tools' settings."""
    left_out = shutil.ignore_patterns("__pycache__", "runs", "static", "images", "tutorials")
    for name in ("trainbook", "nbs"): shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def check(folder: Path, *command: str) -> str:
    """What a tool says of a folder, if it fails."""
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True)
    return done.stdout if done.returncode else ""


def add(path: Path, code: str):
    path.write_text(path.read_text() + f"\n\n{code}\n")


@pytest.mark.parametrize("rule, code", [
    ("SLF001", "def planted(run): return run.recorder._info"),
    ("SLF001", "def planted(run): run.loop._soon = []"),
    ("F401", "import wave"),
    ("F821", "def planted(): return nowhere"),
    ("B006", "def planted(found=[]): return found"),
    ("B023", "def planted(): return [lambda: number for number in range(3)]"),
    ("N802", "def plantedThing(): pass"),
    ("E711", "def planted(run): return run == None"),
    ("PGH003", "planted: int = ''  # type: ignore"),
])
def test_lint(copied, rule, code):
    add(copied / "trainbook/widget/feed.py", code)
    assert f": {rule} " in check(copied, "ruff", "check", "--no-cache", "--output-format", "concise", "trainbook")


def test_lint_in_an_example(copied):
    notebook = copied / "nbs/11_run.clerk.ipynb"
    notebook.write_text(notebook.read_text().replace('"from nbdev import nbdev_export; nbdev_export()"', '"clerk._lock"'))
    assert ": SLF001 " in check(copied, "ruff", "check", "--no-cache", "--output-format", "concise", "nbs")


WRONG_TYPES = {
    "reportArgumentType": "def first(): return open_run(3)",
    "reportAttributeAccessIssue": "def second(run: Run) -> str: return run.nothing",
    "reportOptionalMemberAccess": "def third(text: str | None) -> str: return text.upper()",
    "reportUnnecessaryTypeIgnoreComment": "planted = 3  # pyright: ignore[reportArgumentType] - for no reason",
}


def test_types(copied):
    """All mistakes at once, as the checker reads the whole package for each answer."""
    path = copied / "trainbook/run/run.py"
    for code in WRONG_TYPES.values(): add(path, code)
    said = check(copied, "basedpyright", str(path))
    assert {rule for rule in WRONG_TYPES if f"({rule})" in said} == set(WRONG_TYPES)


def test_a_public_function_without_types(tmp_path):
    """In a package of one function, which the checker reads faster than ours."""
    for name in ("tests", "trainbook"): (tmp_path / name).mkdir()
    for name in ("__init__.py", "py.typed"): (tmp_path / "trainbook" / name).touch()
    module = tmp_path / "trainbook/module.py"
    module.write_text("def known(number: int) -> int: return number\n")
    tool = Path(shutil.copy(ROOT / "tests/public_types.py", tmp_path / "tests"))
    tool.write_text(tool.read_text().replace(f"GUESSED = {GUESSED}", "GUESSED = 0"))
    assert check(tmp_path, "python", str(tool)) == ""
    add(module, "def planted(anything): return anything")
    assert "; 1 are guessed" in check(tmp_path, "python", str(tool))
