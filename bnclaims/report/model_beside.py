"""Parts of a report's model that stand beside its verdicts: sensitivity, reliability, advice."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bnclaims.audit.verdict import Answer
from bnclaims.report.model_types import Interval, Many, Number, ReportPart, StatedVerdict


class StatedVariation(ReportPart):
    """Verdict of a claim under one other choice; None where the choice does not apply to it."""

    choice: str | Number
    verdict: StatedVerdict | None
    p_support: Number | None
    p_refute: Number | None


class StatedMargin(StatedVariation):
    """Verdict of a claim under another margin."""

    choice: Number
    verdict: StatedVerdict
    p_support: Number
    p_refute: Number


class StatedMetric(StatedVariation):
    """Verdict of a claim under another metric, with the estimate in that metric."""

    choice: str
    estimate: Number | None
    interval: Interval | None


class StatedFlip(ReportPart):
    """Choice under which the verdict is another; ``by`` is its kind: margin, metric, test or seed."""

    by: str
    choice: str
    verdict: StatedVerdict


class StatedSensitivity(ReportPart):
    """Sensitivity of a verdict to choices, as `bnclaims.audit.results.Sensitivity` has it."""

    margins: Many[StatedMargin]
    metrics: Many[StatedMetric]
    tests: Many[StatedVariation]
    left_out: Many[StatedVariation]
    all_seeds: StatedVerdict | None
    flips: Many[StatedFlip]


class StatedBin(ReportPart):
    """Bin of confidence: how many test images, their mean confidence, the share that is right."""

    images: int
    confidence: Number
    accuracy: Number


class StatedReliability(ReportPart):
    """Reliability of one arm, before or after temperature scaling (``scaled``)."""

    arm: str
    scaled: bool
    bins: Many[StatedBin]


class StatedGain(ReportPart):
    """Cell whose verdict says whether the layer gains anything in a setting."""

    claim: str
    cell: str
    verdict: StatedVerdict
    at_training_prevalence: StatedVerdict | None


class StatedRemedy(ReportPart):
    """Remedy in a setting: how it stands against final BN, F1 of the one minus that of the other."""

    name: str
    standing: str
    at_training_prevalence: str
    claims: dict[str, Annotated[Answer, Field(strict=False)]]
    estimate: Number | None
    interval: Interval | None


class StatedAnswer(ReportPart):
    """Answer to a question about the gain, and the verdicts that it rests on by claim."""

    name: str
    answer: str
    claims: dict[str, StatedVerdict]


class SettingAdvice(ReportPart):
    """Advice for a setting, of the claim and cell in ``name``; ``limits``: what it does not cover.

    ``balanced`` and ``training`` are the advice at each prevalence, ``advice`` that at both.
    """

    name: str
    setting: str
    advice: str
    balanced: str
    training: str
    reason: str
    gain: StatedGain
    per_cell: bool
    remedies: Many[StatedRemedy]
    limits: Many[str]
    questions: Many[StatedAnswer]
