"""Alternatives: final BN against what might do as well, and how the claims beside the six compare.

An all-minority predictor scores 0.667 F1 on a balanced test, so that F1 alone would take a remedy
that calls everything a minority for one that works. Balanced accuracy stands beside it throughout:
in what is compared, and in the proof that there is something to compare.
"""

from __future__ import annotations

from bnclaims.audit.evidence.evidence import Column, Evidence
from bnclaims.audit.statements.paired_effects import AllOf, NotWorse
from bnclaims.audit.statements.statement import Gate
from bnclaims.protocol.cells import MAIN
from bnclaims.protocol.names import FINAL_BN, KEPT, PLAIN


def gain_of_final_bn(evidence: Evidence, setting: str = MAIN) -> tuple[Gate, ...]:
    """The gates that final BN gains more than the margin in a setting where plain has headroom.

    Without them two networks that learnt nothing would be as good as each other.
    """
    plain = evidence.f1(PLAIN, setting=setting)
    gain = evidence.f1(FINAL_BN, setting=setting) - plain
    return (
        Gate(label="F1 gain of final BN", gain=gain, plain=plain),
        _accuracy_gain(evidence, FINAL_BN, KEPT, setting),
    )


def no_worse(evidence: Evidence, name: str, arm: str, readout: str = KEPT) -> AllOf:
    """That ``name``, an arm or a readout of one, is not below final BN by more than the margin."""
    return _matched(evidence, (name, arm, readout), ("final BN", FINAL_BN, KEPT))


def final_bn_no_worse(evidence: Evidence, name: str, arm: str, readout: str = KEPT) -> AllOf:
    """The other direction: with both supported the two are equivalent within the margin."""
    return _matched(evidence, ("final BN", FINAL_BN, KEPT), (name, arm, readout))


_Named = tuple[str, str, str]


def _matched(evidence: Evidence, one: _Named, other: _Named) -> AllOf:
    """That one network is not worse than another in F1 nor in balanced accuracy.

    It is refuted by another that is better in either, if that one does classify.
    """
    gates = gain_of_final_bn(evidence)
    better = (_accuracy_gain(evidence, *other[1:], MAIN),)
    parts: tuple[tuple[str, Column], ...] = (
        ("F1", evidence.f1(*one[1:]) - evidence.f1(*other[1:])),
        (
            "balanced accuracy",
            evidence.balanced_accuracy(*one[1:]) - evidence.balanced_accuracy(*other[1:]),
        ),
    )
    return AllOf(
        tuple(
            NotWorse(f"{what} of {one[0]} minus {other[0]}", column, gates, refuting=better)
            for what, column in parts
        )
    )


def _accuracy_gain(evidence: Evidence, arm: str, readout: str, setting: str) -> Gate:
    plain = evidence.balanced_accuracy(PLAIN, setting=setting)
    gain = evidence.balanced_accuracy(arm, readout, setting) - plain
    return Gate(label=f"accuracy gain of {arm}, {readout}", gain=gain)
