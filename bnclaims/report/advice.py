"""Advice of a report: a pure function of the claims that it states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bnclaims.audit.advice import SUFFICES, Advice, Standing, advice, at_both, standing
from bnclaims.audit.claim import Claim, Gain, Question, Remedy
from bnclaims.audit.verdict import Answer, Verdict
from bnclaims.report.formatting import listed
from bnclaims.report.model import StatedCell, StatedClaim
from bnclaims.report.model_beside import SettingAdvice, StatedAnswer, StatedGain, StatedRemedy

UNDECIDED, NOT_TESTED = str(Standing.UNDECIDED), str(Standing.NOT_TESTED)
BALANCED, TRAINING = "on a balanced test", "at the prevalence of training"
# The judged cell of the claim of an id in one setting; None where there is none.
Found = Callable[[str], StatedCell | None]
Standings = Mapping[str, Standing]
_ANSWERS: Final = {
    Answer.BETTER: "better",
    Answer.AS_GOOD: "as good",
    Answer.WORSE: "worse",
}


def recommendation(claims: Sequence[StatedClaim], declared: Sequence[Claim]) -> list[SettingAdvice]:
    """Advice for every setting where a report judges the gain, in the order of its cells.

    ``claims`` are those that a report states, ``declared`` all that it could have judged: what they
    tell says which are gains, remedies and answers. A claim speaks about a setting by the cell that
    holds that very setting, so that nothing found elsewhere enters.
    """
    by_id = {claim.id: claim for claim in claims}
    gains = [claim.id for claim in declared if isinstance(claim.tells, Gain)]
    return [
        _setting_advice(claim, cell, by_id, declared)
        for claim in claims
        if claim.id in gains
        for cell in claim.cells
        if cell.finding is not None and len(cell.settings) == 1
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
    claim: StatedClaim,
    cell: StatedCell,
    by_id: Mapping[str, StatedClaim],
    declared: Sequence[Claim],
) -> SettingAdvice:
    (setting,) = cell.settings.values()

    def found(name: str) -> StatedCell | None:
        cells = by_id[name].cells if name in by_id else ()
        return next(
            (at for at in cells if setting in at.settings.values() and at.finding is not None), None
        )

    remedies = _remedies(declared)
    balanced = {
        name: standing([_answer(found(id)) for id in ids]) for name, ids in remedies.items()
    }
    training = {
        name: standing([_answer_there(found(id)) for id in ids]) for name, ids in remedies.items()
    }
    there = _verdict_there(cell)
    said = advice(cell.verdict, balanced.values()), advice(there, training.values())
    questions = sorted(
        ((c.tells, c.id) for c in declared if isinstance(c.tells, Question)),
        key=lambda pair: pair[0].place,
    )
    answered = [_answered(question, id, found(id)) for question, id in questions]
    limits = (
        f"{question.bounds} ({answer.answer})"
        for (question, _), answer in zip(questions, answered, strict=True)
        if question.bounds is not None and answer.answer != question.free
    )
    both = at_both(*said)
    return SettingAdvice(
        name=f"{claim.id}: {cell.name}",
        setting=cell.setting,
        advice=str(both),
        balanced=str(said[0]),
        training=str(said[1]),
        reason=_reason(said, (cell.verdict, there), (balanced, training)),
        gain=StatedGain(
            claim=claim.id, cell=cell.name, verdict=cell.verdict, at_training_prevalence=there
        ),
        per_cell=not cell.primary,
        remedies=tuple(
            _remedy(name, (balanced[name], training[name]), ids, found)
            for name, ids in remedies.items()
        ),
        limits=tuple(limits) if both is Advice.USE else (),
        questions=tuple(answered),
    )


def _remedies(declared: Sequence[Claim]) -> dict[str, list[str]]:
    """The ids of the claims about each remedy, by its name."""
    found: dict[str, list[str]] = {}
    for claim in declared:
        if isinstance(claim.tells, Remedy):
            found.setdefault(claim.tells.name, []).append(claim.id)
    return found


def _remedy(
    name: str, at: tuple[Standing, Standing], ids: Sequence[str], found: Found
) -> StatedRemedy:
    """A remedy, with its F1 minus final BN's in the first claim about it."""
    cells = {id: cell for id in ids if (cell := found(id)) is not None}
    first = next(iter(cells.values()), None)
    return StatedRemedy(
        name=name,
        standing=str(at[0]),
        at_training_prevalence=str(at[1]),
        claims={id: answer for id, cell in cells.items() if (answer := cell.answer) is not None},
        estimate=None if first is None else first.estimate,
        interval=None if first is None else first.interval,
    )


def _answer(cell: StatedCell | None) -> Answer | None:
    return None if cell is None else cell.answer


def _answer_there(cell: StatedCell | None) -> Answer | None:
    there = None if cell is None or cell.beside is None else cell.beside.at_training_prevalence
    return None if there is None else there.answer


def _verdict_there(cell: StatedCell) -> Verdict | None:
    there = None if cell.beside is None else cell.beside.at_training_prevalence
    return None if there is None else there.verdict


def _answered(question: Question, id: str, cell: StatedCell | None) -> StatedAnswer:
    claims = {} if cell is None else {id: cell.verdict}
    if cell is None:
        return StatedAnswer(name=question.text, answer=NOT_TESTED, claims=claims)
    answer = UNDECIDED
    if cell.answer is not None:
        answer = _ANSWERS.get(cell.answer, UNDECIDED)
    elif cell.verdict is Verdict.SUPPORTED:
        answer = question.yes
    elif cell.verdict is Verdict.REFUTED:
        answer = question.no
    return StatedAnswer(name=question.text, answer=answer, claims=claims)


def _reason(
    said: tuple[Advice, Advice],
    gains: tuple[Verdict | None, Verdict | None],
    standings: tuple[Standings, Standings],
) -> str:
    """The reason at each prevalence; once where it is the same at both."""
    balanced, training = map(_reason_at, said, gains, standings)
    if balanced == training:
        return f"{balanced} The same {TRAINING}."
    return f"{BALANCED.capitalize()}: {balanced} {TRAINING.capitalize()}: {training}"


def _reason_at(said: Advice, gain: Verdict | None, standings: Standings) -> str:
    match said:
        case Advice.DO_NOT_BOTHER:
            return "A gain in both scores that would matter is ruled out."
        case Advice.USE:
            return f"It raises both scores, and each of these does worse: {listed(standings)}."
        case Advice.INSTEAD:
            enough = [name for name, at in standings.items() if at in SUFFICES]
            does = "does" if len(enough) == 1 else "do"
            return f"It raises both scores, and {listed(enough)} {does} as well without it."
    if gain is not Verdict.SUPPORTED:
        return "Whether it raises both scores is undecided."
    untested = [name for name, at in standings.items() if at is Standing.NOT_TESTED]
    if len(untested) == len(standings):
        return "It raises both scores, but whether something simpler does as well was not tested."
    worse = [name for name, at in standings.items() if at is Standing.WORSE]
    unclear = [name for name, at in standings.items() if at is Standing.UNDECIDED]
    parts = ((worse, "worse"), (unclear, "undecided"), (untested, "not tested"))
    said_of = "; ".join(f"{what}: {listed(names)}" for names, what in parts if names)
    return (
        "It raises both scores, but whether something simpler does as well is not known. "
        f"{said_of[0].upper()}{said_of[1:]}."
    )
