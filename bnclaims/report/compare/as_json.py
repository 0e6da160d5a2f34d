"""Comparison of two reports as JSON, for other programs."""

from __future__ import annotations

import json
from typing import Any, Final

from bnclaims.report.compare.compare import ClaimPair, ComparedReport, Comparison
from bnclaims.report.model import StatedCell, StatedClaim
from bnclaims.report.plain_data import plain_data

SCHEMA: Final = 1


def json_of(comparison: Comparison) -> str:
    """Everything a comparison says; numbers are those of the reports, unrounded."""
    document = {
        "schema": SCHEMA,
        "before": _identity(comparison.before),
        "after": _identity(comparison.after),
        "verdicts_differ": comparison.verdicts_differ,
        "changes": [{**plain_data(change), "text": change.text} for change in comparison.changes],
        "recommendation": [{**plain_data(c), "text": c.text} for c in comparison.advice],
        "same_protocol": comparison.same_protocol,
        "protocol": plain_data(comparison.protocol),
        "environment": plain_data(comparison.environment),
        "confidence": comparison.confidence,
        "claims": [_claim(pair) for pair in comparison.claims],
    }
    return json.dumps(document, indent=1, allow_nan=False)


def _identity(compared: ComparedReport) -> dict[str, Any]:
    report = compared.report
    return {
        "report": compared.name,
        "generated": report.generated,
        "dataset": report.selection.dataset,
        "protocol": report.protocol.name,
        "protocol_sha256": report.protocol.sha256,
        "suite": report.suite.version,
    }


def _claim(pair: ClaimPair) -> dict[str, Any]:
    return {
        "id": pair.id,
        "sentence": pair.sentence,
        "before": pair.before and _judged(pair.before),
        "after": pair.after and _judged(pair.after),
        "cells": [
            {
                "name": cell.name,
                "before": cell.before and _measured(cell.before),
                "after": cell.after and _measured(cell.after),
                "change": plain_data(cell.change),
            }
            for cell in pair.cells
        ],
    }


def _judged(claim: StatedClaim) -> dict[str, Any]:
    return {
        "verdict": claim.verdict,
        "judged": claim.judged,
        "p_support": claim.p_support,
        "p_refute": claim.p_refute,
    }


def _measured(cell: StatedCell) -> dict[str, Any]:
    return {
        "verdict": cell.verdict,
        "judged": cell.judged,
        "estimate": cell.estimate,
        "interval": cell.interval,
        "seeds": cell.seeds,
        "setting": cell.setting,
        "label": cell.finding and cell.finding.label,
    }
