"""Predictions, ``predictions.npz``: the scores of every judged trial, small, and safe to read from strangers.

What the file holds, besides ``about``, one JSON text as bytes:

- ``images``, ``groups``: distinct image and group ids;
- ``split_ends``, ``split_images``, ``split_groups``, ``split_labels``: the splits one after the
  other, as indices of ids; trials that were tested on the same images share one split;
- ``score_rows``: a line (trial, readout, split name), as indices of lists in ``about``, for every
  array of scores; ``scores`` holds these arrays (images x classes) one after the other.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import TRAINER_VERSION, canonical_json
from bnclaims.report.reading.records import SCHEMA, records_of
from bnclaims.report.reading.untrusted_arrays import MAX_BYTES, read_arrays
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.store.record import Record

NAME: Final = "predictions.npz"

_ARRAYS: Final = {
    "about": ("|u1", 1),
    "images": ("<U", 1),
    "groups": ("<U", 1),
    "split_ends": ("<i8", 1),
    "split_images": ("<i4", 1),
    "split_groups": ("<i4", 1),
    "split_labels": ("<i2", 1),
    "score_rows": ("<i4", 2),
    "scores": ("<f2", 1),
}


class _Numbers(dict[Any, int]):
    """Numbers for distinct things in the order in which they are first asked for."""

    def __missing__(self, thing: Any) -> int:
        self[thing] = len(self)
        return self[thing]


def encode_predictions(records: Mapping[str, Record]) -> bytes:
    """The file's content for whole records, also of what no judgement read.

    An audit that goes on from the report finds in them all that its store would have. `BnclaimsError`
    where it would be larger than the reader accepts.
    """
    settings, readouts, names, environments = (_Numbers() for _ in range(4))
    images, groups, splits = _Numbers(), _Numbers(), _Numbers()
    about: list[dict[str, Any]] = []
    rows: list[tuple[int, int, int]] = []
    scores: list[NDArray[Any]] = []
    for key in sorted(records):
        record = records[key]
        for (readout, name), array in sorted(record.scores.items(), key=lambda item: item[0]):
            rows.append((len(about), readouts[readout], names[name]))
            scores.append(array.astype("<f2").ravel())
        about.append(
            {
                "key": key,
                "setting": settings[record.trial.setting],
                "arm": record.trial.arm,
                "seed": record.trial.seed,
                "diverged": record.diverged,
                "splits": {
                    name: splits[split.images, split.groups, split.labels.tobytes()]
                    for name, split in record.splits.items()
                },
                "train_images": [int(count) for count in record.train_images],
                "pool_images": [int(count) for count in record.pool_images],
                "seconds": {name: float(value) for name, value in record.seconds.items()},
                "losses": list(record.losses),
                "environment": environments[tuple(sorted(record.environment.items()))],
            }
        )
    text = canonical_json(
        {
            "schema": SCHEMA,
            "trainer": TRAINER_VERSION,
            "settings": [setting.as_dict() for setting in settings],
            "readouts": list(readouts),
            "split_names": list(names),
            "trials": about,
            "environments": [dict(environment) for environment in environments],
        }
    )
    arrays = {
        "about": np.frombuffer(text.encode(), "|u1"),
        "split_ends": np.cumsum([len(ids) for ids, _, _ in splits], dtype="<i8"),
        "split_images": np.array([images[i] for ids, _, _ in splits for i in ids], "<i4"),
        "split_groups": np.array([groups[g] for _, ids, _ in splits for g in ids], "<i4"),
        "split_labels": np.frombuffer(b"".join(labels for *_, labels in splits), "i8").astype(
            "<i2"
        ),
        "score_rows": np.array(rows, "<i4").reshape(-1, 3),
        "scores": np.concatenate([np.empty(0, "<f2"), *scores]),
        "images": np.array(list(images), "<U"),
        "groups": np.array(list(groups), "<U"),
    }
    size = sum(array.nbytes for array in arrays.values())
    if size > MAX_BYTES:
        raise BnclaimsError(
            f"{NAME}: the scores take {size} bytes, more than the {MAX_BYTES} that a report may "
            "hold; use fewer claims or test images."
        )
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def read_predictions(path: Path) -> Mapping[str, Record]:
    """The records in a file, by key.

    Those of reports from before files kept whole records have no losses, no environment, and only the
    scores that a judgement read. Everything is checked before it is believed: sizes before unpacking,
    types, ranges, keys. `BnclaimsError` when anything is wrong.
    """
    return decode_predictions(read_file(path, limit=MAX_BYTES))


def decode_predictions(data: bytes) -> Mapping[str, Record]:
    """What `read_predictions` returns, from the bytes of the file."""
    try:
        return records_of(read_arrays(data, _ARRAYS))
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:300]
        if isinstance(error, KeyError):
            reason = f"it lacks {reason}"
        raise BnclaimsError(f"{NAME}: {reason}; fetch or write the report again.") from error
