"""The files of a store on its disk: each appears whole or not at all, and refusals are explained."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from bnclaims.errors import BnclaimsError


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


def write_whole(path: Path | str, data: bytes, *, replace: bool = False) -> bool:
    """Whether ``path`` now holds ``data``, durably; false when the name was taken."""
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0]
    temporary = os.path.join(folder, f".{stem}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb", buffering=0) as file:
            written = 0
            while written < len(data):
                written += file.write(memoryview(data)[written:])
            os.fsync(file.fileno())
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
