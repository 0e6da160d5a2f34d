"""Sensitivity: how much of a verdict hangs on choices that could have been made otherwise.

Each claim is judged again, on the records of the audit and no others, with one choice changed: the
sizes that matter, the metric, the test, or the seeds. Nothing here enters a verdict.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import groupby
from typing import Any, Final

from bnclaims import stats
from bnclaims.audit.evidence.both_scores import in_f1
from bnclaims.audit.evidence.evidence import Column, ColumnKey, Evidence
from bnclaims.audit.evidence.metrics import AUC, BALANCED_ACCURACY, F1, LAST_F1, J, Metric
from bnclaims.audit.evidence.per_seed import Direction, Test, rank_and_flip
from bnclaims.audit.results import (
    Audit,
    ClaimJudgement,
    Flip,
    Measured,
    Sensitivity,
    Variation,
    Verdict,
)
from bnclaims.audit.statements.describe import interval_of
from bnclaims.audit.statements.statement import Statement
from bnclaims.audit.verdicts import in_its_list, judge_cell, judge_claim
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Setting
from bnclaims.stats.sign_flip import sign_flip_bound
from bnclaims.stats.sign_test import sign_test


@dataclasses.dataclass(frozen=True)
class Scale:
    """What performance is measured in instead, and what .10 of F1 and J is on that scale."""

    scores: tuple[Metric, Metric]
    size: float = 1.0


# In minority F1 and Youden's J.
MARGINS: Final = tuple(round(0.02 * step, 2) for step in range(1, 16))
OWN: Final = "F1 and J"
# Balanced accuracy is (J + 1) / 2 with two classes, so that .05 of it is .10 of J; an AUC reaches from
# .5 to 1 as well.
METRICS: Final[Mapping[str, Scale]] = {
    OWN: Scale((F1, J)),
    "F1 alone": Scale((F1, F1)),
    "J alone": Scale((J, J)),
    "balanced accuracy": Scale((BALANCED_ACCURACY, BALANCED_ACCURACY), 0.5),
    "AUC": Scale((AUC, AUC), 0.5),
}
# Metrics of all classes that are no mean over minority classes.
_WHOLE: Final = ("balanced accuracy", "AUC")
# Rules that are sizes of performance, and all that are sizes, which keep their proportions.
_PERFORMANCE: Final = ("smallest_effect", "margin", "peak_height")
_SIZES: Final = (*_PERFORMANCE, "calibration_margin", "ranking_margin")


def _signed_rank(
    values: tuple[Fraction, ...], shift: stats.Number, alternative: Direction, draws: int, seed: int
) -> float:
    return stats.signed_rank(values, shift=shift, alternative=alternative, zeros="pratt").pvalue


def _sign(
    values: tuple[Fraction, ...], shift: stats.Number, alternative: Direction, draws: int, seed: int
) -> float:
    return sign_test(values, shift=shift, alternative=alternative).pvalue


# A p-value is multiplied by the number of tests that share its level (parts, pairs of doses, cells):
# by tens, never by this.
_FAR: Final = 1000


def _deciding(
    level: float,
    values: tuple[Fraction, ...],
    shift: stats.Number,
    alternative: Direction,
    draws: int,
    seed: int,
) -> float:
    """A p-value on the same side of the level as that of the verdicts, often without its slower half.

    The verdicts take the larger of signed rank and sign flips. A rank p above the level is enough.
    Where it is not, Hoeffding's bound on the sign-flip p often is: below a thousandth of the level,
    no share of the level is so small that the p of the flips themselves could miss it.
    """
    p = _signed_rank(values, shift, alternative, draws, seed)
    if p > level:
        return p
    bound = sign_flip_bound(values, shift=shift, alternative=alternative)
    if bound <= level / _FAR:
        return max(p, bound)
    return rank_and_flip(values, shift, alternative, draws, seed)


# From the most to the least that is taken for granted: the first trusts symmetry, the second holds
# when either of two tests does, the third asks how often and not by how much.
TESTS: Final[Mapping[str, Test]] = {
    "signed rank alone": _signed_rank,
    "signed rank with sign-flip guard": rank_and_flip,
    "sign test": _sign,
}


def with_sensitivity(audit: Audit) -> Audit:
    """The audit with the sensitivity of each of its claims; those without a judged cell have none."""
    if audit.sensitivity is not None:
        return audit
    found: dict[str, Sensitivity] = {}
    columns: dict[tuple[tuple[str, Setting], ...], dict[ColumnKey, Column]] = {}
    for judged in audit.claims:
        again = _Again(audit, judged, columns)
        if again.chosen:
            found[judged.claim.id] = _sensitivity(again)
    return dataclasses.replace(audit, sensitivity=found)


@dataclasses.dataclass(frozen=True)
class _Again:
    """A claim that can be judged again on the seeds that its cells were judged on."""

    audit: Audit
    judged: ClaimJudgement
    columns: dict[tuple[tuple[str, Setting], ...], dict[ColumnKey, Column]]

    @property
    def rules(self) -> Rules:
        return self.audit.protocol.rules

    @property
    def cells(self) -> tuple[Cell, ...]:
        return self.audit.cells[self.judged.claim.id]

    @property
    def chosen(self) -> dict[str, int]:
        """Seeds of the cells that make the claim's verdict, by name."""
        cells = self.judged.cells
        if self.judged.claim.combine != "replication":
            cells = tuple(cell for cell in cells if cell.primary) or cells
        return {cell.cell: cell.seeds for cell in cells if cell.finding is not None}

    def varied(
        self,
        choice: str | float | int,
        *,
        rules: Callable[[int], Rules] | None = None,
        without: int | None = None,
        **changes: Any,
    ) -> Variation:
        """The verdict under other rules, given a cell's number of seeds, on evidence with changes."""

        def assertion(evidence: Evidence) -> Statement:
            seeds = tuple(seed for seed in evidence.seeds if seed != without)
            return self.statement(dataclasses.replace(evidence, seeds=seeds, **changes))

        claim = dataclasses.replace(self.judged.claim, assertion=assertion)
        judgements = []
        for cell, before in zip(self.cells, self.judged.cells, strict=True):
            if cell.name not in self.chosen:
                judgements.append(before)
                continue
            after, _ = judge_cell(
                claim,
                dataclasses.replace(cell, max_seeds=before.seeds),
                _at_once(self.rules if rules is None else rules(before.seeds), before.seeds),
                lambda trials: self.audit.records,
                cells=in_its_list(cell, self.cells),
                describe=False,
            )
            judgements.append(after)
        said = judge_claim(claim, judgements, self.rules)
        return Variation(
            choice=choice,
            verdict=said.verdict,
            p_support=said.p_support,
            p_refute=said.p_refute,
        )

    def statement(self, evidence: Evidence) -> Statement:
        """What the claim says about evidence; what was measured once is not measured again."""
        columns = self.columns.setdefault(tuple(evidence.cell.settings.items()), {})
        shared = dataclasses.replace(evidence, measured=self.audit.measured, columns=columns)
        return self.judged.claim.assertion(shared)

    def headline(self, scores: tuple[Metric, Metric]) -> Column | None:
        """The claim's headline quantity in its first cell, in the first of other scores."""
        cell = next(cell for cell in self.cells if cell.name in self.chosen)
        seeds = tuple(self.rules.seeds(self.chosen[cell.name]))
        evidence = Evidence(cell, seeds, self.rules, self.audit.records, scores=scores)
        found = self.statement(evidence).headline()
        return None if found is None else in_f1(found)


