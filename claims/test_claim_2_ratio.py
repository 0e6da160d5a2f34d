"""Claim (ii): the gain peaks at some imbalance ratio."""

from bnclaims.audit import FINAL_BN, KEPT, PLAIN, PRIOR_SHIFTED, Evidence, Peak, Scores, claim

SENTENCE = (
    "There is a threshold of the imbalance ratio at which the improvement by the final BN layer"
)


def gains(evidence: Evidence, readout: str = KEPT) -> tuple[Scores, ...]:
    """Gain of final BN over the plain network, as ``readout`` reads that, at every ratio."""
    return tuple(
        evidence.both(FINAL_BN, setting=name) - evidence.both(PLAIN, readout, name)
        for name in evidence.settings
    )


@claim("ii", f"{SENTENCE} peaks.", arms=(PLAIN, FINAL_BN), wording="peaks")
def test_gain_peaks_at_some_ratio(evidence: Evidence) -> Peak:
    """Gain over log-spaced numbers of minority images, the majority fixed, all on the same seeds.

    A seed's smaller minority subsets are contained in its larger ones. A peak is an interior ratio
    whose gain is above the gain at both ends by the peak height, in minority F1 and in Youden's J. The
    ratios end where, in the pilot, the plain network still leaves something to gain: beyond, a peak
    is close to arithmetic.
    """
    plain = tuple(evidence.j(PLAIN, setting=name) for name in evidence.settings)
    return Peak("gain by number of minority images", gains(evidence), evidence.doses, plain)


@claim(
    "ii-specific",
    f"{SENTENCE} peaks, above that of a moved threshold.",
    title="Does the gain peak more than that of a moved threshold?",
    arms=(PLAIN, FINAL_BN),
    source="this audit",
    wording="peaks",
)
def test_gain_over_a_moved_threshold_peaks(evidence: Evidence) -> Peak:
    """The same of final BN minus the plain network with its training prior taken off.

    Refuted, the gain peaks as that of any moved threshold does.
    """
    plain = tuple(evidence.j(PLAIN, setting=name) for name in evidence.settings)
    return Peak(
        "gain over a moved threshold",
        gains(evidence, PRIOR_SHIFTED),
        evidence.doses,
        plain,
        control=gains(evidence),
    )
