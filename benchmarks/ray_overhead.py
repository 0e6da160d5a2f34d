"""Ray against the processes of a local run: the same 200 short groups, the same number of processes.

    python benchmarks/ray_overhead.py --json benchmarks/results/ray_overhead.json

A group is two arms by two seeds of one setting, a small network on a few digits. Both runners train
each group once into a new store, in turns; and before that, one group per process, which is mostly what
starting costs. Kept of each run: seconds from start to end, seconds between the first and the last
record, and processor seconds of all processes, which a busy machine changes least; those of Ray's own
daemons grow with the time that a run takes, not with its trials. The overhead is the ratio of medians
minus 1: of whole runs, and of what each group costs beyond the start.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bnclaims import datasets
from bnclaims.datasets import Sources
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Setting, Task, Trial
from bnclaims.store.store import Store
from bnclaims.training.runners import LocalRunner, RayOptions
from bnclaims.training.runners.shards import help_others, shares_of, train_share
from bnclaims.training.trainer import trainer_of

TICKS = os.sysconf("SC_CLK_TCK")


def trials_of(groups: int, epochs: int) -> list[Trial]:
    """Two arms and seeds of as many settings, which differ in the learning rate."""
    task = Task(
        dataset="digits",
        fingerprint=datasets.fingerprint("digits", sources=Sources()),
        image_size=8,
        majority=(("3",),),
        minority=(("8",),),
        majority_images=90,
        minority_images=9,
        validation_majority_images=10,
        validation_minority_images=5,
        test_images=40,
    )
    return [
        Trial(
            setting=Setting(
                task=task,
                architecture="mlp",
                head="softmax",
                batch_size=16,
                epochs=epochs,
                steps=None,
                optimiser="adam",
                learning_rate=(1 + group) * 1e-5,
                precision="fp32",
                device="cpu",
            ),
            arm=arm,
            seed=seed,
        )
        for group in range(groups)
        for seed in range(2)
        for arm in (PLAIN, FINAL_BN)
    ]


def local_process(root: Path, trials: list[Trial], index: int, count: int) -> None:
    """One process of the local run: its share, then what is left of the others'."""
    shares = shares_of(trials, count)
    runner = LocalRunner(Store.open(root), trainer_of("loop", None, Sources()))
    train_share(runner, shares.pop(index))
    help_others(runner, shares)
    runner.close()


def local_run(root: Path, trials: list[Trial], count: int) -> dict[str, float]:
    """Processor seconds of a local run."""
    processes = [
        multiprocessing.get_context("spawn").Process(
            target=local_process, args=(root, trials, index, count)
        )
        for index in range(count)
    ]
    before = os.times()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            raise SystemExit("a local process failed")
    after = os.times()
    return {"processor_seconds": sum(after[:4]) - sum(before[:4])}


def ray_run(root: Path, trials: list[Trial], count: int) -> dict[str, float]:
    """Processor seconds of a run on Ray, by kind of process."""
    from bnclaims.training.runners.ray.actor import Crew
    from bnclaims.training.runners.ray.runner import RayRunner

    crew = Crew(executor="loop", world=None, data_root=None, folder=None)
    before = sum(os.times()[:2])
    runner = RayRunner(Store.open(root), RayOptions(actors=count), crew)
    try:
        runner.obtain(trials)
        driver = sum(os.times()[:2]) - before
        below = {pid: processor_seconds(pid) for pid in descendants(os.getpid())}
        actors = sum(below[pid] for pid in below if is_actor(pid))
        daemons = sum(below.values()) - actors
    finally:
        runner.close()
    return {
        "processor_seconds": driver + actors + daemons,
        "processor_seconds_of_driver": driver,
        "processor_seconds_of_actors": actors,
        "processor_seconds_of_daemons": daemons,
    }


def is_actor(pid: int) -> bool:
    """Whether a process is one of the actors; Ray names them."""
    with contextlib.suppress(OSError):
        return b"TrialActor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def descendants(root: int) -> set[int]:
    """The processes below one."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: set[int] = set()
    added = {root}
    while added := {pid for pid, parent in parents.items() if parent in added}:
        found |= added
    return found


def processor_seconds(pid: int) -> float:
    """User and system time of a process and of its ended children."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def measured(
    run: Callable[[Path, list[Trial], int], dict[str, float]], trials: list[Trial], count: int
) -> dict[str, float]:
    """The times of one run into a new store."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "store"
        start = time.monotonic()
        processor = run(root, trials, count)
        seconds = time.monotonic() - start
        written = [path.stat().st_mtime for path in (root / "trials").glob("*/*.trial")]
        if len(written) != len(trials):
            raise SystemExit(f"{len(written)} of {len(trials)} trials are stored")
        return {
            "seconds": seconds,
            "first_to_last_record": max(written) - min(written),
            **processor,
        }


def main() -> None:
    """Measures, prints and writes the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sizes = {"start": options.processes, "whole": options.groups}
    runs: dict[str, dict[str, list[dict[str, float]]]] = {
        size: {"local": [], "ray": []} for size in sizes
    }
    load = os.getloadavg()[0]
    for repeat in range(options.repeats):
        for size, groups in sizes.items():
            for name, run in (("local", local_run), ("ray", ray_run)):
                trials = trials_of(groups, options.epochs)
                found = measured(run, trials, options.processes)
                runs[size][name].append(found)
                said = {what: round(value, 2) for what, value in found.items()}
                print(repeat, size, name, said, flush=True)
    medians = {
        size: {
            name: {what: statistics.median(one[what] for one in each) for what in each[0]}
            for name, each in of_size.items()
        }
        for size, of_size in runs.items()
    }
    more = options.groups - options.processes
    whole, start = medians["whole"], medians["start"]
    per_group = {
        name: (whole[name]["processor_seconds"] - start[name]["processor_seconds"]) / more
        for name in whole
    }
    overhead = {what: whole["ray"][what] / whole["local"][what] - 1 for what in whole["local"]}
    overhead["processor_seconds_per_group"] = per_group["ray"] / per_group["local"] - 1
    result = {
        "groups": options.groups,
        "trials": len(trials_of(options.groups, options.epochs)),
        "epochs": options.epochs,
        "processes": options.processes,
        "load_before": load,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "ray": version("ray"),
        "runs": runs,
        "processor_seconds_of_the_start": {
            name: start[name]["processor_seconds"] for name in start
        },
        "processor_seconds_per_group": per_group,
        "overhead": overhead,
    }
    print({what: f"{value:+.1%}" for what, value in overhead.items()})
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
