"""Budgets: what they take, that more time never takes less, and what is written down of it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.audit.claim import discover
from bnclaims.audit.forecast.budget import choose, in_order_of_importance
from bnclaims.audit.forecast.cost import Costs
from bnclaims.audit.forecast.stored_records import Stored
from bnclaims.audit.plan import Plan, plan
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.budget import BudgetRules
from bnclaims.protocol.cells import Selection, cells_of
from bnclaims.protocol.load import BUDGET, FOLDER, Protocol, load_protocol, parse_protocol
from bnclaims.run.assumed_times import assumed_on
from bnclaims.run.inventory import selection_here
from bnclaims.run.time_budget import KeptBudget, budgeted

CLAIMS = discover(FOLDER.parents[1] / "claims")
# Enough of them for an order, few enough for many choices.
FAMILY = [claim for claim in CLAIMS if len(claim.id) <= 3 or claim.id.startswith(("prem", "unc"))]
FULL, QUICK = load_protocol("full"), load_protocol("quick")
APPLE = selection_here("plantvillage-apple", on_paper=True)
DIGITS = selection_here("digits")
NO_STORE = Path("there-is-no-store")


def bare(protocol: Protocol, selection: Selection) -> tuple[Plan, Costs]:
    stored = Stored(planned={}, others=(), damaged=(), place=None)
    device = selection.device
    return plan(CLAIMS, protocol, selection), Costs(stored, device, assumed_on(device))


def of_apple(minutes: float, workers: int = 2) -> BudgetRules:
    planned, costs = FAMILY_PLAN
    return choose(planned, FULL, APPLE, costs, minutes=minutes, workers=workers)


FAMILY_PLAN = (plan(FAMILY, FULL, APPLE), bare(FULL, APPLE)[1])


def chosen_of_quick(minutes: float) -> Protocol:
    return budgeted(
        QUICK,
        plan(CLAIMS, QUICK, DIGITS),
        DIGITS,
        minutes=minutes,
        workers=1,
        store=NO_STORE,
    )


@settings(deadline=None, max_examples=10)
@given(
    minutes=st.lists(st.floats(0.1, 600), min_size=2, max_size=2).map(sorted),
    workers=st.integers(1, 8),
)
def test_more_time_never_drops_a_cell(minutes: list[float], workers: int) -> None:
    less, more = (of_apple(m, workers).chosen for m in minutes)
    assert less <= more


@settings(deadline=None, max_examples=10)
@given(minutes=st.floats(5, 600))
def test_cells_come_in_order_until_the_first_that_does_not_fit(minutes: float) -> None:
    rules = of_apple(minutes)
    planned, _ = FAMILY_PLAN
    order = [(claim.id, cell.name) for claim, cell in in_order_of_importance(planned.cells, FULL)]
    assert [(cell.claim, cell.cell) for cell in rules.cells] == order
    spent = sum(cell.seconds or 0 for cell in rules.cells if cell.chosen)
    assert spent <= 60 * minutes
    places = [place for place, cell in enumerate(rules.cells) if not cell.chosen]
    if not places:
        return
    first = rules.cells[places[0]]
    assert spent + (first.seconds or 0) > 60 * minutes
    # Behind it only what costs nothing.
    assert not any(cell.seconds for cell in rules.cells[places[0] :] if cell.chosen)
    assert abs(rules.forecast - spent / 60) <= 0.051


def test_the_same_plan_and_budget_make_the_same_choice() -> None:
    assert of_apple(20) == of_apple(20)


def test_an_hour_of_two_cores_audits_apple_leaves_with_the_small_network() -> None:
    protocol = budgeted(
        FULL, plan(CLAIMS, FULL, APPLE), APPLE, minutes=60, workers=2, store=NO_STORE
    )
    budget = protocol.file.budget
    assert budget is not None
    tested = {claim for claim, _ in budget.chosen}
    assert {"premise", "i", "vi", "v", "iv", "uncertainty", "alt-threshold"} <= tested
    assert {"ii", "iii"} <= set(budget.not_tested)
    cells = [cell for claim in tested for cell in cells_of(protocol, claim, APPLE)]
    ran = [setting for cell in cells for setting in cell.settings.values()]
    assert {s.architecture for s in ran} == {"simple_cnn", "mlp"}
    assert max(s.task.image_size for s in ran) == 64
    left_out = [cell.unavailable for cell in cells if not cell.settings]
    assert "left out by the budget of 60 minutes" in left_out


def test_what_is_stored_counts_as_if_it_were_to_be_trained() -> None:
    # A run that is taken up again must not have other cells because the first ones are there.
    planned, costs = bare(QUICK, DIGITS)
    rules = choose(planned, QUICK, DIGITS, costs, minutes=2, workers=1)
    assert rules.cells[0].seconds and rules.cells[0].chosen


def test_the_choice_is_part_of_the_protocol_and_read_back_from_it() -> None:
    protocol = chosen_of_quick(1)
    assert protocol.text.startswith(QUICK.text + BUDGET)
    again = parse_protocol(protocol.text, source="protocol.toml")
    assert again.file.budget == protocol.file.budget is not None
    assert (again.whole_sha256, QUICK.whole_sha256) == (QUICK.sha256, QUICK.sha256)
    assert again.sha256 != QUICK.sha256


def test_a_claim_without_a_chosen_cell_is_named_as_not_tested() -> None:
    budget = chosen_of_quick(0.5).file.budget
    assert budget is not None
    chosen = {claim for claim, _ in budget.chosen}
    assert chosen.isdisjoint(budget.not_tested)
    assert chosen | set(budget.not_tested) == {cell.claim for cell in budget.cells}
    assert "iii" in budget.not_tested


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda text: text.replace("value = 0.05", "value = 0.04", 1),
            "budget.of is not the sha256",
        ),
        (lambda text: text.replace("chosen = false", "chosen = true"), "leave no time"),
        (lambda text: text.replace("minutes = 1.0", "minutes = 0.01"), "leave no time"),
    ],
)
def test_a_choice_that_was_changed_is_refused(change: Callable[[str], str], words: str) -> None:
    text = chosen_of_quick(1).text
    assert change(text) != text
    with pytest.raises(BnclaimsError, match=words):
        parse_protocol(change(text), source="protocol.toml")


def test_names_of_any_characters_survive_in_the_table() -> None:
    odd = 'a "quoted" \\ name \N{LEAF FLUTTERING IN WIND}'
    text = QUICK.text.replace('name = "simple_cnn"', f"name = '{odd}'", 1)
    protocol = parse_protocol(text, source="copy.toml")
    chosen = budgeted(
        protocol, plan(CLAIMS, protocol, DIGITS), DIGITS, minutes=1, workers=1, store=NO_STORE
    )
    assert tomllib.loads(chosen.text)["budget"]["cells"][0]["cell"] == odd


@pytest.mark.parametrize(
    ("protocol", "minutes", "words"),
    [
        (QUICK, 0.0, "give minutes above 0"),
        (QUICK, float("nan"), "give minutes above 0"),
        (QUICK, 0.001, "the most important cell, simple_cnn of claim premise, takes"),
        (load_protocol("nightly"), 5.0, "accumulates evidence"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(
    protocol: Protocol, minutes: float, words: str
) -> None:
    planned = plan(CLAIMS, protocol, DIGITS)
    with pytest.raises(BnclaimsError, match=words):
        budgeted(protocol, planned, DIGITS, minutes=minutes, workers=1, store=NO_STORE)


def test_a_second_choice_from_a_chosen_protocol_is_refused() -> None:
    with pytest.raises(BnclaimsError, match="has a budget already"):
        once = chosen_of_quick(1)
        budgeted(once, plan(CLAIMS, once, DIGITS), DIGITS, minutes=1, workers=1, store=NO_STORE)


def test_a_store_keeps_the_first_choice_for_the_same_question(tmp_path: Path) -> None:
    def kept(minutes: float) -> KeptBudget:
        return KeptBudget(tmp_path, QUICK, DIGITS, CLAIMS, minutes=minutes, workers=1)

    first, other = chosen_of_quick(1), chosen_of_quick(3)
    assert kept(1).read() is None
    assert kept(1).write(first) == first
    # Another process was faster, with other times.
    assert kept(1).write(other) == first
    assert kept(1).read() == first
    assert kept(3).read() is None
