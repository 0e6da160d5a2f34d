"""Reports that were changed, damaged or made to do harm, against the verifier."""

from __future__ import annotations

import csv
import functools
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.audit import Gain
from bnclaims.audit.claim import claim, claim_of
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.judge import audit
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NotWorse
from bnclaims.audit.statements.statement import Gate
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.load import load_protocol, parse_protocol
from bnclaims.protocol.names import FINAL_BN, ORACLE_THRESHOLD, PLAIN, REMOVED
from bnclaims.report.files import PLACEHOLDER
from bnclaims.report.predictions import decode_predictions
from bnclaims.report.schemas import GENERATION_1, SCHEMA
from bnclaims.report.verify.verify import Verification, verify
from bnclaims.report.write import write_report
from bnclaims.run.inventory import selection_here
from bnclaims.training import synthetic
from fixtures.tampering import rehash


@claim("premise", "The gain is there.", arms=(PLAIN, FINAL_BN), tells=Gain())
def _premise(evidence: Evidence) -> Effect:
    """Gain of final BN."""
    plain = evidence.f1(PLAIN)
    gain = evidence.f1(PLAIN, ORACLE_THRESHOLD) - plain
    return Effect("gain", evidence.f1(FINAL_BN) - plain, gates=(Gate(label="best", gain=gain),))


@claim("i", "The gain survives.", arms=(PLAIN, FINAL_BN))
def _removal(evidence: Evidence) -> AllOf:
    """Gain after removal."""
    plain = evidence.f1(PLAIN)
    removed = evidence.f1(FINAL_BN, REMOVED) - plain
    ranking = evidence.auc(FINAL_BN, REMOVED) - evidence.auc(FINAL_BN)
    return AllOf((Effect("gain", removed), NotWorse("ranking", ranking, (), margin=0.05)))


CLAIMS = [declared for test in (_premise, _removal) if (declared := claim_of(test))]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    train = functools.cache(synthetic.trainer("diverging"))
    # One look at 8 seeds, as every test below judges all over again.
    text = re.sub(
        r"value = { seeds = .*",
        "value = { seeds = [8], weights = [0.5] }",
        load_protocol("quick").text,
    )
    protocol = parse_protocol(text, source="one look")
    audited = audit(CLAIMS, protocol, selection_here("digits"), train)
    return write_report(audited, tmp_path_factory.mktemp("report") / "original")


@pytest.fixture
def report(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "report"))


def check(report: Path) -> Verification:
    return verify(report, CLAIMS)


def edit_json(report: Path, edit: Callable[[Any], None]) -> None:
    file = report / "report.json"
    document = json.loads(file.read_bytes())
    edit(document)
    file.write_text(json.dumps(document), encoding="utf-8")


def edit_rows(report: Path, edit: Callable[[list[dict[str, str]]], None]) -> None:
    file = report / "trials.csv"
    reader = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
    rows = list(reader)
    edit(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, reader.fieldnames or [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    file.write_text(text.getvalue(), encoding="utf-8")


def edit_arrays(report: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    file = report / "predictions.npz"
    with np.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name].copy() for name in archive.files}
    edit(arrays)
    np.savez_compressed(file, allow_pickle=True, **arrays)


def edit_about(report: Path, edit: Callable[[Any], None]) -> None:
    def change(arrays: dict[str, Any]) -> None:
        about = json.loads(arrays["about"].tobytes())
        edit(about)
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)

    edit_arrays(report, change)


def observed(rows: list[dict[str, str]]) -> dict[str, str]:
    return next(row for row in rows if row["diverged"] == "false" and row["readout"] == "kept")


# --- what is true passes ------------------------------------------------------------------------


def test_an_untouched_report_passes_and_says_how_much_was_checked(original: Path) -> None:
    result = check(original)
    assert result.problems == () and result.passed
    document = json.loads((original / "report.json").read_bytes())
    lines = (original / "trials.csv").read_text(encoding="utf-8").splitlines()
    assert (result.trials, result.rows) == (document["attrition"]["trials"], len(lines) - 1)
    assert result.claims == 2 and document["attrition"]["diverged"] > 0


def test_a_report_of_some_claims_passes_with_a_note(original: Path) -> None:
    other = claim("vi", "Another.", arms=(PLAIN,))(lambda evidence: _premise(evidence))
    declared = claim_of(other)
    assert declared is not None
    result = verify(original, [*CLAIMS, declared])
    assert result.passed and any("vi" in note for note in result.notes)


