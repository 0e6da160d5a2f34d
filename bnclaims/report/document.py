"""``report.json``: an audit as plain data."""

from __future__ import annotations

import dataclasses
import datetime
import importlib.metadata
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from fractions import Fraction
from typing import Any, Final

import numpy as np

from bnclaims.audit.claim import beside
from bnclaims.audit.results import Audit, CellJudgement, ClaimJudgement
from bnclaims.protocol.cells import Cell, cells_here, weights_asked
from bnclaims.protocol.load import Protocol
from bnclaims.report.advice import recommendation
from bnclaims.report.files import SCHEMA
from bnclaims.report.reliability import reliability_of

POOL_ONLY: Final = "this pool only"

PAPER: Final[Mapping[str, Any]] = {
    "title": "The Unreasonable Effectiveness of the Final Batch Normalization Layer",
    "subject": "the final batch normalization layer",
    "authors": ["V. Kocaman", "O. M. Shir", "T. Bäck"],
    "year": 2021,
    "arxiv": "2109.09016",
    "doi": "10.1007/978-3-030-90436-4_7",
    "first_paper": "arXiv:2011.06319",
}


def document_of(
    audit: Audit, *, files: Mapping[str, str], generated: datetime.datetime
) -> dict[str, Any]:
    """The content of ``report.json``.

    ``files`` gives the sha256 of the files that it rests on, by name. Numbers that are not finite
    become None. Parts that the verifier recomputes have functions of their own.
    """
    declared = beside(judged.claim for judged in audit.claims)
    return {
        "schema": SCHEMA,
        "generated": generated.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        "suite": {"name": "bnclaims", "version": version()},
        "paper": paper_section(audit.protocol),
        "protocol": protocol_section(audit.protocol),
        "selection": _selection(audit),
        "environment": plain(audit.environment),
        "run": plain(audit.run),
        "data": plain(audit.data),
        "attrition": attrition_section(audit),
        "files": dict(files),
        "claims": (claims := claims_section(audit)),
        **(
            {}
            if audit.protocol.file.paper
            else {"recommendation": recommendation(claims, declared)}
        ),
    }


def version() -> str:
    """Version of the installed package."""
    try:
        return importlib.metadata.version("bnclaims")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def paper_section(protocol: Protocol) -> dict[str, Any]:
    """The paper whose claims are tested: the protocol's, or the one that this suite was made for."""
    paper = protocol.file.paper
    return dict(PAPER) if paper is None else paper.model_dump(mode="json", exclude_none=True)


def protocol_section(protocol: Protocol) -> dict[str, Any]:
    """The protocol's identity, every number of it with its reason, and the family where it names one."""
    section = {
        "name": protocol.name,
        "title": protocol.file.title,
        "sha256": protocol.sha256,
        "reasons": plain(protocol.reasons()),
    }
    # Only where it is stated: reports that were written before there was a choice stay verifiable.
    if "family" in protocol.file.model_fields_set:
        section["family"] = list(protocol.file.family)
    if (budget := protocol.file.budget) is not None:
        section["budget"] = budget.model_dump(mode="json") | {"not_tested": budget.not_tested}
    return section


def attrition_section(audit: Audit) -> dict[str, int]:
    """Counts of what was lost.

    ``trials`` and ``diverged`` count trained models. ``undefined`` counts seeds, over the judged
    cells, that lack the cell's quantity although all their trials were trained to an end, e.g. the
    AUROC of confidence where no prediction is wrong.
    """
    undefined = 0
    for judged in audit.claims:
        for cell, judgement in zip(audit.cells[judged.claim.id], judged.cells, strict=True):
            if judgement.finding is not None:
                diverged = sum(
                    any(
                        audit.records[trial.key].diverged
                        for trial in cell.trials(judged.claim.arms, [seed])
                    )
                    for seed in range(judgement.seeds)
                )
                undefined += max(0, judgement.finding.missing - diverged)
    return {
        "trials": len(audit.records),
        "diverged": sum(record.diverged for record in audit.records.values()),
        "undefined": undefined,
    }


