"""The threshold share of the gain: the committed audits, and the bias of cross-fitted thresholds.

PYTHONPATH=benchmarks/generation2 python benchmarks/generation2/threshold.py [--suites 2000]
"""

from __future__ import annotations

import argparse
from fractions import Fraction

import numpy as np
from committed import file_of
from scipy.special import ndtr, ndtri

from bnclaims.audit.evidence.metrics import auc
from bnclaims.report.predictions import decode_predictions
from bnclaims.stats import guarded_p, hodges_lehmann
from bnclaims.stats.cross_fit import cross_fitted_j, halves
from bnclaims.stats.ratio import ratio_interval
from bnclaims.store.record import Record

CELLS = (
    ("quick-digits", "digits", "simple_cnn", 1000),
    ("quick-leaves", "leaves", "simple_cnn", 1000),
    ("quick-apple", "plantvillage-apple", "simple_cnn", 1000),
    ("quick-apple", "plantvillage-apple", "mlp", 1000),
    ("full-apple", "plantvillage-apple", "simple_cnn", 1000),
    ("full-apple", "fashion-mnist", "simple_cnn", 700),
)


def j_of(record: Record, shifted: bool = False) -> tuple[Fraction, Fraction]:
    """J as the network decides, and at cross-fitted thresholds."""
    split = record.splits["test"]
    scores = record.scores["kept", "test"].astype(np.float64)
    margins = scores[:, 1] - scores[:, 0]
    if shifted:
        margins = margins - np.log(record.train_images[1] / record.train_images[0])
    called = margins > 0
    rates = [
        Fraction(int(called[split.labels == c].sum()), int((split.labels == c).sum()))
        for c in (1, 0)
    ]
    own = rates[0] - rates[1]
    return own, cross_fitted_j(split.labels, margins, halves(split.groups, split.labels))


def audit(report: str, dataset: str, architecture: str, majority: int) -> str:
    """One line: gain, its parts, their share and h, with intervals."""
    by_setting: dict[object, dict[str, dict[int, Record]]] = {}
    for record in decode_predictions(file_of(report, "predictions.npz")).values():
        s = record.trial.setting
        wanted = (dataset, architecture, "softmax", 64, 10)
        if (s.task.dataset, s.architecture, s.head, s.batch_size, s.epochs) != wanted:
            continue
        if record.diverged or record.train_images != (majority, majority // 100):
            continue
        arms = by_setting.setdefault(s, {})
        arms.setdefault(record.trial.arm, {})[record.trial.seed] = record
    # The premise's own cell: of several tasks, the one in which both arms have the most seeds.
    arms = max(
        by_setting.values(),
        key=lambda a: len(a.get("plain", {}).keys() & a.get("final_bn", {}).keys()),
    )
    by_arm = {a: {q: j_of(r) for q, r in arms[a].items()} for a in ("plain", "final_bn")}
    moved = {q: j_of(r, shifted=True)[0] for q, r in arms["plain"].items()}
    seeds = sorted(by_arm["plain"].keys() & by_arm["final_bn"].keys())
    plain, layer = ([by_arm[a][q] for q in seeds] for a in ("plain", "final_bn"))
    gain = [b[0] - a[0] for a, b in zip(plain, layer, strict=True)]
    ranking = [b[1] - a[1] for a, b in zip(plain, layer, strict=True)]
    moves = [g - r for g, r in zip(gain, ranking, strict=True)]
    h = [b[0] - moved[q] for q, b in zip(seeds, layer, strict=True)]
    share = ratio_interval(moves, gain)
    cells = [
        f"{e.estimate:.2f} [{e.low:.2f}, {e.high:.2f}]"
        for e in (*(hodges_lehmann(v) for v in (gain, moves, ranking)), share, hodges_lehmann(h))
    ]
    return f"| {report}, {dataset}, {architecture} | {len(seeds)} | {' | '.join(cells)} |"


def ranking_kept(report: str, dataset: str) -> str:
    """One line: what removal costs in AUC, and the p-values of the third part of claim (i)."""
    lost, kept = [], []
    for record in decode_predictions(file_of(report, "predictions.npz")).values():
        s = record.trial.setting
        if (s.task.dataset, s.architecture, s.epochs) != (dataset, "simple_cnn", 10):
            continue
        if ("removed", "test") not in record.scores or s.batch_size != 64:
            continue
        labels = record.splits["test"].labels
        both = [auc(labels, record.scores[readout, "test"]) for readout in ("kept", "removed")]
        kept.append(both[0] - Fraction(1, 2))
        lost.append(both[1] - both[0])
    options = {"worst": 0.5, "weight": 0.5}
    alive = guarded_p(kept, shift=0.1, **options)
    change = guarded_p(lost, shift=-0.05, distance=0.05, **options)
    worse = guarded_p(lost, shift=-0.05, distance=0.05, alternative="less", **options)
    e = hodges_lehmann(lost)
    return (
        f"| {report} | {len(lost)} | {float(sum(kept) / len(kept)) + 0.5:.2f} | "
        f"{e.estimate:.2f} [{e.low:.2f}, {e.high:.2f}] | {alive:.2g} | {change:.2g} | {worse:.2g} |"
    )


def best_j(auc: float) -> float:
    """Largest J of two normal classes of equal spread with this area."""
    apart = np.sqrt(2) * ndtri(auc)
    return float(2 * ndtr(apart / 2) - 1)


def bias(auc: float, per_class: int, suites: int) -> tuple[float, float]:
    """Mean of the cross-fitted J minus the best, and of the J at thresholds chosen on all images."""
    stream = np.random.default_rng(7)
    apart = np.sqrt(2) * ndtri(auc)
    labels = np.repeat([0, 1], per_class)
    half = np.tile([False, True], per_class)
    crossed, chosen = [], []
    for _ in range(suites):
        margins = stream.normal(labels * apart)
        crossed.append(float(cross_fitted_j(labels, margins, half)))
        order = np.sort(margins)
        one = np.searchsorted(np.sort(margins[labels == 1]), order, side="right")
        other = np.searchsorted(np.sort(margins[labels == 0]), order, side="right")
        chosen.append(((other - one) / per_class).max())
    return float(np.mean(crossed)) - best_j(auc), float(np.mean(chosen)) - best_j(auc)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", type=int, default=2_000)
    suites = parser.parse_args().suites
    print("| audit | seeds | gain in J | by the threshold | by ranking | threshold share | h |")
    print("|---|---|---|---|---|---|---|")
    for cell in CELLS:
        print(audit(*cell), flush=True)
    print("\n| audit | seeds | AUC kept | removed - kept | p alive | p kept | p lost |")
    print("|---|---|---|---|---|---|---|")
    for report, dataset, *_ in (CELLS[0], CELLS[1], CELLS[2], CELLS[4]):
        print(ranking_kept(report, dataset), flush=True)
    print("\n| AUC, best J | images per class | cross-fitted | same images |\n|---|---|---|---|")
    for area in (0.5, 0.7, 0.8, 0.9, 0.95, 0.99):
        for per_class in (50, 150, 500):
            crossed, chosen = bias(area, per_class, suites)
            print(
                f"| {area}, {best_j(area):.2f} | {per_class} | {crossed:+.3f} | {chosen:+.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
