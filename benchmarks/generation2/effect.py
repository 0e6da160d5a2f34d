"""How often an effect beyond its size is wrongly called SUPPORTED, with guards and without.

PYTHONPATH=benchmarks/generation2 python benchmarks/generation2/effect.py [--suites 20000]
"""

from __future__ import annotations

import argparse
import itertools
from typing import Any

import numpy as np
from fast import LEVEL, Floats, effect, two_point_support

RULES: dict[str, dict[str, Any]] = {
    "none": {"guarded_at": None},
    "mean > 0 from 32": {"guarded_at": 0.0, "guarded_from": 32},
    "mean > 0": {"guarded_at": 0.0},
    "mean > .05": {"guarded_at": 0.05},
    "mean > .10": {"guarded_at": 0.10},
    "mean > 0, no W": {"guarded_at": 0.0, "share": None},
}
TWO_POINT = {
    "bimodal": (0.2, 0.6, 0.293),
    "rare_collapse, one in six": (0.12, 0.6, 1 / 6),
    "rare_collapse, 13.6 %": (0.15, 0.95, 0.136),
    "zero-inflated: .5 in 20 %": (0.5, 0.0, 0.8),
    "zero-inflated: 1 in 10 %": (1.0, 0.0, 0.9),
    ".19 in 50 %, else 0": (0.19, 0.0, 0.5),
}


def percent(value: float) -> str:
    """Two digits."""
    return f"{100 * value:.2f}"


def continuous(name: str, stream: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Worlds with a density: the mean, or mean and pseudomedian, at most .10."""
    kind, *numbers = name.split()
    first, *rest = [float(number) for number in numbers] or [0.0]
    match kind:
        case "just_below":
            return stream.normal(first, rest[0], shape)
        case "left_tail":  # mean .10, most seeds above it
            return 0.10 + first * (1 - stream.exponential(1, shape))
        case "right_tail":
            return 0.10 - first * (1 - stream.exponential(1, shape))
        case "lognormal_left":
            return 0.10 + 0.1 * (np.exp(0.5) - np.exp(stream.normal(0, 1, shape)))
        case "t3":
            return 0.10 + 0.1 * stream.standard_t(3, shape)
        case "rare_collapse_with_noise":
            bad = stream.random(shape) < 1 / 6
            return np.where(bad, -0.6, 0.12) + stream.normal(0, 0.02, shape)
    raise ValueError(name)


CONTINUOUS = (
    "just_below .10 .05",
    "just_below .09 .05",
    "just_below .07 .05",
    "just_below .09 .01",
    "left_tail .05",
    "left_tail .2",
    "left_tail .4",
    "lognormal_left",
    "right_tail .2",
    "t3",
    "rare_collapse_with_noise",
)


def worst_two_point(mean: float, rule: dict[str, Any]) -> tuple[float, float, float, float]:
    """The largest chance of SUPPORTED over worlds of two values with this mean, and that world."""
    best = (0.0, 0.0, 0.0, 0.0)
    ups = [0.101, 0.11, *np.arange(0.12, 0.6, 0.02).round(3), *np.arange(0.6, 1.01, 0.1).round(2)]
    downs = [0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0]
    for up, down in itertools.product(ups, downs):
        if up <= mean or (down == 0.0 and mean <= 0):
            continue
        rare = (up - mean) / (up + down)
        chance = two_point_support(float(up), down, rare, **rule)
        best = max(best, (chance, float(up), down, rare))
    return best


def worst_three_point(mean: float, worlds: int, suites: int) -> dict[str, tuple[float, str]]:
    """The largest simulated chance of SUPPORTED over random worlds of three values with this mean."""
    stream = np.random.default_rng(11)
    best: dict[str, tuple[float, str]] = {}
    for _ in range(worlds):
        top, middle = stream.uniform(0.11, 0.6), stream.uniform(-0.3, 0.4)
        bottom = -stream.choice([0.3, 0.6, 1.0])
        some = stream.uniform(0, 0.5)  # share of the middle value, of what does not lose
        typical = (1 - some) * top + some * middle
        if typical <= mean:
            continue
        rare = (typical - mean) / (typical - bottom)
        chances = [(1 - rare) * (1 - some), (1 - rare) * some, rare]
        # So small a noise changes nothing but ties.
        d = stream.choice([top, middle, bottom], p=chances, size=(suites, 64))
        d += stream.normal(0, 1e-6, d.shape)
        for name, rule in RULES.items():
            found = float((effect(d, **rule) <= LEVEL).mean())
            world = f"{top:.2f}, {middle:.2f}, {bottom:g} in {percent(rare)} %"
            best[name] = max(best.get(name, (0.0, "")), (found, world))
    return best


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", type=int, default=20_000)
    parser.add_argument("--worlds", type=int, default=60)
    options = parser.parse_args()
    suites = options.suites
    print(f"| world | mean | {' | '.join(RULES)} |\n|---|---|{'---|' * len(RULES)}")
    for name, (up, down, rare) in TWO_POINT.items():
        mean = up * (1 - rare) - down * rare
        cells = [percent(two_point_support(up, down, rare, **rule)) for rule in RULES.values()]
        print(f"| {name} | {mean:.3f} | {' | '.join(cells)} |", flush=True)
    for name in CONTINUOUS:
        d = continuous(name, np.random.default_rng(1), (suites, 64))
        cells = [percent(float((effect(d, **rule) <= LEVEL).mean())) for rule in RULES.values()]
        print(f"| {name} | {d.mean():.3f} | {' | '.join(cells)} |", flush=True)
    print("\nWorst world of two values, of those with this mean:\n")
    print(
        "| mean | guard | % SUPPORTED | gain | loss | share of losses |\n|---|---|---|---|---|---|"
    )
    for mean in (0.0, 0.02, 0.05, 0.08, 0.10):
        for guard, rule in RULES.items():
            chance, up, down, rare = worst_two_point(mean, rule)
            print(
                f"| {mean} | {guard} | {percent(chance)} | {up} | {down} | {percent(rare)} % |",
                flush=True,
            )
    print("\nWorst of random worlds of three values:\n")
    print("| mean | guard | % SUPPORTED | values |\n|---|---|---|---|")
    for mean in (0.0, 0.05):
        found = worst_three_point(mean, options.worlds, 1_000)
        for guard, (chance, world) in found.items():
            print(f"| {mean} | {guard} | {percent(chance)} | {world} |", flush=True)


if __name__ == "__main__":
    main()
