"""A guard against slow-downs that works on busy machines: ratios within one run, not times.

    python benchmarks/guard.py

Each pair of works is done by turns, and the least processor time of each counts. A ratio that is more
than its factor above the one in ``benchmarks/ratios.json`` is named, and the exit status is 1;
``--write`` takes the measured ratios as the new ones.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from guarded import PAIRS, Pair

RATIOS = Path(__file__).with_name("ratios.json")
ROUNDS = 7


def ratio(pair: Pair, rounds: int, folder: Path) -> float:
    """Least processor time of the guarded work over that of what it is compared with."""
    works = pair.make(folder)
    least = [float("inf"), float("inf")]
    for _ in range(rounds):
        for index, work in enumerate(works):
            least[index] = min(least[index], _seconds(work))
    return least[0] / least[1]


def _seconds(work: Callable[[], object]) -> float:
    since = time.process_time()
    work()
    return time.process_time() - since


def slower(
    measured: Mapping[str, float], known: Mapping[str, float], factors: Mapping[str, float]
) -> list[str]:
    """A sentence for every ratio that is above its known value by more than its factor."""
    return [
        f"{name}: {now:.3g}, was {known[name]:.3g}; more than {factors[name]:g} times that"
        for name, now in measured.items()
        if name in known and now > factors[name] * known[name]
    ]


def main() -> None:
    """Measures, compares, and says so by the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", nargs="+", choices=PAIRS, default=list(PAIRS))
    parser.add_argument("--write", action="store_true", help="take the ratios as the known ones")
    given = parser.parse_args()
    known: dict[str, Any] = json.loads(RATIOS.read_text("utf-8")) if RATIOS.exists() else {}
    measured: dict[str, float] = {}
    for name in given.only:
        with tempfile.TemporaryDirectory() as folder:
            measured[name] = ratio(PAIRS[name], given.rounds, Path(folder))
        print(f"{measured[name]:8.3f}  {known.get(name, float('nan')):8.3f}  {name}", flush=True)
    if given.write:
        rounded = {name: float(f"{value:.3g}") for name, value in (known | measured).items()}
        RATIOS.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
        return
    found = slower(measured, known, {name: pair.factor for name, pair in PAIRS.items()})
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
