"""What the terminal says around the closing table: lines with their colours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from bnclaims.audit import Audit
from bnclaims.expectation import Outcome
from bnclaims.report.words import name_of
from bnclaims.session import AuditSession
from bnclaims.terminal.budgets import after_budget
from bnclaims.terminal.nights import pooling_lines
from bnclaims.terminal.progress import counted
from bnclaims.verdicts import Verdict

Line = tuple[str, Mapping[str, bool]]
RED = {"red": True}


def stored_lines(session: AuditSession, *, interrupted: bool, judged: bool) -> Iterator[Line]:
    """What is kept of a run that did not come to its end."""
    stored = sum(session.store.has(key) for key in session.plan.all)
    rest = (
        f"{counted(stored, 'trial')} {'is' if stored == 1 else 'are'} in {session.request.store}, "
        "and the same command goes on from there"
    )
    if not judged:
        yield f"no claim was judged; {rest}", {}
    elif interrupted:
        yield f"interrupted; {rest}", {}


def after_table(audit: Audit, *, verbosity: int) -> Iterator[Line]:
    """What explains the table, and what it advises; nothing when quiet."""
    # Not sooner: the table's library is loaded where a table is drawn.
    from bnclaims.report.document import words_section
    from bnclaims.report.recommendation import in_brief, recommendation
    from bnclaims.terminal.table import flips, was_selected

    if verbosity < 0:
        return
    marked = defaultdict(list)
    for judged in audit.claims:
        for choice in flips(audit, judged):
            marked[choice].append(name_of(judged.claim.id))
    if marked:
        yield "* the word would be another under another choice of", {}
        for choice, names in marked.items():
            yield f"  {choice}: {', '.join(names)}", {}
    for line in after_budget(audit):
        yield line, {}
    if not audit.protocol.file.paper:
        for line in in_brief(recommendation(words_section(audit))):
            yield line, {}
    left_out = sum(not was_selected(claim) for claim in audit.claims)
    if left_out:
        yield f"{counted(left_out, 'claim')} {'was' if left_out == 1 else 'were'} not selected", {}
    if any(claim.verdict is Verdict.REFUTED for claim in audit.claims):
        yield "A refuted claim is a finding of the audit, not a fault of the software.", {}


def expected_lines(outcome: Outcome, report: Path) -> Iterator[Line]:
    """One line for every word that is not the expected one."""
    if not outcome.changes:
        yield f"every verdict is that of {report}", {}
    for change in outcome.changes:
        yield (
            f"not as in {report}: {change.text}",
            RED if change.kind != "unjudged" else {},
        )
    if outcome.left_out:
        were = "cell of {0} was" if outcome.left_out == 1 else "cells of {0} were"
        yield (
            f"{outcome.left_out} {were.format(report)} no part of this run and not compared",
            {},
        )


def trouble_lines(audit: Audit, session: AuditSession) -> Iterator[Line]:
    """What a reader must know of the store and the machine before trusting the words."""
    for key, parts in session.new_disagreements():
        yield (
            f"not deterministic: trial {key[:12]} was trained twice and differs in "
            f"{', '.join(parts)}; the first result is kept, see "
            f"{session.request.store / 'determinism.jsonl'}",
            RED,
        )
    for line in pooling_lines(audit.run):
        yield line, {}
    if "unchecked" in audit.run:
        yield f"unchecked: {audit.run['unchecked']}", RED
    for file, reason in session.store.damaged:
        yield f"set aside: {Path(file).name}: {reason}", {}
