"""The local runner: trains what is missing, helps others, and stops when it should."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.store.leases import Leases
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training import progress, synthetic
from bnclaims.training.runners import LocalRunner, RunFolder, Stopped, TrialFailed, WorkerStatus
from fixtures.trials import setting_of

TRIALS = [Trial(setting=setting_of(), arm=PLAIN, seed=seed) for seed in range(6)]
# Seconds until a thread that should have ended counts as hanging.
PATIENCE = 20.0


class Trainer:
    """A synthetic trainer that remembers its trials and fails on some."""

    def __init__(self, errors: dict[int, Exception] | None = None) -> None:
        self.seeds: list[int] = []
        self.errors = errors or {}
        self.after: Callable[[Trial], None] = lambda trial: None
        self._make = synthetic.trainer("effect")

    def __call__(self, trial: Trial) -> Record:
        self.seeds.append(trial.seed)
        if trial.seed in self.errors:
            raise self.errors[trial.seed]
        self.after(trial)
        return self._make(trial)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def run(store: Store) -> RunFolder:
    return RunFolder.create(store.root / "runs" / "one")


@pytest.fixture
def trainer() -> Trainer:
    return Trainer()


@pytest.fixture
def runner(store: Store, run: RunFolder, trainer: Trainer) -> Iterator[LocalRunner]:
    made = LocalRunner(store, trainer, name="me", run=run, worker=True)
    yield made
    made.close()


def put(store: Store, *trials: Trial) -> None:
    for trial in trials:
        store.write(synthetic.trainer("effect")(trial))


def status(
    name: str, *, pid: int | None = None, done: bool = False, wanted: tuple[Trial, ...] = ()
) -> WorkerStatus:
    pid = os.getpid() if pid is None else pid
    return WorkerStatus(name=name, pid=pid, trained=0, done=done, wanted=wanted)


def own_status(run: RunFolder) -> WorkerStatus:
    (found,) = [found for found in run.statuses() if found.name == "me"]
    return found


def in_thread(call: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


def ends(thread: threading.Thread) -> bool:
    thread.join(PATIENCE)
    return not thread.is_alive()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- obtaining ------------------------------------------------------------------------------------


def test_only_what_the_store_lacks_is_trained(
    store: Store, runner: LocalRunner, trainer: Trainer
) -> None:
    put(store, TRIALS[1], TRIALS[2])
    records = runner.obtain(TRIALS[:4])
    assert trainer.seeds == [0, 3]
    assert runner.trained == 2
    assert {key: record.trial.key for key, record in records.items()} == {
        trial.key: trial.key for trial in TRIALS[:4]
    }
    assert store.keys() == set(records)


def test_a_later_look_trains_its_new_seeds_only(runner: LocalRunner, trainer: Trainer) -> None:
    runner.obtain(TRIALS[:2])
    assert list(runner.obtain(TRIALS[:5])) == [trial.key for trial in TRIALS[:5]]
    assert trainer.seeds == [0, 1, 2, 3, 4]


def test_a_damaged_record_is_trained_again(
    store: Store, runner: LocalRunner, trainer: Trainer
) -> None:
    put(store, *TRIALS[:2])
    path = store.path(TRIALS[0].key)
    path.write_bytes(path.read_bytes()[:-9])
    runner.obtain(TRIALS[:2])
    assert trainer.seeds == [0]
    assert store.read(TRIALS[0].key) is not None


def test_progress_is_told_after_every_trained_trial(store: Store, trainer: Trainer) -> None:
    told: list[int] = []
    runner = LocalRunner(store, trainer, on_progress=lambda: told.append(runner.trained))
    put(store, TRIALS[1])
    runner.obtain(TRIALS[:3])
    runner.close()
    assert told == [1, 2]


def test_a_process_tells_what_it_wants_while_it_wants_it(
    run: RunFolder, runner: LocalRunner, trainer: Trainer
) -> None:
    wanted: list[tuple[int, ...]] = []
    trainer.after = lambda trial: wanted.append(tuple(t.seed for t in own_status(run).wanted))
    runner.obtain(TRIALS[:2])
    assert wanted == [(0, 1), (0, 1)]
    assert own_status(run) == WorkerStatus(
        name="me", pid=os.getpid(), trained=2, done=False, wanted=()
    )


def test_how_far_a_long_trial_is_can_be_read_while_it_trains(
    runner: LocalRunner, run: RunFolder, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bnclaims.training.runners.runner.PACE", 0.0)
    seen = []

    def training(trial: Trial) -> None:
        for share in (0.25, 0.75):
            progress.tell(share)
            seen.append(own_status(run).share)

    trainer.after = training
    runner.obtain(TRIALS[:2])
    assert seen == [0.25, 0.75] * 2
    assert own_status(run).share == 0
    progress.tell(0.5)
    assert own_status(run).share == 0, "nobody listens when nothing is trained"


# --- failures -------------------------------------------------------------------------------------


def test_a_trial_that_cannot_be_trained_leaves_its_traceback_in_the_store(
    store: Store, run: RunFolder, runner: LocalRunner, trainer: Trainer
) -> None:
    trainer.errors = {1: RuntimeError("the network is tired")}
    with pytest.raises(TrialFailed) as caught:
        runner.obtain(TRIALS[:3])
    assert TRIALS[1].key[:12] in str(caught.value)
    assert "RuntimeError('the network is tired')" in str(caught.value)
    assert str(store.root / "errors") in str(caught.value)
    note = store.read_error(TRIALS[1].key)
    assert note is not None and "Traceback" in note and "the network is tired" in note
    assert own_status(run).wanted == ()


def test_a_failed_trial_is_not_tried_again_by_the_same_process(
    runner: LocalRunner, trainer: Trainer
) -> None:
    trainer.errors = {0: RuntimeError("the network is tired")}
    for _ in range(2):
        with pytest.raises(TrialFailed, match="tired"):
            runner.obtain(TRIALS[:1])
    assert trainer.seeds == [0]
    # Others are none the worse for it.
    assert len(runner.obtain(TRIALS[1:3])) == 2


def test_a_failed_trial_is_free_for_another_process(store: Store, runner: LocalRunner) -> None:
    broken = LocalRunner(store, Trainer({0: RuntimeError("tired")}), name="broken")
    with pytest.raises(TrialFailed):
        broken.obtain(TRIALS[:1])
    assert len(runner.obtain(TRIALS[:1])) == 1
    assert store.read_error(TRIALS[0].key) is None
    broken.close()


def test_an_error_that_a_person_can_act_on_is_passed_on(
    store: Store, runner: LocalRunner, trainer: Trainer
) -> None:
    trainer.errors = {0: BnclaimsError("--store here: the disk is full; free some space.")}
    with pytest.raises(BnclaimsError, match="the disk is full"):
        runner.obtain(TRIALS[:1])
    assert store.read_error(TRIALS[0].key) is None


# --- stopping -------------------------------------------------------------------------------------


def test_a_stopped_run_trains_no_further_trial(
    run: RunFolder, runner: LocalRunner, trainer: Trainer
) -> None:
    trainer.after = lambda trial: run.stop() if trial.seed == 1 else None
    with pytest.raises(Stopped):
        runner.obtain(TRIALS[:4])
    assert trainer.seeds == [0, 1]
    assert own_status(run).wanted == ()


def test_a_stopped_run_still_reads_what_is_stored(
    store: Store, run: RunFolder, runner: LocalRunner
) -> None:
    put(store, *TRIALS[:3])
    run.stop()
    assert len(runner.obtain(TRIALS[:3])) == 3
    with pytest.raises(Stopped):
        runner.obtain(TRIALS[:4])


def test_a_run_whose_folder_is_gone_is_stopped(run: RunFolder, runner: LocalRunner) -> None:
    run.remove()
    with pytest.raises(Stopped):
        runner.obtain(TRIALS[:1])
    runner.drain()


def test_a_worker_without_its_controller_stops(
    runner: LocalRunner, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 1 if os.getpid() != 1 else 0)
    with pytest.raises(Stopped):
        runner.obtain(TRIALS[:1])
    assert trainer.seeds == []


# --- working together -----------------------------------------------------------------------------


def test_while_all_it_wants_is_trained_elsewhere_a_process_trains_what_others_want(
    store: Store, run: RunFolder, runner: LocalRunner, trainer: Trainer
) -> None:
    # The other process works on trial 0 and will want 1, 2 and 3 afterwards.
    run.write_status(status("other", wanted=tuple(TRIALS[:4])))
    elsewhere = Leases(store.root)
    lease = elsewhere.acquire(TRIALS[0].key)
    assert lease is not None

    def finish_elsewhere(trial: Trial) -> None:
        if trial.seed == 2:
            put(store, TRIALS[0])
            lease.release()

    trainer.after = finish_elsewhere
    thread = in_thread(lambda: runner.obtain(TRIALS[:1]))
    ended = ends(thread)
    elsewhere.close()
    assert ended
    # From the end, since the owner works from the front.
    assert trainer.seeds == [3, 2]
    assert runner.trained == 2


def test_a_trial_that_another_process_gives_up_is_trained_here(
    store: Store, runner: LocalRunner, trainer: Trainer
) -> None:
    elsewhere = Leases(store.root)
    lease = elsewhere.acquire(TRIALS[0].key)
    assert lease is not None
    thread = in_thread(lambda: runner.obtain(TRIALS[:1]))
    time.sleep(0.2)
    assert thread.is_alive() and trainer.seeds == []
    lease.release()
    assert ends(thread)
    assert trainer.seeds == [0]
    elsewhere.close()


def test_drain_helps_until_the_others_are_done(
    store: Store, run: RunFolder, runner: LocalRunner, trainer: Trainer
) -> None:
    run.write_status(status("other", wanted=(TRIALS[0], TRIALS[1])))
    run.write_status(status("third", done=True))
    thread = in_thread(lambda: runner.drain([TRIALS[4]]))
    wait_for(lambda: trainer.seeds == [1, 0, 4])
    assert own_status(run).done
    run.write_status(status("other", wanted=(TRIALS[2],)))
    wait_for(lambda: trainer.seeds == [1, 0, 4, 2])
    assert thread.is_alive()
    run.write_status(status("other", done=True))
    assert ends(thread)
    assert store.keys() == {TRIALS[seed].key for seed in (0, 1, 2, 4)}


def test_drain_ends_at_once_when_nobody_else_has_tests_left(
    run: RunFolder, runner: LocalRunner, trainer: Trainer, store: Store
) -> None:
    run.write_status(status("other", done=True, wanted=(TRIALS[0],)))
    runner.drain([TRIALS[1]])
    assert trainer.seeds == []
    LocalRunner(store, trainer).drain([TRIALS[1]])
    assert trainer.seeds == []


def test_drain_does_not_wait_for_a_process_that_is_gone(
    run: RunFolder, runner: LocalRunner, trainer: Trainer
) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    run.write_status(status("gone", pid=process.pid, wanted=(TRIALS[0],)))
    thread = in_thread(runner.drain)
    ended = ends(thread)
    run.stop()
    assert ended
    assert trainer.seeds == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see a zombie")
def test_drain_does_not_wait_for_a_killed_process_that_nobody_buried(
    run: RunFolder, runner: LocalRunner
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        run.write_status(status("killed", pid=process.pid, wanted=()))
        thread = in_thread(runner.drain)
        time.sleep(0.2)
        assert thread.is_alive()
        process.kill()
        ended = ends(thread)
        run.stop()
        assert ended
        # Not waited for until now: it was a zombie all the while.
        assert process.returncode is None
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("error", [RuntimeError("tired"), BnclaimsError("the disk is full.")])
def test_what_cannot_be_trained_for_others_does_not_fail_the_helper(
    run: RunFolder, runner: LocalRunner, trainer: Trainer, error: Exception
) -> None:
    trainer.errors = {0: error}
    run.write_status(status("other", wanted=(TRIALS[0],)))
    thread = in_thread(runner.drain)
    wait_for(lambda: bool(trainer.seeds))
    run.write_status(status("other", done=True))
    assert ends(thread)
    assert set(trainer.seeds) == {0}


def test_drain_ends_when_the_run_is_stopped(run: RunFolder, runner: LocalRunner) -> None:
    run.write_status(status("other"))
    thread = in_thread(runner.drain)
    time.sleep(0.1)
    assert thread.is_alive()
    run.stop()
    assert ends(thread)


# --- the run folder -------------------------------------------------------------------------------


def test_the_folder_of_a_run_gives_back_what_was_written(run: RunFolder) -> None:
    run.write_status(status("a", wanted=(TRIALS[0], TRIALS[1])))
    run.write_status(status("a", wanted=(TRIALS[1],)))
    run.write_cells("a", [("i", "one"), ("iv", "leaves, mlp")])
    run.write_cells("b", [("i", "one")])
    run.write_verdict("iv", "leaves, mlp", "SUPPORTED")
    run.write_verdict("iv", "leaves, mlp", "REFUTED")
    run.write_verdict("i", "a/b:c", "INVALID")
    again = RunFolder(run.path)
    assert again.statuses() == [status("a", wanted=(TRIALS[1],))]
    assert again.cells() == {("i", "one"), ("iv", "leaves, mlp")}
    assert again.verdicts() == {("iv", "leaves, mlp"): "REFUTED", ("i", "a/b:c"): "INVALID"}
    assert not again.stopped


def test_the_dead_are_listed_only_when_asked_for(run: RunFolder) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    run.write_status(status("gone", pid=process.pid))
    assert run.statuses() == []
    assert [found.name for found in run.statuses(alive_only=False)] == ["gone"]


def test_a_file_that_is_half_written_is_passed_over(run: RunFolder) -> None:
    run.write_status(status("a"))
    (run.path / "workers" / "b.json").write_text('{"name": "b", "pi')
    (run.path / "workers" / ".c.json.1").write_text("{}")
    assert [found.name for found in run.statuses()] == ["a"]


def test_writing_to_a_run_that_is_over_does_no_harm(run: RunFolder) -> None:
    run.remove()
    run.write_status(status("a"))
    run.write_verdict("i", "one", "SUPPORTED")
    run.stop()
    assert run.stopped
    assert run.statuses() == [] and run.verdicts() == {}
    assert not run.path.exists()
