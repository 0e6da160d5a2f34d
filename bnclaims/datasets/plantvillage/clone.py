"""A clone of github.com/spMohanty/PlantVillage-Dataset: photos by class, and a map of leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from bnclaims.datasets.dataset import DatasetInfo, ImageSet, empty_pixels, image_set
from bnclaims.datasets.files.digest import file_digest
from bnclaims.datasets.files.image_files import MAX_FILE_BYTES, decode, read_file
from bnclaims.datasets.files.image_groups import join_copies
from bnclaims.datasets.plantvillage.leaf_ids import leaf_groups, names_leaf
from bnclaims.errors import BnclaimsError

ROOT = "PlantVillage-Dataset"
CLONE = (f"{ROOT}/leaf-map.json", f"{ROOT}/raw/color")
SUFFIXES = (".jpg", ".jpeg", ".png")

Row = dict[str, str]

# What the archives of Mendeley Data and of TensorFlow Datasets call their photos and folders.
_RENUMBERED = re.compile(r"image \(\d+\)", re.IGNORECASE)
_UNSAFE = "Plant_lea*_dataset_with*"
# "JR_HL 7886", "GH_HL Leaf 259.1", "JR_HL 9875 copy", "RS_HL 5529 1": a series and the number of a
# photo in it, and perhaps a copy of that photo.
_NUMBERED = re.compile(r"(?P<series>.*?\S)[ _]+(?P<number>\d+(\.\d+)?)( copy| \d)?")


def read_clone(
    info: DatasetInfo,
    paths: tuple[Path, ...],
    image_size: int,
    *,
    prefix: str,
) -> ImageSet:
    """The photos of one plant from the paths of leaf-map.json and of raw/color.

    Photos are of one group when the map or their names give them a common leaf; what the map lacks
    is put together with the photos of neighbouring numbers.
    `BnclaimsError` when there are no leaf ids to split by.
    """
    leaf_map, color = paths
    files = photos(color, prefix=prefix)
    classes_here = {path.parent.name.rpartition("___")[2] for path in files.values()}
    for name in info.classes:
        if name not in classes_here:
            raise BnclaimsError(
                f"{color}: has no photos of {prefix}___{name}; check the clone out completely."
            )
    groups = _groups(files, _leaves(leaf_map))
    pixels = empty_pixels(info, images=len(files), image_size=image_size)
    for index, path in enumerate(files.values()):
        pixels[index] = decode(read_file(path), image_size=image_size, name=str(path))
    return image_set(
        info,
        pixels=pixels,
        class_names=[path.parent.name.rpartition("___")[2] for path in files.values()],
        classes=info.classes,
        images=list(files),
        groups=join_copies(
            [groups[name] for name in files], [file_digest(path) for path in files.values()]
        ),
    )


def clone_identity(path: Path, *, prefix: str) -> Iterator[str]:
    """What identifies leaf-map.json or raw/color: digests, with the names of photos."""
    if path.is_dir():
        for name, photo in photos(path, prefix=prefix).items():
            yield from (name, file_digest(photo))
    else:
        yield file_digest(path)


def photos(color: Path, *, prefix: str) -> dict[str, Path]:
    """The photos of one plant by "class/file", sorted; `BnclaimsError` when their names hold no leaf."""
    try:
        found = {
            f"{path.parent.name}/{path.name}": path
            for folder in sorted(color.glob(f"{prefix}*___*"))
            for path in sorted(folder.iterdir())
            if path.suffix.lower() in SUFFIXES
        }
    except OSError as error:
        raise BnclaimsError(
            f"{color}: cannot be listed ({error.strerror}); check that it may be read."
        ) from error
    if not found:
        raise BnclaimsError(
            f"{color}: has no folders {prefix}___CLASS with photos; clone "
            "github.com/spMohanty/PlantVillage-Dataset completely."
        )
    for path in found.values():
        if _RENUMBERED.fullmatch(path.stem):
            raise _unsafe(path)
    return found


def refuse_unsafe(info: DatasetInfo, root: Path) -> None:
    """`BnclaimsError` where a data root holds PlantVillage in the form without leaf ids."""
    for path in sorted(root.glob(_UNSAFE)):
        raise _unsafe(path)


def _unsafe(path: Path) -> BnclaimsError:
    return BnclaimsError(
        f"{path}: photos named 'image (N).JPG' have no leaf ids, so that photos of one leaf would "
        "be trained and tested on; use a clone of github.com/spMohanty/PlantVillage-Dataset "
        f"as {ROOT}, which has leaf-map.json."
    )


def _leaves(path: Path) -> dict[str, list[str]]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BnclaimsError(f"{path}: is larger than {MAX_FILE_BYTES} bytes; fetch it again.")
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BnclaimsError(f"{path}: cannot be read as JSON ({error}); fetch it again.") from error
    if not isinstance(found, dict) or not all(
        isinstance(leaves, list) and all(isinstance(leaf, str) for leaf in leaves)
        for leaves in found.values()
    ):
        raise BnclaimsError(f"{path}: is no map of photos to lists of leaves; fetch it again.")
    return found


def _groups(files: Mapping[str, Path], leaves: dict[str, list[str]]) -> dict[str, str]:
    """The group of each photo: those that may show one leaf, by the map, their names or numbers."""
    rows = {name: _row(path) for name, path in files.items()}
    named = leaf_groups(rows)
    own = {name: _own(leaves, path) for name, path in files.items()}
    ties = [(leaf, name) for name in files for leaf in own[name] or [name]]
    ties += [(named[name], name) for name in files if names_leaf(rows[name])]
    # The map lacks a few photos: each may show the leaf of the photo before it or after it.
    in_order = sorted(files, key=lambda name: (named[name], _number(rows[name])))
    for before, after in pairwise(in_order):
        if named[before] == named[after] and not (own[before] and own[after]):
            ties += [(f"{before} or next", before), (f"{before} or next", after)]
    joined = join_copies([group for group, _ in ties], [name for _, name in ties])
    return {name: group for (_, name), group in zip(ties, joined, strict=True)}


def _number(row: Row) -> float:
    return float(row["photo_number"] or 0)


def _own(leaves: dict[str, list[str]], path: Path) -> list[str]:
    """The leaves that a photo shows; plants share names of photos, so others' do not count."""
    found = (leaf.partition(":::") for leaf in leaves.get(_photo(path).lower(), []))
    # Black rot is "Apple_Frogeye Spot" in the map; every other class is called as its folder.
    return [
        f"{path.parent.name}:{leaf}"
        for name, _, leaf in found
        if name == path.parent.name or "___" not in name
    ]


def _photo(path: Path) -> str:
    """The name that the camera's series gave a photo, behind the id that the dataset gave it."""
    return path.stem.rpartition("___")[2].strip()


def _row(path: Path) -> Row:
    numbered = _NUMBERED.fullmatch(_photo(path))
    row = {"class": path.parent.name, "leaf_id": "", "photo_series": "", "photo_number": ""}
    if numbered is None:
        # Nothing tells its leaf: all of these stay together.
        return {**row, "leaf_id": f"{path.parent.name}:without a number"}
    return {**row, "photo_series": numbered["series"], "photo_number": numbered["number"]}
