"""Arrays of an ``.npz`` file from a stranger, checked before a byte of them is unpacked."""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Unpacked. A full audit takes some tens of megabytes.
MAX_BYTES: Final = 512 * 2**20
_ENCRYPTED: Final = 1
_MAGIC: Final = b"\x93NUMPY\x01\x00"
_DIGITS: Final = re.compile(rb"[0-9]+")
_HEADER: Final = re.compile(
    rb"\{'descr': '(?P<dtype>[<|][a-zA-Z][0-9]{1,7})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>[0-9, ]{0,60})\), \} *\n"
)


def read_arrays(data: bytes, expected: Mapping[str, tuple[str, int]]) -> dict[str, NDArray[Any]]:
    """The arrays of a file's bytes by name, read-only.

    ``expected`` gives the dtype and the number of dimensions of every array that must be there;
    ``<U`` stands for texts of any width. ``ValueError`` with the reason when anything differs.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive, expected)
            return {
                name: _array(name, archive.read(f"{name}.npy"), *kind)
                for name, kind in expected.items()
            }
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError) as error:
        raise ValueError(f"it is not a sound zip archive ({error})") from error


def _check(archive: zipfile.ZipFile, expected: Mapping[str, tuple[str, int]]) -> None:
    members = archive.infolist()
    if sorted(member.filename for member in members) != sorted(f"{n}.npy" for n in expected):
        raise ValueError(f"it does not hold the arrays {', '.join(expected)} and no others")
    size = sum(member.file_size for member in members)
    if size > MAX_BYTES:
        raise ValueError(f"it would unpack to {size} bytes, more than {MAX_BYTES}")
    for member in members:
        known = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if not known or member.flag_bits & _ENCRYPTED:
            raise ValueError(f"{member.filename} is encrypted or compressed in an unusual way")


def _array(name: str, data: bytes, kind: str, dimensions: int) -> NDArray[Any]:
    # The header is a Python literal; only the form in which NumPy writes it is taken.
    start = 10 + int.from_bytes(data[8:10], "little")
    header = _HEADER.fullmatch(data[10:start])
    if data[:8] != _MAGIC or header is None:
        raise ValueError(f"array {name} does not have the header of a plain array")
    dtype, shape = header["dtype"].decode(), tuple(int(n) for n in _DIGITS.findall(header["shape"]))
    fits = dtype.startswith("<U") if kind == "<U" else dtype == kind
    if not fits or len(shape) != dimensions:
        raise ValueError(f"array {name} is {dtype} of shape {shape}, not {kind}")
    # Python's integers, as the product of hostile numbers may exceed 64 bits.
    if math.prod(shape) * np.dtype(dtype).itemsize != len(data) - start:
        raise ValueError(f"array {name} does not have the size that its header states")
    return (
        np.frombuffer(data, dtype, offset=start).reshape(shape)
        if math.prod(shape)
        else (np.zeros(shape, dtype))
    )
