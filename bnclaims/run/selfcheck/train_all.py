"""What a check has trained: in processes of its own, into stores of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from bnclaims import datasets, training
from bnclaims.datasets import Sources
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Trial
from bnclaims.run.process_pool import mapped
from bnclaims.run.selfcheck.acceptance import REFERENCE
from bnclaims.run.selfcheck.first_step import Difference, difference
from bnclaims.run.selfcheck.machine import Machine
from bnclaims.run.selfcheck.scope import at
from bnclaims.store.store import Store
from bnclaims.training.runners.device_lock import turn
from bnclaims.training.trainer import NetworkTrainer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variant:
    """A way of training; ``null`` is the loop with other rounding."""

    executor: str
    precision: str
    null: bool = False

    @property
    def folder(self) -> str:
        """Name of its store."""
        return "null" if self.null else self.executor

    def of(self, trial: Trial) -> Trial:
        """The same trial in the precision of this variant."""
        return dataclasses.replace(trial, setting=at(trial.setting, self.precision))


LOOP = Variant(executor=REFERENCE[0], precision=REFERENCE[1])
NULL = dataclasses.replace(LOOP, null=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Portion:
    """Trials of one setting to be trained by a variant into its store under ``root``.

    With ``first_step`` nothing is trained or stored: the first step of the one trial is held
    against the loop's.
    """

    variant: Variant
    trials: tuple[Trial, ...]
    images: Sources
    root: Path
    first_step: bool = False

    @property
    def device(self) -> str:
        """The device that its trials are trained on."""
        return self.trials[0].setting.device


def machine_of(device: str) -> Machine:
    """The machine that this process runs on; `BnclaimsError` without the device."""
    from bnclaims.training.executors import device as devices

    return Machine.of(devices.environment_fingerprint(devices.device(device)))


def perform(portions: Sequence[Portion], *, jobs: int) -> Iterator[Difference | None]:
    """The outcomes of portions in order, None for what is in its store now.

    As many processes as ``jobs``; half of that for the null, whose processes have two threads. On a
    GPU it is one, which trains several networks at once, and it takes its turn.
    """
    if any(portion.device == "cuda" for portion in portions):
        jobs = 1
    null = any(portion.variant.null for portion in portions)
    with mapped(
        max(1, jobs // 2) if null else jobs, initializer=wait_without_spinning, apart=null
    ) as spread:
        yield from spread(_perform, portions)


def wait_without_spinning() -> None:
    """Prepares a new process to share its cores: threads that wait for each other let go of them.

    OpenMP reads this when it is loaded, so before torch is.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")


def _perform(portion: Portion) -> Difference | None:
    with turn(portion.device):
        if portion.first_step:
            return _first_step(portion)
        _train(portion)
    return None


def _train(portion: Portion) -> None:
    store = Store.open(portion.root / portion.variant.folder)
    # Read, since a damaged record is none.
    missing = [
        trial for trial in map(portion.variant.of, portion.trials) if store.read(trial.key) is None
    ]
    trainer = _trainer(portion.variant.executor, portion.images)
    while missing:
        with _arithmetic(portion.variant), _said_of(portion.variant, missing[0]):
            # As audits train them: several at once where that pays.
            many = trainer.together(missing)
            records = trainer.train_all(missing[:many]) if many > 1 else [trainer(missing[0])]
        for record in records:
            store.write(record)
        del missing[: len(records)]


def _first_step(portion: Portion) -> Difference:
    from bnclaims.run.selfcheck.float64_step import exact_first_step

    (trial,) = portion.trials
    draw = datasets.draw(trial.setting.task, trial.seed, sources=portion.images)
    own = portion.variant.of(trial)
    with _arithmetic(portion.variant), _said_of(portion.variant, own):
        other = training.first_step(portion.variant.executor)(own, draw)
    return difference(
        training.first_step(LOOP.executor)(trial, draw), other, exact=exact_first_step(trial, draw)
    )


@lru_cache(maxsize=4)
def _trainer(executor: str, sources: Sources) -> NetworkTrainer:
    return NetworkTrainer(executor, sources)


@contextlib.contextmanager
def _arithmetic(variant: Variant) -> Iterator[None]:
    from bnclaims.training.executors.device import other_rounding

    with other_rounding() if variant.null else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _said_of(variant: Variant, trial: Trial) -> Iterator[None]:
    """Turns whatever an executor raises into a sentence."""
    try:
        yield
    except BnclaimsError:
        raise
    except Exception as error:
        raise BnclaimsError(
            f"--executor {variant.executor}: {trial.setting.label}, {trial.arm}: {error!r}; "
            "mend it, or train with the loop."
        ) from error
