"""The protocols of transfer learning: their rules, what decides where, and what stands beside it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bnclaims.audit.claim import discover
from bnclaims.audit.plan import Plan, plan
from bnclaims.protocol.cells import Cell, Selection
from bnclaims.protocol.load import load_protocol
from bnclaims.protocol.schema import FAMILY

TRANSFER, WHY, QUICK = (load_protocol(name) for name in ("transfer", "why", "quick"))
CLAIMS = discover(Path(__file__).parents[2] / "claims")
PLANTS = ("plantvillage-apple", "plantvillage-pepper", "plantvillage-tomato")
OTHERS = ("ham10000", "elpv", "fashion-mnist", "cifar10")
REGIME = {"vgg16": "ab" * 6, "efficientnet_lite0": "cd" * 6}


def planned(dataset: str, protocol: str = "transfer", **weights: str) -> Plan:
    selection = Selection(
        dataset=dataset,
        fingerprints=dict.fromkeys((*PLANTS, *OTHERS), "f" * 16),
        weights=REGIME | weights,
    )
    return plan(CLAIMS, load_protocol(protocol), selection)


def primary(of: Plan) -> dict[str, Cell]:
    return {claim.id: cell for claim, cell in of.cells if cell.primary}


def test_the_rules_are_those_of_quick_and_transfer_begins_with_its_seeds() -> None:
    assert TRANSFER.rules == dataclasses.replace(QUICK.rules, replications=2)
    assert TRANSFER.rules.family == FAMILY
    # Networks that one protocol has seen are no evidence for another that was made after it.
    mine = set(WHY.rules.seeds(64))
    assert not mine & set(TRANSFER.rules.seeds(64)) and min(mine) == 11000
    assert len(WHY.rules.family) == 7


@pytest.mark.parametrize("dataset", [*PLANTS, *OTHERS])
def test_fine_tuned_networks_decide_the_premise_on_plants_and_frozen_bodies_elsewhere(
    dataset: str,
) -> None:
    regime = "fine_tuned" if dataset in PLANTS else "frozen"
    precision = "bf16" if dataset in PLANTS else "fp32"
    found = primary(planned(dataset))
    for claim in ("premise", "i", "uncertainty", "alt-threshold", "alt-ranking", "alt-prevalence"):
        setting = found[claim].settings["main"]
        assert (setting.regime, setting.precision) == (regime, precision), claim
        assert setting.architecture == "vgg16"
    for claim in ("ii", "iii", "vi", "lasting", "alt-weighted-loss", "part-centring"):
        settings = found[claim].settings.values()
        assert {(s.regime, s.precision, s.classifier) for s in settings} == {
            ("frozen", "fp32", "fastai_v2")
        }, claim


def test_the_networks_of_the_abstract_stand_beside_them_where_their_weights_are() -> None:
    def networks(of: Plan) -> set[str]:
        cells = [cell for claim, cell in of.cells if claim.id == "premise" and not cell.unavailable]
        return {s.network for cell in cells for s in cell.settings.values()}

    here, all_weights = (
        networks(planned("plantvillage-apple")),
        networks(planned("plantvillage-apple", resnet34="e" * 12, vgg19="f" * 12)),
    )
    assert all_weights - here == {
        f"{name} fine-tuned with fastai_v2 classifier" for name in ("resnet34", "vgg19")
    }
    assert here >= {
        "vgg16 frozen",
        "vgg16 frozen with fastai_v1 classifier",
        "vgg16 frozen with fastai_v2 classifier",
        "vgg16 fine-tuned with fastai_v2 classifier",
        "efficientnet_lite0 frozen with fastai_v2 classifier",
        "efficientnet_lite0 fine-tuned with fastai_v2 classifier",
    }


def test_each_other_dataset_counts_once_as_a_replication() -> None:
    for dataset in ("plantvillage-apple", "elpv"):
        counted = [
            next(iter(cell.settings.values())).task.dataset
            for claim, cell in planned(dataset).cells
            if claim.id == "iv" and cell.counts_as == "dataset" and not cell.unavailable
        ]
        assert sorted(counted) == sorted({*PLANTS, *OTHERS} - {dataset})


def test_why_asks_each_part_of_the_same_three_networks() -> None:
    of = planned("elpv", "why")
    for claim in WHY.rules.family:
        cells = [cell for c, cell in of.cells if c.id == claim]
        assert [cell.name for cell in cells] == [
            "frozen body",
            "frozen efficientnet_lite0",
            "frozen, linear end",
        ]
        assert not any(cell.unavailable for cell in cells)
