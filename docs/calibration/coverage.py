"""How often the intervals cover the truth that they speak of; writes coverage.json.

Two questions. Does the Hodges-Lehmann interval cover the pseudomedian, on differences that are
discretised as those of recalls on 150 images? And does the new-images interval cover the effect over
all images that might be, where the seeds of an audit share one pool of few, on the records of the
world `finite_pool`, through evidence and judgement as in an audit?
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.evidence.evidence import Column, Evidence, MeasuredKey, Measurement
from bnclaims.audit.statements.paired_effects import Effect
from bnclaims.protocol.cells import Cell, Selection, cells_of
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.run.calibrate.counts import Rate
from bnclaims.stats import hodges_lehmann
from bnclaims.store.record import Record
from bnclaims.training import synthetic

Floats = NDArray[np.float64]
# From seeds alone, and for new images.
Intervals = tuple[tuple[float, float], tuple[float, float]]

SEEDS = (8, 16, 32)
REPETITIONS = 4000
STEP = 150
# Of one standard deviation, which gains of F1 often have.
DEVIATION = 0.1
DRAWS: Mapping[str, Callable[[np.random.Generator, int], Floats]] = {
    "normal": lambda stream, n: stream.normal(0, DEVIATION, n),
    "t3": lambda stream, n: stream.standard_t(3, n) * (DEVIATION / 3**0.5),
    "uniform": lambda stream, n: stream.uniform(-(3**0.5), 3**0.5, n) * DEVIATION,
}
# Both are centres of symmetry of the discretised differences too: on a step, and between two.
CENTRES = (Fraction(0), Fraction(1, 2))

PROTOCOL = load_protocol("quick")
POOLS = (174, 600, 3000)
SUITES = 600
# Suites of one seed each, which together are a sample from all images.
POPULATION = 10_000
# The world as it is, and one in which images matter more than all else: what single images add is
# larger, networks with the same images hardly differ, and the threshold starts where F1 is steep.
PLACES: Mapping[str, Mapping[str, float]] = {
    "finite_pool": {},
    "finite_pool, images matter most": {"images": 2.0, "spread": 0.05, "plain": -2.5},
}


def main() -> None:
    """Runs both simulations on all cores, some ten minutes of one core."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        shapes = list(itertools.product(DRAWS, CENTRES, SEEDS))
        runs = [pool.submit(partial(symmetric, *shape, REPETITIONS)) for shape in shapes]
        chunks = [range(start, start + 50) for start in range(0, SUITES, 50)]
        places = list(itertools.product(PLACES, POOLS))
        jobs = [
            [pool.submit(pools, PLACES[place], size, chunk) for chunk in chunks]
            for place, size in places
        ]
        targets = {
            place: [
                pool.submit(gains, PLACES[place], range(start, start + 500))
                for start in range(0, POPULATION, 500)
            ]
            for place in PLACES
        }
        truths = {
            place: pseudomedian(np.concatenate([part.result() for part in parts]))
            for place, parts in targets.items()
        }
        found = {
            "confidence": PROTOCOL.rules.confidence,
            "hodges_lehmann": [run.result() for run in runs],
            "new_images": [
                {
                    "place": place,
                    "changes": PLACES[place],
                    "pool": size,
                    "population_effect": truths[place],
                    "seeds": coverage([f for job in parts for f in job.result()], truths[place]),
                }
                for (place, size), parts in zip(places, jobs, strict=True)
            ],
        }
    text = json.dumps(found, indent=1)
    Path(__file__).with_name("coverage.json").write_text(text + "\n", encoding="utf-8")


# --- the interval of the pseudomedian ---------------------------------------------------------------


