"""Parts of a report's model that are not about claims: identity, protocol, selection, run, data, tables.

`bnclaims.report.model` holds the whole.
"""

from __future__ import annotations

from pydantic import ConfigDict, Field, JsonValue, model_validator

from bnclaims.protocol.cells import Selection
from bnclaims.protocol.names import LINEAR, SCRATCH
from bnclaims.protocol.trial import Setting, Task
from bnclaims.report.model_types import Many, Number, ReportPart
from bnclaims.report.registration import Registration


class StatedSuite(ReportPart):
    """Program that wrote the report."""

    name: str = "bnclaims"
    version: str


class StatedPaper(ReportPart):
    """Paper whose claims are tested."""

    title: str
    subject: str
    authors: Many[str]
    year: int | None = None
    arxiv: str | None = None
    doi: str | None = None
    url: str | None = None
    first_paper: str | None = None


class StatedRule(ReportPart):
    """Value of a protocol and why it is that one."""

    value: JsonValue
    reason: str


class StatedBudgetCell(ReportPart):
    """Cell in its place in the order of importance; ``seconds`` is what it adds, None where unknown."""

    claim: str
    cell: str
    chosen: bool
    seconds: Number | None
    why: str


class StatedBudget(ReportPart):
    """Budget of time, in minutes, and the cells that it took, as `bnclaims.protocol.budget` has it."""

    minutes: Number
    workers: int
    dataset: str
    device: str
    seeds: int
    forecast: Number
    longest: Number
    basis: str
    of: str
    cells: Many[StatedBudgetCell]
    not_tested: Many[str]


class StatedProtocol(ReportPart):
    """Protocol of the report: its identity, and every number with its reason, by section and name."""

    name: str
    title: str
    sha256: str
    reasons: dict[str, dict[str, StatedRule]]
    family: Many[str] | None = None
    budget: StatedBudget | None = None

    def value(self, name: str, *, section: str = "statistics") -> JsonValue:
        """A value of a section, None where it has none of that name."""
        rule = self.reasons.get(section, {}).get(name)
        return None if rule is None else rule.value

    @property
    def confidence(self) -> float | None:
        """Confidence of the intervals, None where it is not stated."""
        value = self.value("confidence")
        return value if isinstance(value, float) and 0 < value < 1 else None

    @property
    def first_seed(self) -> int:
        """The first seed of every cell, 0 where it is not stated."""
        value = self.value("first_seed")
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    @property
    def not_tested(self) -> tuple[str, ...]:
        """Ids of the claims that a budget left out as a whole."""
        return () if self.budget is None else self.budget.not_tested


class StatedSelection(ReportPart):
    """Selection of data and device; ``weights`` are ImageNet weights by architecture, None: not there.

    ``usable`` counts the images of a folder that any split can use, where the task has its ratio.
    """

    dataset: str
    majority: Many[str]
    minority: Many[str]
    device: str
    nights: int = Field(default=1, ge=1)
    fingerprints: dict[str, str]
    cells_for_other_devices: int = 0
    weights: dict[str, str | None] = Field(default_factory=dict)
    usable: dict[str, int] = Field(default_factory=dict)

    def selection(self) -> Selection:
        """The selection by which trials and nights are told apart."""
        return Selection(
            dataset=self.dataset,
            majority=self.majority,
            minority=self.minority,
            device=self.device,
            nights=self.nights,
            fingerprints=self.fingerprints,
            weights=self.weights,
            usable=self.usable,
        )


class StatedRun(ReportPart):
    """Circumstances of a run; those that are not named here are only ever printed."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    executor: str | None = None
    synthetic_world: str | None = None
    selfcheck: str | None = None
    unchecked: str | None = None
    protocol_commit: str | None = None
    protocol_committed: str | None = None
    commit: str | None = None
    workers: int | None = None
    trained: int | None = None
    minutes: Number | None = None

    @property
    def registration(self) -> Registration | None:
        """The commits that say when the protocol was put down, None where they are not stated."""
        if self.protocol_commit is None or self.protocol_committed is None or self.commit is None:
            return None
        return Registration(
            protocol_commit=self.protocol_commit,
            protocol_committed=self.protocol_committed,
            commit=self.commit,
        )


class StatedDownload(ReportPart):
    """File that somebody publishes, with its checksum; ``size`` in bytes."""

    name: str
    urls: Many[str]
    checksum: str
    size: int


class StatedRelease(ReportPart):
    """Form in which the images of a dataset are published; ``counts`` are images by class."""

    title: str
    files: Many[str]
    counts: dict[str, int]
    groups: int | None
    downloads: Many[StatedDownload]


class StatedDataset(ReportPart):
    """Dataset: where its images come from, and whether a program drew them.

    Of a user's folder ``images`` counts those that are used of each class, and ``notes`` say what is left
    out, there twice, or may belong together.
    """

    name: str
    title: str
    synthetic: bool
    licence: str = ""
    citation: str = ""
    source: str = ""
    classes: Many[str] = ()
    grouped_by: str | None = None
    releases: Many[StatedRelease] | None = None
    images: dict[str, int] = Field(default_factory=dict)
    notes: Many[str] = ()


class Attrition(ReportPart):
    """Attrition: counts of trained models, of those that diverged, and of seeds without the quantity."""

    trials: int
    diverged: int
    undefined: int


class StatedTask(ReportPart):
    """Task of a setting; a class is a list of classes of the dataset, counts are images per class."""

    dataset: str
    fingerprint: str
    image_size: int
    majority: Many[Many[str]]
    minority: Many[Many[str]]
    majority_images: int
    minority_images: int
    validation_majority_images: int
    validation_minority_images: int
    test_images: int

    @property
    def classes(self) -> tuple[tuple[str, ...], ...]:
        """All classes, majority first."""
        return self.majority + self.minority


class StatedSetting(ReportPart):
    """Setting of a cell: everything held fixed in a comparison."""

    task: StatedTask
    architecture: str
    head: str
    batch_size: int
    epochs: int | None
    steps: int | None
    optimiser: str
    learning_rate: Number
    precision: str
    device: str
    regime: str = SCRATCH
    classifier: str = LINEAR

    @model_validator(mode="after")
    def _one_length(self) -> StatedSetting:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("a setting has either epochs or steps")
        return self

    def setting(self) -> Setting:
        """The setting by which trials are told apart."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return Setting(**fields | {"task": Task(**dict(self.task))})


class Constraints(ReportPart):
    """Constraints of a column: whether every line has a value."""

    required: bool


class TableField(ReportPart):
    """Column of a table in the words of the Frictionless Table Schema."""

    name: str
    type: str
    unit: str = ""
    description: str
    constraints: Constraints


class TableSchema(ReportPart):
    """Table Schema (https://specs.frictionlessdata.io/table-schema/) of a file of the report."""

    version: int
    primary_key: Many[str] = Field(alias="primaryKey")
    missing_values: Many[str] = Field(alias="missingValues")
    fields: Many[TableField]
