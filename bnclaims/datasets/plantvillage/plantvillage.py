"""PlantVillage: photos of single leaves, several of most leaves, split by leaf.

Two forms are read: a data pack per plant, and a clone of the repository of the authors, whose
leaf-map.json says which photos show one leaf.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bnclaims.datasets.dataset import Dataset, DatasetInfo, ImageSet, Release
from bnclaims.datasets.files.image_pack import read_pack
from bnclaims.datasets.files.releases import released
from bnclaims.datasets.plantvillage.clone import CLONE, clone_identity, read_clone, refuse_unsafe
from bnclaims.datasets.plantvillage.leaf_ids import leaf_groups

CITATION = (
    "D. P. Hughes and M. Salathe, arXiv:1511.08060 (2015); "
    "S. P. Mohanty, D. P. Hughes and M. Salathe, doi:10.3389/fpls.2016.01419 (2016)"
)


def plantvillage(
    plant: str,
    *,
    prefix: str,
    title: str,
    source: str,
    complete: Mapping[str, int],
    pack: Mapping[str, int],
    leaves: int,
    version: tuple[str, ...] = (),
) -> Dataset:
    """The dataset of one plant, read from a clone or from ``plantvillage_PLANT/``.

    ``prefix`` begins the names of its folders in the clone. ``complete`` and ``pack`` count the
    images of each class; the pack's show so many ``leaves``; ``version`` as in
    `bnclaims.datasets.files.releases.released`.
    """
    folder = f"plantvillage_{plant}"

    def read(
        info: DatasetInfo, release: Release, paths: tuple[Path, ...], image_size: int
    ) -> ImageSet:
        if release.files == CLONE:
            return read_clone(info, paths, image_size, prefix=prefix)
        return read_pack(info, paths, image_size, groups_of=leaf_groups)

    return released(
        DatasetInfo(
            name=f"plantvillage-{plant}",
            title=title,
            synthetic=False,
            licence="CC BY-SA 3.0",
            citation=CITATION,
            source=f"a clone of github.com/spMohanty/PlantVillage-Dataset; the pack was {source}",
            classes=tuple(pack),
            grouped_by="leaf",
            releases=(
                Release(title="complete", files=CLONE, counts=complete),
                Release(
                    title="pack",
                    files=(f"{folder}/{folder}_128.tar", f"{folder}/manifest.csv"),
                    counts=pack,
                    groups=leaves,
                ),
            ),
        ),
        read,
        identity=lambda path: clone_identity(path, prefix=prefix),
        refuse=refuse_unsafe,
        version=version,
    )
