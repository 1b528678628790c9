"""The package runs on every Python that settings.ini admits."""
import ast
import re
import subprocess
import sys
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
    """The attributes, names and modules that a file speaks of, but for those it asks for, by `hasattr` or by `getattr` with a default, or has from
    typing_extensions."""
    found, asked = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute): found.add(node.attr)
        elif isinstance(node, ast.Name): found.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            (asked if node.module == "typing_extensions" else found).update([node.module, *(name.name for name in node.names)])
        elif isinstance(node, ast.Import): found |= {name.name for name in node.names}
        elif isinstance(node, ast.Call) and (getattr(node.func, "id", None), len(node.args)) in (("hasattr", 2), ("getattr", 3)):
            asked.add(getattr(node.args[1], "value", None))
    return found - asked


def test_nothing_newer_than_the_oldest_python():
    new = {name for since, names in NEW.items() if since > OLDEST for name in names.split()}
    used = {path.name: sorted(new & names_of(ast.parse(path.read_text(), feature_version=OLDEST))) for path in SOURCES}
    assert {name: names for name, names in used.items() if names} == {}


def pythons() -> dict[tuple[int, int], Path]:
    """One Python of each version that pyenv keeps here, and the one that runs."""
    kept = sorted((Path.home() / ".pyenv/versions").glob("3.*/bin/python3"))
    return {tuple(map(int, path.parts[-3].split(".")[:2])): path for path in kept} | {sys.version_info[:2]: Path(sys.executable)}


@pytest.mark.parametrize("version", [OLDEST, *NEW], ids=lambda version: ".".join(map(str, version)))
def test_every_python_can_read_the_sources(version):
    if version not in pythons(): pytest.skip(f"there is no Python {version[0]}.{version[1]} here: pyenv install {version[0]}.{version[1]}")
    code = "import pathlib, sys\nfor path in map(pathlib.Path, sys.argv[1:]): compile(path.read_bytes(), path, 'exec')"
    assert subprocess.run([pythons()[version], "-W", "error", "-c", code, *SOURCES], capture_output=True, text=True).stderr == ""


def test_pythons_parser_is_left_to_the_notebook():
    """Python before 3.11.8 can't parse on two threads (python/cpython#106905): what the clerk parses would break a cell that is compiled just then."""
    assert [path for path in SOURCES if re.search(r"^\s*(from|import) .*\bast\b|literal_eval", path.read_text(), re.MULTILINE)] == []
