"""Calibration of whole audits: wrong verdicts are rare, and a wrong judge is found out."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest
from scipy.stats import binom

from bnclaims import stats
from bnclaims.audit.evidence.per_seed import guarded
from bnclaims.audit.statements import statement as judgement
from bnclaims.audit.statements.paired_effects import NoEffect
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import KEPT, PLAIN
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Trial
from bnclaims.run.calibrate import calibration
from bnclaims.training import synthetic
from fixtures.trials import setting_of, task_of

CLAIMS = Path(__file__).parents[3] / "claims"
RULES = load_protocol("calibration").rules
ALPHA = RULES.alpha
# Chance that a judge whose wrong words are as frequent as they may be fails the short check.
RISK = 1e-3


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """No p-value of one judge is remembered by the next."""
    judgement._p_value.cache_clear()
    yield
    judgement._p_value.cache_clear()


def calibrated(world: str, suites: int, jobs: int = 1) -> dict[str, Any]:
    return calibration.calibrate(
        world, suites=suites, protocol="calibration", claims=CLAIMS, jobs=jobs
    )


def too_many_wrong(result: dict[str, Any]) -> bool:
    """Whether more suites have a wrong word than chance allows at the protocol's alpha."""
    return bool(result["any_wrong"]["count"] > binom.ppf(1 - RISK, result["suites"], ALPHA))


@pytest.fixture(scope="module")
def two_majority_effect() -> dict[str, Any]:
    return calibrated("two_majority_effect", 4)


@pytest.fixture(scope="module")
def broken() -> dict[str, Any]:
    return calibrated("broken_trainer", 2)


def too_often_small(values: tuple[Fraction, ...]) -> bool:
    """Whether, over all signs of these differences, p <= a happens more often than a for any a."""
    patterns = itertools.product((-1, 1), repeat=len(values))
    found = sorted(
        judgement._p_value(
            tuple(s * v for s, v in zip(signs, values, strict=True)),
            0,
            "greater",
            guarded,
            RULES.draws,
            RULES.random_seed,
        )
        for signs in patterns
    )
    return any(place / len(found) > p + 1e-12 for place, p in enumerate(found, start=1))


# As F1 differences come: few distinct values, with ties and zeros.
DIFFERENCES = tuple(Fraction(numerator, 40) for numerator in (0, 0, 1, 1, 1, 2, 2, 3, 5))


# --- the judge as it is ---------------------------------------------------------------------------


def test_the_judge_says_few_wrong_words(two_majority_effect: dict[str, Any]) -> None:
    assert not too_many_wrong(two_majority_effect)
    assert not too_many_wrong(calibrated("null", 3))


def test_a_broken_trainer_gets_no_word_at_all(broken: dict[str, Any]) -> None:
    for tally in broken["claims"].values():
        assert tally["verdicts"]["INVALID"]["count"] == broken["suites"]
    assert broken["any_wrong"]["count"] == 0


def test_a_true_effect_is_found(two_majority_effect: dict[str, Any]) -> None:
    for claim in ("premise", "i", "ii", "iii", "iv", "vi"):
        assert two_majority_effect["claims"][claim]["verdicts"]["SUPPORTED"]["count"] == 4


def test_p_values_are_never_smaller_than_they_may_be() -> None:
    assert not too_often_small(DIFFERENCES)


def test_a_suite_is_the_same_in_one_process_and_in_several(broken: dict[str, Any]) -> None:
    assert calibrated("broken_trainer", 2, jobs=2) == broken


def test_suites_differ() -> None:
    trial = Trial(setting=setting_of(task_of(test_images=20)), arm=PLAIN, seed=0)
    first, again, other = (synthetic.trainer("null", suite=suite)(trial) for suite in (1, 1, 2))
    key = (KEPT, "test")
    assert (first.scores[key] == again.scores[key]).all()
    assert (first.scores[key] != other.scores[key]).any()
    assert first.splits["test"].images != other.splits["test"].images


def test_the_rules_of_the_calibration_are_those_of_the_quick_protocol() -> None:
    quick, own = load_protocol("quick"), load_protocol("calibration")
    assert own.file.statistics == quick.file.statistics
    for claim, rules in own.file.claims.items():
        cells = {cell.name: cell for cell in quick.file.claims[claim].cells}
        for cell in rules.cells:
            # Its reason may be worded better there; the counts of worlds rest on this file's hash.
            assert cell == cells[cell.name].model_copy(update={"reason": cell.reason})
            assert cell.primary or claim == "iv"


# --- judges that are wrong on purpose -------------------------------------------------------------


def test_approximate_p_values_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def normal(
        values: tuple[Fraction, ...], *, shift: float, alternative: str, **others: object
    ) -> float:
        centred = [float(value) - shift for value in values]
        z = sum(centred) / math.sqrt(sum(value**2 for value in centred) or 1.0)
        return 1 - NormalDist().cdf(z if alternative == "greater" else -z)

    monkeypatch.setattr(stats, "judged", normal)
    assert too_often_small(DIFFERENCES)


def test_a_direction_chosen_after_looking_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    right = stats.judged

    def either(values: Any, *, alternative: str, **others: Any) -> float:
        return min(right(values, alternative=side, **others) for side in ("greater", "less"))

    monkeypatch.setattr(stats, "judged", either)
    assert too_often_small(DIFFERENCES)
    judgement._p_value.cache_clear()
    assert too_many_wrong(calibrated("two_majority_effect", 4))


def test_a_doubled_margin_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubled(statement: NoEffect, rules: Rules) -> float:
        return 2 * (rules.margin if statement.margin is None else statement.margin)

    monkeypatch.setattr(NoEffect, "_margin", doubled)
    assert too_many_wrong(calibrated("two_majority_effect", 6))


# --- at length ------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("world", synthetic.WORLDS)
def test_a_thousand_suites_have_few_wrong_words(world: str) -> None:
    assert calibrated(world, 1000, jobs=os.cpu_count() or 1)["any_wrong"]["high"] <= ALPHA
