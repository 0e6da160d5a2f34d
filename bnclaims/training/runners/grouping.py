"""Trials in groups that one process should train together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bnclaims.protocol.trial import Setting, Trial


def groups_of(trials: Sequence[Trial], processes: int) -> Iterator[list[Trial]]:
    """The trials of each setting, in order; in parts of whole seeds where processes would idle.

    All arms of a seed stay together: they share its images.
    """
    settings: dict[Setting, dict[int, list[Trial]]] = {}
    for trial in trials:
        settings.setdefault(trial.setting, {}).setdefault(trial.seed, []).append(trial)
    for seeds in settings.values():
        arms = list(seeds.values())
        parts = min(len(arms), -(-processes // len(settings)))
        for part in range(parts):
            start, stop = (len(arms) * edge // parts for edge in (part, part + 1))
            yield [trial for seed in arms[start:stop] for trial in seed]
