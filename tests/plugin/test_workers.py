"""Runs on several workers: the same records, no torch for judging alone, an end after every crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bnclaims.store.codec import differences
from bnclaims.store.store import Store
from fixtures.projects import with_small_networks

Audit = Callable[..., pytest.RunResult]


def same_records(one: Path, other: Path) -> bool:
    first, second = Store.open(one), Store.open(other)
    keys = first.keys()
    assert keys and keys == second.keys()
    pairs = [(first.read(key), second.read(key)) for key in keys]
    return all(a is not None and b is not None and not differences(a, b) for a, b in pairs)


def document(report: str) -> dict[str, Any]:
    return dict(json.loads((Path(report) / "report.json").read_text()))


@pytest.mark.parametrize(
    "count", [pytest.param(1, marks=pytest.mark.long), 3, pytest.param(4, marks=pytest.mark.long)]
)
def test_any_number_of_workers_gives_the_records_and_the_report_of_a_single_process(
    small_audit: Audit, count: int
) -> None:
    small_audit("--world=effect", "--store=alone", "--report=alone-report")
    evidence = Path("alone-report/trials.csv").read_bytes()
    claims = document("alone-report")["claims"]
    assert claims
    small_audit("--world=effect", "-n", str(count), "--store=shared", "--report=shared-report")
    assert same_records(Path("alone"), Path("shared"))
    assert Path("shared-report/trials.csv").read_bytes() == evidence
    assert document("shared-report")["claims"] == claims
    # They share the trials, and train none twice.
    stored = list(Path("shared", "trials").rglob("*.trial"))
    assert document("shared-report")["run"]["trained"] == len(stored) > 0
    assert not Path("shared", "determinism.jsonl").exists()


@pytest.mark.parametrize(
    "count", [pytest.param(1, marks=pytest.mark.long), 2, pytest.param(4, marks=pytest.mark.long)]
)
def test_any_number_of_workers_trains_the_same_networks(
    pytester: pytest.Pytester, small_audit: Audit, count: int
) -> None:
    protocol = pytester.path / "small.toml"
    protocol.write_text(with_small_networks(protocol.read_text()))
    small_audit("-k", "raises", "--store=alone")
    small_audit("-k", "raises", "-n", str(count), "--store=workers")
    assert same_records(Path("alone"), Path("workers"))


SPY = """
import json, os, pathlib, sys

def pytest_sessionfinish(session):
    # Not from the environment: these tests may themselves run in a worker.
    name = getattr(session.config, "workerinput", {}).get("workerid", "controller")
    seen = {"torch": "torch" in sys.modules, "device": os.environ.get("CUDA_VISIBLE_DEVICES")}
    pathlib.Path(f"seen-{name}.json").write_text(json.dumps(seen))
"""


def seen_by(process: str) -> dict[str, object]:
    return dict(json.loads(Path(f"seen-{process}.json").read_text()))


def test_workers_that_only_judge_import_no_torch(
    pytester: pytest.Pytester, small_audit: Audit
) -> None:
    pytester.makepyfile(spy=SPY)
    small_audit("--world=effect")
    # The same trials, and now the trainer of real networks, which has nothing to do.
    result = small_audit("-n", "2", "-p", "spy")
    result.assert_outcomes(passed=1, failed=1)
    assert not any(seen_by(process)["torch"] for process in ("gw0", "gw1", "controller"))


def test_a_replacement_of_a_crashed_worker_keeps_its_device(
    pytester: pytest.Pytester, small_audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(spy=SPY, cuda="import torch; torch.cuda.is_available = lambda: True")
    # It dies where it judges: with a GPU another process trains.
    pytester.makepyfile(
        killer="""
        import os, signal
        from bnclaims.run.session import AuditSession

        if os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
            AuditSession.judge = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-5ebe9fb7, MIG-2b9c1a6e")
    # As many workers as tests: each has one, so gw1 is sure to judge and to die.
    small_audit("--world=effect", "--gpu", "-n", "2", "-p", "spy", "-p", "cuda", "-p", "killer")
    # Which also shows that the spy sees torch where it is.
    assert seen_by("gw0")["torch"]
    devices = {name: seen_by(name)["device"] for name in ("gw0", "gw2")}
    assert devices == {"gw0": "GPU-5ebe9fb7", "gw2": "MIG-2b9c1a6e"}


KILLER = """
import os, signal
from bnclaims.training import synthetic

made = synthetic.trainer
worker = os.environ.get("PYTEST_XDIST_WORKER")

def trainer(name):
    train = made(name)

    def lethal(trial):
        if worker and {condition}:
            os.kill(os.getpid(), signal.SIGKILL)
        return train(trial)

    return lethal

synthetic.trainer = trainer
"""


def test_a_trial_that_kills_every_worker_ends_the_run_with_a_failure(
    pytester: pytest.Pytester, small_audit: Audit
) -> None:
    pytester.makepyfile(killer=KILLER.format(condition='trial.setting.head == "sigmoid"'))
    result = small_audit("--world=effect", "-n", "2", "-p", "killer")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "crashed while running" in result.stdout.str()
    words = json.loads(Path("reports/latest/report.json").read_text())["claims"]
    assert {claim["id"]: claim["verdict"] for claim in words}["premise"] == "SUPPORTED"
