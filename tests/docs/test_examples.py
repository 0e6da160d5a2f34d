"""The examples for schedulers: well-formed, and their command lines do what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.projects import CLAIM_FILE, small_protocol
from fixtures.shell import shellcheck

EXAMPLES = Path(__file__).parents[2] / "examples"
SLURM = EXAMPLES / "slurm" / "array.sbatch"
KUBERNETES = EXAMPLES / "kubernetes" / "indexed-job.yaml"
# Sixteen seeds of two arms under two heads.
FIRST_LOOKS = 16 * 2 * 2
OPTIONS = "--protocol small.toml --world effect --own-share-only"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "test_small.py").write_text(CLAIM_FILE)
    (tmp_path / "small.toml").write_text(small_protocol())
    return tmp_path


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    scripts = folder / "bin"
    scripts.mkdir(exist_ok=True)
    # The command of this source tree, whatever is installed beside it.
    script = scripts / "bnclaims"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bnclaims "$@"\n')
    script.chmod(0o755)
    environment = {**os.environ, **variables}
    environment["PATH"] = f"{scripts}{os.pathsep}{environment['PATH']}"
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(EXAMPLES.parent), os.environ.get("PYTHONPATH", "")])
    )
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def trained(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stderr
    found = re.match(r"(\d+) trained, 0 stored before", done.stdout)
    assert found is not None, done.stdout
    return int(found[1])


def records(store: Path) -> int:
    return len(list((store / "trials").glob("*/*.trial")))


def test_the_slurm_script_is_well_formed() -> None:
    checked = subprocess.run(["bash", "-n", str(SLURM)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    lines = SLURM.read_text(encoding="utf-8").splitlines()
    code = next(number for number, line in enumerate(lines) if line and not line.startswith("#"))
    options = [number for number, line in enumerate(lines) if line.startswith("#SBATCH")]
    # Slurm reads no options after the first command.
    assert options and max(options) < code


def test_shellcheck_finds_nothing_in_the_slurm_script() -> None:
    assert shellcheck(SLURM.read_text(encoding="utf-8")) == ""


def test_the_tasks_of_the_slurm_array_train_the_plan(project: Path) -> None:
    done = [
        run(
            ["bash", str(SLURM)],
            project,
            SLURM_ARRAY_TASK_ID=str(task),
            SLURM_ARRAY_TASK_COUNT="2",
            BNCLAIMS_STORE="store",
            BNCLAIMS_OPTIONS=OPTIONS,
        )
        for task in (1, 2)
    ]
    counts = [trained(each) for each in done]
    assert all(counts) and sum(counts) == records(project / "store") == FIRST_LOOKS


def test_the_slurm_script_names_what_it_lacks(project: Path) -> None:
    done = run(["bash", str(SLURM)], project, BNCLAIMS_STORE="store")
    assert done.returncode != 0
    assert "SLURM_ARRAY_TASK_ID" in done.stderr


def job() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: pip install pyyaml")
    documents = list(yaml.safe_load_all(KUBERNETES.read_text(encoding="utf-8")))
    assert len(documents) == 1
    return dict(documents[0])


def test_the_kubernetes_job_follows_its_schema() -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="pip install kubernetes-validate to check the job"
    )
    validate.validate(job(), "1.31", strict=True)


def test_every_index_of_the_kubernetes_job_has_its_share(project: Path) -> None:
    spec = job()["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    variables = {entry["name"]: entry["value"] for entry in container["env"]}
    assert spec["completionMode"] == "Indexed"
    assert int(variables["SHARDS"]) == spec["completions"] > 1
    mounted = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert mounted["/store"] in {volume["name"] for volume in pod["volumes"]}
    (line,) = container["args"]
    assert "--store /store --protocol quick" in line
    line = line.replace("--store /store --protocol quick", f"--store store {OPTIONS}")
    counts = []
    for index in (0, 1):
        done = run(
            [*container["command"], line], project, SHARDS="2", JOB_COMPLETION_INDEX=str(index)
        )
        counts.append(trained(done))
    assert all(counts) and sum(counts) == records(project / "store") == FIRST_LOOKS


@pytest.mark.parametrize("report", ["remedies-elpv", "remedies-ham10000"])
def test_the_notebook_draws_two_plots_of_a_report(report: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            str(EXAMPLES / "notebook" / "two_plots.py"),
            str(EXAMPLES.parent / "reports" / report),
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("gains.png", "seeds.png"):
        assert (tmp_path / name).read_bytes()[:4] == b"\x89PNG"
    # The advice, and seventeen remedies beside the plain network as it comes.
    assert done.stdout.startswith(("Take ", "Keep ", "Where ", "Nothing "))
    assert done.stdout.count(", threshold tuned") >= 6
