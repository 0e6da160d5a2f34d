"""How long trials take, from the times of stored ones."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.forecast.assumed_times import amount, modelled
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.store.record import Record

Basis = Literal["measured", "other arm", "scaled", "other network", "assumed"]

# How strongly the fit of `_costs` starts from an even share of both kinds of work: as much as one
# tenth of a stored setting, so that it decides only where the settings do not differ.
_PRIOR = 0.1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Duration:
    """Seconds that one trial takes, and the core-seconds of its processor.

    ``basis`` says what they rest on: ``measured`` (trials of the same setting and arm), ``other
    arm`` (of the same setting only), ``scaled`` (of another setting, by work), ``other network`` (of
    any on the device, by arithmetic) or ``assumed`` (arithmetic alone); ``trials`` how many stored
    trials that is.
    """

    seconds: float
    processor: float
    basis: Basis
    trials: int


class Timings:
    """Durations of trials, by setting and arm, from the records of a store.

    The rule, in order: the median of the stored trials of the same setting and arm; that of the
    same setting in other arms; that of the stored setting with the most similar amount of work
    among those of the same network, regime, device and precision, times the ratio of the work. Work
    is a x steps + b x images x pixels, with a and b >= 0 fitted to the medians of all those
    settings. A network that never ran on such a device takes what `bnclaims.audit.forecast.assumed_times` says,
    times the median of what others took there over what it says of them.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        found: dict[tuple[Setting, str], list[tuple[float, float]]] = {}
        for record in records:
            times = record.seconds
            # A diverged trial stopped early; the records of a synthetic world took no time.
            if not record.diverged and times.get("train", 0.0) > 0:
                elapsed = times["train"] + times.get("read", 0.0)
                pair = (elapsed, times.get("processor", elapsed))
                found.setdefault((record.trial.setting, record.trial.arm), []).append(pair)
        self._arms = {key: _middle(pairs, "measured") for key, pairs in found.items()}
        settings: dict[Setting, list[tuple[float, float]]] = {}
        for (setting, _), pairs in found.items():
            settings.setdefault(setting, []).extend(pairs)
        self._settings = {key: _middle(pairs, "other arm") for key, pairs in settings.items()}
        self._factors: dict[tuple[str, str], list[tuple[float, float, int]]] = {}
        for setting, known in self._settings.items():
            if known.seconds and (expected := modelled(setting)):
                ratios = known.seconds / expected, known.processor / expected, known.trials
                self._factors.setdefault((setting.device, setting.precision), []).append(ratios)
        self._fits: dict[tuple[str, ...], NDArray[np.float64]] = {}

    @property
    def trials(self) -> int:
        """Stored trials with a time."""
        return sum(duration.trials for duration in self._arms.values())

    def of(self, trial: Trial) -> Duration | None:
        """How long a trial takes, None when nothing like it was ever timed."""
        exact = self._arms.get((trial.setting, trial.arm)) or self._settings.get(trial.setting)
        return exact or self._scaled(trial.setting) or self._modelled(trial.setting)

    def _modelled(self, setting: Setting) -> Duration | None:
        seconds = modelled(setting)
        if seconds is None:
            return None
        known = self._factors.get((setting.device, setting.precision))
        if not known:
            return Duration(seconds=seconds, processor=seconds, basis="assumed", trials=0)
        elapsed, processor, trials = zip(*known, strict=True)
        return Duration(
            seconds=seconds * median(elapsed),
            processor=seconds * median(processor),
            basis="other network",
            trials=sum(trials),
        )

    def _scaled(self, setting: Setting) -> Duration | None:
        kind = _kind(setting)
        donors = [donor for donor in self._settings if _kind(donor) == kind]
        if not donors:
            return None
        if kind not in self._fits:
            self._fits[kind] = _costs(donors, self._settings)
        costs = self._fits[kind]
        wanted = float(costs @ work(setting))
        ratios = {donor: wanted / float(costs @ work(donor)) for donor in donors}
        # Equals are told apart by name, so that no order of records changes a time.
        nearest = min(donors, key=lambda d: (round(abs(math.log(ratios[d])), 9), d.canonical))
        known, ratio = self._settings[nearest], ratios[nearest]
        return Duration(
            seconds=known.seconds * ratio,
            processor=known.processor * ratio,
            basis="scaled",
            trials=known.trials,
        )


def work(setting: Setting) -> NDArray[np.float64]:
    """Optimiser steps, and images times pixels, of one training; shape (2,)."""
    steps, images = amount(setting)
    return np.array([steps, images * setting.task.image_size**2], dtype=np.float64)


def _kind(setting: Setting) -> tuple[str, ...]:
    return (
        setting.architecture,
        setting.regime,
        setting.classifier,
        setting.device,
        setting.precision,
    )


def _middle(times: Sequence[tuple[float, float]], basis: Basis) -> Duration:
    seconds, processor = zip(*times, strict=True)
    return Duration(
        seconds=median(seconds), processor=median(processor), basis=basis, trials=len(times)
    )


def _costs(donors: Sequence[Setting], durations: Mapping[Setting, Duration]) -> NDArray[np.float64]:
    """Seconds per step and per image x pixel, at least 0, by least squares of relative errors."""
    from scipy.optimize import nnls

    seconds = np.array([durations[donor].seconds for donor in donors])
    rows = np.array([work(donor) for donor in donors]) / seconds[:, np.newaxis]
    even = np.diag(rows.mean(axis=0)) * math.sqrt(_PRIOR)
    costs, _ = nnls(
        np.vstack([rows, even]),
        np.concatenate([np.ones(len(donors)), np.full(2, math.sqrt(_PRIOR) / 2)]),
    )
    return np.asarray(costs, dtype=np.float64)
