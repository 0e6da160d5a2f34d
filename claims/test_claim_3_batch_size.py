"""Claim (iii): the batch size plays a role in the outcome."""

from math import log2

from bnclaims.audit import FINAL_BN, PLAIN, Evidence, Trend, claim


@claim(
    "iii",
    "The batch size plays a role in the effect of the final BN layer and affects its outcome.",
    arms=(PLAIN, FINAL_BN),
    wording="plays a role",
)
def test_gain_depends_on_batch_size(evidence: Evidence) -> Trend:
    """Slope of the F1 gain on the logarithm of the batch size, one slope per seed.

    At fixed epochs a larger batch also means fewer steps, so a cell at fixed steps stands beside the
    primary one.
    """
    plain = tuple(evidence.f1(PLAIN, setting=name) for name in evidence.settings)
    final_bn = tuple(evidence.f1(FINAL_BN, setting=name) for name in evidence.settings)
    gains = tuple(after - before for after, before in zip(final_bn, plain, strict=True))
    doses = tuple(log2(size) for size in evidence.doses)
    return Trend("F1 gain per doubling of the batch size", gains, doses, plain)
