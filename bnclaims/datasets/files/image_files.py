"""Image files to square uint8 arrays, within bounds and with errors that name the file."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path

import numpy as np

from bnclaims.datasets.dataset import DatasetInfo, Pixels, empty_pixels
from bnclaims.datasets.files.image_kinds import FORMATS, READ
from bnclaims.errors import BnclaimsError

MAX_IMAGE_PIXELS = 50_000_000
MAX_FILE_BYTES = 64 * 2**20


def decode(data: bytes, *, image_size: int, name: str) -> Pixels:
    """An encoded image as an array of shape (image_size, image_size, 3).

    The camera's orientation tag is applied, every mode becomes RGB, and images that are not square
    are squeezed, so that no part of a leaf is cut off. ``name`` is what an error calls the image.
    `BnclaimsError` when it cannot be decoded, is larger than 50 megapixels, or has more than 8 bits
    per channel.
    """
    from PIL import Image, ImageOps

    try:
        # What a warning says is either nothing or told by the result, whatever filters are set.
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(data), formats=FORMATS) as image,
        ):
            if image.width * image.height > MAX_IMAGE_PIXELS:
                raise _too_large(name)
            if image.mode.startswith(("I", "F")) or _is_deep(data):
                # Pillow would clip grey values to 255 and drop the lower half of colours: a white or
                # a black image, not an error.
                raise BnclaimsError(
                    f"{name}: has more than 8 bits per channel; convert it to an 8-bit image."
                )
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except BnclaimsError:
        raise
    except Exception as error:
        # Broken files make Pillow's decoders raise far more than OSError.
        raise BnclaimsError(
            f"{name}: cannot be decoded as an image ({_brief(error)}); replace or remove the file."
        ) from error
    if upright.size == (image_size, image_size):
        return np.asarray(upright)
    # Bilinear in Pillow widens its kernel when shrinking, so it averages over area there too, and
    # is smoother than BOX when the ratio is no whole number.
    filter_ = Image.Resampling.BILINEAR
    if upright.width % image_size == 0 and upright.height % image_size == 0:
        filter_ = Image.Resampling.BOX
    return np.asarray(upright.resize((image_size, image_size), filter_))


def read_file(path: Path) -> bytes:
    """The bytes of an image file; `BnclaimsError` when it is above 64 MB or cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BnclaimsError(
                f"{path}: is larger than {MAX_FILE_BYTES} bytes; shrink or remove the image."
            )
        return path.read_bytes()
    except OSError as error:
        raise BnclaimsError(
            f"{path}: cannot be read ({error.strerror}); check that the file may be read."
        ) from error


def resize(info: DatasetInfo, pixels: Pixels, *, image_size: int) -> Pixels:
    """Square images of shape (n, size, size, channels) at another size, averaging over area.

    `BnclaimsError` when the images of the dataset would take too much memory.
    """
    from PIL import Image

    native = pixels.shape[1]
    if native == image_size:
        return pixels
    filter_ = Image.Resampling.BOX if native % image_size == 0 else Image.Resampling.BILINEAR
    resized = empty_pixels(
        info, images=len(pixels), image_size=image_size, channels=pixels.shape[3]
    )
    for index, image in enumerate(pixels):
        for channel in range(pixels.shape[3]):
            plane = Image.fromarray(np.ascontiguousarray(image[..., channel]))
            shrunk = plane.resize((image_size, image_size), filter_)
            resized[index, ..., channel] = np.asarray(shrunk)
    return resized


def _is_deep(data: bytes) -> bool:
    """Whether a PNG or a PPM states more than 8 bits per channel."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data[24:25] == b"\x10"
    header = _PPM_HEADER.match(data)
    return header is not None and int(header[1]) > 255


# Width, height and largest value, between which there may be comments.
_PPM_HEADER = re.compile(rb"P[2356](?:(?:\s|#[^\n]*\n)+(\d{1,9})){3}\s")


def _too_large(name: str) -> BnclaimsError:
    return BnclaimsError(
        f"{name}: the image is larger than {MAX_IMAGE_PIXELS // 10**6} megapixels; shrink it first."
    )


def _brief(error: Exception) -> str:
    # Pillow's text for unknown formats holds the address of a buffer, which tells people nothing.
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"not a {READ} file" if "cannot identify" in text else text
