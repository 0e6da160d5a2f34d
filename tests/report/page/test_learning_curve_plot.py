"""Learning curves on the page: which network a line is of, read from the committed reports of remedies."""

from __future__ import annotations

import pytest

import bnclaims
from bnclaims.report.page.learning_curve_plot import learning_curves
from fixtures.committed import REMEDIES, REPORTS


@pytest.mark.parametrize("name", REMEDIES)
def test_a_line_is_named_by_its_arm_and_by_how_it_is_read_where_it_is_not_as_it_comes(
    name: str,
) -> None:
    claims = bnclaims.read_report(REPORTS / name).report.claims
    (claim,) = (claim for claim in claims if claim.id == "remedies-images")
    (plot,) = learning_curves("curve", claim)
    names = [row[0] for row in plot.rows]
    assert {"plain", "final bn", "plain, prior shifted"} <= {*names}
    assert not any("kept" in name for name in names)
    assert all(name in plot.svg for name in names)
