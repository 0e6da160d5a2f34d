"""Power is delivered as promised: few repetitions of what docs/calibration/power.py measures."""

from __future__ import annotations

from typing import Any

from bnclaims.stats import signed_rank_power
from fixtures.scripts import script

POWER = script("power")
RULES = POWER.RULES
REPETITIONS = 200


def broken_promises(result: dict[str, Any]) -> list[int]:
    """Seeds for which promised and delivered power differ by more than chance and the guard allow."""
    broken = []
    for design in result["fixed"]:
        promised, delivered = design["promised"], design["delivered"]["rate"]
        chance = 4 * (max(promised * (1 - promised), 0.01) / REPETITIONS) ** 0.5
        # The guard that `judged` adds costs a little power and never gives any.
        if not promised - chance - 0.03 <= delivered <= promised + chance:
            broken.append(design["seeds"])
    return broken


def test_the_power_of_an_effect_is_delivered() -> None:
    assert not broken_promises(POWER.effect(0.8, REPETITIONS))


def test_the_power_of_an_absence_is_delivered() -> None:
    assert not broken_promises(POWER.absence(1.0, 0.0, REPETITIONS))


def test_the_promise_of_another_effect_is_found_out() -> None:
    result = POWER.compared(
        POWER.effect_p,
        RULES.effect_looks,
        lambda n: signed_rank_power(1.1, n, RULES.level),
        0.8,
        REPETITIONS,
    )
    assert 16 in broken_promises(result)


def test_a_look_decides_by_its_share_of_the_level() -> None:
    looks = {8: 0.5, 16: 0.25, 32: 0.25}
    level = RULES.level
    just = {8: 0.5 * level, 16: 1.0, 32: 1.0}
    assert POWER.first_look(just, looks) == 8
    assert POWER.first_look({8: level, 16: 0.2 * level, 32: 1.0}, looks) == 16
    assert POWER.first_look({8: level, 16: level, 32: 0.24 * level}, looks) == 32
    assert POWER.first_look({8: level, 16: level, 32: 0.26 * level}, looks) is None


def test_an_effect_is_decided_earlier_the_larger_it_is() -> None:
    small, large = (POWER.effect(size, 100)["sequential"]["mean_seeds"] for size in (0.8, 1.5))
    assert 16 <= large < small < 64
