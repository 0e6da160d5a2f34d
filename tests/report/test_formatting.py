"""Numbers and distances in the words of the page."""

from __future__ import annotations

import math

from bnclaims.report.formatting import distance, interval


def test_an_estimate_is_written_with_its_interval() -> None:
    assert interval(0.82, [0.76, 0.86]) == "0.82 [0.76, 0.86]"
    assert interval(-0.013, [-0.034, 0.008]) == "−0.013 [−0.034, 0.008]"
    assert interval(0.5, [None, 0.7]) == "0.50 [−∞, 0.70]"
    assert interval(0.5, [-math.inf, 0.7]) == interval(0.5, [None, 0.7])
    assert interval(0.05, [-math.inf, math.inf]) == "0.050 [−∞, ∞]"
    assert interval(-0.001, [-0.2, 0.2]) == "0.00 [−0.20, 0.20]"
    assert interval(None, [0.1, 0.2]) == "[0.10, 0.20]"
    assert interval(None, None) == "–"


def test_the_distance_to_the_decision_line_says_which_side() -> None:
    assert distance(0.001, 0.01) == "10× below"
    assert distance(1e-5, 0.0275) == "2,800× below"
    assert distance(0.05, 0.01) == "5× above"
    assert distance(0.01, 0.01) == "1× below"
    assert distance(None, 0.01) == ""
