"""Verdicts on any of many nights: rarely wrong ever, and judges that only one night allows are found out."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from bnclaims.protocol.load import FOLDER, load_protocol
from bnclaims.run.calibrate import calibration
from bnclaims.stats import anytime_p, judged, mean_evidence, rank_evidence

CLAIMS = Path(__file__).parents[3] / "claims"
RULES = load_protocol("nightly").rules
ALPHA, MARGIN = RULES.alpha, RULES.margin
ROWS, NIGHTS, SEEDS_PER_NIGHT = 200, 15, 4
# What chance allows at alpha, but for one run in a thousand.
MOST = binom.ppf(0.999, ROWS, ALPHA)

Row = list[Fraction]


def rows(draw: Callable[[np.random.Generator], NDArray[np.float64]]) -> list[Row]:
    stream = np.random.default_rng(2109)
    return [[Fraction(round(40 * value), 40) for value in draw(stream)] for _ in range(ROWS)]


def noise(stream: np.random.Generator) -> NDArray[np.float64]:
    """No effect."""
    return stream.normal(0, 0.15, NIGHTS * SEEDS_PER_NIGHT)


def rare(stream: np.random.Generator) -> NDArray[np.float64]:
    """Half an F1 in one seed of five: a mean of the margin."""
    return 0.5 * (stream.random(NIGHTS * SEEDS_PER_NIGHT) < 0.2)


def found_above_zero(row: Row) -> bool:
    return anytime_p(row, bounds=(-1, 1)) <= ALPHA


def found_below_margin(row: Row) -> bool:
    return anytime_p(row, bounds=(-1, 1), shift=MARGIN, alternative="less") <= ALPHA


def test_an_effect_that_is_not_there_is_rarely_ever_found() -> None:
    assert sum(map(found_above_zero, rows(noise))) <= MOST


def test_absence_is_rarely_ever_found_where_gains_are_rare() -> None:
    assert sum(map(found_below_margin, rows(rare))) <= MOST


def test_a_judge_that_looks_every_night_at_the_pvalue_of_one_is_found_out() -> None:
    def ever(row: Row) -> bool:
        nights = range(2 * SEEDS_PER_NIGHT, len(row) + 1, SEEDS_PER_NIGHT)
        # As in a fixed number of seeds; exact sign flips would take this test minutes.
        return any(judged(row[:n], draws=999) <= ALPHA for n in nights if n <= 40)

    assert sum(map(ever, rows(noise))) > MOST


def test_a_judge_of_ranks_alone_is_found_out() -> None:
    def ever(row: Row) -> bool:
        logs = rank_evidence(row, shift=MARGIN, alternative="less")
        return bool(logs.max() >= -np.log(ALPHA))

    assert sum(map(ever, rows(rare))) > MOST


def test_a_judge_of_means_alone_is_found_out_by_gains_of_few_and_the_judge_is_not() -> None:
    def few(stream: np.random.Generator) -> NDArray[np.float64]:
        """0.85 F1 in one seed of five: a mean of 0.17, and a pseudomedian below the margin."""
        return 0.85 * (stream.random(4 * NIGHTS * SEEDS_PER_NIGHT) < 0.2)

    found = rows(few)
    means = [mean_evidence(row, bounds=(-1, 1), shift=MARGIN).max() for row in found]
    assert sum(bool(logs >= -np.log(ALPHA)) for logs in means) > MOST
    assert sum(anytime_p(row, bounds=(-1, 1), shift=MARGIN) <= ALPHA for row in found) <= MOST


def test_the_calibration_of_nights_has_the_rules_of_nightly() -> None:
    calibrated = load_protocol("calibration-nightly")
    assert calibrated.rules == RULES
    tasks = load_protocol("calibration").file
    assert (calibrated.file.datasets, calibrated.file.claims) == (tasks.datasets, tasks.claims)


@pytest.mark.parametrize(
    ("world", "nights", "suites"),
    [
        ("null", 18, 1),
        ("two_majority_effect", 20, 1),
        *(
            pytest.param(world, 60, 20, marks=pytest.mark.long)
            for world in ("null", "two_majority_effect", "zero_inflated", "broken_trainer")
        ),
    ],
)
def test_whole_audits_give_few_wrong_verdicts_over_all_nights(
    tmp_path: Path, world: str, nights: int, suites: int
) -> None:
    text = (FOLDER / "calibration-nightly.toml").read_text(encoding="utf-8")
    assert "nights = 60" in text
    protocol = tmp_path / "nights.toml"
    protocol.write_text(text.replace("nights = 60", f"nights = {nights}"), encoding="utf-8")
    result = calibration.calibrate(world, suites=suites, protocol=str(protocol), claims=CLAIMS)
    assert result["any_wrong"]["count"] <= binom.ppf(0.999, suites, ALPHA)
    premise = result["claims"]["premise"]
    said = {word for word, rate in premise["verdicts"].items() if rate["count"]}
    if world in ("null", "two_majority_effect"):
        # The verdict came before the last night, and no seed after it.
        assert said == {"REFUTED" if world == "null" else "SUPPORTED"}
        assert premise["mean_seeds"] < nights * SEEDS_PER_NIGHT
