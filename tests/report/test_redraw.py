"""A page drawn again: the same from the same files, and whole whatever stood there before."""

from __future__ import annotations

import json
import re
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from bnclaims.audit.claim import discover
from bnclaims.errors import BnclaimsError
from bnclaims.report.files import CRATE
from bnclaims.report.redraw import redraw, redrawn
from bnclaims.report.schemas import SCHEMA
from bnclaims.report.verify.verify import verify
from fixtures.committed import REPORTS

GOLDEN = REPORTS.parent / "tests" / "golden"
CONSTRAINTS = REPORTS.parent / "constraints.txt"
CLAIMS = discover(REPORTS.parent / "claims")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOLDEN / f"schema-{SCHEMA}", tmp_path / "golden"))


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
        del document["files"]["index.html"], document["files"]["ro-crate-metadata.json"]
    assert list(before.items()) == list(after.items())


def test_drawing_twice_changes_nothing(report: Path) -> None:
    redraw(report, CLAIMS)
    kept = {file: file.stat().st_mtime_ns for file in report.iterdir()}
    assert not redraw(report, CLAIMS)
    assert {file: file.stat().st_mtime_ns for file in report.iterdir()} == kept


# Small networks and learning curves: together every kind of figure.
@pytest.mark.parametrize("name", ["quick-digits", "remedies-elpv"])
def test_a_committed_page_is_the_one_that_this_version_draws(name: str) -> None:
    """So that whatever changes a figure or a table is seen by whoever changed it."""
    pinned = re.search(r"^matplotlib==(\S+)$", CONSTRAINTS.read_text(encoding="utf-8"), re.M)
    assert pinned is not None
    if version("matplotlib") != pinned[1]:
        pytest.skip(f"pages were drawn by matplotlib {pinned[1]}, of constraints.txt")
    drawn = redrawn(REPORTS / name, CLAIMS)["index.html"].decode()
    committed = (REPORTS / name / "index.html").read_text(encoding="utf-8")
    # Line by line, since a difference of two lines of a megabyte takes minutes to show.
    for line, expected in zip(drawn.splitlines(), committed.splitlines(), strict=True):
        assert line == expected, f"bnclaims page reports/{name}, look at it, and commit it"


def test_a_report_of_an_earlier_schema_becomes_one_of_the_latest_with_its_numbers(
    tmp_path: Path,
) -> None:
    copy = Path(shutil.copytree(GOLDEN / "schema-3", tmp_path / "copy"))
    before = json.loads((copy / "report.json").read_bytes())
    assert redraw(copy, CLAIMS)
    assert verify(copy, CLAIMS).problems == ()
    after = json.loads((copy / "report.json").read_bytes())
    assert (before.pop("schema"), after.pop("schema")) == (3, SCHEMA)
    new = {name: after["files"].pop(name) for name in ("index.html", "junit.xml", CRATE)}
    assert new["index.html"] != before["files"].pop("index.html")
    assert after == before
    assert not redraw(copy, CLAIMS)


def test_claims_that_an_earlier_report_lacks_are_stated(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(GOLDEN / "schema-3", tmp_path / "copy"))
    file = copy / "report.json"
    document = json.loads(file.read_bytes())
    gone = [claim for claim in document["claims"] if claim["id"] == "alt-prior-shift"]
    document["claims"].remove(gone[0])
    file.write_text(json.dumps(document), encoding="utf-8")
    redraw(copy, CLAIMS)
    assert json.loads(file.read_bytes())["omitted"] == ["alt-prior-shift"]


@pytest.mark.parametrize("name", ["trials.csv", "predictions.npz", "protocol.toml", "junit.xml"])
def test_a_file_that_the_report_does_not_name_gets_no_new_hash(report: Path, name: str) -> None:
    (report / name).write_bytes((report / name).read_bytes() + b"\n")
    before = {path.name: path.read_bytes() for path in report.iterdir()}
    with pytest.raises(BnclaimsError, match=f"{name} is not the one that report.json names"):
        redraw(report, CLAIMS)
    assert before == {path.name: path.read_bytes() for path in report.iterdir()}


def test_what_is_no_report_is_not_drawn(report: Path) -> None:
    (report / "trials.csv").unlink()
    with pytest.raises(BnclaimsError, match=r"trials\.csv"):
        redrawn(report, CLAIMS)
