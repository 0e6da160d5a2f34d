"""Claim (ii): the gain peaks at some imbalance ratio."""

from bnclaims.audit import FINAL_BN, PLAIN, Evidence, Peak, claim


@claim(
    "ii",
    "There is a threshold of the imbalance ratio at which the improvement by the final BN layer peaks.",
    arms=(PLAIN, FINAL_BN),
    wording="peaks",
)
def test_gain_peaks_at_some_ratio(evidence: Evidence) -> Peak:
    """F1 gain over log-spaced numbers of minority images, the majority fixed, all on the same seeds.

    A seed's smaller minority subsets are contained in its larger ones. A peak is an interior ratio
    whose gain is above the gain at both ends; near balance there is nothing left to gain, so a peak
    against that end is expected of any threshold shift, and only the other end is informative.
    """
    plain = tuple(evidence.f1(PLAIN, setting=name) for name in evidence.settings)
    final_bn = tuple(evidence.f1(FINAL_BN, setting=name) for name in evidence.settings)
    gains = tuple(after - before for after, before in zip(final_bn, plain, strict=True))
    return Peak("F1 gain by number of minority images", gains, evidence.doses, plain)
