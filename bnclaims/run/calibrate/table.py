"""Table of a calibration for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from bnclaims.audit.results import Verdict


def print_table(result: Mapping[str, Any]) -> None:
    """Prints the rates of a calibration; wrong verdicts have their 95 % interval beside them."""
    table = Table(title=f"world {result['world']}, {result['suites']} suites: {result['truth']}")
    for name in ("claim", "wrong would be", "wrong", *Verdict, "seeds"):
        table.add_column(name, justify="left" if name in ("claim", "wrong would be") else "right")
    for claim, tally in result["claims"].items():
        table.add_row(
            claim,
            ", ".join(tally["wrong_verdicts"]) or "–",
            with_interval(tally["wrong"]),
            *(f"{tally['verdicts'][verdict]['rate']:.1%}" for verdict in Verdict),
            f"{tally['mean_seeds']:.1f}",
        )
    console = Console()
    console.print(table)
    console.print(f"any wrong verdict over the family: {with_interval(result['any_wrong'])}")


def with_interval(rate: Mapping[str, float]) -> str:
    """A rate with its interval, in percent."""
    return f"{rate['rate']:.1%} [{rate['low']:.1%}, {rate['high']:.1%}]"
