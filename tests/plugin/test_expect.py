"""`--expect` in a run: its exit code, and one line for every word that is not the expected one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Audit = Callable[..., pytest.RunResult]


@pytest.fixture
def expected(small_audit: Audit, report_folder: Path) -> Path:
    """The report of a first run, moved out of the way of the second."""
    small_audit("--world=effect")
    return report_folder.rename(report_folder.parent / "expected")


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
    result.assert_outcomes(passed=1, failed=1)
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
    result.assert_outcomes(passed=2)
    assert lines_about(result, expected) == ["claim lost: was REFUTED, is not there"]


def test_a_cell_that_is_not_in_the_report_fails(small_audit: Audit, expected: Path) -> None:
    rewrite(expected, lambda claims: claims["vi"]["cells"][0].update(name="another"))
    result = small_audit("--world=effect", f"--expect={expected}")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["expected no verdict (new cell)"])
    assert lines_about(result, expected) == [
        "claim (vi), cell another: was REFUTED, is not there",
        "claim (vi), cell one logit: was not there, is REFUTED",
    ]


def test_what_a_run_was_not_asked_for_is_counted_and_does_not_fail(
    small_audit: Audit, expected: Path
) -> None:
    rewrite(expected, lambda claims: claims["vi"]["cells"][0].update(verdict="SUPPORTED"))
    result = small_audit("--world=effect", f"--expect={expected}", "-k", "raises")
    assert result.ret == 0
    result.assert_outcomes(passed=1, deselected=1)
    assert lines_about(result, expected) == []
    result.stdout.fnmatch_lines([f"1 cells of {expected} were no part of this run*"])


def test_a_report_may_be_replaced_by_the_run_that_expects_it(
    small_audit: Audit, report_folder: Path
) -> None:
    small_audit("--world=effect")
    rewrite(report_folder, lambda claims: claims["vi"]["cells"][0].update(verdict="INVALID"))
    result = small_audit("--world=effect", f"--expect={report_folder}", f"--report={report_folder}")
    assert result.ret == 1
    assert lines_about(result, report_folder) == [
        "claim (vi), cell one logit: was INVALID, is REFUTED"
    ]
    written = json.loads((report_folder / "report.json").read_text("utf-8"))
    assert written["claims"][1]["cells"][0]["verdict"] == "REFUTED"
