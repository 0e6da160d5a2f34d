"""A comparison of two reports as one HTML page that needs no network and no other file."""

from __future__ import annotations

from typing import Any

from bnclaims.report.compare.compare import CellPair, ClaimPair, Comparison
from bnclaims.report.compare.wording import (
    change_of,
    effect_of,
    grounds,
    protocol_words,
    summary,
    title_of,
    word_of,
)
from bnclaims.report.model import StatedCell
from bnclaims.report.page.estimates import Row
from bnclaims.report.page.overview import Strip, strip_of
from bnclaims.report.page.templates import template


def render(comparison: Comparison) -> str:
    """The page as text; everything the reports say is escaped. Equal comparisons give equal pages."""
    page = template("compare.html.j2").render(
        comparison=comparison,
        titles=(title_of(comparison.before), title_of(comparison.after)),
        summary=summary(comparison),
        grounds=grounds(comparison),
        protocol=protocol_words(comparison),
        claims=[_claim(pair) for pair in comparison.claims],
    )
    return str(page)


def _claim(pair: ClaimPair) -> dict[str, Any]:
    return {
        "id": pair.id,
        "sentence": pair.sentence,
        "words": (word_of(pair.before), word_of(pair.after)),
        "effect": None if pair.headline is None else _effect(pair.headline),
        "cells": [_cell(cell) for cell in pair.cells if cell is not pair.headline],
    }


def _cell(pair: CellPair) -> dict[str, Any]:
    return {
        "name": pair.name,
        "words": (word_of(pair.before), word_of(pair.after)),
        "effect": _effect(pair),
    }


def _effect(pair: CellPair) -> dict[str, Any]:
    return {
        "before": effect_of(pair.before),
        "after": effect_of(pair.after),
        "change": change_of(pair.change),
        "strip": _strip(pair),
    }


def _strip(pair: CellPair) -> Strip | None:
    """The two estimates above each other, on one scale; None unless both are there."""
    cells = [cell for cell in (pair.before, pair.after) if cell and cell.estimate is not None]
    if len(cells) < 2 or pair.change is None or pair.change.estimate is None:
        return None
    text = f"first {effect_of(pair.before)}, second {effect_of(pair.after)}"
    labels = dict.fromkeys(_label(cell) for cell in cells)
    return strip_of([_row(cell) for cell in cells], label="; ".join(labels), text=text)


def _label(cell: StatedCell) -> str:
    return cell.finding.label if cell.finding else cell.name


def _row(cell: StatedCell) -> Row:
    return Row(
        label=_label(cell),
        estimate=cell.estimate,
        interval=cell.interval,
        new_images=None,
        lines=(0.0,),
        deciding=(),
        primary=cell.primary,
    )
