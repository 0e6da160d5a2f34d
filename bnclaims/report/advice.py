"""Recommendation of a report: a pure function of the claims that it states."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bnclaims.audit.advice import (
    REMEDIES,
    REVERSE,
    SUFFICES,
    Advice,
    Standing,
    advice,
    standing,
)
from bnclaims.audit.results import Verdict
from bnclaims.report.formatting import listed
from bnclaims.report.model import StatedCell, StatedClaim
from bnclaims.report.model_parts import Answer, Gain, Remedy, SettingAdvice

# Claims whose cells say whether the layer gains anything in a setting.
GAINS: Final = ("premise", "iv")
UNDECIDED, NOT_TESTED = str(Standing.UNDECIDED), str(Standing.NOT_TESTED)


def recommendation(claims: Sequence[StatedClaim]) -> list[SettingAdvice]:
    """Advice for every setting where a report judges the gain, in the order of its cells.

    A claim speaks about a setting by the cell that holds that very setting, so that nothing found
    elsewhere enters.
    """
    by_id = {claim.id: claim for claim in claims}
    return [
        _setting_advice(claim, cell, gain, by_id)
        for claim in (by_id[name] for name in GAINS if name in by_id)
        for cell in claim.cells
        if (gain := _verdict(cell)) is not None and len(cell.settings) == 1
    ]


def in_brief(advised: Sequence[SettingAdvice]) -> list[str]:
    """The first setting's advice as a line of text, and how many others got which."""
    if not advised:
        return []
    first, *others = advised
    limits = f" Not covered: {'; '.join(first.limits)}." if first.limits else ""
    lines = [f"should the layer be added? {first.setting}: {first.advice}. {first.reason}{limits}"]
    if others:
        counts = Counter(entry.advice for entry in others)
        told = ", ".join(f"{what} in {count}" for what, count in counts.items())
        lines.append(f"of {len(others)} other settings: {told}; the report has the reasons")
    return lines


def _setting_advice(
    claim: StatedClaim, cell: StatedCell, gain: Verdict, by_id: Mapping[str, StatedClaim]
) -> SettingAdvice:
    (setting,) = cell.settings.values()

    def found(name: str) -> StatedCell | None:
        cells = by_id[name].cells if name in by_id else ()
        return next((other for other in cells if setting in other.settings.values()), None)

    def verdict(name: str) -> Verdict | None:
        return _verdict(found(name))

    standings = {
        remedy: standing(verdict(id), verdict(id + REVERSE)) for id, remedy in REMEDIES.items()
    }
    said = advice(gain, standings)
    answers = [_answered(question, verdict) for question in QUESTIONS]
    return SettingAdvice(
        name=f"{claim.id}: {cell.name}",
        setting=cell.setting,
        advice=str(said),
        reason=_reason(said, gain, standings),
        gain=Gain(claim=claim.id, cell=cell.name, verdict=gain),
        per_cell=not cell.primary,
        remedies=tuple(
            _remedy(id, remedy, standings[remedy], found(id), verdict)
            for id, remedy in REMEDIES.items()
        ),
        limits=tuple(_limits(answers) if said is Advice.USE else ()),
        questions=tuple(answers),
    )


def _verdict(cell: StatedCell | None) -> Verdict | None:
    """The verdict of a cell, None where it has none."""
    return None if cell is None or cell.finding is None else cell.verdict


def _remedy(
    id: str,
    name: str,
    at: Standing,
    cell: StatedCell | None,
    verdict: Callable[[str], Verdict | None],
) -> Remedy:
    """A remedy, with its F1 minus final BN's."""
    return Remedy(
        name=name,
        standing=str(at),
        claims=_verdicts([id, id + REVERSE], verdict),
        estimate=None if cell is None else cell.estimate,
        interval=None if cell is None else cell.interval,
    )


def _verdicts(names: Sequence[str], verdict: Callable[[str], Verdict | None]) -> dict[str, Verdict]:
    return {name: found for name in names if (found := verdict(name)) is not None}


def _answered(question: Question, verdict: Callable[[str], Verdict | None]) -> Answer:
    names = list(dict.fromkeys(name for name, _, _ in question.answers))
    claims = _verdicts(names, verdict)
    answer = next(
        (text for name, wanted, text in question.answers if verdict(name) is wanted),
        UNDECIDED if claims else NOT_TESTED,
    )
    return Answer(name=question.question, answer=answer, claims=claims)


