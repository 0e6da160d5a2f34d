"""Advice: whether to add a final BN layer in a setting, by rule from verdicts.

Only SUPPORTED and REFUTED advise. A verdict that is INCONCLUSIVE or INVALID counts as none, and what
was not tested is never taken for what was tested and not found.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from bnclaims.audit.results import Verdict


class Advice(StrEnum):
    """What to do in a setting."""

    USE = "use it"
    DO_NOT_BOTHER = "do not bother"
    INSTEAD = "use something else instead"
    NOT_KNOWN = "not known"


class Standing(StrEnum):
    """How a remedy stands against final BN, in minority F1 and balanced accuracy."""

    BETTER = "better than final BN"
    EQUIVALENT = "as good as final BN"
    NO_WORSE = "no worse than final BN"
    NO_BETTER = "no better than final BN"
    WORSE = "worse than final BN"
    MIXED = "better in one measure, worse in the other"
    UNDECIDED = "undecided"
    NOT_TESTED = "not tested here"


SUFFICES: Final = (Standing.BETTER, Standing.EQUIVALENT, Standing.NO_WORSE)


def standing(forward: Verdict | None, reverse: Verdict | None) -> Standing:
    """How a remedy stands, by the verdicts on "it does no worse" and on "final BN does no worse".

    None is the verdict of a claim that was not judged here.
    """
    match forward, reverse:
        case Verdict.SUPPORTED, Verdict.SUPPORTED:
            return Standing.EQUIVALENT
        case Verdict.SUPPORTED, Verdict.REFUTED:
            return Standing.BETTER
        case Verdict.SUPPORTED, _:
            return Standing.NO_WORSE
        case Verdict.REFUTED, Verdict.REFUTED:
            return Standing.MIXED
        case Verdict.REFUTED, _:
            return Standing.WORSE
        case _, Verdict.SUPPORTED:
            return Standing.NO_BETTER
        case None, None:
            return Standing.NOT_TESTED
    return Standing.UNDECIDED


def advice(gain: Verdict | None, standings: Collection[Standing]) -> Advice:
    """What to do, by the verdict on the gain and the standing of every remedy that there is.

    - The gain is ruled out (REFUTED, which takes an assay that could have seen it): do not bother.
    - The gain is shown and some remedy was shown to do no worse: use that instead, since it leaves
      the network as it is.
    - The gain is shown and every remedy was shown to do worse: use it.
    - Anything else: not known.
    """
    if gain is Verdict.REFUTED:
        return Advice.DO_NOT_BOTHER
    if gain is Verdict.SUPPORTED and standings:
        if any(at in SUFFICES for at in standings):
            return Advice.INSTEAD
        if all(at is Standing.WORSE for at in standings):
            return Advice.USE
    return Advice.NOT_KNOWN
