"""Outcomes: verdicts as pytest, its user and the programs that read its results have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

Audit = Callable[..., pytest.RunResult]


def test_a_supported_claim_passes_and_a_refuted_one_fails_without_a_traceback(
    small_audit: Audit,
) -> None:
    result = small_audit("--world=effect")
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["claim (vi) refuted on *F1 gain with sigmoid*"])
    rows = ["premise *SUPPORTED*", "  It raises F1.", "(vi) *REFUTED*", "  Almost no impact with *"]
    result.stdout.fnmatch_lines(rows, consecutive=True)
    result.stdout.fnmatch_lines(["A refuted claim is a finding*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*test_small.py:*: *Error*")


def test_a_broken_trainer_is_invalid_and_does_not_fail(small_audit: Audit) -> None:
    result = small_audit("--world=broken_trainer", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*test_it_raises_f1*INVALID*"])
    result.stdout.fnmatch_lines(["*test_no_gain_with_sigmoid*INVALID*"])
    result.stdout.fnmatch_lines(["*2 invalid*"])


def test_strict_verdicts_let_invalid_fail(small_audit: Audit) -> None:
    result = small_audit("--world=broken_trainer", "--strict-verdicts")
    result.assert_outcomes(failed=2)
    assert result.ret == 1


def test_the_verdict_is_a_property_in_junit(small_audit: Audit, report_folder: Path) -> None:
    small_audit("--world=effect")
    root = ElementTree.parse(report_folder / "junit.xml").getroot()
    assert all("hostname" not in suite.attrib for suite in root.iter("testsuite"))
    properties = {
        case.get("name"): prop.get("value")
        for case in root.iter("testcase")
        for prop in case.iter("property")
        if prop.get("name") == "bnclaims_verdict"
    }
    assert properties == {
        "test_it_raises_f1[simple_cnn]": "SUPPORTED",
        "test_no_gain_with_sigmoid[one logit]": "REFUTED",
    }


def test_an_expected_refutation_passes_and_a_changed_verdict_fails(
    small_audit: Audit, report_folder: Path
) -> None:
    small_audit("--world=effect")
    expected = report_folder.rename(report_folder.parent / "expected")
    result = small_audit("--world=effect", f"--expect={expected}", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*test_no_gain_with_sigmoid*REFUTED as expected*"])

    document = json.loads((expected / "report.json").read_text())
    document["claims"][0]["cells"][0]["verdict"] = "INCONCLUSIVE"
    (expected / "report.json").write_text(json.dumps(document))
    result = small_audit("--world=effect", f"--expect={expected}")
    assert result.ret == 1
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*expected INCONCLUSIVE*"])


def test_expecting_a_report_of_another_protocol_is_a_usage_error(
    small_audit: Audit, report_folder: Path, pytester: pytest.Pytester
) -> None:
    small_audit("--world=effect")
    expected = report_folder.rename(report_folder.parent / "expected")
    protocol = pytester.path / "small.toml"
    protocol.write_text(protocol.read_text() + "\n# another\n")
    result = small_audit("--world=effect", f"--expect={expected}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--expect*another protocol*"])


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--protocol=nowhere", "--protocol nowhere: no such file*quick*"),
        ("--dataset=dogs", "--dataset dogs*no section*"),
        ("--dataset=folder:nowhere", "--dataset folder:nowhere: no such folder*"),
        ("--data-root=nowhere", "--data-root nowhere: no such folder*"),
        ("--majority=cats", "--majority and --minority go with --dataset folder:PATH*"),
        ("--world=flat", "--world flat: unknown*effect*"),
        ("--expect=nowhere", "--expect nowhere: not a readable report*"),
        (
            "--protocol=quick --dataset=fashion-mnist --offline",
            "--offline: *idx3-ubyte.gz*missing*",
        ),
        ("--executor=warp", "*warp*loop*"),
        ("--sample-images --world=effect", "--sample-images: a world (effect) draws no images*"),
    ],
)
def test_a_wrong_option_is_one_sentence_before_any_work(
    small_audit: Audit, pytester: pytest.Pytester, option: str, words: str
) -> None:
    result = small_audit(*option.split(), here=True)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {words}"])
    assert not (pytester.path / ".bnclaims" / "store" / "trials").exists()


def test_without_cuda_gpu_is_a_usage_error(small_audit: Audit) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    result = small_audit("--gpu")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --gpu: torch * sees no CUDA device here*"])


# --- claims that a protocol leaves out ------------------------------------------------------------

MORE = '''
"""A claim beside the family."""

from bnclaims.audit import FINAL_BN, PLAIN, Effect, claim


@claim("beside", "It is there.", arms=(PLAIN, FINAL_BN))
def test_beside_the_family(evidence):
    """F1 gain."""
    return Effect("gain", evidence.f1(FINAL_BN) - evidence.f1(PLAIN))
'''
CELL = '[[claims.beside.cells]]\nname = "one"\nprimary = true\nreason = "A cell for tests."\n'


def test_a_claim_without_cells_in_the_protocol_is_left_out_and_that_is_said(
    small_audit: Audit, pytester: pytest.Pytester, report_folder: Path
) -> None:
    (pytester.path / "claims" / "test_more.py").write_text(MORE)
    result = small_audit("--world=effect", "-n", "2")
    result.stdout.fnmatch_lines(
        ["bnclaims *: 2 claims, 2 cells; 1 more without cells in this protocol"]
    )
    result.assert_outcomes(passed=1, failed=1)
    document = json.loads((report_folder / "report.json").read_text())
    assert [claim["id"] for claim in document["claims"]] == ["premise", "vi"]
    protocol = pytester.path / "small.toml"
    protocol.write_text(protocol.read_text() + CELL)
    result = small_audit("--world=effect")
    result.stdout.fnmatch_lines(["bnclaims *: 3 claims, 3 cells"])
    result.assert_outcomes(passed=2, failed=1)


def test_a_protocol_without_cells_for_any_claim_is_a_usage_error(
    small_audit: Audit, pytester: pytest.Pytester
) -> None:
    (pytester.path / "claims" / "test_small.py").unlink()
    (pytester.path / "claims" / "test_more.py").write_text(MORE)
    result = small_audit("--world=effect")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--protocol small.toml: has no cells for any of these claims, such as beside; add a *"]
    )


def test_a_claim_file_that_cannot_be_imported_is_a_usage_error(
    small_audit: Audit, pytester: pytest.Pytester
) -> None:
    (pytester.path / "claims" / "test_more.py").write_text(MORE.replace("Effect", "Positive"))
    result = small_audit("--world=effect")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: test_more.py: cannot import name 'Positive' from *; mend *"]
    )


def test_the_run_ends_with_what_to_do_and_the_report_says_the_same(
    small_audit: Audit, report_folder: Path
) -> None:
    result = small_audit("--world=effect")
    (entry,) = json.loads((report_folder / "report.json").read_text())["recommendation"]
    assert entry["advice"] == "not known"
    assert entry["reason"] == (
        "On a balanced test: It raises both scores, but whether something simpler does as well was "
        "not tested. At the prevalence of training: Whether it raises both scores is undecided."
    )
    result.stdout.fnmatch_lines(
        [f"should the layer be added? {entry['setting']}: not known. {entry['reason']}"]
    )
