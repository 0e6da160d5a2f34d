"""How cost grows: trials of an audit, pixels of an image, networks that are trained at once.

    python benchmarks/growth.py --out benchmarks/results/growth.json

An audit of a synthetic world goes through the real store, judge, report, ``trials.csv`` and verifier,
under the nightly protocol after ever more nights. Steps are those of the simple network on noise.
Every measurement has a process of its own. Writes FILE.json, and FILE.md and FILE.svg beside it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from growing.audits import audit_of, store_of
from growing.page import draw, page
from growing.steps import replicas_of, steps_of

from bnclaims.training import EXECUTORS

# Nights of the nightly protocol, and whether only the premise is judged: 8 to some 10,000 trials.
NIGHTS = ((1, True), (1, False), (6, False), (58, False))
SIDES = (8, 16, 32, 64, 128)
REPLICAS = (1, 2, 4, 8, 16, 32)


def alone(measure: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a new process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, arguments)


def least(rounds: int, measure: Callable[..., Any], *arguments: Any) -> dict[str, float]:
    """The least of each number over some processes."""
    found = [alone(measure, *arguments) for _ in range(rounds)]
    return {name: min(one[name] for one in found) for name in found[0]}


def measured(given: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """The parts of the result, one by one."""

    def in_folder(measure: Callable[..., Any], *arguments: Any) -> Any:
        with tempfile.TemporaryDirectory(dir=given.scratch) as folder:
            return alone(measure, *arguments, Path(folder))

    if "audit" in given.parts:
        yield "audits", [in_folder(audit_of, *one) for one in NIGHTS if one[0] <= given.nights]
    if "store" in given.parts:
        yield "store", in_folder(store_of, given.records)
    if "pixels" in given.parts:
        yield (
            "steps",
            {
                name: {s: least(given.rounds, steps_of, name, s, given.device) for s in SIDES}
                for name in EXECUTORS
            },
        )
    if "replicas" in given.parts:
        yield (
            "replicas",
            {
                name: {n: alone(replicas_of, name, n, given.device) for n in REPLICAS}
                for name in EXECUTORS
            },
        )


def main() -> None:
    """Measures, prints and writes."""
    parts = ("audit", "store", "pixels", "replicas")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("growth.json"), metavar="FILE.json")
    parser.add_argument("--parts", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--nights", type=int, default=60, help="the most nights of an audit")
    parser.add_argument("--records", type=int, default=100_000, help="of the large store")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--scratch", type=Path, help="a folder for stores; else that of the system")
    given = parser.parse_args()
    result: dict[str, Any] = {
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "device": given.device,
        "python": platform.python_version(),
    }
    for name, part in measured(given):
        result[name] = part
    # Keys as they are read back.
    result = json.loads(json.dumps(result))
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    given.out.with_suffix(".md").write_text(page(result), encoding="utf-8")
    draw(result, given.out.with_suffix(".svg"))
    print(page(result))


if __name__ == "__main__":
    main()
