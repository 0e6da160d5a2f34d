"""Judge: which claims an audit takes in which order, and which cells can make their verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from bnclaims.audit.claim import Claim
from bnclaims.audit.plan import cells_for, in_order
from bnclaims.audit.statements.paired_effects import Effect
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.load import load_protocol, parse_protocol
from bnclaims.protocol.names import PLAIN
from bnclaims.protocol.schema import FAMILY
from bnclaims.run.inventory import selection_here

QUICK = load_protocol("quick")
DIGITS = selection_here("digits")


def claim(id: str, combine: str = "primary") -> Claim:
    return Claim(
        id=id,
        sentence="",
        arms=(PLAIN,),
        combine=combine,
        source="",
        assertion=lambda evidence: Effect("", evidence.f1(PLAIN)),
        title="",
        reading="",
    )


def ordered(ids: Sequence[str], family: Sequence[str]) -> list[str]:
    return [one.id for one in in_order([claim(id) for id in ids], family)]


def test_the_family_follows_the_premise_and_the_others_keep_their_order() -> None:
    ids = ["z", "vi", "uncertainty", "i", "premise", "a"]
    assert ordered(ids, FAMILY) == ["premise", "i", "vi", "uncertainty", "z", "a"]
    assert ordered(ids, ("z", "vi")) == ["premise", "z", "vi", "uncertainty", "i", "a"]


def test_the_cells_of_every_claim_of_quick_can_make_its_word() -> None:
    for id in QUICK.file.claims:
        assert cells_for(claim(id, "replication" if id == "iv" else "primary"), QUICK, DIGITS)


def test_a_claim_without_its_primary_cell_is_refused() -> None:
    with pytest.raises(BnclaimsError, match=r"claims\.iv has no primary cell; give the one"):
        cells_for(claim("iv"), QUICK, DIGITS)
    with pytest.raises(BnclaimsError, match=r"claims\.vi has a primary cell.*\(replication\)"):
        cells_for(claim("vi", "replication"), QUICK, DIGITS)


def test_replications_of_another_paper_leave_out_what_was_counted() -> None:
    """Nothing hangs on the id "iv": cells without a primary one are replications."""
    text = QUICK.text.replace("[[claims.iv.cells]]", "[[claims.elsewhere.cells]]")
    renamed = parse_protocol(text, source="copy.toml")
    found = cells_for(claim("elsewhere", "replication"), renamed, DIGITS)
    before = cells_for(claim("iv", "replication"), QUICK, DIGITS)
    assert [dataclasses.replace(cell, claim="iv") for cell in found] == list(before)
    assert any("own setting" in (cell.unavailable or "") for cell in found)
