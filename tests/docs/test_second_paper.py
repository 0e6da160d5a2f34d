"""A second paper's claim, in a folder elsewhere, judged by an installed copy of the package."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

from fixtures.installed import run

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "second-paper"


def test_a_claim_of_another_paper_is_judged_outside_this_repository(
    installed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "second-paper"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*", "reports"))
    where = run(installed, folder, "bnclaims", "--version")
    assert where.returncode == 0, where.stderr
    done = run(installed, folder, "pytest", "--protocol", "my.toml", "my_claims")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    report = json.loads((folder / "reports" / "latest" / "report.json").read_text())
    (judged,) = report["claims"]
    assert (judged["id"], judged["family"], judged["verdict"]) == (
        "weighted-loss",
        True,
        "SUPPORTED",
    )
    # Alone in its family, the claim has the whole of alpha.
    assert judged["cells"][0]["decision_p"] == 0.05
    assert report["protocol"]["family"] == ["weighted-loss"]
    assert report["paper"]["subject"] == "class-weighted losses"
    page = (folder / "reports" / "latest" / "index.html").read_text()
    assert "One claim about class-weighted losses, put to the test" in page
    assert "batch normalization" not in page
    assert "bnclaims verify FOLDER --claims my_claims" in page
    assert "One row per claim.</caption>" in page, "there are no others to speak of"
    # What the run says last is what checks it.
    (check,) = [line for line in done.stdout.splitlines() if line.startswith("check it: ")]
    checked = run(installed, folder, *shlex.split(check.removeprefix("check it: ")))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_claim_file_is_short() -> None:
    lines = (EXAMPLE / "my_claims" / "test_weighted_loss.py").read_text().splitlines()
    assert len(lines) <= 32
