"""The bytes of one file of the store: a record, packed with everything that proves it whole."""

from __future__ import annotations

import hashlib
import json
import math
import re
import zlib
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import TRAINER_VERSION, Trial, canonical_json
from bnclaims.store.record import Record, Split

FORMAT: Final = 1
MAX_BODY_BYTES: Final = 256 * 2**20
MAX_PAYLOAD_BYTES: Final = 64 * 2**20
_MAX_HEADER_BYTES: Final = 512
# Compression would save one of two blocks of a disk at most, and take longer than all else here.
_STORED_BYTES: Final = 2 * 4096 - _MAX_HEADER_BYTES
_DECLARED: Final = re.compile(rb'\{"body_bytes":(\d{1,18}),')
# Names of images are most of the front of a content.
_MAX_FRONT_BYTES: Final = 16 * 2**20
MAX_FILE_BYTES: Final = _MAX_HEADER_BYTES + MAX_PAYLOAD_BYTES


def encode(record: Record) -> bytes:
    """The file content of a record.

    Raises ``ValueError`` for a record whose parts contradict each other, and `BnclaimsError` for
    one that is larger than the store would read back.
    """
    _check(record)
    # Little-endian, whatever machine writes: the same record has the same bytes everywhere.
    scores = b"".join([np.asarray(s, "<f2").tobytes() for s in record.scores.values()])
    _check_numbers(scores)
    known = canonical_json(
        {
            "diverged": record.diverged,
            "environment": dict(record.environment),
            "losses": len(record.losses),
            "pool_images": [int(count) for count in record.pool_images],
            "scores": list(record.scores),
            "seconds": {name: float(value) for name, value in record.seconds.items()},
        }
    )
    splits = ",".join(
        [_split_text(name, split.images, split.groups) for name, split in record.splits.items()]
    )
    trained = canonical_json([int(count) for count in record.train_images])
    # The last names in canonical order, with texts that trials share: an index joined from them is,
    # byte for byte, the canonical JSON of the whole, and costs a fraction of it.
    index = (
        f'{known[:-1]},"splits":[{splits}],"train_images":{trained},'
        f'"trial":{record.trial.canonical}}}'
    ).encode()
    # Wide numbers come first behind a padded index, so that every array is aligned when it is read
    # in place.
    body = b"".join(
        [
            index + b" " * (-(len(index) + 1) % 8) + b"\n",
            np.asarray(record.losses, "<f8").tobytes(),
            *(np.asarray(split.labels, "<i8").tobytes() for split in record.splits.values()),
            scores,
        ]
    )
    payload = _compress(body)
    if len(payload) > MAX_PAYLOAD_BYTES or len(body) > MAX_BODY_BYTES:
        raise BnclaimsError(
            f"The record of {record.trial.setting.label} takes {len(body)} bytes, more than the "
            f"{MAX_BODY_BYTES} ({MAX_PAYLOAD_BYTES} compressed) that a store accepts: use fewer "
            f"test images, classes or readouts."
        )
    return _header(record.trial.key, payload, len(body)) + payload


def decode(key: str, data: bytes) -> Record | None:
    """The record of ``key`` in the content of a file; its arrays are read-only.

    ``None`` for an intact record of another trainer version, which is not this program's to read.
    Raises ``ValueError`` with the reason when anything at all is wrong with the content.
    """
    try:
        return _unpack(key, _unwrap(key, data))
    except (
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
        zlib.error,
    ) as error:
        raise ValueError(f"its content is malformed: {error}") from error


def described(data: bytes) -> dict[str, Any]:
    """What a record says of itself, of whatever trainer version: its trial and its environment.

    Only the front of the content is unpacked, and nothing proves that the rest is whole. Raises
    ``ValueError`` where there is no such front.
    """
    try:
        front = zlib.decompressobj().decompress(
            data[data.index(b"\n", 0, _MAX_HEADER_BYTES) + 1 :], _MAX_FRONT_BYTES
        )
        index: dict[str, Any] = json.loads(front[: front.index(b"\n")])
        return {"trial": index["trial"], "environment": index["environment"]}
    except (KeyError, TypeError, RecursionError, zlib.error) as error:
        raise ValueError(f"its content is malformed: {error}") from error


