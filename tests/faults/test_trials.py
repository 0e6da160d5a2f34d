"""Trials that go wrong: out of memory, not finite, without end, or different the second time."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bnclaims import datasets, training
from bnclaims.datasets import Sources
from bnclaims.protocol.names import PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training import synthetic
from bnclaims.training import trainer as trainer_module
from bnclaims.training.runners import LocalRunner, RunFolder, TrialFailed, timeout
from bnclaims.training.trainer import NetworkTrainer
from fixtures.faults import Project, all_gone, children, ended, patience
from fixtures.trials import setting_of, task_of

TRIAL = Trial(setting=setting_of(), arm=PLAIN, seed=0)
OTHER = Trial(setting=setting_of(), arm=PLAIN, seed=1)
make = synthetic.trainer("effect")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


# --- out of memory --------------------------------------------------------------------------------


def network_trainer(
    monkeypatch: pytest.MonkeyPatch, failures: int, error: type[Exception]
) -> tuple[NetworkTrainer, list[Trial]]:
    """A trainer whose executor runs out of memory so many times, and what it was asked for."""
    tried: list[Trial] = []

    def train(trial: Trial, draw: object) -> Record:
        tried.append(trial)
        if len(tried) <= failures:
            raise error("CUDA out of memory")
        return make(trial)

    monkeypatch.setattr(training, "executor", lambda name: training.Executor(train))
    # Draws are kept up to a number of bytes, which is all that is asked of this one.
    empty = SimpleNamespace(
        **{f"{split}_pixels": np.empty(0) for split in ("train", "validation", "test")}
    )
    monkeypatch.setattr(trainer_module.datasets, "draw", lambda *_, **__: empty)
    monkeypatch.setattr(trainer_module, "PAUSES", (0.0, 0.0))
    return NetworkTrainer("loop", Sources()), tried


@pytest.mark.parametrize("failures", [1, 2])
@pytest.mark.parametrize("cuda", [False, True])
def test_a_trial_that_ran_out_of_memory_is_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, failures: int, cuda: bool
) -> None:
    error = pytest.importorskip("torch").OutOfMemoryError if cuda else MemoryError
    trainer, tried = network_trainer(monkeypatch, failures, error)
    runner = LocalRunner(store, trainer)
    record = runner.obtain([TRIAL])[TRIAL.key]
    runner.close()
    assert not record.diverged
    assert tried == [TRIAL] * (failures + 1)
    assert store.read_error(TRIAL.key) is None


def test_a_trial_that_never_fits_is_an_error_and_no_diverged_trial(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = pytest.importorskip("torch").OutOfMemoryError
    trainer, tried = network_trainer(monkeypatch, 99, error)
    runner = LocalRunner(store, trainer)
    with pytest.raises(TrialFailed, match="CUDA out of memory"):
        runner.obtain([TRIAL])
    runner.close()
    assert len(tried) == 3
    assert not store.has(TRIAL.key)
    assert "OutOfMemoryError" in (store.read_error(TRIAL.key) or "")
    # The next run, with more memory, trains it.
    later = LocalRunner(store, make)
    assert not later.obtain([TRIAL])[TRIAL.key].diverged
    later.close()
    assert store.read_error(TRIAL.key) is None


# --- not finite -----------------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_is_a_diverged_trial_and_no_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    from bnclaims.training.executors import job, losses

    def never_finite(*_: object) -> losses.Objective:
        return losses.Objective(lambda logits, labels: logits[:, 0] * torch.nan)

    monkeypatch.setattr(job, "objective", never_finite)
    same = datasets.fingerprint("digits", sources=Sources())
    task = task_of("digits", fingerprint=same, majority=(("0",),), minority=(("1",),))
    trial = Trial(setting=setting_of(task), arm=PLAIN, seed=0)
    runner = LocalRunner(store, NetworkTrainer("loop", Sources()))
    runner.obtain([trial])
    runner.close()
    record = store.read(trial.key)
    assert record is not None and record.diverged and record.scores == {} and record.losses == ()
    assert store.read_error(trial.key) is None


# --- without end ----------------------------------------------------------------------------------

SPIN = "while True: pass"
SLEEP = "time.sleep(1000)"


@pytest.mark.parametrize("act", [SPIN, SLEEP])
def test_a_trial_without_end_is_given_up_and_the_process_goes_on(store: Store, act: str) -> None:
    def endless(trial: Trial) -> Record:
        if trial == TRIAL:
            exec(act, {"time": time})  # noqa: S102
        return make(trial)

    run = RunFolder.create(store.root / "runs" / "one")
    handler = signal.getsignal(signal.SIGINT)
    runner = LocalRunner(store, endless, run=run, limit=0.5)
    with pytest.raises(TrialFailed, match=r"did not end within 0.5 s.*--trial-timeout"):
        runner.obtain([TRIAL])
    assert runner.obtain([OTHER])
    runner.close()
    assert signal.getsignal(signal.SIGINT) is handler
    assert "endless" in (store.read_error(TRIAL.key) or "")
    assert not store.has(TRIAL.key)
    # The other processes of the run leave it alone, a later run does not.
    assert "did not end" in (run.given_up(TRIAL.key) or "")
    again = LocalRunner(store, make, name="other", run=run)
    with pytest.raises(TrialFailed, match="did not end"):
        again.obtain([TRIAL])
    again.close()
    later = LocalRunner(store, make)
    assert later.obtain([TRIAL])
    later.close()


def test_a_trainer_that_swallows_errors_does_not_swallow_the_limit(store: Store) -> None:
    def stubborn(trial: Trial) -> Record:
        while True:
            try:
                time.sleep(1000)
            except Exception:
                continue

    runner = LocalRunner(store, stubborn, limit=0.3)
    with pytest.raises(TrialFailed, match="did not end"):
        runner.obtain([TRIAL])
    runner.close()


def test_a_trial_in_time_is_left_alone(store: Store) -> None:
    runner = LocalRunner(store, make, limit=0.01)
    trials = [dataclasses.replace(TRIAL, seed=seed) for seed in range(200)]
    assert len(runner.obtain(trials)) == 200
    runner.close()


HANGING = """
import ctypes, signal
from bnclaims.training import synthetic
from bnclaims.training.runners import timeout

