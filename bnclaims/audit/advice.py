"""Advice: whether to add a final BN layer in a setting, by rule from verdicts.

Only SUPPORTED and REFUTED advise. A verdict that is INCONCLUSIVE or INVALID counts as none, and what
was not tested is never taken for what was tested and not found.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from bnclaims.audit.verdict import Answer, Verdict


class Advice(StrEnum):
    """What to do in a setting."""

    USE = "use it"
    DO_NOT_BOTHER = "do not bother"
    INSTEAD = "use something else instead"
    DEPENDS = "depends on how rare the minority is in use"
    NOT_KNOWN = "not known"


class Standing(StrEnum):
    """How a remedy stands against final BN in both scores, in the order in which the least counts."""

    WORSE = "worse than final BN"
    UNDECIDED = "undecided"
    NOT_TESTED = "not tested here"
    AS_GOOD = "as good as final BN"
    BETTER = "better than final BN"


SUFFICES: Final = (Standing.BETTER, Standing.AS_GOOD)
_OF_ANSWER: Final = {
    Answer.BETTER: Standing.BETTER,
    Answer.AS_GOOD: Standing.AS_GOOD,
    Answer.WORSE: Standing.WORSE,
    Answer.NOT_KNOWN: Standing.UNDECIDED,
    None: Standing.NOT_TESTED,
}


def standing(answers: Collection[Answer | None]) -> Standing:
    """How a remedy stands, by the answers of all claims about it; None was not judged here.

    The least of them counts: a tuned threshold must do as well as final BN, and as final BN with a
    tuned threshold.
    """
    found = [_OF_ANSWER[answer] for answer in answers]
    if not found or all(at is Standing.NOT_TESTED for at in found):
        return Standing.NOT_TESTED
    least = min(found, key=list(Standing).index)
    return Standing.UNDECIDED if least is Standing.NOT_TESTED else least


def advice(gain: Verdict | None, standings: Collection[Standing]) -> Advice:
    """What to do at one prevalence, by the verdict on the gain and the standing of every remedy.

    - The gain is ruled out (REFUTED, which takes an assay that could have seen it): do not bother.
    - The gain is shown and some remedy was shown to do as well or better: use that instead, since it
      leaves the network as it is.
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


def at_both(balanced: Advice, training: Advice) -> Advice:
    """What to do whether the minority is as frequent as the majority, or as rare as in training.

    What is advised at both is advised; where both are known and differ it depends on the prevalence.
    """
    if balanced is training:
        return balanced
    if Advice.NOT_KNOWN in (balanced, training):
        return Advice.NOT_KNOWN
    return Advice.DEPENDS
