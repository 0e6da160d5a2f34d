"""A report of networks that another executor trained says whether that executor was checked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bnclaims.audit.claim import discover
from bnclaims.protocol.load import FOLDER
from bnclaims.report.verify.verify import verify
from bnclaims.run.selfcheck.machine import Machine, folder_of_checks, result_file
from bnclaims.run.selfcheck.result import Findings, concluded
from bnclaims.run.selfcheck.result_file import write_result
from bnclaims.store.store import Store
from fixtures.checks import content

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The premise on the smallest network, trained for a moment."""
    root = tmp_path_factory.mktemp("project")
    (root / "claims").mkdir()
    shutil.copy(ROOT / "claims" / "test_premise.py", root / "claims")
    text = (FOLDER / "quick.toml").read_text(encoding="utf-8")
    for old, new in (
        ('value = "simple_cnn"', 'value = "mlp"'),
        ("[training.epochs]\nvalue = 10", "[training.epochs]\nvalue = 1"),
        ("[16, 32, 64], weights = [0.5, 0.25, 0.25]", "[8], weights = [1.0]"),
        ("[32, 64], weights = [0.5, 0.5]", "[8], weights = [1.0]"),
    ):
        assert old in text
        text = text.replace(old, new)
    (root / "small.toml").write_text(text)
    return root


def run(project: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def audit(project: Path) -> tuple[str, dict[str, Any]]:
    """What an audit with the executor of captured steps prints, and what its report says of it."""
    options = ("--protocol=small.toml", "--executor=graph", "--store=store", "--report=report")
    plugins = ("-p", "bnclaims.plugin", "-p", "no:cacheprovider")
    printed = run(project, "pytest", "claims", *options, *plugins)
    return printed, json.loads((project / "report" / "report.json").read_bytes())["run"]


def test_a_report_tells_of_an_unchecked_executor_until_a_check_has_passed(project: Path) -> None:
    printed, said = audit(project)
    assert "not checked against the loop" in said["unchecked"]
    assert "executor graph in fp32" in said["unchecked"] and "16 of 16 trials" in said["unchecked"]
    assert "unchecked: executor graph in fp32" in printed
    assert "Not shown to be the reference" in (project / "report" / "index.html").read_text()
    assert verify(project / "report", discover(project / "claims")).problems == ()

    store = Store.open(project / "store")
    record = store.read(min(store.keys()))
    assert record is not None
    machine = Machine.of(record.environment)
    passed = concluded(Findings.model_validate(content(machine)))
    checks = folder_of_checks(project / "store")
    write_result(result_file(checks, machine, "graph", "fp32"), passed)
    printed, said = audit(project)
    assert "unchecked" not in said and "unchecked" not in printed
    assert "passed its check on 32 seeds of digits" in said["selfcheck"]
    assert verify(project / "report", discover(project / "claims")).problems == ()
