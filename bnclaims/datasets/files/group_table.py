"""Group table of a user's images: ``groups.csv``, which says what belongs together."""

from __future__ import annotations

import csv
import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bnclaims.datasets.files.image_files import MAX_FILE_BYTES
from bnclaims.datasets.files.image_folder import class_of, composed
from bnclaims.errors import BnclaimsError

GROUPS_FILE: Final = "groups.csv"


def find_table(root: Path) -> Path | None:
    """The file of groups, in whatever case its name is written; None where there is none.

    `BnclaimsError` where there are two, or a link that leads nowhere.
    """
    found = sorted(path for path in root.iterdir() if path.name.lower() == GROUPS_FILE)
    if len(found) > 1:
        raise BnclaimsError(f"{found[1]}: is a second file of groups; keep one {GROUPS_FILE}.")
    if found and not found[0].exists():
        raise BnclaimsError(
            f"{found[0]}: is a link that leads nowhere; bring back its file or remove the link."
        )
    return found[0] if found else None


def read_table(path: Path, names: Iterable[str]) -> dict[str, str]:
    """The group of each of these images that the table names; those it leaves out stand alone.

    Spaces around cells do not count. `BnclaimsError` for a malformed table, or one that names a
    file that is no image of the folder.
    """
    known = {composed(name): name for name in names}
    classes = {class_of(name) for name in known}
    groups: dict[str, str] = {}
    for line, file, group in _parsed(path).rows:
        where = f"{path}: line {line}"
        if (name := known.get(composed(file))) is None:
            if class_of(file) not in classes and _is_inside(path.parent, file):
                continue
            raise BnclaimsError(
                f"{where} names {file!r}, which is no image of the folder; "
                "write paths like class/file.jpg."
            )
        if groups.setdefault(name, group) != group:
            raise BnclaimsError(f"{where} puts {name!r} into a second group; keep one.")
    return groups


def is_padded(path: Path) -> bool:
    """Whether cells have spaces around them, which earlier versions took for part of a group's name."""
    return _parsed(path).padded


def _is_inside(root: Path, file: str) -> bool:
    """Whether this is a file of the folder, as of a class that nobody asked for."""
    return ".." not in file.split("/") and "\x00" not in file and (root / file).is_file()


@dataclasses.dataclass(frozen=True)
class _Table:
    """Line, file and group of each row, without spaces around them."""

    rows: tuple[tuple[int, str, str], ...]
    padded: bool


def _parsed(path: Path) -> _Table:
    try:
        status = path.stat()
        if status.st_size > MAX_FILE_BYTES:
            raise BnclaimsError(
                f"{path}: is larger than {MAX_FILE_BYTES} bytes; list fewer images in it."
            )
        return _rows(path, status.st_size, status.st_mtime_ns)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BnclaimsError(
            f"{path}: cannot be read as a table ({error}); save it as UTF-8 text with commas."
        ) from error


# The fingerprint asks for it as well as the images.
@functools.lru_cache(maxsize=4)
def _rows(path: Path, size: int, modified: int) -> _Table:
    rows: list[tuple[int, str, str]] = []
    padded = False
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, strict=True)
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        if {"file", "group"} - set(reader.fieldnames):
            raise BnclaimsError(
                f"{path}: has no columns file and group; begin it with the line `file,group`."
            )
        for row in reader:
            name, group = (row["file"] or "").strip(), (row["group"] or "").strip()
            if not name or not group or None in row:
                raise BnclaimsError(
                    f"{path}: line {reader.line_num} is no pair of file and group; complete it."
                )
            padded = padded or (name, group) != (row["file"], row["group"])
            rows.append((reader.line_num, name, group))
    return _Table(tuple(rows), padded)
