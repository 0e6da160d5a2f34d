"""Times of the tests that a judgement makes, in milliseconds of one core: python benchmarks/judging.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from bnclaims.stats import hodges_lehmann, judged, sign_flip_mean, signed_rank

SEEDS = (8, 16, 32, 64, 200)
REPEATS = 7


def recalls(n: int) -> list[Fraction]:
    """Differences of recalls on 150 images: many ties, one denominator."""
    steps = np.rint(np.random.default_rng(n).normal(4.5, 15, size=n)).astype(int)
    return [Fraction(int(step), 150) for step in steps]


def f1_scores(n: int) -> list[Fraction]:
    """Differences of F1 scores: hardly any ties, a denominator of their own each."""
    stream = np.random.default_rng(n)
    tops, bottoms = stream.integers(100, 280, (2, n)), stream.integers(280, 450, (2, n))
    first, second = (
        [Fraction(int(top), int(bottom)) for top, bottom in zip(*pair, strict=True)]
        for pair in zip(tops, bottoms, strict=True)
    )
    return [a - b for a, b in zip(first, second, strict=True)]


def milliseconds(test: Callable[..., Any], differences: list[Fraction]) -> float:
    """Least processor time of some runs."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        test(differences)
        times.append(time.process_time() - start)
    return 1000 * min(times)


def main() -> None:
    """Prints one line per number of seeds and kind of difference."""
    tests = (signed_rank, sign_flip_mean, judged, hodges_lehmann)
    print(f"{'seeds':>5}  {'differences':11}", *(f"{test.__name__:>14}" for test in tests))
    for n in SEEDS:
        for make in (recalls, f1_scores):
            times = (f"{milliseconds(test, make(n)):14.2f}" for test in tests)
            print(f"{n:>5}  {make.__name__:11}", *times)


if __name__ == "__main__":
    main()
