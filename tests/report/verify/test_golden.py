"""Golden reports: one of every schema there was, verified for ever or answered with who verifies it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bnclaims.commands.cli import main
from bnclaims.report.schemas import GENERATION_1, OLDEST, SCHEMA
from tests.golden.make import fields

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"


def verify(folder: Path) -> Result:
    return CliRunner().invoke(main, ["verify", str(folder), "--claims", str(ROOT / "claims")])


def test_every_schema_has_a_golden_report_of_its_own() -> None:
    found = {path.name: path for path in GOLDEN.glob("schema-*")}
    assert sorted(found) == [f"schema-{number}" for number in range(1, SCHEMA + 1)]
    for number in range(1, SCHEMA + 1):
        document = json.loads((found[f"schema-{number}"] / "report.json").read_bytes())
        assert document["schema"] == number


@pytest.mark.parametrize("schema", range(OLDEST, SCHEMA + 1))
def test_a_golden_report_that_is_read_here_verifies(schema: int) -> None:
    done = verify(GOLDEN / f"schema-{schema}")
    assert done.exit_code == 0 and done.stdout.count("verified: ") == 1, done.output


@pytest.mark.parametrize("schema", range(1, OLDEST))
def test_an_older_one_is_verified_by_the_commands_in_the_answer(
    schema: int, tmp_path: Path
) -> None:
    done = verify(GOLDEN / f"schema-{schema}")
    assert done.exit_code == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    said = re.fullmatch(
        r"error: report\.json: a report of protocol generation 1, which version 0\.1\.0 at commit "
        rf"{GENERATION_1} reads and verifies; in a clone run: (git .* FOLDER)\.\n",
        done.stderr,
    )
    assert said, done.stderr
    there = ["git", "-C", str(ROOT), "cat-file", "-e", f"{GENERATION_1}^{{commit}}"]
    if shutil.which("git") is None or subprocess.run(there, capture_output=True).returncode:
        pytest.skip(f"no history here that has commit {GENERATION_1}")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--shared", str(ROOT), str(clone)], check=True)
    command = said[1].replace("FOLDER", shlex.quote(str(GOLDEN / f"schema-{schema}")))
    command = command.replace("python ", f"{shlex.quote(sys.executable)} ")
    # Another package on the path would come before that of the folder's.
    again = subprocess.run(
        ["env", "-u", "PYTHONPATH", "bash", "-c", command],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0 and "\nverified: " in again.stdout, again.stderr


def test_a_report_of_a_later_schema_is_answered_with_the_version_that_wrote_it(
    tmp_path: Path,
) -> None:
    copy = Path(shutil.copytree(GOLDEN / f"schema-{SCHEMA}", tmp_path / "copy"))
    document = json.loads((copy / "report.json").read_bytes())
    document |= {"schema": SCHEMA + 1, "suite": {"name": "bnclaims", "version": "9.1\x1b[31m"}}
    (copy / "report.json").write_text(json.dumps(document), encoding="utf-8")
    done = verify(copy)
    assert done.exit_code == 2
    assert f"a report of schema {SCHEMA + 1}, which version '9.1\\x1b[31m' wrote" in done.stderr
    assert "\x1b" not in done.stderr and "git pull" in done.stderr


def test_a_field_that_reports_must_have_comes_with_another_schema() -> None:
    """An optional field may be added: a report without it is as valid as before."""
    file = GOLDEN / f"fields-{SCHEMA}.txt"
    before = set(file.read_text(encoding="utf-8").splitlines())
    gone = sorted(before - set(fields()))
    needed = sorted(line for line in set(fields()) - before if line.endswith("required"))
    assert not gone, (
        f"reports of schema {SCHEMA} have {gone}: raise SCHEMA, and see docs/lasting.md"
    )
    known = {line.split(".")[0] for line in before}
    needed = [line for line in needed if line.split(".")[0] in known]
    assert not needed, f"reports of schema {SCHEMA} lack {needed}: raise SCHEMA, docs/lasting.md"
