"""The walls of the house: who may import whom, in the source and in a running process."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from digitlib.runs.folder import MODELS_FOLDER

PROJECT = MODELS_FOLDER.parent
SOURCES = sorted([
    PROJECT / "streamlit_app.py",
    *PROJECT.glob("pages/*.py"),
    *PROJECT.glob("digitlib/**/*.py"),
])  # fmt: skip

# Every room may import those below it and itself; reading, runs and vision stand side by side.
FLOORS = [
    {"pages"},
    {"ui"},
    {"report"},
    {"card", "study", "transcript"},
    {"reading", "runs", "vision"},
    {"data"},
    {"errors"},
]
ROOMS = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


class Import(NamedTuple):
    module: str
    line: int
    at_module_level: bool


def find_imports(path: Path) -> Iterator[Import]:
    """Yield what a file imports: ``from a import b`` as ``a.b``, for b may be a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, functions)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield Import(name, node.lineno, id(node) not in inner)


def room_of(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    if parts[0] == "digitlib":
        return parts[1] if len(parts) > 1 else "digitlib"
    return "pages"


def is_part_of(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


IDS = [str(path.relative_to(PROJECT)) for path in SOURCES]


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_only_training_imports_tensorflow(path):
    if room_of(path) == "training":
        return
    for found in find_imports(path):
        assert not is_part_of(found.module, {"tensorflow", "keras"}), found


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_training_is_imported_only_when_somebody_trains(path):
    if room_of(path) == "training":
        return
    for found in find_imports(path):
        if is_part_of(found.module, {"digitlib.training"}):
            assert not found.at_module_level, found


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_only_pages_and_ui_import_streamlit(path):
    if room_of(path) in ("pages", "ui"):
        return
    for found in find_imports(path):
        assert not found.module.startswith("streamlit"), found


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_imports_run_one_way(path):
    room = room_of(path)
    for found in find_imports(path):
        package, _, rest = found.module.partition(".")
        target = rest.partition(".")[0]
        if package != "digitlib" or target == room:
            continue
        if room in ("cli", "training", "__main__"):
            assert target != "ui", found
        elif target == "training":
            assert room == "runs", found  # and not at module level: see above
        else:
            assert ROOMS[target] > ROOMS[room], found


def test_every_part_of_the_library_has_its_place():
    known = {*ROOMS, "training", "cli", "__main__", "__init__"}

    assert {room_of(path) for path in SOURCES} <= known


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_no_module_is_a_grab_bag(path):
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}."):
        importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def find_loaded_packages(*names: str) -> set[str]:
    """Import modules and all below them in a new process; return all packages it then holds."""
    process = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *names],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return set(process.stdout.split())


def test_the_library_loads_neither_tensorflow_nor_streamlit_nor_what_only_judging_needs():
    rooms = (
        "card", "cli", "report", "study", "transcript", "reading", "runs", "vision", "data",
        "errors",
    )  # fmt: skip
    loaded = find_loaded_packages(*(f"digitlib.{room}" for room in rooms))

    assert {"digitlib", "numpy", "distributed"} <= loaded
    assert loaded.isdisjoint({"tensorflow", "keras", "streamlit", "sklearn", "scipy"})
