"""What is measured on a network of the pilot, as a row of plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bnclaims.audit.evidence import metrics
from bnclaims.audit.evidence.metrics import AnyScores, Counts, Labels
from bnclaims.audit.evidence.readouts import predictions, scores_of
from bnclaims.protocol.batches import batch_sizes
from bnclaims.protocol.names import KEPT, PLAIN, PRIOR_SHIFTED, REMOVED
from bnclaims.protocol.trial import Setting
from bnclaims.store.record import Record
from piloting.train import FOUND


def row(record: Record) -> dict[str, Any]:
    """The numbers of one network: scores on validation and test images, training minority, time.

    ``other`` is the second readout: the layer removed, or the training prior taken off a plain
    network. A diverged network counts as one that tells nothing apart.
    """
    setting = record.trial.setting
    validation, test = record.splits["validation"], record.splits["test"]
    minority = setting.task.minority_classes
    other = PRIOR_SHIFTED if record.trial.arm == PLAIN else REMOVED
    numbers: dict[str, Any] = {
        "arm": record.trial.arm,
        "rate": setting.learning_rate,
        "steps": steps_of(setting),
        "seed": record.trial.seed,
        "found": int(record.environment[FOUND]),
        "train_minority": sum(record.train_images[cls] for cls in minority),
        "validation_minority": int(np.isin(validation.labels, minority).sum()),
        "seconds": round(record.seconds["processor"], 3),
    }
    readings: list[tuple[str, AnyScores | None, Labels]] = [
        ("validation", record.scores.get((KEPT, "validation")), validation.labels),
        ("test", None if record.diverged else scores_of(record, KEPT), test.labels),
        ("other", None if record.diverged else scores_of(record, other), test.labels),
    ]
    for name, scores, labels in readings:
        found = {"f1": 0.0, "j": 0.0, "auc": 0.5}
        if scores is not None:
            counts = metrics.confusion(labels, predictions(scores), len(setting.task.classes))
            found = {
                "f1": float(metrics.minority_f1(counts, minority)),
                "j": informedness(counts, minority),
                "auc": float(metrics.auc(labels, scores)),
            }
        numbers |= {f"{name}_{metric}": round(value, 5) for metric, value in found.items()}
    return numbers


def informedness(counts: Counts, minority_classes: Sequence[int]) -> float:
    """J: true-positive rate minus the mean false-positive rate, averaged over minority classes.

    The false-positive rate of a class is the mean, over the other classes, of the share of their
    images that are called it, so that J is 0 for a classifier that calls everything one class.
    """
    rates = np.asarray(counts, dtype=np.float64)
    rates /= rates.sum(axis=1, keepdims=True)
    others = [np.delete(rates[:, cls], cls).mean() for cls in minority_classes]
    hits = [rates[cls, cls] for cls in minority_classes]
    return float(np.mean(hits) - np.mean(others))


def steps_of(setting: Setting) -> int:
    """The optimiser's steps of a setting of epochs."""
    assert setting.epochs is not None  # that of the premise
    images = sum(setting.task.images_of(cls)[0] for cls in range(len(setting.task.classes)))
    return setting.epochs * len(batch_sizes(images, setting.batch_size))
