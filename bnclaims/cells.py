"""The cells of a claim: a protocol's words turned into settings that can be trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from bnclaims import datasets
from bnclaims.datasets import Sources
from bnclaims.errors import BnclaimsError
from bnclaims.models import ARCHITECTURES
from bnclaims.protocol import Protocol
from bnclaims.protocol_file import CellRules, Overrides, TaskRules
from bnclaims.training.batches import batch_sizes
from bnclaims.trial import Setting, Task, Trial

MAIN = "main"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selection:
    """What the user chose beside the protocol: dataset, class names, where the images are, device."""

    dataset: str
    majority: tuple[str, ...] = ()
    minority: tuple[str, ...] = ()
    sources: Sources = dataclasses.field(default_factory=Sources)
    device: str = "cpu"
    # Nights through which evidence is judged, under a protocol that accumulates it.
    nights: int = 1
    # Content fingerprints by dataset, where they are known without the images (a report to verify).
    fingerprints: Mapping[str, str] | None = None

    def fingerprint(self, dataset: str) -> str:
        """Identity of a dataset's content."""
        if self.fingerprints is not None:
            return self.fingerprints[dataset]
        return datasets.fingerprint(dataset, sources=self.sources)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """One setting of one claim, or the few settings that the claim compares, by name.

    ``doses`` gives the varied value of each setting, in order, where the cell varies one.
    ``unavailable`` says why the cell cannot run on this dataset; it then has no settings.
    """

    claim: str
    name: str
    primary: bool
    reason: str
    settings: Mapping[str, Setting]
    doses: Mapping[str, float]
    max_seeds: int | None
    unavailable: str | None = None

    @property
    def label(self) -> str:
        """The first setting's label, or the cell's name when it has none."""
        return next((setting.label for setting in self.settings.values()), self.name)

    def trials(self, arms: Iterable[str], seeds: Sequence[int]) -> list[Trial]:
        """Every trial of the cell, seeds slowest, so that first looks are complete first."""
        return [
            Trial(setting=setting, arm=arm, seed=seed)
            for seed in seeds
            for setting in self.settings.values()
            for arm in arms
        ]


class _Unavailable(Exception):
    """The selected dataset cannot serve what a cell asks for."""


def cells_of(protocol: Protocol, claim: str, selection: Selection) -> list[Cell]:
    """The cells that ``protocol`` names for a claim; ``BnclaimsError`` when it does not know the claim."""
    if claim not in protocol.file.claims:
        raise BnclaimsError(
            f"protocol {protocol.name}: no section claims.{claim}; add its cells or deselect the claim."
        )
    cells = [
        _cell(protocol, claim, rules, selection) for rules in protocol.file.claims[claim].cells
    ]
    if any(cell.primary for cell in cells):
        return cells
    return _replications(cells, protocol, selection)


def _replications(cells: list[Cell], protocol: Protocol, selection: Selection) -> list[Cell]:
    """The cells with each setting once, and without the premise's own: neither is a replication."""
    counted = [_premise_setting(protocol, selection)]
    kept = []
    for cell in cells:
        setting = next(iter(cell.settings.values()), None)
        if setting is not None and setting in counted:
            whose = "the premise's" if counted.index(setting) == 0 else "another cell's"
            why = f"this is {whose} own setting here, no replication"
            cell = dataclasses.replace(cell, settings={}, doses={}, unavailable=why)
        counted.append(setting)
        kept.append(cell)
    return kept


def _premise_setting(protocol: Protocol, selection: Selection) -> Setting | None:
    premise = protocol.file.claims.get("premise")
    for rules in premise.cells if premise else ():
        if rules.primary:
            cell = _cell(protocol, "premise", rules, selection)
            return next(iter(cell.settings.values()), None)
    return None


def _cell(
    protocol: Protocol,
    claim: str,
    rules: CellRules,
    selection: Selection,
) -> Cell:
    settings: dict[str, Setting] = {}
    doses: dict[str, float] = {}
    unavailable = None
    caps = []
    if (how := protocol.rules.accumulation) is not None:
        caps.append(min(selection.nights, how.nights) * how.seeds_per_night)
    try:
        if _section(selection.dataset) in rules.not_on:
            raise _Unavailable(f"left out on {selection.dataset} by protocol {protocol.name}")
        for name, overrides in _variants(rules):
            setting = _setting(protocol, overrides, selection)
            if rules.vary and setting.task.minority_images > setting.task.majority_images:
                # A row of ratios ends where the classes are balanced.
                continue
            settings[name] = setting
            section = protocol.file.datasets[_section(overrides.dataset or selection.dataset)]
            caps += [section.max_seeds] if section.max_seeds else []
            if rules.vary:
                doses[name] = getattr(overrides, rules.vary.key)
        if rules.vary and len(settings) < 3:
            raise _Unavailable(f"fewer than three values of {rules.vary.key} up to balance")
    except _Unavailable as reason:
        settings, doses, unavailable = {}, {}, str(reason)
    return Cell(
        claim=claim,
        name=rules.name,
        primary=rules.primary,
        reason=rules.reason,
        settings=settings,
        doses=doses,
        max_seeds=min(caps, default=None),
        unavailable=unavailable,
    )


