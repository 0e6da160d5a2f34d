"""Listing of a folder with one sub-folder per class: the images that are used, and why others are not."""

from __future__ import annotations

import dataclasses
import difflib
import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from bnclaims.datasets.files.image_kinds import DAMAGED, FORMATS, READ, kind_of
from bnclaims.errors import BnclaimsError

T = TypeVar("T")

# Folders that systems and programs make beside images, often with copies of them; in lower case.
TOOL_MADE: Final = frozenset(
    (
        "__macosx",
        "__pycache__",
        "@eadir",
        "#recycle",
        "$recycle.bin",
        "system volume information",
        "lost+found",
    )
)
HIDDEN, BY_TOOL, NO_IMAGE = "hidden", "made by a program", "no image"
NO_CLASS: Final = "in no class folder"
NO_IMAGES: Final = "a folder without images"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Listing:
    """Files by their name relative to the folder, "class/.../file", in order.

    ``used`` are the images; ``left_out`` are the other files of its classes, and where none were
    named also images and folders that belong to no class, with the reason.
    """

    used: Mapping[str, Path]
    left_out: Mapping[str, str]


def class_of(name: str) -> str:
    """The class of a listed file: its first folder, in Unicode's composed form (NFC)."""
    return composed(name.partition("/")[0])


def composed(name: str) -> str:
    """A name in the one of Unicode's forms in which names are compared; macOS writes another."""
    return unicodedata.normalize("NFC", name)


def list_images(root: Path, classes: Sequence[str] = ()) -> Listing:
    """The files of these classes, or of all where none are named.

    `BnclaimsError` for a class that is not there or has no images, an image of a format that is
    not read, a link that leads nowhere, and what cannot be listed.
    """
    try:
        folders = _class_folders(root)
        wanted = dict.fromkeys(composed(name) for name in classes) or dict.fromkeys(folders)
        for name in wanted:
            if name not in folders:
                raise unknown_class(name, f"the folder {root}", tuple(folders))
        used: dict[str, Path] = {}
        left_out: dict[str, str] = {}
        for name, folder in folders.items():
            if name in wanted:
                _list_class(folder, used, left_out)
        for path in root.iterdir() if not classes else ():
            if path.is_file() and kind_of(path) is not None:
                left_out[path.name] = NO_CLASS
    except OSError as error:
        raise BnclaimsError(
            f"--dataset folder:{root}: cannot be listed ({error}); check that it may be read."
        ) from error
    empty = [name for name in wanted if not any(class_of(file) == name for file in used)]
    if empty and (classes or len(empty) == len(wanted)):
        raise BnclaimsError(
            f"{folders[empty[0]]}: holds no images ({READ}); add some or remove the folder."
        )
    left_out |= {folders[name].name: NO_IMAGES for name in empty}
    return Listing(used=_in_order(used), left_out=_in_order(left_out))


def unknown_class(name: str, where: str, known: Sequence[str]) -> BnclaimsError:
    """The refusal of a class that is none of the known ones."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return BnclaimsError(
        f"class {name!r}: {where} has no such class{hint}; use some of {', '.join(known)}."
    )


def _class_folders(root: Path) -> dict[str, Path]:
    folders: dict[str, Path] = {}
    for path in sorted(root.iterdir()):
        if not path.is_dir() or _unwanted(path.name):
            continue
        if (name := composed(path.name)) in folders:
            raise BnclaimsError(
                f"{path}: two folders have this name, written in two forms of Unicode; join them."
            )
        folders[name] = path
    if not folders:
        raise BnclaimsError(
            f"--dataset folder:{root}: has no sub-folders; put each class into one."
        )
    return folders


def _list_class(folder: Path, used: dict[str, Path], left_out: dict[str, str]) -> None:
    unread: dict[str, list[str]] = {}
    for name, entry in _files(str(folder), folder.name, frozenset()):
        reasons = filter(None, map(_unwanted, name.split("/")[1:]))
        if (reason := next(reasons, None)) is not None:
            left_out[name] = reason
        elif entry.is_symlink() and not os.path.exists(entry.path):
            raise BnclaimsError(
                f"{entry.path}: is a link that leads nowhere; bring back its file or remove the link."
            )
        elif not entry.is_file() or (kind := kind_of(path := Path(entry.path))) is None:
            left_out[name] = NO_IMAGE
        elif kind in (*FORMATS, DAMAGED):
            used[name] = path
        else:
            unread.setdefault(kind, []).append(entry.path)
    for kind, paths in unread.items():
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        raise BnclaimsError(f"{min(paths)}{more}: {kind} images are not read; convert to {READ}.")


def _files(folder: str, name: str, above: frozenset[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below a folder that is no folder, by its name; links to folders are followed."""
    place = os.path.realpath(folder)
    if place in above:
        raise BnclaimsError(f"{folder}: is a link to a folder that holds it; remove the link.")
    # Not pathlib, which asks the disk again for what the listing says: every trial lists the folder.
    with os.scandir(folder) as entries:
        for entry in entries:
            own = f"{name}/{entry.name}"
            if entry.is_dir():
                yield from _files(entry.path, own, above | {place})
            else:
                yield own, entry


def _unwanted(name: str) -> str | None:
    """Why nothing of this name is data, or None."""
    if name.startswith("."):
        return HIDDEN
    return BY_TOOL if name.lower() in TOOL_MADE else None


def _in_order(files: Mapping[str, T]) -> dict[str, T]:
    """Folder by folder, as paths are ordered: fingerprints depend on it."""
    return {name: files[name] for name in sorted(files, key=lambda name: name.split("/"))}
