"""Shares of a plan: how it is cut, and who trains what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.store.leases import Leases
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training import synthetic
from bnclaims.training.runners import LocalRunner, shards
from bnclaims.training.runners.shards import help_others, shares_of, train_share
from fixtures.trials import setting_of

TRIALS = [
    Trial(setting=setting_of(batch_size=size), arm=arm, seed=seed)
    for size in (16, 32, 64)
    for seed in range(4)
    for arm in (PLAIN, FINAL_BN)
]
MAKE = synthetic.trainer("effect")


@given(st.lists(st.sampled_from(TRIALS), unique=True), st.integers(1, 30))
def test_every_trial_is_in_one_share_and_shares_are_equal(trials: list[Trial], count: int) -> None:
    cut = shares_of(trials, count)
    assert sorted(t.key for share in cut for t in share) == sorted(t.key for t in trials)
    groups = [len({(trial.setting, trial.seed) for trial in share}) for share in cut]
    assert len(cut) == count and max(groups) - min(groups) <= 1


@given(st.permutations(TRIALS), st.integers(1, 5))
def test_shares_do_not_depend_on_the_order_of_the_plan(trials: list[Trial], count: int) -> None:
    assert [set(s) for s in shares_of(trials, count)] == [set(s) for s in shares_of(TRIALS, count)]


def test_the_arms_of_a_seed_are_in_one_share() -> None:
    groups = [{(t.setting, t.seed) for t in share} for share in shares_of(TRIALS, 5)]
    assert sum(map(len, groups)) == len(set().union(*groups)) == 12


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def seen() -> list[Trial]:
    return []


@pytest.fixture
def runner_of(
    store: Store, seen: list[Trial], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Callable[[Trial], Record]], LocalRunner]]:
    monkeypatch.setattr(shards, "LOOK_AGAIN", 0.01)
    made: list[LocalRunner] = []

    def runner(train: Callable[[Trial], Record] = MAKE) -> LocalRunner:
        def noted(trial: Trial) -> Record:
            seen.append(trial)
            return train(trial)

        made.append(LocalRunner(store, noted))
        return made[-1]

    yield runner
    for each in made:
        each.close()


RunnerOf = Callable[..., LocalRunner]


def test_what_another_process_trains_is_waited_for_last(
    store: Store, runner_of: RunnerOf, seen: list[Trial]
) -> None:
    elsewhere = Leases(store.root)
    lease = elsewhere.acquire(TRIALS[0].key)
    assert lease is not None

    def last(trial: Trial) -> Record:
        if trial == TRIALS[5]:
            lease.release()
        return MAKE(trial)

    counted: list[int] = []
    assert train_share(runner_of(last), TRIALS[:6], on_trial=lambda: counted.append(1)) == {}
    assert seen == [*TRIALS[1:6], TRIALS[0]]
    assert len(counted) == 6
    elsewhere.close()


def test_a_failure_is_reported_once_and_does_not_stop_the_share(
    store: Store, runner_of: RunnerOf, seen: list[Trial]
) -> None:
    def fragile(trial: Trial) -> Record:
        if trial == TRIALS[2]:
            raise RuntimeError("tired")
        return MAKE(trial)

    failed = train_share(runner_of(fragile), TRIALS[:5])
    assert list(failed) == [TRIALS[2].key] and "tired" in failed[TRIALS[2].key]
    assert len(seen) == 5 and len(store.keys()) == 4


def test_help_begins_at_the_end_and_leaves_what_is_stored(
    store: Store, runner_of: RunnerOf, seen: list[Trial]
) -> None:
    store.write(MAKE(TRIALS[1]))
    assert help_others(runner_of(), [TRIALS[:3], TRIALS[3:5]]) == {}
    assert seen == [TRIALS[2], TRIALS[0], TRIALS[4], TRIALS[3]]


def test_a_trial_that_fails_at_its_owner_meanwhile_is_left_to_it(
    store: Store, runner_of: RunnerOf, seen: list[Trial]
) -> None:
    # An error of an earlier run is no reason to leave a trial alone.
    store.write_error(TRIALS[1], "an old one")

    def train(trial: Trial) -> Record:
        store.write_error(TRIALS[0], "just now")
        return MAKE(trial)

    assert help_others(runner_of(train), [TRIALS[:3]]) == {}
    assert seen == [TRIALS[2], TRIALS[1]]