def test_the_check_needs_no_torch(original: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\nfrom bnclaims.report.verify.verify import verify\n"
        "result = verify(Path(sys.argv[1]), [])\n"
        "sys.exit(not any('not one that it was checked against' in p for p in result.problems))"
    )
    assert subprocess.run([sys.executable, "-c", code, original], check=False).returncode == 0


# --- what was changed is named ------------------------------------------------------------------


def test_a_changed_count_names_its_row_first_and_then_the_file(report: Path) -> None:
    changed: dict[str, str] = {}

    def edit(rows: list[dict[str, str]]) -> None:
        row = observed(rows)
        changed.update(row, now=str(int(row["true1_pred1"]) + 1))
        row["true1_pred1"] = changed["now"]

    edit_rows(report, edit)
    first, second = check(report).problems
    for part in ("key", "arm", "seed", "readout", "now", "true1_pred1"):
        assert changed[part] in first
    assert "column true1_pred1" in first and f"recomputed {changed['true1_pred1']}" in first
    assert second.startswith("trials.csv: has sha256")


def test_a_changed_count_is_found_even_when_all_hashes_fit(report: Path) -> None:
    edit_rows(report, lambda rows: observed(rows).update(true0_pred0="0"))
    rehash(report)
    (problem,) = check(report).problems
    assert "column true0_pred0: stated 0, recomputed" in problem


def test_a_changed_recommendation_is_found_even_when_all_hashes_fit(report: Path) -> None:
    edit_json(report, lambda document: document["recommendation"][0].update(advice="use it"))
    rehash(report)
    (problem,) = check(report).problems
    assert "recommendation, cell premise: simple_cnn, advice: stated 'use it'" in problem
    assert "recomputed 'not known'" in problem


def test_a_report_of_a_version_without_recommendations_still_passes(report: Path) -> None:
    edit_json(report, lambda document: document.pop("recommendation"))
    rehash(report)
    (problem,) = check(report).problems
    assert problem.startswith("report.json: recommendation is missing")
    # Before schema 4 a report might lack it.
    edit_json(report, lambda document: document.update(schema=3))
    rehash(report)
    assert check(report).passed


@pytest.mark.parametrize("schema", [1, 2])
def test_a_report_of_generation_1_is_answered_with_the_commit_that_verifies_it(
    report: Path, schema: int
) -> None:
    edit_json(report, lambda document: document.update(schema=schema))
    refused(report, "report.json", "generation 1", f"version 0.1.0 at commit {GENERATION_1}")


def test_a_state_that_is_not_the_cells_is_named(report: Path) -> None:
    edit_json(report, lambda d: d["claims"][0]["cells"][0].update(state="not_run"))
    rehash(report)
    (problem,) = check(report).problems
    assert "claim premise, cell" in problem and "state: stated 'not_run', recomputed" in problem


def test_a_changed_score_shows_in_counts_and_verdicts(report: Path) -> None:
    def edit(arrays: dict[str, Any]) -> None:
        arrays["scores"] = -arrays["scores"]

    edit_arrays(report, edit)
    rehash(report)
    problems = check(report).problems
    assert any(p.startswith("trials.csv: trial") and "column true" in p for p in problems)
    assert any("claim premise, cell" in p and "estimate: stated" in p for p in problems)


def test_a_score_that_changes_no_prediction_shows_as_another_file(report: Path) -> None:
    def edit(arrays: dict[str, Any]) -> None:
        arrays["scores"][np.argmin(arrays["scores"])] *= np.float16(1.25)

    edit_arrays(report, edit)
    assert any(p.startswith("predictions.npz: has sha256") for p in check(report).problems)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", "REFUTED"),
        ("estimate", 0.99),
        ("interval", [0.1, 0.2]),
        ("new_images_interval", None),
        ("p_support", 1e-7),
        ("p_refute", None),
        ("seeds", 7),
        ("primary", False),
        ("decision_p", 0.05),
        ("reason", "because"),
        ("why", "because"),
        ("flags", ["this pool only", "and so on"]),
    ],
)
def test_a_changed_statement_about_a_cell_is_named(report: Path, field: str, value: object) -> None:
    edit_json(report, lambda document: document["claims"][0]["cells"][0].update({field: value}))
    rehash(report)
    problems = check(report).problems
    assert problems and all(f", {field}" in p and "claim premise, cell" in p for p in problems)


