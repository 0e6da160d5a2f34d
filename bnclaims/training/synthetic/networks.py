"""The networks of a world: how well each tells the classes apart, and where its threshold lies.

With noise of variance 1 on every logit, a network of ability a and shift s calls a minority image the
minority with chance Phi((s + a) / sqrt 2) and a majority image with chance Phi((s - a) / sqrt 2): its
F1, its Youden's J, its AUC Phi(a) and its probabilities all follow from these two numbers.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from bnclaims.protocol.names import KEPT, PLAIN, REMOVED
from bnclaims.protocol.random_streams import generator
from bnclaims.protocol.trial import Setting
from bnclaims.store.record import Scores
from bnclaims.training.synthetic.images import BLOCK, SHARED, Floats, Images, images_of
from bnclaims.training.synthetic.shifts import log_prior
from bnclaims.training.synthetic.world import World

_OWN = (1 - SHARED**2) ** 0.5
# Rates so close to 0 and 1 are as good as these, and have a quantile.
_LEAST = 1e-4
# Gains further out than this many deviations are brought back, to both sides alike.
_FURTHEST = 2.5


@dataclasses.dataclass(frozen=True)
class Networks:
    """The networks of a block of seeds in one setting and arm: who diverged, and their scores.

    Arrays of ``scores`` have shape (seeds, images, classes), validation ``images`` first.
    """

    images: Images
    diverged: NDArray[np.bool_]
    scores: dict[str, Scores]


def networks_of(setting: Setting, arm: str, block: int, truth: World, suite: int) -> Networks:
    """The networks of a block of seeds in one setting and arm."""
    task = setting.task
    images = images_of(task, block, truth, suite)
    own = generator(block, "world", str(suite), setting.canonical, arm)
    diverged = own.random(BLOCK) < truth.diverging
    scores: dict[str, Scores] = {}
    if truth.modes:
        ability, shift = _in_a_mode(setting, arm, block, truth, suite)
        scores[KEPT] = _logits(images, images.noise, task.minority_classes, ability, shift)
        if arm != PLAIN:
            scores[REMOVED] = scores[KEPT]
        return Networks(images, diverged, scores)
    if truth.placebo:
        # One network in both arms, with and without what the prior has taught it.
        shift = np.full(BLOCK, log_prior(setting) if arm == PLAIN else 0.0)
        ability = np.full(BLOCK, truth.ability)
        for readout, share in _readouts(arm, truth).items():
            left = shift if arm == PLAIN else shift + (1 - share) * log_prior(setting)
            scores[readout] = _logits(images, images.noise, task.minority_classes, ability, left)
        return Networks(images, diverged, scores)
    offset = truth.plain + own.normal(0, truth.spread, BLOCK)
    moved = np.where(own.random(BLOCK) < truth.works, truth.shift(setting), 0.0)
    moved += truth.skew * (own.exponential(size=BLOCK) - 1) + images.trained
    noise = images.noise + _OWN * own.normal(size=images.noise.shape)
    known = truth.plain_ability if arm == PLAIN else None
    ability = np.full(BLOCK, truth.ability if known is None else known)
    if truth.constant:
        noise = np.zeros_like(noise)
        noise[..., 0] = 1.0
        ability = offset = moved = np.zeros(BLOCK)
    for readout, share in _readouts(arm, truth).items():
        added = offset[:, np.newaxis] + share * (moved[:, np.newaxis] + images.tested)
        scores[readout] = _logits(images, noise, task.minority_classes, ability, added)
    return Networks(images, diverged, scores)


def _readouts(arm: str, truth: World) -> dict[str, float]:
    """The share of the layer's shift that is there, by readout."""
    return {KEPT: 0.0} if arm == PLAIN else {KEPT: 1.0, REMOVED: truth.removed}


def _logits(
    images: Images, noise: Floats, minority: tuple[int, ...], ability: Floats, shift: Floats
) -> Scores:
    """Scores (seeds, images, classes); ``shift`` is (seeds,) or (seeds, images)."""
    logits = noise + ability[:, np.newaxis, np.newaxis] * images.own_class
    added = shift[:, np.newaxis] if shift.ndim == 1 else shift
    logits[..., minority] += added[..., np.newaxis]
    logits -= logits.max(axis=-1, keepdims=True)
    return logits.astype(np.float16)


def _in_a_mode(
    setting: Setting, arm: str, block: int, truth: World, suite: int
) -> tuple[Floats, Floats]:
    """Ability and shift of each seed's network, whose mode both arms share."""
    stream = generator(block, "world", str(suite), setting.canonical, "modes")
    ends = np.cumsum([mode.share for mode in truth.modes])
    chosen = np.searchsorted(ends, ends[-1] * stream.random(BLOCK), side="right")
    f1, j = np.array([mode.plain for mode in truth.modes])[chosen].T
    spread = np.clip(stream.normal(size=BLOCK), -_FURTHEST, _FURTHEST)
    if arm != PLAIN:
        gain = np.array([mode.gain for mode in truth.modes])[chosen] + truth.gain_spread * spread
        f1, j = f1 + gain, j + gain
    return at(f1, j)


def at(f1: Floats, j: Floats) -> tuple[Floats, Floats]:
    """Ability and shift of networks with this F1 and this J on a balanced test of two classes.

    With recall t and false alarms f, J = t - f and F1 = 2 t / (1 + t + f). ``ValueError`` where no
    network has both.
    """
    recall = f1 * (1 - j) / (2 * (1 - f1))
    rates = np.stack([recall, recall - j])
    if rates.min() < 0 or rates.max() > 1:
        raise ValueError("no network has this F1 and this J at once")
    t, f = ndtri(np.clip(rates, _LEAST, 1 - _LEAST))
    return (t - f) / 2**0.5, (t + f) / 2**0.5
