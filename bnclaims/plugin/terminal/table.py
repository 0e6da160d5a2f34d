"""The verdicts of a run as a table."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bnclaims.audit.beside.summary import summary_of
from bnclaims.audit.results import (
    NOT_JUDGED,
    Audit,
    CellState,
    ClaimJudgement,
    Verdict,
    has_verdict,
)
from bnclaims.audit.statements.statement import Finding
from bnclaims.plugin.terminal.sentences import effect_text
from bnclaims.report.formatting import STYLES, name_of
from bnclaims.report.row import ANSWERS, NOTHING, because_in_brief, in_full, in_scores, lasting

# Columns of a terminal on which sentences have a column of their own.
WIDTH_FOR_SENTENCES: Final = 150
# Columns that names have at least, and that lie between two columns.
SHORTEST, GAP = 19, 3
EFFECT, SEEDS = "effect [interval]", "seeds"
BECAUSE, LASTING = "because of", "when trained"
# Columns that stand where there is room, in the order in which they get it.
_EXTRA: Final[Mapping[str, Literal["because", "lasting", "seeds"]]] = {
    BECAUSE: "because",
    SEEDS: "seeds",
    LASTING: "lasting",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class _TableLine:
    """A claim, or one of its cells: what the columns hold, and the sentence or reason."""

    name: Text
    indent: int = 0
    told: Text
    verdict: Text
    effect: str
    seeds: str
    because: str = ""
    lasting: str = ""


def verdict_table(audit: Audit, *, width: int, colour: bool, verbosity: int = 0) -> str:
    """Every claim that was selected, with its verdict, effect, what it is because of, and seeds.

    Below 0, ``verbosity`` leaves out the sentences; above 0, it adds a row for every cell. Sentences
    have a column where there is room for one, and stand below their row elsewhere.
    """
    rows = [*_rows(audit, verbosity=verbosity)]
    output = io.StringIO()
    console = Console(
        file=output,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        # Where pytest colours, rich need not find out by itself whether the terminal can.
        color_system="standard" if colour else None,
        highlight=False,
    )
    beside = verbosity >= 0 and width >= WIDTH_FOR_SENTENCES
    below = verbosity >= 0 and not beside
    if below:
        # A row of its own for each: a table has no cell across all columns.
        console.print(_table(rows, (), width, beside=False))
        for row in rows:
            one = _table(rows, (row,), width, beside=False)
            one.show_header = False
            console.print(one, Padding(row.told, (0, 0, 0, 2)))
    else:
        console.print(_table(rows, rows, width, beside=beside))
    # Columns of the right length end in blanks, which wrap in a window that is made narrower.
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines()) + "\n"


def _table(
    rows: Sequence[_TableLine], shown: Sequence[_TableLine], width: int, *, beside: bool
) -> Table:
    """Those ``shown``, in columns that fit all ``rows``; the seeds only where there is room."""
    names = max([SHORTEST, *(row.name.cell_len for row in rows if not row.indent)])
    verdicts = max(
        [len("verdict"), *(len(line) for row in rows for line in row.verdict.plain.splitlines())]
    )
    effects = max([len(EFFECT), *(len(line) for row in rows for line in row.effect.splitlines())])
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=beside)
    table.add_column("claim", width=names)
    if beside:
        table.add_column("sentence", ratio=1)
    table.add_column("verdict", width=verdicts)
    # Text, since rich would take the brackets of a plain one for its own markup.
    table.add_column(Text(EFFECT), width=effects, justify="right")
    left = width - (names + verdicts + effects + 2 * GAP)
    # What a reader wants first comes first, and what finds no room is left out.
    extra: list[Literal["because", "lasting", "seeds"]] = []
    for head, key in _EXTRA.items():
        wide = max(len(head), *(len(getattr(row, key)) for row in rows)) if rows else len(head)
        if wide + GAP <= left:
            left -= wide + GAP
            extra.append(key)
            table.add_column(head, width=wide, justify="right" if key == "seeds" else "left")
    for row in shown:
        # Padding: names that go on in another line stay indented.
        name = Padding(row.name, (0, 0, 0, row.indent))
        told: list[RenderableType] = [row.told] if beside else []
        table.add_row(
            name, *told, row.verdict, row.effect, *(str(getattr(row, key)) for key in extra)
        )
    return table


def _rows(audit: Audit, *, verbosity: int) -> Iterator[_TableLine]:
    budget = audit.protocol.file.budget
    not_tested = budget.not_tested if budget is not None else ()
    for judged in audit.claims:
        if not was_selected(judged) or judged.claim.id in not_tested:
            continue
        effect, seeds = _headline(judged)
        mark = "*" if flips(audit, judged) else ""
        found = summary_of(audit, judged)
        waiting = not has_verdict(judged.cells) and any(c.state in NOT_JUDGED for c in judged.cells)
        verdict = _verdict(judged.verdict, waiting=waiting).append(mark)
        if found.answer is not None and not waiting:
            verdict.append(f"\n{ANSWERS[found.answer]}", style="dim")
        told = Text(judged.claim.sentence)
        if why := in_full(found):
            told.append(f"\n{why}", style="italic")
        yield _TableLine(
            name=Text(name_of(judged.claim.id), style="bold"),
            told=told,
            verdict=verdict,
            effect=effect,
            seeds=seeds,
            because=because_in_brief(found),
            lasting=lasting(found) if found.specific else NOTHING,
        )
        for cell in judged.cells if verbosity > 0 else ():
            reason = f"primary cell: {cell.reason}" if cell.primary else cell.reason
            yield _TableLine(
                name=Text(cell.cell, style="dim"),
                indent=2,
                told=Text(reason, style="dim"),
                verdict=_verdict(cell.verdict, waiting=cell.state in NOT_JUDGED),
                effect=_in_scores(cell.finding),
                seeds=str(cell.seeds),
            )


def _verdict(verdict: Verdict, *, waiting: bool) -> Text:
    """A verdict in its colour; of what could be judged and was not, that."""
    return Text("not judged", style="dim") if waiting else Text(verdict, style=STYLES[verdict])


def flips(audit: Audit, judged: ClaimJudgement) -> list[str]:
    """The kinds of choice under which the claim's verdict would be another."""
    sensitivity = (audit.sensitivity or {}).get(judged.claim.id)
    found = sensitivity.flips if sensitivity is not None else ()
    return [*dict.fromkeys(flip.by for flip in found)]


def was_selected(judged: ClaimJudgement) -> bool:
    """Whether any cell of a claim was chosen to be run: the verdict of the others says nothing."""
    return not all(cell.state is CellState.DESELECTED for cell in judged.cells)


def _headline(judged: ClaimJudgement) -> tuple[str, str]:
    """Effect and seeds of the primary cell; of a replication, in how many cells it holds."""
    if judged.claim.combine == "replication":
        run = [cell for cell in judged.cells if cell.seeds]
        least = "" if judged.holds_in == len(run) else "≥ "
        seeds = str(max((c.seeds for c in run), default=0))
        return f"in {least}{judged.holds_in} of {len(run)} cells", seeds
    cell = next((cell for cell in judged.cells if cell.primary), judged.cells[0])
    return _in_scores(cell.finding), str(cell.seeds)


def _in_scores(finding: Finding | None) -> str:
    """The effect in each score on a line of its own, or in the one there is."""
    if finding is None or len(finding.scores) < 2:
        return effect_text(finding)
    return "\n".join(in_scores(finding.scores))
