"""Predictions of one readout on test images: what every metric is a function of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from bnclaims import stats
from bnclaims.audit.evidence import calibration, readouts, scores
from bnclaims.audit.evidence.confusion import confusion
from bnclaims.audit.evidence.scores import Floats, Labels
from bnclaims.store.record import Record, Split


@dataclasses.dataclass(frozen=True)
class Predictions:
    """What one network says of some test images.

    ``labels`` is (images,) and ``scores`` (images, classes), see `bnclaims.audit.evidence.scores`;
    ``minority`` are the indices of the minority classes, ``train_images`` the training images of
    each class, ``temperature`` gives the one that was fitted on the validation split, None where
    the readout was not read on it, and ``second_half`` which half of the test each image is in
    (`bnclaims.stats.halves`).
    """

    labels: Labels
    scores: Floats
    minority: tuple[int, ...]
    train_images: tuple[int, ...]
    temperature: Callable[[], float | None]
    second_half: Callable[[], NDArray[np.bool_]]
    # All images, and which of them these are; None where these are all.
    part_of: tuple[Predictions, NDArray[np.bool_]] | None = dataclasses.field(
        default=None, repr=False, compare=False
    )
    _softmax: dict[float, Floats] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.scores.shape[1])

    @cached_property
    def predicted(self) -> Labels:
        """Predicted classes, (images,)."""
        return scores.predictions(self.scores)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Confusion counts (classes, classes), true class by predicted class."""
        return confusion(self.labels, self.predicted, self.classes)

    def probability(self, temperature: float = 1.0) -> Floats:
        """Softmax of the scores divided by ``temperature``, (images, classes).

        Made once of all images: it is one image's own, whichever others are left out.
        """
        if self.part_of is not None:
            whole, kept = self.part_of
            return whole.probability(temperature)[kept]
        if temperature not in self._softmax:
            self._softmax[temperature] = calibration.probabilities(self.scores, temperature)
        return self._softmax[temperature]

    @property
    def ranks(self) -> bool:
        """Whether images of more than one class are there, so that they can be ranked."""
        return bool(np.ptp(self.labels))

    def of(self, kept: NDArray[np.bool_]) -> Predictions:
        """The same on some of the images."""
        return dataclasses.replace(
            self,
            labels=self.labels[kept],
            scores=self.scores[kept],
            second_half=lambda: self.second_half()[kept],
            part_of=(self, kept),
        )


def predictions_of(record: Record, readout: str) -> Predictions:
    """Predictions on the test images; ``ValueError`` where the record has no such readout."""
    return Predictions(
        labels=record.splits["test"].labels,
        scores=readouts.scores_of(record, readout),
        minority=record.trial.setting.task.minority_classes,
        train_images=record.train_images,
        temperature=partial(_temperature_of, record, readout),
        second_half=partial(_second_half, record.splits["test"]),
    )


def _second_half(test: Split) -> NDArray[np.bool_]:
    return _halves(tuple(test.groups), test.labels.tobytes())


# The arms and readouts of a seed share their test images.
@lru_cache(maxsize=1024)
def _halves(groups: tuple[str, ...], labels: bytes) -> NDArray[np.bool_]:
    return stats.halves(groups, np.frombuffer(labels, dtype=np.int64))


def _temperature_of(record: Record, readout: str) -> float | None:
    validation = record.scores.get((readout, "validation"))
    if validation is None:
        return None
    labels = record.splits["validation"].labels
    return _fitted(labels.tobytes(), validation.astype(np.float64).tobytes(), validation.shape[1])


# One readout is asked again and again: whole, without each group of images, at every look.
@lru_cache(maxsize=4096)
def _fitted(labels: bytes, validation: bytes, classes: int) -> float:
    return calibration.temperature(
        np.frombuffer(labels, dtype=np.int64), np.frombuffer(validation).reshape(-1, classes)
    )
