"""Report of an audit, made from its judgements and records."""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Final

from bnclaims.audit.beside.networks import only_chance
from bnclaims.audit.beside.results import CellBeside
from bnclaims.audit.beside.summary import summary_of
from bnclaims.audit.claim import Claim
from bnclaims.audit.claim import beside as declared_beside
from bnclaims.audit.plan import with_cells
from bnclaims.audit.results import Audit, CellJudgement, ClaimJudgement
from bnclaims.protocol.cells import Cell, cells_here, usable_asked, weights_asked
from bnclaims.protocol.load import Protocol
from bnclaims.report.advice import recommendation
from bnclaims.report.model import Report, StatedClaim
from bnclaims.report.model_parts import (
    Attrition,
    StatedPaper,
    StatedProtocol,
    StatedSelection,
    StatedSuite,
    TableSchema,
)
from bnclaims.report.plain_data import plain_data
from bnclaims.report.reliability import reliability_of
from bnclaims.report.schemas import SCHEMA

POOL_ONLY: Final = "this pool only"

PAPER: Final = StatedPaper(
    title="The Unreasonable Effectiveness of the Final Batch Normalization Layer",
    subject="the final batch normalization layer",
    authors=("V. Kocaman", "O. M. Shir", "T. Bäck"),
    year=2021,
    arxiv="2109.09016",
    doi="10.1007/978-3-030-90436-4_7",
    first_paper="arXiv:2011.06319",
)


def report_of(
    audit: Audit,
    *,
    files: Mapping[str, str],
    generated: datetime.datetime,
    tables: Mapping[str, TableSchema],
) -> Report:
    """Report of an audit.

    ``files`` gives the sha256 of the files that it rests on, ``tables`` the columns of those that are
    tables, by name. Numbers that are not finite become None.
    """
    claims = stated_claims(audit)
    declared = declared_beside(judged.claim for judged in audit.claims)
    return Report.model_validate(
        {
            "schema": SCHEMA,
            "generated": generated.astimezone(datetime.UTC).isoformat(timespec="seconds"),
            "suite": StatedSuite(name="bnclaims", version=version()),
            "paper": _paper(audit.protocol),
            "protocol": _protocol(audit.protocol),
            "selection": _selection(audit),
            "environment": plain_data(audit.environment),
            "run": plain_data(audit.run),
            "data": plain_data(audit.data),
            "attrition": _attrition(audit),
            "files": dict(files),
            "only_chance": only_chance(audit),
            "claims": claims,
            # Only where there are any: a report that has none says nothing of them.
            **({"omitted": omitted} if (omitted := _omitted(audit, declared)) else {}),
            **(
                {}
                if audit.protocol.file.paper
                else {"recommendation": recommendation(claims, declared)}
            ),
            "tables": dict(tables),
        }
    )


def _omitted(audit: Audit, declared: Sequence[Claim]) -> tuple[str, ...]:
    """Claims of the folder that the protocol has cells for, and that the audit was not asked about."""
    asked = {judged.claim.id for judged in audit.claims}
    known = with_cells(declared, audit.protocol)
    return tuple(sorted(claim.id for claim in known if claim.id not in asked))


def version() -> str:
    """Version of the installed package."""
    try:
        return importlib.metadata.version("bnclaims")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _paper(protocol: Protocol) -> StatedPaper:
    """The paper whose claims are tested: the protocol's, or the one that this suite was made for."""
    paper = protocol.file.paper
    if paper is None:
        return PAPER
    return StatedPaper.model_validate(paper.model_dump(mode="json", exclude_none=True))


def _protocol(protocol: Protocol) -> StatedProtocol:
    """The protocol's identity, every number of it with its reason, and the family where it names one."""
    section: dict[str, object] = {
        "name": protocol.name,
        "title": protocol.file.title,
        "sha256": protocol.sha256,
        "reasons": plain_data(protocol.reasons()),
    }
    # Only where it is stated: reports that were written before there was a choice stay verifiable.
    if "family" in protocol.file.model_fields_set:
        section["family"] = protocol.file.family
    if (budget := protocol.file.budget) is not None:
        section["budget"] = budget.model_dump(mode="json") | {"not_tested": budget.not_tested}
    return StatedProtocol.model_validate(section)


