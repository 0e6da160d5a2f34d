"""Claim (v): the effect occurs only with a single majority class."""

from bnclaims.audit import (
    FINAL_BN,
    PLAIN,
    PRIOR_SHIFTED,
    AllOf,
    Effect,
    Evidence,
    Gate,
    NoEffect,
    claim,
)


@claim(
    "v",
    "The effect occurs only when there is a single majority class and multiple minority classes; with "
    "two majority classes there is none.",
    arms=(PLAIN, FINAL_BN),
)
def test_effect_needs_a_single_majority(evidence: Evidence) -> AllOf:
    """Three classes both times: one majority and two minorities, against two majorities and one minority.

    Supported needs an effect in the first and equivalence to none in the second; refuted when either
    is refuted. F1 is averaged over the minority classes.
    """
    plain_one = evidence.f1(PLAIN, setting="one_majority")
    plain_two = evidence.f1(PLAIN, setting="two_majorities")
    gain_one = evidence.f1(FINAL_BN, setting="one_majority") - plain_one
    gain_two = evidence.f1(FINAL_BN, setting="two_majorities") - plain_two
    shifted = evidence.balanced_accuracy(
        PLAIN, PRIOR_SHIFTED, setting="one_majority"
    ) - evidence.balanced_accuracy(PLAIN, setting="one_majority")
    return AllOf(
        (
            NoEffect(
                "F1 gain with two majority classes",
                gain_two,
                gates=(
                    Gate(label="F1 gain with one majority class", gain=gain_one, plain=plain_two),
                    Gate(
                        label="more gain with one than with two", gain=gain_one - gain_two, above=0
                    ),
                ),
            ),
            Effect(
                "F1 gain with one majority class",
                gain_one,
                gates=(
                    Gate(label="accuracy gain of a prior shift", gain=shifted, plain=plain_one),
                ),
            ),
        )
    )
