"""What an executor is judged by: every metric that reports hold, with the margin for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction

from bnclaims.audit.evidence.evidence import Column, Evidence
from bnclaims.protocol.rules import Rules
from bnclaims.run.selfcheck.acceptance import MARGIN_SHARE

# Arm, readout and setting to a column.
Measured = Callable[[str, str, str], Column]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quantity:
    """A metric, how evidence measures it, and the margin.

    ``binary`` metrics are of two classes only. Claims are judged by ``removed`` ones without the
    layer, too.
    """

    name: str
    of: Callable[[Evidence], Measured]
    margin: Fraction
    binary: bool = False
    removed: bool = False


def quantities(rules: Rules) -> tuple[Quantity, ...]:
    """The metrics of reports, each with a share of the line that the protocol draws for it."""
    effect, calibration, ranking = (
        MARGIN_SHARE * Fraction(repr(line))
        for line in (rules.smallest_effect, rules.calibration_margin, rules.ranking_margin)
    )
    return (
        Quantity(name="minority F1", of=lambda e: e.f1, margin=effect, removed=True),
        Quantity(name="balanced accuracy", of=lambda e: e.balanced_accuracy, margin=effect / 2),
        Quantity(name="AUC", of=lambda e: e.auc, margin=ranking, binary=True),
        Quantity(name="ECE", of=lambda e: e.ece, margin=calibration),
        Quantity(
            name="ECE, scaled",
            of=lambda e: e.ece_scaled,
            margin=calibration,
        ),
        Quantity(name="Brier score", of=lambda e: e.brier, margin=calibration),
        Quantity(name="confidence AUROC", of=lambda e: e.confidence_auroc, margin=ranking),
    )
