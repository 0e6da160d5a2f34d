"""Verdicts: from evidence by sequential looks for a cell, and from its cells for a claim."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from bnclaims import stats
from bnclaims.audit.claim import Claim
from bnclaims.audit.evidence.evidence import Evidence, MeasuredKey
from bnclaims.audit.evidence.measurement import Measurement
from bnclaims.audit.generalisation import with_reach
from bnclaims.audit.results import (
    NOT_JUDGED,
    CellJudgement,
    CellState,
    ClaimJudgement,
    Look,
    Verdict,
)
from bnclaims.audit.statements.statement import Case, Finding, Side, Statement
from bnclaims.audit.verdict import Answer
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.schema import FAMILY, CountsAs
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record

# Gives the records of all these trials, training what is missing, or raises `MissingRecord`.
Obtain = Callable[[Sequence[Trial]], Mapping[str, Record]]


class MissingRecord(Exception):
    """A trial that a judgement needs has no record."""


def decision_level(claim: Claim, cells: int, rules: Rules) -> float:
    """The level at which a cell, supported or refuted, needs no further seeds.

    A replication claim spends its level over the cells of a list: the partial conjunction multiplies
    the smallest of their p-values by their number, so each must be that much clearer than it would
    need to be by itself. ``cells`` is what `in_its_list` counts.
    """
    return rules.level / cells if claim.combine == "replication" else rules.level


def in_its_list(cell: Cell, cells: Iterable[Cell]) -> int:
    """How many available cells count as what a cell counts as, itself included; 1 where it does not."""
    if cell.counts_as is None:
        return 1
    return sum(c.counts_as == cell.counts_as and c.unavailable is None for c in cells)


def judge_cell(
    claim: Claim,
    cell: Cell,
    rules: Rules,
    obtain: Obtain,
    *,
    cells: int = 1,
    seeds: Sequence[int] | None = None,
    measured: dict[MeasuredKey, Measurement] | None = None,
    describe: bool = True,
) -> tuple[CellJudgement, set[tuple[str, str]]]:
    """Judges a cell look by look and stops as soon as it is decided.

    Where trials of a later look are missing, it stands as the looks before them leave it.

    ``cells`` is what `in_its_list` counts. ``seeds`` are those to draw from, in order: the
    protocol's where they are not given. ``measured`` is what earlier judgements measured, to
    which this one adds. Without ``describe`` only the verdict is sought, and the judgement has no
    finding. Everything but ``obtain`` is pure. Beside the judgement stand the (trial key, readout)
    pairs that were measured.
    """
    if cell.unavailable:
        why = f"not run: {cell.unavailable}"
        return _without_verdict(claim, cell, rules, CellState.NOT_RUN, why), set()
    level = decision_level(claim, cells, rules)
    looks: list[Look] = []
    history: list[_Seen] = []
    schedule = looks_of(cell, rules)
    measured = {} if measured is None else measured
    for n in schedule:
        drawn = tuple(rules.seeds(n)) if seeds is None else tuple(seeds[:n])
        try:
            records = obtain(cell.trials(claim.arms, drawn))
        except MissingRecord:
            if not history:
                raise
            break
        evidence = Evidence(cell, drawn, rules, records, measured)
        statement = claim.assertion(evidence)
        cases, refute = statement.cases(rules), statement.refute(rules)
        history.append(_Seen(n, cases, refute))
        p_cases = [
            sequential([(seen.seeds, seen.cases[i].side) for seen in history], rules)
            for i in range(len(cases))
        ]
        p_support = min(p_cases)
        p_refute = sequential([(seen.seeds, seen.refute) for seen in history], rules)
        looks.append(
            Look(
                seeds=n,
                support=min(case.side.p for case in cases),
                refute=refute.p,
                p_support=p_support,
                p_refute=p_refute,
            )
        )
        if min(p_support, p_refute) <= level:
            break
    verdict, reason = _verdict(history, p_support, p_refute, rules)
    ended = min(p_support, p_refute) <= level or history[-1].seeds == schedule[-1]
    if not ended:
        reason += f"; {history[-1].seeds} of {schedule[-1]} seeds so far"
    finding = _described(statement, verdict, rules) if describe else None
    answer = _answer(statement, cases, p_cases, p_refute, rules.level)
    judged = _judged(claim, cell, rules, verdict, reason, looks, finding=finding, answer=answer)
    judged = dataclasses.replace(judged, ended=ended)
    return judged, {(key, readout) for key, readout, _ in measured}


def _described(statement: Statement, verdict: Verdict, rules: Rules) -> Finding:
    finding = statement.describe(rules)
    if verdict not in (Verdict.SUPPORTED, Verdict.REFUTED):
        return finding
    return with_reach(finding, supported=verdict is Verdict.SUPPORTED, level=rules.level)


@dataclasses.dataclass(frozen=True)
class _Seen:
    """What a look at ``seeds`` gave."""

    seeds: int
    cases: tuple[Case, ...]
    refute: Side


def _answer(
    statement: Statement,
    cases: Sequence[Case],
    p_cases: Sequence[float],
    p_refute: float,
    level: float,
) -> Answer | None:
    """The one answer that was shown, NOT_KNOWN where none or several were; None without answers."""
    if statement.opposite is None:
        return None
    shown = [case.answer for case, p in zip(cases, p_cases, strict=True) if p <= level]
    shown += [statement.opposite] if p_refute <= level else []
    return shown[0] if len(shown) == 1 else Answer.NOT_KNOWN


def sequential(history: Sequence[tuple[int, Side]], rules: Rules) -> float:
    """Sequential p-value of a side, given the seeds and the side of every look so far.

    A verdict of absence has no early look, since rare effects hide from few seeds. Accumulated
    evidence has p-values that hold at any time, and so the smallest of them does.
    """
    if rules.accumulation is not None:
        return min(side.p for _, side in history)
    absent = any(side.absence for _, side in history)
    weights = rules.absence_looks if absent else rules.effect_looks
    spent = [(side.p, weights[n]) for n, side in history if n in weights]
    if not spent:
        return 1.0
    return stats.sequential_p([p for p, _ in spent], [weight for _, weight in spent])


def _verdict(
    history: Sequence[_Seen],
    p_support: float,
    p_refute: float,
    rules: Rules,
) -> tuple[Verdict, str]:
    level, p = rules.level, p_name(rules)
    if p_refute <= level:
        return Verdict.REFUTED, f"{p} = {p_refute:.2g} against it, at most {level:.2g}"
    if p_support <= level:
        return Verdict.SUPPORTED, f"{p} = {p_support:.2g} for it, at most {level:.2g}"
    ways = [
        ("support", p_support, [(seen.seeds, seen.cases[i].side) for seen in history])
        for i in range(len(history[-1].cases))
    ]
    ways.append(("refutation", p_refute, [(seen.seeds, seen.refute) for seen in history]))
    for name, gated, sides in ways:
        bare = [(n, dataclasses.replace(side, p=side.ungated)) for n, side in sides]
        if sequential(bare, rules) <= level < gated:
            return (
                Verdict.INVALID,
                f"{name} would rest on absence, and the assay did not show that it can see an effect",
            )
    seeds = history[-1].seeds
    floor = _floor(seeds, rules)
    if floor > level:
        return Verdict.INCONCLUSIVE, f"floor: {seeds} seeds cannot give {p} below {floor:.2g}"
    reason = f"{p} = {p_support:.2g} for and {p_refute:.2g} against"
    if (first := rules.first_absence) is not None and seeds < first:
        reason += f"; absence is judged from {first} seeds on, this cell ends at {seeds}"
    return Verdict.INCONCLUSIVE, reason


def p_name(rules: Rules) -> str:
    """What the p-values of these rules are called."""
    return "p" if rules.accumulation is None else "anytime p"


def _floor(seeds: int, rules: Rules) -> float:
    """The smallest sequential p-value that this many seeds can give."""
    if rules.accumulation is not None:
        # Every factor of `bnclaims.stats.anytime.rank_evidence` is below 2.
        return 2.0**-seeds
    return (
        min(2.0**-n / weight for n, weight in rules.effect_looks.items() if n <= seeds)
        if any(n <= seeds for n in rules.effect_looks)
        else 1.0
    )


def _judged(
    claim: Claim,
    cell: Cell,
    rules: Rules,
    verdict: Verdict,
    reason: str,
    looks: Sequence[Look],
    *,
    finding: Finding | None = None,
    answer: Answer | None = None,
    state: CellState = CellState.JUDGED,
) -> CellJudgement:
    return CellJudgement(
        claim=claim.id,
        cell=cell.name,
        label=cell.label,
        primary=cell.primary,
        state=state,
        verdict=verdict,
        reason=reason,
        p_support=looks[-1].p_support if looks else 1.0,
        p_refute=looks[-1].p_refute if looks else 1.0,
        decision_p=rules.level,
        counts_as=cell.counts_as,
        looks=tuple(looks),
        finding=finding,
        answer=answer,
    )


def unjudged(claim: Claim, cell: Cell, rules: Rules, state: CellState) -> CellJudgement:
    """The judgement of a cell that could have been judged and was not: one of `NOT_JUDGED`."""
    return _without_verdict(claim, cell, rules, state, NOT_JUDGED[state])


def _without_verdict(
    claim: Claim, cell: Cell, rules: Rules, state: CellState, reason: str
) -> CellJudgement:
    return _judged(claim, cell, rules, Verdict.INCONCLUSIVE, reason, [], state=state)


def judge_claim(claim: Claim, cells: Sequence[CellJudgement], rules: Rules) -> ClaimJudgement:
    """The verdict of a claim from the judgements of its cells."""
    if claim.combine == "replication":
        verdict, reason, p_support, p_refute = _replicated(cells, rules)
    else:
        # Without a primary cell ("each") the claim is as good as its least certain cell.
        chosen = [cell for cell in cells if cell.primary] or list(cells)
        worst = max(chosen, key=lambda cell: list(_ORDER).index(cell.verdict))
        verdict, reason = worst.verdict, worst.reason
        p_support, p_refute = worst.p_support, worst.p_refute
    return ClaimJudgement(
        claim=claim,
        verdict=verdict,
        reason=reason,
        p_support=p_support,
        p_refute=p_refute,
        cells=tuple(cells),
        holds_in=stats.largest_replicated([cell.p_support for cell in cells], level=rules.level),
    )


_ORDER = (Verdict.SUPPORTED, Verdict.INVALID, Verdict.INCONCLUSIVE, Verdict.REFUTED)

# What the cells of a replication claim can count as, and what one of them is called.
_LISTS: Final[Mapping[CountsAs, str]] = {
    "dataset": "other real datasets",
    "network": "simpler networks",
}


def _replicated(cells: Sequence[CellJudgement], rules: Rules) -> tuple[Verdict, str, float, float]:
    """Two partial conjunctions: enough other real datasets, and enough simpler networks.

    Both must hold (intersection-union); either may fail, Bonferroni over the two.
    """
    wanted = {"dataset": rules.replications, "network": rules.network_replications}
    supports, refutes, scopes = [], [], []
    counted: list[CellJudgement] = []
    for kind, name in _LISTS.items():
        run = [c for c in cells if c.counts_as == kind and c.state is not CellState.NOT_RUN]
        needed = wanted[kind]
        if len(run) < needed:
            return Verdict.INCONCLUSIVE, f"{len(run)} of {needed} {name} could be run", 1.0, 1.0
        supports.append(stats.holds_in_at_least(needed, [cell.p_support for cell in run]))
        refutes.append(stats.fails_in_more_than(needed, [cell.p_refute for cell in run]))
        scopes.append(f"{needed} of {len(run)} {name}")
        counted += run
    p_support, p_refute = max(supports), stats.bonferroni(refutes)
    p, scope = p_name(rules), f"in at least {' and '.join(scopes)}"
    if p_refute <= rules.level:
        verdict, reason = Verdict.REFUTED, f"{p} = {p_refute:.2g} against it holding {scope}"
    elif p_support <= rules.level:
        verdict, reason = Verdict.SUPPORTED, f"{p} = {p_support:.2g} for it holding {scope}"
    elif invalid := next((c for c in counted if c.verdict is Verdict.INVALID), None):
        verdict, reason = Verdict.INVALID, f"cell {invalid.cell}: {invalid.reason}"
    else:
        verdict = Verdict.INCONCLUSIVE
        reason = f"{p} = {p_support:.2g} for and {p_refute:.2g} against it holding {scope}"
    return verdict, reason, p_support, p_refute


def with_holm(
    claims: Sequence[ClaimJudgement], ids: Sequence[str] = FAMILY
) -> list[ClaimJudgement]:
    """The claims with Holm-adjusted p-values over the family of these ids; others keep none."""
    family = [judged for judged in claims if judged.claim.id in ids]
    if not family:
        return list(claims)
    # A claim that was not run still counts, as p = 1: leaving one out must not help the others.
    absent = [1.0] * (len(ids) - len(family))
    support = stats.holm([judged.p_support for judged in family] + absent)
    refute = stats.holm([judged.p_refute for judged in family] + absent)
    adjusted = {
        judged.claim.id: (s, r)
        for judged, s, r in zip(family, support[: len(family)], refute[: len(family)], strict=True)
    }
    return [
        dataclasses.replace(
            judged,
            holm_support=adjusted[judged.claim.id][0],
            holm_refute=adjusted[judged.claim.id][1],
        )
        if judged.claim.id in adjusted
        else judged
        for judged in claims
    ]
