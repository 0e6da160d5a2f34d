"""Verdicts: from evidence by sequential looks for a cell, and from its cells for a claim."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

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
from bnclaims.audit.statements.statement import Finding, Side, Statement
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.schema import FAMILY
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record

# Gives the records of all these trials, training what is missing.
Obtain = Callable[[Sequence[Trial]], Mapping[str, Record]]


def decision_level(claim: Claim, cells: int, rules: Rules) -> float:
    """The level at which a cell, supported or refuted, needs no further seeds.

    A replication claim spends its level over the cells: the partial conjunction multiplies the
    smallest of their p-values by their number, so each must be that much clearer than it would
    need to be by itself.
    """
    return rules.level / cells if claim.combine == "replication" else rules.level


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

    ``cells`` is how many available cells the claim has. ``seeds`` are those to draw from, in order:
    0, 1, 2 and so on where they are not given. ``measured`` is what earlier judgements measured, to
    which this one adds. Without ``describe`` only the verdict is sought, and the judgement has no
    finding. Everything but ``obtain`` is pure. Beside the judgement stand the (trial key, readout)
    pairs that were measured.
    """
    if cell.unavailable:
        why = f"not run: {cell.unavailable}"
        return _without_verdict(claim, cell, rules, CellState.NOT_RUN, why), set()
    level = decision_level(claim, cells, rules)
    looks: list[Look] = []
    history: list[tuple[int, Side, Side]] = []
    schedule = looks_of(cell, rules)
    measured = {} if measured is None else measured
    for n in schedule:
        drawn = tuple(range(n)) if seeds is None else tuple(seeds[:n])
        records = obtain(cell.trials(claim.arms, drawn))
        evidence = Evidence(cell, drawn, rules, records, measured)
        statement = claim.assertion(evidence)
        support, refute = statement.support(rules), statement.refute(rules)
        history.append((n, support, refute))
        p_support = _sequential([(n, side.p, side.absence) for n, side, _ in history], rules)
        p_refute = _sequential([(n, side.p, side.absence) for n, _, side in history], rules)
        looks.append(
            Look(
                seeds=n,
                support=support.p,
                refute=refute.p,
                p_support=p_support,
                p_refute=p_refute,
            )
        )
        if min(p_support, p_refute) > level and n < schedule[-1]:
            continue
        large_enough = statement.large_enough(rules)
        if large_enough or p_refute <= level or n == schedule[-1]:
            verdict, reason = _verdict(history, p_support, p_refute, large_enough, rules)
            judged = _judged(
                claim,
                cell,
                rules,
                verdict,
                reason,
                looks,
                finding=_described(statement, verdict, rules) if describe else None,
                large_enough=large_enough,
            )
            return judged, {(key, readout) for key, readout, _ in measured}
    raise AssertionError("the last look always returns")


def _described(statement: Statement, verdict: Verdict, rules: Rules) -> Finding:
    finding = statement.describe(rules)
    if verdict not in (Verdict.SUPPORTED, Verdict.REFUTED):
        return finding
    return with_reach(finding, supported=verdict is Verdict.SUPPORTED, level=rules.level)


def _sequential(history: Sequence[tuple[int, float, bool]], rules: Rules) -> float:
    """Sequential p-value; a verdict of absence has no early look, since rare effects hide from few seeds.

    Accumulated evidence has p-values that hold at any time, and so the smallest of them does.
    """
    if rules.accumulation is not None:
        return min(p for _, p, _ in history)
    weights = rules.absence_looks if any(absent for *_, absent in history) else rules.effect_looks
    spent = [(p, weights[n]) for n, p, _ in history if n in weights]
    if not spent:
        return 1.0
    return stats.sequential_p([p for p, _ in spent], [weight for _, weight in spent])


