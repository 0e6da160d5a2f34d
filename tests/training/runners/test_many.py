"""Trials that are trained at once: leased one by one, stored one by one, failing one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bnclaims.protocol.names import PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.store.leases import Leases
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training import synthetic
from bnclaims.training.runners import LocalRunner, TrialFailed
from bnclaims.training.runners.shards import help_others, train_share
from fixtures.trials import setting_of

TRIALS = [Trial(setting=setting_of(), arm=PLAIN, seed=seed) for seed in range(6)]
OTHER_SETTING = dataclasses.replace(setting_of(), batch_size=32)


class Fours:
    """Trains up to four trials at once, as networks side by side on a GPU are trained."""

    def __init__(self, errors: dict[int, Exception] | None = None) -> None:
        self.calls: list[list[int]] = []
        self.errors = errors or {}
        self._make = synthetic.trainer("effect")

    def __call__(self, trial: Trial) -> Record:
        return self.train_all([trial])[0]

    def together(self, trials: Sequence[Trial]) -> int:
        assert len({trial.setting for trial in trials}) == 1
        return min(len(trials), 4)

    def train_all(self, trials: Sequence[Trial]) -> list[Record]:
        self.calls.append([trial.seed for trial in trials])
        for trial in trials:
            if trial.seed in self.errors:
                raise self.errors[trial.seed]
        return [self._make(trial) for trial in trials]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def trainer() -> Fours:
    return Fours()


@pytest.fixture
def runner(store: Store, trainer: Fours) -> Iterator[LocalRunner]:
    made = LocalRunner(store, trainer)
    yield made
    made.close()


def test_trials_of_a_setting_are_trained_at_once_and_none_twice(
    runner: LocalRunner, trainer: Fours
) -> None:
    records = runner.obtain(TRIALS)
    assert trainer.calls == [[0, 1, 2, 3], [4, 5]]
    assert [records[trial.key].trial for trial in TRIALS] == TRIALS
    assert runner.trained == 6
    assert runner.obtain(TRIALS).keys() == records.keys() and len(trainer.calls) == 2


def test_what_is_stored_or_of_another_setting_is_not_among_them(
    runner: LocalRunner, trainer: Fours, store: Store
) -> None:
    store.write(synthetic.trainer("effect")(TRIALS[1]))
    other = Trial(setting=OTHER_SETTING, arm=PLAIN, seed=9)
    runner.obtain([TRIALS[0], other, *TRIALS[1:4]])
    assert trainer.calls == [[0, 2, 3], [9]]


def test_what_another_process_trains_is_left_to_it(
    runner: LocalRunner, trainer: Fours, store: Store
) -> None:
    elsewhere = Leases(store.root)
    lease = elsewhere.acquire(TRIALS[2].key)
    assert lease is not None
    for trial in TRIALS[:2]:
        runner.settle([trial])
    trainer.calls.clear()
    with lease:
        store.write(synthetic.trainer("effect")(TRIALS[2]))
    runner.obtain(TRIALS)
    elsewhere.close()
    assert trainer.calls == [[3, 4, 5]]


def test_a_lease_held_elsewhere_leaves_the_trial_out_of_the_call(
    store: Store, trainer: Fours
) -> None:
    elsewhere = Leases(store.root)
    lease = elsewhere.acquire(TRIALS[1].key)
    assert lease is not None
    whole = trainer.train_all

    def train_all(trials: Sequence[Trial]) -> list[Record]:
        # The other process ends while this one trains.
        if not store.has(TRIALS[1].key):
            store.write(synthetic.trainer("effect")(TRIALS[1]))
        return whole(trials)

    trainer.train_all = train_all  # type: ignore[method-assign]
    runner = LocalRunner(store, trainer)
    with lease:
        runner.obtain(TRIALS[:4])
    runner.close()
    elsewhere.close()
    assert trainer.calls == [[0, 2, 3]]


def test_one_that_fails_is_found_and_the_others_are_stored(store: Store) -> None:
    trainer = Fours({2: RuntimeError("tired")})
    runner = LocalRunner(store, trainer)
    with pytest.raises(TrialFailed, match="tired"):
        runner.obtain(TRIALS[:4])
    runner.close()
    assert trainer.calls[:5] == [[0, 1, 2, 3], [0], [1], [2], [3]]
    assert [store.has(trial.key) for trial in TRIALS[:4]] == [True, True, False, True]
    assert "tired" in (store.read_error(TRIALS[2].key) or "")


def test_a_share_is_trained_in_groups_as_an_audit_is(
    runner: LocalRunner, trainer: Fours, store: Store
) -> None:
    assert train_share(runner, [*TRIALS[:3], Trial(setting=OTHER_SETTING, arm=PLAIN, seed=9)]) == {}
    help_others(runner, [TRIALS])
    assert trainer.calls == [[0, 1, 2], [9], [5, 4, 3]] and len(store.keys()) == 7
