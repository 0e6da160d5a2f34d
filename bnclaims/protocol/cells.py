"""The cells of a claim: a protocol's words turned into settings that can be trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.architectures import (
    ARCHITECTURES,
    PRETRAINABLE,
    check_classifier,
    check_pretrainable,
)
from bnclaims.protocol.batches import batch_sizes
from bnclaims.protocol.load import Protocol
from bnclaims.protocol.names import LINEAR, SCRATCH
from bnclaims.protocol.own_ratio import in_own_ratio
from bnclaims.protocol.schema import CellRules, CountsAs, DatasetRules, Overrides, TaskRules
from bnclaims.protocol.trial import Setting, Task, Trial

MAIN = "main"

# Classes of a task, each made of class names of the dataset.
Merged = tuple[tuple[str, ...], ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selection:
    """What is chosen beside the protocol, and what the cells made of it may rest on.

    ``fingerprints`` identify the content of datasets, ``absences`` say why the images of a dataset
    cannot be had, and ``weights`` identify the ImageNet weights of architectures, None or left out
    where there are none. ``usable`` counts, of classes of the user's folder joined by "/", the images
    that any split can use. ``nights`` are those through which evidence is judged, under a protocol
    that accumulates it.
    """

    dataset: str
    majority: tuple[str, ...] = ()
    minority: tuple[str, ...] = ()
    device: str = "cpu"
    nights: int = 1
    fingerprints: Mapping[str, str]
    absences: Mapping[str, str] = dataclasses.field(default_factory=dict)
    weights: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    usable: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def missing(self, dataset: str) -> str | None:
        """Why the images of a dataset cannot be had, None where they can."""
        if (why := self.absences.get(dataset)) is not None:
            return why
        return None if dataset in self.fingerprints else "no fingerprint of it is known"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """One setting of one claim, or the few settings that the claim compares, by name.

    ``doses`` gives the varied value of each setting, in order, where the cell varies one.
    ``unavailable`` says why the cell cannot run on this dataset; it then has no settings.
    ``counts_as`` is what it replicates the premise with, None where it does not or where a program
    drew its images.
    """

    claim: str
    name: str
    primary: bool
    reason: str
    settings: Mapping[str, Setting]
    doses: Mapping[str, float]
    max_seeds: int | None
    unavailable: str | None = None
    counts_as: CountsAs | None = None

    @property
    def label(self) -> str:
        """The first setting's label with the doses of a curve, or the cell's name when it has none."""
        label = next((setting.label for setting in self.settings.values()), self.name)
        if not self.doses:
            return label
        varied = next(iter(self.doses)).partition("=")[0].replace("_", " ")
        first, *_, last = self.doses.values()
        return f"{label}; {varied} {first:g} to {last:g}"

    def trials(self, arms: Iterable[str], seeds: Sequence[int]) -> list[Trial]:
        """Every trial of the cell, seeds slowest, so that first looks are complete first.

        A setting that bears the name of an arm is trained with that arm alone.
        """
        arms = tuple(arms)
        return [
            Trial(setting=setting, arm=arm, seed=seed)
            for seed in seeds
            for name, setting in self.settings.items()
            for arm in arms
            if name not in arms or name == arm
        ]


class _Unavailable(Exception):
    """The selected dataset cannot serve what a cell asks for."""


class _TooFew(_Unavailable):
    """The user's folder has fewer minority images than one value of a cell asks for."""


def cells_of(protocol: Protocol, claim: str, selection: Selection) -> list[Cell]:
    """The cells that ``protocol`` names for a claim; ``BnclaimsError`` when it does not know the claim."""
    if claim not in protocol.cells:
        raise BnclaimsError(
            f"protocol {protocol.name}: no section claims.{claim}; add its cells or deselect the claim."
        )
    here = cells_here(protocol, claim, selection.device)
    deciding = _deciding(protocol, here, selection)
    cells = [
        dataclasses.replace(_cell(protocol, claim, rules, selection), primary=rules is deciding)
        for rules in here
    ]
    if deciding is not None:
        return _each_once(cells)
    return _replications(cells, protocol, selection)


def _deciding(
    protocol: Protocol, cells: Sequence[CellRules], selection: Selection
) -> CellRules | None:
    """The cell that gives a claim its verdict: the first primary one that is not left out here.

    An only one is it even where it is left out, and the claim then has no verdict. One that stands in
    for another decides where the weights of that are not there.
    """
    primary = [rules for rules in cells if rules.primary]
    here = [rules for rules in primary if _section(selection.dataset) not in rules.not_on]
    # Asked where it matters alone: to know weights takes the networks' modules.
    if any(rules.stands_in for rules in here) and not _weights_there(protocol, selection):
        here.sort(key=lambda rules: not rules.stands_in)
    return next(iter(here or primary), None)


def _weights_there(protocol: Protocol, selection: Selection) -> bool:
    """Whether there are ImageNet weights of the network that cells train unless they say otherwise."""
    return selection.weights.get(_architecture(protocol, Overrides(), selection.device)) is not None


