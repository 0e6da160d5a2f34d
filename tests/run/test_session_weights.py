"""A run settles before its plan which ImageNet weights there are."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from bnclaims.audit.claim import discover
from bnclaims.commands.cli import main
from bnclaims.errors import BnclaimsError
from bnclaims.models import weights
from bnclaims.run.design import Design, asked, decided
from bnclaims.run.prerequisites import check_networks, told_of_weights
from bnclaims.run.request import Request
from bnclaims.store.store import Store
from fixtures.weights import no_weights, pretrained, publish

CLAIMS = discover(Path(__file__).parents[2] / "claims")
PREMISE = [claim for claim in CLAIMS if claim.id == "premise"]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file that the address of ResNet34's weights leads to, on a machine that has none."""
    (folder := tmp_path / "served").mkdir()
    path = publish(monkeypatch, folder, "resnet34", {"weight": torch.zeros(2)})
    known = dataclasses.replace(weights.WEIGHTS["resnet34"][0], url=path.as_uri())
    monkeypatch.setitem(weights.WEIGHTS, "resnet34", (known,))  # type: ignore[arg-type]
    no_weights(monkeypatch, tmp_path / "home")
    return path


def protocol_file(folder: Path, architecture: str = "resnet34") -> str:
    path = folder / "own.toml"
    path.write_text(pretrained(f'architecture = "{architecture}"\nregime = "frozen"').text)
    return str(path)


def design_of(folder: Path, architecture: str = "resnet34", **options: Any) -> Design:
    request = Request(
        protocol=protocol_file(folder, architecture), store=folder / "store", **options
    )
    return decided(asked(request, PREMISE), fetch=True)


def label(design: Design) -> str:
    return design.plan.cells[0][1].label


def test_weights_are_fetched_before_the_plan(served: Path, tmp_path: Path) -> None:
    design = design_of(tmp_path)
    assert design.refusals == ()
    assert "resnet34 frozen" in label(design)
    (sentence,) = told_of_weights(design)
    assert sentence == f"resnet34 starts from ImageNet weights (sha256 {_digits(served)}...)."


def _digits(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def test_offline_nothing_is_fetched(served: Path, tmp_path: Path) -> None:
    design = design_of(tmp_path, offline=True)
    assert design.refusals == ()
    assert not weights.hub_folder().exists()
    assert "resnet34 from scratch" in label(design)


def test_a_world_fetches_nothing(served: Path, tmp_path: Path) -> None:
    assert design_of(tmp_path, world="effect").refusals == ()
    assert not weights.hub_folder().exists()


def test_a_failed_download_is_told_and_the_run_goes_on_from_scratch(
    served: Path, tmp_path: Path
) -> None:
    served.unlink()
    design = design_of(tmp_path)
    (refusal,) = design.refusals
    assert "not downloaded" in refusal and "try again later" in refusal
    assert "resnet34 from scratch" in label(design)
    (sentence,) = told_of_weights(design)
    assert sentence.startswith("resnet34 is trained from scratch where the protocol asks for")


def test_a_run_that_asks_for_no_weights_says_nothing_of_them() -> None:
    design = decided(asked(Request(), CLAIMS), fetch=True)
    assert design.refusals == () and told_of_weights(design) == []


def test_a_network_without_its_package_is_refused_before_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_weights(monkeypatch, tmp_path)
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "timm" else found(name)
    )
    store = Store.open(tmp_path / "store")
    with pytest.raises(BnclaimsError, match=r"timm, .* pip install 'bnclaims\[pretrained\]'"):
        check_networks(design_of(tmp_path, "efficientnet_lite0", offline=True), store)
    check_networks(design_of(tmp_path, "efficientnet_lite0", world="effect"), store)
    check_networks(design_of(tmp_path, "resnet34", offline=True), store)


def test_a_plan_counts_on_weights_that_are_not_there_and_says_so(
    served: Path, tmp_path: Path
) -> None:
    options = ["--protocol", protocol_file(tmp_path), "--json", "--store", str(tmp_path / "store")]
    done = CliRunner().invoke(main, ["plan", *options])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["not_there"] == ["ImageNet weights of resnet34"]
    (premise,) = [claim for claim in told["claims"] if claim["id"] == "premise"]
    assert "resnet34 frozen" in premise["cells"][0]["settings"]["main"]