def _sensitivity(again: _Again) -> Sensitivity:
    margins = tuple(_at_margins(again))
    metrics = tuple(_by_metrics(again))
    # E-processes hold at any time, which none of these tests does.
    chosen = {} if again.rules.accumulation else TESTS
    tests = tuple(again.varied(name, test=test) for name, test in chosen.items())
    all_seeds, left_out = _without_seeds(again)
    verdict = again.judged.verdict
    return Sensitivity(
        margins=margins,
        metrics=metrics,
        tests=tests,
        left_out=left_out,
        all_seeds=all_seeds,
        flips=(
            *_margin_flips(margins, verdict),
            *_named_flips("metric", metrics, verdict),
            *_named_flips("test", tests, verdict),
            *_seed_flips(left_out, all_seeds, verdict),
        ),
    )


def _at_margins(again: _Again) -> Iterator[Variation]:
    own = again.rules.smallest_effect
    for margin in sorted({*MARGINS, own}):
        yield again.varied(margin, rules=partial(_resized, again.rules, _SIZES, margin / own))


def _resized(rules: Rules, names: Sequence[str], factor: float, seeds: int) -> Rules:
    # Rounded, since a margin of 0.1 + 1e-17 would break a tie that 0.1 keeps.
    sizes = {name: round(getattr(rules, name) * factor, 10) for name in names}
    return dataclasses.replace(rules, **sizes)


