"""The verdicts of a run as a table."""

from __future__ import annotations

import io

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bnclaims.audit import DESELECTED, Audit
from bnclaims.report.words import STYLES
from bnclaims.terminal.sentences import effect_text
from bnclaims.verdicts import ClaimJudgement, Verdict


def verdict_table(audit: Audit, *, width: int, colour: bool, verbosity: int = 0) -> str:
    """Every claim that was selected, with its word, effect and seeds.

    Below 0, ``verbosity`` leaves out the sentences; above 0, it adds a row for every cell.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=verbosity >= 0)
    selected = [judged for judged in audit.claims if was_selected(judged)]
    longest = max((len(judged.claim.id) for judged in selected), default=0)
    table.add_column("claim", width=max(19, longest))
    if verbosity >= 0:
        table.add_column("sentence", ratio=1)
    table.add_column("verdict", width=13)
    table.add_column("effect [interval]", width=20, justify="right")
    table.add_column("seeds", width=5, justify="right")

    def add(
        name: Text, sentence: str, verdict: Verdict, effect: str, seeds: str, mark: str = ""
    ) -> None:
        text = [Text(sentence)] if verbosity >= 0 else []
        word = Text(verdict, style=STYLES[verdict]).append(mark)
        table.add_row(name, *text, word, effect, seeds)

    budget = audit.protocol.file.budget
    not_tested = budget.not_tested if budget is not None else ()
    for judged in selected:
        if judged.claim.id in not_tested:
            continue
        effect, seeds = _headline(judged)
        mark = "*" if flips(audit, judged) else ""
        add(Text(judged.claim.id), judged.claim.sentence, judged.verdict, effect, seeds, mark)
        for cell in judged.cells if verbosity > 0 else ():
            name = Text(f"  {cell.cell}", style="dim")
            reason = f"primary cell: {cell.reason}" if cell.primary else cell.reason
            add(name, reason, cell.verdict, effect_text(cell.finding), str(cell.seeds))
    output = io.StringIO()
    Console(
        file=output,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        # Where pytest colours, rich need not find out by itself whether the terminal can.
        color_system="standard" if colour else None,
        highlight=False,
    ).print(table)
    return output.getvalue()


def flips(audit: Audit, judged: ClaimJudgement) -> str:
    """The kinds of choice under which the claim's word would be another."""
    sensitivity = (audit.sensitivity or {}).get(judged.claim.id)
    found = sensitivity.flips if sensitivity is not None else ()
    return ", ".join(dict.fromkeys(flip.by for flip in found))


def was_selected(judged: ClaimJudgement) -> bool:
    """Whether any cell of a claim was chosen to be run: the word of the others says nothing."""
    return not all(cell.reason.endswith(f": {DESELECTED}") for cell in judged.cells)


def _headline(judged: ClaimJudgement) -> tuple[str, str]:
    """Effect and seeds of the primary cell; of a replication, in how many cells it holds."""
    if judged.claim.combine == "replication":
        run = [cell for cell in judged.cells if cell.seeds]
        return f"in >= {judged.holds_in} of {len(run)} cells", str(
            max((c.seeds for c in run), default=0)
        )
    cell = next((cell for cell in judged.cells if cell.primary), judged.cells[0])
    return effect_text(cell.finding), str(cell.seeds)
