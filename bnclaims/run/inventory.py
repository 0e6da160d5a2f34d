"""Inventory of a machine: which images and ImageNet weights are here, and what identifies them.

Cells are made from plain mappings, so that a report is verified without a dataset or a network.
For a run these mappings look things up, each once and only when a cell asks: to read a large
dataset that no cell needs would take minutes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar

from bnclaims import datasets
from bnclaims.audit.plan import Plan
from bnclaims.datasets import DATASETS, Sources
from bnclaims.datasets.folder_usable import usable_images
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.architectures import PRETRAINABLE
from bnclaims.protocol.cells import Selection
from bnclaims.protocol.names import SCRATCH

# Stands for what identifies images and weights, in a plan that does without them.
NOT_THERE: Final = "not there"

Found = TypeVar("Found")


def selection_here(
    dataset: str,
    *,
    majority: tuple[str, ...] = (),
    minority: tuple[str, ...] = (),
    sources: Sources | None = None,
    device: str = "cpu",
    on_paper: bool = False,
) -> Selection:
    """The selection of a dataset with what this machine has.

    ``on_paper`` takes images and weights that are not here for granted, as a plan does.
    """
    places = sources or Sources()

    @functools.cache
    def fingerprint(name: str) -> str:
        try:
            return datasets.fingerprint(name, sources=places)
        except BnclaimsError:
            if on_paper:
                return NOT_THERE
            raise

    @functools.cache
    def usable() -> Mapping[str, int]:
        return usable_images(places, majority[:1], minority)

    def absence(name: str) -> str | None:
        if on_paper:
            return None
        if places.offline and not _images_here(name, places):
            return "it would have to be downloaded, which --offline forbids"
        try:
            fingerprint(name)
        except BnclaimsError as error:
            return str(error)
        return None

    known = (*DATASETS, *(() if dataset in DATASETS else (dataset,)))
    return Selection(
        dataset=dataset,
        majority=majority,
        minority=minority,
        device=device,
        fingerprints=_Looked(fingerprint, known),
        absences=_Looked(absence, known),
        weights=_Looked(
            lambda name: _weights_here(name) or (NOT_THERE if on_paper else None), PRETRAINABLE
        ),
        usable=_Looked(lambda names: usable().get(names), ()),
    )


def not_here(plan: Plan, selection: Selection, sources: Sources) -> list[str]:
    """The datasets and networks of a plan whose images and ImageNet weights are not on this machine."""
    settings = {trial.setting for trial in plan.all.values()}
    names = {setting.task.dataset for setting in settings}
    pretrained = {setting.architecture for setting in settings if setting.regime != SCRATCH}
    return [
        *sorted(name for name in names if not _images_here(name, sources)),
        *(
            f"ImageNet weights of {name}"
            for name in sorted(pretrained)
            if selection.weights.get(name) == NOT_THERE
        ),
    ]


def _weights_here(architecture: str) -> str | None:
    from bnclaims.models import weights

    return weights.identity(architecture)


def _images_here(dataset: str, sources: Sources) -> bool:
    return datasets.whereabouts(datasets.info(dataset), sources).here


class _Looked(Mapping[str, Found]):
    """A mapping whose values are looked up when asked for; a name without a value is not in it."""

    def __init__(self, look: Callable[[str], Found | None], names: tuple[str, ...]) -> None:
        self._look = functools.cache(look)
        self._names = names

    def __getitem__(self, name: str) -> Found:
        found = self._look(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._names if self._look(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
