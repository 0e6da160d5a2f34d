"""What looking after every seed costs, on differences without any effect; writes peeking.json."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
from e_process import e_process

from bnclaims.stats import clopper_pearson, sequential_p, signed_rank

ALPHA = 0.05
RUNS, FIRST, LAST = 1000, 5, 64
LOOKS = {16: 0.5, 32: 0.25, 64: 0.25}
# F1 differences on 40 images per class come in steps of about this size.
STEP = 40


def main() -> None:
    """Runs the simulation, a minute on one core."""
    stream = np.random.default_rng(2109)
    found = {"after_every_seed": 0, "three_weighted_looks": 0, "e_process": 0, "once_at_64": 0}
    for _ in range(RUNS):
        steps = np.rint(stream.normal(0, 0.1 * STEP, LAST)).astype(int)
        values = [Fraction(int(step), STEP) for step in steps]
        p = {n: signed_rank(values[:n]).pvalue for n in range(FIRST, LAST + 1)}
        looks = [p[n] for n in LOOKS]
        found["after_every_seed"] += min(p.values()) <= ALPHA
        found["three_weighted_looks"] += sequential_p(looks, list(LOOKS.values())) <= ALPHA
        found["e_process"] += bool(e_process(values).max() >= 1 / ALPHA)
        found["once_at_64"] += p[32] <= ALPHA
    result = {
        name: {"rate": count / RUNS, "interval": clopper_pearson(count, RUNS)}
        for name, count in found.items()
    }
    text = json.dumps({"runs": RUNS, "alpha": ALPHA, "rates": result}, indent=1)
    Path(__file__).with_name("peeking.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
