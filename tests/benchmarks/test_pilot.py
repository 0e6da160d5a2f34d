"""The pilot: one training serves every length, choices follow their rules, the page follows the numbers."""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bnclaims import datasets
from bnclaims.datasets import Sources
from bnclaims.protocol.cells import cells_of
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.run.inventory import selection_here
from bnclaims.store.codec import differences
from bnclaims.training.executors.job import prepared
from bnclaims.training.executors.loop import train
from fixtures.training import draw_of, trial_of

ROOT = Path(__file__).parents[2]
PACKS = ROOT / "../shared/data"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield


def of_epochs(arm: str, *epochs: int, **changes: Any) -> list[Trial]:
    first = trial_of(arm)
    return [
        dataclasses.replace(first, setting=dataclasses.replace(first.setting, epochs=n, **changes))
        for n in epochs
    ]


@pytest.mark.parametrize("arm", [PLAIN, FINAL_BN])
def test_every_length_of_one_training_is_a_training_of_its_own(arm: str) -> None:
    from piloting.train import records

    found = list(records(of_epochs(arm, 1, 2, 4), draw_of()))
    assert [len(record.losses) for record in found] == [1, 2, 4]
    for record in found:
        assert differences(record, train(record.trial, draw_of())) == ()
    spent = [record.seconds["train"] for record in found]
    assert spent == sorted(spent)


def test_a_training_that_diverges_is_recorded_at_every_length() -> None:
    from piloting.train import records

    found = list(records(of_epochs(PLAIN, 1, 3, 5, learning_rate=1e30), draw_of()))
    assert [record.diverged for record in found] == [True] * 3
    assert [record.trial.setting.epochs for record in found] == [1, 3, 5]


@pytest.mark.parametrize(("called", "found"), [(0, 0), (1, 5)])
def test_training_images_that_are_called_the_minority_are_counted(called: int, found: int) -> None:
    from piloting.train import training_minority_found

    job = prepared(trial_of(PLAIN), draw_of())
    assert int((job.labels == 1).sum()) == 5
    with torch.no_grad():
        job.network.last.weight.zero_()
        job.network.last.bias.copy_(torch.eye(2)[called])
    assert training_minority_found(job) == found


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_j_is_0_for_whoever_calls_everything_one_class(classes: int) -> None:
    from piloting.measure import informedness

    for called in range(classes):
        counts = np.zeros((classes, classes), dtype=np.int64)
        counts[:, called] = 10
        for scored in ([classes - 1], list(range(1, classes))):
            assert informedness(counts, scored) == 0
    assert informedness(np.diag([7] * classes), [classes - 1]) == 1


def test_j_is_hits_less_false_alarms() -> None:
    from piloting.measure import informedness

    two = np.array([[90, 10], [20, 80]])
    assert informedness(two, [1]) == pytest.approx(0.8 - 0.1)
    three = np.array([[8, 1, 1], [2, 6, 2], [0, 3, 7]])
    assert informedness(three, [2]) == pytest.approx(0.7 - (0.1 + 0.2) / 2)
    both = ((0.6 - (0.1 + 0.3) / 2) + (0.7 - (0.1 + 0.2) / 2)) / 2
    assert informedness(three, [1, 2]) == pytest.approx(both)


def rows(arm: str, rate: float, steps: int, *, j: float, auc: float, found: list[int]) -> Any:
    for seed, images in enumerate(found):
        yield {
            "arm": arm,
            "rate": rate,
            "steps": steps,
            "seed": seed,
            "found": images,
            "train_minority": 10,
            "validation_minority": 7,
            "validation_j": j,
            "validation_auc": auc,
        }


def test_a_rate_wins_by_more_than_one_image_or_else_by_its_ranking() -> None:
    from piloting.choose import best, groups

    image = 1 / (7 * 16)
    found = [0] * 16
    for lead, winner in ((image, 1e-2), (1.01 * image, 1e-3)):
        of = groups(
            itertools.chain(
                rows(PLAIN, 1e-3, 160, j=0.5 + lead, auc=0.7, found=found),
                rows(PLAIN, 1e-2, 160, j=0.5, auc=0.8, found=found),
                rows(PLAIN, 1e-1, 160, j=0.1, auc=0.9, found=found),
            )
        )
        assert best(of).rate == winner


def test_lasting_steps_are_the_first_at_which_the_chosen_plain_rate_finds_enough() -> None:
    from piloting.choose import groups, lasting_steps

    def of(short: list[int], long: list[int]) -> Any:
        return groups(
            itertools.chain(
                rows(PLAIN, 1e-3, 160, j=0.5, auc=0.9, found=short),
                # Finds all, and is not the rate that validation chooses.
                rows(PLAIN, 1e-2, 160, j=0.1, auc=0.9, found=[10] * 16),
                rows(PLAIN, 1e-3, 320, j=0.5, auc=0.9, found=long),
                rows(FINAL_BN, 1e-3, 160, j=0.5, auc=0.9, found=[10] * 16),
            )
        )

    assert lasting_steps(of([9] * 12 + [8] * 4, [10] * 16)) == 160
    assert lasting_steps(of([9] * 11 + [8] * 5, [10] * 16)) == 320
    assert lasting_steps(of([8] * 16, [8] * 16)) is None


@pytest.mark.parametrize("dataset", ["digits", "mnist-5k", "plantvillage-apple"])
def test_the_tasks_of_the_pilot_can_be_drawn_and_the_two_of_a_triple_differ_in_b_alone(
    dataset: str,
) -> None:
    import pilot
    from piloting.measure import steps_of

    if dataset.startswith("plantvillage") and not PACKS.is_dir():
        pytest.skip("no image packs beside the repository")
    sources = Sources(data_root=PACKS)
    datasets.check(pilot.premise(dataset, sources).task, sources=sources)
    found = cells_of(load_protocol("quick"), "v", selection_here(dataset, sources=sources))
    (cell,) = [one for one in found if one.name == "triple"]
    few, many = cell.settings.values()
    assert steps_of(few) == steps_of(many) == 160
    for task in (few.task, many.task):
        datasets.check(task, sources=sources)
    for seed in (20000, 20015):
        drawn = [datasets.draw(task, seed, sources=sources) for task in (few.task, many.task)]
        assert drawn[0].splits["test"].images == drawn[1].splits["test"].images
        trained = [
            [
                {i for i, label in zip(d.train.images, d.train.labels, strict=True) if label == cls}
                for cls in range(3)
            ]
            for d in drawn
        ]
        assert trained[0][0] == trained[1][0] and trained[0][2] == trained[1][2]
        assert trained[0][1] < trained[1][1]
        assert len(trained[0][1]) == len(trained[0][2])
        assert len(trained[1][1]) == len(trained[1][0]) == 100 * len(trained[1][2])


def test_the_page_says_what_the_numbers_say() -> None:
    spec = importlib.util.spec_from_file_location("pilot_page", ROOT / "docs/pilot/page.py")
    assert spec is not None and spec.loader is not None
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    text = (ROOT / "docs" / "pilot.md").read_text(encoding="utf-8")
    assert page.filled(text) == text
    result = json.loads((ROOT / "docs" / "pilot" / "pilot.json").read_text(encoding="utf-8"))
    seeds = {
        one[table["columns"].index("seed")]
        for part in (result["datasets"], result["triples"])
        for table in part.values()
        for one in table["rows"]
    }
    assert seeds == set(range(20000, 20016))
