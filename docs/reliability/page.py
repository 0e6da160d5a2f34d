"""Fills the tables of ../reliability.md from the numbers in this folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.with_name("reliability.md")


def main() -> None:
    """Writes the page anew."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def filled(text: str) -> str:
    """The text of the page with its tables as the numbers have them."""
    for name, table in (("long", long_table), ("soak", soak_table)):
        lines = table(json.loads((HERE / f"{name}.json").read_text(encoding="utf-8")))
        before, start, rest = text.partition(f"<!-- {name} run -->\n")
        _, end, after = rest.partition(f"<!-- /{name} run -->")
        text = before + start + "\n".join(lines) + "\n" + end + after
    return text


def long_table(results: Mapping[str, Any]) -> list[str]:
    """One line per test of the long form."""
    return [
        "| test | day | numbers |",
        "|---|---|---|",
        *(
            f"| `{name}` | {result['day']} | {_numbers(result)} |"
            for name, result in sorted(results.items())
        ),
    ]


def soak_table(result: Mapping[str, Any]) -> list[str]:
    """The numbers of the soak, one per line."""
    files = result["files_in_the_end"]
    rows = [
        ("trials, processes, kills", "{trials:,}, {processes}, {kills}"),
        ("records lost, damaged, trained again", "{lost}, {damaged}, {trained_again}"),
        ("trials begun in vain (at most one per kill)", "{trained_in_vain}"),
        (
            "processor time per trial, first and last quarter",
            "{milliseconds_per_trial_first_quarter} ms, {milliseconds_per_trial_last_quarter} ms",
        ),
        (
            "memory of the process that was never killed, second and last quarter",
            "{megabytes_second_quarter} MiB, {megabytes_last_quarter} MiB",
        ),
        ("records in the end", f"{files['records']:,}"),
        ("other files, at most at any time", "{most_other_files}"),
        ("wall-clock time", "{seconds} s on {cores} cores that had other work"),
    ]
    return [
        "| what | measured |",
        "|---|---|",
        *(f"| {what} | {number.format(**result)} |" for what, number in rows),
    ]


def _numbers(result: Mapping[str, Any]) -> str:
    plain = {name: n for name, n in result.items() if not isinstance(n, dict) and name != "day"}
    return ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in plain.items())


if __name__ == "__main__":
    main()
