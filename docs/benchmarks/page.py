"""Fills the tables of ../speed.md from benchmarks/results, and draws its figures here."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BENCHMARKS = HERE.parents[1] / "benchmarks"
PAGE = HERE.with_name("speed.md")
sys.path.insert(0, str(BENCHMARKS))

from contestants import page as peers_page  # noqa: E402
from growing import page as growing  # noqa: E402


def read(name: str) -> Any:
    """A result that was committed."""
    return json.loads((BENCHMARKS / "results" / f"{name}.json").read_text(encoding="utf-8"))


def filled(text: str) -> str:
    """The page with every table as the results have it."""
    peers, growth = read("peers"), read("growth")
    tables: dict[str, Iterable[str]] = {
        "machine": machine_lines(peers),
        "peers": peers_page.cost_lines(peers),
        "agreement": peers_page.agreement_lines(peers),
        "bars": peers_page.bar_lines(peers),
        "audits": growing.audit_lines(growth),
        "store": growing.store_lines(growth),
        "steps": growing.step_lines(growth),
        "replicas": growing.replica_lines(growth),
    }
    for mark, lines in tables.items():
        before, start, rest = text.partition(f"<!-- {mark} -->\n")
        _, end, after = rest.partition(f"<!-- /{mark} -->")
        if not end:
            raise SystemExit(f"{PAGE} lacks the marks of {mark}")
        text = before + start + "\n".join(lines) + "\n" + end + after
    return text


def machine_lines(peers: dict[str, Any]) -> list[str]:
    """What the numbers were measured on."""
    about = peers["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
    return [
        f"{about['processor']}, {about['cores']} cores, {'with' if about['amx'] else 'without'} AMX, "
        f"load {about['load_before']:.1f} before the run; rounds: {peers['rounds']}; "
        f"Python {about['python']}, {packages}."
    ]


def main() -> None:
    """Draws, and writes the page anew."""
    peers_page.draw(read("peers"), HERE / "peers.svg")
    growing.draw(read("growth"), HERE / "growth.svg")
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
