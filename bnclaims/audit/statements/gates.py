"""Gates: the controls that show that an assay can see an effect, before its absence is believed."""

from __future__ import annotations

from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.statements.statement import Gate
from bnclaims.protocol.cells import MAIN
from bnclaims.protocol.names import FINAL_BN, KEPT, PLAIN, PRIOR_SHIFTED


def threshold_gain(evidence: Evidence, setting: str = MAIN) -> tuple[Gate, ...]:
    """That plain gains Youden's J by a threshold chosen on the other half of the test; two classes.

    Chosen on the very images that it is judged by, a threshold gains .04 to .12 by chance.
    """
    plain = evidence.j(PLAIN, KEPT, setting)
    gain = evidence.cross_fitted_j(PLAIN, KEPT, setting) - plain
    return (Gate(label="gain in J of a cross-fitted threshold", gain=gain, plain=plain),)


def prior_gain(evidence: Evidence, setting: str = MAIN) -> tuple[Gate, ...]:
    """That plain gains Youden's J of the last minority class when its training prior is taken off."""
    plain = evidence.last_class(PLAIN, KEPT, setting).j
    gain = evidence.last_class(PLAIN, PRIOR_SHIFTED, setting).j - plain
    return (Gate(label="gain in J by the prior taken off", gain=gain, plain=plain),)


def layer_gain(evidence: Evidence, setting: str = MAIN) -> tuple[Gate, ...]:
    """That final BN gains more than the margin in both scores where plain has headroom."""
    plain = evidence.both(PLAIN, KEPT, setting)
    gain = evidence.both(FINAL_BN, KEPT, setting) - plain
    return (Gate(label="gain of final BN", gain=gain, plain=plain.j),)
