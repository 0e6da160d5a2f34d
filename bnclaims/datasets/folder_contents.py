"""Contents of a user's folder: what is used and left out, what is there twice, what belongs together."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bnclaims.datasets.dataset import DatasetInfo, Sources
from bnclaims.datasets.files.digest import file_digest
from bnclaims.datasets.files.group_table import GROUPS_FILE, find_table
from bnclaims.datasets.files.image_folder import class_of
from bnclaims.datasets.files.near_copies import IMAGE_SIZE, MOST_IMAGES, near_copies
from bnclaims.datasets.folder import PREFIX, groups_in, listing
from bnclaims.datasets.registry import info, load
from bnclaims.errors import BnclaimsError

# A name that ends in a number or a letter behind a sign, or a number in brackets: one of several.
_ONE_OF: Final = re.compile(r"(.+?)(?:[ _.-]+(?:\d{1,3}|[a-z])|\s*\(\d{1,3}\))")
# Files whose names differ in such an end alone, if they are no more than this.
_MOST_VIEWS: Final = 20
# Shown of each list in sentences; `Contents` has all.
_EXAMPLES: Final = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contents:
    """What a folder of images holds, as plain data; files are named as "class/.../file".

    ``images`` counts the images that are used of each class and ``left_out`` gives the other files
    of each class by reason; what stands beside the classes is of the class "". ``groups_file`` is
    the table that was read, which names ``grouped_images`` images in ``groups`` groups.
    ``identical`` are sets of images with the same bytes, ``near_copies`` sets that look the same
    with other bytes (None where there are too many images to compare), and ``torn`` those of these
    whose images are in different groups, so that one may be trained on and another tested.
    ``series`` are sets whose names or folders suggest one object that no group holds together.
    """

    images: Mapping[str, int]
    left_out: Mapping[str, Mapping[str, tuple[str, ...]]]
    groups_file: str | None
    grouped_images: int
    groups: int
    identical: tuple[tuple[str, ...], ...]
    near_copies: tuple[tuple[str, ...], ...] | None
    torn: tuple[tuple[str, ...], ...]
    series: tuple[tuple[str, ...], ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FolderInfo(DatasetInfo):
    """What people should know about a user's folder: ``images`` used of each class, and `sentences`."""

    images: Mapping[str, int]
    notes: tuple[str, ...]


def described(dataset: str, *, sources: Sources) -> DatasetInfo:
    """What people should know about a dataset; of a user's folder what is in it, too."""
    known = info(dataset, sources=sources)
    if not dataset.startswith(PREFIX):
        return known
    try:
        found = contents(dataset, sources=sources)
        images, notes = found.images, tuple(sentences(found))
    except BnclaimsError as error:
        # A report is made of what was trained, whatever became of the folder since.
        images, notes = {}, (f"what is in it could not be looked at: {error}",)
    facts = {field.name: getattr(known, field.name) for field in dataclasses.fields(known)}
    return FolderInfo(**facts, images=images, notes=notes)


def in_brief(sources: Sources) -> str:
    """The images of a user's folder that are used, and how many files are not, as a line of text."""
    found = listing(sources)
    used = ", ".join(f"{name} {n:,}" for name, n in Counter(map(class_of, found.used)).items())
    out = len(found.left_out)
    return f"{used} images used" + (f", {_number(out, 'file')} left out" if out else "")


