"""Reading a data pack: one uncompressed tar of image files and a manifest that lists them."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bnclaims.datasets._decode import MAX_FILE_BYTES
from bnclaims.datasets._images import DatasetInfo, Sources
from bnclaims.errors import BnclaimsError

REQUIRED_COLUMNS = ("file", "class", "leaf_id")
# A few times the largest pack; a manifest beyond it is no manifest.
MAX_ROWS = 200_000


def pack_files(info: DatasetInfo, sources: Sources) -> tuple[Path, ...]:
    """The files of a pack under ``--data-root``; `BnclaimsError` when one is not there."""
    if sources.data_root is None:
        raise BnclaimsError(
            f"--dataset {info.name}: needs --data-root DIR, where DIR holds "
            f"{' and '.join(info.files)} ({info.source})."
        )
    paths = tuple(sources.data_root / name for name in info.files)
    for name, path in zip(info.files, paths, strict=True):
        if not path.is_file():
            raise BnclaimsError(
                f"--data-root {sources.data_root}: holds no file {name}, which {info.name} needs; "
                f"put it there ({info.source})."
            )
    return paths


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
                _check_member(archive, member)
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


def _check_member(archive: Path, member: tarfile.TarInfo) -> None:
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
