"""Parts of a report as a typed model: identity, selection, data, sensitivity, advice, table schema.

`bnclaims.report.model` holds the whole and the claims.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema, model_validator
from pydantic.main import IncEx

from bnclaims.audit.results import Verdict
from bnclaims.protocol.names import LINEAR, SCRATCH
from bnclaims.protocol.trial import Setting, Task

T = TypeVar("T")
# JSON knows lists only, and strict types take no list for a tuple and no text for an enum.
Many = Annotated[tuple[T, ...], Field(strict=False)]
StatedVerdict = Annotated[Verdict, Field(strict=False)]
# A whole number stays one, and what is too large for a float is none.
Number = Annotated[
    Annotated[int, Field(ge=-(2**53), le=2**53)] | Annotated[float, Field(allow_inf_nan=False)],
    WithJsonSchema({"type": "number"}),
]
Interval = Annotated[tuple[Number | None, Number | None], Field(strict=False)]


class Part(BaseModel):
    """A part of a report: of exactly its types, unchangeable; what it does not name is left unread."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    def plain(self, exclude: IncEx | None = None) -> dict[str, JsonValue]:
        """Plain data in the order of the fields, without those that were never set."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=exclude)


class StatedSuite(Part):
    """Program that wrote the report."""

    name: str = "bnclaims"
    version: str


class StatedPaper(Part):
    """Paper whose claims are tested."""

    title: str
    subject: str
    authors: Many[str]
    year: int | None = None
    arxiv: str | None = None
    doi: str | None = None
    url: str | None = None
    first_paper: str | None = None


class StatedRule(Part):
    """Value of a protocol and why it is that one."""

    value: JsonValue
    reason: str


class StatedBudgetCell(Part):
    """Cell in its place in the order of importance; ``seconds`` is what it adds, None where unknown."""

    claim: str
    cell: str
    chosen: bool
    seconds: Number | None
    why: str


class StatedBudget(Part):
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


class StatedProtocol(Part):
    """Protocol of the report: its identity, and every number with its reason, by section and name."""

    name: str
    title: str
    sha256: str
    reasons: dict[str, dict[str, StatedRule]]
    family: Many[str] | None = None
    budget: StatedBudget | None = None

    def value(self, name: str) -> JsonValue:
        """A value of the section `statistics`, None where it has none of that name."""
        rule = self.reasons.get("statistics", {}).get(name)
        return None if rule is None else rule.value

    @property
    def confidence(self) -> float | None:
        """Confidence of the intervals, None where it is not stated."""
        value = self.value("confidence")
        return value if isinstance(value, float) and 0 < value < 1 else None

    @property
    def not_tested(self) -> tuple[str, ...]:
        """Ids of the claims that a budget left out as a whole."""
        return () if self.budget is None else self.budget.not_tested


class StatedSelection(Part):
    """Selection of data and device; ``weights`` are ImageNet weights by architecture, None: not there."""

    dataset: str
    majority: Many[str]
    minority: Many[str]
    device: str
    nights: int = Field(default=1, ge=1)
    fingerprints: dict[str, str]
    cells_for_other_devices: int = 0
    weights: dict[str, str | None] = {}


class StatedRun(Part):
    """Circumstances of a run; those that are not named here are only ever printed."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    executor: str | None = None
    synthetic_world: str | None = None
    selfcheck: str | None = None
    unchecked: str | None = None
    workers: int | None = None
    trained: int | None = None
    minutes: Number | None = None


class StatedDownload(Part):
    """File that somebody publishes, with its checksum; ``size`` in bytes."""

    name: str
    urls: Many[str]
    checksum: str
    size: int


class StatedRelease(Part):
    """Form in which the images of a dataset are published; ``counts`` are images by class."""

    title: str
    files: Many[str]
    counts: dict[str, int]
    groups: int | None
    downloads: Many[StatedDownload]


class StatedDataset(Part):
    """Dataset: where its images come from, and whether a program drew them."""

    name: str
    title: str
    synthetic: bool
    licence: str = ""
    citation: str = ""
    source: str = ""
    classes: Many[str] = ()
    grouped_by: str | None = None
    releases: Many[StatedRelease] | None = None


class Attrition(Part):
    """Attrition: counts of trained models, of those that diverged, and of seeds without the quantity."""

    trials: int
    diverged: int
    undefined: int


class StatedTask(Part):
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


class StatedSetting(Part):
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


class Variation(Part):
    """Verdict of a claim under one other choice; None where the choice does not apply to it."""

    choice: str | Number
    verdict: StatedVerdict | None
    p_support: Number | None
    p_refute: Number | None


class MarginVariation(Variation):
    """Verdict of a claim under another margin."""

    choice: Number
    verdict: StatedVerdict
    p_support: Number
    p_refute: Number


class MetricVariation(Variation):
    """Verdict of a claim under another metric, with the estimate in that metric."""

    choice: str
    estimate: Number | None
    interval: Interval | None


class StatedFlip(Part):
    """Choice under which the verdict is another; ``by`` is its kind: margin, metric, test or seed."""

    by: str
    choice: str
    verdict: StatedVerdict


class StatedSensitivity(Part):
    """Sensitivity of a verdict to choices, as `bnclaims.audit.results.Sensitivity` has it."""

    margins: Many[MarginVariation]
    metrics: Many[MetricVariation]
    tests: Many[Variation]
    left_out: Many[Variation]
    all_seeds: StatedVerdict | None
    flips: Many[StatedFlip]


class StatedBin(Part):
    """Bin of confidence: how many test images, their mean confidence, the share that is right."""

    images: int
    confidence: Number
    accuracy: Number


class StatedReliability(Part):
    """Reliability of one arm, before or after temperature scaling (``scaled``)."""

    arm: str
    scaled: bool
    bins: Many[StatedBin]


class StatedGain(Part):
    """Cell whose verdict says whether the layer gains anything in a setting."""

    claim: str
    cell: str
    verdict: StatedVerdict


class StatedRemedy(Part):
    """Remedy in a setting: how it stands against final BN, F1 of the one minus that of the other."""

    name: str
    standing: str
    claims: dict[str, StatedVerdict]
    estimate: Number | None
    interval: Interval | None


class StatedAnswer(Part):
    """Answer to a question about the gain, and the verdicts that it rests on by claim."""

    name: str
    answer: str
    claims: dict[str, StatedVerdict]


class SettingAdvice(Part):
    """Advice for a setting, of the claim and cell in ``name``; ``limits``: what it does not cover."""

    name: str
    setting: str
    advice: str
    reason: str
    gain: StatedGain
    per_cell: bool
    remedies: Many[StatedRemedy]
    limits: Many[str]
    questions: Many[StatedAnswer]


class Constraints(Part):
    """Constraints of a column: whether every line has a value."""

    required: bool


class TableField(Part):
    """Column of a table in the words of the Frictionless Table Schema."""

    name: str
    type: str
    unit: str = ""
    description: str
    constraints: Constraints


class TableSchema(Part):
    """Table Schema (https://specs.frictionlessdata.io/table-schema/) of a file of the report."""

    version: int
    primary_key: Many[str] = Field(alias="primaryKey")
    missing_values: Many[str] = Field(alias="missingValues")
    fields: Many[TableField]
