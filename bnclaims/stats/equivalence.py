"""Equivalence within a margin, and its opposite, by two one-sided tests."""

from __future__ import annotations

from dataclasses import dataclass

from bnclaims.stats._exact import (
    Number,
    Numbers,
    OneSidedTest,
    exact_highest,
    exact_numbers,
    positive_margin,
)
from bnclaims.stats.multiplicity import bonferroni
from bnclaims.stats.sign_flip import judged


@dataclass(frozen=True)
class Tost:
    """P-value of equivalence and the one-sided p-values at the lower and the upper margin."""

    pvalue: float
    lower: float
    upper: float


def tost(
    differences: Numbers,
    *,
    margin: Number,
    highest: Numbers | None = None,
    test: OneSidedTest = judged,
) -> Tost:
    """Two one-sided tests of equivalence.

    Null hypothesis: |theta| >= ``margin``, theta being the pseudomedian of the differences.
    Rejecting it supports "no effect worth the margin", which a large p-value of a test for an
    effect never does. Both theta > -margin and theta < margin must be shown, so the p-value is
    the larger of the two (``test``), without correction.

    A seed that is missing enters as the least and the most that it could have been: ``differences``
    have the least, ``highest`` the most, and each side is tested on what is worst for it.

    Assumption: as ``test``, at both margins.
    Shapes and units: ``differences`` and ``highest`` are (n,); ``margin`` is positive and has their
    unit.
    Errors: ``ValueError`` for margin <= 0, for differences as in `signed_rank` and for a ``highest``
    of another length or below the differences.
    References: Schuirmann (1987); Berger (1982) for the absence of a correction.
    """
    lowest = exact_numbers(differences, "differences")
    most, bound = exact_highest(highest, lowest), positive_margin(margin)
    lower = test(lowest, shift=-bound, alternative="greater")
    upper = test(most, shift=bound, alternative="less")
    return Tost(max(lower, upper), lower, upper)


def inequivalence(
    differences: Numbers,
    *,
    margin: Number,
    highest: Numbers | None = None,
    test: OneSidedTest = judged,
) -> float:
    """P-value that the effect lies beyond the margin on one side.

    Null hypothesis: |theta| <= ``margin``, the mirror of `tost`, so that the same data can refute
    "no effect" as well as support it; the two nulls meet only at the margin. One of two sides
    must be shown: p = min(1, 2 min(p(theta > margin), p(theta < -margin))), by Bonferroni.

    Assumption: as ``test``, at both margins. Shapes and units: as `tost`. Errors: as `tost`.
    Reference: Wellek (2010), Testing Statistical Hypotheses of Equivalence and Noninferiority.
    """
    bound = positive_margin(margin)
    return _beyond(differences, bound, highest, test)


def two_sided(
    differences: Numbers, *, highest: Numbers | None = None, test: OneSidedTest = judged
) -> float:
    """P-value that the effect is not zero, on either side.

    Null hypothesis: theta = 0. The limit of `inequivalence` without a margin: twice the smaller of
    the two one-sided p-values, at most 1.

    Assumption: as ``test``. Shapes and units: as `tost`. Errors: as `tost`.
    Reference: Dunn (1961).
    """
    return _beyond(differences, 0, highest, test)


def _beyond(
    differences: Numbers, bound: Number, highest: Numbers | None, test: OneSidedTest
) -> float:
    lowest = exact_numbers(differences, "differences")
    most = exact_highest(highest, lowest)
    above = test(lowest, shift=bound, alternative="greater")
    below = test(most, shift=-bound, alternative="less")
    return bonferroni([above, below])
