"""The process on a node of a Ray cluster that trains what it is given."""

from __future__ import annotations

import dataclasses
import json
import signal
import traceback
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import TRAINER_VERSION, Trial
from bnclaims.store.codec import encode
from bnclaims.training.runners.timeout import TookTooLong, Watch
from bnclaims.training.spec import TrainerSpec


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trained:
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

    def __init__(self, spec: TrainerSpec) -> None:
        self._train = spec.trainer()
        self._watch = Watch(limit=spec.trial_timeout, unwanted=lambda: False)
        # Ray keeps it from its processes, and the watch interrupts by it.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def ready(self) -> tuple[str, int]:
        """What `program` says on this node."""
        return program()

    def train(self, descriptions: Sequence[str]) -> Iterator[Trained]:
        """The outcome of each trial, in order, as soon as there is one."""
        for description in descriptions:
            trial = Trial.from_dict(json.loads(description))
            try:
                # The driver learns from the death of this process that it had to be ended.
                with self._watch.over(lambda: None):
                    record = self._train(trial)
                yield Trained(key=trial.key, record=encode(record))
            except TookTooLong:
                yield Trained(key=trial.key, traceback=traceback.format_exc(), late=True)
            except BnclaimsError as error:
                yield Trained(key=trial.key, reason=str(error), refused=True)
            except Exception as error:
                yield Trained(key=trial.key, reason=repr(error), traceback=traceback.format_exc())
