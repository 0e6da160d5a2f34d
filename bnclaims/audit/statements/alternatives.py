"""Alternatives: what might do as well as final BN, each one comparison with it."""

from __future__ import annotations

from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.statements.comparison import Comparison
from bnclaims.audit.statements.gates import layer_gain
from bnclaims.protocol.names import FINAL_BN, KEPT


def compared(
    evidence: Evidence, name: str, arm: str, readout: str = KEPT, *, against: str = KEPT
) -> Comparison:
    """``name``, an arm or a readout of one, against final BN as ``against`` reads it, in both scores.

    Two networks that learnt nothing are no better, no worse and not as good as each other: as good
    takes a gain of final BN.
    """
    return Comparison(
        f"{name} minus final BN",
        evidence.both(arm, readout) - evidence.both(FINAL_BN, against),
        layer_gain(evidence),
        at_training_prevalence=(
            evidence.natural(arm, readout) - evidence.natural(FINAL_BN, against)
        ),
    )
