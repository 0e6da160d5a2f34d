"""Calibration: the probabilities that scores state, how far they are off, and a temperature for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bnclaims.audit.evidence.scores import AnyScores, Floats, Labels, top_at_zero

# Bounds of the fitted temperature; a perfect or a useless classifier would run to 0 or infinity.
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 1e-3, 1e3


def probabilities(scores: AnyScores, temperature: float = 1.0) -> Floats:
    """Softmax of scores divided by ``temperature``, (images, classes).

    For the head ``sigmoid_k``, whose logits stand for separate yes-or-no questions, this is the
    softmax reading of its scores.
    """
    return np.exp(_log_probabilities(scores, temperature))


def is_right(labels: Labels, probability: Floats) -> Floats:
    """1 where the most probable class, of equals the lowest index, is the true one, else 0."""
    right: Floats = (probability.argmax(axis=1) == labels).astype(np.float64)
    return right


def ece(
    labels: Labels, probability: Floats, bins: int = 15, *, weights: Floats | None = None
) -> float:
    """Expected calibration error of the predicted class, in bins of equal width.

    A bin includes its upper edge, as in Guo et al., arXiv:1706.04599. With ``weights``, (images,), an
    image counts as that many.
    """
    counted = np.ones(len(labels)) if weights is None else weights
    confidence = probability.max(axis=1)
    off = counted * (is_right(labels, probability) - confidence)
    gap = np.bincount(_bin_of(confidence, bins), weights=off, minlength=bins)
    return float(np.abs(gap).sum() / counted.sum())


def prevalence_weights(labels: Labels, images: Sequence[int]) -> Floats:
    """Weights of images at which their classes are as frequent as ``images`` says, (images,).

    The test is reweighted, not drawn anew: see `bnclaims.audit.evidence.confusion.at_frequencies`.
    """
    present = np.bincount(labels, minlength=len(images))
    weights: Floats = (np.asarray(images, dtype=np.float64) / np.maximum(present, 1))[labels]
    return weights


def reliability(labels: Labels, probability: Floats, bins: int = 15) -> Floats:
    """Images, summed confidence and right predictions in the bins of `ece`, shape (bins, 3)."""
    confidence = probability.max(axis=1)
    index = _bin_of(confidence, bins)
    weights = (np.ones(len(labels)), confidence, is_right(labels, probability))
    return np.column_stack([np.bincount(index, weights=w, minlength=bins) for w in weights])


def _bin_of(confidence: Floats, bins: int) -> Labels:
    index: Labels = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    return index


def brier(labels: Labels, probability: Floats) -> float:
    """Mean squared distance between the probabilities and the true class's unit vector (0 to 2)."""
    truth = np.eye(probability.shape[1])[labels]
    return float(np.mean(np.sum((probability - truth) ** 2, axis=1)))


def nll(labels: Labels, scores: AnyScores, temperature: float = 1.0) -> float:
    """Mean negative log-likelihood in nats of the true class; finite for finite scores."""
    log_probability = _log_probabilities(scores, temperature)
    return float(-np.mean(log_probability[np.arange(len(labels)), labels]))


def temperature(labels: Labels, scores: AnyScores) -> float:
    """The temperature, from 0.001 to 1000, with the lowest `nll` on these images.

    Meant for the validation split with its classes as frequent as they are (Guo et al.,
    arXiv:1706.04599). The likelihood is unimodal in the temperature, so a bounded search finds it.
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_temperature: nll(labels, scores, float(np.exp(log_temperature))),
        bounds=(np.log(LOWEST_TEMPERATURE), np.log(HIGHEST_TEMPERATURE)),
        method="bounded",
    )
    return float(np.exp(found.x))


def _log_probabilities(scores: AnyScores, temperature: float) -> Floats:
    scaled = top_at_zero(scores.astype(np.float64) / temperature)
    logs: Floats = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return logs
