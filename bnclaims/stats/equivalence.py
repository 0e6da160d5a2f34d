"""Equivalence within a margin, and its opposite, by two one-sided tests."""

from __future__ import annotations

from dataclasses import dataclass

from bnclaims.stats._exact import Number, Numbers, Zeros, exact_numbers, positive_margin
from bnclaims.stats.sign_flip import judged


@dataclass(frozen=True)
class Tost:
    """P-value of equivalence and the one-sided p-values at the lower and the upper margin."""

    pvalue: float
    lower: float
    upper: float


def tost(differences: Numbers, *, margin: Number, zeros: Zeros = "pratt") -> Tost:
    """Two one-sided tests of equivalence.

    Null hypothesis: |theta| >= ``margin``, theta being the pseudomedian of the differences.
    Rejecting it supports "no effect worth the margin", which a large p-value of a test for an
    effect never does. Both theta > -margin and theta < margin must be shown, so the p-value is
    the larger of the two (`bnclaims.stats.sign_flip.judged`), without correction.

    Assumption: as `judged`, at both margins.
    Shapes and units: ``differences`` is (n,); ``margin`` is positive and has its unit.
    Errors: ``ValueError`` for margin <= 0 and for differences as in `signed_rank`.
    References: Schuirmann (1987); Berger (1982) for the absence of a correction.
    """
    values = exact_numbers(differences, "differences")
    bound = positive_margin(margin)
    lower = judged(values, shift=-bound, alternative="greater", zeros=zeros)
    upper = judged(values, shift=bound, alternative="less", zeros=zeros)
    return Tost(max(lower, upper), lower, upper)


def inequivalence(differences: Numbers, *, margin: Number, zeros: Zeros = "pratt") -> float:
    """P-value that the effect lies beyond the margin on one side.

    Null hypothesis: |theta| <= ``margin``, the mirror of `tost`, so that the same data can refute
    "no effect" as well as support it; the two nulls meet only at the margin. One of two sides
    must be shown: p = min(1, 2 min(p(theta > margin), p(theta < -margin))), by Bonferroni.

    Assumption: as `judged`, at both margins. Shapes and units: as `tost`. Errors: as `tost`.
    Reference: Wellek (2010), Testing Statistical Hypotheses of Equivalence and Noninferiority.
    """
    values = exact_numbers(differences, "differences")
    bound = positive_margin(margin)
    above = judged(values, shift=bound, alternative="greater", zeros=zeros)
    below = judged(values, shift=-bound, alternative="less", zeros=zeros)
    return min(1.0, 2 * min(above, below))
