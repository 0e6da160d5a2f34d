"""The page of the first audits has the numbers of their reports, at the commit that a refusal names."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from bnclaims.report.schemas import GENERATION_1

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "generation-1.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generation_1", ROOT / "docs/generation_1.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def history() -> None:
    """Skips where git does not have the commit: an archive, or a clone that is shallow."""
    command = ["git", "cat-file", "-e", f"{GENERATION_1}:reports/quick-digits/report.json"]
    try:
        found = subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        found = False
    if not found:
        pytest.skip(f"no history here that has commit {GENERATION_1}")


def test_the_page_names_the_commit_that_a_refusal_names() -> None:
    assert f"At commit `{GENERATION_1}`" in PAGE
    assert f"git checkout {GENERATION_1}\n" in PAGE
    assert {*re.findall(r"`(reports/[\w-]+)`|verify (reports/[\w-]+)", PAGE)} == {
        ("", "reports/quick-digits"),
        ("reports/quick-leaves", ""),
        ("reports/quick-apple", ""),
        ("reports/full-apple", ""),
    }


@pytest.mark.usefixtures("history")
def test_the_tables_are_those_of_the_reports_at_that_commit(script: ModuleType) -> None:
    assert script.filled(PAGE) == PAGE


@pytest.mark.usefixtures("history")
def test_every_claim_of_the_quick_audits_has_a_row(script: ModuleType) -> None:
    quick = script.document("quick-digits")["claims"]
    assert [*script.IN_SHORT] and {*script.IN_SHORT} == {claim["id"] for claim in quick}
