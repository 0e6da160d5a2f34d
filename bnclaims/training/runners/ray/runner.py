"""The Ray runner: one process judges, actors of a Ray cluster train."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Trial
from bnclaims.store.leases import Lease, Leases
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training.runners.grouping import groups_of
from bnclaims.training.runners.ray.actor import Trained
from bnclaims.training.runners.ray.options import RayOptions
from bnclaims.training.runners.ray.pool import ActorPool, Lost
from bnclaims.training.runners.run_folder import RunFolder
from bnclaims.training.runners.runner import PATIENCE, Runner, Stopped, TrialFailed
from bnclaims.training.spec import TrainerSpec

# Seconds after which a driver whose actors are all at work looks whether it should stop.
_LOOK_UP = 0.5
# How many actors may die over one trial before it counts as the trial's fault.
DEATHS_FORGIVEN = 2


class RayRunner(Runner):
    """Obtains records: read from the store, or trained by the actors of a Ray cluster.

    A free actor gets the trials of one setting that the present look asks for, and while there are
    none, those that ``coming`` names: lists of what other cells will ask for. Leases are held here,
    for the actors, so that other runs on the same store stay out of the way. Ray starts with the
    first trial that the store lacks.
    """

    def __init__(
        self,
        store: Store,
        options: RayOptions,
        spec: TrainerSpec,
        *,
        run: RunFolder | None = None,
        on_progress: Callable[[], None] = lambda: None,
        coming: Callable[[], Iterable[Sequence[Trial]]] = lambda: (),
    ) -> None:
        super().__init__(store, run=run, limit=spec.trial_timeout, on_progress=on_progress)
        self._options = options
        self._spec = spec
        self._coming = coming
        self._leases = Leases(store.root)
        self._training: dict[str, tuple[Trial, Lease]] = {}
        self._asked: set[str] = set()
        self._deaths: Counter[str] = Counter()
        self._refused: dict[str, str] = {}
        self._pool: ActorPool | None = None

    def obtain(self, trials: Sequence[Trial]) -> Mapping[str, Record]:
        self._forget()
        missing = [trial for trial in trials if not self._read(trial)]
        self._asked = {trial.key for trial in missing}
        self._tell(missing, done=False)
        try:
            while missing:
                self._raise_if_hopeless(missing)
                self._turn(missing)
                missing = [trial for trial in missing if trial.key not in self._records]
        finally:
            self._tell((), done=False)
        return {trial.key: self._records[trial.key] for trial in trials}

    def close(self) -> None:
        """Ends the actors and their leases; what they were training is lost."""
        self._leases.close()
        self._training.clear()
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _raise_if_hopeless(self, missing: Sequence[Trial]) -> None:
        if self._should_stop():
            raise Stopped("the run was stopped")
        for trial in missing:
            if trial.key in self._failed:
                raise TrialFailed(self._failed[trial.key])
            if trial.key in self._refused:
                raise BnclaimsError(self._refused[trial.key])

    def _turn(self, missing: Sequence[Trial]) -> None:
        """Gives work to the actors that have none, and takes in what others have finished."""
        if self._pool is None:
            self._pool = ActorPool(self._options, self._spec)
        while self._pool.free:
            group = self._next_group(missing, self._pool.idle)
            if not group:
                break
            self._pool.give(group)
        # What another run is training is only to be seen by looking again.
        for event in self._pool.listen(PATIENCE if self._pool.free else _LOOK_UP):
            if isinstance(event, Lost):
                self._mourn(event)
            else:
                self._take_in(event)

    def _next_group(self, missing: Sequence[Trial], idle: int) -> list[Trial]:
        for trials in itertools.chain([missing], self._coming()):
            open_here = [trial for trial in trials if self._is_open(trial)]
            for group in groups_of(open_here, idle):
                taken = [trial for trial in group if self._take(trial)]
                if taken:
                    return taken
        return []

    def _is_open(self, trial: Trial) -> bool:
        known = (self._training, self._records, self._failed, self._refused)
        return not any(trial.key in keys for keys in known)

    def _take(self, trial: Trial) -> bool:
        lease = self._leases.acquire(trial.key)
        if lease is None:
            return False
        if self._read(trial):
            lease.release()
            return False
        self._training[trial.key] = trial, lease
        return True

    def _take_in(self, outcome: Trained) -> None:
        trial, lease = self._training.pop(outcome.key)
        with lease:
            if outcome.refused:
                self._refused[trial.key] = outcome.reason
            elif outcome.late:
                self._give_up(trial, outcome.traceback)
            elif outcome.record is None:
                self._note_failure(trial, outcome.reason, outcome.traceback)
            else:
                self._add(trial, outcome.record)

    def _add(self, trial: Trial, data: bytes) -> None:
        try:
            record, result = self.store.accept(trial.key, data)
        except ValueError as error:
            self._note_failure(trial, f"an actor sent a damaged record: {error}", str(error))
            return
        # Where another process was faster, its record is the one that everybody judges: `_take` finds it.
        if trial.key in self._asked and result.written:
            self._keep(trial.key, record)
        self._count_trained()

    def _mourn(self, lost: Lost) -> None:
        for trial in lost.trials:
            _, lease = self._training.pop(trial.key)
            lease.release()
        if lost.trials:
            first = lost.trials[0]
            self._deaths[first.key] += 1
            if self._deaths[first.key] > DEATHS_FORGIVEN:
                reason = f"{self._deaths[first.key]} actors died while they trained it"
                self._note_failure(first, f"{reason} ({lost.reason})", f"{reason}: {lost.reason}")
