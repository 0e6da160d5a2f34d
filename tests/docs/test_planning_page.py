"""The tables of docs/planning.md are those that the committed audits make."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_planning_page_says_how_far_off_forecasts_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    tables = importlib.import_module("forecasts").tables()
    page = (ROOT / "docs" / "planning.md").read_text(encoding="utf-8")
    for mark, table in zip(("parts", "settings"), tables, strict=True):
        assert f"<!-- {mark} -->\n\n{table}\n\n<!-- /{mark} -->" in page
