"""Times of trials, forecast from those of stored ones."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Literal

from bnclaims.protocol.trial import Setting, Trial
from bnclaims.store.record import Record

Basis = Literal["measured", "other arm", "scaled", "other network", "assumed"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Assumed:
    """What is assumed of a device: the seconds of a setting's trial, None where nothing is known of its
    network, and in words what that rests on.
    """

    seconds: Callable[[Setting], float | None]
    words: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Duration:
    """Seconds that one trial takes, and the core-seconds of its processor.

    ``basis`` says what they rest on: ``measured`` (trials of the same setting and arm), ``other
    arm`` (of the same setting only), ``scaled`` (of another setting of the network), ``other network``
    (of a setting of another one) or ``assumed`` (none); ``trials`` how many stored trials that is.
    """

    seconds: float
    processor: float
    basis: Basis
    trials: int


class Timings:
    """Durations of trials, by setting and arm, from the records of a store.

    The rule, in order: the median of the stored trials of the same setting and arm; that of the same
    setting in other arms; that of the most similar setting of the same network, regime, classifier,
    device and precision, or else of any network on that device, times the ratio of the two settings'
    `Assumed` seconds, which is also what makes settings similar; those seconds alone.
    """

    def __init__(self, records: Iterable[Record], assumed: Assumed) -> None:
        found: dict[tuple[Setting, str], list[tuple[float, float]]] = {}
        settings: dict[Setting, list[tuple[float, float]]] = {}
        for record in records:
            times = record.seconds
            # A diverged trial stopped early; the records of a synthetic world took no time.
            if not record.diverged and times.get("train", 0.0) > 0:
                elapsed = times["train"] + times.get("read", 0.0)
                pair = (elapsed, times.get("processor", elapsed))
                found.setdefault((record.trial.setting, record.trial.arm), []).append(pair)
                settings.setdefault(record.trial.setting, []).append(pair)
        self._arms = {key: _middle(pairs, "measured") for key, pairs in found.items()}
        self._settings = {key: _middle(pairs, "other arm") for key, pairs in settings.items()}
        self._assumed = assumed

    @property
    def trials(self) -> int:
        """Stored trials with a time."""
        return sum(duration.trials for duration in self._arms.values())

    def of(self, trial: Trial) -> Duration | None:
        """How long a trial takes, None for a network that was never timed and of which nothing is assumed."""
        exact = self._arms.get((trial.setting, trial.arm)) or self._settings.get(trial.setting)
        return exact or self._scaled(trial.setting)

    def _scaled(self, setting: Setting) -> Duration | None:
        wanted = self._assumed.seconds(setting)
        if wanted is None:
            return None
        ratios = {
            donor: wanted / seconds
            for donor in self._settings
            if (donor.device, donor.precision) == (setting.device, setting.precision)
            and (seconds := self._assumed.seconds(donor))
        }
        if not ratios:
            return Duration(seconds=wanted, processor=wanted, basis="assumed", trials=0)
        own = [donor for donor in ratios if _network(donor) == _network(setting)]
        # Equals are told apart by name, so that no order of records changes a time.
        nearest = min(
            own or ratios, key=lambda d: (round(abs(math.log(ratios[d])), 9), d.canonical)
        )
        known, ratio = self._settings[nearest], ratios[nearest]
        return Duration(
            seconds=known.seconds * ratio,
            processor=known.processor * ratio,
            basis="scaled" if own else "other network",
            trials=known.trials,
        )


def _network(setting: Setting) -> tuple[str, ...]:
    return setting.architecture, setting.regime, setting.classifier


def _middle(times: Sequence[tuple[float, float]], basis: Basis) -> Duration:
    seconds, processor = zip(*times, strict=True)
    return Duration(
        seconds=median(seconds), processor=median(processor), basis=basis, trials=len(times)
    )
