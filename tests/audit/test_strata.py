"""Strata: evidence of another trainer, device or precision is told apart and counted, never pooled."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnclaims.audit.claim import discover
from bnclaims.audit.judge import audit
from bnclaims.audit.plan import plan
from bnclaims.audit.strata import Stratum, mixed_machines, not_pooled, strata_of
from bnclaims.protocol.cells import Selection
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import PLAIN
from bnclaims.protocol.trial import TRAINER_VERSION, Trial, canonical_json
from bnclaims.store.codec import described, encode
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from bnclaims.training.synthetic import trainer

PROTOCOL = load_protocol("calibration")
SELECTION = Selection(
    dataset="digits", fingerprints=dict.fromkeys(PROTOCOL.file.datasets, "content")
)
CLAIMS = [c for c in discover(Path(__file__).parents[2] / "claims") if c.id == "premise"]
PLAN = plan(CLAIMS, PROTOCOL, SELECTION)
OWN = next(iter(PLAN.all.values()))
RECORD = trainer("effect")(OWN)


def with_setting(trial: Trial, **changes: Any) -> Trial:
    return dataclasses.replace(trial, setting=dataclasses.replace(trial.setting, **changes))


def stored(store: Store, trial: Trial, **changes: Any) -> None:
    store.write(dataclasses.replace(RECORD, trial=trial, **changes))


def found(store: Store) -> dict[Stratum, int]:
    return not_pooled(store, PLAN.cells, PLAN.all)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def test_the_stratum_is_that_of_the_settings() -> None:
    own = Stratum(trainer=TRAINER_VERSION, device="cpu", precision="fp32")
    assert strata_of(PLAN.cells) == [own]
    assert str(own) == f"trainer {TRAINER_VERSION}, cpu, fp32"


def test_trials_of_another_device_or_precision_are_counted(store: Store) -> None:
    stored(store, OWN)
    for seed in range(3):
        stored(store, dataclasses.replace(with_setting(OWN, device="cuda"), seed=seed))
    stored(store, with_setting(OWN, device="cuda", precision="bf16"))
    assert {str(stratum): count for stratum, count in found(store).items()} == {
        f"trainer {TRAINER_VERSION}, cuda, bf16": 1,
        f"trainer {TRAINER_VERSION}, cuda, fp32": 3,
    }


def test_other_settings_arms_and_later_seeds_are_no_other_stratum(store: Store) -> None:
    stored(store, with_setting(OWN, device="cuda", batch_size=7))
    stored(store, dataclasses.replace(with_setting(OWN, device="cuda"), arm="weighted_loss"))
    stored(store, dataclasses.replace(OWN, seed=10_000))
    assert found(store) == {}


def test_trials_of_another_trainer_version_are_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = TRAINER_VERSION + 1
    monkeypatch.setattr("bnclaims.protocol.trial.TRAINER_VERSION", other)
    # A trial keeps its key; this one has not been asked for it yet.
    foreign = dataclasses.replace(OWN)
    data = encode(dataclasses.replace(RECORD, trial=foreign))
    monkeypatch.undo()
    assert described(data)["trial"]["trainer"] == other
    key = hashlib.sha256(canonical_json(described(data)["trial"]).encode()).hexdigest()
    path = store.path(key)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    assert found(store) == {Stratum(trainer=other, device="cpu", precision="fp32"): 1}


@pytest.mark.parametrize("data", [b"", b"{}", b"{}\nnothing", b"\0" * 5000])
def test_a_damaged_file_is_nobodys_evidence(store: Store, data: bytes) -> None:
    path = store.path("0" * 64)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    assert found(store) == {}
    with pytest.raises(ValueError, match=r"\S"):
        described(data)


def test_the_front_of_a_record_says_what_it_is_of() -> None:
    many = tuple(f"a long name of image number {number}" for number in range(20_000))
    split = dataclasses.replace(
        RECORD.splits["test"], images=many, groups=many, labels=np.zeros(20_000, dtype=np.int64)
    )
    large = dataclasses.replace(RECORD, splits={"test": split}, scores={})
    assert described(encode(large)) == {
        "trial": OWN.as_dict() | {"setting": described(encode(RECORD))["trial"]["setting"]},
        "environment": dict(RECORD.environment),
    }


def audited(environments: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """What is found mixed when trials of these arms were trained in these environments."""
    make = trainer("effect")

    def read(trial: Trial) -> Record:
        return dataclasses.replace(make(trial), environment=environments[trial.arm])

    return mixed_machines(audit(CLAIMS, PROTOCOL, SELECTION, read))


def test_cells_of_mixed_machines_are_named_with_their_counts() -> None:
    old = {"torch": "2.12", "processor": "one"}
    new = {"torch": "2.13", "processor": "one", "folded_max_difference": "1e-6"}
    (claim,) = CLAIMS
    arms = dict.fromkeys(claim.arms, new)
    assert audited(arms) == []
    (mixed,) = audited(arms | {PLAIN: old})
    assert (mixed["claim"], mixed["cell"]) == ("premise", "simple_cnn")
    counts = mixed["trials"]
    assert set(counts) == {"2.12, one", "2.13, one"} and len(set(counts.values())) == 1
