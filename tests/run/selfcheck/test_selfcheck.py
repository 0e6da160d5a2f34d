"""Whole checks: an executor that is the loop passes, executors that are not fail, each for its fault."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bnclaims import training
from bnclaims.commands.cli import main
from bnclaims.protocol.load import FOLDER
from bnclaims.protocol.names import BN_SLOW_MOMENTUM, FINAL_BN
from bnclaims.protocol.trial import Trial
from bnclaims.run.selfcheck import float64_step, run, train_all, verdict_agreement
from bnclaims.run.selfcheck.result_file import read_result
from bnclaims.run.selfcheck.train_all import Portion
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training.executors import batches, device, loop
from bnclaims.training.executors.capture import EagerLane

CLAIM = Path(__file__).parents[3] / "claims" / "test_premise.py"
SEEDS = 30
Train = Callable[[Trial, Any], Record]


@pytest.fixture(scope="module", autouse=True)
def _few_orders() -> Iterator[None]:
    """Words are the matter of test_selfcheck_judging.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdict_agreement, "ORDERS", 4)
        yield


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The premise alone, on the smallest network, trained for five epochs of few images."""
    root = tmp_path_factory.mktemp("project")
    (root / "claims").mkdir()
    shutil.copy(CLAIM, root / "claims")
    text = (FOLDER / "quick.toml").read_text(encoding="utf-8")
    for old, new in (
        ('[training.architecture]\nvalue = "simple_cnn"', '[training.architecture]\nvalue = "mlp"'),
        ("[training.epochs]\nvalue = 10", "[training.epochs]\nvalue = 5"),
        (
            "majority_images = 1000\nminority_images = 10",
            "majority_images = 120\nminority_images = 5",
        ),
    ):
        assert old in text
        text = text.replace(old, new)
    (root / "small.toml").write_text(text)
    return root


def check(project: Path, *options: str, store: Path) -> Result:
    words = ["selfcheck", f"--claims={project / 'claims'}", f"--protocol={project / 'small.toml'}"]
    return CliRunner().invoke(main, [*words, f"--store={store}", f"--seeds={SEEDS}", *options])


@contextlib.contextmanager
def named(name: str, train: Train, first_step: Callable[..., Any]) -> Iterator[None]:
    """Makes a module of this process an executor."""

    def signed(trial: Trial, draw: Any) -> Record:
        record = train(trial, draw)
        return dataclasses.replace(record, environment={**record.environment, "executor": name})

    module = types.ModuleType(name)
    module.__dict__.update(train=signed, first_step=first_step)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(training.EXECUTORS, name, name)  # type: ignore[arg-type]
        patch.setitem(sys.modules, name, module)
        yield


@pytest.fixture(scope="module")
def twin(project: Path) -> Iterator[dict[str, Any]]:
    """The check of an executor that is the loop under another name, with the stores that it leaves."""
    with named("twin", loop.train, loop.first_step):
        done = check(project, "--executor=twin", "--json", store=project / "store")
        assert done.exit_code == 0, done.output
        yield json.loads(done.stdout)


@pytest.fixture
def trained(project: Path, twin: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store whose loop and null have been trained, so that a check needs no other process."""
    perform = train_all.perform

    def with_the_null_of_the_twin(portions: Sequence[Portion], *, jobs: int) -> Iterator[Any]:
        if not portions[0].variant.null:
            yield from perform(portions, jobs=jobs)
            return
        steps = iter(twin["steps"])
        for portion in portions:
            yield _null_of(next(steps)) if portion.first_step else None

    monkeypatch.setattr(run.train_all, "perform", with_the_null_of_the_twin)
    return project / "store"


def _null_of(step: dict[str, Any]) -> train_all.Difference:
    return train_all.Difference(
        loss=step["null_loss"],
        gradient=step["null_gradient"],
        tensor=step["tensor"],
        rounding=step["rounding"],
    )


# --- what passes --------------------------------------------------------------------------------


def test_the_loop_under_another_name_passes_bit_for_bit(twin: dict[str, Any]) -> None:
    assert twin["passed"] and twin["identical"] == twin["trials"] == 2 * SEEDS
    assert twin["seeds"] == SEEDS and twin["key"]["executor"] == "twin"
    assert all(row["executor"]["largest"] == 0 for row in twin["rows"])
    assert all(step["gradient"] == 0 for step in twin["steps"])


def test_the_null_is_the_loop_with_other_rounding(twin: dict[str, Any]) -> None:
    assert twin["null_identical"] < twin["trials"]
    assert any(row["null"]["largest"] > 0 for row in twin["rows"])
    assert 0 < max(step["null_gradient"] for step in twin["steps"]) < 1e-3


def test_the_result_stands_beside_the_store_and_the_store_has_none_of_its_trials(
    project: Path, twin: dict[str, Any]
) -> None:
    (file,) = (project / "selfcheck").glob("*/twin-fp32.json")
    found = read_result(file)
    assert found is not None and found.passed
    assert {folder.name for folder in file.parent.iterdir() if folder.is_dir()} == {
        "twin",
        "loop",
        "null",
    }
    assert not (project / "store" / "trials").exists()
    threads = {}
    for name in ("loop", "null"):
        store = Store.open(file.parent / name)
        records = filter(None, map(store.read, store.keys()))
        threads[name] = {record.environment["threads"] for record in records}
    assert threads == {"loop": {"1"}, "null": {"2"}}


