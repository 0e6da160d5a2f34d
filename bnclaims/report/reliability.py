"""Reliability: how often a network is right at the confidence it states."""

from __future__ import annotations

import dataclasses

import numpy as np

from bnclaims.audit.evidence import calibration
from bnclaims.audit.evidence.metrics import ECE
from bnclaims.audit.evidence.predictions import Predictions, predictions_of
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
        if finding is None or ECE.name not in finding.metrics:
            continue
        (setting,) = cell.settings.values()
        networks = {
            arm: [
                predictions_of(record, KEPT)
                for seed in audit.protocol.rules.seeds(judgement.seeds)
                if not (
                    record := audit.records[Trial(setting=setting, arm=arm, seed=seed).key]
                ).diverged
            ]
            for arm in judged.claim.arms
        }
        return tuple(
            Reliability(arm=arm, scaled=scaled, bins=_bins(networks[arm], scaled))
            for scaled in (False, True)
            for arm in judged.claim.arms
        )
    return None


def _bins(networks: list[Predictions], scaled: bool) -> tuple[Bin, ...]:
    total = np.zeros((BINS, 3))
    for images in networks:
        temperature = images.temperature() if scaled else 1.0
        if temperature is not None:
            probability = images.probability(temperature)
            total += calibration.reliability(images.labels, probability, BINS)
    return tuple(
        Bin(
            images=int(count),
            confidence=round(confidence / count, DECIMALS),
            accuracy=round(right / count, DECIMALS),
        )
        for count, confidence, right in total.tolist()
        if count
    )
