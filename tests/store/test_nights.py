"""Nights of a store: each label adds its seeds once, whoever asks and however often."""

from __future__ import annotations

import dataclasses
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from bnclaims.audit.claim import discover
from bnclaims.commands.cli import main
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.cells import Selection
from bnclaims.protocol.load import load_protocol, parse_protocol
from bnclaims.run.design import Design, asked, decided
from bnclaims.run.request import Request
from bnclaims.store.nights import Nights, check_label, tonight

CLAIMS = discover(Path(__file__).parents[2] / "claims")
PROTOCOL = load_protocol("nightly")
SELECTION = Selection(dataset="digits", fingerprints={"digits": "content"})


def nights(store: Path, *, world: str | None = None, **changes: str) -> Nights:
    return Nights.of(store, PROTOCOL, dataclasses.replace(SELECTION, **changes), world)  # type: ignore[arg-type]


def test_a_new_label_is_the_next_night_and_a_known_one_is_its_own(tmp_path: Path) -> None:
    known = nights(tmp_path)
    assert [known.open(label, most=60) for label in ("mon", "tue", "tue", "mon", "wed")] == [
        1,
        2,
        2,
        1,
        3,
    ]
    assert known.labels() == ["mon", "tue", "wed"]


def test_asking_notes_nothing(tmp_path: Path) -> None:
    known = nights(tmp_path / "no store yet")
    assert known.number("mon") == 1
    assert not (tmp_path / "no store yet").exists()


def test_no_night_is_noted_after_the_last(tmp_path: Path) -> None:
    known = nights(tmp_path)
    assert [known.open(label, most=2) for label in ("a", "b", "c", "c")] == [1, 2, 3, 3]
    assert known.labels() == ["a", "b"]


def test_processes_that_open_one_night_at_once_open_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        same = list(pool.map(lambda _: nights(tmp_path).open("mon", most=60), range(8)))
        many = list(pool.map(lambda n: nights(tmp_path).open(f"n{n}", most=60), range(8)))
    assert same == [1] * 8
    assert sorted(many) == list(range(2, 10))


def test_other_evidence_has_nights_of_its_own(tmp_path: Path) -> None:
    nights(tmp_path).open("mon", most=60)
    edited = parse_protocol(PROTOCOL.text + "\n", source="copy.toml")
    for other in (
        nights(tmp_path, device="cuda"),
        nights(tmp_path, world="null"),
        nights(tmp_path, fingerprints={"digits": "other content"}),  # type: ignore[arg-type]
        Nights.of(tmp_path, edited, SELECTION, None),
    ):
        assert other.number("tue") == 1
    assert nights(tmp_path).number("tue") == 2


@pytest.mark.parametrize("label", ["", "a b", "../up", ".hidden", "x" * 65, "a\n"])
def test_a_label_that_cannot_be_a_name_is_refused(label: str) -> None:
    with pytest.raises(BnclaimsError, match=re.escape(f"--night {label!r}: not a label; use")):
        check_label(label)
    assert check_label("2026-01-31") == "2026-01-31" and check_label(tonight()) == tonight()


def design(store: Path, protocol: str, night: str | None = None, *, keep: bool = False) -> Design:
    wide = asked(Request(protocol=protocol, store=store, night=night), CLAIMS)
    known = dict.fromkeys(wide.protocol.file.datasets, "content")
    selection = dataclasses.replace(wide.selection, fingerprints=known)
    return decided(dataclasses.replace(wide, selection=selection), keep=keep)


def test_a_run_plans_the_seeds_of_its_night(tmp_path: Path) -> None:
    seeds = []
    for label in ("a", "b", "b"):
        night = design(tmp_path / "store", "nightly", label, keep=True)
        seeds.append(len({trial.seed for trial in night.plan.all.values()}))
        assert len({trial.seed for trial in night.plan.first.values()}) == 4
    assert seeds == [4, 8, 8]


def test_planning_opens_no_night(tmp_path: Path) -> None:
    assert design(tmp_path / "store", "nightly").selection.nights == 1
    assert not (tmp_path / "store").exists()


def test_a_protocol_with_looks_has_no_nights(tmp_path: Path) -> None:
    design(tmp_path, "quick", keep=True)
    with pytest.raises(BnclaimsError, match="--night mon: protocol quick has looks, no nights"):
        design(tmp_path, "quick", "mon")


def test_the_plan_of_nights_tells_trials_and_no_power_of_looks(tmp_path: Path) -> None:
    asked = ["plan", "--protocol=nightly", f"--store={tmp_path}/store"]
    done = CliRunner().invoke(main, [*asked, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["claims"]
    cells = [cell for claim in told for cell in claim["cells"] if cell.get("contrasts")]
    assert cells
    for cell in cells:
        # What could be shown by then; a chance of a word needs a number of nights that nobody knows.
        assert cell["looks"] == sorted(cell["looks"]) and cell["chances"] == []
        for contrast in cell["contrasts"]:
            # A few nights may show nothing, and more of them show no less.
            shown = [look["smallest"] for look in contrast["looks"]]
            found = [smallest for smallest in shown if smallest is not None]
            assert found and shown[-len(found) :] == found == sorted(found, reverse=True)
    refused = CliRunner().invoke(main, [*asked, "--target-power=0.8"])
    assert refused.exit_code == 2
    assert "--target-power: protocol nightly accumulates evidence" in refused.stderr
