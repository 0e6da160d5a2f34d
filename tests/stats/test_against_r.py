"""The statistics against R: every case of golden/signed_rank.json, which golden/signed_rank.R made.

R and this package agree on every p-value. They differ in two places, and enumeration of all signs
settles both against R: `exactRankTests::wilcox.exact` takes the limits of its interval from the
ranks at shift 0, which under ties are not those at other shifts, and it deletes zeros before it forms
averages, so that its interval does not move with the data; `exactRankTests::perm.test` rounds
numbers that are not whole.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bnclaims.stats import (
    bonferroni,
    clopper_pearson,
    hodges_lehmann,
    holm,
    sign_flip_mean,
    signed_rank,
)
from bnclaims.stats.sign_test import sign_test

Case = dict[str, Any]

GOLDEN = json.loads((Path(__file__).parent / "golden/signed_rank.json").read_text("utf-8"))
CASES: list[Case] = GOLDEN["cases"]
# R's exact p-values are sums of doubles.
PRECISION = 1e-9


def data(case: Case) -> dict[str, Any]:
    """Differences, shift and alternative in the unit that R's whole numbers are steps of."""
    unit = Fraction(1, case["unit"])
    return {
        "differences": [Fraction(str(value)) * unit for value in case["x"]],
        "shift": case["mu"] * unit,
        "alternative": case["alternative"].replace(".", "-"),
    }


def of_ranks(case: Case) -> Case:
    zeros = "pratt" if "Pratt" in case["kind"] else "drop"
    result = signed_rank(**data(case), zeros=zeros)  # type: ignore[arg-type]
    return {"statistic": result.statistic, "pvalue": result.pvalue}


def of_the_mean(case: Case) -> Case:
    return {"pvalue": sign_flip_mean(**data(case)).pvalue}


def of_signs(case: Case) -> Case:
    result = sign_test(**data(case))
    return {"statistic": result.statistic, "pvalue": result.pvalue}


def of_an_interval(case: Case) -> Case:
    found = hodges_lehmann(
        [Fraction(value, case["unit"]) for value in case["x"]], confidence=case["confidence"]
    )
    ends = {"estimate": found.estimate, "low": found.low, "high": found.high}
    return {name: value * case["unit"] for name, value in ends.items()}


def of_a_proportion(case: Case) -> Case:
    low, high = clopper_pearson(case["successes"], case["trials"], confidence=case["confidence"])
    return {"low": low, "high": high}


def of_a_family(case: Case) -> Case:
    if case["method"] == "holm":
        return {"adjusted": holm(case["p"])}
    # R adjusts each of a family, ours speaks of the smallest: each among others that say nothing.
    nothing = [1.0] * (len(case["p"]) - 1)
    return {"adjusted": [bonferroni([p, *nothing]) for p in case["p"]]}


OURS: dict[str, Callable[[Case], Case]] = {
    "signed rank, no ties": of_ranks,
    "signed rank, zeros dropped": of_ranks,
    "signed rank, zeros by Pratt": of_ranks,
    "sign flips of the mean": of_the_mean,
    "sign test": of_signs,
    "interval, no ties": of_an_interval,
    "proportion": of_a_proportion,
    "adjusted": of_a_family,
}


def of_kind(*kinds: str) -> list[Case]:
    return [case for case in CASES if case["kind"] in kinds]


@pytest.mark.parametrize("kind", OURS)
def test_every_case_of_r_is_met(kind: str) -> None:
    cases = of_kind(kind)
    assert cases
    for case in cases:
        expected = {name: pytest.approx(v, rel=PRECISION) for name, v in case["result"].items()}
        ours = OURS[kind](case)
        assert {name: ours[name] for name in expected} == expected, case


# --- where R differs --------------------------------------------------------------------------------


def enumerated(values: list[int], shift: Fraction) -> Fraction:
    """Two-sided signed rank p-value from all 2^n signs, in integers; no value equals the shift."""
    sizes = [abs(value - shift) for value in values]
    ranks = [2 * sum(b < a for b in sizes) + sum(b == a for b in sizes) + 1 for a in sizes]
    observed = sum(rank for rank, value in zip(ranks, values, strict=True) if value > shift)
    if len(values) <= 12:
        sums = Counter(sum(signs) for signs in itertools.product(*((0, rank) for rank in ranks)))
    else:
        sums = Counter({0: 1})
        for rank in ranks:
            sums = sums + Counter({total + rank: ways for total, ways in sums.items()})
    above = sum(ways for total, ways in sums.items() if total >= observed)
    below = sum(ways for total, ways in sums.items() if total <= observed)
    return min(Fraction(1), Fraction(2 * min(above, below), 2 ** len(values)))


def test_an_interval_of_r_is_ours_where_its_ranks_do_not_depend_on_the_shift() -> None:
    met = 0
    for case in of_kind("interval, ties"):
        sizes = [abs(value) for value in case["x"]]
        if 0 not in sizes and len(set(sizes)) == len(sizes):
            assert of_an_interval(case) == pytest.approx(case["result"], rel=PRECISION), case
            met += 1
    assert met


@pytest.mark.parametrize("end", ["low", "high"])
def test_where_an_interval_of_r_differs_all_signs_are_on_our_side(end: str) -> None:
    few = 0
    for case in of_kind("interval, ties"):
        ours, theirs = of_an_interval(case)[end], case["result"][end]
        if abs(ours - theirs) < PRECISION:
            continue
        # Averages of two whole numbers are multiples of 1/2: no p-value changes within a quarter,
        # and a quarter from our end towards R's is a shift that one interval has and the other not.
        outwards = -1 if end == "low" else 1
        towards = 1 if theirs > ours else -1
        p = enumerated(case["x"], Fraction(ours) + Fraction(towards, 4))
        rejected = p <= 1 - Fraction(str(case["confidence"]))
        assert rejected == (towards == outwards), case
        few += len(case["x"]) <= 12
    assert few


def test_our_interval_moves_with_the_data_and_that_of_r_does_not() -> None:
    for case in of_kind("interval, ties"):
        if case["name"] != "zeros":
            continue
        (moved,) = (
            other
            for other in of_kind("interval, ties")
            if other["name"] == "zeros moved away from zero"
            and other["confidence"] == case["confidence"]
        )
        ours, shifted = of_an_interval(case), of_an_interval(moved)
        assert {name: value + 10 for name, value in ours.items()} == shifted
        assert case["result"]["estimate"] + 10 != moved["result"]["estimate"]


def test_fractions_are_rounded_by_r_and_not_by_us() -> None:
    (case,) = of_kind("sign flips of the mean, rounded by R")
    exact = data(case)["differences"]
    sums = [sum(signs) for signs in itertools.product(*((value, -value) for value in exact))]
    truth = sum(total >= sum(exact) for total in sums) / len(sums)
    assert of_the_mean(case)["pvalue"] == truth
    assert case["result"]["pvalue"] != pytest.approx(truth, rel=1e-3)


def test_no_case_is_left_out() -> None:
    disputed = {"interval, ties", "sign flips of the mean, rounded by R"}
    assert {case["kind"] for case in CASES} == OURS.keys() | disputed
    assert set(GOLDEN["versions"]) == {"R", "exactRankTests", "coin", "jsonlite"}
    assert max(len(case["x"]) for case in CASES if "x" in case) == 200
