"""Runs with and without workers: same evidence, nothing trained twice, nothing lost."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

Audit = Callable[..., pytest.RunResult]
TIMING = "train_seconds"


def rows(report: Path) -> list[dict[str, str]]:
    with (report / "trials.csv").open(newline="") as file:
        table = [dict(row) for row in csv.DictReader(file)]
    return sorted(({k: v for k, v in row.items() if k != TIMING} for row in table), key=str)


def words(report: Path) -> dict[str, str]:
    document = json.loads((report / "report.json").read_text())
    return {claim["id"]: claim["verdict"] for claim in document["claims"]}


def test_a_second_run_trains_nothing(small_audit: Audit) -> None:
    small_audit("--world=effect")
    before = sorted((p, p.stat().st_mtime_ns) for p in Path(".bnclaims/store/trials").rglob("*"))
    result = small_audit("--world=effect")
    after = sorted((p, p.stat().st_mtime_ns) for p in Path(".bnclaims/store/trials").rglob("*"))
    assert before == after
    assert json.loads(Path("reports/latest/report.json").read_text())["run"]["trained"] == 0
    result.stdout.fnmatch_lines(["plan: * trials for the first looks, at most *; * stored"])


def test_a_truncated_record_is_named_set_aside_and_trained_again(small_audit: Audit) -> None:
    small_audit("--world=effect")
    evidence = rows(Path("reports/latest"))
    victim = next(Path(".bnclaims/store/trials").rglob("*.trial"))
    victim.write_bytes(victim.read_bytes()[:-20])
    result = small_audit("--world=effect")
    result.stdout.fnmatch_lines([f"set aside: {victim.name}*"])
    assert rows(Path("reports/latest")) == evidence
    assert json.loads(Path("reports/latest/report.json").read_text())["run"]["trained"] == 1


def test_collecting_imports_no_torch_and_writes_nothing(
    pytester: pytest.Pytester, small_audit: Audit
) -> None:
    pytester.makepyfile(
        blocker="""
        import sys

        class NoTorch:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in {"torch", "torchvision"}:
                    raise AssertionError(f"{name} was imported")

        sys.meta_path.insert(0, NoTorch())
        """
    )
    result = small_audit("-p", "blocker", "--collect-only", "-q")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*test_it_raises_f1*", "2 tests collected*"])
    assert not Path(".bnclaims").exists()
    assert not Path("reports").exists()


def test_claims_named_from_another_folder_are_found_for_the_user(
    pytester: pytest.Pytester, small_audit: Audit
) -> None:
    elsewhere = pytester.mkdir("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(elsewhere)
        for name in ("claims", "claims/test_small.py::test_it_raises_f1"):
            result = pytester.runpytest_subprocess(name, "--protocol=../small.toml")
            assert result.ret == pytest.ExitCode.USAGE_ERROR
            (line,) = filter(None, result.errlines)
            place = name.partition("::")[0]
            assert line.endswith(
                f"{place}: not in {elsewhere}, but in {pytester.path}; go there, or "
                "name it from here."
            )
        assert pytester.runpytest_subprocess("nowhere").ret == pytest.ExitCode.USAGE_ERROR
    assert [*elsewhere.iterdir()] == []


def test_the_header_states_protocol_device_store_and_plan(small_audit: Audit) -> None:
    result = small_audit("--world=effect")
    result.stdout.re_match_lines(
        [
            r"bnclaims \S+: 2 claims, 2 cells",
            r"protocol: small \(sha256 [0-9a-f]{12}\), dataset: digits",
            r"device: cpu, world effect, store: .bnclaims.store",
            r"plan: \d+ trials for the first looks, at most \d+; 0 stored",
        ]
    )


def test_a_deselected_claim_is_reported_as_not_judged(small_audit: Audit) -> None:
    result = small_audit("--world=effect", "-k", "raises")
    result.stdout.fnmatch_lines(["1 claim was not selected"])
    result.stdout.no_fnmatch_line("* vi *INCONCLUSIVE*")
    document = json.loads(Path("reports/latest/report.json").read_text())
    reasons = {claim["id"]: claim["cells"][0]["reason"] for claim in document["claims"]}
    assert reasons["vi"] == "not judged: deselected"
    assert words(Path("reports/latest"))["premise"] == "SUPPORTED"


def test_a_killed_worker_costs_no_verdict(pytester: pytest.Pytester, small_audit: Audit) -> None:
    # The worker that first trains trial number five kills itself, once.
    pytester.makepyfile(
        killer="""
        import os, pathlib, signal
        from bnclaims.training import synthetic

        made = synthetic.trainer
        count = 0

        def trainer(name):
            train = made(name)

            def lethal(trial):
                global count
                count += 1
                mark = pathlib.Path("killed")
                if count == 5 and not mark.exists() and "PYTEST_XDIST_WORKER" in os.environ:
                    mark.touch()
                    os.kill(os.getpid(), signal.SIGKILL)
                return train(trial)

            return lethal

        synthetic.trainer = trainer
        """
    )
    result = small_audit("--world=effect", "-n", "2", "-p", "killer")
    assert Path("killed").exists()
    assert words(Path("reports/latest")) == {"premise": "SUPPORTED", "vi": "REFUTED"}
    assert re.search(r"1 failed, 1 passed", result.stdout.str())


def test_a_trial_that_cannot_be_trained_fails_only_the_claims_that_need_it(
    pytester: pytest.Pytester, small_audit: Audit
) -> None:
    pytester.makepyfile(
        breaker="""
        from bnclaims.training import synthetic

        made = synthetic.trainer

        def trainer(name):
            train = made(name)

            def fragile(trial):
                if trial.setting.head == "sigmoid":
                    raise RuntimeError("no sigmoid today")
                return train(trial)

            return fragile

        synthetic.trainer = trainer
        """
    )
    result = small_audit("--world=effect", "-p", "breaker")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["claim (vi) not judged: trial * failed: RuntimeError('no sigmoid today')*errors"]
    )
    errors = list(Path(".bnclaims/store/errors").iterdir())
    assert len(errors) == 1
    assert "no sigmoid today" in errors[0].read_text()
    assert words(Path("reports/latest"))["premise"] == "SUPPORTED"
