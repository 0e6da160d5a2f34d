"""Sequential p-value: evidence that is looked at a few times, by weighted looks planned beforehand."""

from __future__ import annotations

from bnclaims.stats._exact import Numbers, check_pvalues, exact_numbers


def sequential_p(pvalues: Numbers, weights: Numbers) -> float:
    """P-value over several looks: min over the looks done of p_k / w_k, capped at 1.

    Look k spends the share w_k of the level, and the union bound over looks makes the result
    valid under any stopping rule between them. This value, not the raw p-value of the look at
    which one stopped, enters corrections for multiplicity.

    Assumption: the p-value of each look is valid, and looks and weights were fixed beforehand.
    Shapes: ``pvalues`` is (looks done,), ``weights`` is (looks planned,), at least as long,
    positive, with a sum of at most 1.
    Errors: ``ValueError`` when either is otherwise or a p-value is outside [0, 1].
    Reference: Armitage, McPherson and Rowe (1969) for the problem; Bonferroni for the remedy.
    """
    looks = check_pvalues(pvalues)
    shares = exact_numbers(weights, "weights")
    if len(looks) > len(shares):
        raise ValueError(f"pvalues holds {len(looks)} looks, plan at most {len(shares)} by weights")
    # Shares such as 5/6 and 1/6 may exceed 1 by a rounding error once they are floats.
    if min(shares) <= 0 or sum(shares) > 1 + 1e-12:
        raise ValueError(
            f"weights are {[float(share) for share in shares]}, give positive shares whose sum "
            f"is at most 1"
        )
    return min(1.0, *(float(p / share) for p, share in zip(looks, shares, strict=False)))
