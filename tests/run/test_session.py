"""What a run will need for certain."""

from __future__ import annotations

from pathlib import Path

import pytest

from bnclaims import datasets
from bnclaims.audit.claim import discover
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Task
from bnclaims.run.session import AuditSession, Request
from bnclaims.training import synthetic

CLAIMS = discover(Path(__file__).parents[2] / "claims")


def test_first_looks_are_those_of_the_collected_cells_alone() -> None:
    session = AuditSession(Request(), CLAIMS)
    trials = session.first_looks({("premise", "simple_cnn")})
    assert {(trial.arm, trial.seed) for trial in trials} == {
        (arm, seed) for arm in (PLAIN, FINAL_BN) for seed in range(8)
    }
    assert len({trial.setting for trial in trials}) == 1
    assert session.first_looks(set()) == []


def test_no_image_is_read_while_all_that_is_needed_for_certain_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Task] = []
    monkeypatch.setattr(datasets, "check", lambda task, *, sources: read.append(task))
    premise = [claim for claim in CLAIMS if claim.id == "premise"]
    session = AuditSession(Request(store=tmp_path / "store"), premise)
    needed = session.plan.first
    assert needed.keys() < session.plan.all.keys()
    last = needed.popitem()[1]
    make = synthetic.trainer("effect")
    for trial in needed.values():
        session.store.write(make(trial))
    session.check_data(needed)
    assert read == []
    # One that is certain to be trained: then whatever may be drawn from is checked at once.
    session.check_data(needed | {last.key: last})
    assert set(read) == set(session.plan.tasks)
