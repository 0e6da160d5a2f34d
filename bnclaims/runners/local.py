"""The local runner: trains what the store lacks, shares the work with the other processes of a run."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence

from bnclaims.errors import BnclaimsError
from bnclaims.leases import Leases
from bnclaims.record import Record
from bnclaims.runners.run_folder import RunFolder, WorkerStatus
from bnclaims.store import Store
from bnclaims.trial import Trial

# How long a process waits before it looks again for trials that others are training.
PATIENCE = 0.05
# How often, in seconds, a process that trains says how far it is; short trials come faster.
PACE = 0.2

Trainer = Callable[[Trial], Record]


class TrialFailed(Exception):
    """A trial that could not be trained; the store keeps the traceback as an error record."""


class Stopped(Exception):
    """The run was stopped while a judgement still needed trials."""


class LocalRunner:
    """Obtains records: read from the store, trained here, or trained by another process meanwhile.

    Every process of a run may want the same trials, since claims share baselines. Each takes them
    one by one under a lease; while all it wants is leased elsewhere, it trains what others want, so
    that no core idles and no trial is trained twice.
    """

    def __init__(
        self,
        store: Store,
        trainer: Trainer,
        *,
        name: str = "main",
        run: RunFolder | None = None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.trained = 0
        self._trainer = trainer
        self._leases = Leases(store.root)
        self._name = name
        self._run = run
        self._on_progress = on_progress
        self._records: dict[str, Record] = {}
        self._failed: dict[str, str] = {}
        self._wanted: tuple[Trial, ...] = ()
        self._parent = os.getppid()

    def obtain(self, trials: Sequence[Trial]) -> Mapping[str, Record]:
        """The records of all these trials, by key.

        Raises `TrialFailed` when one cannot be trained, `Stopped` when the run was stopped first.
        """
        missing = [trial for trial in trials if not self._read(trial)]
        self._tell(missing, done=False)
        try:
            while missing:
                missing = [trial for trial in missing if not self._train_or_read(trial)]
                if missing and not self._help():
                    time.sleep(PATIENCE)
        finally:
            # After a failure too: nobody should train on for a judgement that was given up.
            self._tell((), done=False)
        return {trial.key: self._records[trial.key] for trial in trials}

    def drain(self, also: Sequence[Trial] = ()) -> None:
        """Helps the other processes of the run until each of them has no tests left.

        ``also`` are trials that will be needed whatever the others ask for at the moment. No
        exception leaves it: what cannot be trained here fails in the process that needs it.
        """
        self._tell((), done=True)
        while self._run is not None and not self._should_stop():
            others = [s for s in self._run.statuses() if s.name != self._name]
            if all(status.done for status in others):
                break
            if not self._help(also):
                time.sleep(PATIENCE)
        self._tell((), done=True)

    def close(self) -> None:
        """Ends the heartbeat of the leases."""
        self._leases.close()

    def _should_stop(self) -> bool:
        # A worker whose controller is gone would train on for nobody.
        return (self._run is not None and self._run.stopped) or os.getppid() != self._parent

    def _read(self, trial: Trial) -> bool:
        if trial.key in self._records:
            return True
        if not self.store.has(trial.key):
            return False
        # A damaged record reads as None; the store has set it aside and it is trained again.
        record = self.store.read(trial.key)
        if record is None:
            return False
        self._records[trial.key] = record
        return True

    def _train_or_read(self, trial: Trial) -> bool:
        if self._read(trial):
            return True
        if self._should_stop():
            raise Stopped("the run was stopped")
        if trial.key in self._failed:
            raise TrialFailed(self._failed[trial.key])
        self._train(trial)
        if trial.key in self._failed:
            raise TrialFailed(self._failed[trial.key])
        return trial.key in self._records

    def _train(self, trial: Trial) -> bool:
        """Trains one trial unless it is leased elsewhere; whether it was trained here."""
        lease = self._leases.acquire(trial.key)
        if lease is None:
            return False
        with lease:
            if self._read(trial):
                return False
            try:
                record = self._trainer(trial)
            except BnclaimsError:
                raise
            except Exception as error:
                self._failed[trial.key] = (
                    f"trial {trial.key[:12]} failed: {error!r}; its traceback is in "
                    f"{self.store.root / 'errors'}"
                )
                self.store.write_error(trial, traceback.format_exc())
                return False
            self.store.write(record)
            self._records[trial.key] = record
        self.trained += 1
        if time.monotonic() - self._told > PACE:
            self._tell(self._wanted, done=None)
        self._on_progress()
        return True

    def _help(self, also: Sequence[Trial] = ()) -> bool:
        """Trains one trial that another process waits for; whether there was one."""
        for trial in self._open_elsewhere(also):
            if self._should_stop():
                return False
            if trial.key in self._failed or self.store.has(trial.key):
                continue
            try:
                if self._train(trial):
                    return True
            except BnclaimsError:
                # A full disk or the like: the process that needs the trial reports it.
                return False
        return False

    def _open_elsewhere(self, also: Sequence[Trial]) -> Iterator[Trial]:
        if self._run is None:
            return
        for status in self._run.statuses():
            if status.name != self._name:
                # From the end: its owner works from the front.
                yield from reversed(status.wanted)
        yield from also

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
                    done=self._done,
                    wanted=self._wanted,
                )
            )

    _done = False
    _told = 0.0
