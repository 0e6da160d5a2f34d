"""The same trainings by this suite and by what one would use instead, side by side.

    python benchmarks/peers.py --out benchmarks/results/peers.json

Every contestant gets the same images, first weights and batches, trains on one core with one thread
in a process of its own, and takes its turn in every round. Compare ratios within a run: other
programs on the machine change absolute times. What is not installed (``pip install -e '.[bench]'``)
is left out with the reason. Writes FILE.json and, beside it, FILE.md and FILE.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from contestants import CONTESTANTS, REFERENCE, page, pairs, results
from contestants.job import write_job
from contestants.match import compete, finish, start
from contestants.work import WORK, trial_of

# The first training of a size warms up: compilers, caches, the allocator.
SEEDS_PER_ROUND = 2
PACKAGES = ("torch", "lightning", "fastai", "skorch", "jax", "flax", "optax", "numpy")


def jobs_of(round_: int, sides: Sequence[int], folder: Path) -> dict[int, list[Path]]:
    """Files with the jobs of a round, by size."""
    seeds = range(SEEDS_PER_ROUND * round_, SEEDS_PER_ROUND * (round_ + 1))
    found: dict[int, list[Path]] = {}
    for side in sides:
        for seed in seeds:
            for arm in WORK[side][3]:
                path = folder / f"{side}-{arm}-{seed}.npz"
                write_job(trial_of(side, arm, seed), path)
                found.setdefault(side, []).append(path)
    return found


def play(
    names: Sequence[str], rounds: int, sides: Sequence[int], folder: Path
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The numbers of every contestant in every round, and why some have none."""
    skipped = {name: why for name in names if (why := CONTESTANTS[name].missing())}
    core = pairs.cores()[-1]
    played: list[dict[str, Any]] = []
    for round_ in range(rounds):
        jobs = jobs_of(round_, sides, folder)
        # Another one begins in every round, so that a busy minute does not always hit the same.
        order = [*names[round_ % len(names) :], *names[: round_ % len(names)]]
        for name in (name for name in order if name not in skipped):
            own = CONTESTANTS[name].sizes
            paths = [path for side in sides if own is None or side in own for path in jobs[side]]
            if not paths:
                skipped[name] = "has no size of this run"
                continue
            out = folder / "result.json"
            result = finish(start(name, paths, out, core=core), out)
            if isinstance(result, str):
                skipped[name] = result
                continue
            played.append({"contestant": name, "round": round_, **result})
            print(round_, name, round(result["whole"]["processor"], 1), "s", flush=True)
    played = [one for one in played if one["contestant"] not in skipped]
    return played, skipped


def machine() -> dict[str, Any]:
    """What the numbers depend on beside the code."""
    import torch

    from bnclaims.training.executors.device import environment_fingerprint

    flags = Path("/proc/cpuinfo")
    text = flags.read_text(encoding="utf-8") if flags.exists() else ""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "processor": environment_fingerprint(torch.device("cpu"))["processor"],
        "cores": len(pairs.cores()),
        "amx": "amx_bf16" in text,
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "packages": found,
    }


def main() -> None:
    """Plays, or trains for one contestant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("peers.json"), metavar="FILE.json")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sides", type=int, nargs="+", choices=WORK, default=list(WORK))
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("jobs", type=Path, nargs="*", help=argparse.SUPPRESS)
    for name, kind in (("contestant", str), ("result", Path), ("core", int)):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    for name in ("started", "begin"):
        parser.add_argument(f"--{name}", type=float, default=0.0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.contestant is not None:
        compete(
            given.contestant,
            given.jobs,
            given.result,
            core=given.core,
            started=given.started,
            begin=given.begin,
        )
        return
    about = machine()
    before = sum(os.times()[:4])
    with tempfile.TemporaryDirectory() as name:
        played, skipped = play(given.only, given.rounds, given.sides, Path(name))
        paired = pairs.measured(given.rounds, Path(name)) if REFERENCE in given.only else []
    document = {
        "machine": about,
        "rounds": given.rounds,
        "processor_seconds_of_this_run": sum(os.times()[:4]) - before,
        **results.summary(played, skipped, paired),
        "played": played,
    }
    given.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    given.out.with_suffix(".md").write_text(page.page(document), encoding="utf-8")
    page.draw(document, given.out.with_suffix(".svg"))
    print(given.out.with_suffix(".md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