def _attrition(audit: Audit) -> Attrition:
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
                    for seed in audit.protocol.rules.seeds(judgement.seeds)
                )
                undefined += max(0, judgement.finding.missing - diverged)
    return Attrition(
        trials=len(audit.records),
        diverged=sum(record.diverged for record in audit.records.values()),
        undefined=undefined,
    )


def stated_claims(audit: Audit) -> list[StatedClaim]:
    """Every claim with its cells, its reliability and its sensitivity."""
    sensitivity = audit.sensitivity or {}
    return [
        StatedClaim.model_validate(
            _claim(judged, audit)
            | {
                "reliability": plain_data(reliability_of(judged, audit)),
                "sensitivity": plain_data(sensitivity.get(judged.claim.id)),
            }
        )
        for judged in audit.claims
    ]


def stated_verdicts(audit: Audit) -> list[StatedClaim]:
    """Every claim with its cells and their numbers, without reliability and sensitivity."""
    return [StatedClaim.model_validate(_claim(judged, audit)) for judged in audit.claims]


def _claim(judged: ClaimJudgement, audit: Audit) -> dict[str, object]:
    claim = judged.claim
    beside = (audit.beside or {}).get(claim.id, {})
    section = {
        "id": claim.id,
        "sentence": claim.sentence,
        "source": claim.source,
        "title": claim.title,
        "reading": claim.reading,
        "family": claim.id in audit.protocol.rules.family,
        "combine": claim.combine,
        "verdict": judged.verdict,
        "reason": judged.reason,
        "p_support": judged.p_support,
        "p_refute": judged.p_refute,
        "holm_support": judged.holm_support,
        "holm_refute": judged.holm_refute,
        "holds_in": judged.holds_in,
        "arms": claim.arms,
        "cells": [
            _cell(*pair, beside.get(pair[1].cell))
            for pair in zip(audit.cells[claim.id], judged.cells, strict=True)
        ],
    }
    if audit.beside is not None:
        section["summary"] = summary_of(audit, judged)
    return {name: plain_data(value) for name, value in section.items()}


def _cell(cell: Cell, judged: CellJudgement, found: CellBeside | None) -> dict[str, object]:
    finding = judged.finding
    pool_only = finding is not None and finding.pool_only
    return {
        "name": cell.name,
        "setting": judged.label,
        "settings": {name: setting.as_dict() for name, setting in cell.settings.items()},
        "doses": cell.doses,
        "state": judged.state,
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
        "flags": [*([POOL_ONLY] if pool_only else []), *(finding.notes if finding else ())],
        "counts_as": judged.counts_as,
        "looks": judged.looks,
        "finding": finding,
        "answer": judged.answer,
        "beside": _beside(found),
    }


def _beside(found: CellBeside | None) -> dict[str, object] | None:
    if found is None:
        return None
    stated: dict[str, object] = plain_data(found)
    # Only where remedies are ranked: reports of other claims stay as they are.
    if found.remedies is None:
        del stated["remedies"]
    return stated


def _selection(audit: Audit) -> StatedSelection:
    selection = audit.selection
    return StatedSelection.model_validate(
        {
            "dataset": selection.dataset,
            "majority": selection.majority,
            "minority": selection.minority,
            "device": selection.device,
            **({} if audit.protocol.rules.accumulation is None else {"nights": selection.nights}),
            "fingerprints": {name: selection.fingerprints[name] for name in audit.datasets},
            **({"cells_for_other_devices": other} if (other := _elsewhere(audit)) else {}),
            # Only where they are asked for: reports from before there was a choice have none.
            **({"weights": weights} if (weights := weights_of(audit)) else {}),
            **({"usable": usable} if (usable := usable_asked(audit.protocol, selection)) else {}),
        }
    )


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
