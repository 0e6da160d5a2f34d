"""Intervals cover what they speak of: few repetitions of what docs/calibration/coverage.py measures."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from bnclaims import stats
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.stats import HodgesLehmann
from bnclaims.training import synthetic
from fixtures.scripts import FOLDER, script
from fixtures.trials import setting_of, task_of

COVERAGE = script("coverage")
MEASURED = json.loads((FOLDER / "coverage.json").read_text(encoding="utf-8"))
# Chance that an interval with the coverage it promises fails a check here.
RISK = 1e-4
SUITES = 40
HARSH = "finite_pool, images matter most"


def too_rarely(covered: dict[str, Any]) -> bool:
    """Whether an interval covers less often than chance allows one of 95 %."""
    repetitions = round(covered["count"] / covered["rate"])
    return bool(covered["count"] < binom.ppf(RISK, repetitions, 0.95))


@cache
def measured(pool: int) -> dict[int, Any]:
    """Coverage in a few suites where images matter most."""
    truth = next(c["population_effect"] for c in MEASURED["new_images"] if c["place"] == HARSH)
    suites = COVERAGE.pools(COVERAGE.PLACES[HARSH], pool, range(10**6, 10**6 + SUITES))
    found: dict[int, Any] = COVERAGE.coverage(suites, truth)
    return found


@pytest.mark.parametrize("differences", ["normal", "t3", "uniform"])
def test_the_hodges_lehmann_interval_covers_the_centre_of_discrete_differences(
    differences: str,
) -> None:
    found = COVERAGE.symmetric(differences, Fraction(1, 2), 16, 400)
    assert not too_rarely(found["covered"])


def test_an_interval_of_less_confidence_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def bold(differences: list[Fraction]) -> HodgesLehmann:
        return stats.hodges_lehmann(differences, confidence=0.85)

    monkeypatch.setattr(COVERAGE, "hodges_lehmann", bold)
    assert too_rarely(COVERAGE.symmetric("normal", Fraction(1, 2), 16, 400)["covered"])


def test_the_new_images_interval_covers_the_population_effect() -> None:
    for found in measured(174).values():
        assert not too_rarely(found["new_images"])


def test_an_interval_from_seeds_alone_does_not_cover_it_and_is_found_out() -> None:
    assert too_rarely(measured(174)[32]["seeds_alone"])


def test_the_population_effect_of_the_committed_counts_is_that_of_the_generator() -> None:
    for case in MEASURED["new_images"]:
        if case["pool"] == 174:
            sample = COVERAGE.gains(case["changes"], range(10**6, 10**6 + 200))
            error = sample.std() / len(sample) ** 0.5
            assert abs(COVERAGE.pseudomedian(sample) - case["population_effect"]) < 4.5 * error


def test_the_pseudomedian_of_a_population_is_that_of_a_table_of_pairs() -> None:
    values = np.random.default_rng(4).normal(0.1, 1, size=201)
    first, second = np.triu_indices(len(values))
    assert COVERAGE.pseudomedian(values) == pytest.approx(
        np.median((values[first] + values[second]) / 2), abs=2e-6
    )


@pytest.mark.parametrize("pool", [174, 600, 3000])
def test_the_pool_is_a_parameter_of_the_generator(pool: int) -> None:
    task = task_of(test_images=40)
    train = synthetic.trainer("finite_pool", pool=pool)
    records = [
        train(Trial(setting=setting_of(task), arm=arm, seed=seed))
        for seed in range(16)
        for arm in (PLAIN, FINAL_BN)
    ]
    minority = {
        name
        for record in records
        for name, label in zip(
            record.splits["test"].images, record.splits["test"].labels, strict=True
        )
        if label in task.minority_classes
    }
    numbers = [int(name.split("/")[-1]) for name in minority]
    assert all(record.pool_images[task.minority_classes[0]] == pool for record in records)
    # Sixteen seeds of forty images see nearly all of few and some of the last tenth of many.
    assert 0.9 * pool <= max(numbers) < pool


def test_a_world_has_no_field_of_another_name() -> None:
    with pytest.raises(TypeError, match="pools"):
        synthetic.trainer("finite_pool", pools=600)
