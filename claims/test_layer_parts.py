"""Parts of the layer: which of them makes the gain."""

from bnclaims.audit import (
    BN_NO_AFFINE,
    BN_SLOW_MOMENTUM,
    CENTRE_ONLY,
    FEATURE_BN,
    FINAL_BN,
    KEPT,
    NO_LAST_BIAS,
    PLAIN,
    SCALE_ONLY,
    Comparison,
    Evidence,
    between,
    claim,
    compared,
)

SOURCE = "this audit"


@claim(
    "part-centring",
    "Subtracting the batch mean of the logits alone does as well as final BN.",
    title="Which part does it: centring alone",
    arms=(PLAIN, FINAL_BN, CENTRE_ONLY),
    source=SOURCE,
    wording="does as well",
    shows=between(CENTRE_ONLY, KEPT, "centring"),
)
def test_centring_suffices(evidence: Evidence) -> Comparison:
    """Both scores of a layer that centres and does nothing else, minus final BN's."""
    return compared(evidence, "centring alone", CENTRE_ONLY)


@claim(
    "part-scaling",
    "Dividing the logits by their batch deviation alone does as well as final BN.",
    title="Which part does it: scaling alone",
    arms=(PLAIN, FINAL_BN, SCALE_ONLY),
    source=SOURCE,
    wording="does as well",
    shows=between(SCALE_ONLY, KEPT, "scaling"),
)
def test_scaling_suffices(evidence: Evidence) -> Comparison:
    """Both scores of a layer that scales and does nothing else, minus final BN's."""
    return compared(evidence, "scaling alone", SCALE_ONLY)


@claim(
    "part-affine",
    "Final BN does as well without its learned scale and offset.",
    title="Which part does it: without scale and offset",
    arms=(PLAIN, FINAL_BN, BN_NO_AFFINE),
    source=SOURCE,
    wording="does as well",
    shows=between(BN_NO_AFFINE, KEPT, "no affine"),
)
def test_learned_scale_and_offset_are_not_needed(evidence: Evidence) -> Comparison:
    """Both scores of final BN that learns nothing, minus final BN's."""
    return compared(evidence, "BN without affine part", BN_NO_AFFINE)


@claim(
    "part-momentum",
    "Final BN does as well with slowly moving statistics.",
    title="Which part does it: slowly moving statistics",
    arms=(PLAIN, FINAL_BN, BN_SLOW_MOMENTUM),
    source=SOURCE,
    wording="does as well",
    shows=between(BN_SLOW_MOMENTUM, KEPT, "momentum 0.01"),
)
def test_momentum_does_not_matter(evidence: Evidence) -> Comparison:
    """Both scores of final BN with momentum 0.01, minus that with 0.1."""
    return compared(evidence, "BN with momentum 0.01", BN_SLOW_MOMENTUM)


@claim(
    "part-features",
    "BN over the features, before the last Linear, does as well as final BN.",
    title="Which part does it: BN over the features instead",
    arms=(PLAIN, FINAL_BN, FEATURE_BN),
    source=SOURCE,
    wording="does as well",
    shows=between(FEATURE_BN, KEPT, "feature BN"),
)
def test_the_place_of_the_layer_does_not_matter(evidence: Evidence) -> Comparison:
    """Both scores with the layer one place earlier, where it cannot cancel the last bias."""
    return compared(evidence, "BN over the features", FEATURE_BN)


@claim(
    "part-bias",
    "Leaving out the bias of the last Linear does as well as final BN.",
    title="Which part does it: no bias in the last Linear",
    arms=(PLAIN, FINAL_BN, NO_LAST_BIAS),
    source=SOURCE,
    wording="does as well",
    shows=between(NO_LAST_BIAS, KEPT, "no last bias"),
)
def test_the_cancelled_bias_is_all(evidence: Evidence) -> Comparison:
    """Both scores of plain without the bias that final BN cancels, minus final BN's."""
    return compared(evidence, "no last bias", NO_LAST_BIAS)
