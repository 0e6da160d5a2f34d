"""The face of the audit: all that a claim file imports.

A claim is a test function declared by `claim`: it takes `Evidence`, reads columns of a metric from it
(`bnclaims.audit.evidence.metrics` lists them) and returns a statement about their differences.
"""

from bnclaims.audit.claim import Gain, Question, Remedy, Shown, StillThere, between, claim
from bnclaims.audit.evidence.both_scores import Scores
from bnclaims.audit.evidence.evidence import Column, Evidence
from bnclaims.audit.statements.alternatives import compared
from bnclaims.audit.statements.comparison import Comparison
from bnclaims.audit.statements.dose_response import DependsOnDose, Peak
from bnclaims.audit.statements.every_dose import Lasting
from bnclaims.audit.statements.gates import layer_gain, prior_gain, threshold_gain
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NoEffect, NotWorse
from bnclaims.audit.statements.remedies import (
    Candidate,
    Curve,
    SomeRemedy,
    StillNeeded,
    some_remedy,
)
from bnclaims.audit.statements.statement import Gate, Statement
from bnclaims.protocol.cells import MAIN
from bnclaims.protocol.names import (
    BN_LAST_BATCH,
    BN_NO_AFFINE,
    BN_SLOW_MOMENTUM,
    CENTRE_HALF,
    CENTRE_ONLY,
    CENTRE_QUARTER,
    CENTRE_THREE_QUARTERS,
    FEATURE_BN,
    FINAL_BN,
    FOCAL,
    FOLDED,
    KEPT,
    LOGIT_ADJUSTED,
    NO_LAST_BIAS,
    ORACLE_THRESHOLD,
    OVERSAMPLED,
    PLAIN,
    PRIOR_RESTORED,
    PRIOR_SHIFTED,
    RECALIBRATED,
    REMOVED,
    SCALE_ONLY,
    TUNED_THRESHOLD,
    WEIGHTED_LOSS,
)

__all__ = [
    "BN_LAST_BATCH",
    "BN_NO_AFFINE",
    "BN_SLOW_MOMENTUM",
    "CENTRE_HALF",
    "CENTRE_ONLY",
    "CENTRE_QUARTER",
    "CENTRE_THREE_QUARTERS",
    "FEATURE_BN",
    "FINAL_BN",
    "FOCAL",
    "FOLDED",
    "KEPT",
    "LOGIT_ADJUSTED",
    "MAIN",
    "NO_LAST_BIAS",
    "ORACLE_THRESHOLD",
    "OVERSAMPLED",
    "PLAIN",
    "PRIOR_RESTORED",
    "PRIOR_SHIFTED",
    "RECALIBRATED",
    "REMOVED",
    "SCALE_ONLY",
    "TUNED_THRESHOLD",
    "WEIGHTED_LOSS",
    "AllOf",
    "Candidate",
    "Column",
    "Comparison",
    "Curve",
    "DependsOnDose",
    "Effect",
    "Evidence",
    "Gain",
    "Gate",
    "Lasting",
    "NoEffect",
    "NotWorse",
    "Peak",
    "Question",
    "Remedy",
    "Scores",
    "Shown",
    "SomeRemedy",
    "Statement",
    "StillNeeded",
    "StillThere",
    "between",
    "claim",
    "compared",
    "layer_gain",
    "prior_gain",
    "some_remedy",
    "threshold_gain",
]