def symmetric(name: str, centre: Fraction, seeds: int, repetitions: int) -> dict[str, Any]:
    """Coverage of the interval for differences that are symmetric about ``centre`` steps."""
    # A stream of its own for every case, whatever else is run.
    stream = np.random.default_rng([2109, list(DRAWS).index(name), seeds, 2 * centre.numerator])
    covered = 0
    for _ in range(repetitions):
        steps = np.rint(DRAWS[name](stream, seeds) * STEP + float(centre)).astype(int)
        interval = hodges_lehmann([Fraction(int(step), STEP) for step in steps])
        covered += interval.low <= float(centre / STEP) <= interval.high
    return {
        "differences": name,
        "centre_in_steps": float(centre),
        "seeds": seeds,
        "covered": Rate(count=covered, suites=repetitions).as_dict(),
        "repetitions": repetitions,
    }


# --- the interval for new images --------------------------------------------------------------------


def pools(
    changes: Mapping[str, Any], size: int, suites: Sequence[int]
) -> list[dict[int, Intervals]]:
    """By suite and number of seeds: the intervals of the premise's gain, as an audit describes it.

    Every suite has a pool of ``size`` minority images of its own, and its looks share their seeds.
    """
    found = []
    for suite in suites:
        records = _records({**changes, "pool": size}, suite, max(SEEDS))
        measured: dict[MeasuredKey, Measurement] = {}
        by_seeds = {}
        for seeds in SEEDS:
            evidence = Evidence(_cell(), tuple(range(seeds)), PROTOCOL.rules, records, measured)
            described = Effect("gain", _gain(evidence)).describe(PROTOCOL.rules)
            assert described.interval is not None and described.new_images_interval is not None
            by_seeds[seeds] = (described.interval, described.new_images_interval)
        found.append(by_seeds)
    return found


def coverage(suites: Sequence[Mapping[int, Intervals]], truth: float) -> dict[int, Any]:
    """How often either interval holds the population effect, by number of seeds."""
    return {
        seeds: {
            name: _covering([suite[seeds][place] for suite in suites], truth)
            for place, name in enumerate(("seeds_alone", "new_images"))
        }
        for seeds in suites[0]
    }


def _covering(intervals: Sequence[tuple[float, float]], truth: float) -> dict[str, float | int]:
    covered = Rate(
        count=sum(low <= truth <= high for low, high in intervals), suites=len(intervals)
    ).as_dict()
    return covered | {"mean_width": float(np.mean([high - low for low, high in intervals]))}


def gains(changes: Mapping[str, Any], suites: Sequence[int]) -> Floats:
    """The gain of one seed in each of many suites, from pools so large that none is shared."""
    found = []
    for suite in suites:
        # Suites of the population share no number with those of the pools.
        records = _records({**changes, "pool": None}, suite + 2**32, 1)
        evidence = Evidence(_cell(), (0,), PROTOCOL.rules, records)
        found.append(float(_gain(evidence).observed[0]))
    return np.array(found)


def pseudomedian(values: Floats) -> float:
    """Median of the averages of all pairs, to a millionth, for more values than have a table of pairs."""
    ordered = np.sort(values)
    n = len(ordered)
    low, high = float(ordered[0]), float(ordered[-1])
    while high - low > 1e-6:
        middle = (low + high) / 2
        ordered_pairs = int(np.searchsorted(ordered, 2 * middle - ordered, side="right").sum())
        # Every pair of two is there in both orders, and every value with itself once.
        alone = int(np.searchsorted(ordered, middle, side="right"))
        if (ordered_pairs + alone) // 2 * 2 >= n * (n + 1) // 2:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _gain(evidence: Evidence) -> Column:
    return evidence.f1(FINAL_BN) - evidence.f1(PLAIN)


@cache
def _cell() -> Cell:
    datasets = dict.fromkeys(PROTOCOL.file.datasets, "world")
    dataset = PROTOCOL.file.default_dataset
    (cell,) = cells_of(PROTOCOL, "premise", Selection(dataset=dataset, fingerprints=datasets))
    return cell


def _records(changes: Mapping[str, Any], suite: int, seeds: int) -> dict[str, Record]:
    train = synthetic.trainer("finite_pool", suite=suite, **changes)
    trials = _cell().trials((PLAIN, FINAL_BN), range(seeds))
    return {trial.key: train(trial) for trial in trials}


if __name__ == "__main__":
    main()
