"""The store: one immutable, checked file per trained model, shared by any number of processes."""

from __future__ import annotations

import contextlib
import datetime
import errno
import hashlib
import itertools
import json
import os
import re
import secrets
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.errors import BnclaimsError
from bnclaims.record import Record, Split
from bnclaims.trial import TRAINER_VERSION, Trial, canonical_json

FORMAT: Final = 1
MAX_PAYLOAD_BYTES: Final = 64 * 2**20
MAX_BODY_BYTES: Final = 256 * 2**20

_MAX_HEADER_BYTES: Final = 512
_ABANDONED_SECONDS: Final = 24 * 3600
_KEY: Final = re.compile("[0-9a-f]{64}")
_README: Final = """\
A store of trained models, made by bnclaims. Any number of processes may read and write it at once.

trials/      one file per trained model, named by the key of its trial, never changed afterwards:
             a line of JSON (format, key, sizes, sha256 of the rest), then zlib-compressed bytes;
             these are a line of JSON (what was trained, image ids, names) and, little-endian and
             in the order of that line, the losses (float64), the labels of each split (int64) and
             the scores (float16, images x classes)
errors/      why a trial could not be trained; gone once it could
leases/      who is training what at the moment; safe to delete when nothing runs
quarantine/  damaged files, each with the reason; safe to delete
determinism.jsonl   trials that were trained twice with different results; the first is kept
"""


@dataclass(frozen=True, kw_only=True)
class WriteResult:
    """The outcome of a write.

    ``written`` is false when the store already had a record of the trial, which it then keeps;
    ``differences`` names the parts in which the refused record differs from the kept one.
    """

    written: bool
    differences: tuple[str, ...] = ()


# --- the bytes of one file ------------------------------------------------------------------------


def encode(record: Record) -> bytes:
    """The file content of a record.

    Raises ``ValueError`` for a record whose parts contradict each other, and `BnclaimsError` for
    one that is larger than the store would read back.
    """
    _check(record)
    index = canonical_json(
        {
            "trial": record.trial.as_dict(),
            "diverged": record.diverged,
            "train_images": [int(count) for count in record.train_images],
            "pool_images": [int(count) for count in record.pool_images],
            "losses": len(record.losses),
            "splits": [[name, s.images, s.groups] for name, s in record.splits.items()],
            "scores": list(record.scores),
            "seconds": {name: float(value) for name, value in record.seconds.items()},
            "environment": dict(record.environment),
        }
    ).encode()
    # Wide numbers come first behind a padded index, so that every array is aligned when it is read
    # in place.
    body = b"".join(
        [
            index + b" " * (-(len(index) + 1) % 8) + b"\n",
            np.asarray(record.losses, "<f8").tobytes(),
            *(split.labels.astype("<i8").tobytes() for split in record.splits.values()),
            *(scores.astype("<f2").tobytes() for scores in record.scores.values()),
        ]
    )
    payload = zlib.compress(body, 1)
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


def _header(key: str, payload: bytes, body_bytes: int) -> bytes:
    header = {
        "format": FORMAT,
        "key": key,
        "payload_sha256": hashlib.sha256(payload).hexdigest(),
        "payload_bytes": len(payload),
        "body_bytes": body_bytes,
    }
    return canonical_json(header).encode("ascii") + b"\n"


def _unwrap(key: str, data: bytes) -> bytes:
    """The uncompressed body behind a header that is right in every byte."""
    end = data.find(b"\n", 0, _MAX_HEADER_BYTES) + 1
    if not end:
        raise ValueError("it has no header line")
    line, payload = data[:end], data[end:]
    header = json.loads(line)
    if header["format"] != FORMAT:
        raise ValueError(f"its header says format {header['format']!r} instead of {FORMAT}")
    if header["key"] != key:
        raise ValueError(f"its header names another trial, {header['key']}")
    if header["payload_bytes"] != len(payload):
        raise ValueError(f"{len(payload)} of {header['payload_bytes']} payload bytes are there")
    size = header["body_bytes"]
    if not isinstance(size, int) or not 0 <= size <= MAX_BODY_BYTES:
        raise ValueError(f"it declares {size!r} uncompressed bytes, not 0 to {MAX_BODY_BYTES}")
    if _header(key, payload, size) != line:
        raise ValueError("its payload does not have the sha256 that its header names")
    # One byte of room beyond the declared size shows a payload that would go on, without unpacking
    # the rest of it.
    unpacker = zlib.decompressobj()
    body = unpacker.decompress(payload, size + 1)
    if len(body) != size or not unpacker.eof or unpacker.unused_data:
        raise ValueError(f"its payload does not unpack to the {size} bytes that it declares")
    return body


