"""Look-ahead: what undecided cells will ask for, known before their tests ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bnclaims.audit.claim import discover
from bnclaims.audit.lookahead import Ahead
from bnclaims.audit.verdicts import judge_cell
from bnclaims.protocol.trial import Trial
from bnclaims.run.design import asked
from bnclaims.run.request import Request
from bnclaims.run.session import AuditSession
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training import synthetic
from fixtures.projects import CLAIM_FILE, small_protocol


@pytest.fixture
def session(tmp_path: Path) -> AuditSession:
    (tmp_path / "test_small.py").write_text(CLAIM_FILE)
    (tmp_path / "small.toml").write_text(small_protocol())
    request = Request(protocol=str(tmp_path / "small.toml"), store=tmp_path / "store")
    return AuditSession(asked(request, discover(tmp_path)))


def ahead_of(session: AuditSession) -> Ahead:
    cells = [(claim, cell, 1) for claim, cell in session.plan.cells]
    return Ahead(cells, session.protocol.rules, session.store)


# Decided at the first looks, and never.
@pytest.mark.parametrize("world", ["effect", "grey_zone"])
def test_training_what_is_ahead_trains_what_the_judgements_ask_for_and_no_more(
    session: AuditSession, tmp_path: Path, world: str
) -> None:
    train = synthetic.trainer(world)
    other = Store.open(tmp_path / "judged")

    def obtain(trials: Sequence[Trial]) -> Mapping[str, Record]:
        records = {trial.key: train(trial) for trial in trials}
        for record in records.values():
            other.write(record)
        return records

    for claim, cell in session.plan.cells:
        judge_cell(claim, cell, session.protocol.rules, obtain, describe=False)
    ahead = ahead_of(session)
    while asked := [trial for trials in ahead() for trial in trials]:
        for trial in asked:
            session.store.write(train(trial))
    assert session.store.keys() == other.keys() != set()


def test_first_looks_come_first_and_only_what_they_lack(session: AuditSession) -> None:
    train = synthetic.trainer("effect")
    first = session.design.first_looks({(c.id, cell.name) for c, cell in session.plan.cells})
    for trial in first[:5]:
        session.store.write(train(trial))
    asked = [trial for trials in ahead_of(session)() for trial in trials]
    assert {t.key for t in asked} == {t.key for t in first} - {t.key for t in first[:5]}


def test_a_damaged_record_is_asked_for_again(session: AuditSession) -> None:
    train = synthetic.trainer("effect")
    first = session.design.first_looks({(c.id, cell.name) for c, cell in session.plan.cells})
    for trial in first:
        session.store.write(train(trial))
    path = session.store.path(first[-1].key)
    path.write_bytes(path.read_bytes()[:-9])
    assert first[-1] in [trial for trials in ahead_of(session)() for trial in trials]
