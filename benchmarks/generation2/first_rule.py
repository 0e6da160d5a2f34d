"""How often the rule of generation 1 calls an effect SUPPORTED where there is none of that size.

PYTHONPATH=benchmarks/generation2 python benchmarks/generation2/first_rule.py [--suites 1000]
"""

from __future__ import annotations

import argparse
from fractions import Fraction

import numpy as np
from effect import TWO_POINT, percent
from fast import Floats

from bnclaims.stats import clopper_pearson, judged, pseudomedian

LEVEL = 0.05 / 6
LOOKS = ((8, 0.5), (16, 0.25), (32, 0.25))
SMALLEST = Fraction(1, 10)


def supported(seeds: Floats) -> bool:
    """No gain is rejected and the estimate is large enough, at a look: the rule of an effect then."""
    p = 1.0
    for n, weight in LOOKS:
        values = [Fraction(round(float(value) * 1000), 1000) for value in seeds[:n]]
        p = min(p, judged(values, shift=0, alternative="greater", zeros="pratt") / weight)
        if p <= LEVEL and pseudomedian(values) >= SMALLEST:
            return True
    return False


def suites(name: str, count: int) -> Floats:
    """Gains of 32 seeds in every suite of a world."""
    stream = np.random.default_rng(0)
    if name in TWO_POINT:
        gain, loss, share = TWO_POINT[name]
        return np.where(stream.random((count, 32)) < share, -loss, gain)
    mean, spread = map(float, name.split())
    return stream.normal(mean, spread, (count, 32))


def main() -> None:
    """Prints one line per world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", type=int, default=1000)
    count = parser.parse_args().suites
    print("| world | mean | % SUPPORTED [95 % interval] |\n|---|---|---|")
    for name in ("0.09 0.05", "0.09 0.1", "0.07 0.1", "0.05 0.1", *list(TWO_POINT)[:3]):
        rows = suites(name, count)
        found = sum(supported(row) for row in rows)
        low, high = clopper_pearson(found, count, confidence=0.95)
        if name in TWO_POINT:
            gain, loss, share = TWO_POINT[name]
            what, mean = name, gain * (1 - share) - loss * share
        else:
            what, mean = "normal, SD " + name.split()[1], float(name.split()[0])
        print(
            f"| {what} | {mean:.3f} | {percent(found / count)} [{percent(low)}, {percent(high)}] |"
        )


if __name__ == "__main__":
    main()