def _variants(rules: CellRules) -> list[tuple[str, Overrides]]:
    own = rules.own()
    if rules.vary:
        key = rules.vary.key
        return [
            (f"{key}={value}", own.merged(Overrides.model_validate({key: value})))
            for value in rules.vary.values
        ]
    if rules.settings:
        return [(name, own.merged(changes)) for name, changes in rules.settings.items()]
    return [(MAIN, own)]


def _section(dataset: str) -> str:
    return "folder" if dataset.startswith("folder:") else dataset


def _setting(protocol: Protocol, overrides: Overrides, selection: Selection) -> Setting:
    training = protocol.file.training
    task = _task(protocol, overrides, selection)
    architecture = overrides.architecture or training.architecture.value
    if architecture not in ARCHITECTURES:
        raise BnclaimsError(
            f"protocol {protocol.name}: architecture {architecture!r} is unknown; use one of "
            f"{', '.join(ARCHITECTURES)}."
        )
    batch_size = overrides.batch_size or training.batch_size.value
    epochs, steps = overrides.epochs, overrides.steps
    if epochs is None and steps is None:
        epochs = training.epochs.value
    steps_per_epoch = len(
        batch_sizes(sum(task.images_of(c)[0] for c in range(len(task.classes))), batch_size)
    )
    if steps is not None and steps % steps_per_epoch == 0:
        # The same training under one name, so that cells at fixed epochs and fixed steps share it.
        epochs, steps = steps // steps_per_epoch, None
    return Setting(
        task=task,
        architecture=architecture,
        head=overrides.head or training.head.value,
        batch_size=batch_size,
        epochs=epochs,
        steps=steps,
        optimiser=training.optimiser.value,
        learning_rate=overrides.learning_rate or training.learning_rate.value,
        precision=training.precision.value,
        device=selection.device,
    )


def _task(protocol: Protocol, overrides: Overrides, selection: Selection) -> Task:
    dataset = overrides.dataset or selection.dataset
    section = protocol.file.datasets.get(_section(dataset))
    if section is None:
        known = ", ".join(sorted(protocol.file.datasets))
        raise BnclaimsError(
            f"--dataset {dataset}: protocol {protocol.name} has no section for it; use one of {known}, "
            f"or add [datasets.{dataset}] to a copy of the protocol."
        )
    role = overrides.task or "binary"
    rules = section.tasks.get(role)
    if rules is None:
        raise _Unavailable(f"protocol {protocol.name} has no task {role!r} for {dataset}")
    majority, minority = _classes(rules, role, selection, dataset)
    return Task(
        dataset=dataset,
        fingerprint=selection.fingerprint(dataset),
        image_size=section.image_size,
        majority=majority,
        minority=minority,
        majority_images=rules.majority_images,
        minority_images=overrides.minority_images or rules.minority_images,
        validation_majority_images=rules.validation_majority_images,
        validation_minority_images=rules.validation_minority_images,
        test_images=rules.test_images,
    )


def _classes(
    rules: TaskRules, role: str, selection: Selection, dataset: str
) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """Majority and minority classes of a task: the protocol's, or made of the user's class names."""
    if rules.majority is not None and rules.minority is not None:
        return tuple(map(tuple, rules.majority)), tuple(map(tuple, rules.minority))
    if not dataset.startswith("folder:"):
        raise BnclaimsError(
            f"protocol: datasets.{dataset}.tasks.{role} names no majority and minority classes; add them."
        )
    majority, minority = selection.majority, selection.minority
    match role:
        case "one_majority" if len(minority) >= 2:
            return (majority[:1],), (minority[:1], minority[1:2])
        case "one_majority":
            raise _Unavailable("needs two classes named by --minority")
        case "two_majorities" if len(majority) >= 2:
            return (majority[:1], majority[1:2]), (minority[:1],)
        case "two_majorities":
            raise _Unavailable("needs two classes named by --majority")
        case _:
            return (majority[:1],), (minority,)
