"""Why the layer works: how much of the mean must go, what it does to ranking, which statistics it needs."""

from bnclaims.audit import (
    BN_LAST_BATCH,
    CENTRE_HALF,
    CENTRE_ONLY,
    CENTRE_QUARTER,
    CENTRE_THREE_QUARTERS,
    FINAL_BN,
    KEPT,
    PLAIN,
    Comparison,
    Evidence,
    between,
    claim,
    compared,
    layer_gain,
)

SOURCE = "this audit"


@claim(
    "why-quarter",
    "Subtracting a quarter of the batch mean of the logits does as well as final BN.",
    title="How much of the mean must go: a quarter",
    arms=(PLAIN, FINAL_BN, CENTRE_QUARTER),
    source=SOURCE,
    wording="does as well",
    shows=between(CENTRE_QUARTER, KEPT, "quarter"),
)
def test_a_quarter_of_the_centring_suffices(evidence: Evidence) -> Comparison:
    """Both scores of a layer that subtracts a quarter of the batch mean, minus final BN's."""
    return compared(evidence, "a quarter of the centring", CENTRE_QUARTER)


@claim(
    "why-half",
    "Subtracting half of the batch mean of the logits does as well as final BN.",
    title="How much of the mean must go: half",
    arms=(PLAIN, FINAL_BN, CENTRE_HALF),
    source=SOURCE,
    wording="does as well",
    shows=between(CENTRE_HALF, KEPT, "half"),
)
def test_half_of_the_centring_suffices(evidence: Evidence) -> Comparison:
    """Both scores of a layer that subtracts half of the batch mean, minus final BN's."""
    return compared(evidence, "half of the centring", CENTRE_HALF)


@claim(
    "why-three-quarters",
    "Subtracting three quarters of the batch mean of the logits does as well as final BN.",
    title="How much of the mean must go: three quarters",
    arms=(PLAIN, FINAL_BN, CENTRE_THREE_QUARTERS),
    source=SOURCE,
    wording="does as well",
    shows=between(CENTRE_THREE_QUARTERS, KEPT, "three quarters"),
)
def test_three_quarters_of_the_centring_suffice(evidence: Evidence) -> Comparison:
    """Both scores of a layer that subtracts three quarters of the batch mean, minus final BN's."""
    return compared(evidence, "three quarters of the centring", CENTRE_THREE_QUARTERS)


@claim(
    "why-ranking",
    "A layer that only centres the logits ranks images as well as a plain network.",
    title="Does centring alone change how images are ranked?",
    arms=(PLAIN, FINAL_BN, CENTRE_ONLY),
    source=SOURCE,
    wording="as well",
)
def test_centring_ranks_as_well(evidence: Evidence) -> Comparison:
    """Area under the ROC curve of centring alone minus plain's: a moved threshold would leave it."""
    return Comparison(
        "AUC of centring alone minus plain",
        evidence.auc(CENTRE_ONLY) - evidence.auc(PLAIN),
        layer_gain(evidence),
        margin=evidence.rules.ranking_margin,
    )


@claim(
    "why-last-batch",
    "Final BN does as well with the statistics of the last batch alone.",
    title="Which statistics it needs: those of the last batch",
    arms=(PLAIN, FINAL_BN, BN_LAST_BATCH),
    source=SOURCE,
    wording="does as well",
    shows=between(BN_LAST_BATCH, KEPT, "momentum 1"),
)
def test_the_last_batch_suffices(evidence: Evidence) -> Comparison:
    """Both scores of final BN with momentum 1, minus that with 0.1."""
    return compared(evidence, "BN with momentum 1", BN_LAST_BATCH)
