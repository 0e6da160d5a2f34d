"""Estimates of a cell, as the page draws and lists them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from bnclaims.audit.results import Verdict
from bnclaims.report.model import StatedCell, StatedFinding
from bnclaims.report.row import in_scores

Bounds = tuple[float | None, float | None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Estimate:
    """An estimate with its intervals and the values that decide; the unit is the label's.

    ``lines`` are all of these values, ``deciding`` those that the verdict, or the one that is nearer
    where there is none yet, is measured against. ``in_scores`` is the estimate in words, in each of the
    scores where there are several; ``value`` is that in the first.
    """

    label: str
    value: float | None
    interval: Bounds | None
    new_images: Bounds | None
    lines: tuple[float, ...]
    deciding: tuple[float, ...]
    primary: bool
    in_scores: tuple[str, ...] = ()


def estimates_of(cell: StatedCell) -> list[Estimate]:
    """The estimates of a cell: one for each part of its statement, or the one it has."""
    if cell.finding is None:
        return [
            Estimate(
                label=cell.name,
                value=cell.estimate,
                interval=cell.interval,
                new_images=cell.new_images_interval,
                lines=(),
                deciding=(),
                primary=cell.primary,
            )
        ]
    return [_estimate(cell, part) for part in cell.finding.parts or (cell.finding,)]


def _estimate(cell: StatedCell, finding: StatedFinding) -> Estimate:
    return Estimate(
        label=finding.label,
        value=finding.estimate,
        interval=finding.interval,
        new_images=finding.new_images_interval,
        lines=_known(finding.lines),
        deciding=_deciding(cell, finding),
        primary=cell.primary,
        in_scores=tuple(in_scores(finding.scores)) if len(finding.scores) > 1 else (),
    )


def _known(lines: Sequence[float | None]) -> tuple[float, ...]:
    return tuple(line for line in lines if line is not None)


def _deciding(cell: StatedCell, finding: StatedFinding) -> tuple[float, ...]:
    """The lines of the test that decided about a statement, or that is nearer to it."""
    support, refute = finding.p_support, finding.p_refute
    nearer = support is not None and refute is not None and refute < support
    refutes = cell.verdict is not Verdict.SUPPORTED and nearer
    lines = _known(finding.refute_lines if refutes else finding.support_lines)
    # A trend is refuted by pairs of doses, for which its slope has no line.
    return lines if lines or cell.verdict is Verdict.REFUTED else _known(finding.support_lines)


def limits(estimates: Sequence[Estimate]) -> tuple[float, float]:
    """A range that shows every estimate, interval and line; it may cut new-images intervals."""
    inner = [0.0]
    outer: list[float] = []
    for one in estimates:
        inner += _known((one.value, *(one.interval or ())))
        inner += one.lines
        outer += _known(one.new_images or ())
    low, high = min(inner), max(inner)
    span = (high - low) or 1.0
    low = min(low, max(min(outer, default=low), low - span / 2))
    high = max(high, min(max(outer, default=high), high + span / 2))
    return low - 0.06 * span, high + 0.06 * span
