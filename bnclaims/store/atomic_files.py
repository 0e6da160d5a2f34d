"""The files of a store on its disk: each appears whole or not at all, and refusals are explained."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TRIES: Final = 2
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


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


def without_waiting(path: str, flags: int) -> int:
    """An opener of files for `open`; a pipe in place of a file does not hang the reader."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
