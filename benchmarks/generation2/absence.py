"""False equivalence for rare large effects, and the power of equivalence, by rule.

PYTHONPATH=benchmarks/generation2 python benchmarks/generation2/absence.py [--suites 5000]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from fast import LEVEL, absence, two_point_support

LATE = ((32, 0.5), (64, 0.5))
RULES: dict[str, dict[str, Any]] = {
    "none, 16/32/64": {"guarded_at": None},
    "none, 32/64": {"guarded_at": None, "looks": LATE},
    "mean within .20, 32/64": {"guarded_at": 0.20, "looks": LATE},
    "mean within .15, 32/64": {"guarded_at": 0.15, "looks": LATE},
    "mean within .10, 32/64": {"guarded_at": 0.10, "looks": LATE},
}
RARE = ((0.5, 0.2), (0.5, 0.4), (0.8, 0.25), (1.0, 0.1), (1.0, 0.15), (1.0, 0.2), (1.0, 0.3))


def shares(d: Any, rule: dict[str, Any]) -> str:
    """Share of suites called equivalent, at each look or before."""
    looks = rule.get("looks", ((16, 0.5), (32, 0.25), (64, 0.25)))
    rest = {k: v for k, v in rule.items() if k != "looks"}
    found = [
        f"{100 * (absence(d, looks=looks[:done], **rest) <= LEVEL).mean():.1f}"
        for done in range(1, len(looks) + 1)
    ]
    return "/".join(found)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", type=int, default=5_000)
    suites = parser.parse_args().suites
    print(f"| gain, else 0 | mean | {' | '.join(RULES)} |\n|---|---|{'---|' * len(RULES)}")
    for gain, rare in RARE:
        cells = []
        for rule in RULES.values():
            at = rule["guarded_at"]
            chance = two_point_support(
                0.0,
                gain,
                rare,
                size=-0.10,
                guarded_at=None if at is None else -at,
                **{k: v for k, v in rule.items() if k == "looks"},
            )
            cells.append(f"{100 * chance:.2f}")
        print(
            f"| {gain} in {100 * rare:g} % | {gain * rare:.2f} | {' | '.join(cells)} |", flush=True
        )
    print(f"\n| normal | {' | '.join(RULES)} |\n|---|{'---|' * len(RULES)}")
    for centre, spread in (
        *((0.0, s) for s in (0.02, 0.05, 0.10, 0.15, 0.20)),
        *((0.05, s) for s in (0.02, 0.05, 0.10)),
        *((0.10, s) for s in (0.02, 0.10)),
    ):
        d = np.random.default_rng(2).normal(centre, spread, (suites, 64))
        cells = [shares(d, rule) for rule in RULES.values()]
        print(f"| mean {centre}, SD {spread} | {' | '.join(cells)} |", flush=True)
    skew = np.random.default_rng(3).exponential(0.1, (suites, 64))
    for name, d in (
        ("right tail, mean .10, SD .1", skew),
        ("right tail, mean .10, SD .2", 2 * skew - 0.1),
        ("right tail, mean .15, SD .1", skew + 0.05),
    ):
        print(f"| {name} | {' | '.join(shares(d, rule) for rule in RULES.values())} |", flush=True)


if __name__ == "__main__":
    main()
