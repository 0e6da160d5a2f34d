"""The local runner: trains what the store lacks, shares the work with the other processes of a run."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol, runtime_checkable

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Trial
from bnclaims.store.leases import Leases
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training import DeviceLost, progress
from bnclaims.training.runners.run_folder import RunFolder
from bnclaims.training.runners.runner import MAIN, PATIENCE, Runner, Stopped
from bnclaims.training.runners.timeout import TookTooLong, Unwanted, Watch

Trainer = Callable[[Trial], Record]
# Trials of one setting that are looked at before a trainer is asked how many to train together.
MOST_TOGETHER: Final = 64


@runtime_checkable
class ManyTrainer(Protocol):
    """A trainer that may train trials of one setting at once."""

    def __call__(self, trial: Trial) -> Record:
        """The record of one trial."""

    def together(self, trials: Sequence[Trial]) -> int:
        """How many of these trials, all of one setting, are best trained by one call."""

    def train_all(self, trials: Sequence[Trial]) -> Sequence[Record]:
        """Their records in order."""


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class LocalRunner(Runner):
    """Obtains records: read from the store, trained here, or trained by another process meanwhile.

    Every process of a run may want the same trials, since claims share baselines. Each takes them
    one by one under a lease; while all it wants is leased elsewhere, it trains what others want, so
    that no core idles and no trial is trained twice.

    ``on_hang`` tells people why this process is about to end in the middle of a trial.
    """

    def __init__(
        self,
        store: Store,
        trainer: Trainer,
        *,
        name: str = MAIN,
        run: RunFolder | None = None,
        worker: bool = False,
        limit: float | None = None,
        on_progress: Callable[[], None] = lambda: None,
        on_hang: Callable[[str], None] = _to_stderr,
    ) -> None:
        super().__init__(
            store, name=name, run=run, worker=worker, limit=limit, on_progress=on_progress
        )
        self._trainer = trainer
        self._leases = Leases(store.root)
        self._on_hang = on_hang
        self._watch = Watch(limit=limit, unwanted=self._should_stop)

    def obtain(self, trials: Sequence[Trial]) -> Mapping[str, Record]:
        self._forget()
        missing = [trial for trial in trials if not self._read(trial)]
        self._tell(missing, done=False)
        try:
            while missing:
                missing = [
                    trial
                    for number, trial in enumerate(missing)
                    if not self._train_or_read(missing[number:])
                ]
                if missing and not self._help():
                    time.sleep(PATIENCE)
        finally:
            # After a failure too: nobody should train on for a judgement that was given up.
            self._tell((), done=False)
        return {trial.key: self._records[trial.key] for trial in trials}

    def settle(self, trials: Sequence[Trial]) -> bool:
        """Whether the store has a sound record of the first trial; trains it unless another process does.

        Others of them may be trained with it. Keeps nothing in memory. Raises as `obtain` does.
        """
        trial = trials[0]
        if self._read(trial):
            self._drop(trial.key)
            return True
        self._train_wanted(trials, keep=False)
        return self.store.has(trial.key)

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
        """Ends the heartbeat of the leases and the watch over training."""
        self._watch.close()
        self._leases.close()

    def _train_or_read(self, trials: Sequence[Trial]) -> bool:
        """Whether there is a record of the first of these trials now; others may be trained with it."""
        if self._read(trials[0]):
            return True
        self._train_wanted(trials, keep=True)
        return trials[0].key in self._records

    def _train_wanted(self, trials: Sequence[Trial], *, keep: bool) -> None:
        if self._should_stop():
            raise Stopped("the run was stopped")
        self._raise_if_failed(trials[0])
        self._train(trials, keep=keep)
        self._raise_if_failed(trials[0])

    def _train(self, trials: Sequence[Trial], *, keep: bool = True) -> bool:
        """Trains the first of these trials unless it is leased elsewhere; whether it was trained here.

        With it those of the others that the trainer had better train together with it.
        """
        with contextlib.ExitStack() as leases:
            mine: list[Trial] = []
            for trial in self._company(trials):
                lease = self._leases.acquire(trial.key)
                if lease is not None:
                    leases.enter_context(lease)
                    if not self._read(trial):
                        mine.append(trial)
                if not mine:
                    return False
            return self._train_leased(mine, keep=keep)

    def _company(self, trials: Sequence[Trial]) -> Sequence[Trial]:
        """The first of these trials, and which others to train with it."""
        if not isinstance(self._trainer, ManyTrainer):
            return trials[:1]
        first = trials[0]
        alike = (trial for trial in trials if trial.setting == first.setting)
        some = list(itertools.islice(alike, MOST_TOGETHER))
        most = self._trainer.together(some)
        missing = (trial for trial in some[1:] if not self.store.has(trial.key))
        return [first, *itertools.islice(missing, most - 1)]

    def _train_leased(self, trials: Sequence[Trial], *, keep: bool) -> bool:
        first, alone = trials[0], len(trials) == 1
        try:
            with self._watch.over(lambda: self._end_with(first)):
                records = self._trained(trials)
        except (BnclaimsError, DeviceLost):
            raise
        except Unwanted as interruption:
            raise Stopped("the run was stopped") from interruption
        except TookTooLong:
            if alone:
                self._give_up(first, traceback.format_exc())
                return False
            return all([self._train_leased([trial], keep=keep) for trial in trials])
        except Exception as error:
            if alone:
                self._note_failure(first, repr(error), traceback.format_exc())
                return False
            # One by one, so that the trial at fault is known and the others are none the worse.
            return all([self._train_leased([trial], keep=keep) for trial in trials])
        for record in records:
            # Where another process was faster, its record is the one that everybody judges.
            key = record.trial.key
            kept = None if self.store.write(record).written else self.store.read(key)
            if keep:
                self._keep(key, kept or record)
            self._count_trained()
        return True

    def _trained(self, trials: Sequence[Trial]) -> Sequence[Record]:
        if len(trials) > 1 and isinstance(self._trainer, ManyTrainer):
            return self._trainer.train_all(trials)
        with progress.heard_by(self._hear):
            return [self._trainer(trial) for trial in trials]

    def _end_with(self, trial: Trial) -> None:
        """The last act of a process that hangs outside Python, on the thread of the watch."""
        main = sys._current_frames().get(threading.main_thread().ident or 0)
        with contextlib.suppress(BnclaimsError):
            self._give_up(trial, "".join(traceback.format_stack(main)))
        self._on_hang(
            f"bnclaims: {self._failed[trial.key]}; it cannot be interrupted, so its process "
            f"({os.getpid()}) ends here"
        )

    def _help(self, also: Sequence[Trial] = ()) -> bool:
        """Trains one trial that another process waits for; whether there was one."""
        open_elsewhere = list(self._open_elsewhere(also))
        for number, trial in enumerate(open_elsewhere):
            if self._should_stop():
                return False
            if trial.key in self._failed or self.store.has(trial.key):
                continue
            if self._run is not None and self._run.given_up(trial.key) is not None:
                continue
            try:
                if self._train(open_elsewhere[number:], keep=False):
                    return True
            except Stopped:
                return False
            except BnclaimsError as error:
                self._hindered(error)
                return False
        return False

    def _hindered(self, error: BnclaimsError) -> None:
        """A full disk or the like, while helping: the process that needs the trial reports it."""

    def _open_elsewhere(self, also: Sequence[Trial]) -> Iterator[Trial]:
        if self._run is None:
            return
        for status in self._run.statuses():
            if status.name != self._name:
                # From the end: its owner works from the front.
                yield from reversed(status.wanted)
        yield from also
