"""Datasets that are published as files: which form of them is here, and where its files lie."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

from bnclaims.datasets.dataset import (
    Dataset,
    DatasetInfo,
    ImageSet,
    Release,
    Sources,
    megabytes,
)
from bnclaims.datasets.files.digest import file_digest, fingerprint_of
from bnclaims.datasets.files.downloads import cache_folder, fetch, is_kept
from bnclaims.datasets.files.image_groups import GROUPING_VERSION
from bnclaims.errors import BnclaimsError

Reader = Callable[[DatasetInfo, Release, tuple[Path, ...], int], ImageSet]
Identity = Callable[[Path], Iterable[str]]


def released(
    info: DatasetInfo,
    read: Reader,
    *,
    identity: Identity | None = None,
    version: tuple[str, ...] = (),
    refuse: Callable[[DatasetInfo, Path], None] = lambda info, root: None,
) -> Dataset:
    """The dataset of these releases.

    ``read`` makes the images of a release from the paths of its files. ``identity`` gives the
    parts of a fingerprint for what lies under ``--data-root``, which otherwise are the digests of
    files; ``version`` adds to them where the rules of this dataset changed. ``refuse`` may raise
    for a data root that holds no release, before anything else does.
    """

    def read_here(sources: Sources, image_size: int) -> ImageSet:
        release, paths = _found(info, sources, refuse)
        if paths is None:
            files = release.downloads
            paths = tuple(fetch(file, offline=sources.offline) for file in files)
        return read(info, release, paths, image_size)

    def fingerprint(sources: Sources) -> str:
        release, paths = _found(info, sources, refuse)
        parts = [f"grouping {GROUPING_VERSION}", *version]
        if paths is None:
            # The checksums are known, so that a plan needs no download.
            parts += [file.checksum.partition(":")[2] for file in release.downloads]
        elif identity is not None and not release.downloads:
            parts += [part for path in paths for part in identity(path)]
        else:
            kinds = [file.checksum.partition(":")[0] for file in release.downloads]
            algorithms = kinds or ["sha256"] * len(paths)
            parts += [
                file_digest(path, algorithm=algorithm)
                for path, algorithm in zip(paths, algorithms, strict=True)
            ]
        return fingerprint_of(parts)

    return Dataset(info=info, read=read_here, fingerprint=fingerprint, cached=True)


def release_here(info: DatasetInfo, sources: Sources) -> Release | None:
    """The first release of which something lies under ``--data-root``."""
    root = sources.data_root
    if root is None:
        return None
    return next(
        (one for one in info.releases if any((root / name).exists() for name in one.files)), None
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Whereabouts:
    """Whether a dataset can be read without the network, in which release, and that in words."""

    here: bool
    release: Release | None
    words: str


def whereabouts(info: DatasetInfo, sources: Sources) -> Whereabouts:
    """Where the files of a dataset are; they are not looked into."""
    if not info.releases:
        return Whereabouts(here=True, release=None, words="your own images")
    if (found := release_here(info, sources)) is not None:
        return Whereabouts(here=True, release=found, words=f"{found.title}, in {sources.data_root}")
    for release in info.releases:
        if release.package is not None:
            if find_spec(release.package) is not None:
                words = f"{release.title}, in the installed {release.package}"
                return Whereabouts(here=True, release=release, words=words)
            words = f"no, needs pip install 'bnclaims[{info.name}]'"
            return Whereabouts(here=False, release=None, words=words)
        if not release.files:
            return Whereabouts(here=True, release=release, words="comes with bnclaims")
        if release.downloads and all(map(is_kept, release.downloads)):
            words = f"{release.title}, downloaded to {cache_folder()}"
            return Whereabouts(here=True, release=release, words=words)
        if release.downloads:
            size = megabytes(sum(file.size for file in release.downloads))
            words = f"no, but can be downloaded ({size})"
            return Whereabouts(here=False, release=release, words=words)
    return Whereabouts(here=False, release=None, words="no, needs --data-root DIR")


def _found(
    info: DatasetInfo, sources: Sources, refuse: Callable[[DatasetInfo, Path], None]
) -> tuple[Release, tuple[Path, ...] | None]:
    """The release to read and the paths of its files, None where they are to be downloaded."""
    root, release = sources.data_root, release_here(info, sources)
    if root is not None and release is not None:
        for name in release.files:
            if not (root / name).exists():
                raise BnclaimsError(
                    f"--data-root {root}: holds no {name}, which {info.name} needs; put it there "
                    f"({info.source})."
                )
        return release, tuple(root / name for name in release.files)
    if root is not None:
        refuse(info, root)
    for release in info.releases:
        if release.downloads:
            return release, None
    choices = ", or ".join(" and ".join(release.files) for release in info.releases)
    raise BnclaimsError(
        f"--data-root {root}: holds nothing of {info.name}; put {choices} there ({info.source})."
        if root is not None
        else f"--dataset {info.name}: needs --data-root DIR, where DIR holds {choices} "
        f"({info.source})."
    )
