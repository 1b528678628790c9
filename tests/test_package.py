"""What is committed agrees with its sources, and what is installed is complete."""
import ast
import json
import re
import subprocess
import sys
import venv
import zipfile
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

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
    (copy / "js/node_modules").symlink_to(ROOT / "js/node_modules")  # as `npm ci` made it
    run(BIN / "npm", "run", "build", cwd=copy / "js")
    assert run("git", "status", "--porcelain", cwd=copy) == ""


def test_wheel_from_sdist_carries_static(copy, tmp_path):
    run(sys.executable, "-m", "build", "--outdir", tmp_path, copy)  # makes the sdist, and the wheel from it
    wheel, = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    bundles = [f"static/{bundle}.{ending}" for bundle in ("widget", "data", "model") for ending in ("js", "css")]
    assert {f"trainbook/{name}" for name in [*bundles, "__init__.pyi", "py.typed"]} <= {*names}


@pytest.mark.parametrize("options", [(), ("-e",)], ids=["install", "editable"])
def test_install_carries_static(copy, tmp_path, options):
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv/bin/python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", *options, copy)
    found = run(python, "-c", "import importlib.util as u, pathlib; print(pathlib.Path(u.find_spec('trainbook').origin).parent)",
                cwd=tmp_path)
    assert (Path(found.strip()) / "static/widget.js").read_bytes() == (ROOT / "trainbook/static/widget.js").read_bytes()


@cache
def distributions() -> dict[str, list[str]]:
    """Which packages bring a module: a look into every package that is installed."""
    return dict(packages_distributions())


def normal(name: str) -> str: return re.sub(r"[-_.]+", "-", name).lower()


def brought_by(name: str, extras: tuple[str, ...] = (), found: dict | None = None) -> dict[str, set[str]]:
    """The packages that pip installs with one, by their normal names, with the extras that are asked of them; the one itself too."""
    found, key = {} if found is None else found, normal(name)
    if key in found and found[key] >= set(extras): return found
    found[key] = found.get(key, set()) | set(extras)
    for requirement in map(Requirement, requires(name) or ()):
        wanted = requirement.marker is None or any(requirement.marker.evaluate(dict(extra=extra)) for extra in ("", *found[key]))
        if wanted: brought_by(requirement.name, tuple(requirement.extras), found)
    return found


def test_an_installation_is_lean():
    """What `pip install` adds to torch. A package more is a decision: this is where it shows."""
    added = sorted(brought_by("trainbook").keys() - brought_by("torch").keys() - {"trainbook"})
    assert len(added) <= 40, added
    assert not {"torchmetrics", "nvidia-ml-py", "python-fasthtml", "jupyterlab"} & set(added)


def test_extras_bring_what_they_are_named_for():
    """And the walk sees them, so the count above is one."""
    added = brought_by("trainbook", ("gpu", "metrics"))
    assert {"torchmetrics", "nvidia-ml-py"} <= added.keys() and added.keys() > brought_by("trainbook").keys()


def imported() -> set[str]:
    """The modules of others that trainbook imports somewhere."""
    found = set()
    for path in (ROOT / "trainbook").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import): found |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level: found.add(node.module)
    return {name.split(".")[0] for name in found} - sys.stdlib_module_names - {"trainbook"}


def test_what_is_imported_is_installed_with_it():
    """By itself or by an extra; parts of a kernel are imported where one runs, and fastai is installed by itself."""
    of_a_kernel, known = {"ipykernel", "tornado", "zmq", "marimo", "fastai"}, distributions()
    added = brought_by("trainbook", ("accelerate", "boost", "data", "datasets", "fastai", "gpu", "ignite", "keras", "lab", "lightning", "mlflow", "optim",
                                     "parquet", "pretrained", "scale", "skorch", "tensorboard", "transformers", "vision", "wandb"))
    assert {name for name in imported() - of_a_kernel if not added.keys() & set(map(normal, known.get(name, ())))} == set()


def test_what_is_required_is_imported():
    """ipywidgets is what anywidget makes widgets of; anywidget itself would be content with one too old for us."""
    used = {normal(package) for name in imported() for package in distributions().get(name, ())}
    ours = {normal(Requirement(line).name) for line in requires("trainbook") if "extra" not in line}
    assert ours - used == {"ipywidgets"}
