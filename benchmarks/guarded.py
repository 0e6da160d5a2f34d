"""Pairs of works whose ratio must not grow: what is guarded, and what it is compared with."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from contestants import eager
from contestants.job import Job
from growing.audits import CLAIMS, WORLD
from growing.steps import noise, trial_of

from bnclaims import training
from bnclaims.audit.claim import discover
from bnclaims.models import build
from bnclaims.protocol.trial import Trial
from bnclaims.run.design import asked
from bnclaims.run.request import Request
from bnclaims.stats import judged
from bnclaims.store.store import Store
from bnclaims.training import synthetic
from bnclaims.training.executors.batches import epochs
from bnclaims.training.runners import LocalRunner

Work = Callable[[], object]
# How many steps are guarded at each image side: some 100 ms of work at the small ones, a second at the large.
STEPS: Final = MappingProxyType({8: 48, 32: 12, 64: 8})
SIDE: Final = 8
TRIALS = 20
SEEDS = 32


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pair:
    """Two works, made in a folder of their own, and by what factor their ratio may grow.

    The factors are wide because processors differ in what they are good at; a work that has become
    twice as slow on the machine that wrote the ratios is seen on that machine.
    """

    make: Callable[[Path], tuple[Work, Work]]
    factor: float


def _job(side: int) -> Job:
    drawn, trial = noise(side), trial_of(side, 1, STEPS[side], "cpu")
    network = build(
        trial.setting.architecture,
        arm="plain",
        classes=2,
        channels=3,
        image_size=side,
        head=trial.setting.head,
        seed=trial.seed,
    )
    batches = [
        batch
        for order, sizes in epochs(trial, drawn.train_labels)
        for batch in np.split(order, np.cumsum(sizes)[:-1])
    ]
    return Job(
        trial=trial,
        train_pixels=drawn.train_pixels,
        train_labels=drawn.train_labels,
        validation_pixels=drawn.validation_pixels,
        validation_labels=drawn.splits["validation"].labels,
        test_pixels=drawn.test_pixels,
        test_labels=drawn.splits["test"].labels,
        batches=tuple(batches),
        weights=tuple(weight.detach().numpy() for weight in network.parameters()),
    )


def _executors(folder: Path) -> tuple[Work, Work]:
    job = _job(SIDE)
    loop, graph = (training.executor(name).train for name in ("loop", "graph"))
    return lambda: graph(job.trial, job.draw), lambda: loop(job.trial, job.draw)


def _eager(side: int, folder: Path) -> tuple[Work, Work]:
    job = _job(side)
    loop = training.executor("loop").train
    return lambda: loop(job.trial, job.draw), lambda: eager.predict(eager.fit(job), job)


def _trials() -> list[Trial]:
    design = asked(Request(protocol="quick", world=WORLD), discover(CLAIMS))
    return list(itertools.islice(design.plan.first.values(), TRIALS))


def _plain_files(folder: Path, texts: list[str]) -> Work:
    """Writes as many texts of the same length, each safely: what a store cannot do without."""

    def work() -> None:
        for number, text in enumerate(texts):
            path = folder / f"{number}.json"
            with path.with_suffix(".new").open("w", encoding="utf-8") as file:
                json.dump(text, file)
            os.replace(path.with_suffix(".new"), path)

    return work


def _store(folder: Path) -> tuple[Work, Work]:
    """Leases and writes of a runner, against files of the same length."""
    records = {trial.key: synthetic.trainer(WORLD)(trial) for trial in _trials()}
    trials = [record.trial for record in records.values()]
    rounds = itertools.count()

    def work() -> None:
        runner = LocalRunner(
            Store.open(folder / f"store-{next(rounds)}"), lambda trial: records[trial.key]
        )
        for trial in trials:
            runner.settle([trial])
        runner.close()

    return work, _plain_files(folder, _texts(folder, trials))


def _reading(folder: Path) -> tuple[Work, Work]:
    """Reads of records, proofs included, against writing files of the same length."""
    trials = _trials()
    texts = _texts(folder, trials)
    store = Store.open(folder / "filled")
    return lambda: [store.read(trial.key) for trial in trials], _plain_files(folder, texts)


def _texts(folder: Path, trials: list[Trial]) -> list[str]:
    store, make = Store.open(folder / "filled"), synthetic.trainer(WORLD)
    for trial in trials:
        store.write(make(trial))
    return ["x" * store.path(trial.key).stat().st_size for trial in trials]


def _judging(folder: Path) -> tuple[Work, Work]:
    """The test of the verdicts, against sorting and adding fractions."""
    from fractions import Fraction

    stream = np.random.default_rng(SEEDS)
    tops, bottoms = stream.integers(100, 280, SEEDS), stream.integers(280, 450, SEEDS)
    pairs = zip(tops.tolist(), bottoms.tolist(), strict=True)
    values = [Fraction(top, bottom) - Fraction(1, 2) for top, bottom in pairs]

    def work() -> Any:
        # A new shift each time, so that nothing is remembered.
        return judged(values, shift=next(shifts) / 1000, zeros="pratt", draws=999, seed=0)

    shifts = itertools.count()
    return work, lambda: [sum(sorted(values)[:n]) for n in range(SEEDS)]


PAIRS: Final[Mapping[str, Pair]] = MappingProxyType(
    {
        "captured steps / loop": Pair(make=_executors, factor=1.5),
        **{
            f"loop / plain eager loop, {side} px": Pair(make=partial(_eager, side), factor=1.5)
            for side in STEPS
        },
        "lease and write a record / write a file": Pair(make=_store, factor=2.0),
        "read and prove a record / write a file": Pair(make=_reading, factor=2.0),
        "test of a verdict / sums of fractions": Pair(make=_judging, factor=2.0),
    }
)
