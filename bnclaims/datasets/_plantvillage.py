"""PlantVillage: photos of single leaves, several of most leaves, one data pack per plant."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from bnclaims.datasets._decode import decode
from bnclaims.datasets._digest import file_digest, fingerprint_of
from bnclaims.datasets._groups import GROUPING_VERSION, join_copies, number_blocks
from bnclaims.datasets._images import Dataset, DatasetInfo, ImageSet, Sources, image_set
from bnclaims.datasets._pack import pack_files, read_manifest, read_members
from bnclaims.errors import BnclaimsError

CITATION = (
    "D. P. Hughes and M. Salathe, arXiv:1511.08060 (2015); "
    "S. P. Mohanty, D. P. Hughes and M. Salathe, doi:10.3389/fpls.2016.01419 (2016)"
)


def plantvillage(plant: str, *, title: str, classes: tuple[str, ...], source: str) -> Dataset:
    """The dataset of one plant, read from ``plantvillage_PLANT/`` under ``--data-root``."""
    folder = f"plantvillage_{plant}"
    info = DatasetInfo(
        name=f"plantvillage-{plant}",
        title=title,
        synthetic=False,
        licence="CC BY-SA 3.0",
        citation=CITATION,
        source=source,
        classes=classes,
        grouped_by="leaf",
        files=(f"{folder}/{folder}_128.tar", f"{folder}/manifest.csv"),
    )

    def read(sources: Sources, image_size: int) -> ImageSet:
        return _read(info, sources, image_size)

    def fingerprint(sources: Sources) -> str:
        paths = pack_files(info, sources)
        return fingerprint_of([f"grouping {GROUPING_VERSION}", *map(file_digest, paths)])

    return Dataset(info=info, read=read, fingerprint=fingerprint)


def _read(info: DatasetInfo, sources: Sources, image_size: int) -> ImageSet:
    archive, manifest = pack_files(info, sources)
    rows = read_manifest(manifest)
    if not rows:
        raise BnclaimsError(f"{manifest}: lists no files; fetch the manifest again.")
    # Pepper's names begin with "Pepper,_bell___"; what follows is the condition of the leaf.
    conditions = {name: row["class"].rpartition("___")[2] for name, row in rows.items()}
    for name, condition in conditions.items():
        if condition not in info.classes:
            raise BnclaimsError(
                f"{manifest}: gives {name!r} the class {condition!r}, which {info.name} does not "
                f"have; its classes are {', '.join(info.classes)}."
            )
    decoded, contents = {}, {}
    for name, data in read_members(archive, rows):
        decoded[name] = decode(data, image_size=image_size, name=f"{archive}: {name}")
        contents[name] = data
    leaves = leaf_groups(rows)
    names = sorted(rows)
    return image_set(
        info,
        pixels=np.stack([decoded[name] for name in names]),
        class_names=[conditions[name] for name in names],
        classes=info.classes,
        images=names,
        groups=join_copies([leaves[name] for name in names], [contents[name] for name in names]),
    )


def leaf_groups(rows: dict[str, dict[str, str]]) -> dict[str, str]:
    """The leaf, or a block of photos that holds whole leaves where it can, of each image.

    In this order: the manifest's leaf id; the leaf that the photo series names, either itself (a
    leaf photographed on several days) or by the number that follows "Leaf"; the block of the photo
    number in its series. An image with none of these is a group of its own.
    """
    numbers = defaultdict(list)
    for row in rows.values():
        if (number := _photo_number(row)) is not None:
            numbers[_series(row)].append(number)
    blocks = {series: number_blocks(found) for series, found in numbers.items()}

    groups = {}
    for name, row in rows.items():
        series, number = _series(row), _photo_number(row)
        named = row.get("photo_series", "")
        if row["leaf_id"]:
            groups[name] = row["leaf_id"]
        elif named.endswith(" Day"):
            # "GHLB Leaf 23.1 Day" is photo 1 of leaf 23: drop the photo.
            groups[name] = series.removesuffix(" Day").partition(".")[0]
        elif number is None:
            groups[name] = name
        elif named.endswith(" Leaf"):
            groups[name] = f"{series} {number}"
        else:
            groups[name] = f"{series} from {blocks[series][number]}"
    return groups


def _series(row: dict[str, str]) -> str:
    return f"{row['class']}:{row.get('photo_series', '')}"


def _photo_number(row: dict[str, str]) -> int | None:
    # "259.1" is photo 1 of number 259.
    whole = row.get("photo_number", "").partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdigit() else None
