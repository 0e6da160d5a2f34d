"""Folder of a user's own images: one sub-folder per class, with groups.csv where images belong together."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path

from bnclaims.datasets.dataset import (
    Dataset,
    DatasetInfo,
    ImageSet,
    Sources,
    empty_pixels,
    image_set,
)
from bnclaims.datasets.files.digest import file_digest, fingerprint_of
from bnclaims.datasets.files.group_table import find_table, is_padded, read_table
from bnclaims.datasets.files.image_files import decode, read_file
from bnclaims.datasets.files.image_folder import Listing, class_of, list_images
from bnclaims.datasets.files.image_groups import GROUPING_VERSION, join_copies
from bnclaims.errors import BnclaimsError

PREFIX = "folder:"


def folder(name: str, sources: Sources | None = None) -> Dataset:
    """The dataset ``folder:NAME``, read from `Sources.folder`; NAME is a label, not a path.

    What it says of itself is what ``sources`` hold, where they are given.
    """
    table = None if sources is None or sources.folder is None else find_table(_root(sources))
    info = DatasetInfo(
        name=f"{PREFIX}{name}",
        title=f"the images of the folder {name}",
        synthetic=False,
        licence="not known: the user's own images",
        citation="",
        source="a folder on this machine",
        classes=(),
        grouped_by=None if table is None else f"group of {table.name}",
    )
    return Dataset(
        info=info, read=functools.partial(_read, info), fingerprint=_fingerprint, cached=True
    )


def listing(sources: Sources) -> Listing:
    """The files of the folder: those of `Sources.classes`, or of all classes where none are named."""
    return list_images(_root(sources), sources.classes)


def groups_in(sources: Sources, found: Listing) -> dict[str, str]:
    """The group of each listed image that has one by the folder's table."""
    table = find_table(_root(sources))
    return {} if table is None else read_table(table, found.used)


def groups_of(found: Listing, named: Mapping[str, str]) -> dict[str, str]:
    """The group of every listed image: that of the table (``named``) or its own, and one for all copies."""
    names = list(found.used)
    joined = join_copies(
        [named.get(name, name) for name in names], [file_digest(found.used[n]) for n in names]
    )
    return dict(zip(names, joined, strict=True))


def _read(info: DatasetInfo, sources: Sources, image_size: int) -> ImageSet:
    found = listing(sources)
    named = groups_in(sources, found)
    names, paths = list(found.used), list(found.used.values())
    pixels = empty_pixels(info, images=len(paths), image_size=image_size)
    for index, path in enumerate(paths):
        pixels[index] = decode(read_file(path), image_size=image_size, name=str(path))
    class_names = list(map(class_of, names))
    images = image_set(
        info,
        pixels=pixels,
        class_names=class_names,
        classes=tuple(dict.fromkeys(class_names)),
        images=names,
        groups=list(groups_of(found, named).values()),
    )
    return dataclasses.replace(images, grouped=bool(named))


def _fingerprint(sources: Sources) -> str:
    parts = [f"grouping {GROUPING_VERSION}"]
    for name, path in listing(sources).used.items():
        parts += [name, file_digest(path)]
    table = find_table(_root(sources))
    parts.append("no groups" if table is None else file_digest(table))
    # The groups of such a table are others than those of the versions that kept the spaces.
    parts += ["trimmed"] if table is not None and is_padded(table) else []
    return fingerprint_of(parts)


def _root(sources: Sources) -> Path:
    root = sources.folder
    if root is None:
        raise BnclaimsError("--dataset folder: name the folder of images, as in folder:PATH.")
    if not root.is_dir():
        raise BnclaimsError(f"--dataset folder:{root}: is no folder; name one that exists.")
    return root
