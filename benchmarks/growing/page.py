"""The numbers of `growth.py` as tables and a drawing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markdown_tables import row


def page(result: Mapping[str, Any]) -> str:
    """The numbers as Markdown tables."""
    tables = [audit_lines, store_lines, step_lines, replica_lines]
    return "\n\n".join(text for table in tables if (text := "\n".join(table(result)))) + "\n"


def audit_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Processor time of every stage of an audit, a line for each number of trials."""
    if not (audits := result.get("audits")):
        return
    stages = list(audits[0]["processor_s"])
    yield row("trials", "judged", *(f"{stage}, s" for stage in stages), "peak, MiB", "store, MiB")
    yield row(*["--:"] * (len(stages) + 4))
    for one in audits:
        seconds = [f"{one['processor_s'][stage]:.2f}" for stage in stages]
        sizes = (f"{one['peak_mib']:.0f}", f"{one['store_mib']:.1f}")
        yield row(f"{one['trials']:,}", f"{one['judged']:,}", *seconds, *sizes)


def store_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Time of a lease and a write, a look-up and a read in a large store."""
    if not (store := result.get("store")):
        return
    tenths = store["lease_and_write_ms_by_tenth"]
    yield row(
        "records", "lease and write, first tenth, ms", "last tenth, ms", "look-up, ms", "read, ms"
    )
    yield row(*["--:"] * 5)
    yield row(
        f"{store['trials']:,}",
        f"{tenths[0]:.2f}",
        f"{tenths[-1]:.2f}",
        f"{store['has_ms']:.3f}",
        f"{store['read_ms']:.2f}",
    )


def step_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Processor time of a step, a line for each executor."""
    if not (executors := result.get("steps")):
        return
    sides = list(next(iter(executors.values())))
    yield row("processor time of a step, ms", *(f"{side} px" for side in sides))
    yield row("---", *["--:"] * len(sides))
    for name, by_side in executors.items():
        yield row(name, *(f"{one['processor_ms_per_step']:.1f}" for one in by_side.values()))


def replica_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Time of a trial when several are trained at once, a line for each executor."""
    if not (executors := result.get("replicas")):
        return
    counts = list(next(iter(executors.values())))
    yield row("trained at once: wall time of a trial, s", *map(str, counts))
    yield row("---", *["--:"] * len(counts))
    for name, by_count in executors.items():
        cells = (
            "n/a" if one is None else f"{one['wall_s_per_trial']:.3f}" for one in by_count.values()
        )
        yield row(name, *cells)


def draw(result: Mapping[str, Any], path: Path) -> None:
    """Costs of audits over trials, and of steps over image sides, on logarithmic axes."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams["svg.hashsalt"] = "growth"
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    audits = result.get("audits") or []
    for stage in audits[0]["processor_s"] if audits else ():
        values = [one["processor_s"][stage] for one in audits]
        left.loglog([one["trials"] for one in audits], values, marker="o", label=stage)
    left.set_xlabel("trials")
    left.set_ylabel("processor seconds")
    steps = result.get("steps") or {}
    for name, by_side in steps.items():
        values = [one["processor_ms_per_step"] for one in by_side.values()]
        right.loglog([int(side) for side in by_side], values, marker="o", label=name)
    right.set_xlabel("image side, pixels")
    right.set_ylabel("processor ms per step")
    sides = sorted({int(side) for by_side in steps.values() for side in by_side})
    right.set_xticks(sides, map(str, sides))
    for axis in (left, right):
        if axis.lines:
            axis.legend(fontsize=7)
    figure.savefig(path, metadata={"Date": None})
