"""Summary of a run: the lines around the closing table, with their colours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bnclaims.audit.results import Audit, Verdict
from bnclaims.protocol.architectures import PRETRAINABLE
from bnclaims.protocol.budget import BudgetRules
from bnclaims.report.formatting import counted, name_of
from bnclaims.run.assumed_memory import memory_sentence
from bnclaims.run.expected_verdicts import Deviations
from bnclaims.run.selfcheck.report_section import not_as_asked
from bnclaims.run.session import AuditSession

Line = tuple[str, Mapping[str, bool]]
RED = {"red": True}


def stored_lines(
    session: AuditSession, *, interrupted: bool, judged: bool, cut_short: bool
) -> Iterator[Line]:
    """What is kept of a run that did not come to its end; ``cut_short`` while it made its report."""
    stored = sum(session.store.has(key) for key in session.plan.all)
    rest = (
        f"{counted(stored, 'trial')} {'is' if stored == 1 else 'are'} in {session.request.store}, "
        "and the same command goes on from there"
    )
    if cut_short:
        yield f"interrupted while the report was made, so there is none of this run; {rest}", {}
    elif not judged:
        yield f"no claim was judged; {rest}", {}
    elif interrupted:
        yield f"interrupted; {rest}", {}


def before_table(audit: Audit) -> Iterator[Line]:
    """What a reader must know before any verdict."""
    from bnclaims.audit.beside.networks import only_chance
    from bnclaims.report.row import NOTHING_BEATS_CHANCE

    if only_chance(audit):
        yield NOTHING_BEATS_CHANCE, RED


def after_table(audit: Audit, *, verbosity: int) -> Iterator[Line]:
    """What explains the table, and what it advises; nothing when quiet."""
    # Not sooner: the table's library is loaded where a table is drawn.
    from bnclaims.audit.beside.summary import summary_of
    from bnclaims.audit.claim import beside
    from bnclaims.plugin.terminal.table import flips, was_selected
    from bnclaims.report.advice import in_brief, recommendation
    from bnclaims.report.document import stated_verdicts
    from bnclaims.report.remedies import in_brief as remedies_in_brief
    from bnclaims.report.remedies import ranked_table

    if verbosity < 0:
        return
    marked = defaultdict(list)
    for judged in audit.claims:
        for choice in flips(audit, judged):
            marked[choice].append(name_of(judged.claim.id))
    one_sided = [
        name_of(judged.claim.id) for judged in audit.claims if summary_of(audit, judged).one_sided
    ]
    if one_sided:
        yield (
            "one-sided: in more than a tenth of the networks of some arm, all images are called one "
            f"class: {', '.join(one_sided)}",
            {},
        )
    if marked:
        yield "* the verdict would be another under another choice of", {}
        for choice, names in marked.items():
            yield f"  {choice}: {', '.join(names)}", {}
    for line in after_budget(audit):
        yield line, {}
    stated = stated_verdicts(audit)
    if (table := ranked_table(stated)) is not None:
        for line in remedies_in_brief(table):
            yield line, {}
    if not audit.protocol.file.paper:
        declared = beside(judged.claim for judged in audit.claims)
        for line in in_brief(recommendation(stated, declared)):
            yield line, {}
    left_out = sum(not was_selected(claim) for claim in audit.claims)
    if left_out:
        yield f"{counted(left_out, 'claim')} {'was' if left_out == 1 else 'were'} not selected", {}
    if any(claim.verdict is Verdict.REFUTED for claim in audit.claims):
        yield "A refuted claim is a finding of the audit, not a fault of the software.", {}


def expected_lines(deviations: Deviations, report: Path) -> Iterator[Line]:
    """One line for every word that is not the expected one."""
    if not deviations.changes:
        yield f"every verdict is that of {report}", {}
    for change in deviations.changes:
        yield (
            f"not as in {report}: {change.text}",
            RED if change.kind != "unjudged" else {},
        )
    if deviations.left_out:
        were = "cell of {0} was" if deviations.left_out == 1 else "cells of {0} were"
        yield (
            f"{deviations.left_out} {were.format(report)} no part of this run and not compared",
            {},
        )


def trouble_lines(audit: Audit, session: AuditSession) -> Iterator[Line]:
    """What a reader must know of the store and the machine before trusting the verdicts."""
    for key, parts in session.new_disagreements():
        yield (
            f"not deterministic: trial {key[:12]} was trained twice and differs in "
            f"{', '.join(parts)}; the first result is kept, see "
            f"{session.request.store / 'determinism.jsonl'}",
            RED,
        )
    for line in pooling_lines(audit.run):
        yield line, {}
    if (who := not_as_asked(audit.run)) is not None:
        yield who, {}
    if "unchecked" in audit.run:
        yield f"unchecked: {audit.run['unchecked']}", RED
    for file, reason in session.store.damaged:
        yield f"set aside: {Path(file).name}: {reason}", {}


def folder_line(session: AuditSession) -> Iterator[str]:
    """What is used of a user's own folder, and how to see what is not."""
    name = session.selection.dataset
    if name.startswith("folder:"):
        from bnclaims.datasets.folder_contents import in_brief as images_in_brief

        images = images_in_brief(session.request.sources)
        yield f"{name}: {images}; `bnclaims datasets --dataset folder:PATH` says more"


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


def memory_lines(session: AuditSession, workers: int) -> Iterator[str]:
    """That so many workers may need more memory than there is, where networks are of full size."""
    request = session.request
    if workers < 2 or request.gpu or request.stored or request.world is not None:
        return
    large = {
        trial.setting
        for key, trial in session.plan.first.items()
        if trial.setting.architecture in PRETRAINABLE and not session.store.has(key)
    }
    if large and (said := memory_sentence(large, workers)) is not None:
        yield f"memory: {said}"


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


def night_line(session: AuditSession) -> list[str]:
    """The night of a run that accumulates evidence; nothing for another."""
    how = session.protocol.rules.accumulation
    if how is None:
        return []
    number = session.selection.nights
    return [
        f"night: {session.request.night}, number {number} of at most {how.nights}, judged on at most "
        f"{number * how.seeds_per_night} seeds"
    ]


def pooling_lines(run: Mapping[str, Any]) -> Iterator[str]:
    """What the store holds that was not judged, and what was judged though machines differ."""
    for stratum, trials in run.get("trials_not_pooled", {}).items():
        yield f"not pooled: {trials} trials of another stratum ({stratum}) are in the store"
    for mixed in run.get("mixed_machines", []):
        counts = "; ".join(f"{trials} on {machine}" for machine, trials in mixed["trials"].items())
        yield f"mixed machines: claim {mixed['claim']}, cell {mixed['cell']}: {counts}"
