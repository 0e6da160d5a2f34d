"""The layout of the package: its rooms, and the one direction in which they import."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "bnclaims"

TRAINING_WING = ("errors", "stats", "protocol", "store", "models", "datasets", "training")
JUDGING_WING = ("errors", "stats", "protocol", "store", "audit", "report")
# Each room, and those that it may import from.
ALLOWED = {
    **{room: TRAINING_WING[:place] for place, room in enumerate(TRAINING_WING)},
    "audit": JUDGING_WING[:4],
    "report": JUDGING_WING[:5],
    "run": (*TRAINING_WING, "audit", "report"),
    "commands": (*TRAINING_WING, "audit", "report", "run"),
    "plugin": (*TRAINING_WING, "audit", "report", "run"),
    # The face of the package hands names on; whoever starts it as a program starts the commands.
    "__init__": ("audit", "report"),
    "__main__": ("commands",),
}


def modules(package: Path) -> dict[str, Path]:
    """Path of every module of a package, by its dotted name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> Iterator[tuple[int, str]]:
    """Line and name of every module of the package that a file imports, wherever in it that is."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, name.name) for name in names if name.name in known)
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("bnclaims"):
                for name in names:
                    whole = f"{module}.{name.name}"
                    yield node.lineno, whole if whole in known else module


def room_of(module: str) -> str:
    """The folder below the package, or the module, in which a module stands."""
    return module.split(".")[1] if "." in module else "__init__"


def backwards(package: Path) -> list[str]:
    """Every import that the rule forbids, as file, line and what is imported."""
    known = modules(package)
    return [
        f"{path.relative_to(package.parent)}:{line} imports {imported}"
        for module, path in known.items()
        for line, imported in imports(path, known)
        if (room := room_of(imported)) != room_of(module) and room not in ALLOWED[room_of(module)]
    ]


def circle(package: Path) -> list[str]:
    """Modules that import each other in a circle; none where there is no such circle.

    A package's face counts as what it hands on: whoever imports from it imports that.
    """
    known = modules(package)
    graph = {
        module: {imported for _, imported in imports(path, known) if imported != module}
        for module, path in known.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_the_root_of_the_package_holds_its_rooms_and_nothing_else() -> None:
    there = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    rooms = {*TRAINING_WING, *JUDGING_WING, "run", "commands", "plugin"} - {"errors"}
    assert there == rooms | {"__init__.py", "__main__.py", "errors.py", "py.typed"}


def test_no_room_imports_one_that_stands_above_it() -> None:
    assert backwards(PACKAGE) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(PACKAGE) == []


@pytest.mark.parametrize(
    "line",
    [
        "from bnclaims.training import trainer",
        "def late():\n    import bnclaims.models.registry",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from bnclaims import datasets",
    ],
)
def test_a_judge_that_imports_the_training_wing_is_found(tmp_path: Path, line: str) -> None:
    package = tmp_path / "bnclaims"
    for name in ("audit/judge", "training/trainer", "models/registry", "datasets/__init__"):
        path = package / f"{name}.py"
        path.parent.mkdir(parents=True)
        path.write_text("")
    assert backwards(package) == [] == circle(package)
    (package / "audit" / "judge.py").write_text(line)
    (found,) = backwards(package)
    assert found.startswith("bnclaims/audit/judge.py:")
    (package / "training" / "trainer.py").write_text("import bnclaims.audit.judge")
    (package / "models" / "registry.py").write_text("import bnclaims.audit.judge")
    (package / "datasets" / "__init__.py").write_text("from bnclaims.audit import judge")
    assert "bnclaims.audit.judge" in circle(package)


@pytest.mark.parametrize(
    "arguments",
    [
        ["bnclaims", "verify", "reports/nightly"],
        ["pytest", "claims", "--collect-only", "-q", "-p", "no:cacheprovider"],
    ],
    ids=["verify", "collect"],
)
def test_verifying_and_collecting_load_nothing_of_the_training_wing(arguments: list[str]) -> None:
    program, *rest = arguments
    code = f"""
import json, runpy, sys
sys.argv = [{program!r}, *{rest!r}]
try:
    runpy.run_module({program!r}, run_name="__main__")
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted(sys.modules)]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    status, loaded = json.loads(done.stdout.splitlines()[-1])
    assert not status
    # To collect asks which images are here, and knows the folder in which processes meet: no more.
    wing = ("bnclaims.models", "bnclaims.training.executors", "bnclaims.training.synthetic")
    heavy = ("torch", "torchvision", *wing, "bnclaims.training.trainer")
    if program == "bnclaims":
        heavy = ("torch", *(f"bnclaims.{room}" for room in ("models", "datasets", "training")))
    assert [name for name in loaded if name.startswith(heavy)] == []
