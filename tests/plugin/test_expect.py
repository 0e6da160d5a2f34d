"""`--expect` in a run: its exit code, and one line for every word that is not the expected one."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from bnclaims.audit.claim import discover
from bnclaims.audit.judge import audit
from bnclaims.protocol.load import load_protocol
from bnclaims.report.write import contents
from bnclaims.run.inventory import selection_here
from bnclaims.training import synthetic
from fixtures.projects import CLAIM_FILE, small_protocol

Audit = Callable[..., pytest.RunResult]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The report.json that a small audit on the world `effect` writes."""
    root = tmp_path_factory.mktemp("recorded")
    (root / "test_small.py").write_text(CLAIM_FILE, "utf-8")
    (root / "small.toml").write_text(small_protocol(), "utf-8")
    made = audit(
        discover(root),
        load_protocol(str(root / "small.toml")),
        selection_here("digits"),
        synthetic.trainer("effect"),
    )
    return contents(made, generated=datetime.datetime.now(datetime.UTC))["report.json"]


@pytest.fixture
def expected(pytester: pytest.Pytester, recorded: bytes) -> Path:
    """A folder with that report, to be expected or changed."""
    folder = pytester.mkdir("expected")
    (folder / "report.json").write_bytes(recorded)
    return folder


def rewrite(report: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads((report / "report.json").read_text("utf-8"))
    change({claim["id"]: claim for claim in document["claims"]} | {"all": document["claims"]})
    (report / "report.json").write_text(json.dumps(document), "utf-8")


def lines_about(result: pytest.RunResult, report: Path) -> list[str]:
    start = f"not as in {report}: "
    return [line.removeprefix(start) for line in result.outlines if line.startswith(start)]


def test_the_same_words_are_said_to_be_the_same(small_audit: Audit, expected: Path) -> None:
    result = small_audit("--world=effect", f"--expect={expected}")
    assert result.ret == 0
    assert lines_about(result, expected) == []
    result.stdout.fnmatch_lines([f"every verdict is that of {expected}"])


def test_every_change_is_one_line_and_the_run_fails(small_audit: Audit, expected: Path) -> None:
    def change(claims: dict[str, Any]) -> None:
        for entry in (claims["premise"], claims["premise"]["cells"][0]):
            entry["verdict"] = "INCONCLUSIVE"
        new = json.loads(json.dumps(claims["vi"]["cells"][0])) | {"name": "gone"}
        claims["vi"]["cells"].append(new)
        claims["all"].append(json.loads(json.dumps(claims["premise"])) | {"id": "lost"})

    rewrite(expected, change)
    result = small_audit("--world=effect", f"--expect={expected}", "-n2")
    assert result.ret == 1
    result.assert_outcomes(failed=1)
    assert lines_about(result, expected) == [
        "claim premise: was INCONCLUSIVE, is SUPPORTED",
        "claim (vi), cell gone: was REFUTED, is not there",
        "claim lost: was INCONCLUSIVE, is not there",
    ]


def test_a_claim_that_is_gone_fails_a_run_in_which_no_test_fails(
    small_audit: Audit, expected: Path
) -> None:
    rewrite(expected, lambda claims: claims["all"].append(claims["vi"] | {"id": "lost"}))
    result = small_audit("--world=effect", f"--expect={expected}")
    assert result.ret == 1
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*1 passed, 1 refuted as expected*"])
    assert lines_about(result, expected) == ["claim lost: was REFUTED, is not there"]


def test_a_cell_that_is_not_in_the_report_fails(small_audit: Audit, expected: Path) -> None:
    rewrite(expected, lambda claims: claims["vi"]["cells"][0].update(name="another"))
    result = small_audit("--world=effect", f"--expect={expected}")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["expected no verdict (new cell)"])
    result.stdout.fnmatch_lines(["REFUTED, expected no verdict (new cell) claims/test_small.py::*"])
    assert lines_about(result, expected) == [
        "claim (vi), cell another: was REFUTED, is not there",
        "claim (vi), cell one logit: was not there, is REFUTED",
    ]


