"""Leaf ids: which leaf a photo of PlantVillage shows, as far as its name tells."""

from __future__ import annotations

from collections import defaultdict

from bnclaims.datasets.files.image_groups import number_blocks

_CAMERA_DIGITS = 4


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
        elif names_leaf(row):
            groups[name] = f"{series} {number}"
        else:
            groups[name] = f"{series} from {blocks[series][number]}"
    return groups


def names_leaf(row: dict[str, str]) -> bool:
    """Whether the name of a photo says of which leaf it is.

    A number of four digits behind "Leaf" is the camera's: "UF.GRC_BS_Lab Leaf 9284", 9285 and 9288
    are photos of one leaf.
    """
    series, number = row.get("photo_series", ""), row.get("photo_number", "").partition(".")[0]
    return series.endswith(" Day") or (series.endswith(" Leaf") and len(number) < _CAMERA_DIGITS)


def _series(row: dict[str, str]) -> str:
    return f"{row['class']}:{row.get('photo_series', '')}"


def _photo_number(row: dict[str, str]) -> int | None:
    # "259.1" is photo 1 of number 259.
    whole = row.get("photo_number", "").partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdigit() else None