def differences(first: Record, second: Record) -> tuple[str, ...]:
    """What differs, bit for bit, between two records of one trial; times and environment may."""
    one, other = _judged_parts(first), _judged_parts(second)
    return tuple(
        sorted(part for part in one.keys() | other.keys() if one.get(part) != other.get(part))
    )


def _judged_parts(record: Record) -> dict[str, object]:
    parts: dict[str, object] = {
        "diverged": record.diverged,
        "train images": record.train_images,
        "pool images": record.pool_images,
        "losses": np.asarray(record.losses, "<f8").tobytes(),
    }
    for name, split in record.splits.items():
        parts[f"images of {name}"] = split.images
        parts[f"groups of {name}"] = split.groups
        parts[f"labels of {name}"] = split.labels.tobytes()
    for (readout, name), scores in record.scores.items():
        parts[f"scores of {readout} on {name}"] = scores.tobytes()
    return parts


def _compress(body: bytes) -> bytes:
    if len(body) > _STORED_BYTES:
        return zlib.compress(body, 1)
    # Stored as it is; the smallest window, since to clear a large one would take longest.
    stored = zlib.compressobj(0, zlib.DEFLATED, 9, 1)
    return stored.compress(body) + stored.flush()


def _header(key: str, payload: bytes, body_bytes: int) -> bytes:
    """The canonical JSON of what a payload must be, and a line feed."""
    digest = hashlib.sha256(payload).hexdigest()
    return (
        f'{{"body_bytes":{body_bytes},"format":{FORMAT},"key":"{key}",'
        f'"payload_bytes":{len(payload)},"payload_sha256":"{digest}"}}\n'
    ).encode("ascii")


def _unwrap(key: str, data: bytes) -> bytes:
    """The uncompressed body behind a header that is right in every byte."""
    end = data.find(b"\n", 0, _MAX_HEADER_BYTES) + 1
    if not end:
        raise ValueError("it has no header line")
    line, payload = data[:end], data[end:]
    declared = _DECLARED.match(line)
    size = int(declared[1]) if declared else MAX_BODY_BYTES + 1
    # Size and hash come before a byte is unpacked: damage never reaches zlib, a bomb is as large as it says.
    # A header is right when it is the one that the content would be given; what is wrong with
    # another is for people to know.
    if size > MAX_BODY_BYTES or _header(key, payload, size) != line:
        raise ValueError(_refusal(key, json.loads(line), len(payload)))
    # One byte of room beyond the declared size shows a payload that would go on, without unpacking
    # the rest of it.
    unpacker = zlib.decompressobj()
    body = unpacker.decompress(payload, size + 1)
    if len(body) != size or not unpacker.eof or unpacker.unused_data:
        raise ValueError(f"its payload does not unpack to the {size} bytes that it declares")
    return body


def _refusal(key: str, header: Any, payload_bytes: int) -> str:
    """What is wrong with a header that is not right."""
    if header["format"] != FORMAT:
        return f"its header says format {header['format']!r} instead of {FORMAT}"
    if header["key"] != key:
        return f"its header names another trial, {header['key']}"
    if header["payload_bytes"] != payload_bytes:
        return f"{payload_bytes} of {header['payload_bytes']} payload bytes are there"
    size = header["body_bytes"]
    if not isinstance(size, int) or not 0 <= size <= MAX_BODY_BYTES:
        return f"it declares {size!r} uncompressed bytes, not 0 to {MAX_BODY_BYTES}"
    return "its payload does not have the sha256 that its header names"


