"""Findings among the failures of a run: as wrapped sentences, said once."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest

# The property of a test's report that holds the word of its cell.
VERDICT: Final = "bnclaims_verdict"


class Sentence:
    """A finding as pytest prints it under FAILURES: text that breaks between words.

    It has no ``reprcrash``, so that pytest's short summary names the test and does not say the
    sentence once more, cut off in the middle.
    """

    def __init__(self, text: str, width: int | None) -> None:
        self._text = text
        self._width = width

    def __str__(self) -> str:
        return self._text

    def toterminal(self, writer: Any) -> None:
        """Writes the text to a terminal writer of pytest."""
        for line in wrapped(self._text, self._width):
            writer.line(line)


def wrapped(text: str, width: int | None) -> list[str]:
    """The text as lines of ``width`` columns at most, broken between words; whole without one.

    Lines that go on are indented by two more than the one they belong to. A word that is longer than
    a line, such as a path, stays whole.
    """
    if width is None:
        return text.splitlines()
    return [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(
            line,
            width,
            subsequent_indent=" " * (2 + len(line) - len(line.lstrip())),
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]


def width_of(reporter: Any) -> int | None:
    """Columns of the terminal; None for a log, whose lines stay whole so that they can be searched."""
    return int(reporter.config.get_terminal_writer().fullwidth) - 1 if reporter.isatty else None


def findings_in(reporter: Any) -> list[pytest.TestReport]:
    """The failures of a run that are verdicts of claims, as far as they are sentences."""
    return [
        report
        for report in reporter.stats.get("failed", [])
        if isinstance(report.longrepr, str) and VERDICT in dict(report.user_properties)
    ]


@contextlib.contextmanager
def told(reporter: Any, findings: Sequence[pytest.TestReport], *, listed: bool) -> Iterator[None]:
    """While pytest prints its summaries, ``findings`` are sentences, or no failures if not listed."""
    failed = reporter.stats.get("failed", [])
    for report in findings:
        report.longrepr = Sentence(str(report.longrepr), width_of(reporter))  # type: ignore[assignment]
        # Below every failure pytest says which worker had it: of a finding that tells nothing.
        vars(report).pop("node", None)
    if not listed and failed:
        reporter.stats["failed"] = [report for report in failed if report not in findings]
    try:
        yield
    finally:
        # pytest's last line counts them.
        if failed:
            reporter.stats["failed"] = failed
