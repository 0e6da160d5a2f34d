"""Row of a claim in words: it holds, because of what, still there when trained.

The only place where what stands beside a verdict is put into words: terminal, page and README take
them from here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from bnclaims import stats
from bnclaims.audit.beside.results import Mostly, Retention, Specificity, Summary
from bnclaims.audit.statements.statement import Estimate
from bnclaims.audit.verdict import Answer, Verdict
from bnclaims.report.formatting import interval, number
from bnclaims.report.model import StatedEstimate

Word = TypeVar("Word")

NOTHING: Final = "–"
# Said where the settings of a claim do not agree.
DIFFERS: Final = "differs"
NOTHING_BEATS_CHANCE: Final = (
    "Nothing here is shown to beat chance: no arm and no readout of any judged cell has a Youden's J "
    "above 0, so that no verdict below says anything about the layer."
)

SPECIFIC: Final[Mapping[Specificity, str]] = {
    Specificity.SPECIFIC: "more than a moved threshold",
    Specificity.MOVED_THRESHOLD: "a moved threshold does as well",
    Specificity.NOT_KNOWN: "not known whether more than a moved threshold",
}
YES_OR_NO: Final[Mapping[Specificity, str]] = {
    Specificity.SPECIFIC: "yes",
    Specificity.MOVED_THRESHOLD: "no",
    Specificity.NOT_KNOWN: "not known",
}
MOSTLY: Final[Mapping[Mostly, str]] = {
    Mostly.THRESHOLD: "mostly the threshold",
    Mostly.RANKING: "mostly the ranking",
    Mostly.NO_GAIN: "no gain is shown that could be taken apart",
    Mostly.NOT_KNOWN: "threshold or ranking: not known",
}
BRIEF: Final[Mapping[Mostly, str]] = {
    Mostly.THRESHOLD: "threshold",
    Mostly.RANKING: "ranking",
    Mostly.NO_GAIN: "no gain shown",
    Mostly.NOT_KNOWN: "not known",
}
RETAINED: Final[Mapping[Retention, str]] = {
    Retention.MOST: "most of the gain is left",
    Retention.PART: "part of the gain is left",
    Retention.NOT_KNOWN: "how much of the gain is left is not known",
}
ANSWERS: Final[Mapping[Answer, str]] = {
    Answer.BETTER: "better",
    Answer.AS_GOOD: "as good",
    Answer.WORSE: "worse",
    Answer.NOT_KNOWN: "not known",
}
# Scores of performance in a word; a claim about one other quantity names that itself.
SCORES: Final[Mapping[str, str]] = {
    "f1": "F1",
    "last_f1": "F1",
    "natural_f1": "F1",
    "j": "J",
    "last_j": "J",
}
LASTING: Final[Mapping[Verdict, str]] = {
    Verdict.SUPPORTED: "yes",
    Verdict.REFUTED: "no",
    Verdict.INCONCLUSIVE: "not known",
    Verdict.INVALID: "not known",
}


def because(row: Summary) -> str:
    """What makes the gain, e.g. ``94 % threshold; a moved threshold does as well``; else a dash."""
    return "; ".join(reasons(row)) or NOTHING


def reasons(row: Summary) -> list[str]:
    """What makes the gain, the threshold's share or its word first; none where there is no effect."""
    if row.mostly.keys() == {Mostly.NO_GAIN}:
        return [MOSTLY[Mostly.NO_GAIN]]
    said = []
    if row.threshold is not None and row.threshold.bounded:
        said.append(share(row.threshold))
    else:
        said += _counted(row.mostly, MOSTLY, row.settings)
    said += _counted(row.specific, SPECIFIC, row.settings)
    said += _counted(row.retained, RETAINED, row.settings)
    return said


def because_in_brief(row: Summary) -> str:
    """The first of it for a narrow column, e.g. ``94 % threshold``; else a dash."""
    if row.threshold is not None and row.threshold.bounded:
        return f"{number(100 * row.threshold.estimate, 0)} % threshold"
    if not row.mostly:
        return NOTHING
    return next((BRIEF[word] for word, n in row.mostly.items() if n == row.settings), DIFFERS)


def in_brief(row: Summary) -> str:
    """All three in the width of a cell, e.g. ``94 % threshold; specific: no; lasting: yes``.

    Empty where the claim is not about an effect.
    """
    if not row.specific:
        return ""
    mostly = because_in_brief(row)
    said = {NOTHING: [], DIFFERS: [f"threshold share: {DIFFERS}"]}.get(mostly, [mostly])
    if row.mostly.keys() != {Mostly.NO_GAIN}:
        word = next((YES_OR_NO[w] for w, n in row.specific.items() if n == row.settings), DIFFERS)
        said.append(f"specific: {word}")
    return "; ".join([*said, f"lasting: {lasting(row)}"])


def in_full(row: Summary) -> str:
    """Both in one line of text, empty where the claim is not about an effect."""
    if not row.specific:
        return ""
    return f"Because of: {because(row)}. Still there when trained: {lasting(row)}."


def lasting(row: Summary) -> str:
    """Whether the gain is there once plain finds its training minority; "not tested" where none were."""
    return "not tested" if row.lasting is None else LASTING[row.lasting]


def in_scores(scores: Sequence[StatedEstimate] | Sequence[Estimate]) -> list[str]:
    """An effect in each score, e.g. ``F1 0.88 [0.81, 0.91]`` and ``J 0.72 [0.52, 0.81]``."""
    return [
        f"{SCORES.get(score.metric, '')} {interval(score.estimate, score.interval)}".strip()
        for score in scores
    ]


def share(found: stats.Ratio) -> str:
    """A share of a gain that is a threshold's, e.g. ``94 % [83 %, 106 %] threshold``."""
    return f"{percent(found)} threshold"


def percent(found: stats.Ratio) -> str:
    """A ratio with its interval in percent; "not known" where nothing bounds it."""
    if not found.bounded or math.isnan(found.estimate):
        return "not known"
    estimate, low, high = (number(100 * x, 0) for x in (found.estimate, found.low, found.high))
    return f"{estimate} % [{low}, {high}]"


def _counted(found: Mapping[Word, int], words: Mapping[Word, str], settings: int) -> list[str]:
    """The words, each with how many settings it is of unless all have it."""
    if list(found.values()) == [settings]:
        return [words[word] for word in found]
    return [f"{words[word]} in {count} of {settings} settings" for word, count in found.items()]
