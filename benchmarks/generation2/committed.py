"""Scores per seed from the reports of generation 1: what power is resampled from.

They stand at a commit of this repository, and are read from its history.
"""

from __future__ import annotations

import csv
import subprocess
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bnclaims.report.schemas import GENERATION_1

Floats = NDArray[np.float64]
Key = tuple[str, ...]


def f1(table: Floats) -> float:
    """F1 of the second class."""
    union = table[1].sum() + table[:, 1].sum()
    return float(2 * table[1, 1] / union) if union else 0.0


def youden(table: Floats) -> float:
    """True minus false positive rate."""
    return float(table[1, 1] / table[1].sum() - table[0, 1] / table[0].sum())


def file_of(report: str, name: str) -> bytes:
    """A file of a report, from the history of the clone that this program is in."""
    command = ["git", "show", f"{GENERATION_1}:reports/{report}/{name}"]
    where = Path(__file__).parent
    return subprocess.run(command, cwd=where, capture_output=True, check=True).stdout


@lru_cache(maxsize=8)
def scores(report: str) -> dict[Key, dict[int, tuple[float, float]]]:
    """F1 and J by setting, arm and readout, then by seed; tasks of two classes."""
    found: dict[Key, dict[int, tuple[float, float]]] = {}
    for row in csv.DictReader(file_of(report, "trials.csv").decode().splitlines()):
        if row["diverged"] == "true" or row["true2_pred0"]:
            continue
        table = np.array([[float(row[f"true{t}_pred{p}"]) for p in (0, 1)] for t in (0, 1)])
        key = (
            *(row[k] for k in ("dataset", "architecture", "head", "batch_size", "epochs")),
            *(row[k] for k in ("steps", "majority_images", "minority_images")),
            *(row[k] for k in ("arm", "readout")),
        )
        found.setdefault(key, {})[int(row["seed"])] = (f1(table), youden(table))
    return found


def of(
    report: str, setting: str, arm: str, readout: str = "kept"
) -> dict[int, tuple[float, float]]:
    """``setting``: dataset architecture head batch_size epochs steps majority minority, "-" for none."""
    key = tuple("" if part == "-" else part for part in setting.split())
    return scores(report)[(*key, arm, readout)]


def gains(
    report: str, setting: str, arm: str = "final_bn", readout: str = "kept", base: str = "plain"
) -> Floats:
    """Differences of F1 and J to plain, shape (seeds, 2)."""
    one, other = of(report, setting, arm, readout), of(report, setting, base)
    seeds = sorted(one.keys() & other.keys())
    return np.array([np.subtract(one[s], other[s]) for s in seeds])


def resampled(rows: Floats, suites: int, n: int = 64, seed: int = 0) -> Floats:
    """Whole seeds drawn with replacement, shape (suites, n, ...)."""
    return rows[np.random.default_rng(seed).integers(len(rows), size=(suites, n))]
