"""The map, docs/architecture.md: every file, name and function on it exists where it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bnclaims.protocol.names import ARMS
from bnclaims.training import EXECUTORS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "bnclaims"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
# What the commands, the plugin and the values of the experiment are called.
KNOWN = {"bnclaims", *ARMS, *EXECUTORS}


def marked(page: str) -> list[str]:
    """Everything that a page sets in backticks within a line."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL))


def defined(body: list[ast.stmt]) -> Iterator[str]:
    """Names that a module or a class defines at its top, imports not counted."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def names_of(path: Path) -> set[str]:
    return set(defined(ast.parse(path.read_text(encoding="utf-8")).body))


def places() -> dict[str, set[str]]:
    """What every module and class of the package defines, by its last name."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        module = path.parent.name if path.stem == "__init__" else path.stem
        body = ast.parse(path.read_text(encoding="utf-8")).body
        found.setdefault(module, set()).update(defined(body))
        for node in body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, set()).update(defined(node.body))
    return found


def unknown(page: str) -> list[str]:
    """What a page names in backticks and nobody finds."""
    known = places()
    folders = {path.name for path in (*PACKAGE.rglob("*/"), *ROOT.glob("*/"))}
    everything = set().union(*known.values())

    def is_there(name: str) -> bool:
        if (ROOT / name).exists() or name in KNOWN | folders | everything:
            return True
        place, dot, what = name.partition(".")
        return bool(dot) and (what in known.get(place, ()) or name == "report.json")

    return [name for name in marked(page) if not is_there(name)]


def test_everything_that_the_map_names_is_there() -> None:
    assert unknown(PAGE) == []


@pytest.mark.parametrize(
    "gone", ["bnclaims/audit/judgement.py", "judge.judged_twice", "Store.scribble", "no_such_arm"]
)
def test_a_name_that_is_gone_is_found(gone: str) -> None:
    assert unknown(f"{PAGE}\nThen `{gone}` carries it.") == [gone]


def test_every_room_has_its_line() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert rooms == set(re.findall(r"^\| `bnclaims/(\w+)` \|", PAGE, re.MULTILINE))


def test_every_folder_of_tests_has_its_room_or_is_named_as_cutting_across() -> None:
    for path in (ROOT / "tests").rglob("test_*.py"):
        folder = path.parent.relative_to(ROOT / "tests")
        assert (PACKAGE / folder).is_dir() or f"`tests/{folder}`" in PAGE, path


def test_registries_stand_in_the_files_that_the_map_gives() -> None:
    rows = re.findall(r"\| `([\w/.]+)`.* \| `([A-Z_]+)` (there|in `([\w/.]+)`) \|", PAGE)
    assert len(rows) >= 7
    for own, name, where, file in rows:
        assert name in names_of(ROOT / (own if where == "there" else file)), name


def test_a_word_is_used_in_the_file_where_it_is_at_home() -> None:
    words = re.findall(r"^\| (\w+) \| .* \| `(bnclaims/[\w/]+\.py)` \|$", PAGE, re.MULTILINE)
    assert len(words) == len(dict(words)) > 30
    for word, home in words:
        text = (ROOT / home).read_text(encoding="utf-8")
        assert re.search(rf"\b{word}", text, re.IGNORECASE), (word, home)
