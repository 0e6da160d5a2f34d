"""A share of a plan: trained by one process of several that know of each other through the store only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from bnclaims.protocol.trial import Trial
from bnclaims.training.runners.device import DeviceRunner
from bnclaims.training.runners.local import LocalRunner
from bnclaims.training.runners.runner import TrialFailed

# Seconds until a process looks again at what others are training.
LOOK_AGAIN = 0.5


def shares_of(trials: Iterable[Trial], count: int) -> list[list[Trial]]:
    """The trials in ``count`` shares that differ by one group at most, the same in every process.

    A group is one setting and seed: its arms are trained on the same images. The order of groups is
    that of their keys, so that long and short settings fall into every share.
    """
    groups: dict[tuple[object, int], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.setting, trial.seed), []).append(trial)
    ordered = sorted(groups.values(), key=lambda group: min(trial.key for trial in group))
    return [[trial for group in ordered[index::count] for trial in group] for index in range(count)]


def train_share(
    runner: LocalRunner | DeviceRunner,
    trials: Sequence[Trial],
    *,
    skip: Callable[[Trial], bool] = lambda trial: False,
    on_trial: Callable[[], None] = lambda: None,
) -> dict[str, str]:
    """Trains the trials until the store has each that can be trained; why others could not, by key.

    Those that another process is training are waited for, and taken over once it is dead. Nothing
    is done about one that ``skip`` names when its turn comes.
    """
    failed: dict[str, str] = {}
    pending = list(trials)
    while pending:
        elsewhere = []
        for number, trial in enumerate(pending):
            try:
                if not skip(trial) and not runner.settle(pending[number:]):
                    elsewhere.append(trial)
                    continue
            except TrialFailed as error:
                failed[trial.key] = str(error)
            on_trial()
        if len(elsewhere) == len(pending):
            time.sleep(LOOK_AGAIN)
        pending = elsewhere
    return failed


def help_others(
    runner: LocalRunner | DeviceRunner, shares: Sequence[Sequence[Trial]]
) -> dict[str, str]:
    """Trains what is left of the shares of others; what could not be trained, by key.

    From the end of each, since its own process works from the front. A trial that fails elsewhere
    in the meantime is that process's to report.
    """
    store = runner.store
    left = [trial for share in shares for trial in reversed(share) if not store.has(trial.key)]
    before = {trial.key: store.read_error(trial.key) for trial in left}

    def settled_elsewhere(trial: Trial) -> bool:
        return store.has(trial.key) or store.read_error(trial.key) != before[trial.key]

    return train_share(runner, left, skip=settled_elsewhere)
