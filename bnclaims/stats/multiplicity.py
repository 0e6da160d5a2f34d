"""Multiplicity: p-values of a family, the best of it, and each adjusted for its size."""

from __future__ import annotations

from itertools import accumulate

from bnclaims.stats._exact import Numbers, check_pvalues


def bonferroni(pvalues: Numbers) -> float:
    """P-value that some of K null hypotheses is false, each with a p-value of its own.

    Null hypothesis: all K are true. p = min(1, K min p), what a choice of the best of K costs.

    Assumption: each p-value is valid by itself; any dependence between them.
    Shapes: ``pvalues`` is (K,). Errors: ``ValueError`` when empty or outside [0, 1].
    Reference: Dunn (1961).
    """
    checked = check_pvalues(pvalues)
    return min(1.0, len(checked) * min(checked))


def holm(pvalues: Numbers) -> list[float]:
    """Holm-adjusted p-values in input order.

    The v-th smallest of K becomes the largest of (K - w + 1) p_(w) over w <= v, capped at 1. Rejecting
    those at or below alpha keeps the chance of any false rejection at alpha.

    Assumption: each p-value is valid by itself; any dependence between them.
    Shapes: ``pvalues`` is (K,). Errors: ``ValueError`` when empty or outside [0, 1].
    Reference: Holm (1979).
    """
    checked = check_pvalues(pvalues)
    order = sorted(range(len(checked)), key=checked.__getitem__)
    adjusted = [0.0] * len(checked)
    for place, value in zip(order, step_down(sorted(checked)), strict=True):
        adjusted[place] = value
    return adjusted


def step_down(ordered: list[float]) -> list[float]:
    """Running maximum of (K - v + 1) p_(v), v = 1..K, over ascending p-values, capped at 1."""
    size = len(ordered)
    return list(accumulate((min(1.0, (size - v) * p) for v, p in enumerate(ordered)), max))
