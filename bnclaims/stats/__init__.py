"""Exact, tie-aware tests for paired differences; one test per module, no torch."""

from bnclaims.stats.bootstrap_t import bootstrap_t
from bnclaims.stats.equivalence import tost
from bnclaims.stats.interaction import max_t
from bnclaims.stats.jackknife import new_images_interval
from bnclaims.stats.multiplicity import bonferroni, holm
from bnclaims.stats.replication import (
    fails_in_more_than,
    holds_in_at_least,
    largest_replicated,
)
from bnclaims.stats.sequential import sequential_p
from bnclaims.stats.sign_flip import judged, sign_flip_mean
from bnclaims.stats.sign_test import clopper_pearson
from bnclaims.stats.signed_rank import (
    HodgesLehmann,
    hodges_lehmann,
    pseudomedian,
    signed_rank,
)

__all__ = [
    "HodgesLehmann",
    "bonferroni",
    "bootstrap_t",
    "clopper_pearson",
    "fails_in_more_than",
    "hodges_lehmann",
    "holds_in_at_least",
    "holm",
    "judged",
    "largest_replicated",
    "max_t",
    "new_images_interval",
    "pseudomedian",
    "sequential_p",
    "sign_flip_mean",
    "signed_rank",
    "tost",
]