def test_a_cell_that_the_report_left_out_has_no_word_to_differ_from(
    small_audit: Audit, expected: Path
) -> None:
    def leave_out(claims: dict[str, Any]) -> None:
        claims["vi"]["verdict"] = "INCONCLUSIVE"
        cell = {"verdict": "INCONCLUSIVE", "state": "not_run", "reason": "not run: no images"}
        claims["vi"]["cells"][0] |= cell

    rewrite(expected, leave_out)
    result = small_audit("--world=effect", f"--expect={expected}")
    assert result.ret == 0
    assert lines_about(result, expected) == ["claim (vi): was not judged, is REFUTED"]


def test_a_cell_that_the_run_leaves_out_fails_where_a_word_was_expected(
    small_audit: Audit, expected: Path, pytester: pytest.Pytester
) -> None:
    # Fashion-MNIST is not there, so that neither report nor run can have the cell.
    protocol = pytester.path / "small.toml"
    protocol.write_text(protocol.read_text() + ELSEWHERE)
    small_audit("--world=effect", "--offline")
    made = (pytester.path / "reports" / "latest").rename(pytester.path / "made")
    rewrite(made, lambda claims: None)
    same = small_audit("--world=effect", "--offline", f"--expect={made}")
    assert (same.ret, lines_about(same, made)) == (0, [])

    def was_there(claims: dict[str, Any]) -> None:
        cell = claims["premise"]["cells"][1]
        assert cell["reason"].startswith("not run: ")
        cell |= {"verdict": "SUPPORTED", "state": "judged", "reason": "p = 0.0001 for it"}

    rewrite(made, was_there)
    lost = small_audit("--world=effect", "--offline", f"--expect={made}")
    assert lost.ret == 1
    assert lines_about(lost, made) == [
        "claim premise, cell elsewhere: was SUPPORTED, is not judged"
    ]


ELSEWHERE = """
[[claims.premise.cells]]
name = "elsewhere"
dataset = "fashion-mnist"
reason = "Images that are not there."
"""


def test_what_a_run_was_not_asked_for_is_counted_and_does_not_fail(
    small_audit: Audit, expected: Path
) -> None:
    rewrite(expected, lambda claims: claims["vi"]["cells"][0].update(verdict="SUPPORTED"))
    result = small_audit("--world=effect", f"--expect={expected}", "-k", "raises")
    assert result.ret == 0
    result.assert_outcomes(passed=1, deselected=1)
    assert lines_about(result, expected) == []
    result.stdout.fnmatch_lines([f"1 cell of {expected} was no part of this run*"])


def test_a_report_that_is_not_there_or_damaged_is_one_sentence(
    small_audit: Audit, expected: Path
) -> None:
    (expected / "report.json").write_text('{"schema": 1', "utf-8")
    for name, words in (
        ("reports/nightly", "there is no such folder; give one that *without --expect to make it."),
        (expected, f"{expected}/report.json: not valid JSON (*); this version reads reports *."),
    ):
        result = small_audit("--world=effect", f"--expect={name}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        (line,) = [line for line in result.errlines if line]
        assert fnmatch(line, f"ERROR: --expect*not a readable report*{words}"), line


def test_a_report_may_be_replaced_by_the_run_that_expects_it(
    small_audit: Audit, report_folder: Path, recorded: bytes
) -> None:
    report_folder.mkdir(parents=True)
    (report_folder / "report.json").write_bytes(recorded)
    rewrite(report_folder, lambda claims: claims["vi"]["cells"][0].update(verdict="INVALID"))
    result = small_audit("--world=effect", f"--expect={report_folder}")
    assert result.ret == 1
    assert lines_about(result, report_folder) == [
        "claim (vi), cell one logit: was INVALID, is REFUTED"
    ]
    written = json.loads((report_folder / "report.json").read_text("utf-8"))
    assert written["claims"][1]["cells"][0]["verdict"] == "REFUTED"