def contents(dataset: str, *, sources: Sources) -> Contents:
    """The contents of the dataset ``folder:NAME``; decodes its images, once per user.

    `BnclaimsError` for what makes the folder unusable.
    """
    found = listing(sources)
    named = groups_in(sources, found)
    images = load(dataset, image_size=IMAGE_SIZE, sources=sources)
    group_of = dict(zip(images.images, images.groups, strict=True))
    same: dict[str, list[str]] = {}
    for name, path in found.used.items():
        same.setdefault(file_digest(path), []).append(name)
    first = {names[0] for names in same.values()}
    unlike = [index for index, name in enumerate(images.images) if name in first]
    near = None
    if len(unlike) <= MOST_IMAGES:
        near = _named(near_copies(images.pixels[unlike]), [images.images[i] for i in unlike])
    left_out: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, reason in found.left_out.items():
        of_class = left_out.setdefault(class_of(name) if "/" in name else "", {})
        of_class[reason] = (*of_class.get(reason, ()), name)
    table = None if sources.folder is None else find_table(sources.folder)
    return Contents(
        images=dict(Counter(map(class_of, found.used))),
        left_out=left_out,
        groups_file=None if table is None else table.name,
        grouped_images=len(named),
        groups=len(set(named.values())),
        identical=tuple(tuple(names) for names in same.values() if len(names) > 1),
        near_copies=near,
        torn=tuple(names for names in near or () if len({group_of[n] for n in names}) > 1),
        series=tuple(_series([name for name in found.used if name not in named])),
    )


def sentences(told: Contents) -> Iterator[str]:
    """The contents in sentences, the most harmful last."""
    for name, reasons in told.left_out.items():
        for reason, files in reasons.items():
            more = ", ..." if len(files) > _EXAMPLES else ""
            of_class = f" of {name}" if name else ""
            shown = f"{', '.join(files[:_EXAMPLES])}{more}"
            yield f"left out{of_class}, {reason}: {len(files):,} ({shown})"
    if told.groups_file is not None:
        rest = sum(told.images.values()) - told.grouped_images
        alone = f"; the other {rest:,} stand alone" if rest else ""
        yield (
            f"{told.groups_file} puts {_number(told.grouped_images, 'image')} into "
            f"{_number(told.groups, 'group')}{alone}"
        )
    for sets, what in (
        (told.identical, "identical"),
        (told.near_copies or (), "re-encoded or very like"),
    ):
        across = [names for names in sets if len(set(map(class_of, names))) > 1]
        if sets:
            yield f"{what} images under several names: {_sets(sets)}"
        if across:
            doubt = (
                "one label is wrong" if what == "identical" else "look at them, one may be wrong"
            )
            yield f"{what} images in several classes, {doubt}: {_sets(across)}"
    if told.near_copies is None:
        yield f"re-encoded copies were not looked for among more than {MOST_IMAGES:,} images"
    if told.torn:
        yield (
            "copies that a split may put on two sides; remove all but one of each, or give them "
            f"one group in {GROUPS_FILE}: {_sets(told.torn)}"
        )
    if told.series:
        yield (
            "names that look like several pictures of one object, which a split may put on two sides; "
            f"if they are, say so in {GROUPS_FILE} (columns file,group): {_sets(told.series)}"
        )


def _series(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Sets of images in one folder below their class, or of one name but for its end.

    Not where a set would be most of its class, or many images of one name: a number then counts
    images, not the pictures of an object.
    """
    folders: dict[str, list[str]] = {}
    stems: dict[str, list[str]] = {}
    for name in names:
        folder, _, file = name.rpartition("/")
        stem = file.rpartition(".")[0] or file
        ending = _ONE_OF.fullmatch(stem.lower())
        if "/" in folder:
            folders.setdefault(folder, []).append(name)
        elif ending is not None:
            stems.setdefault(f"{folder}/{ending[1]}", []).append(name)
    of_class = Counter(map(class_of, names))
    return [
        tuple(found)
        for found in (
            *folders.values(),
            *(found for found in stems.values() if len(found) <= _MOST_VIEWS),
        )
        if len(found) > 1 and 2 * len(found) <= of_class[class_of(found[0])]
    ]


def _named(sets: Sequence[Sequence[int]], names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(names[index] for index in found) for found in sets)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _sets(sets: Sequence[Sequence[str]]) -> str:
    images = sum(map(len, sets))
    shown = "; ".join(", ".join(found[:_EXAMPLES]) for found in sets[:_EXAMPLES])
    counts = f"{_number(len(sets), 'set')} of {images:,} images"
    return f"{counts} ({shown}{'; ...' if len(sets) > _EXAMPLES else ''})"
