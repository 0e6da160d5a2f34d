"""Every command: what it loads, what it prints anywhere, how it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bnclaims.commands import cli, verify
from bnclaims.commands.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
REPORT = "reports/quick-digits"


COMPARED = ("compare", "--fail-on-change", REPORT, REPORT)


def right(told: str) -> bool:
    """Whether the sign of an effect is kept: a question mark would turn what it says."""
    (row,) = [line for line in told.splitlines() if line.startswith("uncertainty balanced  ")]
    return row.count("-0.29 [-0.31, -0.26]") == 2


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_an_output_that_lacks_characters_gets_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    monkeypatch.chdir(ROOT)
    runner = CliRunner(charset=encoding, env={"COLUMNS": "160"})
    done = runner.invoke(main, COMPARED)
    assert (done.exit_code, done.stderr) == (0, "") and right(done.stdout)
    shutil.copy("claims/test_premise.py", tmp_path)
    planned = runner.invoke(main, ["plan", f"--claims={tmp_path}"])
    assert (planned.exit_code, planned.stderr) == (0, "") and "+-" in planned.stdout


def test_an_output_of_a_process_that_lacks_characters_gets_others() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bnclaims", *COMPARED],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "COLUMNS": "160"},
        capture_output=True,
        encoding="ascii",
    )
    assert (done.returncode, done.stderr) == (0, "") and right(done.stdout)


def test_every_module_of_a_command_is_one() -> None:
    modules = {path.stem for path in Path(cli.__file__).parent.glob("*.py")}
    assert modules - {"__init__", "cli", "options"} == set(COMMANDS)
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None and command.name == name
    assert main.get_command(context, "cli") is None


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        (ZeroDivisionError("a fault"), 3, "ZeroDivisionError: a fault"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_no_fault_ends_with_the_code_of_an_answer(
    monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, told: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(verify.verify, "callback", fail)
    done = CliRunner().invoke(main, ["verify", str(ROOT / REPORT)])
    assert done.exit_code == code
    assert done.stderr.rstrip().endswith(told)
