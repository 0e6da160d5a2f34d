"""Order of cells in a run: the premise, then what trains most, at last what others have trained."""

from __future__ import annotations

from pathlib import Path

from bnclaims.audit.claim import discover
from bnclaims.audit.longest_first import longest_first
from bnclaims.audit.plan import plan
from bnclaims.protocol.cells import Selection
from bnclaims.protocol.load import load_protocol

QUICK = load_protocol("quick")
PLAN = plan(
    discover(Path(__file__).parents[2] / "claims"),
    QUICK,
    Selection(dataset="digits", fingerprints=dict.fromkeys(QUICK.file.datasets, "content")),
)


def test_every_cell_is_there_once_and_what_trains_most_comes_first() -> None:
    order = longest_first(PLAN, QUICK.rules)
    assert sorted(order) == sorted((claim.id, cell.name) for claim, cell in PLAN.cells)
    # The premise's networks are those of most others. (ii) at fixed steps has six ratios.
    assert order[:2] == [("premise", "simple_cnn"), ("ii", "fixed steps")]
    place = order.index
    assert place(("v", "triple")) < place(("iii", "fixed steps"))
    assert place(("iii", "fixed steps")) < place(("i", "simple_cnn"))


def test_a_cell_whose_networks_are_those_of_another_waits_for_them() -> None:
    order = longest_first(PLAN, QUICK.rules)
    waiting = [
        name for name in order if name in {("i", "simple_cnn"), ("ii-specific", "fixed steps")}
    ]
    # Both train nothing of their own and stay in the order of the plan.
    assert waiting == [("i", "simple_cnn"), ("ii-specific", "fixed steps")]
    assert order.index(("ii-specific", "fixed steps")) > order.index(("lasting", "trained to T*"))
