"""The rows of a ranked table in words."""

from __future__ import annotations

from typing import Any

import pytest

import bnclaims
from bnclaims.report.model_explained import StatedRemedyRow
from bnclaims.report.remedies import ranked_table, row_of
from fixtures.committed import REPORTS

SIZE = {"metric": "j", "estimate": 0.4, "interval": [0.2, 0.6]}


def row(arm: str, readout: str, effort: int, **changes: Any) -> StatedRemedyRow:
    standing = {"metric": "j", "p_gain": 0.001, "gains": True, "p_worse": 1.0, "among_best": True}
    other = standing | {"metric": "natural_f1", "gains": False, "among_best": False}
    return StatedRemedyRow.model_validate(
        {
            "name": "focal loss",
            "arm": arm,
            "readout": readout,
            "j": SIZE,
            "natural_f1": SIZE,
            "gain_j": SIZE,
            "gain_f1": SIZE,
            "gain_natural_f1": {"metric": "natural_f1", "estimate": -0.3, "interval": [None, 0.1]},
            "standings": [standing, other],
            "ece": SIZE,
            "effort": effort,
        }
        | changes
    )


def test_a_row_says_what_is_shown_and_what_not() -> None:
    assert row_of(3, row("focal", "kept", 2)) == (
        "3",
        "focal loss",
        "0.40",
        "0.40 [0.20, 0.60]",
        "helps, among the best",
        "0.40 [0.20, 0.60]",
        "0.40",
        "−0.30 [−∞, 0.10]",
        "another is better",
        "0.40",
        "another training",
    )


@pytest.mark.parametrize(
    ("arm", "readout", "effort", "cost"),
    [
        ("plain", "prior_shifted", 1, "no training"),
        ("plain", "tuned_threshold", 1, "no training, validation images"),
        ("final_bn", "kept", 4, "another layer"),
        ("final_bn", "tuned_threshold", 5, "another layer, validation images"),
    ],
)
def test_each_remedy_has_its_cost(arm: str, readout: str, effort: int, cost: str) -> None:
    assert row_of(1, row(arm, readout, effort))[-1] == cost


def test_the_plain_network_gains_nothing_over_itself_and_costs_nothing() -> None:
    nothing = dict.fromkeys(("gain_j", "gain_f1", "gain_natural_f1"))
    told = row_of(1, row("plain", "kept", 0, **nothing))
    assert told[3] == told[5] == told[7] == told[-1] == "–"


def test_a_table_notes_of_other_claims_how_many_images_remedies_are_needed_for_and_nothing_else() -> (
    None
):
    report = bnclaims.read_report(REPORTS / "remedies-elpv").report
    table = ranked_table(report.claims)
    assert table is not None
    (images,) = (claim for claim in report.claims if claim.id == "remedies-images")
    assert images.headline is not None and images.headline.finding is not None
    assert images.headline.finding.notes and {*images.headline.finding.notes} <= {*table.notes}

    def without(**changes: Any) -> tuple[str, ...]:
        cell = images.headline.model_copy(update=changes)
        other = images.model_copy(update={"cells": (cell,)})
        bare = ranked_table([c if c is not images else other for c in report.claims])
        assert bare is not None
        return tuple(bare.notes)

    of_another_kind = images.headline.finding.model_copy(update={"kind": "effect"})
    left = without(finding=None)
    assert left == without(finding=of_another_kind)
    assert not {*images.headline.finding.notes} & {*left}
