"""How often a network is right at the confidence it states, for the reliability diagram."""

from __future__ import annotations

import dataclasses

import numpy as np

from bnclaims.audit.evidence import measurement, metrics
from bnclaims.audit.evidence.measurement import View
from bnclaims.audit.results import Audit, ClaimJudgement
from bnclaims.protocol.names import KEPT
from bnclaims.protocol.trial import Trial

BINS = 15
# A sum of rounded exponentials may differ in its last bits between machines.
DECIMALS = 6


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bin:
    """Test images of all seeds whose confidence falls in one bin: how many, its mean, how many right."""

    images: int
    confidence: float
    accuracy: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reliability:
    """The bins of one arm that hold any image, before or after temperature scaling (``scaled``)."""

    arm: str
    scaled: bool
    bins: tuple[Bin, ...]


def reliability_of(judged: ClaimJudgement, audit: Audit) -> tuple[Reliability, ...] | None:
    """Reliability of the arms of a claim on calibration; None for other claims.

    Test images of all judged seeds are pooled; each network has the temperature of its own
    validation split. Diverged trials have no predictions and are left out.
    """
    for cell, judgement in zip(audit.cells[judged.claim.id], judged.cells, strict=True):
        finding = judgement.finding
        if finding is None or measurement.ece.__name__ not in finding.metrics:
            continue
        (setting,) = cell.settings.values()
        views = {
            arm: [
                View(record, KEPT)
                for seed in range(judgement.seeds)
                if not (
                    record := audit.records[Trial(setting=setting, arm=arm, seed=seed).key]
                ).diverged
            ]
            for arm in judged.claim.arms
        }
        return tuple(
            Reliability(arm=arm, scaled=scaled, bins=_bins(views[arm], scaled))
            for scaled in (False, True)
            for arm in judged.claim.arms
        )
    return None


def _bins(views: list[View], scaled: bool) -> tuple[Bin, ...]:
    total = np.zeros((BINS, 3))
    for view in views:
        temperature = measurement.temperature_of(view) if scaled else 1.0
        if temperature is not None:
            probability = metrics.probabilities(view.scores, temperature=temperature)
            total += metrics.reliability(view.labels, probability, BINS)
    return tuple(
        Bin(
            images=int(images),
            confidence=round(confidence / images, DECIMALS),
            accuracy=round(right / images, DECIMALS),
        )
        for images, confidence, right in total.tolist()
        if images
    )
