"""Fills the tables of ../pilot.md from the numbers in this folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.with_name("pilot.md")
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))

from piloting import page as tables  # noqa: E402


def filled(text: str) -> str:
    """The page with every table as the numbers have it."""
    result, transfer = (
        json.loads((HERE / name).read_text(encoding="utf-8"))
        for name in ("pilot.json", "transfer.json")
    )
    found, frozen = tables.datasets(result), tables.datasets(transfer)
    parts: dict[str, Iterable[str]] = {
        "chosen": tables.chosen_lines(found),
        "triples": tables.triple_lines(result),
        "chosen frozen": tables.chosen_lines(frozen),
        **{name: tables.group_lines(of_dataset) for name, of_dataset in (found | frozen).items()},
    }
    for mark, lines in parts.items():
        before, start, rest = text.partition(f"<!-- {mark} -->\n")
        _, end, after = rest.partition(f"<!-- /{mark} -->")
        if not end:
            raise SystemExit(f"{PAGE} lacks the marks of {mark}")
        text = before + start + "\n" + "\n".join(lines) + "\n\n" + end + after
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
