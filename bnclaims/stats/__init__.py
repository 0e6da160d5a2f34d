"""Statistics: exact, tie-aware tests for paired differences; one test per module, no torch."""

from bnclaims.stats._exact import Number, OneSidedTest
from bnclaims.stats.anytime import anytime_p, mean_evidence, rank_evidence
from bnclaims.stats.bootstrap_t import BootstrapT, bootstrap_t
from bnclaims.stats.cross_fit import cross_fitted_j, halves
from bnclaims.stats.equivalence import Tost, inequivalence, tost, two_sided
from bnclaims.stats.interaction import (
    MaxT,
    all_pairs_equivalent,
    max_t,
    slope_weights,
    some_pair_differs,
)
from bnclaims.stats.jackknife import NewImages, new_images_interval
from bnclaims.stats.joint_flips import joint_max_t
from bnclaims.stats.mean_guard import guarded_p, mean_guard
from bnclaims.stats.mover import Mover, mover
from bnclaims.stats.multiplicity import bonferroni, holm
from bnclaims.stats.peak import PeakTest, peak, peak_interval
from bnclaims.stats.power import signed_rank_power, tost_power
from bnclaims.stats.ratio import Ratio, ratio_interval
from bnclaims.stats.replication import fails_in_more_than, holds_in_at_least, largest_replicated
from bnclaims.stats.sequential import sequential_p
from bnclaims.stats.sign_flip import SignFlip, judged, sign_flip_mean
from bnclaims.stats.sign_test import SignTest, clopper_pearson, sign_test
from bnclaims.stats.signed_rank import (
    HodgesLehmann,
    SignedRank,
    hodges_lehmann,
    pseudomedian,
    signed_rank,
)
from bnclaims.stats.variance_ratio import VarianceRatio, variance_ratio

__all__ = [
    "BootstrapT",
    "HodgesLehmann",
    "MaxT",
    "Mover",
    "NewImages",
    "Number",
    "OneSidedTest",
    "PeakTest",
    "Ratio",
    "SignFlip",
    "SignTest",
    "SignedRank",
    "Tost",
    "VarianceRatio",
    "all_pairs_equivalent",
    "anytime_p",
    "bonferroni",
    "bootstrap_t",
    "clopper_pearson",
    "cross_fitted_j",
    "fails_in_more_than",
    "guarded_p",
    "halves",
    "hodges_lehmann",
    "holds_in_at_least",
    "holm",
    "inequivalence",
    "joint_max_t",
    "judged",
    "largest_replicated",
    "max_t",
    "mean_evidence",
    "mean_guard",
    "mover",
    "new_images_interval",
    "peak",
    "peak_interval",
    "pseudomedian",
    "rank_evidence",
    "ratio_interval",
    "sequential_p",
    "sign_flip_mean",
    "sign_test",
    "signed_rank",
    "signed_rank_power",
    "slope_weights",
    "some_pair_differs",
    "tost",
    "tost_power",
    "two_sided",
    "variance_ratio",
]
