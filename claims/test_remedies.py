"""Remedies: what helps a rare class here, and with how many of its images it is still needed."""

from typing import Final

from bnclaims.audit import (
    FINAL_BN,
    FOCAL,
    KEPT,
    LOGIT_ADJUSTED,
    OVERSAMPLED,
    PLAIN,
    PRIOR_SHIFTED,
    TUNED_THRESHOLD,
    WEIGHTED_LOSS,
    Candidate,
    Curve,
    Evidence,
    Gate,
    Shown,
    SomeRemedy,
    StillNeeded,
    claim,
    some_remedy,
)

SOURCE = "this audit"
ARMS: Final = {
    PLAIN: "the plain network",
    WEIGHTED_LOSS: "class-weighted loss",
    FOCAL: "focal loss",
    LOGIT_ADJUSTED: "logit-adjusted loss (balanced softmax)",
    OVERSAMPLED: "oversampling",
    FINAL_BN: "final BN",
}
READOUTS: Final = {
    KEPT: "",
    PRIOR_SHIFTED: ", prior taken off",
    TUNED_THRESHOLD: ", threshold tuned",
}


@claim(
    "remedies",
    "Some remedy raises both scores of the plain network by an amount that matters.",
    title="Which remedy helps?",
    arms=tuple(ARMS),
    source=SOURCE,
    wording="an amount that matters",
    shows=tuple(Shown(arm, KEPT, name) for arm, name in ARMS.items()),
)
def test_some_remedy_raises_both_scores(evidence: Evidence) -> SomeRemedy:
    """Both scores of every remedy minus those of the plain network as it comes, paired by seed.

    Every network is read as it comes, with the training prior taken off, and with a threshold tuned on
    validation images. None helps only where the plain network ranks well enough to be helped.
    """
    found = [
        Candidate(f"{name}{how}", arm, readout, evidence.both(arm, readout))
        for arm, name in ARMS.items()
        for readout, how in READOUTS.items()
    ]
    plain, *others = found
    ranks = Gate(
        label="plain ranks above chance, AUC above .6",
        gain=evidence.auc(PLAIN).above(0.5),
        above=0.1,
        plain=plain.scores.j,
    )
    return some_remedy(plain, tuple(others), (ranks,))


@claim(
    "remedies-images",
    "With the most minority images that were tried, some remedy still raises both scores by an amount "
    "that matters.",
    title="How many images of the rare class?",
    arms=tuple(ARMS),
    source=SOURCE,
    wording="an amount that matters",
)
def test_some_remedy_is_still_needed(evidence: Evidence) -> StillNeeded:
    """The gain of every remedy over the plain network, over numbers of minority images.

    The images are nested: those of a smaller number are among those of a larger one. New trainings are
    read as they come, the plain network also with its prior taken off and with a tuned threshold.
    """
    remedies = [(PLAIN, PRIOR_SHIFTED), (PLAIN, TUNED_THRESHOLD)]
    remedies += [(arm, KEPT) for arm in ARMS if arm != PLAIN]
    curves = tuple(
        Curve(
            f"{ARMS[arm]}{READOUTS[readout]}",
            tuple(
                evidence.both(arm, readout, setting) - evidence.both(PLAIN, KEPT, setting)
                for setting in evidence.settings
            ),
        )
        for arm, readout in remedies
    )
    return StillNeeded("with minority images", curves, evidence.doses)
