"""What every runner does: reads the store, tells the other processes of the run how far it is."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training.runners.run_folder import RunFolder, WorkerStatus

# How long a process waits before it looks again for trials that others are training.
PATIENCE = 0.05
# How often, in seconds, a process that trains says how far it is; short trials come faster.
PACE = 0.2
# Records that a process keeps for its next judgements; reading them again costs milliseconds each.
KEPT_BYTES = 256 * 2**20
# The name of the process of a run that has no workers.
MAIN = "main"


class TrialFailed(Exception):
    """A trial that could not be trained; the store keeps the traceback as an error record."""


class Stopped(Exception):
    """The run was stopped while a judgement still needed trials."""


def _size(record: Record) -> int:
    """Bytes of a record, roughly: its texts are shared among records only in part."""
    scores = sum(array.nbytes for array in record.scores.values())
    return scores + sum(200 * len(split.images) for split in record.splits.values())


class Runner(ABC):
    """Obtains the records that judgements ask for, and remembers those it has seen.

    ``trained`` counts the trials that were trained through this runner. A trial that takes more than
    ``limit`` seconds is given up by all processes of the run. A ``worker`` stops when the process
    that started it is gone.
    """

    def __init__(
        self,
        store: Store,
        *,
        name: str = MAIN,
        run: RunFolder | None = None,
        worker: bool = False,
        limit: float | None = None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.trained = 0
        self._name = name
        self._run = run
        self._on_progress = on_progress
        self._records: dict[str, Record] = {}
        self._held = 0
        self._failed: dict[str, str] = {}
        self._wanted: tuple[Trial, ...] = ()
        self._done = False
        self._told = 0.0
        self._share = 0.0
        self._limit = limit
        self._parent = os.getppid() if worker else None

    @abstractmethod
    def obtain(self, trials: Sequence[Trial]) -> Mapping[str, Record]:
        """The records of all these trials, by key.

        Raises `TrialFailed` when one cannot be trained, `Stopped` when the run was stopped first.
        """

    @abstractmethod
    def close(self) -> None:
        """Ends whatever the runner keeps running."""

    def drain(self, also: Sequence[Trial] = ()) -> None:
        """Tells the other processes that this one has no tests left; helps them where it can."""
        self._tell((), done=True)

    def _should_stop(self) -> bool:
        # A worker whose controller is gone would train on for nobody. A process that a shell started
        # may outlive it: that is what nohup is for.
        orphaned = self._parent is not None and os.getppid() != self._parent
        return orphaned or (self._run is not None and self._run.stopped)

    def _forget(self) -> None:
        """Drops the records that were kept longest, so that a long run does not need ever more."""
        while self._records and self._held > KEPT_BYTES:
            self._drop(next(iter(self._records)))

    def _keep(self, key: str, record: Record) -> None:
        self._drop(key)
        self._records[key] = record
        self._held += _size(record)

    def _drop(self, key: str) -> None:
        record = self._records.pop(key, None)
        self._held -= _size(record) if record else 0

    def _read(self, trial: Trial) -> bool:
        if trial.key in self._records:
            return True
        if not self.store.has(trial.key):
            return False
        # A damaged record reads as None; the store has set it aside and it is trained again.
        record = self.store.read(trial.key)
        if record is None:
            return False
        self._keep(trial.key, record)
        return True

    def _note_failure(self, trial: Trial, reason: str, traceback: str) -> None:
        why = f"trial {trial.key[:12]} failed: {reason}; its traceback is in {self.store.root / 'errors'}"
        self._failed[trial.key] = why
        self.store.write_error(trial, traceback)

    def _give_up(self, trial: Trial, trace: str) -> None:
        """Tells every process of the run that the trial takes too long."""
        why = (
            f"trial {trial.key[:12]} did not end within {self._limit:g} s; where it was is in "
            f"{self.store.root / 'errors'}; look there, or raise --trial-timeout"
        )
        self._failed[trial.key] = why
        if self._run is not None:
            self._run.give_up(trial.key, why)
        self.store.write_error(trial, f"{why}\n{trace}")

    def _raise_if_failed(self, trial: Trial) -> None:
        if trial.key not in self._failed and self._run is not None:
            why = self._run.given_up(trial.key)
            if why is not None:
                self._failed[trial.key] = why
        if trial.key in self._failed:
            raise TrialFailed(self._failed[trial.key])

    def _hear(self, share: float) -> None:
        """Notes how much of the trial at hand is done, and tells it where that takes long."""
        self._share = share
        if time.monotonic() - self._told > PACE:
            self._tell(self._wanted, done=None)
            self._on_progress()

    def _count_trained(self) -> None:
        self.trained += 1
        self._share = 0.0
        if time.monotonic() - self._told > PACE:
            self._tell(self._wanted, done=None)
        self._on_progress()

    def _tell(self, wanted: Sequence[Trial], *, done: bool | None) -> None:
        self._wanted = tuple(wanted)
        self._done = self._done if done is None else done
        self._told = time.monotonic()
        if self._run is not None:
            self._run.write_status(
                WorkerStatus(
                    name=self._name,
                    pid=os.getpid(),
                    trained=self.trained,
                    share=self._share,
                    done=self._done,
                    wanted=self._wanted,
                )
            )
