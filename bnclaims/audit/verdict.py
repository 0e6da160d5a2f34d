"""Verdict of a claim, and the answer of a claim that compares two networks."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The four verdicts, always "as operationalised by the protocol"."""

    SUPPORTED = "SUPPORTED"
    REFUTED = "REFUTED"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"


class Answer(StrEnum):
    """How what is compared does against the other: the first two support, the third refutes."""

    BETTER = "better"
    AS_GOOD = "as good"
    WORSE = "worse"
    NOT_KNOWN = "not known"
