"""What is committed agrees with its sources, and what is installed is complete."""
import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def run(*command, cwd=ROOT) -> str:
    result = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The tracked files as they stand in the working tree, in a git repository of their own."""
    folder = tmp_path_factory.mktemp("copy")
    for name in run("git", "ls-files", "-z").split("\0")[:-1]:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    run("git", "init", "-q", ".", cwd=folder)
    run("git", "add", "-A", cwd=folder)
    run("git", "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "as it stands", cwd=folder)
    return folder


def test_export_and_notebooks_are_current(copy):
    for command in ("nbdev-export", "nbdev-clean"): run(BIN / command, cwd=copy)
    run(sys.executable, "nbs/readme.py", cwd=copy)
    assert run("git", "status", "--porcelain", cwd=copy) == ""


def test_no_dead_widget_is_committed():
    for notebook in (ROOT / "nbs").rglob("*.ipynb"):
        if ".ipynb_checkpoints" in notebook.parts: continue
        assert "widget-view" not in json.dumps([cell.get("outputs") for cell in json.loads(notebook.read_text())["cells"]])


def test_bundle_equals_a_fresh_build(copy):
    run(BIN / "npm", "ci", cwd=copy / "js")
    run(BIN / "npm", "run", "check", cwd=copy / "js")
    run(BIN / "npm", "run", "build", cwd=copy / "js")
    assert run("git", "status", "--porcelain", cwd=copy) == ""


def test_wheel_from_sdist_carries_static(copy, tmp_path):
    run(sys.executable, "-m", "build", "--outdir", tmp_path, copy)  # makes the sdist, and the wheel from it
    wheel, = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("static/widget.js", "static/widget.css", "__init__.pyi", "py.typed"): assert f"trainbook/{name}" in names


@pytest.mark.parametrize("options", [(), ("-e",)], ids=["install", "editable"])
def test_install_carries_static(copy, tmp_path, options):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    run(python, "-m", "pip", "install", "-q", "--no-deps", *options, copy)
    found = run(python, "-c", "import importlib.util as u, pathlib; print(pathlib.Path(u.find_spec('trainbook').origin).parent)",
                cwd=tmp_path)
    assert (Path(found.strip()) / "static/widget.js").read_bytes() == (ROOT / "trainbook/static/widget.js").read_bytes()
