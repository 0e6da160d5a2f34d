"""Every promise of the reliability page names tests that exist, and its numbers are the last ones."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
PROMISES = [
    line
    for table in re.findall(r"\| promise \| shown by \|\n\|---\|---\|\n((?:\|.*\n)+)", TEXT)
    for line in table.splitlines()
]


def page_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("page", ROOT / "docs/reliability/page.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("promise", PROMISES, ids=range(len(PROMISES)))
def test_a_promise_names_a_test(promise: str) -> None:
    _, words, tests, _ = promise.split("|")
    assert words.strip().endswith(".")
    assert re.findall(r"`tests/[\w/]+\.py::\w+`", tests)


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_named_test_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_there_are_promises() -> None:
    assert len(PROMISES) >= 20


def test_the_tables_are_those_of_the_last_long_run() -> None:
    assert page_script().filled(TEXT) == TEXT
