"""A report on disk: what is in it, and what happens to what stood there before."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import os
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnclaims import datasets
from bnclaims.audit import Gain
from bnclaims.audit.claim import claim, claim_of
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.judge import audit
from bnclaims.audit.results import Audit, Verdict
from bnclaims.audit.statements.paired_effects import Effect
from bnclaims.datasets import Sources
from bnclaims.errors import BnclaimsError
from bnclaims.plugin.write_report import sample_images
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.report.document import report_of
from bnclaims.report.files import sha256
from bnclaims.report.plain_data import plain_data
from bnclaims.report.reliability import reliability_of
from bnclaims.report.schemas import SCHEMA
from bnclaims.report.verify.verify import verify
from bnclaims.report.write import check_target, contents, write_report
from bnclaims.run.inventory import selection_here
from bnclaims.training import synthetic

FILES = {
    "report.json",
    "trials.csv",
    "predictions.npz",
    "index.html",
    "protocol.toml",
    "ro-crate-metadata.json",
}
NOON = datetime.datetime(2026, 1, 1, 13, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


@claim("premise", "The gain is there.", arms=(PLAIN, FINAL_BN), tells=Gain())
def _premise(evidence: Evidence) -> Effect:
    """Gain of final BN."""
    return Effect("gain", evidence.f1(FINAL_BN) - evidence.f1(PLAIN))


DECLARED = claim_of(_premise)
assert DECLARED is not None
CLAIMS = [DECLARED]


def audited(read: Callable[[Trial], Any]) -> Audit:
    made = audit(CLAIMS, load_protocol("quick"), selection_here("digits"), read)
    return dataclasses.replace(made, data=(datasets.info("digits"),))


@pytest.fixture(scope="module")
def effect() -> Audit:
    return audited(functools.cache(synthetic.trainer("effect")))


@pytest.fixture(scope="module")
def document(effect: Audit) -> Any:
    return json.loads(contents(effect, generated=NOON)["report.json"])


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaces the page, which takes a second to draw, where it is not what is tested."""
    page = '<meta name="report-sha256" content="{}">'
    monkeypatch.setattr(
        "bnclaims.report.page.html.render",
        lambda document, trials, *, report_sha256, **others: page.format(report_sha256),
    )


def test_a_report_with_sample_images_shows_them_and_verifies(effect: Audit, tmp_path: Path) -> None:
    without = contents(effect, generated=NOON)["index.html"].decode()
    assert "data:image/png" not in without
    assert "This report holds none of them" in without
    samples = sample_images(effect, Sources())
    assert set(samples) >= {"digits"}
    folder = write_report(effect, tmp_path / "report", samples=samples)
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,iVBOR") == len(samples)
    assert "This report holds none of them" not in page
    assert verify(folder, CLAIMS).problems == ()


def test_a_report_has_every_file_and_nothing_else(effect: Audit, tmp_path: Path) -> None:
    folder = write_report(effect, tmp_path / "new" / "report")
    assert {path.name for path in folder.iterdir()} == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["report"]
    assert verify(folder, CLAIMS).problems == ()


def test_the_document_has_what_other_programs_rely_on(effect: Audit, document: Any) -> None:
    assert document["schema"] == SCHEMA and document["generated"] == "2026-01-01T12:00:00+00:00"
    assert document["protocol"]["sha256"] == effect.protocol.sha256
    assert document["selection"]["fingerprints"].keys() == {"digits"}
    (stated,) = document["claims"]
    assert (stated["id"], stated["family"], stated["verdict"]) == ("premise", True, "SUPPORTED")
    cell = stated["cells"][0]
    assert cell["verdict"] == "SUPPORTED" and cell["primary"] and not cell["per_cell"]
    assert cell["interval"][0] <= cell["estimate"] <= cell["interval"][1]
    assert [look["seeds"] for look in cell["looks"]][-1] == cell["seeds"]
    assert cell["settings"]["main"]["task"]["dataset"] == "digits"
    assert [data["name"] for data in document["data"]] == ["digits"]


