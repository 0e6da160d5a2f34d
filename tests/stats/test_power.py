"""Power by precomputed critical values against the tests themselves."""

from __future__ import annotations

import numpy as np
import pytest

from bnclaims.stats import signed_rank
from bnclaims.stats.power import signed_rank_power, tost_power


@pytest.mark.parametrize("level", [0.05, 0.05 / 6, 2**-10, 11 / 1024])
def test_the_power_is_the_share_of_samples_that_the_test_rejects(level: float) -> None:
    samples = np.random.default_rng(3).normal(0.6, 1.0, size=(200, 10))
    rejected = np.mean([signed_rank(sample).pvalue <= level for sample in samples])
    assert signed_rank_power(0.6, 10, level, draws=200, seed=3) == rejected


def test_the_power_of_equivalence_is_the_share_where_both_sides_reject() -> None:
    samples = np.random.default_rng(3).normal(0.1, 1.0, size=(200, 12))
    rejected = [
        signed_rank(sample, shift=-1).pvalue <= 0.05
        and signed_rank(sample, shift=1, alternative="less").pvalue <= 0.05
        for sample in samples
    ]
    power = tost_power(1, 12, 0.05, effect_size=0.1, draws=200, seed=3)
    assert power == np.mean(rejected)


def test_no_sample_reaches_a_level_below_the_floor() -> None:
    assert signed_rank_power(50, 8, 2**-8) == 1.0
    assert signed_rank_power(50, 8, 0.99 * 2**-8) == 0.0


def test_the_size_under_the_null_is_at_most_the_level() -> None:
    assert signed_rank_power(0, 16, 0.05, draws=20_000) <= 0.055
    assert tost_power(1, 16, 0.05, effect_size=1, draws=20_000) <= 0.055


def test_levels_and_margins_are_checked() -> None:
    with pytest.raises(ValueError, match="level is 0"):
        signed_rank_power(0.8, 16, 0)
    with pytest.raises(ValueError, match="margin is -1"):
        tost_power(-1, 16, 0.05)
    with pytest.raises(ValueError, match="n is 0"):
        signed_rank_power(0.8, 0, 0.05)
