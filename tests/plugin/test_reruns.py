"""Running a claim again, by whatever plugin or option, reads the same evidence and says the same word."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Audit = Callable[..., pytest.RunResult]
REPORT = Path("reports/latest")
TRIALS = Path(".bnclaims/store/trials")


def document() -> dict[str, Any]:
    return json.loads((REPORT / "report.json").read_text())


def word_of(claim: str) -> dict[str, Any]:
    """What the report says of a claim, and on how many seeds."""
    found = next(one for one in document()["claims"] if one["id"] == claim)
    said = {name: found[name] for name in ("verdict", "p_support", "p_refute")}
    return said | {"seeds": [cell["seeds"] for cell in found["cells"]]}


def stored() -> list[tuple[Path, int]]:
    return sorted((path, path.stat().st_mtime_ns) for path in TRIALS.rglob("*.trial"))


def seeds() -> set[str]:
    with (REPORT / "trials.csv").open(newline="") as file:
        return {row["seed"] for row in csv.DictReader(file)}


def again(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """The small audit with pytest's own cache, which --lf needs."""
    return pytester.runpytest_inprocess(
        "claims", "--protocol=small.toml", "--world=effect", *options
    )


def test_a_rerun_plugin_draws_no_other_seeds_for_a_refuted_claim(small_audit: Audit) -> None:
    pytest.importorskip("pytest_rerunfailures")
    first = small_audit("--world=effect", "--reruns=2", "-v")
    first.stdout.fnmatch_lines(["*test_no_gain_with_sigmoid*RERUN*", "*REFUTED*"])
    once, evidence, drawn = word_of("vi"), stored(), seeds()
    assert once["verdict"] == "REFUTED"
    assert document()["run"]["trained"] == len(evidence) > 0

    second = small_audit("--world=effect", "--reruns=3", "-n", "2")
    counts = second.parseoutcomes()
    assert (counts["passed"], counts["failed"], counts["rerun"]) == (1, 1, 3)
    assert second.ret == 1
    second.stdout.fnmatch_lines(
        [
            "claim (vi) refuted on *F1 gain with sigmoid*",
            "[*] the verdict would be another under another choice of",
            "  metric: *(vi)",
        ]
    )
    assert word_of("vi") == once
    assert document()["run"]["trained"] == 0
    assert stored() == evidence and seeds() == drawn


def test_running_the_last_failed_claims_again_gives_their_words_again(
    small_audit: Audit, pytester: pytest.Pytester
) -> None:
    first = again(pytester)
    first.assert_outcomes(passed=1, failed=1)
    once, evidence, drawn = word_of("vi"), stored(), seeds()
    second = again(pytester, "--lf")
    second.assert_outcomes(failed=1)
    assert word_of("vi") == once
    assert document()["run"]["trained"] == 0
    # Only the claim that was run rests on evidence now, and it is a part of what was there.
    assert stored() == evidence and seeds() <= drawn
