"""The face of the audit: all that a claim file imports.

A claim is a test function declared by `claim`: it takes `Evidence`, reads columns of a metric from it
(`bnclaims.audit.evidence.metrics` lists them) and returns a statement about their differences.
"""

from bnclaims.audit.claim import Gain, Question, Remedy, ReverseOf, Shown, between, claim
from bnclaims.audit.evidence.evidence import Column, Evidence
from bnclaims.audit.statements.alternatives import final_bn_no_worse, gain_of_final_bn, no_worse
from bnclaims.audit.statements.dose_response import Peak, Trend
from bnclaims.audit.statements.every_dose import Lasting
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NoEffect, NotWorse, Positive
from bnclaims.audit.statements.statement import Gate, Statement
from bnclaims.protocol.names import (
    BN_NO_AFFINE,
    BN_SLOW_MOMENTUM,
    CENTRE_ONLY,
    FEATURE_BN,
    FINAL_BN,
    FOLDED,
    KEPT,
    LOGIT_ADJUSTED,
    NO_LAST_BIAS,
    ORACLE_THRESHOLD,
    OVERSAMPLED,
    PLAIN,
    PRIOR_SHIFTED,
    RECALIBRATED,
    REMOVED,
    SCALE_ONLY,
    TUNED_THRESHOLD,
    WEIGHTED_LOSS,
)

__all__ = [
    "BN_NO_AFFINE",
    "BN_SLOW_MOMENTUM",
    "CENTRE_ONLY",
    "FEATURE_BN",
    "FINAL_BN",
    "FOLDED",
    "KEPT",
    "LOGIT_ADJUSTED",
    "NO_LAST_BIAS",
    "ORACLE_THRESHOLD",
    "OVERSAMPLED",
    "PLAIN",
    "PRIOR_SHIFTED",
    "RECALIBRATED",
    "REMOVED",
    "SCALE_ONLY",
    "TUNED_THRESHOLD",
    "WEIGHTED_LOSS",
    "AllOf",
    "Column",
    "Effect",
    "Evidence",
    "Gain",
    "Gate",
    "Lasting",
    "NoEffect",
    "NotWorse",
    "Peak",
    "Positive",
    "Question",
    "Remedy",
    "ReverseOf",
    "Shown",
    "Statement",
    "Trend",
    "between",
    "claim",
    "final_bn_no_worse",
    "gain_of_final_bn",
    "no_worse",
]
