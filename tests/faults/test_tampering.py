"""One file of a report changed, swapped, left out or replayed: the check finds it and names it."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bnclaims.audit.claim import Claim, discover
from bnclaims.commands.cli import main
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.load import parse_protocol
from bnclaims.report.files import CRATE, JUNIT, LIMITS, PREDICTIONS, PROTOCOL, REPORT, sha256
from bnclaims.report.schemas import SCHEMA
from bnclaims.report.verify.verify import verify
from fixtures.committed import REPORTS
from fixtures.tampering import rehash

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / f"schema-{SCHEMA}"
# Whatever a report consists of, also a file that it has got since this was written.
FILES = sorted(path.name for path in GOLDEN.iterdir())
ARRAYS = sorted(zipfile.ZipFile(GOLDEN / PREDICTIONS).namelist())
STATED = [claim["id"] for claim in json.loads((GOLDEN / REPORT).read_bytes())["claims"]]


@cache
def claims() -> list[Claim]:
    return discover(ROOT / "claims")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOLDEN, tmp_path / "report"))


def said(report: Path) -> list[str]:
    """What the check says against a report; a refusal is one sentence."""
    try:
        return list(verify(report, claims()).problems)
    except BnclaimsError as error:
        return [str(error)]


def edit(report: Path, change: Callable[[Any], object]) -> None:
    file = report / REPORT
    document = json.loads(file.read_bytes())
    change(document)
    file.write_text(json.dumps(document), encoding="utf-8")


def test_the_golden_report_has_every_file_that_a_report_can_have() -> None:
    assert {*FILES} == LIMITS.keys()
    assert said(GOLDEN) == []


@pytest.mark.parametrize("part", [0, 0.31, 1])
@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_found_and_its_file_is_named(
    report: Path, name: str, part: float
) -> None:
    data = bytearray((report / name).read_bytes())
    data[round(part * (len(data) - 1))] ^= 1
    (report / name).write_bytes(data)
    assert any(name in sentence for sentence in said(report))


@pytest.mark.parametrize("name", FILES)
def test_a_byte_more_or_a_file_less_is_found(report: Path, name: str) -> None:
    file = report / name
    whole = file.read_bytes()
    file.write_bytes(whole + b"\n")
    assert any(name in sentence for sentence in said(report))
    file.write_bytes(whole)
    file.unlink()
    assert any(name in sentence for sentence in said(report))


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_report_in_its_place_is_found(report: Path, name: str) -> None:
    shutil.copy(REPORTS / "nightly" / name, report / name)
    assert any(name in sentence for sentence in said(report))


@pytest.mark.parametrize("name", [PREDICTIONS, PROTOCOL, "trials.csv"])
def test_it_is_found_with_every_hash_made_right(report: Path, name: str) -> None:
    shutil.copy(REPORTS / "nightly" / name, report / name)
    rehash(report)
    problems = said(report)
    assert problems and not any("sha256 " in p and p.startswith(name) for p in problems)


def with_header(header: bytes, change: Callable[[bytes], bytes]) -> bytes:
    start = 10 + int.from_bytes(header[8:10], "little")
    changed = change(header[:start])
    assert len(changed) == start and changed != header[:start]
    return changed + header[start:]


HEADERS: dict[str, Callable[[bytes], bytes]] = {
    "version": lambda h: h.replace(b"NUMPY\x01", b"NUMPY\x02"),
    "type": lambda h: re.sub(rb"'[<|]([a-zA-Z])", lambda m: b"'>" + m[1], h),
    "order": lambda h: h.replace(b"False,", b"True, "),
    "shape": lambda h: (
        re.sub(rb"[0-9]([,)])", lambda m: b"9" + m[1], h[:-12]) + h[-12:]
        if not re.search(rb"9[,)]", h)
        else re.sub(rb"9([,)])", rb"8\1", h)
    ),
    "names": lambda h: h.replace(b"'descr'", b"'descs'"),
    "end": lambda h: h[:-1] + b" ",
}


@pytest.mark.parametrize("what", HEADERS)
@pytest.mark.parametrize("array", ARRAYS)
def test_a_changed_header_of_an_array_is_named_with_every_hash_made_right(
    report: Path, array: str, what: str
) -> None:
    with zipfile.ZipFile(report / PREDICTIONS) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[array] = with_header(members[array], HEADERS[what])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    (report / PREDICTIONS).write_bytes(packed.getvalue())
    rehash(report)
    (sentence,) = said(report)
    assert sentence.startswith(PREDICTIONS) and array.removesuffix(".npy") in sentence


# The first, one of the family and the last.
@pytest.mark.parametrize("claim", [STATED[0], "vi", STATED[-1]])
def test_a_claim_that_is_left_out_is_named_with_every_hash_made_right(
    report: Path, claim: str
) -> None:
    def leave_out(document: Any) -> None:
        document["claims"] = [other for other in document["claims"] if other["id"] != claim]

    edit(report, leave_out)
    rehash(report)
    assert any(p.startswith(f"{REPORT}: omitted: ") for p in said(report))
    # It can be left out in public only: then the report itself says so, and the check repeats it.
    edit(report, lambda document: document.update(omitted=sorted([*document["omitted"], claim])))
    rehash(report)
    assert not any(p.startswith(f"{REPORT}: omitted") for p in said(report))
    result = verify(report, claims())
    assert any("Claims that are not in the report" in n and claim in n for n in result.notes)


def test_a_report_that_says_of_no_claim_that_it_is_left_out_is_named(report: Path) -> None:
    edit(report, lambda document: document.pop("omitted"))
    rehash(report)
    assert f"{REPORT}: omitted is missing, recomputed a list of 1" in said(report)


def test_a_changed_paper_is_named(report: Path) -> None:
    edit(report, lambda document: document["paper"].update(title="Another"))
    rehash(report)
    (problem,) = said(report)
    assert "paper, title: stated 'Another'" in problem


def test_another_rating_in_the_crate_is_named(report: Path) -> None:
    rated = (report / CRATE).read_text(encoding="utf-8")
    (report / CRATE).write_text(rated.replace('"REFUTED"', '"SUPPORTED"', 1), encoding="utf-8")
    first, second = said(report)
    assert first == f"{CRATE}: claim vi: rated 'SUPPORTED', {REPORT} states 'REFUTED'"
    assert second.startswith(f"{CRATE}: has sha256")


def test_a_run_of_pytest_that_no_report_has_named_is_found(report: Path) -> None:
    whole = (report / JUNIT).read_bytes()
    (report / JUNIT).unlink()
    rehash(report)
    assert said(report) == []
    (report / JUNIT).write_bytes(whole)
    (problem,) = said(report)
    assert problem == f"{JUNIT}: has sha256 {sha256(whole)}, {REPORT} states none"


def test_a_crate_beside_a_report_of_a_time_without_is_found(tmp_path: Path) -> None:
    before = Path(shutil.copytree(GOLDEN.with_name("schema-3"), tmp_path / "report"))
    shutil.copy(GOLDEN / CRATE, before)
    assert any(problem.startswith(CRATE) for problem in said(before))


def test_an_older_protocol_is_found_with_every_hash_made_right(report: Path) -> None:
    """As it was before its margin was raised, say: all that the report states of it fits."""
    file = report / PROTOCOL
    text = file.read_text(encoding="utf-8")
    older, times = re.subn(
        r"(\[statistics.smallest_effect\]\s+value = )[0-9.]+", r"\g<1>0.02", text
    )
    assert times == 1
    file.write_text(older, encoding="utf-8")

    def follow(document: Any) -> None:
        document["protocol"]["sha256"] = parse_protocol(older, source=PROTOCOL).sha256
        document["protocol"]["reasons"]["statistics"]["smallest_effect"]["value"] = 0.02

    edit(report, follow)
    rehash(report)
    problems = said(report)
    assert any("claim premise, cell simple_cnn, finding, lines" in p for p in problems)
    assert not any(p.startswith((PROTOCOL, f"{REPORT}: protocol")) for p in problems)


def test_what_is_no_fault_is_said_beside_the_verdict_of_the_check() -> None:
    """A whole older report follows from the protocol that it carries: nobody is misled about which."""
    done = CliRunner().invoke(main, ["verify", str(GOLDEN), "--claims", str(ROOT / "claims")])
    assert done.exit_code == 0 and "note: " not in done.stdout
    assert done.stderr.splitlines() == [
        "note: Protocol 'golden' is not one of this installation.",
        "note: Claims that are not in the report: uncertainty.",
    ]
