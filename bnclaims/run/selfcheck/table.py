"""The result of a check on a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bnclaims.report.formatting import STYLES, p_value
from bnclaims.run.selfcheck import acceptance
from bnclaims.run.selfcheck.result import (
    Held,
    MetricComparison,
    Result,
    seeds_needed,
    spread_agrees,
)

# More failures than this would push the tables off the screen.
_MOST_FAILURES = 12


def print_result(result: Result, file: Path, out: Console) -> None:
    """Prints what was compared, the executor beside the null, and why it passed or failed."""
    for table in (_steps(result), _metrics(result), _words(result)):
        out.print(table)
    out.print(
        f"trained by {result.key.executor}: {result.own} of {result.trials} trials; bit for bit "
        f"the loop's: {result.identical}; "
        f"with other rounding {result.null_identical}"
    )
    for failure in result.failures[:_MOST_FAILURES]:
        out.print(Text(f"not shown: {failure}"))
    if (more := len(result.failures) - _MOST_FAILURES) > 0:
        out.print(f"and {more} more, see the file")
    if (needed := seeds_needed(result)) is not None:
        out.print(f"if all of it is rounding, --seeds {needed} would show it")
    word, style = (
        ("PASSED", STYLES["SUPPORTED"]) if result.passed else ("FAILED", STYLES["REFUTED"])
    )
    key = result.key
    out.print(
        Text.assemble(
            (word, style), f": executor {key.executor}, {key.precision}, {key.machine}: {file}"
        )
    )


def _steps(result: Result) -> Table:
    of_fp32 = result.key.precision == acceptance.REFERENCE[1]
    limit = "" if of_fp32 else "; no limit below fp32"
    table = Table(title=f"First step, largest relative difference to the loop{limit}")
    for name in ("networks", "loss", "gradient", "at most", "null: loss", "null: gradient"):
        table.add_column(name, justify="left" if name == "networks" else "right")
    for network in dict.fromkeys(step.network for step in result.steps):
        steps = [step for step in result.steps if step.network == network]
        table.add_row(
            f"{network}: {len(steps)} heads and arms",
            *(
                f"{max(getattr(step, name) for step in steps):.1e}"
                for name in ("loss", "gradient", "limit", "null_loss", "null_gradient")
            ),
        )
    return table


def _metrics(result: Result) -> Table:
    table = Table(
        title=f"{result.seeds} seeds, the executor against the loop: the worst per metric"
    )
    for name in ("metric", "margin", "tests", "difference", "p", "variance ratio", "null: p", ""):
        table.add_column(name, justify="left" if name in ("metric", "") else "right")
    for metric in dict.fromkeys(row.metric for row in result.rows):
        rows = [row for row in result.rows if row.metric == metric]
        p = max(row.executor.p for row in rows)
        shown = p <= acceptance.ALPHA and all(
            spread_agrees(row.executor, row.margin) for row in rows
        )
        table.add_row(
            metric,
            f"{rows[0].margin:g}",
            str(len(rows)),
            f"{max((row.executor.estimate or 0.0 for row in rows), key=abs):+.4f}",
            p_value(p),
            _widest(rows),
            p_value(max(row.null.p for row in rows)),
            "shown" if shown else "not shown",
        )
    return table


def _widest(rows: list[MetricComparison]) -> str:
    """The interval of the variance ratio that is least clear, of those that matter."""
    held = [
        row.executor
        for row in rows
        if max(row.executor.spread, row.executor.loop_spread) > row.margin
    ]
    if not held:
        return "too small to matter"
    low = min(one.ratio_low for one in held)
    high = max(map(_high, held))
    return f"{low:.2f} to {high:.2f}"


def _high(held: Held) -> float:
    return float("inf") if held.ratio_high is None else held.ratio_high


def _words(result: Result) -> Table:
    table = Table(
        title=f"Claim {result.by.claim}: the word, over {acceptance.ORDERS} orders of the seeds"
    )
    for name in ("cell", "loop", "executor", "null", "executor agrees", "null agrees"):
        table.add_column(name)
    for words in result.words:
        table.add_row(
            words.cell,
            words.loop,
            words.executor,
            words.null,
            f"{words.agreement:.0%}",
            f"{words.null_agreement:.0%}",
        )
    return table
