"""Grouping of trials for processes that train them together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.training.runners.grouping import groups_of
from fixtures.trials import setting_of

SETTINGS = [setting_of(batch_size=size) for size in (16, 32, 64)]
TRIALS = [
    Trial(setting=setting, arm=arm, seed=seed)
    for seed in range(6)
    for setting in SETTINGS
    for arm in (PLAIN, FINAL_BN)
]
some_trials = st.lists(st.sampled_from(TRIALS), unique=True)


@given(some_trials, st.integers(1, 40))
def test_every_trial_is_in_one_group_of_its_setting(trials: list[Trial], processes: int) -> None:
    groups = list(groups_of(trials, processes))
    assert sorted(t.key for group in groups for t in group) == sorted(t.key for t in trials)
    assert all(len({trial.setting for trial in group}) == 1 for group in groups)


@given(some_trials, st.integers(1, 40))
def test_the_arms_of_a_seed_stay_together(trials: list[Trial], processes: int) -> None:
    groups = list(groups_of(trials, processes))
    places = [{(trial.setting, trial.seed) for trial in group} for group in groups]
    assert sum(map(len, places)) == len(set().union(*places))


@given(some_trials, st.integers(1, 40))
def test_no_process_idles_while_there_are_seeds_to_share(
    trials: list[Trial], processes: int
) -> None:
    seeds = {(trial.setting, trial.seed) for trial in trials}
    assert len(list(groups_of(trials, processes))) >= min(
        processes, len(seeds), processes if len({t.setting for t in trials}) == 1 else 0
    )


def test_a_setting_is_one_group_when_every_process_has_one() -> None:
    assert [len(group) for group in groups_of(TRIALS, 3)] == [12, 12, 12]
    assert [len(group) for group in groups_of(TRIALS, 4)] == [6] * 6


def test_groups_keep_the_order_of_their_trials() -> None:
    (group,) = groups_of([trial for trial in TRIALS if trial.setting == SETTINGS[0]], 1)
    assert [(trial.seed, trial.arm) for trial in group] == [
        (seed, arm) for seed in range(6) for arm in (PLAIN, FINAL_BN)
    ]
