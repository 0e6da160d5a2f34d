"""The tables of docs/calibration.md are those that its counts make."""

from __future__ import annotations

from fixtures.scripts import FOLDER, script


def test_every_table_of_the_calibration_page_is_what_the_counts_say() -> None:
    tables = script("tables")
    text = FOLDER.with_name("calibration.md").read_text(encoding="utf-8")
    assert tables.filled(text, tables.counted()) == text
    # A table without its marks would never be filled.
    for mark in ("wrong", "verdicts", "beside", "peeking", "coverage-seeds", "coverage-images"):
        assert text.count(f"<!-- {mark} -->") == text.count(f"<!-- /{mark} -->") == 1
    for mark in ("power-fixed", "power-looks"):
        assert text.count(f"<!-- {mark} -->") == text.count(f"<!-- /{mark} -->") == 1
