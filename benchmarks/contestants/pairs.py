"""Two processes on two cores against one on one."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from bnclaims.protocol.names import FINAL_BN
from contestants import REFERENCE
from contestants.job import write_job
from contestants.match import finish, start
from contestants.work import trial_of

# Seconds within which two processes have imported torch and wait for the common start.
HEAD_STARTS = (10.0, 30.0)
SIDE, STEPS = 32, 48


def measured(rounds: int, folder: Path) -> list[dict[str, float]]:
    """Wall seconds of the same trainings by one process, and by two at once on two cores."""
    if len(cores()) < 2:
        return []
    found = []
    jobs = [folder / f"pair-{seed}.npz" for seed in range(2)]
    for seed, path in enumerate(jobs):
        write_job(trial_of(SIDE, FINAL_BN, seed, STEPS), path)
    for _ in range(rounds):
        alone = _together(jobs, cores()[-1:], folder)
        both = _together(jobs, cores()[-2:], folder)
        if alone is not None and both is not None:
            found.append({"one": alone, "two": both, "throughput": 2 * alone / both})
    return found


def _together(jobs: Sequence[Path], on: Sequence[int], folder: Path) -> float | None:
    """Wall seconds of the slowest of processes that all train the jobs, each on its core.

    None where the machine is too busy for all of them to be ready at the common start.
    """
    for head_start in HEAD_STARTS:
        begin = time.monotonic() + head_start
        outs = [folder / f"pair-{core}.json" for core in on]
        processes = [
            start(REFERENCE, jobs, out, core=core, begin=begin)
            for core, out in zip(on, outs, strict=True)
        ]
        finished = [finish(process, out) for process, out in zip(processes, outs, strict=True)]
        ready = [
            result
            for result in finished
            if not isinstance(result, str) and result["imported"]["wall"] < head_start
        ]
        if len(ready) == len(on):
            return max(sum(run["fit"]["wall"] for run in result["runs"]) for result in ready)
    return None


def cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
