"""Which of several primary cells decides: the first that the protocol does not leave out on the dataset."""

from __future__ import annotations

import pytest

from bnclaims.protocol.cells import Selection, cells_of
from bnclaims.protocol.load import Protocol, load_protocol, parse_protocol

ANOTHER = """[[claims.premise.cells]]
name = "elsewhere"
primary = true
epochs = 20
not_on = ["digits"]
reason = "It decides wherever it is not left out."

[[claims.premise.cells]]"""
SAME = """
[[claims.iv.cells]]
name = "longer"
epochs = 20
counts_as = "network"
reason = "What is the premise's own setting wherever the longer training decides."
"""


def protocol() -> Protocol:
    text = load_protocol("quick").text.replace("[[claims.premise.cells]]", ANOTHER, 1)
    return parse_protocol(text + SAME, source="copy.toml")


def selection(dataset: str) -> Selection:
    known = ("digits", "leaves", "mnist-5k")
    return Selection(dataset=dataset, fingerprints=dict.fromkeys(known, "f" * 16))


@pytest.mark.parametrize(
    ("dataset", "decides"), [("digits", "simple_cnn"), ("leaves", "elsewhere")]
)
def test_the_first_that_is_not_left_out_decides(dataset: str, decides: str) -> None:
    cells = cells_of(protocol(), "premise", selection(dataset))
    assert [cell.name for cell in cells if cell.primary] == [decides]
    assert next(cell.name for cell in cells if not cell.unavailable) == decides
    # The other one is run all the same, unless it is left out.
    assert (cells[0].unavailable is None) == (dataset == "leaves")
    assert cells[1].unavailable is None


def test_claims_that_read_the_premises_networks_follow_it() -> None:
    cells = cells_of(protocol(), "alt-prevalence", selection("leaves"))
    assert [cell.name for cell in cells if cell.primary] == ["elsewhere"]


def test_what_decides_the_premise_is_no_replication_of_it() -> None:
    for dataset, own in (("digits", False), ("leaves", True)):
        cells = cells_of(protocol(), "iv", selection(dataset))
        (longer,) = [cell for cell in cells if cell.name == "longer"]
        assert ("premise's own setting" in (longer.unavailable or "")) == own


def test_an_only_primary_cell_that_is_left_out_still_decides_nothing() -> None:
    cells = cells_of(load_protocol("quick"), "lasting", selection("leaves"))
    (cell,) = cells
    assert cell.primary and cell.unavailable == "left out on leaves by protocol quick"