def cells_here(protocol: Protocol, claim: str, device: str) -> list[CellRules]:
    """The cells of a claim without those that the protocol keeps for another device."""
    return [rules for rules in protocol.cells.get(claim, ()) if rules.device in (None, device)]


def _each_once(cells: list[Cell]) -> list[Cell]:
    """The cells without those that would judge the very settings of an earlier one again."""
    kept: list[Cell] = []
    for cell in cells:
        same = next(
            (c for c in kept if c.settings and [*c.settings.values()] == [*cell.settings.values()]),
            None,
        )
        if same is not None:
            why = f"the very settings of cell {same.name!r} here"
            cell = dataclasses.replace(cell, settings={}, doses={}, unavailable=why)
        kept.append(cell)
    return kept


def weights_asked(
    protocol: Protocol, claims: Iterable[str], selection: Selection
) -> tuple[str, ...]:
    """The architectures that cells of these claims, as far as they are run, want from ImageNet weights."""
    asked = {
        _architecture(protocol, overrides, selection.device)
        for claim in claims
        for rules in cells_here(protocol, claim, selection.device)
        if _left_out(protocol, claim, rules, selection) is None
        for _, overrides in _variants(rules)
        if _regime(protocol, overrides, selection.device) != SCRATCH
    }
    return tuple(name for name in PRETRAINABLE if name in asked)


def _replications(cells: list[Cell], protocol: Protocol, selection: Selection) -> list[Cell]:
    """The cells with each setting once, and without the premise's own: neither is a replication.

    A dataset counts as another one once, and the selected one not at all, whatever the network.
    """
    counted = [_premise_setting(protocol, selection)]
    datasets = {selection.dataset}
    kept = []
    for cell in cells:
        setting = next(iter(cell.settings.values()), None)
        if setting is not None and setting in counted:
            whose = "the premise's" if counted.index(setting) == 0 else "another cell's"
            why = f"this is {whose} own setting here, no replication"
            cell = dataclasses.replace(cell, settings={}, doses={}, unavailable=why)
        elif setting is not None and cell.counts_as == "dataset":
            if setting.task.dataset in datasets:
                cell = dataclasses.replace(cell, counts_as=None)
            datasets.add(setting.task.dataset)
        counted.append(setting)
        kept.append(cell)
    return kept


def _premise_setting(protocol: Protocol, selection: Selection) -> Setting | None:
    deciding = _deciding(protocol, protocol.cells.get("premise", ()), selection)
    if deciding is None:
        return None
    cell = _cell(protocol, "premise", deciding, selection)
    return next(iter(cell.settings.values()), None)


def _cell(
    protocol: Protocol,
    claim: str,
    rules: CellRules,
    selection: Selection,
) -> Cell:
    settings: dict[str, Setting] = {}
    doses: dict[str, float] = {}
    unavailable = None
    fallen: list[str] = []
    caps = [] if rules.max_seeds is None else [rules.max_seeds]
    counts_as = rules.counts_as
    if (how := protocol.rules.accumulation) is not None:
        caps.append(min(selection.nights, how.nights) * how.seeds_per_night)
    here = protocol.file.on.get(selection.device)
    if here is not None and here.max_seeds is not None:
        caps.append(here.max_seeds.value)
    try:
        if (why := _left_out(protocol, claim, rules, selection)) is not None:
            raise _Unavailable(why)
        for name, overrides in _variants(rules):
            try:
                setting = _setting(protocol, overrides, selection)
            except _TooFew:
                # A row of numbers ends where the folder's images do.
                continue
            if rules.vary and setting.task.minority_images > setting.task.majority_images:
                # A row of ratios ends where the classes are balanced.
                continue
            settings[name] = setting
            if setting.regime != _regime(protocol, overrides, selection.device):
                fallen.append(setting.architecture)
            section = protocol.file.datasets[_section(overrides.dataset or selection.dataset)]
            caps += [section.max_seeds] if section.max_seeds else []
            counts_as = None if section.synthetic else counts_as
            if rules.vary:
                doses[name] = getattr(overrides, rules.vary.key)
        if fallen and len(set(settings.values())) < len(settings):
            raise _Unavailable(f"without ImageNet weights of {fallen[0]} its settings are the same")
        if rules.vary and len(settings) < 3:
            raise _Unavailable(
                f"fewer than three values of {rules.vary.key} up to balance or what the folder has"
                if selection.usable
                else f"fewer than three values of {rules.vary.key} up to balance"
            )
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
        counts_as=counts_as,
    )


def _left_out(protocol: Protocol, claim: str, rules: CellRules, selection: Selection) -> str | None:
    """Why the protocol or its budget leaves a cell out of this run, None where it does not."""
    if _section(selection.dataset) in rules.not_on:
        return f"left out on {selection.dataset} by protocol {protocol.name}"
    if rules.stands_in and _weights_there(protocol, selection):
        return "it stands in for a network whose ImageNet weights are here"
    budget = protocol.file.budget
    if budget is not None and (claim, rules.name) not in budget.chosen:
        of = f"the budget of {budget.minutes:g} minutes"
        if all((cell.claim, cell.cell) != (claim, rules.name) for cell in budget.cells):
            return f"no part of {of}: it repeats another cell or could not be run"
        return f"left out by {of}"
    return None


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
    architecture = _architecture(protocol, overrides, selection.device)
    regime = _regime(protocol, overrides, selection.device)
    if regime != SCRATCH and selection.weights.get(architecture) is None:
        rule = training.without_weights
        if rule is not None and rule.value == "leave_out":
            raise _Unavailable(f"no ImageNet weights of {architecture} were to be had")
        regime = SCRATCH
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
        optimiser=overrides.optimiser or training.optimiser.value,
        learning_rate=overrides.learning_rate
        or protocol.file.default("learning_rate", selection.device),
        precision=overrides.precision or training.precision.value,
        device=selection.device,
        regime=regime,
        classifier=_classifier(protocol, overrides, architecture),
    )


