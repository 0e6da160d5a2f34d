"""The user's own images: one sub-folder per class, with groups.csv where images belong together."""

from __future__ import annotations

import csv
import dataclasses
import functools
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
from bnclaims.datasets.files.image_files import MAX_FILE_BYTES, decode, read_file
from bnclaims.datasets.files.image_groups import GROUPING_VERSION, join_copies
from bnclaims.errors import BnclaimsError

PREFIX = "folder:"
GROUPS_FILE = "groups.csv"
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
# Left out in silence, such files would change the pool without anyone knowing.
OTHER_SUFFIXES = (".tif", ".tiff", ".gif", ".heic", ".avif", ".jp2")


def folder(name: str) -> Dataset:
    """The dataset ``folder:NAME``, read from `Sources.folder`; NAME is a label, not a path."""
    info = DatasetInfo(
        name=f"{PREFIX}{name}",
        title=f"the images of the folder {name}",
        synthetic=False,
        licence="not known: the user's own images",
        citation="",
        source="a folder on this machine",
        classes=(),
        grouped_by="group of groups.csv",
    )
    return Dataset(
        info=info, read=functools.partial(_read, info), fingerprint=_fingerprint, cached=True
    )


def _read(info: DatasetInfo, sources: Sources, image_size: int) -> ImageSet:
    root = _root(sources)
    files = _image_files(root)
    names, paths = list(files), list(files.values())
    pixels = empty_pixels(info, images=len(paths), image_size=image_size)
    for index, path in enumerate(paths):
        pixels[index] = decode(read_file(path), image_size=image_size, name=str(path))
    classes = tuple(dict.fromkeys(name.partition("/")[0] for name in names))
    groups = _groups(root, names)
    images = image_set(
        info,
        pixels=pixels,
        class_names=[name.partition("/")[0] for name in names],
        classes=classes,
        images=names,
        groups=join_copies(
            [groups.get(name, name) for name in names],
            [file_digest(path) for path in paths],
        ),
    )
    return dataclasses.replace(images, grouped=bool(groups))


def _fingerprint(sources: Sources) -> str:
    root = _root(sources)
    parts = [f"grouping {GROUPING_VERSION}"]
    for name, path in _image_files(root).items():
        parts += [name, file_digest(path)]
    table = root / GROUPS_FILE
    parts.append(file_digest(table) if table.exists() else "no groups")
    return fingerprint_of(parts)


def _root(sources: Sources) -> Path:
    root = sources.folder
    if root is None:
        raise BnclaimsError("--dataset folder: name the folder of images, as in folder:PATH.")
    if not root.is_dir():
        raise BnclaimsError(f"--dataset folder:{root}: is no folder; name one that exists.")
    return root


def _image_files(root: Path) -> dict[str, Path]:
    """Image files by their name relative to the folder, "class/.../file", sorted."""
    try:
        classes = sorted(path for path in root.iterdir() if path.is_dir() and not _hidden(path))
        if not classes:
            raise BnclaimsError(
                f"--dataset folder:{root}: has no sub-folders; put each class into one."
            )
        files = {}
        for class_folder in classes:
            images = [path for path in sorted(class_folder.rglob("*")) if _is_image(path)]
            if not images:
                raise BnclaimsError(
                    f"{class_folder}: holds no images ({', '.join(SUFFIXES)}); add some or "
                    "remove the folder."
                )
            files.update({path.relative_to(root).as_posix(): path for path in images})
    except OSError as error:
        raise BnclaimsError(
            f"--dataset folder:{root}: cannot be listed ({error}); check that it may be read."
        ) from error
    return files


def _is_image(path: Path) -> bool:
    suffix = path.suffix.lower()
    if _hidden(path) or not path.is_file():
        return False
    if suffix in OTHER_SUFFIXES:
        raise BnclaimsError(
            f"{path}: {suffix} images are not read; convert it to one of {', '.join(SUFFIXES)}."
        )
    return suffix in SUFFIXES


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _groups(root: Path, names: list[str]) -> dict[str, str]:
    """The group of each image that groups.csv names; images it leaves out stand alone."""
    path = root / GROUPS_FILE
    if not path.exists():
        return {}
    known = set(names)
    groups: dict[str, str] = {}
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BnclaimsError(
                f"{path}: is larger than {MAX_FILE_BYTES} bytes; list fewer images in it."
            )
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            if reader.fieldnames is None or {"file", "group"} - set(reader.fieldnames):
                raise BnclaimsError(
                    f"{path}: has no columns file and group; begin it with the line `file,group`."
                )
            for row in reader:
                name, group = row["file"], row["group"]
                where = f"{path}: line {reader.line_num}"
                if not name or not group or None in row:
                    raise BnclaimsError(f"{where} is no pair of file and group; complete it.")
                if name not in known:
                    raise BnclaimsError(
                        f"{where} names {name!r}, which is no image of the folder; "
                        "write paths like class/file.jpg."
                    )
                if groups.setdefault(name, group) != group:
                    raise BnclaimsError(f"{where} puts {name!r} into a second group; keep one.")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BnclaimsError(
            f"{path}: cannot be read as a table ({error}); save it as UTF-8 text with commas."
        ) from error
    return groups
