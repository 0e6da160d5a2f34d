"""What a run will need for certain."""

from __future__ import annotations

from pathlib import Path

from bnclaims.claim import discover
from bnclaims.session import AuditSession, Request
from bnclaims.trial import FINAL_BN, PLAIN

CLAIMS = discover(Path(__file__).parents[2] / "claims")


def test_first_looks_are_those_of_the_collected_cells_alone() -> None:
    session = AuditSession(Request(), CLAIMS)
    trials = session.first_looks({("premise", "simple_cnn")})
    assert {(trial.arm, trial.seed) for trial in trials} == {
        (arm, seed) for arm in (PLAIN, FINAL_BN) for seed in range(8)
    }
    assert len({trial.setting for trial in trials}) == 1
    assert session.first_looks(set()) == []