def _limits(answers: Sequence[Answer]) -> list[str]:
    """What an advice to use the layer does not cover."""
    return [
        f"{question.bounds} ({answer.answer})"
        for question, answer in zip(QUESTIONS, answers, strict=True)
        if question.bounds is not None and answer.answer not in question.free
    ]


def _reason(said: Advice, gain: Verdict, standings: Mapping[str, Standing]) -> str:
    match said:
        case Advice.DO_NOT_BOTHER:
            return "A gain in minority F1 that would matter is ruled out here."
        case Advice.USE:
            return f"It raises minority F1, and each of these does worse: {listed(standings)}."
        case Advice.INSTEAD:
            enough = [name for name, at in standings.items() if at in SUFFICES]
            does = "does" if len(enough) == 1 else "do"
            return f"It raises minority F1, and {listed(enough)} {does} no worse without it."
    if gain is not Verdict.SUPPORTED:
        return "Whether it raises minority F1 is undecided here."
    untested = [name for name, at in standings.items() if at is Standing.NOT_TESTED]
    if len(untested) == len(standings):
        return (
            "It raises minority F1, but whether something simpler does as well was not tested here."
        )
    worse = [name for name, at in standings.items() if at is Standing.WORSE]
    no_better = [name for name, at in standings.items() if at is Standing.NO_BETTER]
    unclear = [name for name in standings if name not in (*untested, *worse, *no_better)]
    parts = (
        (worse, "worse"),
        (no_better, "no better than the layer"),
        (unclear, "undecided"),
        (untested, "not tested"),
    )
    said_of = "; ".join(f"{what}: {listed(names)}" for names, what in parts if names)
    return (
        "It raises minority F1, but whether something simpler does as well is not known. "
        f"{said_of[0].upper()}{said_of[1:]}."
    )


YES, NO = Verdict.SUPPORTED, Verdict.REFUTED


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """A question, and the claims that answer it.

    The first of ``answers`` whose claim has its verdict is given. ``bounds`` names what an advice to
    use the layer is limited to unless the answer is one of ``free``.
    """

    question: str
    answers: tuple[tuple[str, Verdict, str], ...]
    bounds: str | None = None
    free: tuple[str, ...] = ()


QUESTIONS: Final = (
    Question(
        question="Is the gain still there after longer training?",
        answers=(
            ("alt-epochs", YES, "yes, after the longest training tried"),
            ("alt-epochs", NO, "no, not after the longest training tried"),
        ),
        bounds="longer training",
        free=("yes, after the longest training tried",),
    ),
    Question(
        question="Does it stay as large in longer training?",
        answers=(
            ("alt-longer-training", YES, "no, it fades"),
            ("alt-longer-training", NO, "yes, it does not fade by what matters"),
        ),
        bounds="as large a gain in longer training",
        free=("yes, it does not fade by what matters",),
    ),
    Question(
        question="Is it there at other learning rates?",
        answers=(
            ("alt-learning-rates", YES, "yes, at every rate tried"),
            ("alt-learning-rates", NO, "no, not at every rate tried"),
        ),
        bounds="other learning rates",
        free=("yes, at every rate tried",),
    ),
    Question(
        question="Is it there at the prevalence of the training images?",
        answers=(("alt-prevalence", YES, "yes"), ("alt-prevalence", NO, "no")),
        bounds="the prevalence of the training images",
        free=("yes",),
    ),
    Question(
        question="Does the layer rank images better (area under the ROC curve)?",
        answers=(
            ("alt-ranking-better", YES, "yes"),
            ("alt-ranking", NO, "no, worse"),
            ("alt-ranking", YES, "no worse"),
            ("alt-ranking-better", NO, "no better"),
        ),
    ),
    Question(
        question="Does it rank them better (average precision)?",
        answers=(
            ("alt-precision-better", YES, "yes"),
            ("alt-precision", NO, "no, worse"),
            ("alt-precision", YES, "no worse"),
            ("alt-precision-better", NO, "no better"),
        ),
    ),
    Question(
        question="Does confidence match accuracy less well with it?",
        answers=(("uncertainty", YES, "yes"), ("uncertainty", NO, "no")),
    ),
    Question(
        question="And after temperature scaling?",
        answers=(("uncertainty-scaled", YES, "yes"), ("uncertainty-scaled", NO, "no")),
    ),
    Question(
        question="Does confidence tell right from wrong less well with it?",
        answers=(("uncertainty-ranking", YES, "yes"), ("uncertainty-ranking", NO, "no")),
    ),
)
