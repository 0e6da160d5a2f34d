"""The Ray runner without Ray: what it does with what actors send, and with those that die."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.store.codec import encode
from bnclaims.store.leases import Leases
from bnclaims.store.store import Store
from bnclaims.training import synthetic
from bnclaims.training.runners import RayOptions, RunFolder, Stopped, TrialFailed
from bnclaims.training.spec import TrainerSpec
from fixtures.trials import setting_of

pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")

from bnclaims.training.runners.ray import runner as ray_runner
from bnclaims.training.runners.ray.actor import Trained
from bnclaims.training.runners.ray.pool import Lost
from bnclaims.training.runners.ray.runner import DEATHS_FORGIVEN, RayRunner

TRIALS = [Trial(setting=setting_of(), arm=PLAIN, seed=seed) for seed in range(6)]
OTHERS = [Trial(setting=setting_of(batch_size=32), arm=PLAIN, seed=seed) for seed in range(4)]
SPEC = TrainerSpec(executor="loop", world="effect", data_root=None, folder=None, trial_timeout=60.0)
MAKE = synthetic.trainer("effect")


def sound(trial: Trial) -> Trained:
    return Trained(key=trial.key, record=encode(MAKE(trial)))


class Pool:
    """Actors that answer at once, in this process; ``answer`` says what becomes of a trial."""

    def __init__(self) -> None:
        self.given: list[list[Trial]] = []
        self.answer: Callable[[Trial], Trained | None] = sound
        self.actors = 1
        self.closed = False
        self._work: list[list[Trial]] = []

    @property
    def free(self) -> int:
        return self.actors - len(self._work)

    @property
    def idle(self) -> int:
        return self.free

    def give(self, trials: Sequence[Trial]) -> None:
        self.given.append(list(trials))
        self._work.append(list(trials))

    def listen(self, timeout: float) -> Iterator[Trained | Lost]:
        work, self._work = self._work, []
        for trials in work:
            for place, trial in enumerate(trials):
                outcome = self.answer(trial)
                if outcome is None:
                    yield Lost(trials=tuple(trials[place:]), reason="its node is gone")
                    break
                yield outcome

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def run(store: Store) -> RunFolder:
    return RunFolder.create(store.root / "runs" / "one")


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    made = Pool()
    monkeypatch.setattr(ray_runner, "ActorPool", lambda *_: made)
    return made


@pytest.fixture
def make(store: Store, run: RunFolder, pool: Pool) -> Iterator[Callable[..., RayRunner]]:
    made: list[RayRunner] = []

    def runner(**options: Any) -> RayRunner:
        made.append(RayRunner(store, RayOptions(), SPEC, run=run, **options))
        return made[-1]

    yield runner
    for runner_made in made:
        runner_made.close()


Make = Callable[..., RayRunner]


def seeds(groups: list[list[Trial]]) -> list[list[int]]:
    return [[trial.seed for trial in group] for group in groups]


def test_only_what_the_store_lacks_is_given_to_actors(store: Store, make: Make, pool: Pool) -> None:
    store.write(MAKE(TRIALS[1]))
    runner = make()
    records = runner.obtain(TRIALS[:3])
    assert seeds(pool.given) == [[0, 2]]
    assert runner.trained == 2
    assert set(records) == store.keys() == {trial.key for trial in TRIALS[:3]}


def test_ray_is_not_started_when_everything_is_stored(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_runner, "ActorPool", None)
    store.write(MAKE(TRIALS[0]))
    assert len(make().obtain(TRIALS[:1])) == 1


def test_an_actor_that_would_idle_trains_what_other_cells_will_ask_for(
    store: Store, make: Make, pool: Pool
) -> None:
    pool.actors = 7
    make(coming=lambda: [OTHERS]).obtain(TRIALS)
    assert sorted(seeds(pool.given)) == [[0], [0, 1, 2, 3], [1], [2], [3], [4], [5]]
    assert len(store.keys()) == 10


def test_what_is_coming_waits_while_a_look_has_work_for_everybody(make: Make, pool: Pool) -> None:
    make(coming=lambda: [OTHERS]).obtain(TRIALS[:2])
    assert pool.given[0] == TRIALS[:2]


def test_a_dead_actors_unfinished_trials_are_trained_again_and_its_finished_ones_are_not(
    store: Store, make: Make, pool: Pool
) -> None:
    deaths = iter([True])
    pool.answer = lambda trial: None if trial.seed == 2 and next(deaths, False) else sound(trial)
    runner = make()
    runner.obtain(TRIALS)
    assert seeds(pool.given) == [[0, 1, 2, 3, 4, 5], [2, 3, 4, 5]]
    assert runner.trained == 6


def test_a_trial_that_kills_its_actors_fails_and_takes_no_other_with_it(
    store: Store, make: Make, pool: Pool
) -> None:
    pool.answer = lambda trial: None if trial.seed == 1 else sound(trial)
    runner = make()
    with pytest.raises(TrialFailed, match=f"{DEATHS_FORGIVEN + 1} actors died"):
        runner.obtain(TRIALS[:3])
    assert "its node is gone" in (store.read_error(TRIALS[1].key) or "")
    assert len(runner.obtain([TRIALS[0], TRIALS[2]])) == 2
    assert len(pool.given) == DEATHS_FORGIVEN + 2


def test_a_trial_that_cannot_be_trained_leaves_its_traceback_in_the_store(
    store: Store, make: Make, pool: Pool
) -> None:
    pool.answer = lambda trial: Trained(key=trial.key, reason="ValueError('tired')", traceback="T")
    runner = make()
    for _ in range(2):
        with pytest.raises(TrialFailed, match="tired"):
            runner.obtain(TRIALS[:1])
    assert store.read_error(TRIALS[0].key) == "T"
    assert len(pool.given) == 1


def test_a_trial_that_takes_too_long_says_which_option_to_raise(
    store: Store, make: Make, pool: Pool
) -> None:
    pool.answer = lambda trial: Trained(key=trial.key, traceback="in epoch 3", late=True)
    with pytest.raises(TrialFailed, match=r"did not end within 60 s.*--trial-timeout"):
        make().obtain(TRIALS[:1])
    assert "in epoch 3" in (store.read_error(TRIALS[0].key) or "")


def test_an_error_that_a_person_can_act_on_is_passed_on(make: Make, pool: Pool) -> None:
    pool.answer = lambda trial: Trained(key=trial.key, reason="no such pack.", refused=True)
    with pytest.raises(BnclaimsError, match="no such pack"):
        make().obtain(TRIALS[:1])


@pytest.mark.parametrize("wrong", ["cut", "other"])
def test_a_record_that_is_not_sound_is_a_failure_and_not_stored(
    store: Store, make: Make, pool: Pool, wrong: str
) -> None:
    cut = {"cut": encode(MAKE(TRIALS[0]))[:-5], "other": encode(MAKE(TRIALS[1]))}[wrong]
    pool.answer = lambda trial: Trained(key=trial.key, record=cut)
    with pytest.raises(TrialFailed, match="damaged record"):
        make().obtain(TRIALS[:1])
    assert store.keys() == set()


def test_what_another_run_is_training_is_left_to_it(store: Store, make: Make, pool: Pool) -> None:
    elsewhere = Leases(store.root)
    lease = elsewhere.acquire(TRIALS[0].key)
    assert lease is not None

    def finish_elsewhere(trial: Trial) -> Trained:
        if trial.seed == 2:
            store.write(MAKE(TRIALS[0]))
            lease.release()
        return sound(trial)

    pool.answer = finish_elsewhere
    runner = make()
    runner.obtain(TRIALS[:3])
    assert seeds(pool.given) == [[1, 2]]
    assert runner.trained == 2
    elsewhere.close()


def test_leases_are_held_for_the_actors_until_their_records_are_stored(
    store: Store, make: Make, pool: Pool
) -> None:
    held: list[int] = []

    def count(trial: Trial) -> Trained:
        held.append(len(list((store.root / "leases").glob("*.lease"))))
        return sound(trial)

    pool.answer = count
    make().obtain(TRIALS[:3])
    assert held == [3, 2, 1]
    assert not list((store.root / "leases").glob("*.lease"))


def test_a_stopped_run_gives_out_no_further_work(run: RunFolder, make: Make, pool: Pool) -> None:
    run.stop()
    with pytest.raises(Stopped):
        make().obtain(TRIALS[:1])
    assert pool.given == []


def test_closing_ends_the_actors_and_frees_their_trials(
    store: Store, make: Make, pool: Pool
) -> None:
    def interrupt(trial: Trial) -> Trained:
        raise KeyboardInterrupt

    pool.answer = interrupt
    runner = make()
    with pytest.raises(KeyboardInterrupt):
        runner.obtain(TRIALS[:2])
    runner.close()
    assert pool.closed
    assert not list((store.root / "leases").glob("*.lease"))
