"""The process on a node of a Ray cluster that trains what it is given."""

from __future__ import annotations

import dataclasses
import json
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from bnclaims.datasets import Sources
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import TRAINER_VERSION, Trial
from bnclaims.store.codec import encode
from bnclaims.store.record import Record
from bnclaims.training.runners.timeout import TookTooLong, Watch
from bnclaims.training.trainer import trainer_of


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crew:
    """What an actor must know to train as the driver would; paths hold on every node."""

    executor: str
    world: str | None
    data_root: str | None
    folder: str | None
    classes: tuple[str, ...] = ()
    offline: bool = False
    trial_timeout: float | None = None

    def trainer(self) -> Callable[[Trial], Record]:
        """The trainer that a process of the run would use."""
        root, folder = (Path(path) if path else None for path in (self.data_root, self.folder))
        sources = Sources(data_root=root, folder=folder, classes=self.classes, offline=self.offline)
        return trainer_of(self.executor, self.world, sources)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a trial: the bytes of its record, or why there are none.

    ``refused`` tells an error that a person can act on (`BnclaimsError`) from one of the training,
    ``late`` a training that took too long.
    """

    key: str
    record: bytes | None = None
    reason: str = ""
    traceback: str = ""
    refused: bool = False
    late: bool = False


def program() -> tuple[str, int]:
    """What must be the same on every node: version of the program and of the trainer."""
    return version("bnclaims"), TRAINER_VERSION


class TrialActor:
    """Trains groups of trials one after the other, for as long as the run lasts.

    Records leave it as the bytes that the store keeps, so that no folder has to be shared and the
    driver checks them as it would a file.
    """

    def __init__(self, crew: Crew) -> None:
        self._train = crew.trainer()
        self._watch = Watch(limit=crew.trial_timeout, unwanted=lambda: False)
        # Ray keeps it from its processes, and the watch interrupts by it.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def ready(self) -> tuple[str, int]:
        """What `program` says on this node."""
        return program()

    def train(self, descriptions: Sequence[str]) -> Iterator[Outcome]:
        """The outcome of each trial, in order, as soon as there is one."""
        for description in descriptions:
            trial = Trial.from_dict(json.loads(description))
            try:
                # The driver learns from the death of this process that it had to be ended.
                with self._watch.over(lambda: None):
                    record = self._train(trial)
                yield Outcome(key=trial.key, record=encode(record))
            except TookTooLong:
                yield Outcome(key=trial.key, traceback=traceback.format_exc(), late=True)
            except BnclaimsError as error:
                yield Outcome(key=trial.key, reason=str(error), refused=True)
            except Exception as error:
                yield Outcome(key=trial.key, reason=repr(error), traceback=traceback.format_exc())
