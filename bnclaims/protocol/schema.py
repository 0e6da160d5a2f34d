"""The content of a protocol file, checked for what contradicts itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bnclaims.protocol.budget import BudgetRules
from bnclaims.protocol.rules import Statistics
from bnclaims.protocol.types import (
    Batch,
    Classes,
    Count,
    ImageSide,
    LearningRate,
    Name,
    Reason,
    Rule,
    SeedCount,
    Strict,
)

# The claims that share alpha unless a protocol names others: the premise of arXiv:2011.06319, the six
# of arXiv:2109.09016, and what it says of uncertainty.
FAMILY = ("premise", "i", "ii", "iii", "iv", "v", "vi", "uncertainty")

MOST_CELLS = 100

Device = Literal["cpu", "cuda"]
Regime = Literal["scratch", "fine_tuned", "frozen"]
Classifier = Literal["linear", "fastai", "fastai_v1", "fastai_v2"]
Optimiser = Literal["adam", "fastai_cycle"]
Precision = Literal["fp32", "tf32", "bf16"]
CountsAs = Literal["dataset", "network"]
Importance = Annotated[int, Field(ge=1, le=99)]
Rank = Annotated[str, Field(pattern="^[1-9][0-9]?$")]


class Training(Strict):
    """How a network is trained unless a cell says otherwise.

    ``without_weights`` is what becomes of a setting that starts from ImageNet weights where there
    are none: it is trained from scratch, or its cell is left out.
    """

    architecture: Rule[Name]
    head: Rule[Literal["softmax", "sigmoid", "sigmoid_k"]]
    batch_size: Rule[Batch]
    epochs: Rule[Count]
    optimiser: Rule[Optimiser]
    learning_rate: Rule[LearningRate]
    precision: Rule[Precision]
    regime: Rule[Regime] | None = None
    classifier: Rule[Classifier] | None = None
    without_weights: Rule[Literal["scratch", "leave_out"]] | None = None


class DeviceRules(Strict):
    """What is otherwise on a device than `Training` and the sections of the datasets say.

    A cell that names an architecture or an image size keeps it; ``largest_image`` bounds the size
    of the others.
    """

    architecture: Rule[Name] | None = None
    regime: Rule[Regime] | None = None
    learning_rate: Rule[LearningRate] | None = None
    largest_image: Rule[ImageSide] | None = None
    max_seeds: Rule[SeedCount] | None = None


class TaskRules(Strict):
    """Classes and images per class of one task of a dataset.

    ``majority`` and ``minority`` are lists of classes, a class being the list of class names that
    are merged into it; only the section `datasets.folder` leaves them out. With ``own_ratio`` the
    numbers are the most, and what a user's folder holds decides: see `bnclaims.protocol.own_ratio`.
    """

    majority: Classes | None = None
    minority: Classes | None = None
    majority_images: Count
    minority_images: Count
    validation_majority_images: Count
    validation_minority_images: Count
    test_images: Count
    own_ratio: bool = False
    reason: Reason


class DatasetRules(Strict):
    """How a dataset serves the tasks that the claims ask for.

    ``synthetic`` says that a program drew its images: they are shown and replicate nothing.
    """

    image_size: ImageSide
    synthetic: bool = False
    max_seeds: SeedCount | None = None
    reason: Reason
    tasks: Annotated[dict[Name, TaskRules], Field(max_length=50)]


class Overrides(Strict):
    """What a setting of a cell changes against the defaults."""

    dataset: Name | None = None
    task: Name | None = None
    image_size: ImageSide | None = None
    architecture: Name | None = None
    head: Literal["softmax", "sigmoid", "sigmoid_k"] | None = None
    batch_size: Batch | None = None
    epochs: Count | None = None
    steps: Count | None = None
    minority_images: Count | None = None
    regime: Regime | None = None
    classifier: Classifier | None = None
    optimiser: Optimiser | None = None
    learning_rate: LearningRate | None = None
    precision: Precision | None = None

    def merged(self, other: Overrides) -> Overrides:
        """These overrides with what ``other`` sets on top; epochs and steps replace each other."""
        values = self.model_dump(exclude_none=True)
        changes = other.model_dump(exclude_none=True)
        if changes.keys() & {"epochs", "steps"}:
            values.pop("epochs", None)
            values.pop("steps", None)
        return Overrides(**values | changes)

    @model_validator(mode="after")
    def _one_length(self) -> Overrides:
        if self.epochs is not None and self.steps is not None:
            raise ValueError("has both epochs and steps: keep one")
        return self


class Vary(Strict):
    """One property that a cell varies, and its values in order."""

    key: Literal["minority_images", "batch_size", "epochs", "learning_rate"]
    values: Annotated[
        list[Annotated[int | float, Field(gt=0, le=100_000_000)]],
        Field(min_length=3, max_length=30),
    ]

    @model_validator(mode="after")
    def _fitting(self) -> Vary:
        if sorted(set(self.values)) != self.values:
            raise ValueError("needs values in rising order, each once")
        if self.key == "learning_rate":
            if max(self.values) > 1_000:
                raise ValueError("needs learning rates of at most 1000")
        elif not all(isinstance(value, int) for value in self.values):
            raise ValueError(f"needs whole numbers of {self.key}")
        elif self.key == "batch_size" and min(self.values) < 2:
            raise ValueError("needs batches of at least 2 images")
        return self


class CellRules(Overrides):
    """One setting of one claim, or the few settings that the claim compares.

    ``each`` makes several of it, one for every combination of its values, and adds these to the
    name. ``device`` keeps it for that device: elsewhere it is no part of a run. The lower the number
    of its ``importance``, the sooner a budget takes it. ``counts_as`` is what it replicates the
    premise with, where it does: another dataset or a simpler network. ``max_seeds`` ends it early.
    One that ``stands_in`` is run only where the ImageNet weights that training starts from are not there.
    """

    name: Name
    primary: bool = False
    stands_in: bool = False
    reason: Reason
    counts_as: CountsAs | None = None
    max_seeds: SeedCount | None = None
    importance: Importance | None = None
    device: Device | None = None
    each: (
        Annotated[
            dict[Name, Annotated[list[Any], Field(min_length=1, max_length=50)]],
            Field(min_length=1, max_length=5),
        ]
        | None
    ) = None
    settings: Annotated[dict[Name, Overrides], Field(max_length=20)] | None = None
    vary: Vary | None = None
    not_on: Annotated[list[Name], Field(max_length=100, default_factory=list)]

    def expanded(self) -> Iterator[CellRules]:
        """The cell, or those that ``each`` makes of it."""
        if self.each is None:
            yield self
            return
        own = self.model_dump(exclude_none=True, exclude={"each"})
        for values in itertools.product(*self.each.values()):
            name = ", ".join([self.name, *map(str, values)])
            yield CellRules(**own | dict(zip(self.each, values, strict=True)) | {"name": name})

    def own(self) -> Overrides:
        """The overrides that hold for every setting of the cell."""
        return Overrides(**self.model_dump(include=set(Overrides.model_fields), exclude_none=True))

    @model_validator(mode="after")
    def _one_kind(self) -> CellRules:
        if self.settings is not None and self.vary is not None:
            raise ValueError("has both settings and vary: keep one")
        if self.primary and self.device is not None:
            raise ValueError("is primary, so it cannot be kept for one device: take that out")
        if self.each is not None:
            if self.primary:
                raise ValueError("is primary and makes several cells by each: only one can be")
            if unknown := self.each.keys() - Overrides.model_fields.keys():
                raise ValueError(
                    f"makes cells by each of {min(unknown)!r}: use "
                    f"{', '.join(Overrides.model_fields)}"
                )
        return self


class ClaimRules(Strict):
    """The cells on which a claim is tested.

    The primary cell gives the claim its verdict; of several the first that is not left out on the
    selected dataset. Where none is primary the cells are replications of
    one effect and share in the verdict. ``as_in`` names a claim whose cells these are too, before any
    of its own; ``reason`` says why, and ``importance`` replaces theirs.
    """

    as_in: Name | None = None
    reason: Reason | None = None
    importance: Importance | None = None
    cells: Annotated[list[CellRules], Field(max_length=50, default_factory=list)]

    @model_validator(mode="after")
    def _has_cells(self) -> ClaimRules:
        if self.as_in is None:
            if not self.cells:
                raise ValueError("has no cells: add one, or name a claim with the same by as_in")
            if self.reason is not None or self.importance is not None:
                raise ValueError("has a reason or importance without as_in: give them to its cells")
        elif self.reason is None:
            raise ValueError("has as_in without a reason: add it")
        return self


class PaperRules(Strict):
    """The paper whose claims a protocol tests, where it is not arXiv:2109.09016.

    ``subject`` ends the headline of reports: "One claim about <subject>, put to the test".
    """

    title: Name
    subject: Name
    authors: Annotated[list[Name], Field(min_length=1)]
    year: Annotated[int, Field(ge=1600, le=9999)] | None = None
    arxiv: Name | None = None
    doi: Name | None = None
    url: Annotated[str, Field(pattern="^https?://")] | None = None


class ProtocolFile(Strict):
    """The content of a protocol file.

    ``family`` are the claims over which alpha holds: each gets its share of it, run or not.
    """

    schema_: Annotated[Literal[1], Field(alias="schema")]
    name: Name
    title: Name
    default_dataset: Name
    importance: Annotated[dict[Rank, Reason], Field(max_length=99, default_factory=dict)]
    paper: PaperRules | None = None
    family: Annotated[list[Name], Field(min_length=1, default_factory=lambda: list(FAMILY))]
    statistics: Statistics
    training: Training
    on: Annotated[
        dict[Annotated[str, Field(pattern="^(cpu|cuda)$")], DeviceRules],
        Field(default_factory=dict),
    ]
    datasets: Annotated[dict[Name, DatasetRules], Field(max_length=100)]
    claims: Annotated[dict[Name, ClaimRules], Field(max_length=100)]
    budget: BudgetRules | None = None

    def default(self, name: str, device: str) -> Any:
        """What a setting has on a device where its cell does not say, by the name of the entry."""
        own = getattr(self.on.get(device), name, None)
        rule = own if own is not None else getattr(self.training, name)
        return None if rule is None else rule.value

    def cells_of(self, claim: str) -> Iterator[CellRules]:
        """The cells of a claim, those it has by ``as_in`` first, every ``each`` written out."""
        rules = self.claims[claim]
        if rules.as_in is not None:
            why: dict[str, Any] = {"reason": rules.reason}
            if rules.importance is not None:
                why["importance"] = rules.importance
            for cell in self.cells_of(rules.as_in):
                yield cell.model_copy(update=why)
        for cell in rules.cells:
            yield from cell.expanded()

    @model_validator(mode="after")
    def _consistent(self) -> ProtocolFile:
        if self.default_dataset not in self.datasets:
            raise ValueError(f"default_dataset {self.default_dataset!r} has no section in datasets")
        self._check_family()
        self._check_weights()
        first_look = self.statistics.first_seeds
        for name, section in self.datasets.items():
            if section.max_seeds is not None and section.max_seeds < first_look:
                raise ValueError(
                    f"datasets.{name}.max_seeds is {section.max_seeds}, below the first look at "
                    f"{first_look} seeds: raise it"
                )
        for claim, rules in self.claims.items():
            other = self.claims.get(rules.as_in) if rules.as_in is not None else None
            if rules.as_in is not None and (other is None or other.as_in is not None):
                raise ValueError(
                    f"claims.{claim} has its cells as_in {rules.as_in!r}, which has no cells of its "
                    "own: name a claim that has"
                )
            cells = list(self.cells_of(claim))
            self._check_cells(claim, cells)
            self._check_primary(claim, cells)
            for cell in cells:
                self._check_names(claim, cell)
                if cell.max_seeds is not None and cell.max_seeds < first_look:
                    raise ValueError(
                        f"claims.{claim} cell {cell.name!r} has max_seeds {cell.max_seeds}, below the "
                        f"first look at {first_look} seeds: raise it"
                    )
                named = [cell.dataset, *(s.dataset for s in (cell.settings or {}).values())]
                for dataset in named:
                    if dataset is not None and dataset not in self.datasets:
                        raise ValueError(
                            f"claims.{claim} cell {cell.name!r} names dataset {dataset!r}, "
                            "which has no section in datasets"
                        )
        return self

    def _check_family(self) -> None:
        """Refuses a family that names a claim twice, or one without cells: it would cost power."""
        if len(set(self.family)) != len(self.family):
            raise ValueError("family names a claim twice: name each once")
        if "family" in self.model_fields_set:
            for claim in self.family:
                if claim not in self.claims:
                    raise ValueError(f"family names {claim!r}, which has no section in claims")

    def _check_primary(self, claim: str, cells: list[CellRules]) -> None:
        """Refuses several primary cells where one of them would never, or on a dataset none would, decide."""
        primaries = [cell for cell in cells if cell.primary and not cell.stands_in]
        if claim == "premise" and not primaries:
            raise ValueError("claims.premise needs exactly one primary cell, it has 0")
        for cell in primaries[:-1]:
            if not cell.not_on:
                raise ValueError(
                    f"claims.{claim} needs exactly one primary cell, it has {len(primaries)}: give "
                    f"cell {cell.name!r} not_on, or take primary out of those after it"
                )
        if len(primaries) > 1 and primaries[-1].not_on:
            raise ValueError(
                f"claims.{claim} has several primary cells, the last of which is not_on "
                f"{primaries[-1].not_on[0]!r}: the last one decides wherever no other does"
            )

    def _check_cells(self, claim: str, cells: list[CellRules]) -> None:
        """Refuses too many cells, two of one name, and an importance that is not explained."""
        names = [cell.name for cell in cells]
        if len(cells) > MOST_CELLS:
            raise ValueError(f"claims.{claim} has {len(cells)} cells: keep at most {MOST_CELLS}")
        if len(set(names)) != len(names):
            raise ValueError(f"claims.{claim} has two cells of one name")
        for cell in cells:
            if cell.importance is not None and str(cell.importance) not in self.importance:
                raise ValueError(
                    f"claims.{claim} cell {cell.name!r} has importance {cell.importance}, for which "
                    "the table importance has no reason: add it"
                )

    def _check_weights(self) -> None:
        """Refuses to start from ImageNet weights without a rule for where there are none."""
        regimes = {self.training.regime.value} if self.training.regime else set()
        regimes |= {rules.regime.value for rules in self.on.values() if rules.regime}
        for claim in self.claims:
            for cell in self.cells_of(claim):
                regimes |= {s.regime for s in (cell, *(cell.settings or {}).values()) if s.regime}
        if regimes - {"scratch"} and self.training.without_weights is None:
            raise ValueError(
                f"regime {min(regimes - {'scratch'})!r} starts from ImageNet weights: say in "
                "training.without_weights what holds where there are none, scratch or leave_out"
            )

    def _check_names(self, claim: str, cell: CellRules) -> None:
        """Refuses a task that no dataset has and a ``not_on`` that names no dataset: typos."""
        tasks = {task for section in self.datasets.values() for task in section.tasks}
        for settings in (cell, *(cell.settings or {}).values()):
            if settings.task is not None and settings.task not in tasks:
                raise ValueError(
                    f"claims.{claim} cell {cell.name!r} asks for task {settings.task!r}, which no "
                    f"dataset has: use one of {', '.join(sorted(tasks))}"
                )
        for dataset in cell.not_on:
            if dataset not in self.datasets:
                raise ValueError(
                    f"claims.{claim} cell {cell.name!r} is not_on {dataset!r}, which has no section "
                    "in datasets"
                )
