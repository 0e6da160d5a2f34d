"""Advice of a report: a pure function of the claims that it states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from bnclaims.audit.advice import SUFFICES, Advice, Standing, advice, standing
from bnclaims.audit.claim import Claim, Gain, Question, Remedy, ReverseOf
from bnclaims.audit.results import Verdict
from bnclaims.report.formatting import listed
from bnclaims.report.model import StatedCell, StatedClaim
from bnclaims.report.model_beside import SettingAdvice, StatedAnswer, StatedGain, StatedRemedy

UNDECIDED, NOT_TESTED = str(Standing.UNDECIDED), str(Standing.NOT_TESTED)
# The verdict of the claim of an id in one setting; None where it was not judged there.
VerdictOf = Callable[[str], Verdict | None]


def recommendation(claims: Sequence[StatedClaim], declared: Sequence[Claim]) -> list[SettingAdvice]:
    """Advice for every setting where a report judges the gain, in the order of its cells.

    ``claims`` are those that a report states, ``declared`` all that it could have judged: what they
    tell says which are gains, remedies and answers. A claim speaks about a setting by the cell that
    holds that very setting, so that nothing found elsewhere enters.
    """
    by_id = {claim.id: claim for claim in claims}
    gains = [claim.id for claim in declared if isinstance(claim.tells, Gain)]
    return [
        _setting_advice(claim, cell, gain, by_id, declared)
        for claim in claims
        if claim.id in gains
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
    claim: StatedClaim,
    cell: StatedCell,
    gain: Verdict,
    by_id: Mapping[str, StatedClaim],
    declared: Sequence[Claim],
) -> SettingAdvice:
    (setting,) = cell.settings.values()

    def found(name: str) -> StatedCell | None:
        cells = by_id[name].cells if name in by_id else ()
        return next((other for other in cells if setting in other.settings.values()), None)

    def verdict(name: str) -> Verdict | None:
        return _verdict(found(name))

    remedies = _remedies(declared)
    standings = {
        name: standing(verdict(forward), verdict(reverse))
        for name, (forward, reverse) in remedies.items()
    }
    said = advice(gain, standings.values())
    questions = sorted(
        ((c.tells, c.id) for c in declared if isinstance(c.tells, Question)),
        key=lambda pair: pair[0].place,
    )
    answered = [_answered(question, id, verdict) for question, id in questions]
    limits = (
        f"{question.bounds} ({answer.answer})"
        for (question, _), answer in zip(questions, answered, strict=True)
        if question.bounds is not None and answer.answer != question.free
    )
    return SettingAdvice(
        name=f"{claim.id}: {cell.name}",
        setting=cell.setting,
        advice=str(said),
        reason=_reason(said, gain, standings),
        gain=StatedGain(claim=claim.id, cell=cell.name, verdict=gain),
        per_cell=not cell.primary,
        remedies=tuple(
            _remedy(name, standings[name], found(ids[0]), _verdicts(ids, verdict))
            for name, ids in remedies.items()
        ),
        limits=tuple(limits) if said is Advice.USE else (),
        questions=tuple(answered),
    )


def _remedies(declared: Sequence[Claim]) -> dict[str, tuple[str, str]]:
    """The ids of the claims for and against each remedy, by its name; none against: an empty id."""
    reverse = {c.tells.remedy: c.id for c in declared if isinstance(c.tells, ReverseOf)}
    return {
        c.tells.name: (c.id, reverse.get(c.id, "")) for c in declared if isinstance(c.tells, Remedy)
    }


def _remedy(
    name: str, at: Standing, cell: StatedCell | None, claims: dict[str, Verdict]
) -> StatedRemedy:
    """A remedy, with its F1 minus final BN's."""
    return StatedRemedy(
        name=name,
        standing=str(at),
        claims=claims,
        estimate=None if cell is None else cell.estimate,
        interval=None if cell is None else cell.interval,
    )


def _verdict(cell: StatedCell | None) -> Verdict | None:
    """The verdict of a cell, None where it has none."""
    return None if cell is None or cell.finding is None else cell.verdict


def _verdicts(ids: Sequence[str], verdict: VerdictOf) -> dict[str, Verdict]:
    return {id: found for id in ids if (found := verdict(id)) is not None}


def _answered(question: Question, id: str, verdict: VerdictOf) -> StatedAnswer:
    weaker, weaker_yes, weaker_no = question.weaker or (id, question.yes, question.no)
    claims = _verdicts([id, weaker], verdict)
    # What says most comes first: better, worse, no worse, no better.
    answers = (
        (id, Verdict.SUPPORTED, question.yes),
        (weaker, Verdict.REFUTED, weaker_no),
        (weaker, Verdict.SUPPORTED, weaker_yes),
        (id, Verdict.REFUTED, question.no),
    )
    answer = next(
        (text for name, asked, text in answers if verdict(name) is asked),
        UNDECIDED if claims else NOT_TESTED,
    )
    return StatedAnswer(name=question.text, answer=answer, claims=claims)


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
