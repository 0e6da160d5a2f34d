"""What the guard of the mean costs: share of suites SUPPORTED by 16, 32 and 64 seeds.

    PYTHONPATH=benchmarks/generation2 python benchmarks/generation2/guard_power.py [--suites 2000]

Seeds of the committed audits are drawn with replacement; both scores must pass.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from committed import gains, resampled
from fast import LEVEL, LOOKS, Floats, effect

CELLS = {
    "premise, digits": ("quick-digits", "digits simple_cnn softmax 64 10 - 1000 10", "kept"),
    "premise, leaves": ("quick-leaves", "leaves simple_cnn softmax 64 10 - 1000 10", "kept"),
    "premise, apple": (
        "quick-apple",
        "plantvillage-apple simple_cnn softmax 64 10 - 1000 10",
        "kept",
    ),
    "premise, full apple": (
        "full-apple",
        "plantvillage-apple simple_cnn softmax 64 10 - 1000 10",
        "kept",
    ),
    "(iv) Fashion-MNIST": ("full-apple", "fashion-mnist simple_cnn softmax 64 10 - 700 7", "kept"),
    "(iv) apple, MLP": ("quick-apple", "plantvillage-apple mlp softmax 64 10 - 1000 10", "kept"),
    "(vi) digits, one logit": ("quick-digits", "digits simple_cnn sigmoid 64 10 - 1000 10", "kept"),
    "(vi) full apple, one logit": (
        "full-apple",
        "plantvillage-apple simple_cnn sigmoid 64 10 - 1000 10",
        "kept",
    ),
    "removed, digits": ("quick-digits", "digits simple_cnn softmax 64 10 - 1000 10", "removed"),
    "removed, apple": (
        "quick-apple",
        "plantvillage-apple simple_cnn softmax 64 10 - 1000 10",
        "removed",
    ),
    "removed, full apple": (
        "full-apple",
        "plantvillage-apple simple_cnn softmax 64 10 - 1000 10",
        "removed",
    ),
    "40 epochs, leaves": ("quick-leaves", "leaves simple_cnn softmax 64 40 - 1000 10", "kept"),
}
RULES: dict[str, dict[str, Any]] = {
    "none": {"guarded_at": None},
    "mean > 0": {"guarded_at": 0.0},
    "mean > .05": {"guarded_at": 0.05},
    "mean > .10": {"guarded_at": 0.10},
    "mean > 0, no W": {"guarded_at": 0.0, "share": None},
    "mean > 0, bets .5 .98": {"guarded_at": 0.0, "bets": (0.5, 0.98)},
}


def power(d: Floats, rule: dict[str, Any]) -> list[float]:
    """Share of suites (suites, seeds, scores) that are supported at each look or before."""
    found = []
    for done in range(1, len(LOOKS) + 1):
        p = [effect(d[:, :, score], looks=LOOKS[:done], **rule) for score in (0, 1)]
        found.append(float((np.max(p, axis=0) <= LEVEL).mean()))
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", type=int, default=2_000)
    suites = parser.parse_args().suites
    print(f"| cell | mean F1, J | {' | '.join(RULES)} |\n|---|---|{'---|' * len(RULES)}")
    for name, (report, setting, readout) in CELLS.items():
        rows = gains(report, setting, readout=readout)
        d = resampled(rows, suites)
        cells = ["/".join(f"{share:.2f}" for share in power(d, rule)) for rule in RULES.values()]
        means = ", ".join(f"{mean:.2f}" for mean in rows.mean(axis=0))
        print(f"| {name} | {means} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
