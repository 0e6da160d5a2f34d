"""Coverage of the interval of the retained share, against a bootstrap of the ratio of means.

    PYTHONPATH=benchmarks/generation2 python benchmarks/generation2/retained.py [--suites 2000]

Then the intervals of the committed audits.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from committed import gains
from fast import Floats, signed_rank
from scipy.stats import t

from bnclaims.stats.ratio import ratio_interval

SEEDS = (16, 32, 64)


def world(name: str, suites: int, stream: np.random.Generator) -> tuple[float, Floats, Floats]:
    """The true ratio, and the gains removed and kept, (suites, 64)."""
    shape = (suites, 64)
    shared, own = stream.normal(size=shape), stream.normal(size=shape)
    match name:
        case "share .5, gain .7, SD .1, r .5":
            return 0.5, 0.35 + 0.1 * (0.5 * shared + 0.87 * own), 0.7 + 0.1 * shared
        case "share .5, gain .3, SD .3, r .5":
            return 0.5, 0.15 + 0.3 * (0.5 * shared + 0.87 * own), 0.3 + 0.3 * shared
        case "share .8, gain .5, SD .2, r .9":
            return 0.8, 0.40 + 0.2 * (0.9 * shared + 0.44 * own), 0.5 + 0.2 * shared
        case "share .5, gain .5, SD .2, r -.5":
            return 0.5, 0.25 + 0.2 * (-0.5 * shared + 0.87 * own), 0.5 + 0.2 * shared
        case "share 0, gain .5, SD .2, r 0":
            return 0.0, 0.2 * own, 0.5 + 0.2 * shared
        case "share .5, no gain (SD .2)":
            return 0.5, 0.2 * own, 0.2 * shared
        case "share .5, removed all or nothing":  # r is k or 0, half each
            kept = 0.6 + 0.1 * shared
            return 0.5, np.where(stream.random(shape) < 0.5, kept, 0.0), kept
        case "share .3, removed all or nothing":
            kept = 0.6 + 0.1 * shared
            return 0.3, np.where(stream.random(shape) < 0.3, kept, 0.0), kept
    raise ValueError(name)


WORLDS = (
    "share .5, gain .7, SD .1, r .5",
    "share .5, gain .3, SD .3, r .5",
    "share .8, gain .5, SD .2, r .9",
    "share .5, gain .5, SD .2, r -.5",
    "share 0, gain .5, SD .2, r 0",
    "share .5, no gain (SD .2)",
    "share .5, removed all or nothing",
    "share .3, removed all or nothing",
)


def _covered(rho: float, r: Floats, k: Floats) -> float:
    x = r - rho * k
    return float((np.minimum(signed_rank(x), signed_rank(-x)) > 0.025).mean())


def _bootstrap(rho: float, r: Floats, k: Floats, draws: int = 999) -> float:
    stream = np.random.default_rng(5)
    n, inside = r.shape[1], 0
    for one, other in zip(r, k, strict=True):
        drawn = stream.multinomial(n, [1 / n] * n, size=draws)
        ratios = (drawn @ one) / (drawn @ other)
        low, high = np.quantile(ratios, (0.025, 0.975))
        inside += low <= rho <= high
    return inside / len(r)


def _fieller(rho: float, r: Floats, k: Floats) -> float:
    """The t test of the mean of r - rho k at the true ratio: Fieller's set."""
    x = r - rho * k
    n = x.shape[1]
    statistic = x.mean(axis=1) / (x.std(axis=1, ddof=1) / np.sqrt(n))
    return float((np.abs(statistic) <= t.ppf(0.975, n - 1)).mean())


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", type=int, default=2_000)
    suites = parser.parse_args().suites
    print("| world | " + " | ".join(f"{n}: rank, Fieller, bootstrap" for n in SEEDS) + " |")
    print("|---|" + "---|" * len(SEEDS))
    for name in WORLDS:
        rho, r, k = world(name, suites, np.random.default_rng(4))
        few = min(suites, 1000)
        cells = [
            f"{100 * _covered(rho, r[:, :n], k[:, :n]):.1f}, "
            f"{100 * _fieller(rho, r[:, :n], k[:, :n]):.1f}, "
            f"{100 * _bootstrap(rho, r[:few, :n], k[:few, :n]):.1f}"
            for n in SEEDS
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print("\n| audit | seeds | F1 | J | ms |\n|---|---|---|---|---|")
    for report, setting in (
        ("quick-digits", "digits simple_cnn softmax 64 10 - 1000 10"),
        ("quick-leaves", "leaves simple_cnn softmax 64 10 - 1000 10"),
        ("quick-apple", "plantvillage-apple simple_cnn softmax 64 10 - 1000 10"),
        ("full-apple", "plantvillage-apple simple_cnn softmax 64 10 - 1000 10"),
    ):
        removed = gains(report, setting, readout="removed")
        kept = gains(report, setting)[: len(removed)]
        start, cells = time.process_time(), []
        for score in (0, 1):
            found = ratio_interval(removed[:, score].round(6), kept[:, score].round(6))
            cells.append(f"{found.estimate:.2f} [{found.low:.2f}, {found.high:.2f}]")
        taken = 1000 * (time.process_time() - start)
        print(f"| {report} | {len(removed)} | {' | '.join(cells)} | {taken:.0f} |", flush=True)
    stream = np.random.default_rng(1)
    k = stream.normal(0.4, 0.3, 64).round(3)
    start = time.process_time()
    ratio_interval((0.5 * k + stream.normal(0, 0.1, 64)).round(3), k)
    print(f"\n64 seeds: {1000 * (time.process_time() - start):.0f} ms")


if __name__ == "__main__":
    main()
