"""Processes that train the jobs of a round, one contestant each, and what they measure of themselves."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bnclaims.audit.evidence import confusion, metrics
from contestants import CONTESTANTS, Contestant
from contestants.job import Job, read_job

# One thread in every library that has threads of its own; they are read when it is imported.
ONE_THREAD: Mapping[str, str] = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    # Found by a test of a library for accelerators that are not used here.
    "CUDA_VISIBLE_DEVICES": "",
}
SCRIPT = Path(__file__).parents[1] / "peers.py"


def start(
    name: str, jobs: Sequence[Path], out: Path, *, core: int | None, begin: float = 0.0
) -> subprocess.Popen[bytes]:
    """A process of one contestant that trains the jobs in order and writes its numbers to ``out``.

    It stays on one ``core``, and trains nothing before ``begin`` of the monotonic clock.
    """
    command = [sys.executable, str(SCRIPT), "--contestant", name, "--result", str(out)]
    command += ["--begin", str(begin), "--started", str(time.monotonic())]
    command += [] if core is None else ["--core", str(core)]
    with out.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            [*command, *map(str, jobs)],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ONE_THREAD},
        )


def finish(process: subprocess.Popen[bytes], out: Path) -> dict[str, Any] | str:
    """The numbers of a process, or the last line of what it said when it failed."""
    if process.wait() == 0:
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return found
    said = out.with_suffix(".log").read_text(encoding="utf-8", errors="replace").strip()
    return f"failed: {said.splitlines()[-1] if said else f'exit {process.returncode}'}"


def compete(
    name: str, jobs: Sequence[Path], out: Path, *, core: int | None, started: float, begin: float
) -> None:
    """Trains the jobs in this process and writes what it took.

    Times are seconds: ``processor`` user and system time of the process with all its threads,
    ``wall`` since the process was ``started``, imports included.
    """
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    contestant = CONTESTANTS[name]
    module = importlib.import_module(f"contestants.{contestant.module}")
    imported = {"processor": time.process_time(), "wall": time.monotonic() - started}
    read = [read_job(path) for path in jobs]
    time.sleep(max(0.0, begin - time.monotonic()))
    runs: list[dict[str, Any]] = []
    first: dict[str, float] = {}
    for job in read:
        runs.append(_run(module, contestant, job))
        first = first or {"processor": time.process_time(), "wall": time.monotonic() - started}
    usage = resource.getrusage(resource.RUSAGE_SELF)
    result = {
        "imported": imported,
        "first_result": first,
        "whole": {"processor": time.process_time(), "wall": time.monotonic() - started},
        "peak_mib": usage.ru_maxrss / 1024,
        "runs": runs,
    }
    out.write_text(json.dumps(result), encoding="utf-8")


def _run(module: Any, contestant: Contestant, job: Job) -> dict[str, Any]:
    processor, wall = time.process_time(), time.monotonic()
    fitted = module.fit(job, **contestant.options)
    fit = {"processor": time.process_time() - processor, "wall": time.monotonic() - wall}
    processor = time.process_time()
    scores = module.predict(fitted, job)
    predict = time.process_time() - processor
    if hasattr(module, "read_share"):
        reading = module.read_share(fitted)
        predict += reading * fit["processor"]
        fit = {clock: (1 - reading) * seconds for clock, seconds in fit.items()}
    task = job.trial.setting.task
    counts = confusion.confusion(job.test_labels, scores.argmax(1), len(task.classes))
    return {
        "side": task.image_size,
        "arm": job.trial.arm,
        "seed": job.trial.seed,
        "steps": len(job.batches),
        "fit": fit,
        "predict": {"processor": predict},
        "f1": float(confusion.minority_f1(counts, task.minority_classes)),
        "auc": float(metrics.auc(job.test_labels, scores)),
    }