def _architecture(protocol: Protocol, overrides: Overrides, device: str) -> str:
    architecture: str = overrides.architecture or protocol.file.default("architecture", device)
    if architecture not in ARCHITECTURES:
        raise BnclaimsError(
            f"protocol {protocol.name}: architecture {architecture!r} is unknown; use one of "
            f"{', '.join(ARCHITECTURES)}."
        )
    return architecture


def _regime(protocol: Protocol, overrides: Overrides, device: str) -> str:
    """The regime that the protocol asks for, whether or not it can be had."""
    regime: str = overrides.regime or protocol.file.default("regime", device) or SCRATCH
    try:
        check_pretrainable(_architecture(protocol, overrides, device), regime)
    except BnclaimsError as error:
        raise BnclaimsError(f"protocol {protocol.name}: {error}.") from error
    return regime


def _classifier(protocol: Protocol, overrides: Overrides, architecture: str) -> str:
    rule = protocol.file.training.classifier
    classifier = overrides.classifier or (LINEAR if rule is None else rule.value)
    try:
        check_classifier(architecture, classifier)
    except BnclaimsError as error:
        raise BnclaimsError(f"protocol {protocol.name}: {error}.") from error
    return classifier


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
    if dataset != selection.dataset and selection.missing(dataset) is not None:
        raise _Unavailable(f"the images of {dataset} are not there")
    counts = _counts(rules, majority, minority, selection)
    if overrides.minority_images is not None:
        if rules.own_ratio and overrides.minority_images > counts["minority_images"]:
            raise _TooFew(f"{dataset} has {counts['minority_images']} minority images for training")
        counts["minority_images"] = overrides.minority_images
    return Task(
        dataset=dataset,
        fingerprint=selection.fingerprints[dataset],
        image_size=overrides.image_size or _image_size(protocol, section, selection),
        majority=majority,
        minority=minority,
        **counts,
    )


_COUNTS: Final = (
    "majority_images",
    "minority_images",
    "validation_majority_images",
    "validation_minority_images",
    "test_images",
)


def _counts(
    rules: TaskRules, majority: Merged, minority: Merged, selection: Selection
) -> dict[str, int]:
    """The numbers of images of a task: the protocol's, or those of the user's folder in its own ratio."""
    if not rules.own_ratio:
        return {name: getattr(rules, name) for name in _COUNTS}
    (common,), (rare,) = majority, minority
    return in_own_ratio(
        rules,
        majority=selection.usable["/".join(common)],
        minority=selection.usable["/".join(rare)],
        name="+".join(rare),
        folder=selection.dataset,
    )


def usable_asked(protocol: Protocol, selection: Selection) -> dict[str, int]:
    """What of ``usable`` the tasks of a protocol rest on: nothing unless it asks for a folder's own ratio."""
    section = protocol.file.datasets.get(_section(selection.dataset))
    if section is None or not selection.dataset.startswith("folder:"):
        return {}
    asked = {
        "/".join(names)
        for role, rules in section.tasks.items()
        if rules.own_ratio
        for merged in _classes(rules, role, selection, selection.dataset)
        for names in merged
    }
    return {names: selection.usable[names] for names in sorted(asked)}


def _image_size(protocol: Protocol, section: DatasetRules, selection: Selection) -> int:
    here = protocol.file.on.get(selection.device)
    largest = None if here is None else here.largest_image
    return section.image_size if largest is None else min(section.image_size, largest.value)


def _classes(
    rules: TaskRules, role: str, selection: Selection, dataset: str
) -> tuple[Merged, Merged]:
    """Majority and minority classes of a task: the protocol's, or made of the user's class names."""
    if rules.majority is not None and rules.minority is not None:
        return tuple(map(tuple, rules.majority)), tuple(map(tuple, rules.minority))
    if not dataset.startswith("folder:"):
        raise BnclaimsError(
            f"protocol: datasets.{dataset}.tasks.{role} names no majority and minority classes; add them."
        )
    majority, minority = selection.majority, selection.minority
    match role:
        case "b_is_minority" if len(minority) >= 2:
            return (majority[:1],), (minority[:1], minority[1:2])
        case "b_is_majority" if len(minority) >= 2:
            return (majority[:1], minority[:1]), (minority[1:2],)
        case "b_is_minority" | "b_is_majority":
            raise _Unavailable("needs two classes named by --minority")
        case _:
            return (majority[:1],), (minority,)
