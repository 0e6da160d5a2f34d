"""Cleanup of a store: what killed processes leave, and what of it the next opening removes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bnclaims.protocol.names import PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.store.cleanup import ABANDONED_SECONDS, OWNER_FILE
from bnclaims.store.leases import Leases
from bnclaims.store.processes import Owner
from bnclaims.store.store import Store
from bnclaims.training import synthetic
from bnclaims.training.runners import RunFolder
from fixtures.faults import ROOT
from fixtures.trials import setting_of

TRIALS = [Trial(setting=setting_of(), arm=PLAIN, seed=seed) for seed in range(3)]

DIES = """
import os, sys
from pathlib import Path
from bnclaims.store.leases import Leases
from bnclaims.training.runners import RunFolder

root = Path(sys.argv[1])
leases = Leases(root)
assert leases.acquire(sys.argv[2])
RunFolder.create(root / "runs" / "dead")
os._exit(0)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.open(tmp_path / "store")
    for trial in TRIALS:
        store.write(synthetic.trainer("effect")(trial))
    return store


def aged(path: Path) -> Path:
    long_ago = path.stat().st_mtime - 2 * ABANDONED_SECONDS
    os.utime(path, (long_ago, long_ago))
    return path


def names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_what_dead_processes_left_is_removed_and_what_living_ones_hold_stays(
    store: Store,
) -> None:
    before = names(store.root)
    subprocess.run(
        [sys.executable, "-c", DIES, str(store.root), "0" * 64],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    folder = store.path(TRIALS[0].key).parent
    for abandoned in (folder / ".x.tmp", store.root / ".x.tmp", store.root / "leases/.x.broken"):
        abandoned.touch()
        aged(abandoned)
    (folder / ".young.tmp").touch()
    elsewhere = Owner(host="elsewhere", pid=1, started="1")
    with Leases(store.root) as mine, Leases(store.root, owner=elsewhere) as theirs:
        assert mine.acquire("1" * 64) and theirs.acquire("2" * 64)
        RunFolder.create(store.root / "runs" / "mine")
        remote = RunFolder.create(store.root / "runs" / "theirs")
        owner = {"host": "elsewhere", "pid": 1, "started": "1"}
        (remote.path / OWNER_FILE).write_text(json.dumps(owner))
        Store.open(store.root)
        held = names(store.root) - before
    assert held == {
        f"{folder.relative_to(store.root).as_posix()}/.young.tmp",
        f"leases/{'1' * 64}.lease",
        f"leases/{'2' * 64}.lease",
        f"runs/mine/{OWNER_FILE}",
        f"runs/theirs/{OWNER_FILE}",
    }
    # The dead of another machine are known by nothing but age.
    aged(remote.path / "workers")
    Store.open(store.root)
    assert not remote.path.exists()
    assert all(store.read(trial.key) is not None for trial in TRIALS)


def test_a_store_that_may_not_be_changed_is_opened_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    aged_file = store.path(TRIALS[0].key).with_name(".x.tmp")
    aged_file.touch()
    aged(aged_file)
    monkeypatch.setattr(Path, "unlink", refuse)
    Store.open(store.root)
    assert aged_file.exists()