@pytest.mark.parametrize(
    ("field", "value"),
    [("verdict", "INVALID"), ("p_support", 0.5), ("sentence", "Another."), ("holm_support", 1e-9)],
)
def test_a_changed_statement_about_a_claim_is_named(
    report: Path, field: str, value: object
) -> None:
    edit_json(report, lambda document: document["claims"][1].update({field: value}))
    rehash(report)
    (problem,) = check(report).problems
    assert f"claim i, {field}: stated" in problem


def test_a_changed_number_deep_in_a_finding_is_named(report: Path) -> None:
    def edit(document: Any) -> None:
        document["claims"][1]["cells"][0]["finding"]["parts"][1]["estimate"] += 1e-6

    edit_json(report, edit)
    (problem, *_) = check(report).problems
    assert "claim i, cell" in problem and "finding, parts, 2, estimate" in problem


def test_a_removed_claim_leaves_trials_that_no_judgement_used(report: Path) -> None:
    edit_json(report, lambda document: document["claims"].pop(1))
    rehash(report)
    assert any("no judgement used this row" in p and "removed" in p for p in check(report).problems)


def test_a_cell_that_is_declared_unjudged_is_found_by_its_trials(report: Path) -> None:
    def edit(document: Any) -> None:
        for stated in document["claims"]:
            stated["cells"][0] |= {"state": "deselected", "reason": "not judged: deselected"}

    edit_json(report, edit)
    rehash(report)
    assert any("no judgement used this trial" in p for p in check(report).problems)


def test_missing_trials_cannot_be_claimed_where_they_are_there(report: Path) -> None:
    def edit(document: Any) -> None:
        document["claims"][0]["cells"][0] |= {
            "state": "trials_missing",
            "reason": "not judged: trials are missing",
        }

    edit_json(report, edit)
    rehash(report)
    assert any("claim premise" in p and "reason" in p for p in check(report).problems)


def test_a_changed_margin_in_the_protocol_is_named(report: Path) -> None:
    file = report / "protocol.toml"
    text = file.read_text(encoding="utf-8")
    changed, times = re.subn(
        r"(\[statistics.smallest_effect\]\s+value = )[0-9.]+", r"\g<1>0.02", text
    )
    assert times == 1
    file.write_text(changed, encoding="utf-8")
    rehash(report)
    result = check(report)
    assert any("smallest_effect, value: stated 0.1, recomputed 0.02" in p for p in result.problems)
    assert any("protocol, sha256" in p for p in result.problems)
    assert any("not the one of that name" in note for note in result.notes)


def test_a_removed_row_is_named(report: Path) -> None:
    gone: dict[str, str] = {}
    edit_rows(report, lambda rows: gone.update(rows.pop(3)))
    rehash(report)
    (problem,) = check(report).problems
    assert gone["key"] in problem and gone["readout"] in problem and "is missing" in problem


def test_a_repeated_and_an_invented_row_are_named(report: Path) -> None:
    def edit(rows: list[dict[str, str]]) -> None:
        rows += [dict(rows[0]), {**rows[0], "key": "\x1b[31m" + "0" * 60}]

    edit_rows(report, edit)
    rehash(report)
    twice, invented = check(report).problems
    assert "is there twice" in twice and "no judgement used this row" in invented
    assert "\x1b" not in invented


def test_swapped_readouts_are_named(report: Path) -> None:
    def edit(rows: list[dict[str, str]]) -> None:
        kept = next(
            r for r in rows if (r["arm"], r["readout"]) == (FINAL_BN, "kept") and r["true0_pred0"]
        )
        other = next(r for r in rows if r["key"] == kept["key"] and r["readout"] == REMOVED)
        kept["readout"], other["readout"] = other["readout"], kept["readout"]

    edit_rows(report, edit)
    rehash(report)
    problems = check(report).problems
    assert problems and all("column true" in p for p in problems)


@pytest.mark.parametrize("column", ["arm", "seed", "batch_size", "diverged", "train_seconds"])
def test_a_changed_description_of_a_row_is_named(report: Path, column: str) -> None:
    edit_rows(report, lambda rows: rows[0].update({column: "7777"}))
    rehash(report)
    (problem,) = check(report).problems
    assert f"column {column}: stated 7777" in problem


