"""Tests for and against an interior peak of the gain, as claim (ii) needs them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bnclaims.stats._exact import (
    Number,
    Table,
    Zeros,
    check_count,
    exact_table,
    fixed_point,
    inside_unit,
    positive_margin,
    random_stream,
    to_integers,
)
from bnclaims.stats.sign_flip import judged
from bnclaims.stats.signed_rank import pseudomedian

Shape = Literal["peak", "plateau", "monotone increasing", "monotone decreasing", "unclear"]


@dataclass(frozen=True)
class Peak:
    """P-values for and against an interior peak, the dose of the best mean, and the shape."""

    p_support: float
    p_refute: float
    argmax_dose: int
    shape: Shape


def peak(gains: Table, *, margin: Number, zeros: Zeros = "pratt") -> Peak:
    """Test for an interior peak of a dose-response curve, and a test against it.

    Support. Null hypothesis: no interior dose has a gain above that of both end doses. With
    p_L(r) and p_R(r) the one-sided p-values (`judged`) that dose r beats the first and the last,
    p = min(1, R min_r max(p_L, p_R)) over the R interior doses: both ends must be beaten
    (intersection-union), and Bonferroni pays for the choice of r.

    Refutation. Null hypothesis: some interior dose is above both ends by at least ``margin``.
    Dose r is no such dose once it is below ``first + margin`` or below ``last + margin``; with
    the one-sided p-values q_L(r) and q_R(r) of these, p = max_r min(1, 2 min(q_L, q_R)). The
    margin is needed. Testing "less than 0" instead would leave the null true on a plateau, where
    every difference is 0, so that a plateau, the most likely way for the claim to be false, could
    never refute it. With margin > 0 the two nulls are disjoint, so at most one of the two words
    can be wrong. Both can be right: a peak that is real but lower than the margin is supported
    and refuted alike, given enough seeds, and the verdict must say which question it answers.

    The shape describes, it does not test. A step between two doses is the pseudomedian of their
    paired differences; it rises (falls) when it is at least margin (at most -margin). No step
    does either: "plateau"; some rise and none falls, earlier to later dose: "monotone
    increasing"; the reverse: "monotone decreasing"; both, with an interior dose at least margin
    above both ends: "peak"; anything else: "unclear".

    Assumption: rows are independent seeds, doses are paired within a row and in order; `judged`
    for the rest. Shapes and units: ``gains`` is (n seeds, k doses), k >= 3; ``margin`` is
    positive and in the unit of the gains; ``argmax_dose`` is a column index (the first of ties).
    Errors: ``ValueError`` for fewer than three doses, ragged or non-finite gains, margin <= 0.
    Reference: Berger (1982) for the combination of parts; Stewart and Ruberg (2000) for
    contrasts of doses under an unknown shape.
    """
    table = exact_table(gains, "gains", columns=3)
    bound = positive_margin(margin)
    columns = list(zip(*table, strict=True))
    last = len(columns) - 1

    supports: list[float] = []
    refutes: list[float] = []
    for interior in range(1, last):
        rises = [_paired(columns[interior], columns[end]) for end in (0, last)]
        above = [judged(rise, alternative="greater", zeros=zeros) for rise in rises]
        not_above = [judged(rise, shift=bound, alternative="less", zeros=zeros) for rise in rises]
        supports.append(max(above))
        refutes.append(min(1.0, 2 * min(not_above)))

    totals = [sum(column) for column in columns]
    return Peak(
        min(1.0, len(supports) * min(supports)),
        max(refutes),
        totals.index(max(totals)),
        _shape(columns, bound),
    )


def peak_interval(
    gains: Table, *, confidence: Number = 0.95, draws: int = 9_999, seed: int = 0
) -> tuple[int, int]:
    """Percentile bootstrap interval for the position of the maximum, as column indices.

    Whole seeds (rows) are resampled; each resample gives the argmax of its mean curve, the first
    of ties; the ends are the (1 - confidence) / 2 quantiles from below and above. Descriptive:
    coverage is not guaranteed for a discrete argmax. Assumption: independent seeds.

    Shapes: ``gains`` is (n seeds, k doses), k >= 3. Errors: ``ValueError`` for gains as in
    `peak`, a confidence outside (0, 1), fewer than one draw, a negative seed.
    Reference: Efron and Tibshirani (1993), chapter 13.
    """
    table = exact_table(gains, "gains", columns=3)
    alpha = 1 - inside_unit(confidence, "confidence")
    check_count(draws, "draws", at_least=1)
    check_count(seed, "seed", at_least=0)

    seeds, doses = len(table), len(table[0])
    numerators, _ = to_integers([gain for row in table for gain in row])
    # Integer sums, so that the answer is the same on every machine and tied doses stay tied.
    flat, _ = fixed_point(numerators, largest_sum=seeds * max(map(abs, numerators)))
    sums = _times_drawn(seeds, draws, seed) @ flat.reshape(seeds, doses)
    best = np.sort(sums.argmax(axis=1))
    skipped = int(draws * alpha / 2)
    return int(best[skipped]), int(best[draws - 1 - skipped])


# The same for every curve over as many seeds; megabytes each.
@lru_cache(maxsize=4)
def _times_drawn(seeds: int, draws: int, seed: int) -> NDArray[np.int64]:
    """How often each resample draws each seed, shape (draws, seeds)."""
    return random_stream(seed).multinomial(seeds, [1 / seeds] * seeds, size=draws)


def _paired(column: tuple[Fraction, ...], base: tuple[Fraction, ...]) -> list[Fraction]:
    return [a - b for a, b in zip(column, base, strict=True)]


def _shape(columns: list[tuple[Fraction, ...]], bound: Fraction) -> Shape:
    """The word for the curve, by the rule stated in `peak`."""
    last = len(columns) - 1
    steps = {
        (early, late): pseudomedian(_paired(columns[late], columns[early]))
        for early, late in combinations(range(last + 1), 2)
    }
    rises = any(step >= bound for step in steps.values())
    falls = any(step <= -bound for step in steps.values())
    if not rises and not falls:
        return "plateau"
    if not falls:
        return "monotone increasing"
    if not rises:
        return "monotone decreasing"
    if any(steps[0, r] >= bound and steps[r, last] <= -bound for r in range(1, last)):
        return "peak"
    return "unclear"
