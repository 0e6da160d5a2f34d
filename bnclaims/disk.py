"""The files of a store on its disk: each appears whole or not at all, and refusals are explained."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from bnclaims.errors import BnclaimsError

_TRIES: Final = 2
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def storage_errors(root: Path, doing: str) -> Iterator[None]:
    """A context that turns the refusals of a disk into sentences with the store and a remedy."""
    try:
        yield
    except OSError as error:
        cause, remedy = cause_and_remedy(error)
        raise BnclaimsError(
            f"The store {root} cannot {doing}: {cause}; the records already there are whole: "
            f"{remedy} or choose another folder with --store=DIR, then run again."
        ) from error


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """A context that one process at a time is in, where the disk of the folder has locks."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        # Without locks work may be done twice; what it makes must be right without them too.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def cause_and_remedy(error: OSError) -> tuple[str, str]:
    """What a disk refused, and what can be done about it, as two parts of a sentence."""
    return {
        errno.ENOSPC: ("the disk is full", "free some space"),
        errno.EDQUOT: ("the disk quota is used up", "free some space"),
        errno.EROFS: ("it is read-only", "make it writable"),
        errno.EACCES: ("permission denied", f"get permission for {error.filename}"),
        errno.EPERM: ("permission denied", f"get permission for {error.filename}"),
    }.get(error.errno or 0, (f"{error.strerror or error}", "see what is wrong with that disk"))


def write_whole(path: Path | str, data: bytes, *, replace: bool = False) -> bool:
    """Whether ``path`` now holds ``data``, durably; false when the name was taken."""
    # Another machine, whose clock is ahead, may take the unfinished file for an abandoned one.
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):
            return _write_whole(path, data, replace)
    return _write_whole(path, data, replace)


def _write_whole(path: Path | str, data: bytes, replace: bool) -> bool:
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0]
    temporary = os.path.join(folder, f".{stem}.{secrets.token_hex(4)}.tmp")
    try:
        # The calls themselves: a file object around them would take longer than they do.
        file = os.open(temporary, _NEW_FILE, 0o666)
        try:
            written = os.write(file, data)
            while written < len(data):
                written += os.write(file, memoryview(data)[written:])
            os.fsync(file)
        finally:
            os.close(file)
        if replace:
            os.replace(temporary, path)
            return True
        return give_name(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one that `write_whole` is writing, or was when killed."""
    return name.startswith(".") and name.endswith(".tmp")


def give_name(source: Path | str, target: Path | str) -> bool:
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
        if os.path.exists(target):
            return False
        os.rename(source, target)
    return True


def is_file(path: Path) -> bool:
    """Whether there is such a file; no error where the name itself is impossible, e.g. too long."""
    return _is(Path.is_file, path)


def is_dir(path: Path) -> bool:
    """Whether there is such a folder; no error where the name itself is impossible."""
    return _is(Path.is_dir, path)


def _is(kind: Callable[[Path], bool], path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return kind(path)
    return False


def refuses_files(folder: Path) -> Path | None:
    """The existing folder whose disk or rights refuse files in ``folder``, which need not exist yet."""
    # What replaces a folder whole is made beside it.
    for place in (folder, folder.parent):
        there = next((part for part in (place, *place.parents) if is_dir(part)), place)
        if not os.access(there, os.W_OK | os.X_OK):
            return there
    return None


def without_waiting(path: str, flags: int) -> int:
    """An opener of files for `open`; a pipe in place of a file does not hang the reader."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
