"""A soak: thousands of trials of a synthetic world over several processes, some killed at random.

Run it with ``python benchmarks/soak.py FOLDER --json FILE``. It fails where a record is lost, damaged
or trained again, and prints how memory, files and time per trial went on the way. The first process
is never killed, so that its memory is that of a long life; the others die and are replaced.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Setting, Task, Trial
from bnclaims.store.store import Store
from bnclaims.training import synthetic
from bnclaims.training.runners import LocalRunner

TASK = Task(
    dataset="soak",
    fingerprint="",
    image_size=8,
    majority=(("a",),),
    minority=(("b",),),
    majority_images=1000,
    minority_images=10,
    validation_majority_images=20,
    validation_minority_images=5,
    test_images=40,
)
SETTING = Setting(
    task=TASK,
    architecture="mlp",
    head="softmax",
    batch_size=64,
    epochs=1,
    steps=None,
    optimiser="adam",
    learning_rate=1e-3,
    precision="fp32",
    device="cpu",
)
# How many trials of a process make one line of its notes.
WINDOW = 250
# The longest life of a process, in seconds; how long it lives is drawn evenly.
LIFE = 30.0


def plan(count: int) -> list[Trial]:
    """The trials of the soak."""
    return [
        Trial(setting=SETTING, arm=arm, seed=seed)
        for seed in range(count // 2)
        for arm in (PLAIN, FINAL_BN)
    ]


def work(folder: Path, count: int, part: int, parts: int) -> None:
    """Trains what the store lacks, beginning with one part of the plan and ending with the others."""
    store = Store.open(folder / "store")
    make = synthetic.trainer("effect")
    log = os.open(folder / "trainings.log", os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    def noted(trial: Trial) -> Any:
        os.write(log, f"{trial.key} {store.has(trial.key)}\n".encode())
        return make(trial)

    runner = LocalRunner(store, noted)
    trials = plan(count)
    start = len(trials) * part // parts
    spent, trained = 0.0, 0
    for trial in trials[start:] + trials[:start]:
        if store.has(trial.key):
            continue
        since = time.process_time()
        runner.obtain([trial])
        spent += time.process_time() - since
        if runner.trained - trained == WINDOW:
            note = {
                "part": part,
                "pid": os.getpid(),
                "trained": runner.trained,
                "milliseconds": 1000 * spent / WINDOW,
                "resident": resident(),
            }
            with (folder / "notes.jsonl").open("a") as file:
                file.write(json.dumps(note) + "\n")
            spent, trained = 0.0, runner.trained
    runner.close()


def resident() -> float:
    """Memory of this process in MiB; the most it ever had where the present one is not told."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def files_of(store: Path) -> dict[str, int]:
    """How many files each folder of the store holds."""
    counts: dict[str, int] = {}
    for _, _, names in os.walk(store / "trials"):
        for name in names:
            kind = "records" if name.endswith(".trial") else "unfinished"
            counts[kind] = counts.get(kind, 0) + 1
    for folder in ("leases", "errors", "quarantine", "runs"):
        path = store / folder
        counts[folder] = len(list(path.iterdir())) if path.is_dir() else 0
    return counts


def soak(folder: Path, count: int, processes: int, seed: int) -> dict[str, Any]:
    """Runs the soak in an empty folder and returns what was measured."""
    folder.mkdir(parents=True)
    chance = random.Random(seed)
    started = time.monotonic()
    kills, samples = 0, []
    alive = {part: start(folder, count, part, processes) for part in range(processes)}
    ends = {part: time.monotonic() + chance.uniform(0, LIFE) for part in range(1, processes)}
    try:
        while alive:
            time.sleep(0.2)
            for part, process in list(alive.items()):
                if process.poll() is not None:
                    if process.returncode:
                        raise SystemExit(f"process {part} failed with {process.returncode}")
                    del alive[part]
                elif part in ends and time.monotonic() > ends[part]:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    kills += 1
                    alive[part] = start(folder, count, part, processes)
                    ends[part] = time.monotonic() + chance.uniform(0, LIFE)
            if not samples or time.monotonic() - samples[-1]["at"] > 20:
                samples.append({"at": time.monotonic(), **files_of(folder / "store")})
    finally:
        for process in alive.values():
            process.kill()
    seconds = time.monotonic() - started
    return {
        "trials": count,
        "processes": processes,
        "kills": kills,
        "seconds": round(seconds),
        **judge(folder, count, kills),
        **drift(folder, processes),
        "most_other_files": max(
            sum(number for name, number in sample.items() if name not in ("at", "records"))
            for sample in samples
        ),
        "files_in_the_end": files_of(folder / "store"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }


def start(folder: Path, count: int, part: int, parts: int) -> subprocess.Popen[bytes]:
    """A process that works on the soak."""
    command = [sys.executable, __file__, str(folder), "--trials", str(count)]
    return subprocess.Popen([*command, "--part", str(part), "--parts", str(parts)])


def judge(folder: Path, count: int, kills: int) -> dict[str, int]:
    """Whether everything is there, whole, and was trained once but for what kills cost."""
    store = Store.open(folder / "store")
    wanted = {trial.key for trial in plan(count)}
    lines = (folder / "trainings.log").read_text().splitlines()
    again = sum(line.endswith("True") for line in lines)
    found = {
        "lost": sum(store.read(key) is None for key in wanted),
        "damaged": len(store.damaged),
        "trained_again": again,
        "trained_in_vain": len(lines) - count,
        "two_results": len(store.disagreements()),
    }
    bad = {name: n for name, n in found.items() if n and name != "trained_in_vain"}
    if bad or found["trained_in_vain"] > kills or store.keys() != wanted:
        raise SystemExit(f"the soak failed: {found} after {kills} kills")
    return found


def drift(folder: Path, processes: int) -> dict[str, Any]:
    """Time per trial in the first and the last quarter, and the memory of the longest life."""
    notes = [json.loads(line) for line in (folder / "notes.jsonl").read_text().splitlines()]
    quarter = max(1, len(notes) // 4)
    own = [note["resident"] for note in notes if note["part"] == 0]
    own_quarter = max(1, len(own) // 4)
    return {
        "milliseconds_per_trial_first_quarter": mean([n["milliseconds"] for n in notes[:quarter]]),
        "milliseconds_per_trial_last_quarter": mean([n["milliseconds"] for n in notes[-quarter:]]),
        "megabytes_second_quarter": mean(own[own_quarter : 2 * own_quarter] or own),
        "megabytes_last_quarter": mean(own[-own_quarter:]),
        "longest_life_trials": max(note["trained"] for note in notes if note["part"] == 0),
    }


def mean(values: Sequence[float]) -> float:
    """The mean, to two decimals."""
    return round(sum(values) / len(values), 2)


def main() -> None:
    """Runs the soak, or works for one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="an empty or new folder; it is not removed")
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--parts", type=int, default=4, help="processes")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--json", type=Path, help="where the numbers go")
    parser.add_argument("--part", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part is not None:
        work(given.folder, given.trials, given.part, given.parts)
        return
    measured = soak(given.folder, given.trials, given.parts, given.seed)
    text = json.dumps(measured, indent=1) + "\n"
    print(text)
    if given.json:
        given.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
