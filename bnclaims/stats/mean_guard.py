"""The guard of the verdicts against rare collapses: a p-value for the mean that assumes no symmetry."""

from __future__ import annotations

import math

import numpy as np

from bnclaims.stats._exact import (
    ONE_SIDED,
    Number,
    Numbers,
    OneSided,
    check_choice,
    exact_number,
    exact_numbers,
    inside_unit,
    to_integers,
)
from bnclaims.stats.sign_flip import judged

# The share of the largest bet that cannot lose everything. Losses of networks are far smaller than
# the worst, so that the best bet is a large one; just below 1, a worst loss costs a factor of 50.
BET = 0.98
# How far beyond the line that is tested the mean must lie: one smallest effect of interest.
DISTANCE = 0.1


def mean_guard(
    differences: Numbers,
    *,
    shift: Number = 0.0,
    alternative: OneSided = "greater",
    worst: Number = 1.0,
    bet: Number = BET,
) -> float:
    """One-sided p-value of the mean of bounded differences, valid at every number of seeds at once.

    Null hypothesis: given the past, each difference has a mean of at most ``shift`` ("less": of at
    least), losses beyond ``worst`` being counted as ``worst``. p = min(1, 1 / e), e being the value
    after the last seed of `bnclaims.stats.anytime.mean_evidence` with the one ``bet``:

        e = product of 1 + bet (x - shift) / (worst + shift), x = max(d, -worst), for "greater".

    By Ville's inequality P(p <= a after any number of seeds) <= a, whatever the distribution: no
    symmetry, no share of the level per look. A seed that gains little proves little about what the
    others might lose: 16 equal gains of g give p = (1 + bet g)^-16 at shift 0, so that below g = .38
    they do not reach .05 / 8. p does not depend on the order of the seeds.

    Assumption: differences of at least -``worst`` ("less": at most ``worst``), or losses that are
    meant to count no more. A difference of F1 is within 1. One of Youden's J is within 2, but only a
    network that has learnt the opposite loses more than 1.
    Shapes and units: ``differences`` is (n,); ``shift`` and ``worst`` have its unit, with
    -worst < shift ("less": shift < worst); ``bet`` is a share between 0 and 1 chosen beforehand.
    Errors: ``ValueError`` for differences as in `signed_rank` and for other options.
    References: Waudby-Smith and Ramdas (2024), arXiv:2010.09686; Ville (1939).
    """
    values = exact_numbers(differences, "differences")
    check_choice(alternative, "alternative", ONE_SIDED)
    limit, share = exact_number(worst, "worst"), inside_unit(bet, "bet")
    if limit <= 0:
        raise ValueError(f"worst is {worst}, give a positive number in the unit of the differences")
    sign = 1 if alternative == "greater" else -1
    line = sign * exact_number(shift, "shift")
    if line <= -limit:
        raise ValueError(
            f"shift is {shift}, give one that is less than the worst loss of {worst} from 0"
        )
    # `mean_evidence` in integers over one denominator, with one bet, and any bound above.
    (*scaled, least, centre), _ = to_integers([*values, -limit, line])
    reach = centre - least
    beyond = [(max(sign * value, least) - centre) / reach for value in scaled]
    evidence = float(np.cumsum(np.log1p(float(share) * np.array(beyond)))[-1])
    return math.exp(-max(0.0, evidence))


def guarded_p(
    differences: Numbers,
    *,
    shift: Number = 0.0,
    alternative: OneSided = "greater",
    weight: Number = 1,
    distance: Number = DISTANCE,
    worst: Number = 1.0,
    bet: Number = BET,
    draws: int = 99_999,
    seed: int = 0,
) -> float:
    """One-sided p-value of the verdicts at one of several looks: `judged`, and the mean guarded.

    Null hypothesis: theta <= ``shift`` for "greater" (symmetric differences), or a mean of at most
    ``shift - distance`` whatever their distribution; for "less" the mirror. Both must be rejected,

        p = max(judged, weight mean_guard),

    where ``weight`` is the look's share of the level, by which `sequential_p` divides: what is
    compared with the level in the end is max(judged / weight, mean_guard), since the guard holds at
    all looks at once and needs no share.

    Assumption: as `judged` or as `mean_guard`. Shapes and units: as `mean_guard`; ``distance`` >= 0
    has the unit of the differences, ``weight`` is in (0, 1]; ``draws`` and ``seed`` as in `judged`.
    Errors: as `judged` and `mean_guard`, and ``ValueError`` for another weight or distance.
    Reference: Berger (1982), intersection-union test.
    """
    values = exact_numbers(differences, "differences")
    share, away = exact_number(weight, "weight"), exact_number(distance, "distance")
    if not 0 < share <= 1:
        raise ValueError(f"weight is {weight}, give the look's share of the level, above 0 to 1")
    if away < 0:
        raise ValueError(f"distance is {distance}, give a number of at least 0")
    line = exact_number(shift, "shift")
    check_choice(alternative, "alternative", ONE_SIDED)
    mean = mean_guard(
        values,
        shift=line - away if alternative == "greater" else line + away,
        alternative=alternative,
        worst=worst,
        bet=bet,
    )
    found = judged(values, shift=line, alternative=alternative, draws=draws, seed=seed)
    return max(found, float(share) * mean)
