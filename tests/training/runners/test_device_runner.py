"""Training on a device: one process trains, the others judge, and no death of it goes unnoticed.

On a synthetic world, whose training process needs no GPU.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bnclaims.datasets import Sources
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.store.codec import differences
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training import DeviceLost, synthetic
from bnclaims.training.runners import Device, DeviceRunner, RunFolder, Stopped, TrialFailed, device
from bnclaims.training.runners.device_process import DEATHS_FORGIVEN, TrainingProcess
from bnclaims.training.runners.shards import train_share
from bnclaims.training.spec import TrainerSpec
from bnclaims.training.trainer import NetworkTrainer
from fixtures.trials import digits_trials, setting_of

TRIALS = [Trial(setting=setting_of(), arm=PLAIN, seed=seed) for seed in range(6)]
OTHERS = [Trial(setting=setting_of(batch_size=32), arm=PLAIN, seed=seed) for seed in range(3)]
SPEC = TrainerSpec(executor="loop", world="effect", data_root=None, folder=None)
DEVICE = Device(kind="cpu")
MAKE = synthetic.trainer("effect")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def run(store: Store) -> RunFolder:
    return RunFolder.create(store.root / "runs" / "1")


@pytest.fixture
def runner_of(store: Store, run: RunFolder) -> Iterator[Callable[..., DeviceRunner]]:
    made: list[DeviceRunner] = []

    def runner(name: str = "gw0", spec: TrainerSpec = SPEC) -> DeviceRunner:
        made.append(DeviceRunner(store, spec, DEVICE, name=name, run=run))
        return made[-1]

    yield runner
    for one in made:
        one.close()


def trainer_pid(run: RunFolder) -> int:
    return next(s.pid for s in run.statuses(alive_only=False) if s.name == DEVICE.name)


# --- the runner ---------------------------------------------------------------------------------


def test_processes_that_judge_train_nothing_and_one_process_trains_for_all(
    runner_of: Callable[..., DeviceRunner], run: RunFolder
) -> None:
    runners = [runner_of("gw0"), runner_of("gw1")]
    found: dict[str, int] = {}

    def judge(name: str, trials: Sequence[Trial]) -> None:
        found[name] = len(runners[int(name[-1])].obtain(trials))

    threads = [
        threading.Thread(target=judge, args=("gw0", TRIALS)),
        threading.Thread(target=judge, args=("gw1", [*TRIALS[3:], *OTHERS])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == {"gw0": 6, "gw1": 6}
    names = {status.name for status in run.statuses(alive_only=False)}
    assert names == {"gw0", "gw1", DEVICE.name} and trainer_pid(run) != os.getpid()
    # The last count is written when the process ends.
    for runner in runners:
        runner.close()
    trained = {status.name: status.trained for status in run.statuses(alive_only=False)}
    assert trained == {"gw0": 0, "gw1": 0, DEVICE.name: 9}


def test_a_share_is_trained_by_the_process_of_the_device(
    runner_of: Callable[..., DeviceRunner], store: Store
) -> None:
    store.write(MAKE(TRIALS[0]))
    runner = runner_of("shard-1")
    assert train_share(runner, TRIALS) == {}
    assert store.keys() == {trial.key for trial in TRIALS} and runner.trained == 5


def test_a_training_process_that_is_killed_is_started_afresh(
    runner_of: Callable[..., DeviceRunner], run: RunFolder
) -> None:
    runner = runner_of()
    runner.obtain(TRIALS[:1])
    first = trainer_pid(run)
    os.kill(first, signal.SIGKILL)
    runner.obtain(TRIALS)
    assert trainer_pid(run) != first


def test_another_process_of_the_run_takes_over_from_one_that_ends(
    runner_of: Callable[..., DeviceRunner], run: RunFolder
) -> None:
    first, second = runner_of("gw0"), runner_of("gw1")
    first.obtain(TRIALS[:1])
    first.close()
    assert len(second.obtain(TRIALS)) == 6


def test_a_device_that_is_not_there_is_an_error_of_the_run(
    runner_of: Callable[..., DeviceRunner], store: Store, run: RunFolder
) -> None:
    spec = TrainerSpec(executor="loop", world=None, data_root=None, folder=None)
    runner = DeviceRunner(store, spec, Device(kind="tpu"), name="gw0", run=run)
    with pytest.raises(BnclaimsError, match="device 'tpu' is unknown"):
        runner.obtain(TRIALS)
    runner.close()
    with pytest.raises(BnclaimsError, match="device 'tpu' is unknown"):
        runner_of("gw1").obtain(TRIALS)


def test_a_training_process_that_cannot_start_is_given_up_with_its_last_words(
    runner_of: Callable[..., DeviceRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "_MODULE", "bnclaims.no_such_module")
    with pytest.raises(BnclaimsError, match=r"ended 6 times in a row.*No module named"):
        runner_of().obtain(TRIALS)


def test_what_no_trial_can_be_trained_with_is_an_error_of_the_run(
    runner_of: Callable[..., DeviceRunner],
) -> None:
    spec = TrainerSpec(executor="warp", world=None, data_root=None, folder=None)
    with pytest.raises(BnclaimsError, match="executor 'warp' is unknown"):
        runner_of(spec=spec).obtain(TRIALS[:1])


def test_a_trial_that_cannot_be_trained_fails_where_it_is_wanted(
    runner_of: Callable[..., DeviceRunner],
) -> None:
    spec = TrainerSpec(executor="loop", world=None, data_root=None, folder=None)
    with pytest.raises(TrialFailed, match="toy"):
        runner_of(spec=spec).obtain(TRIALS[:1])


def test_a_run_that_was_stopped_ends_the_waiting_and_the_training_process(
    runner_of: Callable[..., DeviceRunner], run: RunFolder
) -> None:
    runner = runner_of()
    runner.obtain(TRIALS[:1])
    pid = trainer_pid(run)
    run.stop()
    with pytest.raises(Stopped):
        runner.obtain(TRIALS)
    until = time.monotonic() + 20
    keeper = runner._keeper._process
    assert keeper is not None and keeper.pid == pid
    while keeper.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert keeper.poll() == 0


def test_networks_of_the_training_process_are_those_of_the_loop(
    runner_of: Callable[..., DeviceRunner], store: Store, run: RunFolder
) -> None:
    trials = digits_trials(2)
    spec = TrainerSpec(executor="graph", world=None, data_root=None, folder=None)
    records = runner_of(spec=spec).obtain(trials)
    here = NetworkTrainer("loop", Sources())
    for trial in trials:
        assert records[trial.key].environment["executor"] == "graph"
        assert not differences(records[trial.key], here(trial))


# --- the training process -----------------------------------------------------------------------


class Together:
    """Trains up to four trials at once; what it raises over a seed is in ``errors``."""

    def __init__(self, errors: dict[int, Exception] | None = None) -> None:
        self.calls: list[list[int]] = []
        self.errors = errors or {}

    def __call__(self, trial: Trial) -> Record:
        return self.train_all([trial])[0]

    def together(self, trials: Sequence[Trial]) -> int:
        return min(len(trials), 4)

    def train_all(self, trials: Sequence[Trial]) -> list[Record]:
        self.calls.append([trial.seed for trial in trials])
        for trial in trials:
            if trial.seed in self.errors:
                raise self.errors[trial.seed]
        return [MAKE(trial) for trial in trials]


def wants(run: RunFolder, name: str, trials: Sequence[Trial]) -> None:
    from bnclaims.training.runners import WorkerStatus

    run.write_status(
        WorkerStatus(name=name, pid=os.getpid(), trained=0, done=False, wanted=tuple(trials))
    )


def serve(store: Store, run: RunFolder, trainer: Together) -> None:
    process = TrainingProcess(store, trainer, run, name="trainer-cpu", limit=None, worker=False)
    try:
        process.serve(idle=0.2)
    finally:
        process.close()


def test_what_several_processes_want_of_a_setting_is_trained_together(
    store: Store, run: RunFolder
) -> None:
    wants(run, "gw0", [*TRIALS[:2], *OTHERS[:2]])
    wants(run, "gw1", [OTHERS[2], *TRIALS[2:6]])
    trainer = Together()
    serve(store, run, trainer)
    # The setting at hand to its end, whose captures are there, before another.
    assert trainer.calls == [[0, 1, 2, 3], [4, 5], [0, 1, 2]]


def test_a_trial_that_fails_is_given_up_for_all_and_the_others_are_stored(
    store: Store, run: RunFolder, runner_of: Callable[..., DeviceRunner]
) -> None:
    wants(run, "gw0", TRIALS[:4])
    serve(store, run, Together({2: RuntimeError("tired")}))
    assert [store.has(trial.key) for trial in TRIALS[:4]] == [True, True, False, True]
    with pytest.raises(TrialFailed, match="tired"):
        runner_of("gw1").obtain(TRIALS[:4])


def test_a_lost_device_ends_the_process_and_the_next_trains_each_trial_alone(
    store: Store, run: RunFolder
) -> None:
    wants(run, "gw0", TRIALS[:4])
    lethal = Together({1: DeviceLost("broken")})
    for _ in range(DEATHS_FORGIVEN + 1):
        with pytest.raises(DeviceLost):
            serve(store, run, lethal)
    serve(store, run, lethal)
    assert lethal.calls[0] == [0, 1, 2, 3] and lethal.calls.count([1]) == DEATHS_FORGIVEN
    assert [store.has(trial.key) for trial in TRIALS[:4]] == [True, False, True, True]
    why = run.given_up(TRIALS[1].key)
    assert why is not None and "3 training processes ended" in why


def test_a_process_without_work_ends(store: Store, run: RunFolder) -> None:
    since = time.monotonic()
    serve(store, run, Together())
    assert time.monotonic() - since < 5
