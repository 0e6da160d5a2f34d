"""A picture of some images of every class of a dataset, for a look with the eye."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bnclaims.datasets.dataset import Sources
from bnclaims.datasets.registry import load
from bnclaims.errors import BnclaimsError

_COLUMNS = 12
_CAPTION = 14
_TITLE = 22


def contact_sheet(names: Sequence[str], *, sources: Sources, file: Path) -> None:
    """Write a PNG of the datasets, one below the other, as `contact_sheet_png` draws each.

    For local use: a real dataset's licence may not allow the picture to be passed on.
    `BnclaimsError` when the file cannot be written.
    """
    from PIL import Image, ImageDraw

    parts = []
    for name in names:
        with Image.open(io.BytesIO(contact_sheet_png(name, sources=sources))) as encoded:
            parts.append(encoded.convert("RGB"))
    height = sum(part.height + _TITLE for part in parts)
    sheet = Image.new("RGB", (max(part.width for part in parts), height), "white")
    title, top = ImageDraw.Draw(sheet), 0
    for name, part in zip(names, parts, strict=True):
        title.rectangle((0, top, sheet.width, top + _TITLE - 1), fill="black")
        title.text((4, top + 5), name, fill="white")
        sheet.paste(part, (0, top + _TITLE))
        top += _TITLE + part.height
    try:
        with file.open("wb") as content:
            sheet.save(content, format="PNG")
    except OSError as error:
        raise BnclaimsError(
            f"{file}: cannot be written ({error.strerror}); name a file in a folder that exists."
        ) from error


def contact_sheet_png(dataset: str, *, sources: Sources, image_size: int = 64) -> bytes:
    """A PNG with a row of images of each class, spread over the class, below its name."""
    from PIL import Image, ImageDraw

    images = load(dataset, image_size=image_size, sources=sources)
    height = image_size + _CAPTION
    sheet = Image.new("RGB", (_COLUMNS * image_size, height * len(images.classes)), "white")
    caption = ImageDraw.Draw(sheet)
    for row, name in enumerate(images.classes):
        members = np.flatnonzero(images.class_of == row)
        caption.text((2, row * height + 1), f"{name} ({len(members)})", fill="black")
        chosen = members[np.linspace(0, len(members) - 1, min(_COLUMNS, len(members))).astype(int)]
        for column, index in enumerate(chosen):
            pixels = images.pixels[index]
            picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
            sheet.paste(picture, (column * image_size, row * height + _CAPTION))
    content = io.BytesIO()
    sheet.save(content, format="PNG")
    return content.getvalue()
