"""First steps: what counts as the same step, and what does not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch

from bnclaims.errors import BnclaimsError
from bnclaims.run.selfcheck.first_step import difference
from bnclaims.run.selfcheck.result import Step

if TYPE_CHECKING:
    from bnclaims.training import FirstStep

# A weight, and a bias before BatchNorm, whose true gradient is 0.
EXACT = (
    0.7,
    {"weight": torch.tensor([[1.0, -2.0]]).double(), "bias": torch.tensor([1e-17]).double()},
)


def step(loss: float = 0.7, *, weight: float = -2.0, bias: float = 3e-8) -> FirstStep:
    return loss, {"weight": torch.tensor([[1.0, weight]]), "bias": torch.tensor([bias])}


def test_equal_steps_do_not_differ() -> None:
    found = difference(step(), step(), exact=EXACT)
    assert (found.loss, found.gradient, found.rounding) == (0, 0, 0)


def test_a_gradient_is_measured_by_the_largest_of_its_tensor() -> None:
    found = difference(step(), step(weight=-1.99), exact=EXACT)
    assert found.tensor == "weight"
    assert found.gradient == pytest.approx(0.005, rel=1e-4)


def test_a_loss_is_measured_by_the_loop_s() -> None:
    assert difference(step(0.5), step(0.51), exact=EXACT).loss == pytest.approx(0.02)


def test_what_is_nothing_but_rounding_may_be_rounded_otherwise() -> None:
    assert difference(step(bias=3e-8), step(bias=-6e-8), exact=EXACT).gradient == 0


def test_a_gradient_where_there_should_be_none_is_seen() -> None:
    assert difference(step(), step(bias=0.5), exact=EXACT).gradient == 1


def test_the_rounding_of_the_loop_itself_is_told() -> None:
    assert difference(step(weight=-2.0002), step(), exact=EXACT).rounding == pytest.approx(
        1e-4, rel=1e-3
    )


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_has_nothing_in_common(value: float) -> None:
    found = difference(step(), step(value, weight=value, bias=value), exact=EXACT)
    assert (found.loss, found.gradient) == (1, 1)


def test_a_gradient_that_is_left_out_is_named() -> None:
    loss, gradients = step()
    with pytest.raises(BnclaimsError, match="bias"):
        difference(step(), (loss, {"weight": gradients["weight"]}), exact=EXACT)


@pytest.mark.parametrize(
    ("gradient", "rounding", "agrees"),
    [(9e-6, 1e-7, True), (1.1e-5, 1e-7, False), (9e-5, 1e-5, True), (1.1e-4, 1e-5, False)],
)
def test_a_step_agrees_within_the_tolerance_or_the_rounding_of_the_loop(
    gradient: float, rounding: float, agrees: bool
) -> None:
    found = Step(
        network="mlp",
        head="softmax",
        classes=2,
        arm="plain",
        loss=0.0,
        gradient=gradient,
        tensor="last.weight",
        rounding=rounding,
        null_loss=0.0,
        null_gradient=0.0,
    )
    assert found.agrees is agrees
