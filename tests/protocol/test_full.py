"""The full protocol: what the issue of its making asks for, read from its plan."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter

import pytest

from bnclaims.audit.claim import discover
from bnclaims.audit.plan import Plan, plan
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.load import FOLDER, load_protocol
from bnclaims.protocol.schema import FAMILY
from bnclaims.protocol.trial import Setting
from bnclaims.run.inventory import selection_here

FULL, QUICK = load_protocol("full"), load_protocol("quick")
CLAIMS = discover(FOLDER.parents[1] / "claims")
PLANTS = {"plantvillage-apple", "plantvillage-pepper", "plantvillage-tomato"}
DOMAINS = {
    **dict.fromkeys(PLANTS, "plants"),
    "ham10000": "skin",
    "fashion-mnist": "clothes",
    "cifar10": "objects",
    "mnist": "digits",
    "digits": "digits",
}


def planned(dataset: str = "plantvillage-apple", device: str = "cuda", claim: str = "") -> Plan:
    claims = [one for one in CLAIMS if one.id == claim] if claim else CLAIMS
    return plan(claims, FULL, selection_here(dataset, device=device, on_paper=True))


GPU, CPU = planned(), planned(device="cpu")


def cells(claim: str, of: Plan = GPU) -> list[Cell]:
    """The cells of a claim that can be run."""
    return [cell for c, cell in of.cells if c.id == claim and cell.unavailable is None]


def settings_of(found: list[Cell]) -> list[Setting]:
    return [setting for cell in found for setting in cell.settings.values()]


@pytest.mark.parametrize("of", [GPU, CPU])
def test_every_claim_has_its_cells(of: Plan) -> None:
    # No pilot says how long the networks of this protocol train until plain finds its minority, and
    # the protocols why and remedies have questions of their own.
    claims = [c for c in CLAIMS if c.id != "lasting" and not c.id.startswith(("why-", "remedies"))]
    assert {claim.id for claim, _ in of.cells} == {claim.id for claim in claims}
    for claim in claims:
        found = cells(claim.id, of)
        assert found, claim.id
        assert sum(cell.primary for cell in found) == (claim.combine == "primary"), claim.id


def test_the_rules_of_judgement_are_those_of_quick() -> None:
    # Two other datasets, as their name is a plural: quick has one that needs no download.
    assert FULL.rules == dataclasses.replace(QUICK.rules, replications=2)
    assert FULL.rules.family == FAMILY


def test_the_premise_runs_on_every_plant_with_every_network_in_every_regime() -> None:
    found = {(s.task.dataset, s.architecture, s.regime) for s in settings_of(cells("premise"))}
    networks = ("resnet34", "vgg19", "vgg19_bn", "efficientnet_lite0")
    regimes = ("fine_tuned", "frozen", "scratch")
    assert {(p, n, r) for p in PLANTS for n in networks for r in regimes} <= found
    assert {(p, "simple_cnn", "scratch") for p in PLANTS} <= found
    assert {s.task.image_size for s in settings_of(cells("premise"))} == {64, 128, 224}
    assert {s.classifier for s in settings_of(cells("premise"))} == {"linear", "fastai"}


@pytest.mark.parametrize(
    "claim", ["i", "uncertainty", "uncertainty-scaled", "uncertainty-ranking", "alt-threshold"]
)
def test_readings_of_the_premise_s_networks_train_nothing(claim: str) -> None:
    assert {str(s) for s in settings_of(cells(claim))} == {
        str(s) for s in settings_of(cells("premise"))
    }


@pytest.mark.parametrize("dataset", sorted(DOMAINS.keys() - {"digits"}))
def test_ratios_run_over_at_least_eight_values_to_balance(dataset: str) -> None:
    of_it = cells("ii", planned(dataset, claim="ii"))
    (row,) = [cell for cell in of_it if cell.primary]
    assert row.name == "fixed steps"
    assert max(row.doses.values()) <= settings_of([row])[0].task.majority_images / 5
    (row,) = [cell for cell in of_it if cell.name.endswith("to balance")]
    assert len(row.doses) >= 8
    settings = list(row.settings.values())
    assert [s.task.minority_images for s in settings] == sorted(row.doses.values())
    assert settings[0].task.minority_images == 2
    assert settings[-1].task.minority_images == settings[-1].task.majority_images
    assert len({s.task.majority_images for s in settings}) == 1


def test_ratios_on_apple_run_from_1000_2_to_1000_1000() -> None:
    (row,) = [cell for cell in cells("ii") if cell.name == "fixed epochs, to balance"]
    ends = [settings_of([row])[place].task for place in (0, -1)]
    assert [(t.majority_images, t.minority_images) for t in ends] == [(1000, 2), (1000, 1000)]
    assert {cell.name for cell in cells("ii")} >= {"fixed epochs", "fixed steps"}


def test_batch_sizes_run_from_8_to_256_at_fixed_epochs_and_at_fixed_steps() -> None:
    rows = {cell.name: cell for cell in cells("iii")}
    for name in ("fixed epochs", "fixed steps"):
        assert list(rows[name].doses.values()) == [8, 16, 32, 64, 128, 256]
    epochs = {s.epochs for s in settings_of([rows["fixed epochs"]])}
    steps = settings_of([rows["fixed steps"]])
    assert epochs == {10}
    # Whole epochs are written as such; 1010 images make 16 steps of 64.
    assert {s.steps for s in steps if s.epochs is None} == {160}
    assert [s.epochs for s in steps if s.batch_size == 64] == [10]


@pytest.mark.parametrize("of", [GPU, CPU])
def test_replications_are_at_least_six_pairs_from_at_least_three_domains(of: Plan) -> None:
    pairs = {(s.task.dataset, s.architecture) for s in settings_of(cells("iv", of))}
    assert len(pairs) >= 6
    assert len({DOMAINS[dataset] for dataset, _ in pairs}) >= 3
    kinds = Counter(cell.counts_as for cell in cells("iv", of))
    assert kinds["dataset"] > FULL.rules.replications and kinds["network"] >= 1
    counted = [
        settings_of([c])[0].task.dataset for c in cells("iv", of) if c.counts_as == "dataset"
    ]
    assert len(set(counted)) == len(counted)


@pytest.mark.parametrize("of", [GPU, CPU])
def test_majorities_are_compared_on_at_least_three_choices_of_classes(of: Plan) -> None:
    found = cells("v", of)
    assert len({cell.settings["b_is_minority"].task.classes for cell in found}) >= 3
    for cell in found:
        one, two = (cell.settings[name].task for name in ("b_is_minority", "b_is_majority"))
        assert (len(one.majority), len(two.majority)) == (1, 2)
        assert one.classes == two.classes
        assert one.majority_images == two.majority_images
        assert one.minority_images == two.minority_images == one.majority_images // 100
        assert (one.test_images, one.image_size) == (two.test_images, two.image_size)


@pytest.mark.parametrize("of", [GPU, CPU])
def test_sigmoids_have_one_logit_and_one_for_each_class(of: Plan) -> None:
    for cell in cells("vi", of):
        assert {name: s.head for name, s in cell.settings.items()} == {
            name: name for name in ("softmax", "sigmoid", "sigmoid_k")
        }


def test_without_a_gpu_nothing_is_of_full_size() -> None:
    ran = settings_of([cell for _, cell in CPU.cells])
    assert {s.architecture for s in ran} == {"simple_cnn", "mlp"}
    assert {s.task.image_size for s in ran if s.task.dataset in PLANTS} == {64}
    assert {s.regime for s in ran} == {"scratch"} and {s.learning_rate for s in ran} >= {0.001}
    assert all(cell.max_seeds == 32 for _, cell in CPU.cells if cell.unavailable is None)
    primary = {s.architecture for s in settings_of([c for _, c in GPU.cells if c.primary])}
    assert primary == {"resnet34"}


def test_cells_that_share_a_setting_share_its_trials() -> None:
    # The premise, a ratio of 1 %, batch 64 and the softmax of (vi) are one setting.
    (premise,) = [c.settings["main"] for c in cells("premise") if c.primary]
    (ratio,) = [c for c in cells("ii") if c.name == "fixed epochs"]
    (batch,) = [c for c in cells("iii") if c.primary]
    assert ratio.settings["minority_images=10"] == batch.settings["batch_size=64"] == premise


def test_no_cell_judges_the_settings_of_another_again() -> None:
    for of in (GPU, CPU):
        for claim in CLAIMS:
            keys = [tuple(map(str, cell.settings.values())) for cell in cells(claim.id, of)]
            assert len(set(keys)) == len(keys), claim.id


def test_every_rank_is_used_and_every_cell_has_one() -> None:
    ranks = {rules.importance for own in FULL.cells.values() for rules in own}
    assert {str(rank) for rank in ranks} == set(FULL.file.importance)


def test_every_number_has_a_reason_of_its_own() -> None:
    # What the schema cannot ask for: that reasons are sentences, not fillers.
    reasons = re.findall(r'^reason = "(.*)"$', FULL.text, flags=re.MULTILINE)
    assert len(reasons) > 100
    assert all(reason.endswith((".", "?")) and len(reason) > 20 for reason in reasons)


def test_a_plant_that_is_selected_is_no_replication_of_itself() -> None:
    here = {id: planned("plantvillage-pepper", claim=id) for id in ("iv", "premise")}
    found = settings_of(cells("iv", here["iv"]))
    premise = [cell.settings["main"] for cell in cells("premise", here["premise"])]
    assert premise[0] not in found
