"""Words that rest on several tests: (v), one effect in two scores, comparisons, nightly evidence.

PYTHONPATH=benchmarks/generation2 python benchmarks/generation2/answers.py [--suites 2000]
"""

from __future__ import annotations

import argparse

import numpy as np
from committed import gains, resampled
from fast import LEVEL, Floats, absence, effect

SIZE = 0.10
LATE = ((32, 0.5), (64, 0.5))


def share(p: Floats) -> str:
    """Percent of suites that are decided."""
    return f"{100 * (p <= LEVEL).mean():.2f}"


def smaller(d: Floats) -> Floats:
    """P of an effect below the size, the looks and the guard of absence; one score."""
    return absence(d, margin=SIZE, looks=LATE, sides=(-1,))


def beyond(d: Floats) -> Floats:
    """P of a difference beyond the size on either side."""
    return np.minimum(1.0, 2 * np.minimum(effect(d), effect(-d)))


def one_or_two_majorities(suites: int) -> None:
    """Claim (v), one score (two that agree): g1, g2 normal with a correlation of .3."""
    print("| (v) g1, g2 (SD .2, .1) | % SUPPORTED | % REFUTED |\n|---|---|---|")
    for one, two in (
        *((0.6, 0.0), (0.4, 0.0), (0.3, 0.05), (0.6, 0.10), (0.10, 0.0), (0.15, 0.05)),
        *((0.6, 0.15), (0.6, 0.3), (0.3, 0.3), (0.0, 0.0)),
    ):
        stream = np.random.default_rng(6)
        shared, own = stream.normal(size=(2, suites, 64))
        g1 = one + 0.2 * (0.3 * shared + np.sqrt(0.91) * own)
        g2 = two + 0.1 * shared
        # A part that claims absence decides at the looks of absence, and all parts with it.
        support = np.max(
            [effect(g1, looks=LATE), absence(g2, looks=LATE), effect(g1 - g2, looks=LATE)], axis=0
        )
        refute = 3 * np.min([smaller(g1), beyond(g2), smaller(g1 - g2)], axis=0)
        print(f"| {one}, {two} | {share(support)} | {share(refute)} |", flush=True)


def two_scores(suites: int) -> None:
    """Both words of one effect claim where the truths of F1 and J lie on either side of .10."""
    print(
        "\n| F1, J (SD .1) | correlation | % SUPPORTED | % REFUTED | % either |\n|---|---|---|---|---|"
    )
    for one, two in ((0.10, 0.10), (0.11, 0.09), (0.12, 0.08), (0.15, 0.10), (0.10, 0.05)):
        for r in (0.0, 0.7, 0.95, 1.0):
            shared, own = np.random.default_rng(8).normal(size=(2, suites, 64))
            f1, j = one + 0.1 * shared, two + 0.1 * (r * shared + np.sqrt(1 - r * r) * own)
            support = np.maximum(effect(f1), effect(j))
            refute = np.maximum(smaller(f1), smaller(j))
            cells = (share(support), share(refute), share(np.minimum(support, refute)))
            print(f"| {one}, {two} | {r} | {' | '.join(cells)} |", flush=True)


def comparisons(suites: int) -> None:
    """Better, as good, worse: one score (two that agree)."""
    print("\n| remedy - final BN | SD | % better | % as good | % worse |\n|---|---|---|---|---|")
    for centre in (0.0, 0.05, 0.10, 0.15, 0.20, 0.30):
        for spread in (0.05, 0.1, 0.2):
            d = np.random.default_rng(9).normal(centre, spread, (suites, 64))
            cells = (share(effect(d)), share(absence(d, looks=LATE)), share(effect(-d)))
            print(f"| {centre} | {spread} | {' | '.join(cells)} |", flush=True)


def anytime(d: Floats, shift: float, bets: tuple[float, ...], floor: float = -1.0) -> Floats:
    """The anytime p after every seed, (suites, seeds), as `bnclaims.stats.anytime_p`."""
    x = np.maximum(d, floor) - shift
    n = x.shape[1]
    shares = np.empty_like(x)
    for t in range(n):
        size = np.abs(x[:, t, None])
        before = np.abs(x[:, : t + 1])
        ranked = ((before < size).sum(axis=1) + (before <= size).sum(axis=1)) / (2 * (t + 1))
        shares[:, t] = np.sign(x[:, t]) * ranked
    logs = []
    for steps in (shares, x / (shift - floor)):
        parts = [np.log1p(b * steps).cumsum(axis=1) for b in bets]
        mixed = np.logaddexp.reduce(parts, axis=0) - np.log(len(bets))
        logs.append(np.maximum.accumulate(mixed, axis=1))
    return np.exp(-np.maximum(np.minimum(*logs), 0.0))


NIGHTLY = (
    (
        "premise, apple",
        "quick-apple",
        "plantvillage-apple simple_cnn softmax 64 10 - 1000 10",
        "kept",
    ),
    ("Fashion-MNIST", "full-apple", "fashion-mnist simple_cnn softmax 64 10 - 700 7", "kept"),
    (
        "removed, apple",
        "quick-apple",
        "plantvillage-apple simple_cnn softmax 64 10 - 1000 10",
        "removed",
    ),
)


def nightly(suites: int) -> None:
    """Evidence that grows without looks: seeds to a word, and wrong words."""
    few, n = min(suites, 400), 240
    stream = np.random.default_rng(2)
    print(
        "\n| nightly, effect beyond .10 | bets | median seeds | % by 64, 120, 240 |\n|---|---|---|---|"
    )

    def line(name: str, d: Floats, shift: float, bets: tuple[float, ...], floor: float) -> None:
        p = np.max([anytime(d[..., s], shift, bets, floor) for s in range(d.shape[2])], axis=0)
        done = p <= LEVEL
        first = np.where(done.any(axis=1), done.argmax(axis=1) + 1, n + 1)
        shares = ", ".join(f"{100 * done[:, t - 1].mean():.1f}" for t in (64, 120, 240))
        middle = f"{np.median(first):.0f}" if np.median(first) <= n else "more than 240"
        print(f"| {name} | {bets}, losses to {-floor:g} | {middle} | {shares} |", flush=True)

    for bets, floor in (((0.5, 0.9), -2.0), ((0.5, 0.9), -1.0), ((0.5, 0.98), -1.0)):
        for name, report, setting, readout in NIGHTLY:
            d = resampled(gains(report, setting, readout=readout), few, n)
            line(name, d, SIZE, bets, floor)
        for centre in (0.09, 0.10):
            d = stream.normal(centre, 0.1, (few, n, 1))
            line(f"normal, mean {centre}, SD .1", d, SIZE, bets, floor)
        bad = stream.random((few, n, 1)) < 1 / 6
        line("rare_collapse, one in six", np.where(bad, -0.6, 0.12), SIZE, bets, floor)
        # Absence: "greater" for -d from -.10.
        line("absence, mean 0, SD .05", stream.normal(0, 0.05, (few, n, 1)), -SIZE, bets, floor)
        line("absence, mean 0, SD .1", stream.normal(0, 0.1, (few, n, 1)), -SIZE, bets, floor)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", type=int, default=2_000)
    suites = parser.parse_args().suites
    one_or_two_majorities(suites)
    two_scores(suites)
    comparisons(suites)
    nightly(suites)


if __name__ == "__main__":
    main()