def test_the_document_carries_what_would_have_been_said_otherwise(document: Any) -> None:
    (stated,) = document["claims"]
    said = stated["sensitivity"]
    assert said.keys() == {
        "margins",
        "metrics",
        "tests",
        "left_out",
        "all_seeds",
        "flips",
    }
    assert [at["choice"] for at in said["margins"]] == [round(0.02 * k, 2) for k in range(1, 16)]
    assert {at["verdict"] for at in said["margins"]} <= {*Verdict}
    # This claim, unlike those of the paper, is about F1 alone.
    asked = {at["choice"]: at["verdict"] for at in said["metrics"]}
    assert list(asked) == ["F1 and J", "F1 alone", "J alone", "balanced accuracy", "AUC"]
    assert asked["F1 alone"] == asked["F1 and J"] == stated["verdict"] == "SUPPORTED"
    assert set(asked.values()) <= {*Verdict}
    assert stated["reliability"] is None


@pytest.mark.parametrize(
    ("place", "named"),
    [(("margins", 3), "margins, 4"), (("left_out", 2), "left_out, 3"), (("metrics", 1), "metrics")],
)
def test_a_word_changed_under_another_choice_does_not_verify(
    effect: Audit, unrendered: None, tmp_path: Path, place: tuple[str, int], named: str
) -> None:
    folder = write_report(effect, tmp_path / "report")
    file = folder / "report.json"
    spoiled = json.loads(file.read_bytes())
    spoiled["claims"][0]["sensitivity"][place[0]][place[1]]["verdict"] = "INVALID"
    file.write_text(json.dumps(spoiled), encoding="utf-8")
    problems = verify(folder, CLAIMS).problems
    assert any(named in problem and "sensitivity" in problem for problem in problems)


def test_a_document_without_a_report_spends_no_time_on_other_choices(effect: Audit) -> None:
    made = report_of(effect, files={}, generated=NOON, tables={})
    assert made.claims[0].sensitivity is None


def test_reliability_counts_every_test_image_of_every_seed_once() -> None:
    @claim("uncertainty", "It is calibrated.", arms=(PLAIN, FINAL_BN))
    def test_calibration(evidence: Evidence) -> Effect:
        """Calibration error."""
        error = evidence.ece(FINAL_BN) - evidence.ece(PLAIN)
        return Effect("error", error, (), 0.05)

    declared = claim_of(test_calibration)
    assert declared is not None
    made = audit(
        [declared], load_protocol("quick"), selection_here("digits"), synthetic.trainer("effect")
    )
    (judged,) = made.claims
    curves = reliability_of(judged, made)
    assert curves is not None
    assert [(c.arm, c.scaled) for c in curves] == [
        (arm, scaled) for scaled in (False, True) for arm in (PLAIN, FINAL_BN)
    ]
    test_images = {arm: 0 for arm in (PLAIN, FINAL_BN)}
    errors: dict[str, float] = {}
    for record in made.records.values():
        test_images[record.trial.arm] += len(record.splits["test"].labels)
    for curve in curves:
        images = sum(b.images for b in curve.bins)
        assert images == test_images[curve.arm] > 0
        gaps = [b.images * abs(b.accuracy - b.confidence) for b in curve.bins]
        errors[f"{curve.arm} {curve.scaled}"] = sum(gaps) / images
        assert all(0 <= b.accuracy <= 1 and 0.5 <= b.confidence <= 1 for b in curve.bins)
    assert errors[f"{PLAIN} False"] != errors[f"{PLAIN} True"]


def test_hashes_in_the_document_are_those_of_the_files(effect: Audit) -> None:
    files = contents(effect, generated=NOON)
    stated = json.loads(files["report.json"])["files"]
    for name in ("trials.csv", "predictions.npz", "protocol.toml"):
        assert stated[name] == sha256(files[name])
    meta = f'<meta name="report-sha256" content="{sha256(files["report.json"])}"'
    assert meta.encode() in files["index.html"]


def test_the_same_audit_gives_the_same_bytes(effect: Audit) -> None:
    assert contents(effect, generated=NOON) == contents(effect, generated=NOON)


def test_cells_that_were_not_judged_are_in_the_report_and_verify(
    unrendered: None, tmp_path: Path
) -> None:
    folder = write_report(audited(lambda trial: None), tmp_path / "report")
    (stated,) = json.loads((folder / "report.json").read_bytes())["claims"]
    assert stated["verdict"] == "INCONCLUSIVE" and stated["cells"][0]["finding"] is None
    result = verify(folder, CLAIMS)
    assert result.passed and (result.trials, result.rows) == (0, 0)
    assert any("not judged" in note for note in result.notes)