def _unpack(key: str, body: bytes) -> Record | None:
    offset = body.find(b"\n") + 1
    index: dict[str, Any] = json.loads(body[:offset])
    plain = index["trial"]
    if plain["trainer"] != TRAINER_VERSION:
        if hashlib.sha256(canonical_json(plain).encode()).hexdigest() != key:
            raise ValueError("the trial in it has another key than its name says")
        return None
    trial = Trial.from_dict(plain)
    if trial.key != key:
        raise ValueError("the trial in it has another key than its name says")

    def take(dtype: str, *shape: int) -> NDArray[Any]:
        nonlocal offset
        # numpy would take -1 for "all that is left".
        if min(shape) < 0:
            raise ValueError("it has an array of negative length")
        array: NDArray[Any] = np.ndarray(shape, dtype, body, offset)
        offset += array.nbytes
        # The file is little-endian; a big-endian machine gets a copy in its own order.
        return array.astype(array.dtype.newbyteorder("="), copy=False)

    names = [
        (_text(name), _texts(images), _texts(groups)) for name, images, groups in index["splits"]
    ]
    losses = take("<f8", index["losses"])
    splits = {
        name: Split(images=images, groups=groups, labels=take("<i8", len(images)))
        for name, images, groups in names
    }
    classes = len(trial.setting.task.classes)
    scores = {
        (_text(readout), _text(name)): take("<f2", len(splits[name].images), classes)
        for readout, name in index["scores"]
    }
    if offset != len(body):
        raise ValueError(f"{len(body) - offset} bytes follow its last array")
    record = Record(
        trial=trial,
        diverged=bool(index["diverged"]),
        splits=splits,
        scores=scores,
        train_images=tuple(map(int, index["train_images"])),
        pool_images=tuple(map(int, index["pool_images"])),
        losses=tuple(losses.tolist()),
        seconds={name: float(value) for name, value in index["seconds"].items()},
        environment={name: _text(value) for name, value in index["environment"].items()},
    )
    _check(record)
    return record


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} stands where a text belongs")
    return value


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
        if len(set(split.images)) != images:
            raise ValueError(f"split {name} has an image twice")
        if images and not 0 <= labels.min() <= labels.max() < classes:
            raise ValueError(f"a label of split {name} is not one of the {classes} classes")
    for (readout, name), scores in record.scores.items():
        if name not in record.splits:
            raise ValueError(f"readout {readout} has scores for {name}, which is not a split of it")
        shape = (len(record.splits[name].images), classes)
        if scores.dtype != np.float16 or scores.shape != shape:
            raise ValueError(f"scores of {readout} on {name} are not float16 of shape {shape}")
        if np.isnan(scores).any():
            raise ValueError(f"scores of {readout} on {name} contain NaN")


# --- the folder -----------------------------------------------------------------------------------


