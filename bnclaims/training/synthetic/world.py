"""World: what a generator draws, and what is true of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from bnclaims.protocol.schema import FAMILY
from bnclaims.training.synthetic import shifts
from bnclaims.training.synthetic.shifts import PLAIN_SHIFT, Shift

# Minority F1 and Youden's J on a balanced test of two classes.
Point = tuple[float, float]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mode:
    """One way for networks to be: where the plain one stands, and what the layer adds in both scores."""

    share: float
    plain: Point
    gain: float


# Where the layer gains nothing, none of these is right.
NOTHING_THERE = frozenset({"specific", "moved threshold", "threshold", "ranking"})
# It does what a moved threshold does, and ranks no better.
THRESHOLD_ALONE = frozenset({"specific", "ranking"})
# A gain too small to be specific, of which ranking and threshold have about a half each.
HALF_AND_HALF = frozenset({"specific", "moved threshold"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """A generator and what is true of it.

    ``shift`` is what the layer adds to the minority logits in a setting, ``plain`` what is added
    without it (0: the best threshold); ``removed`` is the share of the shift that is left without
    the layer, ``works`` the share of networks in which it does anything. ``ability`` is the distance
    between classes, ``plain_ability`` that of the plain network where it is another, and ``spread``
    the deviation of the threshold over networks, in standard deviations of the noise; ``skew``
    scales a centred exponential that the layer adds, ``images`` the deviation of what single images
    add to it: the trained ones to the threshold, the tested ones to their own score. ``pool`` counts
    the images of a class of the dataset (None: plenty), ``diverging`` the share of trials that
    diverge; a ``constant`` network ignores its input. In a ``placebo`` the plain network has learnt
    the prior and the layer takes it off: nothing else differs.

    With ``modes`` all of that gives way to gains of known size in both scores: every network of every
    setting is in one of them, ``gain_spread`` is the deviation of the gain within, and the noise of
    images is spread so evenly that their number adds next to nothing.

    ``theta`` and ``mean`` are the pseudomedian and the mean of the premise's gain in F1 and in J.
    ``false`` and ``not_false`` are the claims for which SUPPORTED, respectively REFUTED, would be
    wrong: what that verdict asserts, gates included, is not so in this world. ``wrong_beside`` are the
    words beside the premise that would be: specific or moved threshold, mostly threshold or ranking.
    """

    truth: str
    false: str
    not_false: str
    theta: Point
    mean: Point
    wrong_beside: frozenset[str] = NOTHING_THERE
    shift: Shift = shifts.nowhere
    plain: float = PLAIN_SHIFT
    removed: float = 0.8
    works: float = 1.0
    ability: float = 2.5
    plain_ability: float | None = None
    spread: float = 0.3
    skew: float = 0.0
    images: float = 0.0
    pool: int | None = None
    diverging: float = 0.0
    constant: bool = False
    placebo: bool = False
    modes: tuple[Mode, ...] = ()
    gain_spread: float = 0.0

    @property
    def wrong(self) -> Mapping[str, frozenset[str]]:
        """The verdicts that would be wrong, by claim id of the family."""
        return {
            claim: frozenset(
                verdict
                for verdict, claims in (("SUPPORTED", self.false), ("REFUTED", self.not_false))
                if claim in claims.split()
            )
            for claim in FAMILY
        }
