"""Claims (ii) and (iii): size and power of the peak and of the pairs of batch sizes.

    PYTHONPATH=benchmarks/generation2 python benchmarks/generation2/curves.py [--suites 1000] [peak|pairs]

Whole seeds of the committed audits are drawn with replacement; for a size their mean curve is
replaced by one on the edge of the null hypothesis.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import combinations

import numpy as np
from committed import gains, resampled
from fast import LEVEL, LOOKS, SHARE, Floats, guard, judge

SIZE = 0.10
# 1 / 2000 is below the level of the smallest look.
FLIPS = 3_999


def passed(d: Floats, w: float, guarded: bool) -> Floats:
    """P / w of "beyond the size" in the less certain score, for one look; d is (suites, seeds, 2)."""
    p = [judge(d[..., score] - SIZE) / w for score in (0, 1)]
    return np.max(
        [*p, *(SHARE / w * guard(d[..., score]) for score in (0, 1))] if guarded else p, axis=0
    )


def peak_p(gain: Floats, w: float, guarded: bool = True) -> Floats:
    """(suites, seeds, doses, 2 scores): the same interior dose beats both ends in both scores."""
    last = gain.shape[2] - 1
    best = [
        np.max([passed(gain[:, :, r] - gain[:, :, end], w, guarded) for end in (0, last)], axis=0)
        for r in range(1, last)
    ]
    return (last - 1) * np.min(best, axis=0)


def peak_unguarded(gain: Floats, w: float) -> Floats:
    """The same on typical gains alone."""
    return peak_p(gain, w, guarded=False)


def pairs_p(gain: Floats, w: float, guarded: bool = True) -> Floats:
    """Some pair of doses differs by more than the size, on the same side in both scores."""
    pairs = list(combinations(range(gain.shape[2]), 2))
    best = [
        passed(sign * (gain[:, :, b] - gain[:, :, a]), w, guarded)
        for a, b in pairs
        for sign in (1, -1)
    ]
    return 2 * len(pairs) * np.min(best, axis=0)


def pairs_unguarded(gain: Floats, w: float) -> Floats:
    """The same on typical gains alone."""
    return pairs_p(gain, w, guarded=False)


def max_t_p(gain: Floats, w: float) -> Floats:
    """The larger of the joint max-t of both scores over all pairs; no guard."""
    n, doses = gain.shape[1], gain.shape[2]
    signs = 2.0 * np.random.default_rng(0).integers(2, size=(FLIPS, n)) - 1
    pairs = list(combinations(range(doses), 2))
    found = np.empty((len(gain), 2))
    for suite, table in enumerate(gain):
        for score in (0, 1):
            d = np.array([table[:, b, score] - table[:, a, score] for a, b in pairs]).T
            unit = d / np.maximum(np.sqrt((d**2).sum(axis=0)), 1e-12)
            observed = np.abs(unit.sum(axis=0)).max()
            extreme = (np.abs(signs @ unit).max(axis=1) >= observed - 1e-10).sum()
            found[suite, score] = (extreme + 1) / (FLIPS + 1)
    return found.max(axis=1) / w


def by_look(test: Callable[[Floats, float], Floats], gain: Floats) -> str:
    """Percent of suites supported at each look or before."""
    smallest, shares = np.full(len(gain), 1.0), []
    for n, w in LOOKS:
        smallest = np.minimum(smallest, test(gain[:, :n], w))
        shares.append(f"{100 * (smallest <= LEVEL).mean():.1f}")
    return "/".join(shares)


def ratios(report: str, dataset: str, counts: tuple[int, ...]) -> Floats:
    """Gains at the ratios, (seeds, doses, 2)."""
    rows = [gains(report, f"{dataset} simple_cnn softmax 64 10 - 600 {n}")[:16] for n in counts]
    return np.stack(rows, axis=1)


def batches(report: str, dataset: str, majority: int, minority: int) -> Floats:
    """Gains at the batch sizes, (seeds, sizes, 2)."""
    rows = [
        gains(report, f"{dataset} simple_cnn softmax {b} 10 - {majority} {minority}")[:16]
        for b in (16, 32, 64, 128, 256)
    ]
    return np.stack(rows, axis=1)


def moved(rows: Floats, curve: tuple[float, ...]) -> Floats:
    """The same residuals about another mean curve, in both scores."""
    return rows - rows.mean(axis=0) + np.array(curve)[None, :, None]


def peaks(suites: int) -> None:
    """Prints the table of claim (ii)."""
    few, all_doses = (2, 6, 20, 61), (2, 6, 20, 61, 192, 600)
    print("| (ii) curve | % SUPPORTED by 16/32/64 seeds | without the guard |\n|---|---|---|")
    audits = (
        ("quick-digits", "digits"),
        ("quick-leaves", "leaves"),
        ("quick-apple", "plantvillage-apple"),
    )
    for report, dataset in audits:
        for counts in (few, all_doses):
            rows = ratios(report, dataset, counts)
            drawn = resampled(rows, suites)
            found = " | ".join(by_look(test, drawn) for test in (peak_p, peak_unguarded))
            means = " ".join(f"{m:.2f}" for m in rows.mean(axis=0)[:, 1])
            print(f"| {dataset}, {len(counts)} ratios, J {means} | {found} |", flush=True)
    for report, dataset in audits:
        rows = ratios(report, dataset, all_doses)
        for name, curve in (
            ("plateau", (0.4,) * 6),
            ("monotone", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)),
            ("all interior doses .10 above both ends", (0.3, 0.4, 0.4, 0.4, 0.4, 0.3)),
            ("one dose .10 above", (0.3, 0.3, 0.4, 0.3, 0.3, 0.3)),
        ):
            drawn = resampled(moved(rows, curve), suites)
            found = " | ".join(by_look(test, drawn) for test in (peak_p, peak_unguarded))
            print(f"| {name}, residuals of {dataset} | {found} |", flush=True)


def pairs(suites: int) -> None:
    """Prints the table of claim (iii)."""
    print(
        "| (iii) gains at five batch sizes | pair beyond .10, guarded | unguarded | joint max-t |"
    )
    print("|---|---|---|---|")

    def line(name: str, drawn: Floats) -> None:
        few = drawn[: min(len(drawn), 300)]
        found = [by_look(test, drawn) for test in (pairs_p, pairs_unguarded)]
        print(f"| {name} | {' | '.join(found)} | {by_look(max_t_p, few)} |", flush=True)

    audits = (
        ("quick-digits", "digits", 1000, 10),
        ("quick-leaves", "leaves", 1000, 10),
        ("quick-apple", "plantvillage-apple", 500, 5),
    )
    for audit in audits:
        rows = batches(*audit)
        means = " ".join(f"{m:.2f}" for m in rows.mean(axis=0)[:, 1])
        line(f"{audit[1]}, J {means}", resampled(rows, suites))
    for audit in audits:
        rows = batches(*audit)
        line(f"equal means, residuals of {audit[1]}", resampled(moved(rows, (0.4,) * 5), suites))
        edge = moved(rows, (0.3, 0.3, 0.35, 0.4, 0.4))
        line(f"four pairs .10 apart, residuals of {audit[1]}", resampled(edge, suites))
    stream = np.random.default_rng(3)
    shape = (suites, 64, 5)
    noise = stream.normal(0, 0.01, (*shape, 2))
    # All have the mean .1: steady at the small sizes, all or little at the large ones.
    rare = np.where(stream.random(shape) < 0.2, 0.5, 0.0)
    rarer = np.where(stream.random(shape) < 0.1, 1.0, 0.0)
    for name, other in ((".5 in 20 %", rare), ("1 in 10 %", rarer)):
        table = np.where(np.arange(5) < 3, 0.1, other)[..., None] + noise
        line(f"equal means, steady .1 against {name}", table)


def main() -> None:
    """Prints both tables, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("peak", "pairs"))
    parser.add_argument("--suites", type=int, default=1_000)
    options = parser.parse_args()
    if options.what != "pairs":
        peaks(options.suites)
    if options.what != "peak":
        pairs(options.suites)


if __name__ == "__main__":
    main()
