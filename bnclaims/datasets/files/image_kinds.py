"""Image format of a file, told by its first bytes: names of files say too little and too much."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

# What `bnclaims.datasets.files.image_files.decode` reads, and how people call it.
FORMATS: Final = ("JPEG", "PNG", "BMP", "WEBP", "PPM")
READ: Final = "JPEG, PNG, BMP, WebP or PPM"

# Names under which a file without any known beginning is a damaged image and not another file.
_SUFFIXES: Final = frozenset(
    (
        *(
            ".jpg",
            ".jpeg",
            ".jpe",
            ".jfif",
            ".png",
            ".bmp",
            ".webp",
            ".ppm",
            ".pgm",
            ".pbm",
            ".pnm",
        ),
        *(".tif", ".tiff", ".gif", ".heic", ".heif", ".avif", ".jp2", ".jxl"),
    )
)
_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"GIF8", "GIF"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"8BPS", "Photoshop"),
    (b"v/1\x01", "OpenEXR"),
)
_BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), "HEIF"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
}
DAMAGED: Final = "damaged"
_HEAD: Final = 132


def kind_of(path: Path) -> str | None:
    """A format of `FORMATS`, the name of one that is not read, `DAMAGED`, or None for no image.

    ``OSError`` where the file cannot be read.
    """
    status = path.stat()
    return _kind_of(path, status.st_size, status.st_mtime_ns)


# Every trial asks for the fingerprint of its images, and that for the kind of each file.
@functools.lru_cache(maxsize=65_536)
def _kind_of(path: Path, size: int, modified: int) -> str | None:
    with path.open("rb") as file:
        found = _by_content(file.read(_HEAD))
    return found or (DAMAGED if path.suffix.lower() in _SUFFIXES else None)


def _by_content(head: bytes) -> str | None:
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12])
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "BMP"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM" if head[2:].lstrip()[:1] in b"0123456789#" else None
    return "DICOM" if head[128:132] == b"DICM" else None
