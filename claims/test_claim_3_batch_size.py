"""Claim (iii): the batch size plays a role in the outcome."""

from bnclaims.audit import FINAL_BN, PLAIN, DependsOnDose, Evidence, claim


@claim(
    "iii",
    "The batch size plays a role in the effect of the final BN layer and affects its outcome.",
    arms=(PLAIN, FINAL_BN),
    wording="plays a role",
)
def test_gain_depends_on_batch_size(evidence: Evidence) -> DependsOnDose:
    """Gain in minority F1 and in Youden's J at two batch sizes, compared for every pair of sizes.

    Some pair must differ by more than the margin in both. At fixed epochs a larger batch also means
    fewer steps, so a cell at fixed steps stands beside the primary one.
    """
    plain = tuple(evidence.both(PLAIN, setting=name) for name in evidence.settings)
    final_bn = tuple(evidence.both(FINAL_BN, setting=name) for name in evidence.settings)
    gains = tuple(after - before for after, before in zip(final_bn, plain, strict=True))
    headroom = tuple(before.j for before in plain)
    return DependsOnDose("gain by batch size", gains, evidence.doses, headroom)
