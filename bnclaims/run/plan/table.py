"""Forecast in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bnclaims.report.formatting import amount_of, duration, name_of
from bnclaims.run.plan.cell_table import COLOURS, Plain, cell_table
from bnclaims.run.plan.notes import notes


def print_forecast(told: Plain, *, workers: int, all_groups: bool) -> None:
    """Prints a forecast (`document.forecast`): totals, cells, groups if asked for, and how to read it."""
    console = Console(highlight=False)
    console.print()
    console.print(
        Text.assemble(
            ("protocol ", "dim"), (told["protocol"]["name"], "bold"),
            (" on ", "dim"), (told["dataset"], "bold"),
        )
    )  # fmt: skip
    if told["budget"] is not None:
        console.print(_budget(told["budget"]))
    console.print(_totals(told, workers))
    console.print(cell_table(told))
    if told["target_power"] is not None:
        console.print(_proposals(told))
    if all_groups:
        console.print(_groups(told))
    for note in notes(told, all_groups=all_groups):
        console.print(Text(note, style="dim"))
    for sentence in told["store"]["damaged"]:
        console.print(Text(sentence, style="yellow"))


def _budget(budget: Plain) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=f"budget of {budget['minutes']:g} minutes, in order of importance: forecast "
        f"{budget['forecast']:g}, at the longest {budget['longest']:g}",
        title_justify="left",
    )
    table.add_column("claim, cell", ratio=1, overflow="fold")
    table.add_column("adds", justify="right")
    table.add_column("choice", ratio=1, overflow="fold")
    for cell in budget["cells"]:
        adds = "unknown" if cell["seconds"] is None else duration(cell["seconds"])
        name = Text.assemble((name_of(cell["claim"]), "bold"), f" {cell['cell']}")
        table.add_row(name, adds, cell["why"], style="" if cell["chosen"] else "dim")
    return table


def _totals(told: Plain, workers: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    both = [told["totals"]["first_looks"], told["totals"]["all_looks"]]
    for name in ("first looks", "all looks"):
        table.add_column(name, justify="right")
    for label, key in (
        ("trials", "trials"),
        ("groups (settings)", "groups"),
        ("stored already", "stored"),
        ("still wanted, at most", "left"),
    ):
        table.add_row(label, *(f"{part[key]:,}" for part in both))
    table.add_section()
    at_once = "one worker" if workers == 1 else f"{workers} workers"
    rows = [("in all", "whole"), ("still wanted", "to_do")]
    # Where nothing is stored the two are the same.
    for label, key in rows if any(part["stored"] for part in both) else rows[:1]:
        bills = [part[key] for part in both]
        table.add_row(
            f"time {label}, {at_once}",
            *(amount_of(b, duration(b["seconds"] / workers)) for b in bills),
        )
        table.add_row(
            f"{told['unit']} {label}", *(amount_of(b, f"{b['hours']:,.3g}") for b in bills)
        )
    return table


def _proposals(told: Plain) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=f"seeds for a verdict with {told['target_power']:.0%} power, by simulation",
        title_justify="left",
    )
    table.add_column("claim, cell", ratio=1, overflow="fold")
    for name in ("pilot", "as planned", "seeds", "power", "in doubt"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    for claim in told["claims"]:
        for cell in claim["cells"]:
            if cell["unavailable"] is None:
                name = f"{name_of(claim['id'])} {cell['name']}" + ("*" if cell["primary"] else "")
                table.add_row(name, *_proposal(cell))
    return table


def _proposal(cell: Plain) -> Iterator[str | Text]:
    yield str(cell["pilot_seeds"])
    proposal = cell["proposal"]
    if proposal is None:
        yield from ("", "", "", "", "no pilot")
        return
    planned = proposal["as_planned"]
    yield f"{planned['decided']:.0%} by {planned['seeds']}"
    yield Text(
        f"{'' if proposal['reached'] else '> '}{proposal['seeds']}",
        style="bold" if proposal["reached"] else "yellow",
    )
    yield f"{proposal['chance']['decided']:.0%}"
    yield f"{proposal['uncertain']['decided']:.0%}"
    verdict = (
        "SUPPORTED"
        if proposal["chance"]["supported"] >= proposal["chance"]["refuted"]
        else "REFUTED"
    )
    yield Text(verdict, style=COLOURS[verdict])


def _groups(told: Plain) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("group (setting), arms", ratio=1)
    for name in ("first", "all", "stored", "s a trial"):
        table.add_column(name, justify="right")
    table.add_column("from")
    for group in told["groups"]:
        known = [arm for arm in group["arms"].values() if arm is not None]
        bases = sorted({arm["basis"] for arm in known})
        classes = "" if group["classes"] == 2 else f", {group['classes']} classes"
        table.add_row(
            Text.assemble(group["setting"] + classes, (f": {', '.join(group['arms'])}", "dim")),
            *(str(group[key]) for key in ("first_looks", "all_looks", "stored")),
            f"{sum(arm['seconds'] for arm in known) / len(known):.3g}" if known else "unknown",
            ", ".join(bases),
        )
    return table