def _unpack(key: str, body: bytes) -> Record | None:
    offset = body.find(b"\n") + 1
    index, splits_text, trial_text = _index(body[:offset].strip(), key)
    # The last name in canonical order.
    if not trial_text.endswith(f',"trainer":{TRAINER_VERSION}}}'):
        return None
    trial = Trial.from_canonical(trial_text)

    def take(dtype: str, *shape: int) -> NDArray[Any]:
        nonlocal offset
        # numpy would take -1 for "all that is left".
        if min(shape) < 0:
            raise ValueError("it has an array of negative length")
        array: NDArray[Any] = np.ndarray(shape, dtype, body, offset)
        offset += array.nbytes
        # The file is little-endian; a big-endian machine gets a copy in its own order.
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))

    losses = take("<f8", index["losses"])
    splits = {
        name: Split(images=images, groups=groups, labels=take("<i8", len(images)))
        for name, images, groups in _splits(splits_text)
    }
    classes = len(trial.setting.task.classes)
    start = offset
    scores = {
        (_text(readout), _text(name)): take("<f2", len(splits[name].images), classes)
        for readout, name in index["scores"]
    }
    if offset != len(body):
        raise ValueError(f"{len(body) - offset} bytes follow its last array")
    _check_numbers(body[start:])
    record = Record(
        trial=trial,
        diverged=_flag(index["diverged"]),
        splits=splits,
        scores=scores,
        train_images=tuple(map(_count, index["train_images"])),
        pool_images=tuple(map(_count, index["pool_images"])),
        losses=tuple(losses.tolist()),
        seconds={name: _finite(value) for name, value in index["seconds"].items()},
        environment={name: _text(value) for name, value in index["environment"].items()},
    )
    _check(record)
    return record


def _index(line: bytes, key: str) -> tuple[dict[str, Any], bytes, str]:
    """A record's index, but the canonical texts of its splits and of its trial, whose hash is ``key``."""
    # Trials share their splits, and the hash of a trial's text is what is wanted of it, so as a rule
    # neither is parsed. Within a string, the quotes of these names would be escaped.
    known, found, rest = line.partition(b',"splits":')
    splits, found, rest = rest.partition(b',"train_images":')
    trained, found, trial = rest.removesuffix(b"}").partition(b',"trial":')
    if found and hashlib.sha256(trial).hexdigest() == key:
        return json.loads(known + b',"train_images":' + trained + b"}"), splits, trial.decode()
    # The same content in another order, perhaps.
    index = json.loads(line)
    text = canonical_json(index.pop("trial"))
    if hashlib.sha256(text.encode()).hexdigest() != key:
        raise ValueError("the trial in it has another key than its name says")
    return index, canonical_json(index.pop("splits")).encode(), text


# The arms and most settings of a seed have the same images; read back, they share them in memory.
@lru_cache(maxsize=64)
def _split_text(name: str, images: tuple[str, ...], groups: tuple[str, ...]) -> str:
    return canonical_json([name, images, groups])


@lru_cache(maxsize=64)
def _splits(text: bytes) -> tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]:
    return tuple(
        (_text(name), _texts(images), _texts(groups)) for name, images, groups in json.loads(text)
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} stands where a text belongs")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} stands where true or false belongs")
    return value


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise TypeError(f"{value!r} stands where a count belongs")
    return value


def _finite(value: object) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
        raise TypeError(f"{value!r} stands where a number belongs")
    return float(value)  # type: ignore[arg-type]


def _texts(values: list[object]) -> tuple[str, ...]:
    return tuple(map(_text, values))


def _check(record: Record) -> None:
    """``ValueError`` where the parts of a record contradict each other."""
    classes = len(record.trial.setting.task.classes)
    if record.diverged and record.scores:
        raise ValueError("a diverged trial has scores")
    for name, split in record.splits.items():
        images, labels = len(split.images), split.labels
        if labels.dtype != np.int64 or labels.shape != (images,) or len(split.groups) != images:
            raise ValueError(f"images, groups and int64 labels of split {name} do not match")
        if _repeats(split.images):
            raise ValueError(f"split {name} has an image twice")
        if not _within(labels.tobytes(), classes):
            raise ValueError(f"a label of split {name} is not one of the {classes} classes")
    for (readout, name), scores in record.scores.items():
        if name not in record.splits:
            raise ValueError(f"readout {readout} has scores for {name}, which is not a split of it")
        shape = (len(record.splits[name].images), classes)
        if scores.dtype != np.float16 or scores.shape != shape:
            raise ValueError(f"scores of {readout} on {name} are not float16 of shape {shape}")


@lru_cache(maxsize=64)
def _repeats(names: tuple[str, ...]) -> bool:
    return len(set(names)) != len(names)


@lru_cache(maxsize=64)
def _within(labels: bytes, classes: int) -> bool:
    numbers = np.frombuffer(labels, np.int64)
    return not numbers.size or bool(numbers.min() >= 0 and numbers.max() < classes)


def _check_numbers(scores: bytes) -> None:
    if np.isnan(np.frombuffer(scores, "<f2")).any():
        raise ValueError("its scores contain NaN")