def test_a_changed_fingerprint_is_named_first(report: Path) -> None:
    def edit(document: Any) -> None:
        document["selection"]["fingerprints"]["digits"] = "digits-2"

    edit_json(report, edit)
    rehash(report)
    first, *_ = check(report).problems
    assert "fingerprints" in first and "digits-2" in first and "digits-1" in first


def test_changed_attrition_is_named(report: Path) -> None:
    edit_json(report, lambda document: document["attrition"].update(diverged=0))
    rehash(report)
    (problem,) = check(report).problems
    assert "attrition, diverged: stated 0" in problem


def test_a_page_of_another_report_is_named(report: Path) -> None:
    edit_json(report, lambda document: document.update(generated="2000-01-01T00:00:00+00:00"))
    (problem,) = check(report).problems
    assert problem.startswith("index.html: made of a report.json with sha256")


def test_a_changed_page_is_named(report: Path) -> None:
    page = report / "index.html"
    page.write_text(page.read_text(encoding="utf-8").replace("SUPPORTED", "REFUTED"), "utf-8")
    (problem,) = check(report).problems
    assert problem.startswith("index.html: has sha256")
    assert PLACEHOLDER not in page.read_text(encoding="utf-8")


# --- what cannot be read is refused -------------------------------------------------------------


def refused(report: Path, *words: str) -> None:
    with pytest.raises(BnclaimsError) as caught:
        check(report)
    message = str(caught.value)
    assert "\n" not in message and all(word in message for word in words), message


@pytest.mark.parametrize(
    "name", ["report.json", "trials.csv", "predictions.npz", "protocol.toml", "index.html"]
)
def test_a_missing_file_is_refused(report: Path, name: str) -> None:
    (report / name).unlink()
    refused(report, name)


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no links to refuse here")
def test_a_link_out_of_the_report_is_not_followed(report: Path) -> None:
    outside = report.parent / "outside.csv"
    (report / "trials.csv").rename(outside)
    (report / "trials.csv").symlink_to(outside)
    refused(report, "trials.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_place_of_a_file_does_not_hang(report: Path) -> None:
    (report / "trials.csv").unlink()
    os.mkfifo(report / "trials.csv")
    refused(report, "trials.csv")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"schema": 1}',
        '{"schema": 1, "schema": 1}',
        '{"schema": NaN}',
        "[" * 100_000,
        "9" * 10_000,
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_json_that_is_no_report_is_refused(report: Path, text: str) -> None:
    (report / "report.json").write_text(text, encoding="latin-1")
    refused(report, "report.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), SCHEMA + 1),
        (("schema",), 0),
        (("schema",), True),
        (("claims",), {}),
        (("claims",), None),
        (("claims", 0, "id"), 3),
        (("claims", 0, "cells"), "none"),
        (("claims", 0, "cells", 0, "reason"), None),
        (("claims", 0, "cells", 0, "seeds"), 8.5),
        (("claims", 0, "cells", 0, "state"), "lost"),
        (("claims", 0, "cells", 0, "verdict"), "TRUE"),
        (("claims", 0, "cells", 0, "finding", "estimate"), "0.5"),
        (("claims", 0, "cells", 0, "interval"), [0.1]),
        (("claims", 0, "cells", 0, "estimate"), 10**400),
        (("selection", "fingerprints"), []),
        (("selection", "fingerprints", "digits"), 1),
        (("selection", "majority"), "8"),
        (("selection", "device"), None),
        (("files",), {"trials.csv": 1}),
        (("suite",), []),
    ],
)
def test_json_of_the_wrong_types_is_refused(
    report: Path, path: tuple[Any, ...], value: object
) -> None:
    def edit(document: Any) -> None:
        *above, last = path
        for step in above:
            document = document[step]
        document[last] = value

    edit_json(report, edit)
    refused(report, "report.json")


def test_a_protocol_that_is_none_is_refused(report: Path) -> None:
    (report / "protocol.toml").write_bytes(b"\xff\xfe")
    refused(report, "protocol.toml")
    (report / "protocol.toml").write_text("schema = 1\n", encoding="utf-8")
    refused(report, "protocol.toml")


