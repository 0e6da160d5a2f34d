"""Session: what a run will need for certain."""

from __future__ import annotations

from pathlib import Path

import pytest

from bnclaims import datasets
from bnclaims.audit.claim import discover
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Task
from bnclaims.run.design import asked, decided
from bnclaims.run.prerequisites import check_data
from bnclaims.run.request import Request
from bnclaims.run.session import AuditSession
from bnclaims.store.nights import tonight
from bnclaims.training import synthetic

CLAIMS = discover(Path(__file__).parents[2] / "claims")


def test_first_looks_are_those_of_the_collected_cells_alone() -> None:
    design = asked(Request(), CLAIMS)
    trials = design.first_looks({("premise", "simple_cnn")})
    assert {(trial.arm, trial.seed) for trial in trials} == {
        (arm, seed) for arm in (PLAIN, FINAL_BN) for seed in range(10000, 10016)
    }
    assert len({trial.setting for trial in trials}) == 1
    assert design.first_looks(set()) == []


def test_a_session_is_settled_at_its_making(tmp_path: Path) -> None:
    def opened(label: str) -> AuditSession:
        request = Request(protocol="nightly", store=tmp_path / "store", night=label)
        return AuditSession(decided(asked(request, CLAIMS), keep=True))

    first = opened("mon")
    planned = len(first.plan.all)
    # A plan that was read does not stand in the way of the next night's.
    assert len(opened("tue").plan.all) == 2 * planned
    assert len(first.plan.all) == planned
    for name in ("protocol", "selection", "plan", "claims", "request", "design"):
        with pytest.raises(AttributeError):
            setattr(first, name, getattr(first, name))
        if name != "design":
            with pytest.raises(AttributeError):
                setattr(first.design, name, getattr(first, name))


def test_what_was_chosen_stands_in_the_request(tmp_path: Path) -> None:
    request = Request(store=tmp_path / "store", budget=5, world="effect")
    design = decided(asked(request, CLAIMS), workers=2, keep=True)
    assert design.protocol.file.budget is not None and design.request.budget is None
    # So that a worker, which is handed this request, judges the very same cells.
    again = decided(asked(design.request, CLAIMS))
    assert again.protocol.sha256 == design.protocol.sha256
    assert [cell.name for _, cell in again.plan.cells] == [
        cell.name for _, cell in design.plan.cells
    ]
    night = Request(protocol="nightly", store=tmp_path / "other")
    assert decided(asked(night, CLAIMS)).request.night == tonight()


def test_no_image_is_read_while_all_that_is_needed_for_certain_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Task] = []
    monkeypatch.setattr(datasets, "check", lambda task, *, sources: read.append(task))
    premise = [claim for claim in CLAIMS if claim.id == "premise"]
    session = AuditSession(asked(Request(store=tmp_path / "store"), premise))
    needed = session.plan.first
    assert needed.keys() < session.plan.all.keys()
    last = needed.popitem()[1]
    make = synthetic.trainer("effect")
    for trial in needed.values():
        session.store.write(make(trial))
    check_data(session.design, session.store, needed)
    assert read == []
    # One that is certain to be trained: then whatever may be drawn from is checked at once.
    check_data(session.design, session.store, needed | {last.key: last})
    assert set(read) == set(session.plan.tasks)
