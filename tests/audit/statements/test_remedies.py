"""Statements about several remedies: that one helps, and that one is still needed."""

from __future__ import annotations

import pytest

from bnclaims.audit.statements.paired_effects import Effect
from bnclaims.audit.statements.remedies import (
    AnyOf,
    Candidate,
    Curve,
    StillNeeded,
    ending,
    some_remedy,
)
from bnclaims.audit.statements.statement import Gate, Point
from bnclaims.protocol.load import load_protocol
from fixtures.columns import scores

RULES = load_protocol("remedies").rules
SEEDS = 32


def near(value: float, spread: float = 0.02) -> list[float]:
    """Values around one in an order that has no trend."""
    return [round(value + spread * ((at * 37 % 64) / 31.5 - 1), 6) for at in range(SEEDS)]


def effects(*sizes: float) -> tuple[Effect, ...]:
    return tuple(Effect(f"gain {size}", scores(near(size))) for size in sizes)


def test_one_effect_is_enough_and_its_p_is_paid_for_by_their_number() -> None:
    parts = effects(0.0, 0.5, 0.02)
    found = AnyOf(parts)
    assert found.support(RULES).p == pytest.approx(3 * parts[1].support(RULES).p)
    assert found.support(RULES).p <= RULES.level / 2 < found.refute(RULES).p
    described = found.describe(RULES)
    assert described.label == "gain 0.5"
    assert [part.label for part in described.parts] == [part.label for part in parts]


def test_no_effect_takes_every_one_to_be_small_and_something_to_have_been_seen() -> None:
    parts = effects(0.0, 0.03, -0.2)
    alive = Gate(label="ranks", gain=scores(near(0.6)).j)
    dead = Gate(label="ranks", gain=scores(near(0.05)).j)
    assert AnyOf(parts, (alive,)).refute(RULES).p <= RULES.level / 2
    assert AnyOf(parts, (dead,)).refute(RULES).p > RULES.level
    assert AnyOf((*parts, *effects(0.3)), (alive,)).refute(RULES).p > RULES.level


def test_candidates_are_compared_with_the_plain_network() -> None:
    plain = Candidate("plain", "plain", "kept", scores(near(0.2)))
    helpful = Candidate("focal loss", "focal", "kept", scores(near(0.6)))
    found = some_remedy(plain, (helpful,), ())
    assert found.describe(RULES).estimate == pytest.approx(0.4, abs=0.01)


def curves(*gains: tuple[float, ...]) -> StillNeeded:
    made = tuple(
        Curve(f"remedy {at}", tuple(scores(near(gain)) for gain in own))
        for at, own in enumerate(gains)
    )
    return StillNeeded("with", made, tuple(5.0 * 2**at for at in range(len(gains[0]))))


def test_none_is_needed_where_the_last_gains_are_small_and_some_first_one_was_not() -> None:
    found = curves((0.5, 0.2, 0.01), (0.3, 0.1, 0.0), (0.3, 0.1, 0.0))
    assert found.refute(RULES).p <= RULES.level / 2 < found.support(RULES).p
    told = found.describe(RULES)
    assert len(told.parts) == 3
    assert [note.partition(":")[0] for note in told.notes] == ["remedy 0", "remedy 1; remedy 2"]
    assert [point.dose for point in told.parts[0].points] == [5, 10, 20]


def test_that_nothing_ever_helped_is_no_evidence_that_images_did() -> None:
    found = curves((0.0, 0.0, 0.0))
    assert found.refute(RULES).ungated <= RULES.level < found.refute(RULES).p


def test_one_remedy_that_still_helps_is_enough() -> None:
    found = curves((0.5, 0.2, 0.01), (0.5, 0.5, 0.5))
    assert found.support(RULES).p <= RULES.level / 2 < found.refute(RULES).p


def points(*estimates: float, width: float = 0.02) -> tuple[Point, ...]:
    return tuple(
        Point(dose=5.0 * 2**at, estimate=value, low=value - width, high=value + width)
        for at, value in enumerate(estimates)
    )


@pytest.mark.parametrize(
    ("estimates", "said"),
    [
        ((0.4, 0.2, 0.0), "gains less than 0.1 in J from about 14 on, shown from 20 on"),
        ((0.05, 0.04, 0.0), "gains less than 0.1 in J from 5 on, the fewest that were tried"),
        ((0.4, 0.3, 0.2), "would gain less than 0.1 in J from about 40 on, beyond what was tried"),
        # It would cross at 160, eight times the last.
        ((0.4, 0.3, 0.25), "still gains 0.1 or more in J at 20, the most that were tried"),
        # A slower fall would be followed too far, and a rise has no end.
        ((0.4, 0.35, 0.33), "still gains 0.1 or more in J at 20, the most that were tried"),
        ((0.1, 0.2, 0.3), "still gains 0.1 or more in J at 20, the most that were tried"),
        # Where a gain comes back, only its last fall counts.
        ((0.05, 0.2, 0.0), "gains less than 0.1 in J from about 14 on, shown from 20 on"),
    ],
)
def test_a_gain_ends_where_its_line_crosses_the_smallest_effect(
    estimates: tuple[float, ...], said: str
) -> None:
    assert ending(points(*estimates), 0.1) == said


def test_what_wide_intervals_do_not_show_is_not_called_shown() -> None:
    assert ending(points(0.4, 0.2, 0.05, width=0.1), 0.1).endswith("about 16 on")
