"""The matrix of findings in the README says what the committed reports say, in their own words."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bnclaims.report.model import Report
from bnclaims.report.reading.report import read_report_json

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme_table", ROOT / "docs/readme_table.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a world: its gain is a threshold's, and a tuned threshold does as well."""
    made = tmp_path_factory.mktemp("made")
    chosen = "raises_minority_f1 or tuned_threshold_matches or reproduces_elsewhere"
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pytest",
                "claims",
                "-q",
                "-p",
                "no:cacheprovider",
                "-k",
                chosen,
            ),
            *("--world=effect", f"--store={made / 'store'}", f"--report={made / 'report'}"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (made / "report" / "report.json").is_file(), done.stdout + done.stderr
    return made / "report"


def changed(folder: Path, tmp_path: Path, claim: str, **fields: object) -> Report:
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    (found,) = (entry for entry in document["claims"] if entry["id"] == claim)
    for name, value in fields.items():
        found["summary"][name] = value
    (tmp_path / "report.json").write_text(json.dumps(document), encoding="utf-8")
    return read_report_json(tmp_path)


def cells(script: ModuleType, report: Report) -> dict[str, list[str]]:
    """Lines of the report's cell, by claim."""
    _, _, *rows = script.lines([("reports/made", report)], script.said)
    split = [line.strip("| ").split(" | ") for line in rows]
    return {claim: cell.split("<br>") for claim, _, cell in split}


def test_a_cell_has_verdict_both_scores_and_what_stands_beside(
    script: ModuleType, folder: Path
) -> None:
    found = cells(script, read_report_json(folder))
    verdict, scores, beside = found["premise"]
    assert verdict == "**SUPPORTED**"
    assert re.fullmatch(r"F1 0\.\d\d, J 0\.\d\d", scores)
    assert re.fullmatch(r"(99|10\d) % threshold; specific: no; lasting: not tested", beside)
    answer, scores = found["alt-threshold"]
    assert answer == "as good" and scores.startswith("F1 ")
    counted = found["iv"][1].split()
    assert counted[0] == counted[2] and counted[3] == "cells"
    # What no cell was run for is no finding.
    assert "vi" not in found


def test_in_brief_a_cell_has_verdict_and_both_scores(script: ModuleType, folder: Path) -> None:
    reports = [("reports/made", read_report_json(folder))]
    found = {line.split(" | ")[0]: line for line in script.lines(reports, script.brief)}
    assert re.search(r"\| \*\*SUPPORTED\*\*<br>0\.\d\d, 0\.\d\d \|$", found["| premise"])
    assert re.search(r"\| as good<br>.?0\.\d+, .?0\.\d+ \|$", found["| alt-threshold"])


def test_a_cell_follows_the_report(script: ModuleType, folder: Path, tmp_path: Path) -> None:
    changed_to = {"threshold": {"estimate": 0.3, "low": 0.2, "high": 0.4}, "lasting": "REFUTED"}
    cell = cells(script, changed(folder, tmp_path, "premise", **changed_to))["premise"]
    assert cell[-1] == "30 % threshold; specific: no; lasting: no"


def test_only_the_matrix_of_the_readme_changes(script: ModuleType, folder: Path) -> None:
    reports = [("reports/made", read_report_json(folder))]
    text = script.filled(
        "before\n<!-- verdicts -->\nLAST YEAR'S\n<!-- /verdicts -->\nafter\n", reports
    )
    before, _, table = text.partition("<!-- verdicts -->\n")
    assert before == "before\n" and table.endswith("<!-- /verdicts -->\nafter\n")
    assert "LAST YEAR'S" not in table and "reports/made" in table
    with pytest.raises(SystemExit, match="lacks the marks"):
        script.filled("no marks", reports)


def test_the_readme_has_the_matrix_of_the_committed_reports(script: ModuleType) -> None:
    text = script.README.read_text(encoding="utf-8")
    assert script.filled(text, script.committed()) == text
