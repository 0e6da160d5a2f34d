"""What the terminal says of a time budget, and of images that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from bnclaims.audit import Audit
from bnclaims.protocol_budget import BudgetRules
from bnclaims.session import AuditSession


def budget_lines(session: AuditSession) -> Iterator[str]:
    """What a budget leaves of its protocol, before anything is trained."""
    budget = session.protocol.file.budget
    if budget is None:
        return
    at_once = "1 worker" if budget.workers == 1 else f"{budget.workers} workers"
    yield (
        f"budget: {budget.minutes:g} minutes of {at_once}: {len(budget.chosen)} of "
        f"{len(budget.cells)} cells, by forecast {budget.forecast:g} minutes, {budget.longest:g} at "
        "the longest; all of them are finished, however long they take"
    )
    yield f"budget: {budget.basis}"
    yield from _not_tested(budget)


def missing_lines(session: AuditSession) -> Iterator[str]:
    """Why the images of datasets other than the selected one are not there."""
    selection = session.selection
    named = {
        dataset
        for rules in session.protocol.cells.values()
        for cell in rules
        for dataset in (cell.dataset, *(s.dataset for s in (cell.settings or {}).values()))
        if dataset not in (None, selection.dataset)
    }
    for dataset in sorted(filter(None, named)):
        if (why := selection.missing(dataset)) is not None:
            yield f"not there, so its cells are left out: {dataset} ({why})"


def after_budget(audit: Audit) -> Iterator[str]:
    """What a budget left out, and how long the rest took."""
    budget = audit.protocol.file.budget
    if budget is None:
        return
    left_out = len(budget.cells) - len(budget.chosen)
    took = audit.run.get("minutes")
    yield (
        f"budget of {budget.minutes:g} minutes: {left_out} of {len(budget.cells)} cells left out, "
        f"forecast {budget.forecast:g} minutes, took {took}"
    )
    yield from _not_tested(budget)


def _not_tested(budget: BudgetRules) -> Iterator[str]:
    if budget.not_tested:
        yield f"not tested, left out by the budget: {', '.join(budget.not_tested)}"
