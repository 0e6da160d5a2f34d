"""The result of a check: its word, its file, and what a report says of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Trial
from bnclaims.run.selfcheck.machine import result_file
from bnclaims.run.selfcheck.report_section import (
    NOT_NEEDED,
    NOT_POSSIBLE,
    not_as_asked,
    selfcheck_section,
)
from bnclaims.run.selfcheck.result import Findings, Result, concluded, seeds_needed
from bnclaims.run.selfcheck.result_file import read_result, write_result
from bnclaims.store.record import Record
from fixtures.checks import MACHINE, content
from fixtures.trials import setting_of


def result(change: Callable[[dict[str, Any]], None] = lambda data: None, **key: Any) -> Result:
    """The result of a check whose numbers are changed."""
    data = content(**key)
    change(data)
    return concluded(Findings.model_validate(data))


def with_p(p: float) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["rows"][0]["executor"].update(p=p)


# --- the word -----------------------------------------------------------------------------------


def test_a_check_without_failures_passes() -> None:
    assert result().passed and result().failures == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda data: data["steps"][0].update(gradient=1e-3), "gradient of last.weight by 1.0e-03"),
        (lambda data: data["steps"][0].update(loss=1e-3), "loss differs by 1.0e-03"),
        (with_p(0.051), "minority F1 of final_bn, digits, mlp: not shown to be within 0.05"),
        (lambda data: data["rows"][0]["executor"].update(ratio_high=2.1), "variance ratio 1.10"),
        (lambda data: data["rows"][0]["executor"].update(ratio_high=None), "0.80, ∞"),
        (lambda data: data["rows"][0]["executor"].update(ratio_low=0.4), "spread not shown"),
        (lambda data: data["words"][0].update(agreement=0.5), "in 50% of orders"),
    ],
)
def test_each_failure_is_named_and_enough_to_fail(
    change: Callable[[dict[str, Any]], None], named: str
) -> None:
    found = result(change)
    assert not found.passed
    assert len(found.failures) == 1 and named in found.failures[0]


def test_a_null_that_fails_is_no_failure_of_the_executor() -> None:
    assert result(lambda data: data["rows"][0]["null"].update(p=1.0, ratio_low=0.0)).passed


def test_first_steps_have_no_limit_below_fp32() -> None:
    assert result(lambda data: data["steps"][0].update(gradient=0.1), precision="bf16").passed


def test_it_says_how_many_seeds_would_show_what_these_did_not() -> None:
    assert seeds_needed(result()) is None

    def noisy(data: dict[str, Any]) -> None:
        data["rows"][0]["executor"].update(p=0.2, noise=0.1)

    # ((1.645 + 2.576) * 0.1 / 0.05) ** 2
    assert seeds_needed(result(noisy)) == 72
    # 32 * (4.221 * log(3 / 0.8) / (2 * 1.645) / log(2)) ** 2
    assert seeds_needed(result(lambda d: d["rows"][0]["executor"].update(ratio_high=3.0))) == 192
    assert seeds_needed(result(lambda d: d["rows"][0]["executor"].update(ratio_high=None))) is None


# --- the file -----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return result_file(tmp_path / "selfcheck", MACHINE, "graph", "fp32")


def test_a_result_is_read_as_it_was_written(file: Path) -> None:
    written = result(with_p(0.3))
    write_result(file, result())
    write_result(file, written)
    assert read_result(file) == written


def test_no_file_is_no_result(file: Path) -> None:
    assert read_result(file) is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda data: data.update(passed=False), "word does not follow"),
        (lambda data: data["rows"][0]["executor"].update(p=0.5), "word does not follow"),
        (lambda data: data.update(failures=["none"], passed=False), "word does not follow"),
        (lambda data: data.update(schema=2), "schema"),
        (lambda data: data.update(schema=True), "schema"),
        (lambda data: data.pop("key"), "key"),
        (lambda data: data.update(note="mine"), "note"),
        (lambda data: data.update(rows=[]), "rows"),
        (lambda data: data.update(steps=[]), "steps"),
        (lambda data: data.update(seeds=8), "seeds"),
        (lambda data: data.update(first_seed=0), "first_seed"),
        (lambda data: data["key"].update(precision="fp8"), "key.precision"),
        (lambda data: data["rows"][0]["executor"].update(p="small"), "rows.0.executor.p"),
        (lambda data: data["rows"][0]["executor"].update(p=-0.1), "rows.0.executor.p"),
    ],
)
def test_a_file_that_is_no_sound_result_is_refused_in_a_sentence(
    file: Path, change: Callable[[dict[str, Any]], None], named: str
) -> None:
    write_result(file, result())
    data = json.loads(file.read_bytes())
    change(data)
    file.write_text(json.dumps(data))
    with pytest.raises(BnclaimsError, match="remove it and run bnclaims selfcheck again") as caught:
        read_result(file)
    assert str(file) in str(caught.value) and named in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": NaN}', "[" * 100_000])
def test_a_file_that_is_no_json_object_is_refused(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(BnclaimsError, match="no result of a check"):
        read_result(file)


def test_a_folder_in_its_place_is_named(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(BnclaimsError, match="cannot be read"):
        read_result(file)


# --- what a report says -------------------------------------------------------------------------


def record(executor: str = "graph", precision: str = "fp32", **environment: str) -> Record:
    return Record(
        trial=Trial(setting=setting_of(), arm="plain", seed=0),
        diverged=True,
        splits={},
        scores={},
        train_images=(12, 3),
        pool_images=(12, 3),
        losses=(),
        seconds={},
        environment={
            **dataclasses.asdict(MACHINE),
            "executor": executor,
            "precision": precision,
            **environment,
        },
    )


def test_the_reference_needs_no_check(tmp_path: Path) -> None:
    assert selfcheck_section([record("loop")], tmp_path) == {
        "trained_by": "loop on cpu: 1",
        "selfcheck": NOT_NEEDED,
    }


def test_who_trained_is_told_by_the_records_and_said_where_it_is_not_who_was_asked(
    tmp_path: Path,
) -> None:
    found = selfcheck_section([record("loop"), record(), record()], tmp_path)
    assert found["trained_by"] == "graph on cpu: 2, loop on cpu: 1"
    assert not_as_asked({"executor": "graph", **found}) == (
        "trained by: graph on cpu: 2, loop on cpu: 1 (asked for was graph)"
    )
    found = selfcheck_section([record()], tmp_path)
    assert not_as_asked({"executor": "graph", **found}) is None
    assert not_as_asked({"executor": "loop", **found}) is not None
    assert not_as_asked({"executor": "world effect"}) is None


def test_a_world_trains_nothing(tmp_path: Path) -> None:
    world = dataclasses.replace(record(), environment={"executor": "world effect"})
    assert selfcheck_section([world], tmp_path) == {"selfcheck": NOT_POSSIBLE}


@pytest.mark.parametrize(("executor", "precision"), [("graph", "fp32"), ("loop", "bf16")])
def test_an_executor_without_a_check_is_told(tmp_path: Path, executor: str, precision: str) -> None:
    found = selfcheck_section([record(executor, precision), record("loop")], tmp_path)
    assert found["unchecked"] == found["selfcheck"]
    assert found["unchecked"].startswith(f"executor {executor} in {precision} (cpu, A processor")
    assert "1 of 2 trials" in found["unchecked"] and "not checked" in found["unchecked"]


def test_a_check_that_passed_is_named(file: Path) -> None:
    write_result(file, result())
    found = selfcheck_section([record()], file.parents[1])
    assert set(found) == {"selfcheck", "trained_by"}
    assert (
        "passed its check on 32 seeds of digits, protocol quick (2026-01-02" in found["selfcheck"]
    )
    assert f"selfcheck/{MACHINE.folder}/graph-fp32.json" in found["selfcheck"]


def test_a_check_that_failed_says_at_what(file: Path) -> None:
    write_result(file, result(with_p(0.3)))
    found = selfcheck_section([record()], file.parents[1])
    assert "failed its check" in found["unchecked"] and "p = 0.3" in found["unchecked"]
    assert "more" not in found["unchecked"]

    def three(data: dict[str, Any]) -> None:
        with_p(0.3)(data)
        data["steps"][0].update(loss=1e-3)
        data["words"][0].update(agreement=0.5)

    failed = result(three)
    assert len(failed.failures) == 3
    write_result(file, failed)
    found = selfcheck_section([record()], file.parents[1])
    assert found["unchecked"].endswith(f"{failed.failures[0]}, and 2 more")


@pytest.mark.parametrize(
    "environment", [{"processor": "Another"}, {"torch": "2.14.0"}, {"device": "cuda"}]
)
def test_a_check_on_another_machine_is_none(file: Path, environment: dict[str, str]) -> None:
    write_result(file, result())
    found = selfcheck_section([record(**environment)], file.parents[1])
    assert "not checked" in found["unchecked"]


def test_a_check_that_stands_under_another_name_is_none(file: Path) -> None:
    write_result(file, result(executor="other"))
    assert "not checked" in selfcheck_section([record()], file.parents[1])["unchecked"]


def test_a_check_of_other_code_is_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_result(file, result())
    monkeypatch.setattr("bnclaims.run.selfcheck.machine.code_sha256", lambda: "other")
    assert "not checked" in selfcheck_section([record()], file.parents[1])["unchecked"]


def test_a_damaged_result_does_not_stop_a_report(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("{")
    assert "damaged" in selfcheck_section([record()], file.parents[1])["unchecked"]
