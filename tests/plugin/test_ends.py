"""Ends of a run: it touches nothing too soon, ends in a sentence, prints anywhere."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.pageless import PAGELESS
from fixtures.projects import small_protocol

ROOT = Path(__file__).parents[2]
Audit = Callable[..., pytest.RunResult]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- side effects before success --------------------------------------------------------------


def test_a_run_that_judges_nothing_leaves_the_last_report_as_it_was(
    small_audit: Audit, report_folder: Path, pytester: pytest.Pytester
) -> None:
    small_audit("--world=effect")
    before = files(report_folder)
    assert b"<testcase" in before["junit.xml"] and b"hostname" not in before["junit.xml"]
    result = small_audit("--world=effect", "-k", "typo")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["no claim was selected, so none was judged; * stays as it was"])
    for option in ("--fixtures", "--setup-plan", "--collect-only", "--markers"):
        small_audit("--world=effect", option, "--store=untouched")
        assert files(report_folder) == before, option
    assert not (pytester.path / "untouched").exists()


def test_without_a_report_there_is_no_folder_of_one(
    small_audit: Audit, pytester: pytest.Pytester
) -> None:
    small_audit("--world=effect", "-k", "typo")
    assert not (pytester.path / "reports").exists()


def test_a_junit_file_that_is_asked_for_elsewhere_is_written_there(
    small_audit: Audit, report_folder: Path, pytester: pytest.Pytester
) -> None:
    small_audit("--world=effect", "--junitxml=mine.xml")
    assert "<testcase" in (pytester.path / "mine.xml").read_text()
    assert not (report_folder / "junit.xml").exists()


def test_an_audit_needs_no_junit_plugin(small_audit: Audit, report_folder: Path) -> None:
    result = small_audit("--world=effect", "-p", "no:junitxml")
    result.assert_outcomes(passed=1, failed=1)
    assert (report_folder / "report.json").exists()
    assert not (report_folder / "junit.xml").exists()


# --- signals after the tests ------------------------------------------------------------------

# Ctrl-C at a moment: `AT` names where.
INTERRUPTING = """
import os, signal, time
import pytest
from bnclaims.audit import sensitivity
from bnclaims.report import write

AT = {at!r}
# What a shell's background job, in which these tests may run, would pass on is to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def interrupt():
    for number in (signal.SIGINT, signal.SIGTERM)[: {times}]:
        os.kill(os.getpid(), number)
        time.sleep(0.01)


def interrupted(name, made):
    def instead(*arguments, **named):
        if name == AT:
            interrupt()
        return made(*arguments, **named)

    return instead


sensitivity.with_sensitivity = interrupted("judging", sensitivity.with_sensitivity)
write.contents = interrupted("writing", write.contents)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    if AT == "before" and not hasattr(session.config, "workerinput"):
        interrupt()
"""


@pytest.mark.parametrize(
    ("at", "times", "workers"),
    [("before", 2, ()), ("judging", 1, ()), ("judging", 1, ("-n", "2")), ("writing", 1, ())],
)
def test_a_signal_after_the_tests_ends_in_one_sentence(
    small_audit: Audit,
    report_folder: Path,
    pytester: pytest.Pytester,
    at: str,
    times: int,
    workers: tuple[str, ...],
) -> None:
    small_audit("--world=effect")
    before = files(report_folder)
    pytester.makepyfile(interrupting=INTERRUPTING.format(at=at, times=times))
    result = small_audit("--world=null", "-p", "interrupting", *workers)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    written = result.stdout.str() + result.stderr.str()
    assert "interrupted while the report was made" in written
    assert "the same command goes on from there" in written
    assert "Traceback" not in written and "KeyboardInterrupt" not in written
    assert files(report_folder) == before
    (folder,) = report_folder.parent.iterdir()
    assert folder == report_folder


def test_a_log_says_what_a_run_does_after_its_last_test(small_audit: Audit) -> None:
    lines = small_audit("--world=effect").outlines
    told = lines.index("bnclaims: judging once more from the store, and writing the report")
    assert told < next(i for i, line in enumerate(lines) if line.startswith("report: "))
    assert "judging once more" not in small_audit("--world=effect", "-q").stdout.str()


# --- errors of our own ------------------------------------------------------------------------


def test_claims_without_cells_are_no_part_of_the_run_whichever_they_are(
    pytester: pytest.Pytester, report_folder: Path
) -> None:
    pytester.makeini("[pytest]\n")
    pytester.makeconftest('pytest_plugins = ["bnclaims.plugin"]')
    protocol = small_protocol().replace("claims.premise", "claims.uncertainty")
    (pytester.path / "small.toml").write_text(protocol)
    result = pytester.runpytest_subprocess(
        *(
            str(ROOT / "claims"),
            "--protocol=small.toml",
            "--world=effect",
            "-p",
            "no:cacheprovider",
        ),
        *PAGELESS,
    )
    result.stdout.fnmatch_lines(
        ["bnclaims *: 2 claims, 2 cells; * more without cells in this protocol"]
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    document = json.loads((report_folder / "report.json").read_text())
    assert [claim["id"] for claim in document["claims"]] == ["vi", "uncertainty"]


def test_a_budget_that_is_no_number_is_a_usage_error(small_audit: Audit) -> None:
    for option in ("--budget=nan", "--trial-timeout=nan"):
        result = small_audit("--world=effect", option)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: {option.replace('=', ' ')}: give * above 0."])


def test_an_error_of_ours_after_collection_is_a_usage_error(
    small_audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bnclaims.errors import BnclaimsError
    from bnclaims.run.session import AuditSession

    def start_runner(*_: object, **__: object) -> None:
        raise BnclaimsError("--ray-address head:1: nobody answers; start Ray there.")

    monkeypatch.setattr(AuditSession, "start_runner", start_runner)
    result = small_audit("--world=effect")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --ray-address head:1: nobody answers; start Ray there."])
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def test_a_checkout_that_is_not_installed_says_so(
    small_audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.metadata.version

    def version(name: str) -> str:
        if name == "bnclaims":
            raise importlib.metadata.PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    result = small_audit("--world=effect")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: bnclaims is not installed for *; run pip install -e . *"])


# --- where it runs ----------------------------------------------------------------------------


def test_characters_that_an_output_lacks_are_replaced(
    small_audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    result = small_audit("--world=null", "-v", here=False)
    written = result.stdout.str()
    assert "\\u" not in written and "Error" not in written
    # A sign is no question mark.
    assert "[-0." in written


def test_claims_depend_on_nothing_that_the_tests_bring() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "claims", "--collect-only", "-q"),
            *("--import-mode=importlib", "-p", "no:cacheprovider"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    collected = [line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    # In the order in which they are judged, which is not that of the files.
    assert collected[:2] == [
        "test_final_bn_raises_minority_f1[simple_cnn]",
        "test_gain_peaks_at_some_ratio[fixed steps]",
    ]
