"""What is measured on a network of the pilot, as a row of plain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bnclaims.audit.evidence import confusion, metrics
from bnclaims.audit.evidence.confusion import Counts
from bnclaims.audit.evidence.readouts import scores_of
from bnclaims.audit.evidence.scores import AnyScores, Labels, predictions
from bnclaims.protocol.batches import batch_sizes
from bnclaims.protocol.names import KEPT, PLAIN, PRIOR_SHIFTED, REMOVED
from bnclaims.protocol.trial import Setting
from bnclaims.store.record import Record
from piloting.train import FOUND


def row(record: Record) -> dict[str, Any]:
    """The numbers of a network of the premise: scores, training minority found, processor seconds.

    ``other`` is the second readout: the layer removed, or the training prior taken off a plain
    network. A diverged network counts as one that tells nothing apart.
    """
    setting, test = record.trial.setting, record.splits["test"]
    minority = setting.task.minority_classes
    validation = record.splits["validation"]
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
    for name, scores, labels in (
        ("validation", record.scores.get((KEPT, "validation")), validation.labels),
        ("test", _scores(record, KEPT), test.labels),
        ("other", _scores(record, _other(record)), test.labels),
    ):
        auc = 0.5 if scores is None else float(metrics.auc(labels, scores))
        numbers |= _named(name, {**of_classes(scores, labels, 2, minority), "auc": auc})
    return numbers


def triple_row(record: Record) -> dict[str, Any]:
    """The numbers of a network of a triple: the last class alone is scored."""
    classes = len(record.trial.setting.task.classes)
    labels = record.splits["test"].labels
    numbers: dict[str, Any] = {
        "b_is_majority": len(record.trial.setting.task.majority) == 2,
        "arm": record.trial.arm,
        "seed": record.trial.seed,
        "seconds": round(record.seconds["processor"], 3),
    }
    for name, scores in (
        ("test", _scores(record, KEPT)),
        ("other", _scores(record, _other(record))),
    ):
        numbers |= _named(name, of_classes(scores, labels, classes, [classes - 1]))
    return numbers


def of_classes(
    scores: AnyScores | None, labels: Labels, classes: int, scored: Sequence[int]
) -> dict[str, float]:
    """F1 and J of some classes; 0 where a network diverged."""
    if scores is None:
        return {"f1": 0.0, "j": 0.0}
    counts = confusion.confusion(labels, predictions(scores), classes)
    return {"f1": float(confusion.minority_f1(counts, scored)), "j": informedness(counts, scored)}


def _other(record: Record) -> str:
    return PRIOR_SHIFTED if record.trial.arm == PLAIN else REMOVED


def _scores(record: Record, readout: str) -> AnyScores | None:
    return None if record.diverged else scores_of(record, readout)


def _named(name: str, values: Mapping[str, float]) -> dict[str, float]:
    return {f"{name}_{metric}": round(value, 5) for metric, value in values.items()}


def informedness(counts: Counts, scored: Sequence[int]) -> float:
    """J: true-positive rate minus the mean false-positive rate, averaged over the scored classes.

    The false-positive rate of a class is the mean, over the other classes, of the share of their
    images that are called it, so that J is 0 for a classifier that calls everything one class.
    """
    rates = np.asarray(counts, dtype=np.float64)
    rates /= rates.sum(axis=1, keepdims=True)
    others = [np.delete(rates[:, cls], cls).mean() for cls in scored]
    hits = [rates[cls, cls] for cls in scored]
    return float(np.mean(hits) - np.mean(others))


def steps_of(setting: Setting) -> int:
    """The optimiser's steps of a setting of epochs."""
    assert setting.epochs is not None  # that of the premise
    images = sum(setting.task.images_of(cls)[0] for cls in range(len(setting.task.classes)))
    return setting.epochs * len(batch_sizes(images, setting.batch_size))
