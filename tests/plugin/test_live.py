"""Live terminal of an audit: a bar on a terminal, plain lines in a log, colours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from fixtures.pageless import PAGELESS

pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")

Audit = Callable[..., pytest.RunResult]
SGR = re.compile(r"\x1b\[[\d;]*m")
FAILURES = re.compile("=+ FAILURES =+")
BAR = re.compile(r"bnclaims [^\r\n]*/\d+ trials +\d+\.\d/s")

# Trials of a world take no time; with these pauses there is something to show.
SLOW = """
import time
from bnclaims.training import synthetic
from bnclaims.plugin.terminal import live

made = synthetic.trainer
live.DRAW_EVERY, live.LINE_EVERY = 0.05, 0.2

def trainer(name):
    train = made(name)

    def slow(trial):
        time.sleep(0.02)
        return train(trial)

    return slow

synthetic.trainer = trainer
"""


def on_terminal(*options: str, **environment: str) -> str:
    """All that a small audit writes to a terminal, of 100 columns unless COLUMNS says another."""
    main, side = pty.openpty()
    # pytester takes the colours from what it starts.
    unset = ("PYTEST", "CI", "NO_COLOR", "PY_COLORS", "FORCE_COLOR")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(unset)}
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pytest",
            "claims",
            "--protocol=small.toml",
            "--world=effect",
            "-p",
            "no:cacheprovider",
            "-p",
            "slow",
            *PAGELESS,
            *options,
        ],
        stdin=side,
        stdout=side,
        stderr=side,
        env=clean | {"COLUMNS": "100", "TERM": "xterm-256color"} | environment,
    )
    os.close(side)
    chunks = []
    while True:
        try:
            chunk = os.read(main, 65536)
        except OSError:
            # Linux says so when the last writer has closed the other side.
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(main)
    assert process.wait() == 1
    return b"".join(chunks).decode(environment.get("PYTHONIOENCODING", "utf-8"))


def screen(written: str) -> list[str]:
    """The lines that are left on the terminal once all control sequences have been obeyed."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[\d*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", SGR.sub("", written)):
        if token == "\r":
            column = 0
        elif token == "\n":
            row += 1
            lines += [""] * (row - len(lines) + 1)
        elif token == "\x1b[2K":
            lines[row] = ""
        elif token.startswith("\x1b") and token.endswith("A"):
            row -= int(token[2:-1] or 1)
        elif token.startswith("\x1b") and token.endswith("C"):
            column += int(token[2:-1] or 1)
        elif not token.startswith("\x1b"):
            before = lines[row].ljust(column)
            lines[row] = before[:column] + token + before[column + len(token) :]
            column += len(token)
    return lines


@pytest.fixture
def slow(small_audit: Audit, pytester: pytest.Pytester) -> Audit:
    """A small audit in the present folder whose trials take a moment."""
    pytester.makepyfile(slow=SLOW)
    return lambda *options: small_audit("--world=effect", "-p", "slow", *options)


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_a_terminal_has_a_live_bar_that_leaves_nothing_behind(workers: tuple[str, ...]) -> None:
    written = on_terminal(*workers)
    assert "\x1b[32mSUPPORTED" in written and "\x1b[31mREFUTED" in written
    drawn = BAR.findall(SGR.sub("", written))
    assert len(drawn) > 3
    counts = [int(text.split("/")[0].split()[-1]) for text in drawn]
    assert counts == sorted(counts) and counts[-1] > 0
    assert re.search(r"\d+ s left", written)
    left = screen(written)
    assert not [line for line in left if BAR.search(line)]
    assert [line for line in left if re.search(r"\(vi\) .*REFUTED", line)]
    (result,) = [line for line in left if "1 failed, 1 passed" in line]
    assert result.startswith("=")


@pytest.mark.usefixtures("slow")
def test_nothing_is_coloured_where_no_colour_is_wanted() -> None:
    # Each with a store of its own: where nothing is left to train, there is no bar.
    for option, environment in (("--store=one", {"NO_COLOR": "1"}), ("--color=no", {})):
        written = on_terminal(option, **environment)
        assert not SGR.findall(written)
        assert "REFUTED" in written and BAR.search(written)


def test_a_log_has_plain_lines_with_rate_and_time_left(slow: Audit) -> None:
    result = slow()
    # Those that come late would be under "Captured stdout" of a failure, and nowhere else.
    shown = result.outlines[: result.outlines.index(next(filter(FAILURES.match, result.outlines)))]
    lines = [line for line in shown if line.startswith("bnclaims: ")]
    assert lines and all("\x1b" not in line for line in result.outlines)
    assert re.search(
        r"\d+ trials trained in .*\d\.\d/s\), at least \d+ to go, about .* left", "\n".join(lines)
    )


