"""The runner of a run on a GPU: its processes judge, one process per device trains what they ask for.

Each process of the run says in its `WorkerStatus` which trials it wants. The first of them that wants
one starts the training process of the device (`bnclaims.training.runners.device_process`) and looks
after it: one that dies is started afresh, since a broken GPU context ends with its process. The lock
on that task is free as soon as its holder ends; then another process of the run takes it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout  # comes with torch

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training.runners.run_folder import RunFolder
from bnclaims.training.runners.runner import PATIENCE, Runner, Stopped
from bnclaims.training.spec import TrainerSpec

# Training processes in a row that may end with an error before the run gives up on its device.
DEATHS_FORGIVEN: Final = 6
# Seconds for a training process to end by itself once it is not needed any more.
_FAREWELL: Final = 5.0
_MODULE: Final = "bnclaims.training.runners.device_process"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Device:
    """What a training process uses: ``cpu`` or ``cuda``, and which GPU; None the first it sees."""

    kind: str
    visible: str | None = None

    @classmethod
    def here(cls, kind: str) -> Device:
        """The device of this process: the first of those that its environment leaves visible."""
        listed = os.environ.get("CUDA_VISIBLE_DEVICES") if kind == "cuda" else None
        return cls(kind=kind, visible=listed.split(",")[0].strip() if listed else None)

    @property
    def name(self) -> str:
        """Name of its training process in the run folder."""
        visible = "" if self.visible is None else f"-{self.visible.replace('/', '-')}"
        return f"trainer-{self.kind}{visible}"


class DeviceRunner(Runner):
    """Obtains records: read from the store, or trained by the training process of a device.

    This process itself never touches the device, whose memory is the training process's alone.
    """

    def __init__(
        self,
        store: Store,
        spec: TrainerSpec,
        device: Device,
        *,
        name: str,
        run: RunFolder,
        worker: bool = False,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(
            store,
            name=name,
            run=run,
            worker=worker,
            limit=spec.trial_timeout,
            on_progress=on_progress,
        )
        self._folder = run
        self._keeper = _Keeper(store.root.resolve(), run, spec, device)
        self._asked: frozenset[str] = frozenset()
        self._open: set[str] = set()

    def obtain(self, trials: Sequence[Trial]) -> Mapping[str, Record]:
        self._forget()
        missing = [trial for trial in trials if not self._read(trial)]
        try:
            if missing:
                self._ask(missing)
            while missing:
                for trial in missing:
                    self._raise_if_hopeless(trial)
                before = len(missing)
                missing = [trial for trial in missing if not self._read(trial)]
                self._wait(seen=before - len(missing))
        finally:
            self._ask(())
        return {trial.key: self._records[trial.key] for trial in trials}

    def settle(self, trials: Sequence[Trial]) -> bool:
        """Whether the store has a record of the first trial; all of them are asked for.

        Raises as `obtain` does.
        """
        if trials[0].key not in self._asked:
            self._ask(trials)
        self._raise_if_hopeless(trials[0])
        key = trials[0].key
        if not self.store.has(key):
            self._keeper.tend()
            return False
        if key in self._open:
            self._open.remove(key)
            self.trained += 1
        return True

    def drain(self, also: Sequence[Trial] = ()) -> None:
        """Looks after the training process until the other processes of the run have no tests left."""
        self._tell((), done=True)
        while not self._should_stop() and self._folder.refused() is None:
            if all(s.done for s in self._folder.statuses() if s.name != self._name):
                break
            with contextlib.suppress(BnclaimsError):
                # Whoever wants a trial reports it.
                self._keeper.tend()
            time.sleep(PATIENCE)

    def close(self) -> None:
        """Ends the training process, where this process looks after it."""
        self._keeper.close()

    def _ask(self, trials: Sequence[Trial]) -> None:
        self._asked = frozenset(trial.key for trial in trials)
        self._open = {key for key in self._asked if not self.store.has(key)}
        self._tell(trials, done=False)

    def _wait(self, *, seen: int) -> None:
        if seen:
            self._on_progress()
        else:
            self._keeper.tend()
            time.sleep(PATIENCE)

    def _raise_if_hopeless(self, trial: Trial) -> None:
        if self._should_stop():
            raise Stopped("the run was stopped")
        if (why := self._folder.refused()) is not None:
            raise BnclaimsError(why)
        self._raise_if_failed(trial)


class _Keeper:
    """Starts the training process of a device where no other process of the run looks after it."""

    def __init__(self, store: Path, run: RunFolder, spec: TrainerSpec, device: Device) -> None:
        self._run = run
        self._device = device
        self._lock = FileLock(run.path / f"{device.name}.lock")
        self._log = run.path / f"{device.name}.log"
        self._words = json.dumps(
            {
                "store": str(store),
                "run": str(run.path.resolve()),
                "name": device.name,
                "device": device.kind,
                "spec": dataclasses.asdict(spec),
            }
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths = 0
        self._trained = 0

    def tend(self) -> None:
        """Makes sure that somebody looks after a living training process.

        `BnclaimsError` where it died too often; all processes of the run are told.
        """
        if not self._lock.is_locked:
            try:
                self._lock.acquire(blocking=False)
            except (Timeout, OSError):
                # Somebody else's task; or the run folder is gone, and the run with it.
                return
        status = None if self._process is None else self._process.poll()
        if self._process is not None and status is None:
            return
        if status:
            self._count_death(status)
        self._start()

    def close(self) -> None:
        """Ends the training process; it drops what it trains."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_FAREWELL)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._lock.release(force=True)

    def _start(self) -> None:
        environment = dict(os.environ)
        if self._device.visible is not None:
            environment["CUDA_VISIBLE_DEVICES"] = self._device.visible
        with open(self._log, "ab") as log:
            # A session of its own: Ctrl-C is for the run to handle, which then tells its processes.
            self._process = subprocess.Popen(
                [sys.executable, "-m", _MODULE, self._words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    def _count_death(self, status: int) -> None:
        trained = sum(
            s.trained for s in self._run.statuses(alive_only=False) if s.name == self._device.name
        )
        self._deaths = self._deaths + 1 if trained == self._trained else 1
        self._trained = trained
        if self._deaths >= DEATHS_FORGIVEN:
            why = (
                f"--gpu: the training process ended {self._deaths} times in a row (status {status}) "
                f"without training a trial; its last words: {self._last_words()}"
            )
            self._run.refuse(why)
            raise BnclaimsError(why)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._log.read_text(errors="replace").strip().splitlines()
            return lines[-1][:300] if lines else "none"
        return "none"
