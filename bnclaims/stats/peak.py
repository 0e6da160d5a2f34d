"""Peak: tests for and against an interior peak of the gain, as claim (ii) needs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bnclaims.stats._exact import (
    Number,
    OneSidedTest,
    Table,
    check_count,
    exact_table,
    exact_tables,
    fixed_point,
    inside_unit,
    minus,
    positive_margin,
    random_stream,
    to_integers,
)
from bnclaims.stats.multiplicity import bonferroni
from bnclaims.stats.sign_flip import judged


@dataclass(frozen=True)
class PeakTest:
    """P-values for and against an interior peak."""

    p_support: float
    p_refute: float


def peak(
    gains: Table, *, margin: Number, highest: Table | None = None, test: OneSidedTest = judged
) -> PeakTest:
    """Test for an interior peak of a dose-response curve, and a test against it.

    Support. Null hypothesis: no interior dose has a gain above that of both end doses. With
    p_L(r) and p_R(r) the one-sided p-values (``test``) that dose r beats the first and the last,
    p = min(1, R min_r max(p_L, p_R)) over the R interior doses: both ends must be beaten
    (intersection-union), and Bonferroni pays for the choice of r.

    Refutation. Null hypothesis: some interior dose is above both ends by at least ``margin``.
    Dose r is no such dose once it is below ``first + margin`` or below ``last + margin``; with
    the one-sided p-values q_L(r) and q_R(r) of these, p = max_r min(1, 2 min(q_L, q_R)). The
    margin is needed. Testing "less than 0" instead would leave the null true on a plateau, where
    every difference is 0, so that a plateau, the most likely way for the claim to be false, could
    never refute it. With margin > 0 the two nulls are disjoint, so at most one of the two verdicts
    can be wrong. Both can be right: a peak that is real but lower than the margin is supported
    and refuted alike, given enough seeds, and the verdict must say which question it answers.

    A seed that is missing at a dose enters as the least and the most that its gain could have been:
    ``gains`` have the least, ``highest`` the most, and each p-value takes what is worst for it.

    Assumption: rows are independent seeds, doses are paired within a row and in order; ``test``
    for the rest. Shapes and units: ``gains`` and ``highest`` are (n seeds, k doses), k >= 3;
    ``margin`` is positive and in the unit of the gains.
    Errors: ``ValueError`` for fewer than three doses, ragged or non-finite gains, margin <= 0, and a
    ``highest`` of another shape or below the gains.
    Reference: Berger (1982) for the combination of parts; Stewart and Ruberg (2000) for
    contrasts of doses under an unknown shape.
    """
    lowest, most = exact_tables(gains, highest, columns=3)
    bound, last = positive_margin(margin), len(lowest) - 1
    supports: list[float] = []
    refutes: list[float] = []
    for dose in range(1, last):
        # What is least of a rise has the most of the end that it rises above.
        supports.append(
            max(
                test(minus(lowest[dose], most[end]), shift=0, alternative="greater")
                for end in (0, last)
            )
        )
        refutes.append(
            bonferroni(
                [
                    test(minus(most[dose], lowest[end]), shift=bound, alternative="less")
                    for end in (0, last)
                ]
            )
        )
    return PeakTest(bonferroni(supports), max(refutes))


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
