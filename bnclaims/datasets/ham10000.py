"""HAM10000: dermatoscopic images of seven kinds of skin lesions, often several of one lesion.

The complete release is two zip archives and a table; the pack has all images but part of the nevi,
at 200 x 150 pixels.
"""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from bnclaims.datasets.dataset import (
    DatasetInfo,
    ImageSet,
    Release,
    RemoteFile,
    empty_pixels,
    image_set,
)
from bnclaims.datasets.files.image_files import MAX_FILE_BYTES, decode
from bnclaims.datasets.files.image_groups import join_copies
from bnclaims.datasets.files.image_pack import MAX_ROWS, read_pack
from bnclaims.datasets.files.releases import released
from bnclaims.errors import BnclaimsError

COUNTS = {
    "nv": 6705,
    "mel": 1113,
    "bkl": 1099,
    "bcc": 514,
    "akiec": 327,
    "vasc": 142,
    "df": 115,
}
COLUMNS = ("lesion_id", "image_id", "dx")


def _file(name: str, number: str, size: int, md5: str) -> RemoteFile:
    return RemoteFile(
        name=f"ham10000/{name}",
        urls=(f"https://dataverse.harvard.edu/api/access/datafile/{number}",),
        checksum=f"md5:{md5}",
        size=size,
    )


# Dataverse states these md5 sums; without "original" it would send another form of the table.
DOWNLOADS = (
    _file(
        "HAM10000_metadata.csv",
        "4338392?format=original",
        690_218,
        "8f85fb1aa29d80a2797247e434deb79d",
    ),
    _file(
        "HAM10000_images_part_1.zip", "3172585", 1_366_522_108, "4639bfa73ab251610530a97c898e6e46"
    ),
    _file(
        "HAM10000_images_part_2.zip", "3172584", 1_403_566_547, "da43d6cc50f6613013be07e8986b384b"
    ),
)


def _read(
    info: DatasetInfo, release: Release, paths: tuple[Path, ...], image_size: int
) -> ImageSet:
    if not release.downloads:
        return read_pack(
            info,
            paths,
            image_size,
            groups_of=lambda rows: {name: row["leaf_id"] or name for name, row in rows.items()},
        )
    table, *archives = paths
    rows = _read_table(table, info)
    pixels = empty_pixels(info, images=len(rows), image_size=image_size)
    place = {name: index for index, name in enumerate(sorted(rows))}
    contents = dict.fromkeys(rows, b"")
    for archive in archives:
        for name, data in _members(archive, rows):
            if contents[name]:
                raise BnclaimsError(f"{archive}: holds {name}.jpg a second time; fetch it again.")
            contents[name] = hashlib.sha256(data).digest()
            where = f"{archive}: {name}.jpg"
            pixels[place[name]] = decode(data, image_size=image_size, name=where)
    missing = [name for name, content in contents.items() if not content]
    if missing:
        raise BnclaimsError(
            f"{archives[0].parent}: the archives lack {missing[0]}.jpg and {len(missing) - 1} more "
            f"images of {table.name}; fetch all files again."
        )
    return image_set(
        info,
        pixels=pixels,
        class_names=[rows[name]["dx"] for name in place],
        classes=info.classes,
        images=[f"{rows[name]['dx']}/{name}.jpg" for name in place],
        groups=join_copies(
            [rows[name]["lesion_id"] for name in place], [contents[name] for name in place]
        ),
    )


def _read_table(path: Path, info: DatasetInfo) -> dict[str, dict[str, str]]:
    """The rows of HAM10000_metadata.csv by image."""
    rows: dict[str, dict[str, str]] = {}
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BnclaimsError(f"{path}: is larger than {MAX_FILE_BYTES} bytes; fetch it again.")
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise BnclaimsError(
                    f"{path}: has no column {missing[0]!r}; fetch {DOWNLOADS[0].urls[0]}."
                )
            for row in reader:
                where = f"{path}: line {reader.line_num}"
                if not all(row[name] for name in COLUMNS) or len(rows) == MAX_ROWS:
                    raise BnclaimsError(f"{where} is no image with its lesion; fetch it again.")
                if row["dx"] not in info.classes:
                    raise BnclaimsError(f"{where} has the class {row['dx']!r}; fetch it again.")
                if rows.setdefault(row["image_id"], row) is not row:
                    raise BnclaimsError(f"{where} lists {row['image_id']!r} again; fetch it again.")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BnclaimsError(
            f"{path}: cannot be read as a table ({error}); fetch it again."
        ) from error
    if not rows:
        raise BnclaimsError(f"{path}: lists no images; fetch it again.")
    return rows


def _members(archive: Path, rows: Mapping[str, object]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of the images of the table in a zip archive, never written to disk."""
    last = "its start"
    try:
        with zipfile.ZipFile(archive) as file:
            for member in file.infolist():
                path = PurePosixPath(member.filename)
                if path.stem not in rows or path.suffix.lower() != ".jpg":
                    continue
                last = repr(member.filename)
                if member.file_size > MAX_FILE_BYTES:
                    raise BnclaimsError(
                        f"{archive}: the member {last} has {member.file_size} bytes, more than "
                        f"the {MAX_FILE_BYTES} allowed; do not use this archive."
                    )
                with file.open(member) as content:
                    # No more than stated is unpacked, whatever the member holds.
                    yield path.stem, content.read(member.file_size + 1)
    except BnclaimsError:
        raise
    except Exception as error:
        # Headers that nobody writes make zipfile raise far more than its own errors.
        raise BnclaimsError(
            f"{archive}: damaged or truncated at {last} ({error}); fetch the archive again."
        ) from error


DATASET = released(
    DatasetInfo(
        name="ham10000",
        title="dermatoscopic images of skin lesions (HAM10000)",
        synthetic=False,
        licence="CC BY-NC 4.0 (not for commercial use)",
        citation="P. Tschandl, C. Rosendahl and H. Kittler, doi:10.1038/sdata.2018.161 (2018)",
        source="the files of doi:10.7910/DVN/DBW86T at Harvard Dataverse",
        classes=tuple(COUNTS),
        grouped_by="lesion",
        releases=(
            Release(
                title="complete",
                files=tuple(file.name for file in DOWNLOADS),
                downloads=DOWNLOADS,
                counts=COUNTS,
                groups=7470,
            ),
            Release(
                title="pack with fewer nevi",
                files=("ham10000_small/ham10000_small.tar", "ham10000_small/manifest.csv"),
                counts={**COUNTS, "nv": 4500},
                groups=5703,
            ),
        ),
    ),
    _read,
)
