"""Whether to add a final BN layer in a setting: the rule that turns verdicts into advice.

Only SUPPORTED and REFUTED advise. A verdict that is INCONCLUSIVE or INVALID counts as none, and what
was not tested is never taken for what was tested and not found.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from bnclaims.audit.results import Verdict

# A verdict, or None where the cell was not judged or is not there.
Word = Verdict | None


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


# What a network without the layer could have instead, by the claim that it does no worse; those
# that need no other training come first.
REMEDIES: Final[Mapping[str, str]] = {
    "alt-threshold": "a tuned threshold",
    "alt-prior-shift": "post-hoc logit adjustment",
    "alt-weighted-loss": "a class-weighted loss",
    "alt-logit-adjusted": "a logit-adjusted loss (balanced softmax)",
    "alt-oversampling": "oversampling",
}
REVERSE: Final = "-reverse"
SUFFICES: Final = (Standing.BETTER, Standing.EQUIVALENT, Standing.NO_WORSE)


def standing(forward: Word, reverse: Word) -> Standing:
    """How a remedy stands, of the words on "it does no worse" and on "final BN does no worse"."""
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


def advice(gain: Word, standings: Mapping[str, Standing]) -> Advice:
    """What to do, of the word on the gain and the standings of the remedies by name.

    - The gain is ruled out (REFUTED, which takes an assay that could have seen it): do not bother.
    - The gain is shown and some remedy was shown to do no worse: use that instead, since it leaves
      the network as it is.
    - The gain is shown and every one of `REMEDIES` was shown to do worse: use it.
    - Anything else: not known.
    """
    if gain is Verdict.REFUTED:
        return Advice.DO_NOT_BOTHER
    if gain is Verdict.SUPPORTED:
        if any(at in SUFFICES for at in standings.values()):
            return Advice.INSTEAD
        if all(standings.get(name) is Standing.WORSE for name in REMEDIES.values()):
            return Advice.USE
    return Advice.NOT_KNOWN