def _by_metrics(again: _Again) -> Iterator[Measured]:
    own = again.headline(METRICS[OWN].scores)
    measured = frozenset() if own is None else own.metrics
    settings = [
        setting
        for cell in again.cells
        if cell.name in again.chosen
        for setting in cell.settings.values()
    ]
    binary = all(len(setting.task.classes) == 2 for setting in settings)
    for name, scale in METRICS.items():
        whole = name in _WHOLE
        if not measured & {F1.name, LAST_F1.name} or (whole and not binary):
            yield Measured(choice=name, verdict=None)
            continue
        resized = partial(_resized, again.rules, _PERFORMANCE, scale.size)
        found = again.varied(name, rules=resized, scores=scale.scores)
        column = again.headline(scale.scores) if len(again.chosen) == 1 else None
        effect = (
            interval_of(column.observed, again.rules.confidence)
            if column is not None and column.observed
            else None
        )
        yield Measured(
            choice=name,
            verdict=found.verdict,
            p_support=found.p_support,
            p_refute=found.p_refute,
            estimate=effect.estimate if effect else None,
            interval=(effect.low, effect.high) if effect else None,
        )


def _without_seeds(again: _Again) -> tuple[Verdict | None, tuple[Variation, ...]]:
    fewest, most = min(again.chosen.values()), max(again.chosen.values())
    # With so few seeds not even a unanimous rest could decide: that says nothing about a seed.
    if 0.5 ** (fewest - 1) > again.rules.level:
        return None, ()

    varied = partial(
        again.varied,
        rules=partial(_one_look, again.rules),
        test=partial(_deciding, again.rules.level),
        enough=again.rules.level,
    )
    left_out = (
        Variation(choice=seed, verdict=varied(seed, without=seed).verdict)
        for seed in again.rules.seeds(most)
    )
    return varied("none").verdict, tuple(left_out)


def _at_once(rules: Rules, seeds: int) -> Rules:
    """Rules under which accumulated evidence is judged in one night: its p-values know the earlier ones."""
    if rules.accumulation is None:
        return rules
    night = rules.accumulation.model_copy(update={"seeds_per_night": seeds, "nights": 1})
    return dataclasses.replace(rules, accumulation=night)


def _one_look(rules: Rules, seeds: int) -> Rules:
    """The rules of a design with one look, which keeps the whole level; absence may still be too early."""
    absence = {seeds: 1.0} if seeds in rules.absence_looks else {}
    return dataclasses.replace(rules, effect_looks={seeds: 1.0}, absence_looks=absence)


def _margin_flips(margins: Sequence[Variation], own: Verdict) -> Iterator[Flip]:
    first, last = margins[0].choice, margins[-1].choice
    for verdict, group in groupby(margins, key=lambda at: at.verdict):
        if verdict is own:
            continue
        values = [at.choice for at in group]
        where = (
            f"at most {values[-1]:.2f}"
            if values[0] == first
            else f"at least {values[0]:.2f}"
            if values[-1] == last
            else f"{values[0]:.2f}"
            if len(values) == 1
            else f"{values[0]:.2f} to {values[-1]:.2f}"
        )
        yield Flip(by="margin", choice=f"margin {where}", verdict=verdict)


def _named_flips(by: str, variations: Sequence[Variation], own: Verdict) -> Iterator[Flip]:
    for variation in variations:
        if variation.verdict is not None and variation.verdict is not own:
            yield Flip(by=by, choice=str(variation.choice), verdict=variation.verdict)


def _seed_flips(
    left_out: Sequence[Variation], all_seeds: Verdict | None, own: Verdict
) -> Iterator[Flip]:
    # With one look, which keeps the whole level, all seeds may be given another verdict than the claim.
    for verdict in (verdict for verdict in Verdict if verdict not in (all_seeds, own)):
        seeds = [at.choice for at in left_out if at.verdict is verdict]
        if seeds:
            which = f"seed {seeds[0]}" if len(seeds) == 1 else f"any one of {len(seeds)} seeds"
            yield Flip(by="seed", choice=f"without {which}", verdict=verdict)
