"""`--stored`: nothing is trained, every cell is judged as far as its seeds go, and the rest is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bnclaims.commands.cli import main
from bnclaims.store.store import Store

Audit = Callable[..., pytest.RunResult]
REPORT, STORE = Path("reports/latest"), Path(".bnclaims/store")
FIRST, SECOND = 10000 + 16, 10000 + 32


def premise() -> dict[str, Any]:
    claims = json.loads((REPORT / "report.json").read_text())["claims"]
    found: dict[str, Any] = next(claim for claim in claims if claim["id"] == "premise")
    return found


def forget(first: int) -> int:
    """Takes the trials of seeds from ``first`` on out of the store; how many are left."""
    store = Store.open(STORE)
    for key in sorted(store.keys()):
        record = store.read(key)
        assert record is not None
        if record.trial.seed >= first:
            store.path(key).unlink()
    return len(Store.open(STORE).keys())


def verified() -> bool:
    found = CliRunner().invoke(main, ["verify", str(REPORT), "--claims=claims"])
    assert found.exit_code == 0, found.output
    return True


def test_a_cell_is_judged_as_far_as_its_seeds_go(small_audit: Audit) -> None:
    small_audit("--world=grey_zone", "-k", "premise or f1")
    assert premise()["cells"][0]["seeds"] == 64
    left = forget(SECOND)
    result = small_audit("--stored", "--world=grey_zone", "-v", page=True)
    (cell,) = premise()["cells"]
    assert (cell["verdict"], cell["seeds"]) == ("INCONCLUSIVE", 32)
    assert cell["reason"].endswith("; 32 of 64 seeds so far")
    assert len(Store.open(STORE).keys()) == left
    result.stdout.fnmatch_lines(["*32 of 64 seeds so far*"])
    assert verified()


def test_a_cell_without_its_first_look_is_not_judged(small_audit: Audit) -> None:
    small_audit("--world=effect")
    forget(FIRST - 1)
    result = small_audit("--stored", "--world=effect", "-v", page=True)
    (cell,) = premise()["cells"]
    assert (cell["state"], cell["seeds"]) == ("trials_missing", 0)
    result.stdout.fnmatch_lines(["premise*not judged*"])
    assert verified()


def test_no_gpu_is_asked_for(small_audit: Audit) -> None:
    result = small_audit("--stored", "--gpu", "--offline")
    assert result.ret == 0, str(result.stdout)
    assert premise()["cells"][0]["state"] == "trials_missing"
