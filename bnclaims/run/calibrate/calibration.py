"""Calibration: many suites on a synthetic world, and how often each verdict is given and wrong."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.schema import FAMILY
from bnclaims.run.calibrate.counts import Counts
from bnclaims.run.calibrate.suite import Suite, calibrated_claims, run_suite
from bnclaims.run.process_pool import mapped
from bnclaims.training import synthetic

# Suites of another --seed never share a number with these.
_SUITES_PER_SEED = 2**32
# Suites that a worker takes at a time, and after which what was counted is kept.
_CHUNK = 4
_KEPT_EVERY = 20


def calibrate(
    world: str,
    *,
    suites: int,
    protocol: str,
    claims: Path,
    seed: int = 0,
    jobs: int = 1,
    into: Path | None = None,
    on_suite: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Runs suites on a world and counts their verdicts, as plain data.

    Only the trainer is replaced. Suite k of a seed is the same whatever the number of suites and
    ``jobs`` (processes; with one, this process). ``into`` is a file that is kept up to date while
    the suites run, and continued where it has fewer of them than are asked for.
    """
    synthetic.world(world)
    rules = load_protocol(protocol)
    if unknown := sorted(set(rules.rules.family) ^ set(FAMILY)):
        raise BnclaimsError(
            f"--protocol {protocol}: no world knows what is true of a family with or without claim "
            f"{unknown[0]}; use a protocol whose family is {', '.join(FAMILY)}."
        )
    if missing := sorted(set(FAMILY) - rules.file.claims.keys()):
        raise BnclaimsError(
            f"--protocol {protocol}: has no cells for claim {missing[0]}; use a protocol that has them "
            "for the whole family, such as calibration."
        )
    calibrated_claims(claims)
    run = partial(run_suite, world, protocol=protocol, claims=claims)
    counts = Counts(world=world, protocol=rules, seed=seed)
    if into is not None and into.is_file():
        counts = Counts.read(into, world=world, protocol=rules, seed=seed)
        counts.check_first(run(seed * _SUITES_PER_SEED), into)
        # What is true of the world may be told otherwise by now.
        counts.write(into)
    numbers = [seed * _SUITES_PER_SEED + index for index in range(counts.suites, suites)]
    for _ in range(counts.suites):
        on_suite()
    # One thread each, or the processes fight over the cores.
    with mapped(jobs, initializer=threadpool_limits, arguments=(1,), chunk=_CHUNK) as spread:
        for done in _batches(spread(run, numbers), on_suite):
            counts = dataclasses.replace(counts, done=(*counts.done, *done))
            if into is not None:
                counts.write(into)
    return counts.as_dict()


def _batches(suites: Iterator[Suite], on_suite: Callable[[], None]) -> Iterator[Sequence[Suite]]:
    suites = iter(suites)
    while batch := list(itertools.islice(_counted(suites, on_suite), _KEPT_EVERY)):
        yield batch


def _counted(suites: Iterator[Suite], on_suite: Callable[[], None]) -> Iterator[Suite]:
    for suite in suites:
        on_suite()
        yield suite
