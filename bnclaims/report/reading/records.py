"""Records made again from the arrays of ``predictions.npz``, with everything in them checked."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.protocol.names import ARMS
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.report.reading.untrusted_files import parse_json
from bnclaims.store.record import Record, Scores, Split

SCHEMA: Final = 1
# Its square is the number of columns of the table.
MAX_CLASSES: Final = 100
# Images in splits that differ: a full audit has some hundred thousand.
MAX_SPLIT_IMAGES: Final = 10_000_000

# JSON knows more than the annotations of a setting allow.
_TYPES: Final = {
    "str": (str,),
    "int": (int,),
    "int | None": (int, type(None)),
    "float": (int, float),
}


def records_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Record]:
    """The records by key; those of older reports have neither losses nor environment.

    ``arrays`` have the names and types that `bnclaims.report.predictions` lays down. Raises
    ``ValueError``, ``LookupError``, ``TypeError``, ``AttributeError`` or ``OverflowError`` where
    anything in them contradicts itself or the words of `bnclaims.protocol.trial`.
    """
    about = parse_json(arrays["about"].tobytes())
    if about["schema"] != SCHEMA:
        raise ValueError(f"its schema is {about['schema']!r}, this version reads {SCHEMA}")
    settings = [_setting(data, about["trainer"]) for data in about["settings"]]
    splits = _splits(arrays)
    environments = [_environment(data) for data in about.get("environments", ())]
    trials = [_record(entry, settings, splits, environments) for entry in about["trials"]]
    scores = _scores(trials, about["readouts"], about["split_names"], arrays)
    records = {
        record.trial.key: dataclasses.replace(record, scores=own)
        for record, own in zip(trials, scores, strict=True)
    }
    if len(records) != len(trials):
        raise ValueError("it holds a trial twice")
    return records


def _setting(data: Any, trainer: Any) -> Setting:
    setting = Trial.from_dict({"trainer": trainer, "setting": data, "arm": "", "seed": 0}).setting
    for part in (setting, setting.task):
        for field in dataclasses.fields(part):
            value = getattr(part, field.name)
            if type(value) not in _TYPES.get(str(field.type), (type(value),)):
                raise ValueError(f"{field.name} of a setting is {value!r}")
    if not 2 <= len(setting.task.classes) <= MAX_CLASSES:
        raise ValueError(f"a task has {len(setting.task.classes)} classes")
    return setting


def _splits(arrays: Mapping[str, NDArray[Any]]) -> list[Split]:
    images, groups = _ids(arrays["images"]), _ids(arrays["groups"])
    ends, labels = arrays["split_ends"].tolist(), arrays["split_labels"].astype(np.int64)
    image, group = arrays["split_images"], arrays["split_groups"]
    if len(image) > MAX_SPLIT_IMAGES:
        raise ValueError(f"its splits have more than {MAX_SPLIT_IMAGES} images")
    starts = [0, *ends]
    if starts != sorted(starts) or not starts[-1] == len(image) == len(group) == len(labels):
        raise ValueError("its splits do not fit their images")
    for what, index, ids in (("image", image, images), ("group", group, groups)):
        if len(index) and not 0 <= index.min() <= index.max() < len(ids):
            raise ValueError(f"the number of an {what} in a split is out of range")
    # Trials share them.
    labels.flags.writeable = False
    splits = [
        Split(
            images=tuple(images[i] for i in image[start:end].tolist()),
            groups=tuple(groups[g] for g in group[start:end].tolist()),
            labels=labels[start:end],
        )
        for start, end in zip(starts, ends, strict=False)
    ]
    if any(len(set(split.images)) != len(split.images) for split in splits):
        raise ValueError("a split has an image twice")
    return splits


def _ids(array: NDArray[Any]) -> list[str]:
    ids: list[str] = array.tolist()
    if len(set(ids)) != len(ids):
        raise ValueError("the id of an image or a group is listed twice")
    return ids


def _record(
    entry: Any,
    settings: Sequence[Setting],
    splits: Sequence[Split],
    environments: Sequence[Mapping[str, str]],
) -> Record:
    """The record of a trial without its scores."""
    arm, diverged = entry["arm"], entry["diverged"]
    if arm not in ARMS:
        raise ValueError(f"it has a trial of an unknown arm, {arm!r}")
    trial = Trial(setting=settings[_count(entry["setting"])], arm=arm, seed=_count(entry["seed"]))
    if trial.key != entry["key"]:
        raise ValueError(f"the trial stated as {entry['key']!r} has the key {trial.key}")
    if not isinstance(diverged, bool):
        raise ValueError(f"diverged of trial {trial.key} is {diverged!r}")
    own = {name: splits[_count(number)] for name, number in entry["splits"].items()}
    if not diverged and not {"test", "validation"} <= own.keys():
        raise ValueError(f"trial {trial.key} lacks its test or validation split")
    classes = len(trial.setting.task.classes)
    for name, split in own.items():
        if len(split.labels) and not 0 <= split.labels.min() <= split.labels.max() < classes:
            raise ValueError(f"split {name} of trial {trial.key} has a label that is no class")
    train_images, pool_images = (
        tuple(_count(count) for count in entry[name]) for name in ("train_images", "pool_images")
    )
    if not len(train_images) == len(pool_images) == classes:
        raise ValueError(f"trial {trial.key} counts images of another number of classes")
    return Record(
        trial=trial,
        diverged=diverged,
        splits=own,
        scores={},
        train_images=train_images,
        pool_images=pool_images,
        losses=tuple(_finite(loss) for loss in entry.get("losses", ())),
        seconds={name: float(value) for name, value in entry["seconds"].items()},
        environment=environments[_count(entry["environment"])] if environments else {},
    )


def _scores(
    trials: Sequence[Record],
    readouts: Sequence[str],
    names: Sequence[str],
    arrays: Mapping[str, NDArray[Any]],
) -> list[dict[tuple[str, str], Scores]]:
    """The scores of every trial, as views into one array."""
    flat, rows = arrays["scores"].astype(np.float16, copy=False), arrays["score_rows"]
    if not np.isfinite(flat).all():
        raise ValueError("a score is not finite")
    if rows.shape[1] != 3 or (rows < 0).any():
        raise ValueError("score_rows does not hold lines of three indices")
    found: list[dict[tuple[str, str], Scores]] = [{} for _ in trials]
    start = 0
    for number, readout, name in rows.tolist():
        record, which = trials[number], (readouts[readout], names[name])
        if record.diverged or which in found[number]:
            raise ValueError(f"trial {record.trial.key} has scores that it cannot have")
        images, classes = (
            len(record.splits[which[1]].labels),
            len(record.trial.setting.task.classes),
        )
        end = start + images * classes
        if end > len(flat):
            raise ValueError("scores are missing at its end")
        found[number][which] = flat[start:end].reshape(images, classes)
        start = end
    if start != len(flat):
        raise ValueError(f"{len(flat) - start} scores belong to no trial")
    return found


def _environment(data: Any) -> dict[str, str]:
    for name, value in data.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} of an environment is {value!r}")
    return dict(data)


def _finite(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} stands where a loss belongs")
    return float(value)


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} stands where a count belongs")
    return value
