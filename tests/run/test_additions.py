"""Audits that go on where another left off: records of reports, archives and stores in a store."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from bnclaims.commands.cli import main
from bnclaims.report.files import sha256
from bnclaims.report.predictions import decode_predictions, encode_predictions
from bnclaims.store.record import Record
from bnclaims.store.store import Store
from fixtures.projects import small_protocol

Audit = Callable[..., pytest.RunResult]


def add(*sources: str, store: str = "other") -> Result:
    return CliRunner().invoke(main, ["store", "add", *sources, f"--store={store}"])


def document(report: str) -> dict[str, Any]:
    return dict(json.loads((Path(report) / "report.json").read_bytes()))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what one test has audited waits for the others."""
    return tmp_path_factory.mktemp("kept")


def once(folder: Path, audit: Callable[[], object]) -> None:
    """A store and a report of an audit, in the folder of the test; only the first test audits."""
    if folder.exists():
        shutil.copytree(folder, ".", dirs_exist_ok=True)
        return
    audit()
    for name in ("one", "report"):
        shutil.copytree(name, folder / name)


@pytest.fixture
def audited(small_audit: Audit, kept: Path) -> Audit:
    """A store and a report of an audit, in the folder of the test."""
    once(
        kept / "audit",
        lambda: small_audit("--world=effect", "--store=one", "--report=report"),
    )
    return small_audit


@pytest.mark.parametrize("source", ["report", "one", "one.tar.gz"])
def test_an_audit_goes_on_from_what_was_added_and_trains_nothing_of_it(
    audited: Audit, source: str
) -> None:
    with tarfile.open("one.tar.gz", "w:gz") as archive:
        archive.add("one", arcname=".")
    done = add(source)
    assert done.exit_code == 0, done.output
    trained = len(Store.open(Path("one")).keys())
    assert f"{trained} added to other, 0 there before" in done.output
    audited("--world=effect", "--store=other", "--report=again")
    assert document("again")["run"]["trained"] == 0
    assert document("again")["claims"] == document("report")["claims"]
    assert f"0 added to other, {trained} there before" in add("report", store="other").output


@pytest.mark.parametrize("source", ["report", "one", "one.tar"])
def test_the_next_night_goes_on_after_those_of_what_was_added(
    small_audit: Audit, kept: Path, source: str
) -> None:
    Path("small.toml").write_text(small_protocol("nightly"))

    def night(label: str, *options: str) -> None:
        small_audit("--world=effect", f"--night={label}", *options)

    def two_nights() -> None:
        for label in ("mon", "tue"):
            night(label, "--store=one", "--report=report")

    once(kept / "nights", two_nights)
    with tarfile.open("one.tar", "w") as archive:
        archive.add("one", arcname=".")
    assert "Nights noted that these are the seeds of: 2." in add(source).output
    assert "Nights" not in add(source).output
    night("wed", "--store=other", "--report=again")
    assert document("report")["selection"]["nights"] == 2
    assert document("again")["selection"]["nights"] == 3
    # What Monday and Tuesday trained is not trained again.
    assert document("again")["run"]["trained"] == document("report")["run"]["trained"]


def test_records_of_a_store_are_added_as_the_same_bytes(audited: Audit) -> None:
    add("one")
    one, other = Store.open(Path("one")), Store.open(Path("other"))
    assert one.keys() == other.keys()
    keys = sorted(one.keys())
    assert all(one.path(key).read_bytes() == other.path(key).read_bytes() for key in keys)


def changed(record: Record) -> Record:
    scores = {which: np.array(array) for which, array in record.scores.items()}
    scores["kept", "test"][0] = scores["kept", "test"][0][::-1] - np.float16(1)
    return dataclasses.replace(record, scores=scores)


