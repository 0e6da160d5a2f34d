"""The store: one immutable, checked file per trained model, shared by any number of processes."""

from __future__ import annotations

import contextlib
import datetime
import errno
import itertools
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from bnclaims.errors import BnclaimsError, storage_errors
from bnclaims.protocol.trial import Trial, canonical_json
from bnclaims.store.atomic_files import give_name, is_temporary, without_waiting, write_whole
from bnclaims.store.cleanup import sweep
from bnclaims.store.codec import FORMAT, MAX_FILE_BYTES, decode, differences, encode
from bnclaims.store.record import Record

# How often a file that a network share has lost sight of is opened anew.
_TRIES: Final = 4
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
nights/      which nights have added seeds, under protocols that accumulate evidence
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


class Store:
    """A folder of records, safe for any number of processes that read and write at the same time.

    Correct without locks: a file appears under its name whole or not at all, and never changes.
    ``damaged`` lists the files that `read` refused, each with a sentence for the report.
    Methods raise `BnclaimsError` when the disk does not let them do their work.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.damaged: list[tuple[Path, str]] = []
        # Strings: paths are put together for every trial.
        self._trials = os.path.join(root, "trials")
        self._errors = os.path.join(root, "errors")

    @classmethod
    def open(cls, path: Path) -> Store:
        """The store at ``path``, made if there is nothing yet.

        Refuses a folder that holds something else, and a store of a newer format.
        """
        marker = path / "store.json"
        with storage_errors(path, "be opened"):
            standing = next((part for part in (path, *path.parents) if part.exists()), path)
            if standing.is_file():
                raise BnclaimsError(
                    f"{standing} is a file, not a store: choose a folder with --store=DIR."
                )
            path.mkdir(parents=True, exist_ok=True)
            # Listed before the marker is looked for: another process that makes the store at this
            # moment writes the marker first.
            others = [name for name in os.listdir(path) if not is_temporary(name)]
            if not marker.exists():
                if others:
                    raise BnclaimsError(
                        f"{path} holds files (such as {min(others)}) but is not a store: choose an "
                        f"empty or new folder with --store=DIR."
                    )
                write_whole(marker, canonical_json({"format": FORMAT}).encode() + b"\n")
                write_whole(path / "README.txt", _README.encode())
            _check_format(marker)
        store = cls(path)
        sweep(path, store._folders())
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
        with storage_errors(self.root, f"read trial {key}"):
            for _ in range(_TRIES):
                try:
                    return self._read(key)
                except OSError as error:
                    # A network share forgot the file while it was read; the next opening finds it.
                    if error.errno != errno.ESTALE:
                        raise
            return self._read(key)

    def write(self, record: Record) -> WriteResult:
        """The durable addition of a record under its trial's key; the first writer wins.

        A second record of the same trial is a check of determinism: what differs from the first,
        apart from times and environment, is returned and noted in ``determinism.jsonl``.
        """
        return self._add(record, encode(record))

    def accept(self, key: str, data: bytes) -> tuple[Record, WriteResult]:
        """The addition of a record that another process sends as it would stand in the file.

        Raises ``ValueError`` with the reason when the data is anything but a sound record of ``key``.
        """
        record = decode(key, data)
        if record is None:
            raise ValueError("it was made by another trainer version")
        return record, self._add(record, data)

    def _add(self, record: Record, data: bytes) -> WriteResult:
        key = record.trial.key
        with storage_errors(self.root, f"save trial {key} ({len(data)} bytes)"):
            name = self._name(key)
            folder = os.path.dirname(name)
            if not os.path.isdir(folder):
                os.makedirs(folder, exist_ok=True)
            # The second round is for a name that was taken by a damaged file, now moved away.
            for _ in range(2):
                if write_whole(name, data):
                    if os.path.lexists(error := self._error_file(key)):
                        os.unlink(error)
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
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write_whole(path, f"{title}\n{message}".encode(errors="backslashreplace"), replace=True)

    def read_error(self, key: str) -> str | None:
        """The last error message of a trial that has not been trained since."""
        with (
            storage_errors(self.root, f"read the error of trial {key}"),
            contextlib.suppress(FileNotFoundError),
        ):
            return (
                Path(self._error_file(key)).read_bytes().decode(errors="replace").partition("\n")[2]
            )
        return None

    def disagreements(self) -> list[tuple[str, tuple[str, ...]]]:
        """Key and differing parts of every trial that gave another result the second time."""
        found = []
        with (
            storage_errors(self.root, "list what was trained twice"),
            contextlib.suppress(FileNotFoundError),
            open(self.root / "determinism.jsonl", "rb") as file,
        ):
            # A process that was killed while it wrote may have left half a line.
            for line in file:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    note = json.loads(line)
                    found.append((str(note["key"]), tuple(map(str, note["differs"]))))
        return found

    def _name(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is not the key of a trial")
        return f"{self._trials}/{key[:2]}/{key}.trial"

    def _error_file(self, key: str) -> str:
        return f"{self._errors}/{key}.txt"

    def _read(self, key: str) -> Record | None:
        with (
            contextlib.suppress(FileNotFoundError),
            open(self._name(key), "rb", opener=without_waiting) as file,
        ):
            try:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise ValueError("it is no regular file")
                if status.st_size > MAX_FILE_BYTES:
                    raise ValueError(f"it is {status.st_size} bytes long, more than any record")
                return decode(key, _content(file, status.st_size))
            except ValueError as error:
                self._refuse(key, file, str(error))
        return None

    def _folders(self) -> Iterator[str]:
        with contextlib.suppress(FileNotFoundError):
            for folder in os.listdir(self._trials):
                yield os.path.join(self._trials, folder)

    def _files(self) -> Iterator[str]:
        for folder in self._folders():
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                for name in os.listdir(folder):
                    yield os.path.join(folder, name)

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
