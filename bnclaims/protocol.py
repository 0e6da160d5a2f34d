"""Protocol files: what is run, how often, and by which rules it is judged, each with its reason."""

from __future__ import annotations

import dataclasses
import hashlib
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bnclaims.errors import BnclaimsError

FOLDER = Path(__file__).parent / "protocols"
FAMILY = ("i", "ii", "iii", "iv", "v", "vi")

Value = TypeVar("Value")
Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, lt=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Rule(_Strict, Generic[Value]):
    """A number of the statistical design and why it is that number."""

    value: Value
    reason: Annotated[str, Field(min_length=10)]


class Looks(_Strict):
    """Seeds after which a cell is judged, and the share of the error each look may spend."""

    seeds: Annotated[list[Count], Field(min_length=1)]
    weights: Annotated[list[Share | Literal[1]], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Looks:
        if len(self.seeds) != len(self.weights):
            raise ValueError("needs as many weights as seeds")
        if sorted(set(self.seeds)) != self.seeds:
            raise ValueError("needs seeds in rising order, each once")
        if sum(self.weights) > 1 + 1e-12:
            raise ValueError("needs weights that add up to at most 1")
        return self

    def as_weights(self) -> dict[int, float]:
        """Weight of each look, by its number of seeds."""
        return dict(zip(self.seeds, map(float, self.weights), strict=True))


class Statistics(_Strict):
    """The rules of judgement; `statistical design` in the docs derives them."""

    alpha: Rule[Share]
    effect_looks: Rule[Looks]
    absence_looks: Rule[Looks]
    smallest_effect: Rule[Share]
    margin: Rule[Share]
    peak_height: Rule[Share]
    retention: Rule[Share]
    calibration_margin: Rule[Share]
    ranking_margin: Rule[Share]
    headroom: Rule[Share]
    replications: Rule[Count]
    confidence: Rule[Share]
    image_groups: Rule[Annotated[int, Field(ge=2, le=100)]]
    draws: Rule[Annotated[int, Field(ge=999)]]
    random_seed: Rule[Annotated[int, Field(ge=0)]]

    @model_validator(mode="after")
    def _nested_looks(self) -> Statistics:
        if not set(self.absence_looks.value.seeds) <= set(self.effect_looks.value.seeds):
            raise ValueError("absence_looks may only use seeds that effect_looks has")
        return self


class Training(_Strict):
    """How a network is trained unless a cell says otherwise."""

    architecture: Rule[Name]
    head: Rule[Literal["softmax", "sigmoid", "sigmoid_k"]]
    batch_size: Rule[Annotated[int, Field(ge=2)]]
    epochs: Rule[Count]
    optimiser: Rule[Literal["adam"]]
    learning_rate: Rule[Annotated[float, Field(gt=0)]]
    precision: Rule[Literal["fp32"]]


class TaskRules(_Strict):
    """Classes and images per class of one task of a dataset.

    ``majority`` and ``minority`` are lists of classes, a class being the list of class names that
    are merged into it; only the section `datasets.folder` leaves them out.
    """

    majority: (
        Annotated[list[Annotated[list[Name], Field(min_length=1)]], Field(min_length=1)] | None
    ) = None
    minority: (
        Annotated[list[Annotated[list[Name], Field(min_length=1)]], Field(min_length=1)] | None
    ) = None
    majority_images: Count
    minority_images: Count
    validation_majority_images: Count
    validation_minority_images: Count
    test_images: Count
    reason: Annotated[str, Field(min_length=10)]


class DatasetRules(_Strict):
    """How a dataset serves the tasks that the claims ask for."""

    image_size: Annotated[int, Field(ge=8, le=512)]
    max_seeds: Count | None = None
    reason: Annotated[str, Field(min_length=10)]
    tasks: dict[str, TaskRules]


class Overrides(_Strict):
    """What a setting of a cell changes against the defaults."""

    dataset: Name | None = None
    task: Name | None = None
    architecture: Name | None = None
    head: Literal["softmax", "sigmoid", "sigmoid_k"] | None = None
    batch_size: Annotated[int, Field(ge=2)] | None = None
    epochs: Count | None = None
    steps: Count | None = None
    minority_images: Count | None = None

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


class Vary(_Strict):
    """One property that a cell varies, and its values in order."""

    key: Literal["minority_images", "batch_size"]
    values: Annotated[list[Count], Field(min_length=3)]


class CellRules(Overrides):
    """One setting of one claim, or the few settings that the claim compares."""

    name: Name
    primary: bool = False
    reason: Annotated[str, Field(min_length=10)]
    settings: dict[str, Overrides] | None = None
    vary: Vary | None = None
    not_on: list[Name] = []

    def own(self) -> Overrides:
        """The overrides that hold for every setting of the cell."""
        return Overrides(**self.model_dump(include=set(Overrides.model_fields), exclude_none=True))

    @model_validator(mode="after")
    def _one_kind(self) -> CellRules:
        if self.settings is not None and self.vary is not None:
            raise ValueError("has both settings and vary: keep one")
        return self


class ClaimRules(_Strict):
    """The cells on which a claim is tested."""

    cells: Annotated[list[CellRules], Field(min_length=1)]

    @model_validator(mode="after")
    def _named_once(self) -> ClaimRules:
        names = [cell.name for cell in self.cells]
        if len(set(names)) != len(names):
            raise ValueError("has two cells of one name")
        return self


class ProtocolFile(_Strict):
    """The content of a protocol file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    name: Name
    title: Name
    default_dataset: Name
    statistics: Statistics
    training: Training
    datasets: dict[str, DatasetRules]
    claims: dict[str, ClaimRules]

    @model_validator(mode="after")
    def _consistent(self) -> ProtocolFile:
        if self.default_dataset not in self.datasets:
            raise ValueError(f"default_dataset {self.default_dataset!r} has no section in datasets")
        for claim, rules in self.claims.items():
            primaries = sum(cell.primary for cell in rules.cells)
            if claim in (*FAMILY, "premise") and claim != "iv" and primaries != 1:
                raise ValueError(
                    f"claims.{claim} needs exactly one primary cell, it has {primaries}"
                )
            for cell in rules.cells:
                named = [cell.dataset, *(s.dataset for s in (cell.settings or {}).values())]
                for dataset in named:
                    if dataset is not None and dataset not in self.datasets:
                        raise ValueError(
                            f"claims.{claim} cell {cell.name!r} names dataset {dataset!r}, "
                            "which has no section in datasets"
                        )
        return self


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """The numbers a judgement needs; ``level`` is the share of alpha that each claim's side gets."""

    alpha: float
    effect_looks: Mapping[int, float]
    absence_looks: Mapping[int, float]
    smallest_effect: float
    margin: float
    peak_height: float
    retention: float
    calibration_margin: float
    ranking_margin: float
    headroom: float
    replications: int
    confidence: float
    image_groups: int
    draws: int
    random_seed: int

    @property
    def level(self) -> float:
        """Bonferroni over the six claims: alpha / 6 for each of support and refute."""
        return self.alpha / len(FAMILY)


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A checked protocol with its text."""

    file: ProtocolFile
    text: str

    @property
    def name(self) -> str:
        """Name, as the file gives it."""
        return self.file.name

    @property
    def sha256(self) -> str:
        """Hash of the file's bytes."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def rules(self) -> Rules:
        """The numbers of the section `statistics`."""
        values: dict[str, Any] = {
            name: getattr(self.file.statistics, name).value for name in Statistics.model_fields
        }
        for looks in ("effect_looks", "absence_looks"):
            values[looks] = values[looks].as_weights()
        return Rules(**values)

    def reasons(self) -> dict[str, dict[str, Any]]:
        """Every number of `statistics` and `training` with its reason, as plain data."""
        sections = {"statistics": self.file.statistics, "training": self.file.training}
        return {name: section.model_dump(mode="json") for name, section in sections.items()}


def load_protocol(name_or_file: str) -> Protocol:
    """A protocol by the name of a built-in one or by its file.

    Raises `BnclaimsError` that names file, key and remedy when anything in it is unknown, missing
    or of the wrong type.
    """
    builtin = FOLDER / f"{name_or_file}.toml"
    path = builtin if builtin.is_file() else Path(name_or_file)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        raise BnclaimsError(
            f"--protocol {name_or_file}: no such file; use one of {known}, or the path of a TOML file."
        )
    try:
        return parse_protocol(path.read_bytes().decode("utf-8"), source=path.name)
    except UnicodeDecodeError as error:
        raise BnclaimsError(
            f"{path.name}: not UTF-8 text ({error.reason}); save it as UTF-8."
        ) from error


def parse_protocol(text: str, *, source: str) -> Protocol:
    """A protocol from its text; ``source`` names it in errors."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BnclaimsError(f"{source}: not valid TOML, {error}; correct that place.") from error
    try:
        return Protocol(ProtocolFile.model_validate(data), text)
    except ValidationError as error:
        raise BnclaimsError(_sentence(source, error)) from error


def _sentence(source: str, error: ValidationError) -> str:
    """The first problem pydantic found, as one sentence with its remedy."""
    problems = error.errors()
    problem = problems[0]
    key = ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "extra_forbidden":
            what = "is not a known key: remove it or correct its name"
        case "missing":
            what = "is missing: add it"
        case "value_error":
            what = str(problem["ctx"]["error"])
        case _:
            value = problem["input"] if isinstance(problem["input"], str | int | float) else "that"
            what = f"is {value!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
    more = f" (the first of {len(problems)} problems)" if len(problems) > 1 else ""
    return f"{source}: {f'{key} {what}'.lstrip()}{more}."
