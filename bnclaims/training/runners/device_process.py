"""The training process of a device: trains what the processes of a run ask for, and judges nothing.

``python -m bnclaims.training.runners.device_process JSON``, started by `DeviceRunner`. It ends with
status 0 when nothing was asked for during a while, so that other runs have their turn on the device,
and with another when its device is lost.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training.runners.device_lock import turn
from bnclaims.training.runners.local import LocalRunner
from bnclaims.training.runners.run_folder import RunFolder
from bnclaims.training.runners.runner import PATIENCE
from bnclaims.training.spec import TrainerSpec

# Seconds without work after which it ends; starting anew takes some ten.
IDLE: Final = 20.0
# How many processes may end over a trial before it counts as the trial's fault.
DEATHS_FORGIVEN: Final = 2


class TrainingProcess(LocalRunner):
    """Trains what the processes of a run want, several of a setting at once.

    What cannot be trained is given up for all of them, since nobody else will try.
    """

    def __init__(
        self,
        store: Store,
        trainer: Callable[[Trial], Record],
        run: RunFolder,
        *,
        name: str,
        limit: float | None,
        worker: bool = True,
    ) -> None:
        super().__init__(store, trainer, name=name, run=run, worker=worker, limit=limit)
        self._folder = run
        self._setting: Setting | None = None

    def serve(self, *, idle: float = IDLE) -> None:
        """Trains until the run is over, or nothing was asked for during ``idle`` seconds."""
        # Of a process before this one, too.
        before = (
            s.trained for s in self._folder.statuses(alive_only=False) if s.name == self._name
        )
        self.trained += sum(before)
        self._tell((), done=True)
        since = time.monotonic()
        try:
            while not self._should_stop() and time.monotonic() - since < idle:
                if self._help():
                    since = time.monotonic()
                else:
                    time.sleep(PATIENCE)
        finally:
            self._tell((), done=True)

    @property
    def wanted(self) -> bool:
        """Whether the run still goes on."""
        return not self._should_stop()

    def _open_elsewhere(self, also: Sequence[Trial] = ()) -> Iterator[Trial]:
        """What the others want: the setting trained last before others, whose captures cost time."""
        found = [trial for status in self._folder.statuses() for trial in status.wanted]
        found.sort(key=lambda trial: trial.setting != self._setting)
        return iter(found)

    def _train_leased(self, trials: Sequence[Trial], *, keep: bool) -> bool:
        self._setting = trials[0].setting
        deaths = [self._folder.begun(trial.key) for trial in trials]
        if any(deaths) and len(trials) > 1:
            # One of them has ended a process: trained alone, each answers for itself.
            return all([self._train_leased([trial], keep=keep) for trial in trials])
        if deaths[0] > DEATHS_FORGIVEN:
            reason = f"{deaths[0]} training processes ended while they trained it"
            self._note_failure(trials[0], reason, reason)
            return False
        for trial in trials:
            self._folder.begin(trial.key)
        try:
            trained = super()._train_leased(trials, keep=keep)
        except BnclaimsError as error:
            for trial in trials:
                self._folder.give_up(trial.key, str(error))
            trained = True
        for trial in trials:
            self._folder.end(trial.key)
        return trained

    def _hindered(self, error: BnclaimsError) -> None:
        # Nobody else would report it.
        raise error

    def _note_failure(self, trial: Trial, reason: str, traceback: str) -> None:
        super()._note_failure(trial, reason, traceback)
        self._folder.give_up(trial.key, self._failed[trial.key])


def main(words: str) -> int:
    """Serves the run that the JSON describes; the status to end with."""
    told: dict[str, Any] = json.loads(words)
    run, spec = RunFolder(Path(told["run"])), TrainerSpec(**told["spec"])
    # As on any other way out, leases are given back and what was trained is counted.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    runner = TrainingProcess(
        Store.open(Path(told["store"])),
        spec.trainer(),
        run,
        name=told["name"],
        limit=spec.trial_timeout,
    )
    try:
        if spec.world is None:
            # Says what is missing where there is no such device.
            from bnclaims.training.executors.device import device

            device(told["device"])
        # Before any trial is begun: to wait for others is nobody's training time.
        with turn("cpu" if spec.world else told["device"], lambda: runner.wanted) as mine:
            if mine:
                runner.serve()
    except BnclaimsError as error:
        run.refuse(str(error))
        return 2
    except Exception:
        # `DeviceLost` above all; the last line tells what, the notes of what was begun over what.
        traceback.print_exc()
        return 1
    finally:
        runner.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