def claims_section(audit: Audit) -> list[dict[str, Any]]:
    """Every claim with its cells, as the judge worded them."""
    sensitivity = audit.sensitivity or {}
    return [
        said
        | {
            "reliability": plain(reliability_of(judged, audit)),
            "sensitivity": plain(sensitivity.get(judged.claim.id)),
        }
        for said, judged in zip(words_section(audit), audit.claims, strict=True)
    ]


def words_section(audit: Audit) -> list[dict[str, Any]]:
    """Every claim with its cells and their numbers, and nothing that stands beside the words."""
    family = audit.protocol.rules.family
    return [_claim(judged, audit.cells[judged.claim.id], family) for judged in audit.claims]


def _claim(
    judged: ClaimJudgement, cells: tuple[Cell, ...], family: Sequence[str]
) -> dict[str, Any]:
    claim = judged.claim
    section = {
        "id": claim.id,
        "sentence": claim.sentence,
        "source": claim.source,
        "title": claim.title,
        "reading": claim.reading,
        "family": claim.id in family,
        "combine": claim.combine,
        "verdict": judged.verdict,
        "reason": judged.reason,
        "p_support": judged.p_support,
        "p_refute": judged.p_refute,
        "holm_support": judged.holm_support,
        "holm_refute": judged.holm_refute,
        "holds_in": judged.holds_in,
        "arms": claim.arms,
        "cells": [_cell(*pair) for pair in zip(cells, judged.cells, strict=True)],
    }
    return {name: plain(value) for name, value in section.items()}


def _cell(cell: Cell, judged: CellJudgement) -> dict[str, Any]:
    finding = judged.finding
    pool_only = finding is not None and finding.pool_only
    return {
        "name": cell.name,
        "setting": judged.label,
        "settings": {name: setting.as_dict() for name, setting in cell.settings.items()},
        "doses": cell.doses,
        "verdict": judged.verdict,
        "estimate": finding.estimate if finding else None,
        "interval": finding.interval if finding else None,
        "new_images_interval": finding.new_images_interval if finding else None,
        "seeds": judged.seeds,
        "p_support": judged.p_support,
        "p_refute": judged.p_refute,
        "decision_p": judged.decision_p,
        "primary": judged.primary,
        "per_cell": not judged.primary,
        "reason": judged.reason,
        "why": cell.reason,
        "large_enough": judged.large_enough,
        "flags": [*([POOL_ONLY] if pool_only else []), *(finding.notes if finding else ())],
        "looks": judged.looks,
        "finding": finding,
    }


def _selection(audit: Audit) -> dict[str, Any]:
    selection = audit.selection
    return {
        "dataset": selection.dataset,
        "majority": list(selection.majority),
        "minority": list(selection.minority),
        "device": selection.device,
        **({} if audit.protocol.rules.accumulation is None else {"nights": selection.nights}),
        "fingerprints": {name: selection.fingerprints[name] for name in audit.datasets},
        **({"cells_for_other_devices": other} if (other := _elsewhere(audit)) else {}),
        # Only where they are asked for: reports from before there was a choice have none.
        **({"weights": weights} if (weights := weights_of(audit)) else {}),
    }


def _elsewhere(audit: Audit) -> int:
    """How many cells of the audited claims the protocol keeps for another device."""
    protocol, device = audit.protocol, audit.selection.device
    return sum(
        len(protocol.cells[claim]) - len(cells_here(protocol, claim, device))
        for claim in audit.cells
    )


def weights_of(audit: Audit) -> dict[str, str | None]:
    """Identities of the ImageNet weights that an audit asks for, None where there were none."""
    asked = weights_asked(audit.protocol, audit.cells, audit.selection)
    return {architecture: audit.selection.weights.get(architecture) for architecture in asked}


def plain(value: Any) -> Any:
    """Anything a report holds, as what JSON knows; numbers that are not finite become None."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | str():
            return value
        case np.generic() | np.ndarray():
            return plain(value.tolist())
        case int():
            return value
        case float() | Fraction():
            return float(value) if math.isfinite(value) else None
        case Mapping():
            return {str(name): plain(entry) for name, entry in value.items()}
        case list() | tuple():
            return [plain(entry) for entry in value]
    if dataclasses.is_dataclass(value):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    raise TypeError(f"{type(value).__name__} has no place in a report")
