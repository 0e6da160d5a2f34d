"""Decoded images in the user's cache folder: made by one process, mapped into memory by all.

The cache only saves time. What is damaged in it is made again, and where it cannot be written the
images stay in the memory of the process.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from bnclaims.datasets.dataset import ImageSet
from bnclaims.datasets.files.digest import fingerprint_of
from bnclaims.datasets.files.downloads import cache_folder
from bnclaims.store.atomic_files import alone_in, write_whole

# Raise it when the same files give other pixels, names or groups than before.
DECODER: Final = 2
PIXELS, NAMES = "pixels.npy", "images.json"


def decoded_once(
    dataset: str, image_size: int, content: str, read: Callable[[], ImageSet]
) -> ImageSet:
    """The images that ``read`` makes, from the cache where it has them.

    They are kept by dataset, size, the fingerprint of their ``content`` and what decodes them.
    """
    key = fingerprint_of([dataset, content, str(image_size), str(DECODER), version("pillow")])
    # A user's own folder may be called anything.
    label = re.sub(r"[^a-z0-9]+", "-", dataset.lower())[:40]
    folder = cache_folder() / "decoded" / f"{label}-{image_size}px-{key}"
    if (kept := _read(folder)) is not None:
        return kept
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return read()
    with alone_in(folder):
        # Another process may have made it while this one waited.
        if (kept := _read(folder)) is not None:
            return kept
        try:
            images = read()
        except BaseException:
            with contextlib.suppress(OSError):
                folder.rmdir()
            raise
        with contextlib.suppress(OSError):
            _write(folder, images)
            return _read(folder) or images
    return images


def _write(folder: Path, images: ImageSet) -> None:
    if shutil.disk_usage(folder).free < 2 * images.pixels.nbytes:
        return
    temporary = folder / f".{secrets.token_hex(4)}.tmp"
    try:
        with temporary.open("xb") as file:
            np.save(file, images.pixels, allow_pickle=False)
        rest = dataclasses.asdict(dataclasses.replace(images, pixels=np.empty(0, np.uint8)))
        rest |= {"pixels": _digest(temporary), "class_of": images.class_of.tolist()}
        text = json.dumps(rest).encode()
        os.replace(temporary, folder / PIXELS)
    finally:
        temporary.unlink(missing_ok=True)
    # Last, so that names without their pixels are of a cache that was there before.
    write_whole(folder / NAMES, hashlib.sha256(text).hexdigest().encode() + text, replace=True)


def _read(folder: Path) -> ImageSet | None:
    """The images of a folder of the cache, unless they are not there or not as they were written."""
    try:
        data = (folder / NAMES).read_bytes()
        if hashlib.sha256(data[64:]).hexdigest().encode() != data[:64]:
            return None
        found: dict[str, Any] = json.loads(data[64:])
        if _digest(folder / PIXELS) != found.pop("pixels"):
            return None
        pixels = np.load(folder / PIXELS, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    return ImageSet(
        pixels=np.asarray(pixels),
        class_of=np.array(found.pop("class_of"), dtype=np.int64),
        classes=tuple(found.pop("classes")),
        images=tuple(found.pop("images")),
        groups=tuple(found.pop("groups")),
        **found,
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