timeout.GRACE = 0.5
made = synthetic.trainer


def trainer(name):
    train = made(name)

    def hanging(trial):
        if trial.seed == 10003 and trial.arm == "plain" and trial.setting.head == "sigmoid":
            # Stuck outside Python: the signal is taken note of, and nobody asks for it.
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            ctypes.CDLL(None).sleep(1000)
        return train(trial)

    return hanging


synthetic.trainer = trainer
"""


def test_a_worker_that_hangs_outside_python_is_ended_and_replaced(project: Project) -> None:
    hanging = project.add_plugin("hanging", HANGING)
    assert project.run("-n2", hanging, "--trial-timeout=1") == pytest.ExitCode.TESTS_FAILED
    assert "did not end within 1 s" in project.output()
    store = Store.open(project.store)
    (error,) = (store.root / "errors").glob("*.txt")
    assert "hanging" in error.read_text()
    assert project.run("-n2") == pytest.ExitCode.TESTS_FAILED, project.output()
    assert not list((store.root / "errors").glob("*.txt"))
    project.assert_sound(lost=1)


def test_a_single_process_that_hangs_outside_python_says_so_and_ends(project: Project) -> None:
    hanging = project.add_plugin("hanging", HANGING)
    assert project.run(hanging, "--trial-timeout=1") == timeout.EXIT_STATUS
    assert "it cannot be interrupted, so its process" in project.output()
    assert project.run() == pytest.ExitCode.TESTS_FAILED
    project.assert_sound(lost=1)


KEEPING = """
import ctypes
from pathlib import Path
from bnclaims.training import synthetic


def trainer(name):
    def keeping(trial):
        Path("kept").touch()
        # Unlike CDLL, it does not let go of the interpreter lock.
        ctypes.PyDLL(None).sleep(1000)

    return keeping


synthetic.trainer = trainer
"""


@pytest.mark.skipif(
    shutil.which("timeout") is None or not Path("/proc").is_dir(),
    reason="needs the timeout command, and /proc to see processes",
)
@pytest.mark.parametrize("workers", [0, 2])
def test_code_that_keeps_the_interpreter_lock_is_ended_by_a_limit_from_outside(
    project: Project, workers: int
) -> None:
    keeping = project.add_plugin("keeping", KEEPING)
    limit = ("timeout", "--kill-after=1", f"{patience(4):.0f}")
    process = project.start(f"-n{workers}", keeping, "--trial-timeout=1", under=limit)
    with ended(process):
        while not (project.folder / "kept").exists() and process.poll() is None:
            time.sleep(0.05)
        (audit,) = children(process.pid)
        running = [audit, *children(audit)]
        status = process.wait(timeout=patience(60))
        # Not by itself.
        assert status in (-signal.SIGKILL, 128 + signal.SIGKILL, 124), project.output()
        assert not Store.open(project.store).keys()
        assert all_gone(running, patience(5)), "a process outlives the limit"
    assert project.run() == pytest.ExitCode.TESTS_FAILED, project.output()
    project.assert_sound(lost=0)


# --- different the second time --------------------------------------------------------------------


def test_a_process_that_was_slower_judges_the_record_that_is_kept(store: Store) -> None:
    def overtaken(trial: Trial) -> Record:
        record = make(trial)
        store.write(dataclasses.replace(record, losses=(0.25,)))
        return record

    runner = LocalRunner(store, overtaken)
    assert runner.obtain([TRIAL])[TRIAL.key].losses == (0.25,)
    runner.close()
    assert store.disagreements() == [(TRIAL.key, ("losses",))]


def test_a_trial_with_two_results_is_reported_and_fails_the_run(project: Project) -> None:
    # As if two machines that see each other's leases late had trained the same trial.
    twice = project.add_plugin(
        "twice",
        """
import dataclasses, os
from pathlib import Path
from bnclaims.training import synthetic
from bnclaims.store.store import Store

made = synthetic.trainer


def trainer(name):
    train = made(name)

    def overtaken(trial):
        record = train(trial)
        if trial.seed == 10000 and trial.arm == "plain" and trial.setting.head == "softmax":
            other = Store(Path(os.environ["FAULTS_STORE"]))
            other.write(dataclasses.replace(record, losses=(0.25,)))
        return record

    return overtaken


synthetic.trainer = trainer
""",
    )
    assert project.run(twice, "-kraises") == pytest.ExitCode.TESTS_FAILED
    assert "was trained twice and differs in losses; the first result is kept" in project.output()
    assert project.run("-kraises") == pytest.ExitCode.OK
    assert "trained twice" not in project.output()
