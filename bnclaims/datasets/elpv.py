"""Elpv: electroluminescence images of 2,624 solar cells, 300 x 300 grey levels, in elpv-dataset."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Final

from bnclaims.datasets.dataset import (
    Dataset,
    DatasetInfo,
    ImageSet,
    Release,
    Sources,
    empty_pixels,
    image_set,
)
from bnclaims.datasets.files.image_files import decode
from bnclaims.errors import BnclaimsError

# Planning reads the labels but not the images, so the fingerprint is a constant for both, and
# reading checks that the images are those that the constant stands for. Raise it with the modules.
VERSION: Final = "elpv-1"
LABELS = "0abe6fe7700aea571717d7d7dfec005a47c6207b4cde26a4556b6807a115483d"
IMAGES = "b693309189ad2791494cc5c85ecf7d00dd43e31bd9f14db9ed3c10aa8fe248be"

CLASS_OF: Final = {"0.0": "functional", "1.0": "defective"}

# Cells of each module, in the order of the cells; the source says that there are 44 modules, not
# which cells are whose. A change between monocrystalline and polycrystalline in the labels is a
# border for certain. Between such changes modules have 60 cells, row by row: edges of the module
# and changes of brightness come back every 60 images. One of 72 and one of 48 cells stand alone
# between changes. In two runs 60 leave a rest: the 54 end where other contacts begin, and the 50
# are the first 50 cells of module 39, taken a second time and sharper.
MODULES: Final = (
    *(60,) * 20,
    54,
    *(60,) * 8,
    50,
    *(60,) * 6,
    72,
    *(60,) * 3,
    48,
    *(60,) * 3,
)
# By places that count from 1: shows the same cells as the other, so both are one group.
SHOWN_AGAIN: Final = {39: 30}

INFO = DatasetInfo(
    name="elpv",
    title="electroluminescence images of solar cells (elpv-dataset)",
    synthetic=False,
    licence="CC BY-NC-SA 4.0 (not for commercial use)",
    citation=(
        "C. Buerhop-Lutz et al., doi:10.4229/35thEUPVSEC20182018-5CV.3.15 (2018); "
        "S. Deitsch et al., doi:10.1016/j.solener.2019.02.067 (2019); "
        "S. Deitsch et al., doi:10.1007/s00138-021-01191-9 (2021)"
    ),
    source="elpv-dataset 1.0.0.post1 without the 401 cells graded between the two classes",
    classes=tuple(CLASS_OF.values()),
    grouped_by="module, whose borders are inferred",
    releases=(
        Release(
            title="complete",
            files=(),
            counts={"functional": 1508, "defective": 715},
            groups=len(MODULES) - len(SHOWN_AGAIN),
            package="elpv_dataset",
            left_out={"defect probability 1/3": 295, "defect probability 2/3": 106},
        ),
    ),
)


def _read(sources: Sources, image_size: int) -> ImageSet:
    modules = [
        f"elpv/module {SHOWN_AGAIN.get(place, place):02d}"
        for place, cells in enumerate(MODULES, 1)
        for _ in range(cells)
    ]
    rows = [line.split() for line in _labels().decode("ascii").splitlines()]
    kept = [
        (path, CLASS_OF[probability], module)
        for (path, probability, _), module in zip(rows, modules, strict=True)
        if probability in CLASS_OF
    ]
    contents = [_file(path) for path, _, _ in kept]
    _check("images", b"".join(contents), IMAGES)
    pixels = empty_pixels(INFO, images=len(kept), image_size=image_size, channels=1)
    for index, content in enumerate(contents):
        pixels[index] = decode(content, image_size=image_size, name=kept[index][0])[..., :1]
    return image_set(
        INFO,
        pixels=pixels,
        class_names=[name for _, name, _ in kept],
        classes=INFO.classes,
        images=[f"elpv/{path.removeprefix('images/')}" for path, _, _ in kept],
        groups=[module for _, _, module in kept],
    )


def _labels() -> bytes:
    """The table of all cells: path, probability of a defect, kind of silicon."""
    content = _file("labels.csv")
    _check("labels", content, LABELS)
    return content


def _file(name: str) -> bytes:
    try:
        return (files("elpv_dataset") / "data" / name).read_bytes()
    except (ImportError, OSError) as error:
        raise BnclaimsError(
            f"--dataset elpv: needs {name} of elpv-dataset ({error}); "
            "run `pip install 'bnclaims[elpv]'`."
        ) from error


def _check(what: str, content: bytes, known: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != known:
        raise BnclaimsError(
            f"--dataset elpv: the {what} of the installed elpv-dataset have sha256 {found} instead "
            f"of {known}; run `pip install --force-reinstall 'bnclaims[elpv]'`."
        )


def _fingerprint(sources: Sources) -> str:
    _labels()
    return VERSION


DATASET = Dataset(info=INFO, read=_read, fingerprint=_fingerprint, cached=True)
