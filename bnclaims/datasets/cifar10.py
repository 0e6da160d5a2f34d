"""CIFAR-10: 60,000 colour images of animals and vehicles, 32 x 32.

Read from the binary version of the archive; the Python version consists of pickles, which may run
code when they are read.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Final

import numpy as np

from bnclaims.datasets.dataset import DatasetInfo, ImageSet, Pixels, Release, RemoteFile, image_set
from bnclaims.datasets.files.image_files import resize
from bnclaims.datasets.files.image_groups import join_copies
from bnclaims.datasets.files.image_pack import check_member
from bnclaims.datasets.files.releases import released
from bnclaims.errors import BnclaimsError

SIDE: Final = 32
RECORD: Final = 1 + 3 * SIDE**2
BATCHES: Final = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")
# A few more than the archive has; reading past many others would cost time for nothing.
MAX_MEMBERS: Final = 32

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

DOWNLOAD = RemoteFile(
    name="cifar10/cifar-10-binary.tar.gz",
    urls=("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
    checksum="sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    size=170_052_171,
)


def _read(
    info: DatasetInfo, release: Release, paths: tuple[Path, ...], image_size: int
) -> ImageSet:
    (archive,) = paths
    batches = _batches(archive)
    records = np.frombuffer(b"".join(batches[name] for name in BATCHES), dtype=np.uint8)
    records = records.reshape(-1, RECORD)
    if records[:, 0].max() >= len(CLASSES):
        raise BnclaimsError(
            f"{archive}: holds the label {records[:, 0].max()}, above 9; fetch the archive again."
        )
    pixels: Pixels = np.moveaxis(records[:, 1:].reshape(-1, 3, SIDE, SIDE), 1, 3)
    ids = [f"cifar10/{index:05d}" for index in range(len(records))]
    return image_set(
        info,
        pixels=resize(info, np.ascontiguousarray(pixels), image_size=image_size),
        class_names=[CLASSES[label] for label in records[:, 0].tolist()],
        classes=CLASSES,
        images=ids,
        groups=join_copies(ids, [record[1:].tobytes() for record in records]),
    )


def _batches(archive: Path) -> dict[str, bytes]:
    """The bytes of the six files of records, read from the archive and never written to disk."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for number, member in enumerate(tar):
                if number == MAX_MEMBERS:
                    raise BnclaimsError(
                        f"{archive}: has more than {MAX_MEMBERS} members; do not use this archive."
                    )
                if member.isdir():
                    continue
                check_member(archive, member)
                name = Path(member.name).name
                if name not in BATCHES:
                    continue
                if member.size == 0 or member.size % RECORD or name in found:
                    raise BnclaimsError(
                        f"{archive}: {member.name!r} with {member.size} bytes is no file of "
                        f"records of {RECORD} bytes, or is there twice; fetch the archive again."
                    )
                file = tar.extractfile(member)
                assert file is not None, "extractfile returns a file for every regular member"
                found[name] = file.read()
                if len(found[name]) != member.size:
                    raise tarfile.ReadError("unexpected end of data")
    except BnclaimsError:
        raise
    except Exception as error:
        # Headers that nobody writes make tarfile raise far more than its own errors.
        raise BnclaimsError(
            f"{archive}: damaged or truncated ({error}); fetch the archive again."
        ) from error
    for name in BATCHES:
        if name not in found:
            raise BnclaimsError(
                f"{archive}: lacks {name}; use the binary version, {DOWNLOAD.urls[0]}."
            )
    return found


DATASET = released(
    DatasetInfo(
        name="cifar10",
        title="small colour images of animals and vehicles (CIFAR-10)",
        synthetic=False,
        licence="none is stated by its authors",
        citation="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009)",
        source="the binary version at www.cs.toronto.edu/~kriz/cifar.html",
        classes=CLASSES,
        grouped_by=None,
        releases=(
            Release(
                title="complete",
                files=(DOWNLOAD.name,),
                downloads=(DOWNLOAD,),
                counts=dict.fromkeys(CLASSES, 6000),
            ),
        ),
    ),
    _read,
)