def test_a_record_that_contradicts_the_store_is_named_and_kept_out(audited: Audit) -> None:
    one = Store.open(Path("one"))
    key = min(one.keys())
    record = one.read(key)
    assert record is not None
    Store.open(Path("other")).write(changed(record))
    before = Store.open(Path("other")).path(key).read_bytes()
    done = add("report")
    assert done.exit_code == 1
    assert f"contradict: {key[:12]} differs in scores of kept on test; kept out" in done.output
    assert Store.open(Path("other")).path(key).read_bytes() == before
    assert Store.open(Path("other")).keys() == one.keys()
    # What another machine made is no trial that this one trained twice.
    assert not Path("other/determinism.jsonl").exists()


def test_damaged_and_foreign_records_are_named_and_kept_out(audited: Audit) -> None:
    one = Store.open(Path("one"))
    first, second, *_ = sorted(one.keys())
    one.path(first).write_bytes(one.path(first).read_bytes()[:-5])
    one.path(second).write_bytes(one.path(sorted(one.keys())[2]).read_bytes())
    done = add("one")
    assert done.exit_code == 1 and done.output.count("refused: ") == 2
    assert Store.open(Path("other")).keys() == one.keys() - {first, second}


def test_names_in_an_archive_lead_nowhere(audited: Audit, tmp_path: Path) -> None:
    one = Store.open(Path("one"))
    key = min(one.keys())
    with tarfile.open("bad.tar", "w") as archive:
        archive.add(one.path(key), arcname=f"../../trials/{key[:2]}/{key}.trial")
        archive.add("report/report.json", arcname="/etc/report.json")
        link = tarfile.TarInfo(f"trials/{'0' * 2}/{'0' * 64}.trial")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert add("bad.tar").exit_code == 0
    assert Store.open(Path("other")).keys() == {key}


def test_a_report_whose_file_was_exchanged_adds_nothing(audited: Audit) -> None:
    file = Path("report/predictions.npz")
    records = decode_predictions(file.read_bytes())
    file.write_bytes(encode_predictions({key: changed(record) for key, record in records.items()}))
    done = add("report")
    assert (
        done.exit_code == 2
        and "predictions.npz is not the one that report.json names" in done.output
    )
    assert not Store.open(Path("other")).keys()


def test_an_older_report_gives_what_it_kept_whole_and_says_how_much_it_did_not(
    audited: Audit,
) -> None:
    file, stated = Path("report/predictions.npz"), Path("report/report.json")
    with np.load(file) as archive:
        arrays = dict(archive)
    about = json.loads(arrays["about"].tobytes())
    del about["environments"]
    for trial in about["trials"]:
        del trial["environment"], trial["losses"]
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), "|u1")
    before = sha256(file.read_bytes())
    np.savez_compressed(file, **arrays)
    stated.write_text(stated.read_text().replace(before, sha256(file.read_bytes())))

    records = decode_predictions(file.read_bytes())
    plain = {key for key, record in records.items() if record.trial.arm == "plain"}
    done = add("report")
    assert done.exit_code == 0, done.output
    assert f"{len(records) - len(plain)} of reports that kept only the scores" in done.output
    assert Store.open(Path("other")).keys() == plain
    # The same records with their losses are no contradiction.
    assert add("one").exit_code == 0


@pytest.mark.parametrize("source", ["nothing", "empty", "text.tar"])
def test_what_is_no_source_is_refused_before_anything_is_added(audited: Audit, source: str) -> None:
    Path("empty").mkdir()
    Path("text.tar").write_text("no archive")
    done = add("one", source)
    assert (
        done.exit_code == 2 and f"{source}: no report, no store and no tar archive" in done.output
    )
    assert not Store.open(Path("other")).keys()


def test_a_cut_archive_is_a_sentence(audited: Audit) -> None:
    with tarfile.open("one.tar", "w") as archive:
        archive.add("one", arcname=".")
    data = Path("one.tar").read_bytes()
    Path("one.tar").write_bytes(data[: len(data) // 2])
    done = add("one.tar")
    assert done.exit_code == 2 and "cannot be read to its end" in done.output
