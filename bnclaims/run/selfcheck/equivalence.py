"""Records of an executor held against those of the loop, quantity by quantity."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import product

from bnclaims import stats
from bnclaims.audit.evidence.evidence import Column, Evidence
from bnclaims.protocol.names import KEPT, REMOVED
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Trial
from bnclaims.run.selfcheck.acceptance import CONFIDENCE
from bnclaims.run.selfcheck.metrics import Quantity, quantities
from bnclaims.run.selfcheck.result import Held, MetricComparison


def rows(
    cell: str, arms: Sequence[str], loop: Evidence, executor: Evidence, null: Evidence
) -> Iterator[MetricComparison]:
    """Every quantity of a cell: of each arm and readout, and as a gain over the first arm."""
    rules = loop.rules
    for setting, quantity in product(loop.settings, quantities(rules)):
        if quantity.binary and len(loop.cell.settings[setting].task.classes) != 2:
            continue
        for name, column in _columns(loop, quantity, arms, setting):
            others = (
                dict(_columns(evidence, quantity, arms, setting))[name]
                for evidence in (executor, null)
            )
            held, null_held = (hold(other, column, quantity.margin, rules) for other in others)
            yield MetricComparison(
                cell=cell if len(loop.settings) == 1 else f"{cell}, {setting}",
                of=name,
                metric=quantity.name,
                margin=float(quantity.margin),
                executor=held,
                null=null_held,
            )


def _columns(
    evidence: Evidence, quantity: Quantity, arms: Sequence[str], setting: str
) -> Iterator[tuple[str, Column]]:
    """What is compared of a quantity, by name."""
    measured = quantity.of(evidence)
    fixed = evidence.cell.settings[setting]
    base = measured(arms[0], KEPT, setting)
    yield arms[0], base
    for arm in arms[1:]:
        trials = (Trial(setting=fixed, arm=arm, seed=seed) for seed in evidence.seeds)
        scores = [evidence.records[trial.key].scores for trial in trials]
        removable = quantity.removed and any((REMOVED, "test") in found for found in scores)
        for readout in (KEPT, REMOVED) if removable else (KEPT,):
            name = arm if readout == KEPT else f"{arm}, {readout}"
            column = measured(arm, readout, setting)
            yield name, column
            yield f"{name} minus {arms[0]}", column - base


def hold(other: Column, loop: Column, margin: Fraction, rules: Rules) -> Held:
    """One column held against the loop's.

    A seed that has the quantity in neither agrees; one that has it in one of the two counts as the
    worst that it could be, on either side.
    """
    difference = other - loop
    neither = ~(other.known | loop.known)
    low, high = (
        [Fraction(0) if none else value for value, none in zip(values, neither, strict=True)]
        for values in (difference.low, difference.high)
    )
    judged = partial(stats.judged, draws=rules.draws, seed=rules.random_seed)
    above = judged(low, shift=-margin, alternative="greater")
    below = judged(high, shift=margin, alternative="less")
    both = other.known & loop.known
    pairs = [
        pair
        for pair, known in zip(zip(other.low, loop.low, strict=True), both, strict=True)
        if known
    ]
    spread, loop_spread = (
        statistics.stdev(map(float, values)) if len(pairs) > 1 else 0.0
        for values in (zip(*pairs, strict=True) if pairs else ((), ()))
    )
    ratio = (
        stats.variance_ratio(*zip(*pairs, strict=True), confidence=CONFIDENCE)
        if len(pairs) > 2
        else stats.VarianceRatio(math.inf, 0.0, math.inf)
    )
    gaps = [first - second for first, second in pairs]
    return Held(
        estimate=float(stats.pseudomedian(gaps)) if gaps else None,
        largest=float(max(map(abs, gaps), default=0)),
        unpaired=int((other.known ^ loop.known).sum()),
        p=max(above, below),
        noise=statistics.stdev(map(float, gaps)) if len(gaps) > 1 else 0.0,
        spread=spread,
        loop_spread=loop_spread,
        ratio=_finite(ratio.ratio),
        ratio_low=ratio.low,
        ratio_high=_finite(ratio.high),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