def test_an_audit_whose_trials_end_between_looks_verifies(unrendered: None, tmp_path: Path) -> None:
    train = synthetic.trainer("null")
    cut = audited(lambda trial: train(trial) if trial.seed < 8 else None)
    assert not cut.records and not cut.used
    assert verify(write_report(cut, tmp_path / "report"), CLAIMS).passed


def test_a_broken_trainer_gives_a_report_that_verifies(unrendered: None, tmp_path: Path) -> None:
    folder = write_report(audited(synthetic.trainer("broken_trainer")), tmp_path / "report")
    assert verify(folder, CLAIMS).passed


def test_a_new_report_replaces_the_old_one_whole_and_keeps_an_answer(
    effect: Audit, unrendered: None, tmp_path: Path
) -> None:
    folder = tmp_path / "report"
    write_report(effect, folder, junit=b"<first/>")
    assert (folder / "junit.xml").read_bytes() == b"<first/>"
    assert verify(folder, CLAIMS).problems == ()
    (folder / "reply.md").write_text("We disagree.", encoding="utf-8")
    (folder / "report.json").write_text("old", encoding="utf-8")
    # A run that pytest says nothing of: what it said of another one tells other verdicts.
    write_report(effect, folder)
    assert {path.name for path in folder.iterdir()} == FILES | {"reply.md"}
    assert (folder / "reply.md").read_text(encoding="utf-8") == "We disagree."
    assert verify(folder, CLAIMS).problems == ()


def test_a_folder_with_anything_else_in_it_is_left_alone(effect: Audit, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    for attempt in (lambda: check_target(tmp_path), lambda: write_report(effect, tmp_path)):
        with pytest.raises(BnclaimsError, match=r"thesis\.tex"):
            attempt()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(BnclaimsError, match="is a file"):
        check_target(tmp_path / "thesis.tex")


@pytest.mark.parametrize("fails_at", [1, 2])
def test_the_old_report_survives_a_failing_disk(
    effect: Audit,
    unrendered: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails_at: int,
) -> None:
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "report.json").write_text("old", encoding="utf-8")
    rename, calls = os.rename, []

    def failing(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(BnclaimsError, match="No space left"):
        write_report(effect, folder)
    assert (folder / "report.json").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_link_to_a_folder_stays_a_link(effect: Audit, unrendered: None, tmp_path: Path) -> None:
    (tmp_path / "dated").mkdir()
    (tmp_path / "latest").symlink_to("dated")
    write_report(effect, tmp_path / "latest")
    assert (tmp_path / "latest").is_symlink() and (tmp_path / "dated" / "report.json").exists()


def test_plain_data_has_no_numbers_that_json_lacks() -> None:
    given = {
        "a": float("nan"),
        "b": (np.float64("inf"), np.int64(3), Fraction(1, 4)),
        "c": Verdict.REFUTED,
        "d": np.bool_(True),
    }
    assert json.dumps(plain_data(given), allow_nan=False) == (
        '{"a": null, "b": [null, 3, 0.25], "c": "REFUTED", "d": true}'
    )
    with pytest.raises(TypeError, match="set has no place"):
        plain_data({1, 2})


def test_what_a_killed_writer_left_beside_the_report_is_removed_once_it_is_old(
    effect: Audit, unrendered: None, tmp_path: Path
) -> None:
    old, young = tmp_path / ".report.0123abcd.new", tmp_path / ".report.0123abcd.old"
    other = tmp_path / ".report.mine.new"
    for folder in (old, young, other):
        folder.mkdir()
        (folder / "trials.csv").touch()
    for folder in (old, other):
        os.utime(folder, (0, 0))
    write_report(effect, tmp_path / "report")
    assert sorted(path.name for path in tmp_path.iterdir()) == [young.name, other.name, "report"]


def test_a_writer_whose_clock_is_years_ahead_of_the_disk_s_keeps_its_own_files(
    effect: Audit, unrendered: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 3e8)
    folder = write_report(effect, tmp_path / "new" / "report")
    assert (folder / "report.json").is_file()
    assert [path.name for path in folder.parent.iterdir()] == ["report"]
