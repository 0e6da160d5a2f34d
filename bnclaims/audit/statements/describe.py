"""Findings: the numbers that a report states of a statement, beside its two p-values."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bnclaims import stats
from bnclaims.audit.evidence.both_scores import Difference, columns_of
from bnclaims.audit.evidence.per_seed import Column
from bnclaims.audit.statements.statement import Estimate, Finding, Statement
from bnclaims.protocol.rules import Rules


@lru_cache(maxsize=1024)
def interval_of(values: tuple[Fraction, ...], confidence: float) -> stats.HodgesLehmann:
    """Hodges-Lehmann estimate and interval."""
    return stats.hodges_lehmann(values, confidence=confidence)


@lru_cache(maxsize=1024)
def _mean_interval(
    values: tuple[Fraction, ...], confidence: float, seed: int
) -> tuple[float, float]:
    mean = stats.bootstrap_t(values, confidence=confidence, seed=seed)
    return mean.low, mean.high


def estimate_of(column: Column) -> float | None:
    """Hodges-Lehmann estimate of the observed values, None when nothing was observed."""
    return float(stats.pseudomedian(column.observed)) if column.observed else None


def finding_of(
    statement: Statement,
    difference: Difference,
    rules: Rules,
    *,
    label: str,
    kind: str,
    support_lines: tuple[float, ...],
    refute_lines: tuple[float, ...],
    notes: Sequence[str] = (),
    margin: float | None = None,
) -> Finding:
    """The numbers that all statements about one difference share."""
    first, *_ = columns = columns_of(difference)
    observed = first.observed
    support, refute = statement.support(rules), statement.refute(rules)
    mean_interval = beyond = None
    if len(observed) >= 16:
        mean_interval = _possible(
            first, *_mean_interval(observed, rules.confidence, rules.random_seed)
        )
    if margin is not None and observed:
        outside = sum(abs(value) > Fraction(repr(margin)) for value in observed)
        upper = stats.clopper_pearson(outside, len(observed), confidence=rules.confidence)[1]
        beyond = (outside / len(observed), upper)
    scores = tuple(_estimate(column, rules) for column in columns)
    return Finding(
        label=label,
        kind=kind,
        p_support=support.p,
        p_refute=refute.p,
        estimate=scores[0].estimate,
        interval=scores[0].interval,
        new_images_interval=scores[0].new_images_interval,
        lines=tuple(sorted({*support_lines, *refute_lines})),
        support_lines=support_lines,
        refute_lines=refute_lines,
        seeds=len(first.seeds),
        missing=max(column.missing for column in columns),
        notes=tuple(notes),
        mean_interval=mean_interval,
        beyond=beyond,
        metrics=tuple(sorted(frozenset().union(*(column.metrics for column in columns)))),
        scores=scores,
    )


def _estimate(column: Column, rules: Rules) -> Estimate:
    observed = column.observed
    estimate = interval = new_images = None
    if observed:
        effect = interval_of(observed, rules.confidence)
        estimate, interval = effect.estimate, (effect.low, effect.high)
    if len(observed) >= 2:
        wider = stats.new_images_interval(
            observed,
            _pseudomedians(column.replicates_observed()),
            train_images=column.share.numerator,
            pool_images=column.share.denominator,
            confidence=rules.confidence,
        )
        new_images = _possible(column, wider.low, wider.high)
    return Estimate(
        metric=", ".join(sorted(column.metrics)),
        estimate=estimate,
        interval=interval,
        new_images_interval=new_images,
    )


def _possible(column: Column, low: float, high: float) -> tuple[float, float]:
    """The part of an interval that the quantity can reach: a difference of F1 ends at 1.

    An interval that is made from a standard error knows no such end. What is cut off holds no value
    that could be the true one, so that nothing is lost in coverage.
    """
    least, most = map(float, column.bounds)
    return min(max(low, least), most), max(min(high, most), least)


def _pseudomedians(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of the Walsh averages of each row's floats; NaN when any of them is missing."""
    first, second = np.triu_indices(rows.shape[1])
    walsh = (rows[:, first] + rows[:, second]) / 2
    # Sorted, as a median of NaN would warn; they come last.
    walsh.sort(axis=1)
    middle = walsh.shape[1] // 2
    medians = (walsh[:, middle] + walsh[:, -1 - middle]) / 2
    return np.where(np.isnan(walsh[:, -1]), np.nan, medians)