@pytest.mark.parametrize("text", ["", "key,readout,key\n", "a,b\n1,2\n", "key,readout\n1\n"])
def test_a_table_that_is_none_is_refused(report: Path, text: str) -> None:
    (report / "trials.csv").write_text(text, encoding="utf-8")
    refused(report, "trials.csv")


def test_a_truncated_archive_is_refused(report: Path) -> None:
    file = report / "predictions.npz"
    whole = file.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        refused(report, "predictions.npz")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(report: Path) -> None:
    file = report / "predictions.npz"
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in names:
            with archive.open(name, "w") as member:
                for _ in range(64):
                    member.write(bytes(2**20))
    assert file.stat().st_size < 2**22
    refused(report, "predictions.npz", "would unpack to")


def test_a_size_that_lies_is_refused(report: Path) -> None:
    def huge(arrays: dict[str, bytes]) -> None:
        header = b"{'descr': '<f2', 'fortran_order': False, 'shape': (999999999999,), }"
        header += b" " * (118 - len(header) - 1) + b"\n"
        arrays["scores.npy"] = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header

    file = report / "predictions.npz"
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    huge(members)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    refused(report, "predictions.npz", "scores")


def test_pickled_objects_are_refused_unopened(report: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (trap.touch, ())

    def edit(arrays: dict[str, Any]) -> None:
        arrays["images"] = np.array([Trap()], dtype=object)

    edit_arrays(report, edit)
    refused(report, "predictions.npz", "images")
    assert not trap.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scores", np.zeros(3, "<f4")),
        ("scores", np.zeros(3, "<f2")),
        ("scores", np.zeros((2, 2), "<f2")),
        ("score_rows", np.full((1, 3), 10**6, "<i4")),
        ("score_rows", np.full((1, 3), -1, "<i4")),
        ("score_rows", np.zeros((1, 2), "<i4")),
        ("split_ends", np.array([5, 3], "<i8")),
        ("split_ends", np.array([-1], "<i8")),
        ("split_images", np.array([0], "<i4")),
        ("images", np.array(["a", "a"])),
        ("about", np.frombuffer(b"[]", "u1")),
        ("about", np.frombuffer(b"{}", "u1")),
        ("about", np.frombuffer(b"[" * 100_000, "u1")),
    ],
)
def test_arrays_that_contradict_each_other_are_refused(
    report: Path, name: str, value: np.ndarray
) -> None:
    edit_arrays(report, lambda arrays: arrays.update({name: value}))
    refused(report, "predictions.npz")


def test_scores_that_are_not_finite_are_refused(report: Path) -> None:
    edit_arrays(report, lambda arrays: arrays["scores"].__setitem__(0, -np.inf))
    refused(report, "predictions.npz", "not finite")


@pytest.mark.parametrize(
    ("name", "value"), [("split_labels", 2), ("split_labels", -1), ("split_groups", 10**6)]
)
def test_labels_and_indices_out_of_range_are_refused(report: Path, name: str, value: int) -> None:
    edit_arrays(report, lambda arrays: arrays[name].__setitem__(0, value))
    refused(report, "predictions.npz")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "0" * 64),
        ("seed", 99),
        ("seed", True),
        ("arm", "other"),
        ("setting", -1),
        ("diverged", 0),
        ("splits", {}),
        ("splits", {"test": 10**9, "validation": 0}),
        ("train_images", [1]),
        ("pool_images", [1, -1]),
        ("seconds", None),
    ],
)
def test_a_trial_that_is_none_is_refused(report: Path, field: str, value: object) -> None:
    def edit(about: Any) -> None:
        entry = next(entry for entry in about["trials"] if entry["diverged"] is False)
        entry[field] = value

    edit_about(report, edit)
    refused(report, "predictions.npz")


def test_a_trial_of_another_trainer_is_refused(report: Path) -> None:
    edit_about(report, lambda about: about.update(trainer=99))
    refused(report, "predictions.npz", "trainer version 99")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_flipped_bytes_are_read_as_before_or_refused(original: Path, data: st.DataObject) -> None:
    content = bytearray((original / "predictions.npz").read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] ^= data.draw(st.integers(1, 255))
    try:
        records = decode_predictions(bytes(content))
    except BnclaimsError:
        return
    assert records.keys() == decode_predictions((original / "predictions.npz").read_bytes()).keys()
