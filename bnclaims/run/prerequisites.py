"""Prerequisites of a trial: packages of networks, weights, and images.

The training wing is imported only when asked: to collect or to judge what is stored takes none of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from bnclaims.protocol.cells import weights_asked
from bnclaims.protocol.trial import Trial
from bnclaims.report.page.provenance import weights_sentences
from bnclaims.run.design import Design
from bnclaims.store.store import Store


def check_networks(design: Design, store: Store) -> None:
    """Makes sure that the networks of what is to be trained can be built here."""
    if design.request.world is None and not design.request.stored:
        from bnclaims import models

        models.check_installed(trial.setting.architecture for trial in _lacking(design, store))


def check_data(design: Design, store: Store, needed: Mapping[str, Trial]) -> None:
    """Checks every dataset that may still be drawn from, before anything is trained.

    Skipped while the store has all the trials that are ``needed`` for certain: to judge takes no
    images, and to read them takes seconds. What is asked for after that is checked when drawn.
    """
    if design.request.world is not None or design.request.stored or all(map(store.has, needed)):
        return
    from bnclaims import datasets

    for task in {trial.setting.task: None for trial in _lacking(design, store)}:
        datasets.check(task, sources=design.request.sources)


def _lacking(design: Design, store: Store) -> list[Trial]:
    return [trial for trial in design.plan.all.values() if not store.has(trial.key)]


def told_of_weights(design: Design) -> list[str]:
    """What comes of the wish for ImageNet weights on this machine, as sentences."""
    from bnclaims.models import weights

    rule = design.protocol.file.training.without_weights
    names = weights_asked(design.protocol, [claim.id for claim in design.claims], design.selection)
    return list(
        weights_sentences(
            {name: design.selection.weights.get(name) for name in names},
            leave_out=rule is not None and rule.value == "leave_out",
            remedies={name: weights.remedy(name) for name in names},
        )
    )
