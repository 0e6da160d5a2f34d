"""When an executor passes: the numbers, each with its reason."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

# What executors are held against, and the precision in which it is.
REFERENCE: Final = ("loop", "fp32")

# Fewer seeds cannot tell an executor that spreads its results twice as wide from one that does not.
FEWEST_SEEDS: Final = 30
# As many as the last look of the built-in protocols, so that words are those of whole audits.
SEEDS: Final = 32
# No audit draws these seeds: what an executor is chosen on is then never what it is used for.
FIRST_SEED: Final = 1_000_000

# Relative difference of the first step's loss and gradients in fp32. Rounding in another order
# gives some 1e-7 to 1e-6; a wrong factor, image or layer gives 1e-3 and more.
TOLERANCE: Final = 1e-5
# Or this many times the distance of the loop's own gradients from float64: BatchNorm over the
# logits of an untrained network divides by a small number, and there no order of sums gives 1e-5.
ROUNDINGS: Final = 10

# A gradient in float64 that is this small beside the largest of the network is 0 but for rounding,
# and the executor's must then be as good as 0, too.
EXACTLY_ZERO: Final = 1e-9
ROUNDING: Final = 1e-2

# Of the line that the protocol draws for a metric: what executors may differ by is to be clearly
# less than what a claim is decided on.
MARGIN_SHARE: Final = Fraction(1, 2)
# The chance that an executor beyond a margin passes, for each margin: all must be shown, so none
# is divided (Berger 1982).
ALPHA: Final = 0.05
# Ratio of variances, and its inverse: an audit with twice the variance needs twice the seeds.
WIDEST: Final = 2.0
CONFIDENCE: Final = 1 - 2 * ALPHA

# Orders of the seeds in which the claim is judged anew, and in what share of them an executor must
# give the word of the loop, unless other rounding alone changes it as often.
ORDERS: Final = 100
AGREEMENT: Final = 0.9
