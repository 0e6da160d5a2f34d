"""Table of cells in the terminal: what every one of them can show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bnclaims.report.formatting import name_of

Plain = Mapping[str, Any]

COLOURS = {"SUPPORTED": "green", "REFUTED": "red"}


def cell_table(told: Plain) -> Table:
    """Every cell with its pilot, what every look shows, its verdict or the seeds missing for one."""
    every = [cell for claim in told["claims"] for cell in claim["cells"]]
    chosen = None if told["budget"] is None else _chosen(told["budget"])
    looks = sorted({n for cell in every for n in cell.get("looks", ())})
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("claim, cell, statement", ratio=1, overflow="fold")
    table.add_column("pilot (SD)", justify="right", no_wrap=True)
    for n in looks:
        table.add_column(f"{n}", justify="right", no_wrap=True)
    table.add_column("verdict, or seeds missing", max_width=18)
    for claim in told["claims"]:
        for cell in claim["cells"]:
            # Those that a budget leaves out have a table of their own.
            if chosen is not None and (claim["id"], cell["name"]) not in chosen:
                continue
            _add_cell(table, claim["id"], cell, looks)
    return table


def _chosen(budget: Plain) -> set[tuple[str, str]]:
    return {(cell["claim"], cell["cell"]) for cell in budget["cells"] if cell["chosen"]}


def _add_cell(table: Table, claim: str, cell: Plain, looks: Sequence[int]) -> None:
    name = Text.assemble(
        (name_of(claim), "bold"), f" {cell['name']}", ("*" if cell["primary"] else "")
    )
    blank = ["" for _ in looks]
    if cell["unavailable"] is not None:
        table.add_row(name + Text(f": {cell['unavailable']}"), "", *blank, "not run", style="dim")
        return
    contrasts, status = cell["contrasts"], _status(cell)
    if len(contrasts) == 1:
        (contrast,) = contrasts
        what = Text(f": {_line(contrast)}", style="dim")
        table.add_row(name + what, *_numbers(contrast, looks), status + _warning(cell, contrast))
        return
    table.add_row(name, "", *blank, status)
    for contrast in contrasts:
        what = Text(f"{contrast['label']}: {_line(contrast)}", style="dim")
        # Padding: what goes on in another line stays indented.
        table.add_row(
            Padding(what, (0, 0, 0, 2)), *_numbers(contrast, looks), _warning(cell, contrast)[2:]
        )


def _status(cell: Plain) -> Text:
    if cell["status"] != "open":
        verdict, seeds = cell["verdict"], cell["seeds_judged"]
        end = "" if cell["status"] == "decided" else " (last look)"
        return Text.assemble((verdict, COLOURS.get(verdict, "yellow")), f" at {seeds}{end}")
    if cell["seeds_missing"] is not None:
        chance = cell["chances"][-1]["decided"]
        return Text.assemble((f"{cell['seeds_missing']} more", "bold"), f" ({chance:.0%})")
    if cell["chances"]:
        last = cell["chances"][-1]
        return Text(f"none by {last['seeds']} ({last['decided']:.0%})", style="yellow")
    return Text(f"{cell['seeds_to_next_look']} to first look")


def _warning(cell: Plain, contrast: Plain) -> Text:
    likely = cell["status"] == "decided" or cell["seeds_missing"] is not None
    if likely or contrast["possible"] is not False:
        return Text()
    why = "too few seeds" if contrast["too_early"] else "SD too wide"
    return Text(f"; {why} for absence", style="yellow")


def _line(contrast: Plain) -> str:
    lines = {
        "effect": "effect ≥ {:.2g}",
        "no effect": "within ±{:.2g}",
        "not worse": "above −{:.2g}",
        "peak": "rise ≥ {:.2g}",
        "dose": "apart by ≥ {:.2g}",
    }
    return lines[contrast["kind"]].format(contrast["target"])


def _numbers(contrast: Plain, looks: Sequence[int]) -> Iterator[str]:
    """The pilot's estimate and spread, then what every look shows."""
    mark = "?" if contrast["assumed"] else ""
    if contrast["spread"] is None:
        yield "–"
    elif contrast["assumed"]:
        yield f"({contrast['spread']:.2f}?)"
    else:
        yield f"{contrast['estimate']:.2f} ({contrast['spread']:.2f})".replace("-", "−")
    shown = {look["seeds"]: look["smallest"] for look in contrast["looks"]}
    sign = {"no effect": "±", "not worse": "−", "dose": "±"}.get(contrast["kind"], "")
    for n in looks:
        if n not in shown:
            yield ""
        else:
            yield "–" if shown[n] is None else f"{sign}{shown[n]:.2f}{mark}"
