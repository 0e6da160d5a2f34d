"""The worlds, and what is true in each."""

from __future__ import annotations

from collections.abc import Mapping

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.schema import FAMILY
from bnclaims.training.synthetic import shifts
from bnclaims.training.synthetic.world import (
    HALF_AND_HALF,
    THRESHOLD_ALONE,
    Mode,
    Point,
    World,
)

ALL = " ".join(FAMILY)

# Where a plain network stands that finds a third of the minority (.35, with .02 false alarms, so that
# a gain of .12 in both scores is six images in fifty), and networks that find most or nearly all of it.
_SOME: Point = (0.7 / 1.37, 0.33)
_MOST: Point = (0.80, 0.62)
_NEARLY_ALL: Point = (0.977, 0.955)

WORLDS: Mapping[str, World] = {
    "null": World(
        truth="The layer does nothing; no gain anywhere, so no absence can be confirmed by contrast.",
        false=ALL,
        not_false="ii iii vi uncertainty",
        theta=(0, 0),
        mean=(0, 0),
    ),
    "effect": World(
        truth="The layer moves the threshold to its best place: softmax, sigmoid, B rare or not.",
        false="ii iii v vi",
        not_false="premise i iv uncertainty",
        theta=(0.88, 0.88),
        mean=(0.88, 0.88),
        wrong_beside=THRESHOLD_ALONE,
        shift=shifts.everywhere,
    ),
    "grey_zone": World(
        truth="The layer gains 0.05 F1 and 0.03 J everywhere: more than nothing, less than matters.",
        false=ALL,
        not_false="ii iii vi uncertainty",
        theta=(0.06, 0.03),
        mean=(0.06, 0.03),
        wrong_beside=THRESHOLD_ALONE | {"moved threshold"},
        shift=shifts.a_little,
    ),
    "peak": World(
        truth="The gain is largest at about 30:1, with softmax, sigmoid, B rare or not.",
        false="iii v vi uncertainty",
        not_false="premise i ii iv",
        theta=(0.63, 0.52),
        mean=(0.63, 0.52),
        wrong_beside=THRESHOLD_ALONE,
        shift=shifts.peaked,
    ),
    "plateau": World(
        truth="The gain grows with the minority up to 10:1 and then stays.",
        false="ii iii v vi uncertainty",
        not_false="premise i iv",
        theta=(0.59, 0.47),
        mean=(0.59, 0.47),
        wrong_beside=THRESHOLD_ALONE,
        shift=shifts.levelling,
    ),
    "two_majority_effect": World(
        truth="All as the paper has it, but with two majority classes there is a gain too.",
        false="v uncertainty",
        not_false="premise i ii iii iv vi",
        theta=(0.42, 0.3),
        mean=(0.42, 0.3),
        wrong_beside=THRESHOLD_ALONE,
        shift=shifts.any_majorities,
    ),
    "mixed_cells": World(
        truth="All as the paper has it, but without any gain in the simpler network of (iv).",
        false="iv uncertainty",
        not_false="premise i ii iii v vi",
        theta=(0.42, 0.3),
        mean=(0.42, 0.3),
        wrong_beside=THRESHOLD_ALONE,
        shift=shifts.some_cells,
    ),
    "skewed": World(
        truth="The layer moves thresholds at random, a little down mostly and far up sometimes.",
        false=ALL,
        not_false="ii iii vi uncertainty",
        theta=(0, 0),
        mean=(0.01, 0.01),
        skew=0.5,
    ),
    "zero_inflated": World(
        truth="The layer does nothing in four networks of five and all it can in the fifth.",
        false=ALL,
        not_false="ii iii vi uncertainty",
        theta=(0.04, 0.02),
        mean=(0.18, 0.17),
        wrong_beside=THRESHOLD_ALONE | {"moved threshold"},
        shift=shifts.everywhere,
        works=0.2,
    ),
    "finite_pool": World(
        truth="No gain over all images that might be; the 174 of a class that there are differ by chance.",
        false=ALL,
        not_false="ii iii vi uncertainty",
        theta=(0.02, 0.01),
        mean=(0.02, 0.01),
        wrong_beside=THRESHOLD_ALONE | {"moved threshold"},
        images=0.5,
        pool=174,
    ),
    "diverging": World(
        truth="As effect, but one trial in five diverges.",
        false="ii iii v vi",
        not_false="premise i iv uncertainty",
        theta=(0.88, 0.88),
        mean=(0.88, 0.88),
        wrong_beside=THRESHOLD_ALONE,
        shift=shifts.everywhere,
        diverging=0.2,
    ),
    "broken_trainer": World(
        truth="Every network gives the same scores for every image: nothing can be said.",
        false=ALL,
        not_false=ALL,
        theta=(0, 0),
        mean=(0, 0),
        constant=True,
    ),
    "one_sided": World(
        truth="The network with the layer knows nothing and calls every image the minority.",
        false="premise i ii iii iv v vi",
        not_false=ALL,
        theta=(0.59, -0.04),
        mean=(0.59, -0.04),
        shift=shifts.beyond,
        ability=0.0,
        plain_ability=2.5,
    ),
    "one_sided_removed": World(
        truth="As effect with the layer; without it the network calls every image the minority.",
        false="i ii iii v vi",
        not_false="premise i iv uncertainty",
        theta=(0.88, 0.88),
        mean=(0.88, 0.88),
        wrong_beside=THRESHOLD_ALONE,
        shift=shifts.everywhere,
        removed=5.0,
    ),
    "dead_plain": World(
        truth="The plain network knows nothing and calls every image the majority.",
        false="ii iii v vi",
        not_false="premise i iv uncertainty",
        theta=(0.96, 0.92),
        mean=(0.96, 0.92),
        wrong_beside=frozenset({"moved threshold", "threshold"}),
        shift=lambda setting: 20.0,
        plain=-20.0,
        removed=1.0,
        plain_ability=0.0,
    ),
    "chance": World(
        truth="No network knows anything; the layer has half of the images called the minority.",
        false="premise i ii iii iv v vi",
        not_false=ALL,
        theta=(0.5, 0),
        mean=(0.5, 0),
        shift=shifts.everywhere,
        ability=0.0,
    ),
    "placebo": World(
        truth="The layer takes the training prior off and does nothing else: a moved threshold.",
        false="ii iii v vi",
        not_false="premise i iv uncertainty",
        theta=(0.88, 0.9),
        mean=(0.88, 0.9),
        wrong_beside=THRESHOLD_ALONE,
        placebo=True,
    ),
    "just_below": World(
        truth="The layer gains .09 in both scores, everywhere: just less than matters.",
        false=ALL,
        not_false="ii iii v vi uncertainty",
        theta=(0.09, 0.09),
        mean=(0.09, 0.09),
        wrong_beside=frozenset({"specific", "moved threshold", "threshold"}),
        modes=(Mode(share=1.0, plain=_SOME, gain=0.09),),
        gain_spread=0.08,
    ),
    "further_below": World(
        truth="The layer gains .07 in both scores, everywhere: less than matters.",
        false=ALL,
        not_false="ii iii v vi uncertainty",
        theta=(0.07, 0.07),
        mean=(0.07, 0.07),
        wrong_beside=HALF_AND_HALF,
        modes=(Mode(share=1.0, plain=_SOME, gain=0.07),),
        gain_spread=0.08,
    ),
    "bimodal": World(
        truth="The layer gains .2 in both scores in 70.7 % of networks and loses .6 in the others.",
        false=ALL,
        not_false=ALL,
        theta=(0, 0),
        mean=(-0.03, -0.03),
        modes=(
            Mode(share=0.707, plain=_SOME, gain=0.2),
            Mode(share=0.293, plain=_MOST, gain=-0.6),
        ),
    ),
    "rare_collapse": World(
        truth="The layer gains .12 in both scores in 5 networks of 6 and loses .6 in the sixth.",
        false=ALL,
        not_false=ALL,
        theta=(0.12, 0.12),
        mean=(0, 0),
        wrong_beside=HALF_AND_HALF,
        modes=(
            Mode(share=5 / 6, plain=_SOME, gain=0.12),
            Mode(share=1 / 6, plain=_MOST, gain=-0.6),
        ),
    ),
    "rarer_collapse": World(
        truth="The layer gains .15 in both scores in 86.4 % of networks and loses .95 in the others.",
        false=ALL,
        not_false=ALL,
        theta=(0.15, 0.15),
        mean=(0, 0),
        wrong_beside=HALF_AND_HALF,
        modes=(
            Mode(share=0.864, plain=_SOME, gain=0.15),
            Mode(share=0.136, plain=_NEARLY_ALL, gain=-0.95),
        ),
    ),
}


def world(name: str) -> World:
    """The world of that name; `BnclaimsError` for an unknown one."""
    if name not in WORLDS:
        raise BnclaimsError(f"--world {name}: unknown; use one of {', '.join(WORLDS)}.")
    return WORLDS[name]