def _verdict(
    history: Sequence[tuple[int, Side, Side]],
    p_support: float,
    p_refute: float,
    large_enough: bool,
    rules: Rules,
) -> tuple[Verdict, str]:
    level, p = rules.level, p_name(rules)
    if p_refute <= level:
        return Verdict.REFUTED, f"{p} = {p_refute:.2g} against it, at most {level:.2g}"
    if p_support <= level and large_enough:
        return Verdict.SUPPORTED, f"{p} = {p_support:.2g} for it, at most {level:.2g}"
    for side_name, gated, sides in (
        ("support", p_support, [(n, side) for n, side, _ in history]),
        ("refutation", p_refute, [(n, side) for n, _, side in history]),
    ):
        ungated = _sequential([(n, side.ungated, side.absence) for n, side in sides], rules)
        if ungated <= level < gated:
            return (
                Verdict.INVALID,
                f"{side_name} would rest on absence, and the assay did not show that it can see an effect",
            )
    if p_support <= level:
        return (
            Verdict.INCONCLUSIVE,
            "beyond 0, but the estimate is too small to matter",
        )
    seeds, *_ = history[-1]
    floor = _floor(seeds, rules)
    if floor > level:
        return Verdict.INCONCLUSIVE, f"floor: {seeds} seeds cannot give {p} below {floor:.2g}"
    return Verdict.INCONCLUSIVE, f"{p} = {p_support:.2g} for and {p_refute:.2g} against"


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
    large_enough: bool = False,
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
        large_enough=large_enough,
        looks=tuple(looks),
        finding=finding,
    )


def unjudged(claim: Claim, cell: Cell, rules: Rules, state: CellState) -> CellJudgement:
    """The judgement of a cell that could have been judged and was not: one of `NOT_JUDGED`."""
    return _without_verdict(claim, cell, rules, state, NOT_JUDGED[state])


def _without_verdict(
    claim: Claim, cell: Cell, rules: Rules, state: CellState, reason: str
) -> CellJudgement:
    return _judged(claim, cell, rules, Verdict.INCONCLUSIVE, reason, [], state=state)


def judge_claim(
    claim: Claim, cells: Sequence[CellJudgement], available: int, rules: Rules
) -> ClaimJudgement:
    """The verdict of a claim from the judgements of its cells; ``available`` of them could be run."""
    # A cell whose estimate is too small to matter does not count as one where the claim holds.
    holds_in = stats.largest_replicated(
        [cell.p_support if cell.large_enough else 1.0 for cell in cells], level=rules.level
    )
    if claim.combine == "replication":
        verdict, reason, p_support, p_refute = _replicated(cells, available, rules)
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
        holds_in=holds_in,
    )


_ORDER = (Verdict.SUPPORTED, Verdict.INVALID, Verdict.INCONCLUSIVE, Verdict.REFUTED)


def _replicated(
    cells: Sequence[CellJudgement], available: int, rules: Rules
) -> tuple[Verdict, str, float, float]:
    """Partial conjunction: the premise holds in at least ``needed`` of the cells."""
    run = [cell for cell in cells if cell.state is not CellState.NOT_RUN]
    needed = min(rules.replications, available)
    if not run or available < 2:
        return Verdict.INCONCLUSIVE, "fewer than two cells could be run", 1.0, 1.0
    p_support = stats.holds_in_at_least(needed, [cell.p_support for cell in run])
    p_refute = stats.fails_in_more_than(needed, [cell.p_refute for cell in run])
    large = sum(cell.large_enough for cell in run)
    p, scope = p_name(rules), f"in at least {needed} of {len(run)} cells"
    if p_refute <= rules.level:
        return (
            Verdict.REFUTED,
            f"{p} = {p_refute:.2g} against it holding {scope}",
            p_support,
            p_refute,
        )
    if p_support <= rules.level and large >= needed:
        return (
            Verdict.SUPPORTED,
            f"{p} = {p_support:.2g} for it holding {scope}",
            p_support,
            p_refute,
        )
    if any(cell.verdict is Verdict.INVALID for cell in run):
        invalid = next(cell for cell in run if cell.verdict is Verdict.INVALID)
        return Verdict.INVALID, f"cell {invalid.cell}: {invalid.reason}", p_support, p_refute
    return (
        Verdict.INCONCLUSIVE,
        f"{p} = {p_support:.2g} for and {p_refute:.2g} against it holding {scope}",
        p_support,
        p_refute,
    )


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
