"""What the power functions promise, what the judge delivers, and what looking early saves; writes power.json.

Differences are normal, in thousandths of their standard deviation. "Delivered" is the share of
repetitions in which `judged`, or `tost` of it, without the guard of the mean, is at most a claim's
level; in the sequential design it is the sequential p-value over the looks of the protocol, and
drawing stops there.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from bnclaims.protocol.load import load_protocol
from bnclaims.run.calibrate.counts import Rate
from bnclaims.stats import judged, sequential_p, signed_rank_power, tost, tost_power

RULES = load_protocol("quick").rules
REPETITIONS = 2000
SEEDS = (16, 24, 32, 64)
STEP = 1000
# The power above which designs are not told apart.
MOST = 0.999
# Standard deviations from 0; an effect of 0 shows how often the judge is wrong.
EFFECTS = (0.0, 0.4, 0.6, 0.8, 1.0, 1.5)
# Margins in standard deviations, without any effect: a margin of 0.10 F1 and gains that deviate by
# 0.20, 0.15, 0.10 and 0.07; and one with the effect at the margin, where the word would be wrong.
MARGINS = ((0.5, 0.0), (0.67, 0.0), (1.0, 0.0), (1.4, 0.0), (1.0, 1.0))

# The p-value of some differences, in order of their seeds.
Test = Callable[[Sequence[Fraction]], float]


def effect_p(differences: Sequence[Fraction]) -> float:
    """P-value for a pseudomedian above 0."""
    return judged(differences, draws=RULES.draws, seed=RULES.random_seed)


def absence_p(differences: Sequence[Fraction], *, margin: float) -> float:
    """P-value for a pseudomedian within the margin."""
    return tost(differences, margin=margin).pvalue


def main() -> None:
    """Runs the simulations on all cores, some minutes of one core."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        effects = [pool.submit(effect, size) for size in EFFECTS]
        absences = [pool.submit(absence, *case) for case in MARGINS]
        found = {
            "level": RULES.level,
            "repetitions": REPETITIONS,
            "effects": [run.result() for run in effects],
            "absences": [run.result() for run in absences],
        }
    text = json.dumps(found, indent=1)
    Path(__file__).with_name("power.json").write_text(text + "\n", encoding="utf-8")


def effect(size: float, repetitions: int = REPETITIONS) -> dict[str, Any]:
    """Power for an effect of ``size`` standard deviations."""
    return {"effect_size": size} | compared(
        effect_p,
        RULES.effect_looks,
        lambda n: signed_rank_power(size, n, RULES.level, draws=20_000),
        size,
        repetitions,
    )


def absence(margin: float, size: float, repetitions: int = REPETITIONS) -> dict[str, Any]:
    """Power to show that an effect of ``size`` lies within ``margin``, both in standard deviations."""
    return {"margin": margin, "effect_size": size} | compared(
        functools.partial(absence_p, margin=margin),
        RULES.absence_looks,
        lambda n: tost_power(margin, n, RULES.level, effect_size=size, draws=20_000),
        size,
        repetitions,
    )


def compared(
    test: Test,
    looks: Mapping[int, float],
    promised: Callable[[int], float],
    size: float,
    repetitions: int,
) -> dict[str, Any]:
    """Promised and delivered power of fixed designs, and the sequential design beside them."""
    stream = np.random.default_rng([2109, round(100 * size)])
    steps = np.rint(stream.normal(size, 1, (repetitions, max(looks))) * STEP).astype(int)
    samples = [[Fraction(int(step), STEP) for step in row] for row in steps]
    p_values = [{n: test(sample[:n]) for n in {*SEEDS, *looks}} for sample in samples]
    stops = [first_look(by_seeds, looks) for by_seeds in p_values]
    power = sum(stop is not None for stop in stops) / repetitions
    # Nothing to compare where the word would be wrong, and no design has a power of 1.
    powerful = power > RULES.level
    equal = smallest_n(promised, power=min(power, MOST), at_most=96) if powerful else None
    return {
        "fixed": [
            {
                "seeds": n,
                "promised": promised(n),
                "delivered": Rate(
                    count=sum(p[n] <= RULES.level for p in p_values), suites=repetitions
                ).as_dict(),
            }
            for n in SEEDS
        ],
        "sequential": {
            "power": Rate(count=sum(s is not None for s in stops), suites=repetitions).as_dict(),
            "decided_by": {
                n: sum(s is not None and s <= n for s in stops) / repetitions for n in looks
            },
            "mean_seeds": sum(max(looks) if s is None else s for s in stops) / repetitions,
            "fixed_seeds_of_equal_power": equal,
        },
    }


def smallest_n(power_at: Callable[[int], float], *, power: float, at_most: int) -> int | None:
    """Smallest number of seeds with ``power_at(n) >= power``, None when ``at_most`` are too few.

    By bisection, which takes power to grow with n; simulation noise and the steps of a discrete test
    can move the answer by one or two.
    """
    if power_at(at_most) < power:
        return None
    too_few, enough = 0, at_most
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if power_at(middle) >= power else (middle, enough)
    return enough


def first_look(p_values: Mapping[int, float], looks: Mapping[int, float]) -> int | None:
    """The number of seeds at which the sequential p-value first is at most the level."""
    for done in range(1, len(looks) + 1):
        seen = list(itertools.islice(looks, done))
        if sequential_p([p_values[n] for n in seen], list(looks.values())) <= RULES.level:
            return seen[-1]
    return None


if __name__ == "__main__":
    main()
