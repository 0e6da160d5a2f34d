"""A peak or a trend that is shown but too small to matter is not called one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from bnclaims.audit.evidence.per_seed import Column
from bnclaims.audit.statements.dose_response import Peak, Trend
from bnclaims.protocol.load import load_protocol

RULES = load_protocol("quick").rules
SEEDS = tuple(range(16))


def column(centre: float) -> Column:
    values = tuple(Fraction(round(1000 * centre) + seed % 3, 1000) for seed in SEEDS)
    return Column(
        seeds=SEEDS,
        low=values,
        high=values,
        leave_out=lambda: np.array([[float(value) for value in values]] * 2),
        share=Fraction(1, 10),
        bounds=(Fraction(-1), Fraction(1)),
    )


@pytest.mark.parametrize(("height", "counts"), [(0.01, False), (0.30, True)])
def test_a_peak_counts_only_at_its_height(height: float, counts: bool) -> None:
    gains = (column(0.3), column(0.3 + height), column(0.3))
    peak = Peak("gain", gains, (1, 2, 3), (column(0.1),) * 3)
    assert peak.support(RULES).p < RULES.level
    assert peak.large_enough(RULES) is counts


@pytest.mark.parametrize(("slope", "counts"), [(0.005, False), (-0.10, True)])
def test_a_trend_counts_only_when_it_amounts_to_the_margin(slope: float, counts: bool) -> None:
    gains = tuple(column(0.5 + slope * dose) for dose in range(4))
    trend = Trend("gain", gains, (0, 1, 2, 3), (column(0.1),) * 4)
    assert trend.support(RULES).p < RULES.level
    assert trend.large_enough(RULES) is counts
