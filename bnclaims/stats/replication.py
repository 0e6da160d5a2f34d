"""Partial conjunction: tests of the number of cells in which a claim holds."""

from __future__ import annotations

import numbers

from bnclaims.stats._exact import Number, Numbers, check_pvalues, inside_unit
from bnclaims.stats.multiplicity import step_down


def holds_in_at_least(u: int, pvalues: Numbers) -> float:
    """P-value that the claim holds in at least ``u`` of the K cells.

    Null hypothesis: it holds in fewer than u, that is, more than K - u of the cell nulls are
    true. p = max over v <= u of (K - v + 1) p_(v), capped at 1, with p_(v) the v-th smallest
    support p-value.

    Assumption: valid p-values of the cells; any dependence between them (they share images and
    seeds). Shapes: ``pvalues`` is (K,), one per cell. Errors: ``ValueError`` when u is not in 1..K or a
    p-value is outside [0, 1].
    Reference: Benjamini and Heller (2008), the Bonferroni version.
    """
    checked = check_pvalues(pvalues)
    _check_u(u, len(checked))
    return step_down(sorted(checked))[u - 1]


def fails_in_more_than(u: int, refute_pvalues: Numbers) -> float:
    """P-value that the claim "holds in at least ``u`` of K cells" is false.

    Null hypothesis: it holds in at least u. Takes the u of the claim, like `holds_in_at_least`,
    and the refutation p-values of the cells. The claim is false when it fails in more than K - u
    cells, so this is the partial conjunction of K - u + 1 refutations: max over v <= K - u + 1 of
    (K - v + 1) q_(v), whose last term is u q_(K - u + 1). Since u supported and K - u + 1 refuted
    cells overlap in one, the claim and its failure are never both shown at a level below 1/2 when
    that is so within each cell.

    Assumption: as `holds_in_at_least`. Shapes: ``refute_pvalues`` is (K,). Errors: ``ValueError``
    when u is not in 1..K or a p-value is outside [0, 1].
    Reference: Benjamini and Heller (2008).
    """
    checked = check_pvalues(refute_pvalues, "refute_pvalues")
    _check_u(u, len(checked))
    return step_down(sorted(checked))[len(checked) - u]


def largest_replicated(pvalues: Numbers, *, level: Number) -> int:
    """Largest u for which "holds in at least u of K cells" is shown at ``level``; 0 if none.

    A lower confidence bound, at 1 - ``level``, for the number of cells in which the claim holds:
    the running maximum makes the p-values monotone in u, so no further correction is needed.

    Assumption: as `holds_in_at_least`.
    Shapes: ``pvalues`` is (K,). Errors: ``ValueError`` for p-values outside [0, 1] and a level
    outside (0, 1).
    Reference: Benjamini, Heller and Yekutieli (2009).
    """
    bound = float(inside_unit(level, "level"))
    return sum(pvalue <= bound for pvalue in step_down(sorted(check_pvalues(pvalues))))


def _check_u(u: int, cells: int) -> None:
    if not isinstance(u, numbers.Integral) or not 1 <= u <= cells:
        raise ValueError(f"u is {u}, give a number of cells from 1 to {cells}")
