"""The tests of the verdicts for thousands of suites at once: rows are suites, columns are seeds.

The exact tests are those of `bnclaims.stats`; here the signed rank has its exact null without ties,
and the sign-flip mean a saddlepoint approximation of its exact tail (`check` says how near it is).
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtr

from bnclaims.stats import judged
from bnclaims.stats._subset_sums import null_weights

Floats = NDArray[np.float64]
LEVEL = 0.05 / 8
LOOKS = ((16, 0.5), (32, 0.25), (64, 0.25))
BETS = (0.98,)
# The guard is multiplied by this before looks divide by their weights: the largest of the weights.
SHARE = 0.5


@lru_cache(maxsize=8)
def _tail(n: int) -> Floats:
    """P(sum of the negative ranks <= c) without ties, for every c."""
    weights, total = null_weights(range(1, n + 1), n * (n + 1) // 2)
    return np.cumsum(np.asarray(weights, dtype=float)) / total


def signed_rank(x: Floats) -> Floats:
    """One-sided p-values for centres above 0, (suites,), from (suites, seeds)."""
    ranks = np.abs(x).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") + 1
    return _tail(x.shape[1])[(ranks * (x < 0)).sum(axis=1)]


def sign_flip(x: Floats) -> Floats:
    """One-sided p-values of the mean under sign flips by Lugannani and Rice (1980)."""
    a = np.abs(x)
    a = a / a.max(axis=1, keepdims=True).clip(1e-300)
    total = np.sign(x) * a
    s, n = total.sum(axis=1), x.shape[1]
    p = np.full(len(x), 0.5)
    every = (x > 0).all(axis=1)
    p[every] = 2.0**-n
    p[(x < 0).all(axis=1)] = 1.0
    work = ~every & (s > 1e-9)  # the rest is above 1/2 and decides nothing
    p[s <= 1e-9] = np.maximum(p[s <= 1e-9], 0.5)
    if work.any():
        p[work] = _lugannani_rice(a[work], s[work])
    if n <= 16:  # few patterns, of which all are looked at
        near = np.flatnonzero(work & (p < 0.03))
        for start in range(0, len(near), 256):
            some = near[start : start + 256]
            p[some] = _enumerated(a[some], s[some])
    return p


@lru_cache(maxsize=2)
def _patterns(n: int) -> NDArray[np.float32]:
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return (2 * bits - 1).astype(np.float32).T.copy()


def _enumerated(a: Floats, s: Floats) -> Floats:
    sums = a.astype(np.float32) @ _patterns(a.shape[1])
    return (sums >= s[:, None].astype(np.float32) - 1e-5).mean(axis=1)


def _lugannani_rice(a: Floats, s: Floats) -> Floats:
    low, high = np.zeros(len(a)), np.full(len(a), 1.0)
    for _ in range(12):  # a bracket first
        short = (a * np.tanh(high[:, None] * a)).sum(axis=1) < s
        if not short.any():
            break
        high[short] *= 4
    for _ in range(32):
        t = (low + high) / 2
        above = (a * np.tanh(t[:, None] * a)).sum(axis=1) > s
        high[above], low[~above] = t[above], t[~above]
    t = np.maximum((low + high) / 2, 1e-8)
    z = t[:, None] * a
    log_cosh = z + np.log1p(np.exp(-2 * z)) - math.log(2)
    k = log_cosh.sum(axis=1)
    k2 = (a**2 / np.cosh(np.minimum(z, 300)) ** 2).sum(axis=1)
    w = np.sqrt(np.maximum(2 * (t * s - k), 1e-16))
    u = t * np.sqrt(np.maximum(k2, 1e-300))
    density = np.exp(-(w**2) / 2) / math.sqrt(2 * math.pi)
    p = ndtr(-w) + density * (1 / u - 1 / w)
    far = (w > 1e-3) & np.isfinite(p)
    # Never below the chance of one pattern.
    return np.clip(np.where(far, p, 0.5), 2.0 ** -a.shape[1], 1.0)


def judge(x: Floats) -> Floats:
    """The larger of both, as `bnclaims.stats.judged`."""
    return np.maximum(signed_rank(x), sign_flip(x))


def guard(
    d: Floats, *, at: float = 0.0, floor: float = -1.0, bets: tuple[float, ...] = BETS
) -> Floats:
    """1 / e of the bounded mean, null: mean of max(d, floor) at most ``at``; (suites,)."""
    x = (np.maximum(d, floor) - at) / (at - floor)
    logs = [np.log1p(b * x).sum(axis=1) for b in bets]
    e = np.logaddexp.reduce(logs, axis=0) - math.log(len(bets))
    return np.exp(-np.maximum(e, 0.0))


def effect(
    d: Floats,
    *,
    size: float = 0.10,
    guarded_at: float | None = 0.0,
    guarded_from: int = 16,
    looks: tuple[tuple[int, float], ...] = LOOKS,
    floor: float = -1.0,
    bets: tuple[float, ...] = BETS,
    share: float | None = SHARE,
) -> Floats:
    """Sequential p of an effect beyond ``size`` in one score, the guard as in the specification."""
    found = []
    for n, w in looks:
        p = judge(d[:, :n] - size) / w
        if guarded_at is not None and n >= guarded_from:
            spent = 1.0 if share is None else share / w
            p = np.maximum(p, spent * guard(d[:, :n], at=guarded_at, floor=floor, bets=bets))
        found.append(p)
    return np.minimum(1.0, np.min(found, axis=0))


def absence(
    d: Floats,
    *,
    margin: float = 0.10,
    guarded_at: float | None = 0.20,
    looks: tuple[tuple[int, float], ...] = LOOKS,
    sides: tuple[int, ...] = (1, -1),
    bets: tuple[float, ...] = BETS,
) -> Floats:
    """Sequential p of equivalence within ``margin`` (sides (-1,): of "below the margin" alone)."""
    found = []
    for n, w in looks:
        at_look = []
        for sign in sides:  # 1: d > -margin, -1: -d > -margin
            x = sign * d[:, :n]
            p = judge(x + margin) / w
            if guarded_at is not None:
                p = np.maximum(p, SHARE / w * guard(x, at=-guarded_at, bets=bets))
            at_look.append(p)
        found.append(np.max(at_look, axis=0))
    return np.minimum(1.0, np.min(found, axis=0))


# Worlds of two values: exact, without simulation.


@lru_cache(maxsize=200_000)
def two_point_p(n: int, minus: int, up: float, down: float) -> float:
    """`judged` for n - minus values of ``up`` > 0 and ``minus`` of -``down`` < 0 (after the shift)."""
    values = [Fraction(str(round(up, 9)))] * (n - minus) + [-Fraction(str(round(down, 9)))] * minus
    return judged(values)


def two_point_support(
    up: float,
    down: float,
    rare: float,
    *,
    size: float = 0.10,
    guarded_at: float | None = 0.0,
    guarded_from: int = 16,
    looks: tuple[tuple[int, float], ...] = LOOKS,
    level: float = LEVEL,
    bets: tuple[float, ...] = BETS,
    share: float | None = SHARE,
) -> float:
    """Chance of SUPPORTED when d = up, or -down with chance ``rare``, per seed; exact."""
    if up <= size:
        return 0.0
    most = [
        _most(n, w, up, down, size, guarded_at if n >= guarded_from else None, level, bets, share)
        for n, w in looks
    ]
    undecided, before, supported = np.array([1.0]), 0, 0.0
    for (n, _), limit in zip(looks, most, strict=True):
        counts = np.convolve(undecided, binomial(n - before, rare))
        supported += counts[: limit + 1].sum()
        counts[: limit + 1] = 0
        undecided, before = counts, n
    return float(supported)


def _most(
    n: int,
    w: float,
    up: float,
    down: float,
    size: float,
    guarded_at: float | None,
    level: float,
    bets: tuple[float, ...],
    share: float | None,
) -> int:
    """The largest number of bad seeds among n with which the look still supports; -1: none."""
    for minus in range(n + 1):
        if two_point_p(n, minus, up - size, down + size) / w > level:
            return minus - 1
        if guarded_at is not None:
            d = np.array([[up] * (n - minus) + [-down] * minus])
            spent = 1.0 if share is None else share / w
            if spent * guard(d, at=guarded_at, bets=bets)[0] > level:
                return minus - 1
    return n


def binomial(n: int, p: float) -> Floats:
    """Chances of 0 to n successes."""
    k = np.arange(n + 1)
    with np.errstate(divide="ignore"):
        logs = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        logs += k * math.log(max(p, 1e-300)) + (n - k) * math.log1p(-min(p, 1 - 1e-16))
    return np.exp(logs)


def check() -> None:
    """How near the fast p-values are to the exact ones where words are decided."""
    stream = np.random.default_rng(0)
    for n in (16, 32):
        worst = 0.0
        for _ in range(300):
            x = stream.normal(stream.uniform(0.5, 1.2), 1 + 2 * stream.random(n) ** 3)
            x = np.round(x, 6)
            exact = judged([Fraction(str(v)) for v in x])
            if 1e-4 < exact < 0.02:
                worst = max(worst, abs(math.log(judge(x[None])[0] / exact)))
        print(f"{n} seeds: ratio to the exact p at most {math.exp(worst):.3f}")


if __name__ == "__main__":
    check()
