"""Runs with a budget: all processes have one choice, the report states it, a check needs no times."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bnclaims.audit.claim import discover
from bnclaims.protocol.load import FOLDER, load_protocol
from bnclaims.report.verify.verify import verify

Audit = Callable[..., pytest.RunResult]
CLAIMS = FOLDER.parents[1] / "claims"
# Enough for the premise of the small claims, 64 trials of about a third of a second, and not for both.
PREMISE_ONLY = "--budget=0.6"


def report(folder: str = "reports/latest") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((Path(folder) / "report.json").read_text())
    return document


def reasons(document: dict[str, Any]) -> dict[str, str]:
    return {claim["id"]: claim["cells"][0]["reason"] for claim in document["claims"]}


def test_a_run_says_what_its_budget_takes_and_what_it_leaves_out(small_audit: Audit) -> None:
    result = small_audit("--world=effect", PREMISE_ONLY, page=True)
    result.stdout.re_match_lines(
        [
            r"budget: 0\.6 minutes of 1 worker: 1 of 2 cells, by forecast 0\.\d minutes, .*finished",
            r"not tested, left out by the budget: vi",
            r"budget of 0\.6 minutes: 1 of 2 cells left out, forecast 0\.\d minutes, took \d+\.\d",
        ]
    )
    document = report()
    assert reasons(document)["vi"] == "not run: left out by the budget of 0.6 minutes"
    assert reasons(document)["premise"].startswith("p = ")
    budget = document["protocol"]["budget"]
    assert [(c["claim"], c["chosen"]) for c in budget["cells"]] == [
        ("premise", True),
        ("vi", False),
    ]
    assert budget["not_tested"] == ["vi"]
    assert re.search("adds .* minutes where .* are left", budget["cells"][1]["why"])
    page = Path("reports/latest/index.html").read_text()
    assert "Part of its protocol" in page and "Not tested at all: (vi)" in page
    assert "Of the 0 claims" not in page


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_report_of_a_budget_is_verified_from_itself(
    small_audit: Audit, workers: tuple[str, ...]
) -> None:
    # Two workers have half of the time each: twice the cells fit.
    small_audit("--world=effect", "--budget=0.3" if workers else PREMISE_ONLY, *workers, page=True)
    found = verify(Path("reports/latest"), discover(Path("claims")))
    assert found.problems == ()
    assert any("left out 1 of 2 cells; not tested: vi" in note for note in found.notes)


def test_a_choice_that_is_not_that_of_the_report_is_noticed(small_audit: Audit) -> None:
    small_audit("--world=effect", PREMISE_ONLY)
    file = Path("reports/latest/report.json")
    file.write_text(file.read_text().replace("left out: adds", "left out: adds no fewer than"))
    problems = verify(Path("reports/latest"), discover(Path("claims"))).problems
    assert any("budget" in p and "no fewer than" in p for p in problems)


def test_a_later_run_takes_the_choice_that_the_store_keeps(small_audit: Audit) -> None:
    small_audit("--world=effect", PREMISE_ONLY)
    (kept,) = Path(".bnclaims/store/budgets").iterdir()
    # As if another forecast had been made then.
    kept.write_text(re.sub(r"forecast = [\d.]+", "forecast = 0.57", kept.read_text()))
    result = small_audit("--world=effect", PREMISE_ONLY)
    result.stdout.fnmatch_lines(["budget: 0.6 minutes*by forecast 0.57 minutes*"])
    assert report()["run"]["trained"] == 0


def test_the_protocol_of_a_report_runs_the_same_cells_without_a_budget(small_audit: Audit) -> None:
    small_audit("--world=effect", PREMISE_ONLY, "--report=first")
    result = small_audit(
        "--world=effect", "--protocol=first/protocol.toml", "--expect=first", "--store=other"
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["every verdict is that of first"])
    assert report()["protocol"] == report("first")["protocol"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--budget=0"], "--budget 0: give minutes above 0"),
        (["--budget=0.001"], "--budget 0.001: the most important cell"),
        (["--budget=1", "--protocol=nightly"], "accumulates evidence"),
    ],
)
def test_a_budget_that_makes_no_sense_is_a_usage_error(
    small_audit: Audit, options: list[str], words: str
) -> None:
    result = small_audit("--world=effect", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{words}*"])
    assert not Path("reports").exists()


def test_a_choice_for_another_dataset_is_refused(small_audit: Audit) -> None:
    small_audit("--world=effect", PREMISE_ONLY, "--report=first")
    result = small_audit("--world=effect", "--protocol=first/protocol.toml", "--dataset=leaves")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--dataset leaves: the budget of protocol small was chosen for*"])


def test_collecting_with_a_budget_makes_no_store(small_audit: Audit) -> None:
    result = small_audit("--collect-only", "-q", PREMISE_ONLY, here=True)
    assert result.ret == 0
    assert not Path(".bnclaims").exists()


@pytest.mark.long
def test_the_full_protocol_with_a_budget_is_verified(
    pytester: pytest.Pytester, small_audit: Audit
) -> None:
    result = pytester.runpytest_subprocess(
        str(CLAIMS),
        "--protocol=full",
        "--dataset=digits",
        "--world=effect",
        "--budget=1",
        "-n",
        "2",
        "-p",
        "no:cacheprovider",
    )
    result.stdout.fnmatch_lines(["not tested, left out by the budget: *"])
    document = report()
    assert document["protocol"]["budget"]["of"] == load_protocol("full").sha256
    assert reasons(document)["premise"].startswith("p = ")
    assert verify(Path("reports/latest"), discover(CLAIMS)).problems == ()
