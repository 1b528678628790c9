"""The package runs on every Python that settings.ini admits."""
import ast
import re
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SETTINGS = ConfigParser()
SETTINGS.read(ROOT / "settings.ini")
OLDEST = tuple(int(part) for part in SETTINGS["DEFAULT"]["min_python"].split("."))
SOURCES = sorted((ROOT / "trainbook").rglob("*.py"))

# What a later Python brought, as far as such a package would use it.
NEW = {
    (3, 11): "add_note tomllib StrEnum ReprEnum Self Never LiteralString Required NotRequired Unpack TypeVarTuple assert_type assert_never reveal_type "
             "dataclass_transform ExceptionGroup BaseExceptionGroup TaskGroup file_digest UTC cbrt exp2 getLevelNamesMapping",
    (3, 12): "batched override TypeAliasType is_junction sumprod monitoring get_original_bases Buffer",
    (3, 13): "PythonFinalizationError ReadOnly TypeIs NoDefault deprecated process_cpu_count EnumDict fma from_uri full_match",
    (3, 14): "annotationlib get_annotate_from_class_namespace InterpreterPoolExecutor zstd",
}


def names_of(tree: ast.AST) -> set[str]:
    """The attributes, names and modules that a file speaks of, but for those it asks for by `hasattr`."""
    found, asked = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute): found.add(node.attr)
        elif isinstance(node, ast.Name): found.add(node.id)
        elif isinstance(node, ast.ImportFrom): found |= {node.module, *(name.name for name in node.names)}
        elif isinstance(node, ast.Import): found |= {name.name for name in node.names}
        elif isinstance(node, ast.Call) and getattr(node.func, "id", None) == "hasattr": asked.add(getattr(node.args[1], "value", None))
    return found - asked


def test_nothing_newer_than_the_oldest_python():
    new = {name for since, names in NEW.items() if since > OLDEST for name in names.split()}
    used = {path.name: sorted(new & names_of(ast.parse(path.read_text(), feature_version=OLDEST))) for path in SOURCES}
    assert {name: names for name, names in used.items() if names} == {}


def pythons() -> list[Path]:
    """One Python of each version from 3.10 on that pyenv keeps here."""
    kept = (Path.home() / ".pyenv/versions").glob("3.1*/bin/python3")
    versions = {tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", path.parts[-3]).groups()): path for path in kept}
    return [path for version, path in sorted(versions.items()) if version >= OLDEST]


@pytest.mark.parametrize("python", pythons(), ids=lambda python: python.parts[-3])
def test_every_python_here_can_read_the_sources(python):
    code = "import pathlib, sys\nfor path in map(pathlib.Path, sys.argv[1:]): compile(path.read_bytes(), path, 'exec')"
    assert subprocess.run([python, "-W", "error", "-c", code, *SOURCES], capture_output=True, text=True).stderr == ""
