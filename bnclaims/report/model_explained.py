"""What stands beside a verdict as parts of the typed model, as `bnclaims.audit.beside.results` has it."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from bnclaims import stats
from bnclaims.audit.beside.results import Mostly, Retention, Specificity, Summary
from bnclaims.audit.verdict import Answer
from bnclaims.report.model_types import Interval, Many, Number, ReportPart, StatedVerdict

StatedAnswerOf = Annotated[Answer, Field(strict=False)]
StatedSpecificity = Annotated[Specificity, Field(strict=False)]
StatedMostly = Annotated[Mostly, Field(strict=False)]
StatedRetention = Annotated[Retention, Field(strict=False)]


class StatedSize(ReportPart):
    """Pseudomedian over seeds in one score, with its interval."""

    metric: str
    estimate: Number | None
    interval: Interval | None


class StatedRatio(ReportPart):
    """Ratio of two gains with its interval; None where nothing bounds it."""

    estimate: Number | None
    low: Number | None
    high: Number | None

    def ratio(self) -> stats.Ratio:
        """The ratio, its unbounded ends infinite."""
        return stats.Ratio(
            math.nan if self.estimate is None else self.estimate,
            -math.inf if self.low is None else self.low,
            math.inf if self.high is None else self.high,
        )


class StatedSpecific(ReportPart):
    """Final BN minus the plain network with its training prior taken off, in both scores."""

    word: StatedSpecificity
    p_more: Number
    p_no_more: Number
    scores: Many[StatedSize]


class StatedThresholdShare(ReportPart):
    """Gain in J, its part at thresholds chosen on the other half of the test, and the rest."""

    word: StatedMostly
    share: StatedRatio
    gain: StatedSize
    ranking: StatedSize
    threshold: StatedSize
    by_seed: dict[str, Interval]


class StatedRetainedShare(ReportPart):
    """Gain after the layer's removal / gain with it, in both scores."""

    word: StatedRetention
    f1: StatedRatio
    j: StatedRatio
    below_half: bool


class StatedEffectBeside(ReportPart):
    """What stands beside an effect in one setting of a cell."""

    setting: str
    seeds: int
    specific: StatedSpecific
    threshold_share: StatedThresholdShare | None
    retained: StatedRetainedShare | None


class StatedAtTrainingPrevalence(ReportPart):
    """The statement with F1 at the prevalence of the training images."""

    verdict: StatedVerdict
    answer: StatedAnswerOf | None
    f1: StatedSize


class StatedNetworks(ReportPart):
    """Networks of an arm and readout in one setting: how many are dead, how many one-sided."""

    setting: str
    arm: str
    readout: str
    seeds: int
    dead: int
    dead_interval: Interval
    one_sided: int
    j: StatedSize
    p_above_chance: Number


class StatedStanding(ReportPart):
    """Remedy in one score: whether it gains what matters, and whether any other is shown to be better."""

    metric: str
    p_gain: Number
    gains: bool
    p_worse: Number
    among_best: bool


class StatedRemedyRow(ReportPart):
    """Remedy of a ranked table: its scores, its gains over the plain network, and what it costs."""

    name: str
    arm: str
    readout: str
    j: StatedSize
    natural_f1: StatedSize
    gain_j: StatedSize | None
    gain_f1: StatedSize | None
    gain_natural_f1: StatedSize | None
    standings: Many[StatedStanding]
    ece: StatedSize
    effort: int


class StatedRankedRemedies(ReportPart):
    """Remedies in the order of their J, and which one to take, by one rule."""

    seeds: int
    level: Number
    line: Number
    prevalence: Number
    rows: Many[StatedRemedyRow]
    advised: str | None
    advice: str


class StatedBeside(ReportPart):
    """Everything that stands beside the verdict of a cell, and enters none."""

    networks: Many[StatedNetworks]
    effects: Many[StatedEffectBeside]
    at_training_prevalence: StatedAtTrainingPrevalence | None
    remedies: StatedRankedRemedies | None = None


class StatedSummary(ReportPart):
    """A claim in one row: it holds, because of what, still there when trained."""

    verdict: StatedVerdict
    answer: StatedAnswerOf | None
    settings: int
    specific: dict[StatedSpecificity, int]
    mostly: dict[StatedMostly, int]
    threshold: StatedRatio | None
    retained: dict[StatedRetention, int]
    lasting: StatedVerdict | None
    one_sided: bool

    def summary(self) -> Summary:
        """What it states, as the audit has it."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return Summary(**fields | {"threshold": self.threshold and self.threshold.ratio()})