class Store:
    """A folder of records, safe for any number of processes that read and write at the same time.

    Correct without locks: a file appears under its name whole or not at all, and never changes.
    ``damaged`` lists the files that `read` refused, each with a sentence for the report.
    Methods raise `BnclaimsError` when the disk does not let them do their work.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.damaged: list[tuple[Path, str]] = []
        self._trials = os.path.join(root, "trials")

    @classmethod
    def open(cls, path: Path) -> Store:
        """The store at ``path``, made if there is nothing yet.

        Refuses a folder that holds something else, and a store of a newer format.
        """
        marker = path / "store.json"
        with storage_errors(path, "be opened"):
            if path.exists() and not path.is_dir():
                raise BnclaimsError(
                    f"{path} is a file, not a store: choose a folder with --store=DIR."
                )
            path.mkdir(parents=True, exist_ok=True)
            # Listed before the marker is looked for: another process that makes the store at this
            # moment writes the marker first.
            others = [name for name in os.listdir(path) if not _is_temporary(name)]
            if not marker.exists():
                if others:
                    raise BnclaimsError(
                        f"{path} holds files (such as {min(others)}) but is not a store: choose an "
                        f"empty or new folder with --store=DIR."
                    )
                _write_whole(marker, canonical_json({"format": FORMAT}).encode() + b"\n")
                _write_whole(path / "README.txt", _README.encode())
            _check_format(marker)
        store = cls(path)
        store._sweep()
        return store

    def path(self, key: str) -> Path:
        """The file that holds, or would hold, the record of ``key``."""
        return Path(self._name(key))

    def has(self, key: str) -> bool:
        """Whether there is a file for ``key``; only `read` tells whether it is sound."""
        return os.path.exists(self._name(key))

    def keys(self) -> set[str]:
        """The keys that have a file."""
        found = set()
        with storage_errors(self.root, "list its trials"):
            for name in self._files():
                key, suffix = os.path.splitext(os.path.basename(name))
                if suffix == ".trial" and _KEY.fullmatch(key):
                    found.add(key)
        return found

    def read(self, key: str) -> Record | None:
        """The verified record of ``key``, or ``None`` when the trial must be trained.

        A damaged file is moved to ``quarantine/``, named in `damaged`, and never used.
        """
        with (
            storage_errors(self.root, f"read trial {key}"),
            contextlib.suppress(FileNotFoundError),
            open(self._name(key), "rb") as file,
        ):
            try:
                size = os.fstat(file.fileno()).st_size
                if size > MAX_PAYLOAD_BYTES + _MAX_HEADER_BYTES:
                    raise ValueError(f"it is {size} bytes long, more than any record")
                return decode(key, _content(file, size))
            except ValueError as error:
                self._refuse(key, file, str(error))
        return None

    def write(self, record: Record) -> WriteResult:
        """The durable addition of a record under its trial's key; the first writer wins.

        A second record of the same trial is a check of determinism: what differs from the first,
        apart from times and environment, is returned and noted in ``determinism.jsonl``.
        """
        key = record.trial.key
        data = encode(record)
        with storage_errors(self.root, f"save trial {key} ({len(data)} bytes)"):
            os.makedirs(os.path.dirname(self._name(key)), exist_ok=True)
            # The second round is for a name that was taken by a damaged file, now moved away.
            for _ in range(2):
                if _write_whole(self.path(key), data):
                    self._error_file(key).unlink(missing_ok=True)
                    return WriteResult(written=True)
                kept = self.read(key)
                if kept is not None:
                    return self._compare(kept, record)
        raise BnclaimsError(
            f"The store {self.root} cannot save trial {key}: a damaged file that cannot be moved "
            f"has its name: remove {self.path(key)} and run again."
        )

    def write_error(self, trial: Trial, message: str) -> None:
        """A note of why a trial could not be trained; gone once it is, or fails anew."""
        title = " ".join(f"{trial.setting.label}, {trial.arm}, seed {trial.seed}".split())
        with storage_errors(self.root, f"save the error of trial {trial.key}"):
            path = self._error_file(trial.key)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(
                path, f"{title}\n{message}".encode(errors="backslashreplace"), replace=True
            )

    def read_error(self, key: str) -> str | None:
        """The last error message of a trial that has not been trained since."""
        with (
            storage_errors(self.root, f"read the error of trial {key}"),
            contextlib.suppress(FileNotFoundError),
        ):
            return self._error_file(key).read_bytes().decode(errors="replace").partition("\n")[2]
        return None

    def _name(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is not the key of a trial")
        return f"{self._trials}/{key[:2]}/{key}.trial"

    def _error_file(self, key: str) -> Path:
        return self.root / "errors" / f"{key}.txt"

    def _files(self) -> Iterator[str]:
        with contextlib.suppress(FileNotFoundError):
            for folder in os.listdir(self._trials):
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    for name in os.listdir(os.path.join(self._trials, folder)):
                        yield os.path.join(self._trials, folder, name)

    def _sweep(self) -> None:
        """The removal of what killed writers left behind, where this process may."""
        with contextlib.suppress(OSError):
            for name in self._files():
                if (
                    _is_temporary(os.path.basename(name))
                    and time.time() - os.path.getmtime(name) > _ABANDONED_SECONDS
                ):
                    os.unlink(name)

    def _compare(self, kept: Record, refused: Record) -> WriteResult:
        found = differences(kept, refused)
        if found:
            note = {
                "key": kept.trial.key,
                "differs": list(found),
                "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                "kept": dict(kept.environment),
                "refused": dict(refused.environment),
            }
            # One write call in append mode, so that lines of several processes do not mix.
            with open(self.root / "determinism.jsonl", "ab", buffering=0) as file:
                file.write(canonical_json(note).encode() + b"\n")
        return WriteResult(written=False, differences=found)

    def _refuse(self, key: str, judged: BinaryIO, reason: str) -> None:
        path = self.path(key)
        try:
            moved = _set_aside(path, judged, self.root / "quarantine", reason)
            fate = f"was moved to {moved}" if moved else "was moved away by another process"
        except OSError as error:
            read_only = error.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
            fate = f"stays in place ({'the store is read-only' if read_only else error.strerror})"
        entry = (
            path,
            f"{path} is damaged ({reason}) and {fate}; its trial has to be trained again.",
        )
        if entry not in self.damaged:
            self.damaged.append(entry)


@contextlib.contextmanager
def storage_errors(root: Path, doing: str) -> Iterator[None]:
    """A context that turns the refusals of a disk into sentences with the store and a remedy."""
    try:
        yield
    except OSError as error:
        cause, remedy = {
            errno.ENOSPC: ("the disk is full", "free some space"),
            errno.EDQUOT: ("the disk quota is used up", "free some space"),
            errno.EROFS: ("it is read-only", "make it writable"),
            errno.EACCES: ("permission denied", f"get permission for {error.filename}"),
            errno.EPERM: ("permission denied", f"get permission for {error.filename}"),
        }.get(error.errno or 0, (f"{error.strerror or error}", "see what is wrong with that disk"))
        raise BnclaimsError(
            f"The store {root} cannot {doing}: {cause}; the records already there are whole: "
            f"{remedy} or choose another folder with --store=DIR, then run again."
        ) from error


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith(".tmp")


def _check_format(marker: Path) -> None:
    try:
        found = json.loads(marker.read_bytes())["format"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, int) or found < 1:
        raise BnclaimsError(
            f"{marker} does not name the format of a store: restore it or choose another folder "
            f"with --store=DIR."
        )
    if found > FORMAT:
        raise BnclaimsError(
            f"The store {marker.parent} has format {found}, newer than the {FORMAT} of this "
            f"version: upgrade bnclaims or choose another folder with --store=DIR."
        )


def _write_whole(path: Path, data: bytes, *, replace: bool = False) -> bool:
    """Whether ``path`` now holds ``data``, durably; false when the name was taken."""
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(temporary, path)
            return True
        return give_name(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def give_name(source: Path, target: Path) -> bool:
    """Whether ``source`` got the free name ``target``; it may keep its old name beside it."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        # A file system without hard links: two writers at the same instant may both succeed here,
        # which costs a check of determinism and nothing else.
        if target.exists():
            return False
        os.rename(source, target)
    return True


