"""Every command: what it loads, what it prints anywhere, how it ends."""

from __future__ import annotations

import os
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


def bnclaims(*words: str, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bnclaims", *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "160"},
        capture_output=True,
        encoding=encoding,
    )


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_an_output_that_lacks_characters_gets_others(encoding: str) -> None:
    done = bnclaims("compare", "--fail-on-change", REPORT, REPORT, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    (row,) = [
        line for line in done.stdout.splitlines() if line.startswith("uncertainty balanced  ")
    ]
    # The sign of an effect is kept: a question mark would turn what it says.
    assert row.count("-0.29 [-0.31, -0.26]") == 2
    told = bnclaims("plan", "--claims=claims", encoding=encoding)
    assert (told.returncode, told.stderr) == (0, "") and "+-" in told.stdout


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
