"""The loss of every head, and what three arms make of it."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import FOCAL, LOGIT_ADJUSTED, PLAIN, WEIGHTED_LOSS
from bnclaims.training.executors.losses import class_weights, objective, prior_logits

LOGITS = torch.tensor([[0.5, -1.0], [2.0, 0.3], [-0.7, 0.1]])
LABELS = torch.tensor([0, 1, 1])


def loss(head: str, arm: str, logits: torch.Tensor, counts: tuple[int, ...] = (90, 10)) -> float:
    return float(objective(head, arm, counts)(logits, LABELS))


def by_hand(head: str, row: list[float], label: int) -> float:
    if head == "softmax":
        return -row[label] + math.log(sum(math.exp(value) for value in row))
    wanted = [float(label == 1)] if head == "sigmoid" else [float(label == k) for k in range(2)]
    parts = [
        -math.log(1 / (1 + math.exp(-value if yes else value)))
        for value, yes in zip(row, wanted, strict=True)
    ]
    return sum(parts) / len(parts)


@pytest.mark.parametrize("head", ["softmax", "sigmoid", "sigmoid_k"])
def test_each_head_has_its_loss(head: str) -> None:
    logits = LOGITS[:, 1:] if head == "sigmoid" else LOGITS
    rows = [by_hand(head, row.tolist(), int(y)) for row, y in zip(logits, LABELS, strict=True)]
    assert loss(head, PLAIN, logits) == pytest.approx(sum(rows) / 3, rel=1e-6)


def test_class_weights_have_mean_one_over_the_training_images() -> None:
    weights = class_weights((90, 10))
    assert float(weights[0] * 90 + weights[1] * 10) / 100 == pytest.approx(1)
    assert float(weights[1] / weights[0]) == pytest.approx(9)


@pytest.mark.parametrize("head", ["softmax", "sigmoid", "sigmoid_k"])
def test_weighted_loss_weights_every_image_by_its_class(head: str) -> None:
    logits = LOGITS[:, 1:] if head == "sigmoid" else LOGITS
    rows = [by_hand(head, row.tolist(), int(y)) for row, y in zip(logits, LABELS, strict=True)]
    expected = (rows[0] * 100 / 180 + rows[1] * 5 + rows[2] * 5) / 3
    assert loss(head, WEIGHTED_LOSS, logits) == pytest.approx(expected, rel=1e-6)


def of_outputs(head: str, row: list[float], label: int) -> list[float]:
    """The cross-entropies of an image, one for each output that is trained by itself."""
    if head != "sigmoid_k":
        return [by_hand(head, row, label)]
    return [by_hand("sigmoid", [value], int(label == k)) for k, value in enumerate(row)]


@pytest.mark.parametrize("head", ["softmax", "sigmoid", "sigmoid_k"])
def test_focal_loss_counts_what_is_right_already_for_little(head: str) -> None:
    logits = LOGITS[:, 1:] if head == "sigmoid" else LOGITS
    expected = []
    for row, label in zip(logits.tolist(), LABELS.tolist(), strict=True):
        parts = [(1 - math.exp(-loss)) ** 2 * loss for loss in of_outputs(head, row, label)]
        expected.append(sum(parts) / len(parts))
    assert loss(head, FOCAL, logits) == pytest.approx(sum(expected) / 3, rel=1e-5)
    assert loss(head, FOCAL, logits) < loss(head, PLAIN, logits)


@given(st.data())
def test_balanced_softmax_is_the_logit_adjusted_loss_of_a_softmax_head(data: st.DataObject) -> None:
    classes = data.draw(st.integers(2, 4))
    counts = tuple(data.draw(st.integers(1, 1000)) for _ in range(classes))
    row = [data.draw(st.floats(-8, 8, width=32)) for _ in range(classes)]
    label = data.draw(st.integers(0, classes - 1))
    # As Ren et al., arXiv:2007.10740, write it: every exponential weighted by its class's images.
    weighted = [count * math.exp(value) for count, value in zip(counts, row, strict=True)]
    balanced = -math.log(weighted[label] / sum(weighted))
    adjusted = objective("softmax", LOGIT_ADJUSTED, counts)
    found = float(adjusted(torch.tensor([row]), torch.tensor([label])))
    assert found == pytest.approx(balanced, rel=1e-5, abs=1e-5)


def test_the_prior_is_added_in_the_units_of_the_head() -> None:
    log_odds = math.log(0.1 / 0.9)
    assert prior_logits("softmax", (90, 10)).tolist() == pytest.approx(
        [math.log(0.9), math.log(0.1)]
    )
    assert prior_logits("sigmoid", (90, 10)).tolist() == pytest.approx([log_odds])
    assert prior_logits("sigmoid_k", (90, 10)).tolist() == pytest.approx([-log_odds, log_odds])


def test_logit_adjustment_is_the_loss_at_shifted_logits() -> None:
    shifted = LOGITS + torch.tensor([0.9, 0.1]).log()
    expected = pytest.approx(loss("softmax", PLAIN, shifted), rel=1e-6)
    assert loss("softmax", LOGIT_ADJUSTED, LOGITS) == expected
    # One logit is the difference of two, and so is its shift.
    one = (LOGITS[:, 1] - LOGITS[:, 0])[:, None]
    assert loss("sigmoid", LOGIT_ADJUSTED, one) == expected


def test_an_unknown_head_is_named() -> None:
    with pytest.raises(BnclaimsError, match="head 'tanh'"):
        objective("tanh", PLAIN, (1, 1))