def _content(file: BinaryIO, size: int) -> bytes:
    """``size`` bytes of a file; ``ValueError`` where the disk itself cannot read them."""
    try:
        return file.read(size)
    except OSError as error:
        # Too many open files or a lost network share says nothing about the record.
        if error.errno != errno.EIO:
            raise
        raise ValueError("the disk cannot read it") from error


def _set_aside(path: Path, judged: BinaryIO, folder: Path, reason: str) -> Path | None:
    """Where the judged file went; ``None`` when another process took it away before."""
    folder.mkdir(exist_ok=True)
    for number in itertools.count():
        note = folder / f"{path.stem}.{number}.reason"
        with contextlib.suppress(FileExistsError):
            note.touch(exist_ok=False)
            break
    target = note.with_suffix(".trial")
    moved = False
    try:
        os.rename(path, target)
        # Between reading and renaming, another process may have moved the damaged file away and
        # saved a sound one under its name: that one goes back.
        moved = os.path.samestat(os.stat(target), os.fstat(judged.fileno()))
        if not moved:
            give_name(target, path)
            target.unlink(missing_ok=True)
    except FileNotFoundError:
        pass
    finally:
        if not moved:
            note.unlink(missing_ok=True)
    if not moved:
        return None
    # A full disk may refuse the text; `damaged` has it as well.
    with contextlib.suppress(OSError):
        note.write_text(f"{reason}\n", encoding="utf-8", errors="backslashreplace")
    return target
