"""Reading a data pack: one uncompressed tar of image files and a manifest that lists them."""

from __future__ import annotations

import csv
import hashlib
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from bnclaims.datasets.dataset import DatasetInfo, ImageSet, empty_pixels, image_set
from bnclaims.datasets.files.image_files import MAX_FILE_BYTES, decode
from bnclaims.datasets.files.image_groups import join_copies
from bnclaims.errors import BnclaimsError

REQUIRED_COLUMNS = ("file", "class", "leaf_id")
# A few times the largest pack; a manifest beyond it is no manifest.
MAX_ROWS = 200_000


def read_pack(
    info: DatasetInfo,
    paths: tuple[Path, ...],
    image_size: int,
    *,
    groups_of: Callable[[dict[str, dict[str, str]]], dict[str, str]],
) -> ImageSet:
    """The images of a pack, by name, from the paths of its tar and of its manifest.

    The class is what follows the last "___" of the manifest's; ``groups_of`` gives the group of
    each row by name. `BnclaimsError` when a file is damaged or the two do not go together.
    """
    archive, manifest = paths
    rows = read_manifest(manifest)
    if not rows:
        raise BnclaimsError(f"{manifest}: lists no files; fetch the manifest again.")
    names = sorted(rows)
    conditions = [rows[name]["class"].rpartition("___")[2] for name in names]
    for name, condition in zip(names, conditions, strict=True):
        if condition not in info.classes:
            raise BnclaimsError(
                f"{manifest}: gives {name!r} the class {condition!r}, which {info.name} does not "
                f"have; its classes are {', '.join(info.classes)}."
            )
    pixels = empty_pixels(info, images=len(names), image_size=image_size)
    place = {name: index for index, name in enumerate(names)}
    contents = [b""] * len(names)
    for name, data in read_members(archive, rows):
        pixels[place[name]] = decode(data, image_size=image_size, name=f"{archive}: {name}")
        contents[place[name]] = hashlib.sha256(data).digest()
    groups = groups_of(rows)
    return image_set(
        info,
        pixels=pixels,
        class_names=conditions,
        classes=info.classes,
        images=names,
        groups=join_copies([groups[name] for name in names], contents),
    )


def read_manifest(path: Path) -> dict[str, dict[str, str]]:
    """The rows of a manifest by member name; `BnclaimsError` when the table is malformed."""
    rows: dict[str, dict[str, str]] = {}
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BnclaimsError(f"{path}: is larger than {MAX_FILE_BYTES} bytes; split the pack.")
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in REQUIRED_COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise BnclaimsError(
                    f"{path}: has no column {missing[0]!r}; use the pack's own manifest."
                )
            for row in reader:
                if None in row or None in row.values():
                    raise BnclaimsError(
                        f"{path}: line {reader.line_num} has more or fewer fields than the header; "
                        "fetch the manifest again."
                    )
                name = row["file"]
                if name in rows:
                    raise BnclaimsError(f"{path}: lists {name!r} twice; fetch the manifest again.")
                if len(rows) == MAX_ROWS:
                    raise BnclaimsError(
                        f"{path}: lists more than {MAX_ROWS} files; split the pack."
                    )
                rows[name] = row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BnclaimsError(
            f"{path}: cannot be read as a table ({error}); fetch the manifest again."
        ) from error
    return rows


def read_members(archive: Path, expected: dict[str, dict[str, str]]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every file of a tar, in archive order, never written to disk.

    `BnclaimsError` when the archive is damaged, holds a name that leads out of its folder, a link,
    or a member above 64 MB, or when its members and ``expected`` are not one to one.
    """
    missing = dict.fromkeys(expected)
    last = "its start"
    try:
        with tarfile.open(archive, "r:") as tar:
            for member in tar:
                name = member.name
                if member.isdir():
                    continue
                check_member(archive, member)
                if name not in missing:
                    fault = "twice" if name in expected else "but the manifest does not list it"
                    raise BnclaimsError(
                        f"{archive}: holds {name!r} {fault}; fetch archive and manifest together."
                    )
                del missing[name]
                last = repr(name)
                file = tar.extractfile(member)
                assert file is not None, "extractfile returns a file for every regular member"
                data = file.read()
                if len(data) != member.size:
                    raise tarfile.ReadError("unexpected end of data")
                yield name, data
    except BnclaimsError:
        raise
    except Exception as error:
        # Headers that nobody writes make tarfile raise far more than its own errors.
        raise BnclaimsError(
            f"{archive}: damaged or truncated at {last} ({error}); fetch the archive again."
        ) from error
    if missing:
        raise BnclaimsError(
            f"{archive}: lacks {next(iter(missing))!r} and {len(missing) - 1} more files of its "
            "manifest; fetch archive and manifest together."
        )


def check_member(archive: Path, member: tarfile.TarInfo) -> None:
    """`BnclaimsError` unless a member is a file of bearable size inside the archive's folder."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name:
        raise BnclaimsError(
            f"{archive}: the member name {member.name!r} leads out of the archive's folder; "
            "do not use this archive."
        )
    if not member.isreg():
        raise BnclaimsError(
            f"{archive}: the member {member.name!r} is no regular file; do not use this archive."
        )
    if member.size > MAX_FILE_BYTES:
        raise BnclaimsError(
            f"{archive}: the member {member.name!r} has {member.size} bytes, more than the "
            f"{MAX_FILE_BYTES} allowed; do not use this archive."
        )
