"""Memory of one worker, in MiB: python benchmarks/memory.py --json benchmarks/results/memory.json.

Runs one claim of the quick protocol twice on two workers and a store of its own: the first time they
train and judge, the second time they only judge. ``peak`` is the most that a worker had resident,
``own`` what it had at the end and shared with no other process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
SPY = """
import os, pathlib, re, resource

def pytest_sessionfinish(session):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "controller")
    private = re.findall(r"Private_\\w+:\\s+(\\d+)", pathlib.Path("/proc/self/smaps_rollup").read_text())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = f"{worker} {peak} {sum(map(int, private))}"
    pathlib.Path(os.environ["MEMORY_OF"], worker).write_text(line)
"""


def run(folder: Path, name: str) -> dict[str, dict[str, float]]:
    """Peak and own memory of each process of a run on the store in ``folder``."""
    (folder / name).mkdir()
    (folder / "memory_spy.py").write_text(SPY)
    path = os.pathsep.join([str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", "claims", "-n", "2", "-q", "-p", "memory_spy"]
    options = ["-p", "no:cacheprovider", "-k", "raises_minority_f1"]
    done = subprocess.run(
        [*command, *options, f"--store={folder / 'store'}", f"--report={folder / 'report'}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "MEMORY_OF": str(folder / name)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout)
    found = {}
    for file in sorted((folder / name).iterdir()):
        process, peak, own = file.read_text().split()
        found[process] = {"peak": round(int(peak) / 1024), "own": round(int(own) / 1024)}
    return found


def main() -> None:
    """Measures, prints and writes the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = {
            "python": platform.python_version(),
            "torch": version("torch"),
            "training_and_judging": run(Path(folder), "training"),
            "judging_only": run(Path(folder), "judging"),
        }
    text = json.dumps(result, indent=1)
    print(text)
    if options.json is not None:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
