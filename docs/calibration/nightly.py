"""Whether a verdict that may come on any of sixty nights is to be trusted; writes nightly.json.

First e-processes alone, on differences of known truth; then suites on worlds, every night judged.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from e_process import e_process
from numpy.typing import NDArray

from bnclaims.protocol.load import load_protocol
from bnclaims.run.calibrate.calibration import calibrate
from bnclaims.stats import clopper_pearson
from bnclaims.stats.anytime import mean_evidence, rank_evidence

RESULT = Path(__file__).with_name("nightly.json")
CLAIMS = Path(__file__).parents[2] / "claims"
PROTOCOL = "calibration-nightly"
RULES = load_protocol(PROTOCOL).rules
REPETITIONS = 2000
# Where an effect begins.
LINE = RULES.smallest_effect
# F1 on 50 test images per class comes in steps of about this size.
STEP = 50
SUITES = {"null": 12, "zero_inflated": 12, "two_majority_effect": 8}

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
Case = tuple[Draw, Literal["greater", "less"], float]


def normal(
    centre: float, spread: float, stream: np.random.Generator, n: int
) -> NDArray[np.float64]:
    """Symmetric differences."""
    return stream.normal(centre, spread, n)


def heavy(stream: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Symmetric differences with long tails."""
    return LINE + 0.1 * stream.standard_t(3, n)


def lopsided(stream: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Differences with a mean on the line, most of them a little above it and some far below."""
    return LINE + 0.15 * (1 - stream.exponential(size=n))


def rare(stream: np.random.Generator, n: int) -> NDArray[np.float64]:
    """A gain of half an F1 in one seed of five and none in the others: a mean of the margin."""
    return 0.5 * (stream.random(n) < 0.2) + stream.normal(0, 0.02, n)


def few(stream: np.random.Generator, n: int) -> NDArray[np.float64]:
    """A gain of 0.85 F1 in one seed of five: a mean of 0.17, and a pseudomedian below the margin."""
    return 0.85 * (stream.random(n) < 0.2) + stream.normal(0, 0.05, n)


# The mean is on the line, but in the last, where the pseudomedian is beyond it.
WRONG: Mapping[str, Case] = {
    "symmetric, a gain of .10": (partial(normal, LINE, 0.15), "greater", LINE),
    "heavy tails, a gain of .10": (heavy, "greater", LINE),
    "lopsided, a mean of .10": (lopsided, "greater", LINE),
    "rare gains of 0.5, called less than the margin": (rare, "less", RULES.margin),
    "rare gains of 0.85, called more than the margin": (few, "greater", RULES.margin),
}
RIGHT: Mapping[str, Case] = {
    "gain 0.5, spread 0.15, above .10": (partial(normal, 0.5, 0.15), "greater", LINE),
    "gain 0.2, spread 0.15, above .10": (partial(normal, 0.2, 0.15), "greater", LINE),
    "no gain, spread 0.05, below the margin": (partial(normal, 0.0, 0.05), "less", RULES.margin),
    "no gain, spread 0.15, below the margin": (partial(normal, 0.0, 0.15), "less", RULES.margin),
}


def evidence(case: Case, stream: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Logarithms of the e-processes after every night, by name; the largest so far."""
    how = RULES.accumulation
    assert how is not None
    draw, alternative, shift = case
    steps = np.rint(np.clip(draw(stream, how.nights * how.seeds_per_night), -1, 1) * STEP)
    values = [Fraction(int(step), STEP) for step in steps]
    with np.errstate(divide="ignore"):
        first = np.log(e_process(values, shift=shift, alternative=alternative))
    ranks = rank_evidence(values, shift=shift, alternative=alternative, bets=how.bets)
    mean = mean_evidence(
        values, bounds=(-1, 1), shift=shift, alternative=alternative, bets=how.bets
    )
    every = {"exp(l S - l^2 V / 2)": first, "ranks": ranks, "mean": mean}
    so_far = {name: np.maximum.accumulate(found) for name, found in every.items()}
    so_far["both, as judged"] = np.minimum(so_far["ranks"], so_far["mean"])
    nights = slice(how.seeds_per_night - 1, None, how.seeds_per_night)
    return {name: found[nights] for name, found in so_far.items()}


def rates_of_ever(case: Case, stream: np.random.Generator) -> dict[str, Any]:
    """How often 1 / e falls to alpha on any night."""
    found = [evidence(case, stream) for _ in range(REPETITIONS)]
    rates = {}
    for name in found[0]:
        ever = sum(bool(run[name][-1] >= -np.log(RULES.alpha)) for run in found)
        rates[name] = {"rate": ever / REPETITIONS, "interval": clopper_pearson(ever, REPETITIONS)}
    return rates


def nights_until(case: Case, stream: np.random.Generator) -> dict[str, Any]:
    """Median and ninth decile of the night on which 1 / e falls to alpha / 8; None for later ones."""
    found = [evidence(case, stream) for _ in range(REPETITIONS // 10)]
    nights = {}
    for name in found[0]:
        curves = np.array([run[name] for run in found]) >= -np.log(RULES.level)
        first = np.where(curves.any(axis=1), curves.argmax(axis=1) + 1, np.inf)
        low, high = np.quantile(first, [0.5, 0.9], method="inverted_cdf")
        nights[name] = [int(night) if np.isfinite(night) else None for night in (low, high)]
    return nights


def audits(world: str, suites: int, jobs: int) -> dict[str, Any]:
    """Suites through all nights."""
    result = calibrate(world, suites=suites, protocol=PROTOCOL, claims=CLAIMS, jobs=jobs)
    return {name: result[name] for name in ("truth", "suites", "any_wrong", "claims")}


def main() -> None:
    """Runs what is asked for and keeps the rest of nightly.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--world", action="append", choices=SUITES, help="suites of this world, no e-processes"
    )
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args()
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {"worlds": {}}
    assert RULES.accumulation is not None
    result["seeds_per_night"] = RULES.accumulation.seeds_per_night
    if chosen.world is None:
        stream = np.random.default_rng(2109)
        result["repetitions"] = REPETITIONS
        result["ever_wrong"] = {name: rates_of_ever(case, stream) for name, case in WRONG.items()}
        result["nights"] = {name: nights_until(case, stream) for name, case in RIGHT.items()}
        _write(result)
    for world in chosen.world or ():
        result["worlds"][world] = audits(world, SUITES[world], chosen.jobs)
        _write(result)


def _write(result: Mapping[str, Any]) -> None:
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
