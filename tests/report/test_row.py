"""The row of a claim in words."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnclaims import stats
from bnclaims.audit.beside.results import Mostly, Retention, Specificity, Summary
from bnclaims.audit.verdict import Verdict
from bnclaims.report import row
from bnclaims.report.model_explained import StatedSummary


def summary(**changes: Any) -> Summary:
    whole: dict[str, Any] = {
        "verdict": Verdict.SUPPORTED,
        "answer": None,
        "settings": 1,
        "specific": {Specificity.MOVED_THRESHOLD: 1},
        "mostly": {Mostly.THRESHOLD: 1},
        "threshold": stats.Ratio(0.94, 0.83, 1.06),
        "retained": {},
        "lasting": None,
        "one_sided": False,
    }
    return Summary(**whole | changes)


def test_one_glance_tells_how_much_of_a_gain_is_a_moved_threshold() -> None:
    assert row.because_in_brief(summary()) == "94 % threshold"
    assert row.in_full(summary(lasting=Verdict.REFUTED)) == (
        "Because of: 94 % [83, 106] threshold; a moved threshold does as well. Still there when "
        "trained: no."
    )


def test_without_a_gain_nothing_is_explained() -> None:
    none = summary(
        threshold=stats.Ratio(math.nan, -math.inf, math.inf),
        mostly={Mostly.NO_GAIN: 1},
        specific={Specificity.NOT_KNOWN: 1},
        retained={Retention.NOT_KNOWN: 1},
    )
    assert row.reasons(none) == [row.MOSTLY[Mostly.NO_GAIN]]
    assert row.because_in_brief(none) == "no gain shown"


def test_settings_that_differ_are_counted() -> None:
    found = summary(
        settings=3,
        threshold=None,
        mostly={Mostly.THRESHOLD: 2, Mostly.RANKING: 1},
        specific={Specificity.SPECIFIC: 3},
    )
    assert row.because(found) == (
        "mostly the threshold in 2 of 3 settings; mostly the ranking in 1 of 3 settings; more than a "
        "moved threshold"
    )
    assert row.because_in_brief(found) == "differs"


def test_a_claim_that_is_about_no_effect_is_because_of_nothing() -> None:
    bare = summary(specific={}, mostly={}, threshold=None)
    assert row.because(bare) == row.because_in_brief(bare) == row.NOTHING
    assert row.in_full(bare) == ""


@pytest.mark.parametrize("words", [row.SPECIFIC, row.MOSTLY, row.BRIEF, row.RETAINED, row.LASTING])
def test_every_value_has_words_of_its_own(words: Any) -> None:
    kind = type(next(iter(words)))
    assert set(words) == set(kind)


@given(
    st.sampled_from([*Verdict, None]),
    st.tuples(*[st.none() | st.floats(-5, 5)] * 3),
    st.booleans(),
)
def test_a_row_in_json_says_what_it_said(
    lasting: Verdict | None, ends: tuple[float | None, ...], one_sided: bool
) -> None:
    estimate, low, high = ends
    stated = {
        "verdict": "REFUTED",
        "answer": "as good",
        "settings": 1,
        "specific": {"specific": 1},
        "mostly": {"no gain": 1},
        "threshold": {"estimate": estimate, "low": low, "high": high},
        "retained": {"part": 1},
        "lasting": None if lasting is None else str(lasting),
        "one_sided": one_sided,
    }
    found = StatedSummary.model_validate(stated)
    assert found.plain() == stated
    made = found.summary()
    assert made.lasting is lasting and made.threshold is not None
    assert made.threshold.bounded == (low is not None and high is not None)
