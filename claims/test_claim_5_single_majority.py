"""Claim (v): the effect occurs only with a single majority class."""

from bnclaims.audit import (
    FINAL_BN,
    PLAIN,
    AllOf,
    Effect,
    Evidence,
    Gate,
    NoEffect,
    claim,
    prior_gain,
)

ONE, TWO = "b_is_minority", "b_is_majority"


@claim(
    "v",
    "The effect occurs only when there is a single majority class and multiple minority classes; with "
    "two majority classes there is none.",
    arms=(PLAIN, FINAL_BN),
)
def test_effect_needs_a_single_majority(evidence: Evidence) -> AllOf:
    """Three classes A, B and C, the same test images both times, C alone is scored, A is a majority.

    Classes, test images, steps and the images of A and C are the same. B has as few training images as
    C or as many as A, and with that differ the size of the training set, the epochs that the steps make,
    C's share of the images and the number of minority classes. Supported needs no
    gain where B is a majority, a gain where it is a minority, and one that is larger by more than the
    smallest effect; refuted when one of the three is shown to fail.
    """
    plain = {name: evidence.last_class(PLAIN, setting=name) for name in (ONE, TWO)}
    gain = {name: evidence.last_class(FINAL_BN, setting=name) - plain[name] for name in plain}
    seen = Gate(label="gain with one majority class", gain=gain[ONE], plain=plain[TWO].j)
    return AllOf(
        (
            NoEffect("gain with two majority classes", gain[TWO], (seen,)),
            Effect("gain with one majority class", gain[ONE], prior_gain(evidence, ONE)),
            Effect("more gain with one than with two", gain[ONE] - gain[TWO], (seen,)),
        )
    )