def test_colour_can_be_asked_for_in_a_log(small_audit: Audit) -> None:
    written = small_audit("--world=effect", "--color=yes").stdout.str()
    assert "\x1b[32mSUPPORTED" in written and "\x1b[31mREFUTED" in written


def test_quiet_is_short_and_verbose_shows_the_cells(slow: Audit) -> None:
    quiet = slow("-q").stdout.str()
    assert "bnclaims: " not in quiet and "It raises F1." not in quiet
    assert re.search(r"premise +SUPPORTED", quiet)
    assert "claim (vi) refuted on" in quiet
    verbose = slow("-v").stdout.str()
    assert re.search(r"test_it_raises_f1\[simple_cnn\] SUPPORTED", verbose)
    assert re.search(r"one logit +REFUTED +0\.\d\d .*\n  primary cell: p = ", verbose)


def test_a_refuted_claim_says_what_its_words_mean_and_has_no_traceback(
    small_audit: Audit,
) -> None:
    result = small_audit("--world=effect", "--tb=long", "-l")
    result.stdout.fnmatch_lines(
        ["claim (vi) refuted on digits*F1 gain with sigmoid*, *within 0.10; * seeds, p = *"]
    )
    assert not re.search(r"test_small\.py:\d+: ", result.stdout.str())
    assert "Error" not in result.stdout.str()


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("columns", [60, 120])
def test_what_bnclaims_writes_fits_the_terminal_and_breaks_between_words(columns: int) -> None:
    # Without the sections of pytest itself: it breaks the ids of tests anywhere.
    left = screen(on_terminal(COLUMNS=str(columns)))
    first = next(i for i, line in enumerate(left) if line.startswith("bnclaims "))
    findings = next(i for i, line in enumerate(left) if line.startswith("claim (vi) refuted"))
    verdicts = next(i for i, line in enumerate(left) if "verdicts, as operationalised" in line)
    assert all(len(line) <= columns for line in left[verdicts:])
    finding = []
    for line in left[findings:]:
        if finding and not line.startswith("  "):
            break
        finding.append(line)
    assert all(len(line) < columns for line in [*left[first : first + 4], *finding])
    said = " ".join(" ".join(finding).split())
    assert re.fullmatch(
        r"claim \(vi\) refuted on .*: F1 gain with sigmoid \d\.\d\d \[.*\], .* within 0\.10; "
        r"\d+ seeds, p = \S+ against it, at most \S+",
        said,
    )
    (head,) = [line for line in left if line.startswith("claim ") and "verdict" in line]
    assert "effect [interval]" in head
    assert any("Almost no impact with sigmoid." in line for line in left[verdicts:])


def test_a_finding_is_said_once_and_the_report_stands_at_the_end(
    small_audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    # There pytest does not cut what its summary repeats.
    monkeypatch.setenv("CI", "1")
    result = small_audit("--world=effect", "-n2")
    written = result.stdout.str()
    assert written.count("claim (vi) refuted on") == 1
    assert "[gw" not in written
    listed = [line for line in result.outlines if line.startswith("REFUTED ")]
    assert listed == ["REFUTED claims/test_small.py::test_no_gain_with_sigmoid[one logit]"]
    report, check, last = [line for line in result.outlines if line][-3:]
    assert report.startswith("report: ") and report.endswith("index.html")
    assert check.startswith("check it: bnclaims verify ")
    assert "1 failed, 1 passed" in last


def test_the_quieter_the_shorter(small_audit: Audit) -> None:
    quiet = small_audit("--world=effect", "-q").outlines
    assert "claim (vi) refuted on" in "\n".join(quiet)
    assert not [line for line in quiet if FAILURES.match(line) or line.startswith("REFUTED ")]
    assert any("1 failed, 1 passed" in line for line in quiet)
    quieter = [line for line in small_audit("--world=effect", "-qq").outlines if line]
    assert len(quieter) == 3
    assert quieter[1].startswith("report: ") and quieter[2].startswith("check it: ")


@pytest.mark.usefixtures("slow")
def test_a_terminal_without_utf_8_has_a_bar_of_its_own_characters() -> None:
    written = on_terminal(PYTHONIOENCODING="latin-1")
    assert len(BAR.findall(SGR.sub("", written))) > 3
    (row,) = [line for line in screen(written) if line.startswith("(vi) ")]
    assert "REFUTED" in row


def test_a_selection_that_selects_nothing_is_told_from_a_run_that_was_cut_short(
    small_audit: Audit,
) -> None:
    written = small_audit("--world=effect", "-k", "nothing_of_that_name").stdout.str()
    assert "no claim was selected, so none was judged" in written
    assert "goes on from there" not in written
