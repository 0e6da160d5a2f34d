"""Content digests of files, computed once per process for as long as a file stays the same."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

from bnclaims.errors import BnclaimsError

FINGERPRINT_DIGITS = 16


def file_digest(path: Path, *, algorithm: str = "sha256") -> str:
    """Hexadecimal digest of a file; `BnclaimsError` when it cannot be read."""
    try:
        status = path.stat()
        return _digest(path, algorithm, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise BnclaimsError(
            f"{path}: cannot be read ({error.strerror}); check that it exists and may be read."
        ) from error


@functools.lru_cache(maxsize=65_536)
def _digest(path: Path, algorithm: str, size: int, modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def fingerprint_of(parts: Iterable[str]) -> str:
    """A short fingerprint of a sequence of texts."""
    joined = "\n".join(part.encode("unicode_escape").decode("ascii") for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:FINGERPRINT_DIGITS]
