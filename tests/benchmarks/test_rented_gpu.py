"""The script for half an hour on a GPU, tried on a CPU: what it runs, what comes back, how it is merged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bnclaims.commands.cli import main
from bnclaims.store.store import Store
from fixtures.pageless import PAGELESS

ROOT = Path(__file__).parents[2]


def script(*words: str) -> str:
    command = [sys.executable, "benchmarks/rented_gpu.py", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_smoke_call_trains_its_shapes_and_plans_the_rest(tmp_path: Path) -> None:
    script("smoke", "--dry-run", f"--out={tmp_path / 'out'}")
    (file,) = (tmp_path / "out" / "smoke").glob("*.json")
    found = json.loads(file.read_bytes())
    assert found["trained_by"] == ["graph"] and found["differs_from_the_loop_in"] == []
    assert found["ms_per_step_and_network"] > 0 and set(found["ms_per_step_by_layout"]) == {
        "channels_last",
        "contiguous_format",
    }
    parts = json.loads((tmp_path / "out" / "summary.json").read_bytes())["parts"]
    assert {part["part"]: part["status"] for part in parts if part["status"] == "planned"} == {
        "growth": "planned",
        "selfcheck": "planned",
    }


def test_what_an_audit_call_brings_home_is_merged_and_judged_without_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, claim = tmp_path / "out", "claims/test_premise.py"
    with monkeypatch.context() as patch:
        # Nobody looks at the page of the rented machine.
        patch.setenv("PYTEST_ADDOPTS", " ".join((os.environ["PYTEST_ADDOPTS"], *PAGELESS)))
        script("audit", "--dry-run", "--world=effect", f"--claims={claim}", f"--out={out}")
    parts = sorted(out.glob("out.tar.part-*"))
    whole = tmp_path / "new.tar"
    whole.write_bytes(b"".join(part.read_bytes() for part in parts))
    home = tmp_path / "home"

    def bnclaims(*words: str) -> str:
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        return done.output

    trained = len(Store.open(out / "store").keys())
    assert f"{trained} added" in bnclaims("store", "add", str(whole), f"--store={home}")
    report = tmp_path / "report"
    options = ("--gpu", f"--store={home}", f"--report={report}", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", claim, *options]
    judged = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    said = json.loads((report / "report.json").read_bytes())
    assert said["run"]["trained"] == 0 and said["selection"]["device"] == "cuda"
    bnclaims("verify", str(report))


def test_a_call_ends_in_its_time_and_says_what_it_did_not_do(tmp_path: Path) -> None:
    script("smoke", "--dry-run", "--minutes=0.4", f"--out={tmp_path / 'out'}")
    parts = json.loads((tmp_path / "out" / "summary.json").read_bytes())["parts"]
    assert parts[0]["status"] == "no time left"


def test_wheels_are_those_of_the_package_and_of_all_that_it_needs_but_torch() -> None:
    said = script("--wheels", "pooch", "pytest-xdist")
    for name in ("pooch==", "platformdirs==", "execnet==", "requests==", "pluggy=="):
        assert name in said
    assert "torch" not in script("--wheels") and "--python-version 3.12" in said
    assert script("--look").strip() == ""


@pytest.mark.parametrize("words", [[], ["nap"]])
def test_what_is_no_call_is_refused(words: list[str]) -> None:
    command = [sys.executable, "benchmarks/rented_gpu.py", *words]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 2
