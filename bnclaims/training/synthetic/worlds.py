"""The worlds, and what is true in each."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Setting

# What is added to the minority logits without the layer, in standard deviations of the noise: the
# threshold of a network trained on 1 % is far off, and F1 is 0.07 instead of 0.96.
PLAIN_SHIFT = -5.0

Shift = Callable[[Setting], float]


def nowhere(setting: Setting) -> float:
    """The layer moves no threshold."""
    return 0.0


def everywhere(setting: Setting) -> float:
    """The layer moves every threshold to its best place."""
    return -PLAIN_SHIFT


def _log_ratio(setting: Setting) -> float:
    """Common logarithm of images of a minority class per image of all majority classes."""
    task = setting.task
    return math.log10(task.minority_images / (task.majority_images * len(task.majority)))


def _peaked(setting: Setting) -> float:
    """Most at about 30:1."""
    return everywhere(setting) * math.exp(-(((_log_ratio(setting) + 1.5) / 0.7) ** 2) / 2)


def _levelling(setting: Setting) -> float:
    """More with more minority images up to 10:1, and then the same."""
    return everywhere(setting) * min(1.0, max(0.0, (_log_ratio(setting) + 3) / 2))


def _paper(setting: Setting) -> float:
    """As the paper has it: a peak, less with larger batches, none with sigmoid or two majorities."""
    if setting.head != "softmax" or len(setting.task.majority) > 1:
        return 0.0
    return _peaked(setting) * (1 - 0.15 * (math.log2(setting.batch_size) - 4))


def _any_majorities(setting: Setting) -> float:
    """As the paper has it, but with a small gain for two majorities."""
    return 1.25 if len(setting.task.majority) > 1 else _paper(setting)


def _some_cells(setting: Setting) -> float:
    """As the paper has it, but with the network of the premise only."""
    return 0.0 if setting.architecture == "mlp" else _paper(setting)


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """A generator and what is true of it.

    ``shift`` is what the layer adds to the minority logits in a setting, ``plain`` what is added
    without it (0: the best threshold); ``removed`` is the share of the shift that is left without
    the layer, ``works`` the share of networks in which it does anything. ``ability`` is the distance
    between classes and ``spread`` the deviation of the threshold over networks, in standard
    deviations of the noise; ``skew`` scales a centred exponential that the layer adds, ``images``
    the deviation of what single images add to it: the trained ones to the threshold, the tested
    ones to their own score. ``pool`` counts the images of a class of the dataset (None: plenty),
    ``diverging`` the share of trials that diverge; a ``constant`` network ignores its input.

    ``false`` and ``not_false`` are the claims for which SUPPORTED, respectively REFUTED, would be
    wrong: what that word asserts about pseudomedians, gates included, is not so in this world.
    """

    truth: str
    false: str
    not_false: str
    shift: Shift
    plain: float = PLAIN_SHIFT
    removed: float = 0.8
    works: float = 1.0
    ability: float = 2.5
    spread: float = 0.3
    skew: float = 0.0
    images: float = 0.0
    pool: int | None = None
    diverging: float = 0.0
    constant: bool = False

    @property
    def wrong(self) -> Mapping[str, frozenset[str]]:
        """The words that would be wrong, by claim id; the premise stands outside the six."""
        return {
            claim: frozenset(
                word
                for word, claims in (("SUPPORTED", self.false), ("REFUTED", self.not_false))
                if claim in claims.split()
            )
            for claim in ALL.split()
        }


ALL = "premise i ii iii iv v vi"

WORLDS: Mapping[str, World] = {
    "null": World(
        truth="The layer does nothing; no gain anywhere, so no absence can be confirmed by contrast.",
        false=ALL,
        not_false="ii iii vi",
        shift=nowhere,
    ),
    "effect": World(
        truth="The layer moves the threshold to its best place: softmax, sigmoid, one majority or two.",
        false="ii iii v vi",
        not_false="premise i iv",
        shift=everywhere,
    ),
    "grey_zone": World(
        truth="The layer gains about 0.05 F1 everywhere: more than nothing, less than matters.",
        false=ALL,
        not_false="ii iii vi",
        shift=lambda setting: 0.4,
    ),
    "peak": World(
        truth="The gain is largest at about 30:1, with softmax, sigmoid, one majority or two.",
        false="iii v vi",
        not_false="premise i ii iv",
        shift=_peaked,
    ),
    "plateau": World(
        truth="The gain grows with the minority up to 10:1 and then stays.",
        false="ii iii v vi",
        not_false="premise i iv",
        shift=_levelling,
    ),
    "two_majority_effect": World(
        truth="All as the paper has it, but two majority classes gain about 0.12 F1 too.",
        false="v",
        not_false="premise i ii iii iv vi",
        shift=_any_majorities,
    ),
    "mixed_cells": World(
        truth="All as the paper has it, but the gain is there in two of the four cells of (iv) only.",
        false="iv",
        not_false="premise i ii iii v vi",
        shift=_some_cells,
    ),
    "skewed": World(
        truth="The layer moves thresholds at random, a little down mostly and far up sometimes.",
        false=ALL,
        not_false="ii iii vi",
        shift=nowhere,
        skew=0.5,
    ),
    "zero_inflated": World(
        truth="The layer does nothing in four networks of five and all it can in the fifth.",
        false=ALL,
        not_false="ii iii vi",
        shift=everywhere,
        works=0.2,
    ),
    "finite_pool": World(
        truth="No gain over all images that might be; the 174 of a class that there are differ by chance.",
        false=ALL,
        not_false="ii iii vi",
        shift=nowhere,
        images=0.5,
        pool=174,
    ),
    "diverging": World(
        truth="As effect, but one trial in five diverges.",
        false="ii iii v vi",
        not_false="premise i iv",
        shift=everywhere,
        diverging=0.2,
    ),
    "broken_trainer": World(
        truth="Every network gives the same scores for every image: nothing can be said.",
        false=ALL,
        not_false=ALL,
        shift=everywhere,
        constant=True,
    ),
}


def world(name: str) -> World:
    """The world of that name; `BnclaimsError` for an unknown one."""
    if name not in WORLDS:
        raise BnclaimsError(f"--world {name}: unknown; use one of {', '.join(WORLDS)}.")
    return WORLDS[name]
