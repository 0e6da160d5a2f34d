"""The tables of docs/speed.md are those that the committed results make."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from bnclaims.report.predictions import read_predictions

DOCS = Path(__file__).parents[2] / "docs"


def test_every_table_of_the_speed_page_is_what_the_results_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = importlib.util.spec_from_file_location("speed_page", DOCS / "benchmarks/page.py")
    assert spec is not None and spec.loader is not None
    page = importlib.util.module_from_spec(spec)
    # It makes the benchmarks importable for itself alone.
    monkeypatch.syspath_prepend(str(DOCS))
    spec.loader.exec_module(page)
    text = (DOCS / "speed.md").read_text(encoding="utf-8")
    assert page.filled(text) == text
    assert text.count("<!-- /") == 8


def test_the_cost_of_an_audit_is_that_of_the_committed_one() -> None:
    report = DOCS.parent / "reports" / "quick-digits"
    seconds = [record.seconds for record in read_predictions(report / "predictions.npz").values()]
    processor = sum(spent["processor"] for spent in seconds)
    said = f"Training its {len(seconds):,} networks and reading them is {processor:.0f} processor seconds"
    assert said in " ".join((DOCS / "speed.md").read_text(encoding="utf-8").split())
