"""What a gain is made of, and what is left of it: on gains that are written beforehand."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.audit.beside.results import Mostly, Retention, Specificity
from bnclaims.audit.beside.retained_share import retained_share_of
from bnclaims.audit.beside.specific import specific_of
from bnclaims.audit.beside.threshold_share import threshold_share_of
from bnclaims.protocol.load import load_protocol
from fixtures.columns import column, scores

RULES = load_protocol("quick").rules
SEEDS = 32


def near(value: float, spread: float = 0.01, seeds: int = SEEDS) -> list[float]:
    """Distinct values around one, as symmetric as they can be."""
    return [round(value + spread * ((2 * at + 1) / seeds - 1), 6) for at in range(seeds)]


# --- threshold share ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ranking", "word"),
    [
        (0.0, Mostly.THRESHOLD),
        (-0.2, Mostly.THRESHOLD),
        (0.2, Mostly.THRESHOLD),
        (0.35, Mostly.RANKING),
        (0.6, Mostly.RANKING),
    ],
)
def test_the_larger_half_of_a_gain_is_named(ranking: float, word: Mostly) -> None:
    share = threshold_share_of(column(near(0.6)), column(near(ranking, 0.02)), RULES)
    assert share.word is word
    assert share.share.low <= 1 - ranking / 0.6 <= share.share.high


def test_a_half_is_neither_and_no_gain_has_no_share() -> None:
    half = threshold_share_of(column(near(0.6)), column(near(0.3, 0.1)), RULES)
    assert half.word is Mostly.NOT_KNOWN and half.share.bounded
    # A network that calls everything the minority loses what J plain had.
    loss = threshold_share_of(column(near(-0.04)), column(near(-0.9)), RULES)
    assert loss.word is Mostly.NO_GAIN
    none = threshold_share_of(column(near(0.0)), column(near(0.3)), RULES)
    assert none.word is Mostly.NO_GAIN and not none.share.bounded
    # The two parts are there all the same.
    assert none.ranking.estimate == pytest.approx(0.3)
    assert none.threshold.estimate == pytest.approx(-0.3)


gains = st.lists(st.tuples(st.integers(-100, 100), st.integers(-100, 100)), min_size=1, max_size=12)


@settings(max_examples=80)
@given(gains)
def test_the_two_parts_of_every_seed_add_up_to_its_gain(pairs: list[tuple[int, int]]) -> None:
    gain, ranking = (column([at / 100 for at in part]) for part in zip(*pairs, strict=True))
    share = threshold_share_of(gain, ranking, RULES)
    for (whole, rest), (all_of_it, left) in zip(share.by_seed.values(), pairs, strict=True):
        assert whole == Fraction(all_of_it, 100) and whole - rest == Fraction(left, 100)


def test_a_seed_that_was_not_observed_has_no_part() -> None:
    share = threshold_share_of(column([0.5, None, 0.6]), column([0.1, 0.2, None]), RULES)
    assert list(share.by_seed) == [0]
    lost = threshold_share_of(column([None, None]), column([0.1, 0.2]), RULES)
    assert lost.word is Mostly.NO_GAIN and math.isnan(lost.share.estimate)
    assert lost.gain.estimate is None


# --- retained share -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f1", "j", "word", "below_half"),
    [
        (0.9, 0.8, Retention.MOST, False),
        (0.9, 0.3, Retention.PART, True),
        (0.9, 0.0, Retention.NOT_KNOWN, True),
        (-0.2, 0.9, Retention.NOT_KNOWN, True),
    ],
)
def test_what_is_left_must_be_left_in_both_scores(
    f1: float, j: float, word: Retention, below_half: bool
) -> None:
    kept = scores(near(0.6))
    removed = scores(near(0.6 * f1, 0.02), near(0.6 * j, 0.02))
    found = retained_share_of(kept, removed, RULES)
    assert (found.word, found.below_half) == (word, below_half)


def test_where_nothing_was_gained_nothing_can_be_retained() -> None:
    found = retained_share_of(scores(near(0.6), near(0.0)), scores(near(0.6)), RULES)
    assert found.word is Retention.NOT_KNOWN and not found.j.bounded


# --- specific -------------------------------------------------------------------------------------


def specific(layer: list[float], plain: list[float], off: list[float]) -> Specificity:
    return specific_of(scores(layer), scores(plain), scores(off), RULES).word


def test_a_layer_that_does_more_than_a_moved_threshold_is_specific() -> None:
    assert specific(near(0.9), near(0.0), near(0.4)) is Specificity.SPECIFIC


@pytest.mark.parametrize("off", [0.9, 0.95, 0.6 + 0.28])
def test_a_threshold_that_does_as_well_or_better_is_a_moved_threshold(off: float) -> None:
    assert specific(near(0.88), near(0.0), near(off)) is Specificity.MOVED_THRESHOLD


def test_a_dead_layer_is_matched_by_nothing() -> None:
    assert specific(near(0.0), near(0.0), near(0.0)) is Specificity.NOT_KNOWN


def test_a_layer_is_not_specific_in_one_score_alone() -> None:
    layer, plain = scores(near(0.9)), scores(near(0.0))
    off = scores(near(0.4), near(0.88))
    assert specific_of(layer, plain, off, RULES).word is Specificity.NOT_KNOWN


def test_what_a_layer_does_more_is_asked_of_the_size() -> None:
    assert specific(near(0.9), near(0.0), near(0.81, 0.02)) is not Specificity.SPECIFIC


def test_a_missing_seed_counts_as_worst_on_either_side() -> None:
    whole = [*near(0.9)]
    some = [None, None, *whole[2:]]
    layer = scores(some)
    found = specific_of(layer, scores(near(0.0)), scores(near(0.4)), RULES)
    best = specific_of(scores(whole), scores(near(0.0)), scores(near(0.4)), RULES)
    assert found.p_more > best.p_more and found.p_no_more >= best.p_no_more