def test_an_interrupted_check_goes_on_where_it_stopped(
    project: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = list((project / "selfcheck").glob("*/twin/trials/*/*.trial"))
    for trial in trials[:3]:
        trial.unlink()
    trials[3].write_bytes(b"damaged")
    again: list[str] = []

    def train(trial: Trial, draw: Any) -> Record:
        again.append(trial.key)
        return loop.train(trial, draw)

    with named("twin", train, loop.first_step):
        # A trainer that was made before knows the earlier one.
        train_all._trainer.cache_clear()
        done = check(project, "--executor=twin", store=trained)
    assert done.exit_code == 0, done.output
    assert sorted(again) == sorted(trial.stem for trial in trials[:4])
    assert "PASSED: executor twin, fp32, cpu" in done.output


# --- what does not ------------------------------------------------------------------------------


def relabelled(change: Callable[[Trial], Trial]) -> Train:
    """A trainer that trains another trial than it says."""

    def train(trial: Trial, draw: Any) -> Record:
        return dataclasses.replace(loop.train(change(trial), draw), trial=trial)

    return train


def faster(trial: Trial) -> Trial:
    return dataclasses.replace(
        trial, setting=dataclasses.replace(trial.setting, learning_rate=3e-3)
    )


def slower_statistics(trial: Trial) -> Trial:
    arm = BN_SLOW_MOMENTUM if trial.arm == FINAL_BN else trial.arm
    return dataclasses.replace(trial, arm=arm)


def in_another_order(function: Callable[[Trial, Any], Any]) -> Callable[[Trial, Any], Any]:
    def ordered(trial: Trial, labels: Any) -> Iterator[Any]:
        for order, sizes in batches.epochs(trial, labels):
            yield order[::-1].copy(), sizes

    def run(trial: Trial, draw: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "epochs", ordered)
            patch.setattr(float64_step, "epochs", ordered)
            return function(trial, draw)

    return run


WRONG: dict[str, tuple[Train, Callable[..., Any], str]] = {
    "rate": (relabelled(faster), loop.first_step, "not shown to be within"),
    "momentum": (relabelled(slower_statistics), loop.first_step, "of final_bn, digits"),
    "order": (in_another_order(loop.train), in_another_order(loop.first_step), "first step of mlp"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_an_executor_with_a_fault_fails(
    fault: str, project: Path, trained: Path, twin: dict[str, Any]
) -> None:
    train, first_step, reason = WRONG[fault]
    with named(fault, train, first_step):
        done = check(project, f"--executor={fault}", "--json", store=trained)
    assert done.exit_code == 1, done.output
    found = json.loads(done.stdout)
    assert not found["passed"]
    assert any(reason in failure for failure in found["failures"])


def test_an_executor_that_cannot_train_is_a_sentence(project: Path, trained: Path) -> None:
    def train(trial: Trial, draw: Any) -> Record:
        raise RuntimeError("no kernel")

    with named("broken", train, loop.first_step):
        done = check(project, "--executor=broken", store=trained)
    assert done.exit_code == 2
    assert "--executor broken: digits 120:5" in done.output and "no kernel" in done.output


def test_an_executor_that_leaves_trials_to_another_fails_whatever_the_numbers_are(
    project: Path, trained: Path, twin: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As captured steps would that quietly fell back on the loop: bit for bit the loop's, of course."""
    with named("idle", loop.train, loop.first_step):
        monkeypatch.setattr(sys.modules["idle"], "train", loop.train)
        done = check(project, "--executor=idle", "--json", store=trained)
    found = json.loads(done.stdout)
    assert done.exit_code == 1 and not found["passed"]
    assert found["identical"] == found["trials"] and found["own"] == 0
    assert found["failures"] == ["60 of 60 trials were not trained by idle, as it claims to have"]


def test_captured_steps_that_cannot_be_captured_are_an_error(
    project: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def capture(self: EagerLane, step: object, restore: object) -> None:
        raise RuntimeError("the driver says no")

    monkeypatch.setattr(EagerLane, "capture", capture)
    train_all._trainer.cache_clear()
    done = check(project, "--executor=graph", store=trained)
    assert done.exit_code == 2
    assert "--executor graph" in done.output and "the driver says no" in done.output


# --- requests that are refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--executor=loop",), "--executor loop --precision fp32: the loop in fp32 is what"),
        (("--executor=loop", "--precision=bf16", "--seeds=29"), "--seeds 29: fewer cannot show"),
        (("--executor=warp",), "--executor warp: unknown; use one of"),
        (("--executor=loop", "--precision=bf16", "--dataset=cats"), "--dataset cats"),
        (("--executor=loop", "--precision=bf16", "--protocol=none"), "--protocol none"),
    ],
)
def test_what_cannot_be_checked_is_refused_before_any_work(
    project: Path, tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    done = check(project, *options, store=tmp_path / "store")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ") and named in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_protocol_without_a_primary_cell_has_nothing_to_compare(
    project: Path, tmp_path: Path
) -> None:
    claims = tmp_path / "claims"
    claims.mkdir()
    shutil.copy(CLAIM.with_name("test_claim_4_other_data.py"), claims)
    done = check(
        project, "--executor=loop", "--precision=bf16", f"--claims={claims}", store=tmp_path / "s"
    )
    assert done.exit_code == 2 and "no claim has a primary cell" in done.stderr


def test_a_missing_gpu_is_said_plainly(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device.torch.cuda, "is_available", lambda: False)
    done = check(project, "--executor=loop", "--precision=bf16", "--gpu", store=tmp_path / "store")
    assert done.exit_code == 2 and "no GPU" in done.stderr
