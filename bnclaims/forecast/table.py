"""A forecast in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

Plain = Mapping[str, Any]

_COLOURS = {"SUPPORTED": "green", "REFUTED": "red"}


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
    console.print(_totals(told, workers))
    console.print(_cells(told))
    if told["target_power"] is not None:
        console.print(_proposals(told))
    if all_groups:
        console.print(_groups(told))
    for note in _notes(told, all_groups=all_groups):
        console.print(Text(note, style="dim"))
    for sentence in told["store"]["damaged"]:
        console.print(Text(sentence, style="yellow"))


# --- totals ---------------------------------------------------------------------------------------


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
    if not told["store"]["timed_trials"]:
        return table
    table.add_section()
    at_once = "one worker" if workers == 1 else f"{workers} workers"
    for label, key in (("in all", "whole"), ("still wanted", "to_do")):
        bills = [part[key] for part in both]
        table.add_row(
            f"time {label}, {at_once}", *(_sum(b, duration(b["seconds"] / workers)) for b in bills)
        )
        table.add_row(f"{told['unit']} {label}", *(_sum(b, f"{b['hours']:,.3g}") for b in bills))
        if told["price_per_hour"] is not None:
            table.add_row(
                f"price {label}", *(_sum(b, f"{b['money']:,.2f}") for b in bills), style="bold"
            )
    return table


def _sum(bill: Plain, amount: str) -> str:
    """An amount; a lower bound where trials have no time, a dash where none has."""
    if bill["unknown"] == bill["trials"] > 0:
        return "unknown"
    return f"at least {amount}" if bill["unknown"] else amount


def duration(seconds: float) -> str:
    """Seconds for people: ``8 s``, ``12 min``, ``3 h 05 min``, ``2 days 4 h``."""
    minutes = round(seconds / 60)
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} days {hours % 24} h"


# --- cells ----------------------------------------------------------------------------------------


def _cells(told: Plain) -> Table:
    every = [cell for claim in told["claims"] for cell in claim["cells"]]
    looks = sorted({n for cell in every for n in cell.get("looks", ())})
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("claim, cell, statement", ratio=1, overflow="fold")
    table.add_column("pilot (SD)", justify="right", no_wrap=True)
    for n in looks:
        table.add_column(f"{n}", justify="right", no_wrap=True)
    table.add_column("seeds missing")
    for claim in told["claims"]:
        for cell in claim["cells"]:
            _add_cell(table, claim["id"], cell, looks)
    return table


def _add_cell(table: Table, claim: str, cell: Plain, looks: Sequence[int]) -> None:
    name = Text.assemble((claim, "bold"), f" {cell['name']}", ("*" if cell["primary"] else ""))
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
        what = Text(f"  {contrast['label']}: {_line(contrast)}", style="dim")
        table.add_row(what, *_numbers(contrast, looks), _warning(cell, contrast))


def _status(cell: Plain) -> Text:
    if cell["status"] != "open":
        word, seeds = cell["verdict"], cell["seeds_judged"]
        end = "" if cell["status"] == "decided" else ", the last look"
        return Text.assemble((word, _COLOURS.get(word, "yellow")), f" at {seeds}{end}")
    if cell["seeds_missing"] is not None:
        chance = cell["chances"][-1]["decided"]
        return Text.assemble((f"{cell['seeds_missing']} more", "bold"), f" ({chance:.0%})")
    if cell["chances"]:
        last = cell["chances"][-1]
        return Text(f"no verdict by {last['seeds']} ({last['decided']:.0%})", style="yellow")
    return Text(f"{cell['seeds_to_next_look']} to the first look")


def _warning(cell: Plain, contrast: Plain) -> Text:
    likely = cell["status"] == "decided" or cell["seeds_missing"] is not None
    if likely or contrast["possible"] is not False:
        return Text()
    return Text(" SD too wide for absence", style="yellow")


def _line(contrast: Plain) -> str:
    lines = {
        "effect": "effect ≥ {:.2g}",
        "no effect": "within ±{:.2g}",
        "not worse": "above −{:.2g}",
        "peak": "rise ≥ {:.2g}",
        "trend": "slope ≥ {:.2g}",
        "positive": "above 0",
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
    sign = {"no effect": "±", "not worse": "−", "trend": "±"}.get(contrast["kind"], "")
    for n in looks:
        if n not in shown:
            yield ""
        else:
            yield "–" if shown[n] is None else f"{sign}{shown[n]:.2f}{mark}"


# --- proposals and groups -------------------------------------------------------------------------


def _proposals(told: Plain) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=f"seeds for a verdict with {told['target_power']:.0%} power, by simulation",
        title_justify="left",
    )
    table.add_column("claim, cell", ratio=1)
    for name in ("pilot", "as planned", "seeds", "power", "pilot's own error counted"):
        table.add_column(name, justify="right")
    table.add_column("word")
    for claim in told["claims"]:
        for cell in claim["cells"]:
            if cell["unavailable"] is None:
                name = f"{claim['id']} {cell['name']}" + (" *" if cell["primary"] else "")
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
    word = (
        "SUPPORTED"
        if proposal["chance"]["supported"] >= proposal["chance"]["refuted"]
        else "REFUTED"
    )
    yield Text(word, style=_COLOURS[word])


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


# --- notes ----------------------------------------------------------------------------------------


def _notes(told: Plain, *, all_groups: bool) -> Iterator[str]:
    whole = told["totals"]["all_looks"]["whole"]
    basis = whole["basis"]
    yield (
        "* primary cell. A group is the trials of one setting: they differ in arm and seed only"
        + ("." if all_groups else " (--groups lists them).")
        + " All looks is an upper bound: cells share trials, and a decided cell asks for no more."
    )
    if told["store"]["timed_trials"]:
        kinds = (
            ("stored", "as they took"),
            ("measured", "at the median of the same setting and arm"),
            ("other arm", "at that of another arm"),
            ("scaled", "extrapolated by work from another setting"),
        )
        parts = [f"{basis[kind]:,} {how}" for kind, how in kinds if basis.get(kind)]
        if whole["unknown"]:
            parts.append(f"{whole['unknown']:,} unknown (their network never ran on this device)")
        yield (
            f"Times of {whole['trials']:,} trials, from {told['store']['timed_trials']:,} stored ones: "
            f"{'; '.join(parts)}."
        )
    else:
        yield (
            "No stored trial tells how long one takes: train a few, e.g. "
            "pytest claims -k premise, and plan again."
        )
    yield (
        f"Under {_look_names(told)} seeds: the smallest true effect told from 0 with "
        f"{told['power']:.0%} power by that look (± and −: the narrowest margin that a true 0 is "
        "shown to respect), for normal differences of that SD; – where a look cannot."
    )
    if any(
        c["assumed"]
        for claim in told["claims"]
        for cell in claim["cells"]
        for c in cell.get("contrasts", ())
    ):
        yield (
            f"? no pilot in the store: the SD of a gain is assumed to be {told['assumed_spread']:g} "
            "(--assumed-spread), networks being independent."
        )
    if any(cell.get("chances") for claim in told["claims"] for cell in claim["cells"]):
        yield (
            "Seeds missing: until the chance of a verdict is at least "
            f"{told['power']:.0%} (in brackets), the rest of the seeds being drawn from the stored "
            "ones and judged by the real judge."
        )
    if told["target_power"] is not None:
        bill = told["proposed"]
        yield (
            f"These seeds make {bill['trials']:,} trials, {_sum(bill, duration(bill['seconds']))} of one "
            "worker. A number chosen on a pilot and judged on the same seeds confirms nothing: put it "
            "into a new protocol, for other images."
        )


def _look_names(told: Plain) -> str:
    looks = {
        n for claim in told["claims"] for cell in claim["cells"] for n in cell.get("looks", ())
    }
    return " / ".join(map(str, sorted(looks)))
