"""A page drawn again: the same from the same files, and whole whatever stood there before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bnclaims.audit.claim import discover
from bnclaims.errors import BnclaimsError
from bnclaims.report.redraw import redraw, redrawn
from bnclaims.report.verify.verify import verify
from fixtures.committed import REPORTS

CLAIMS = discover(REPORTS.parent / "claims")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REPORTS / "why-apple", tmp_path / "why-apple"))


def test_a_page_drawn_again_replaces_another_and_the_report_verifies(report: Path) -> None:
    before = json.loads((report / "report.json").read_bytes())
    page = report / "index.html"
    drawn = page.read_bytes()
    page.write_bytes(drawn.replace(b"</h1>", b", or so</h1>"))
    assert not verify(report, CLAIMS).passed
    assert redraw(report, CLAIMS)
    assert verify(report, CLAIMS).passed
    assert b", or so" not in page.read_bytes()
    after = json.loads((report / "report.json").read_bytes())
    for document in (before, after):
        del document["files"]["index.html"]
    assert list(before.items()) == list(after.items())


def test_drawing_twice_changes_nothing(report: Path) -> None:
    redraw(report, CLAIMS)
    kept = {file: file.stat().st_mtime_ns for file in report.iterdir()}
    assert not redraw(report, CLAIMS)
    assert {file: file.stat().st_mtime_ns for file in report.iterdir()} == kept


def test_what_is_no_report_is_not_drawn(report: Path) -> None:
    (report / "trials.csv").unlink()
    with pytest.raises(BnclaimsError, match=r"trials\.csv"):
        redrawn(report, CLAIMS)
