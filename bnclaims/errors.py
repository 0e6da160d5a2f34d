"""The error a person can act on."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

LONGEST: Final = 1_000


class BnclaimsError(Exception):
    """One sentence that names the file or option, its value and the remedy.

    Everything that comes from outside is checked before work starts and reported with this; the
    plugin turns it into a usage error and the command line into exit code 2, without a traceback.
    What comes from outside may stand in it as it is: whatever could steer a terminal is spelt out.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


def printable(text: str) -> str:
    """The text on one line, control characters and lone surrogates as escapes, its middle cut out.

    A name from outside may be as long as its file; the sentence begins and ends with our words.
    """
    text = " ".join(text.split())
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} [...] {text[-LONGEST // 2 :]}"
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


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


def cause_and_remedy(error: OSError) -> tuple[str, str]:
    """What a disk refused, and what can be done about it, as two parts of a sentence."""
    return {
        errno.ENOSPC: ("the disk is full", "free some space"),
        errno.EDQUOT: ("the disk quota is used up", "free some space"),
        errno.EROFS: ("it is read-only", "make it writable"),
        errno.EACCES: ("permission denied", f"get permission for {error.filename}"),
        errno.EPERM: ("permission denied", f"get permission for {error.filename}"),
    }.get(error.errno or 0, (f"{error.strerror or error}", "see what is wrong with that disk"))


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
