"""What `bnclaims plan` would have said of a committed audit's times: python benchmarks/forecasts.py.

Prints the tables of docs/planning.md. A part of an audit's trials is kept, the time of the others forecast
from it, and held against the time that they took.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from markdown_tables import row

from bnclaims.audit.forecast.cost import Costs
from bnclaims.audit.forecast.stored_records import Stored
from bnclaims.report.predictions import read_predictions
from bnclaims.run.assumed_times import assumed_on
from bnclaims.store.record import Record

REPORTS = Path(__file__).parents[1] / "reports"
AUDITS = ("quick-digits", "quick-mnist-5k")
FIRST_LOOK = 16


def errors(kept: Iterable[Record], asked: Iterable[Record]) -> tuple[float, float]:
    """Relative errors of the forecast time and processor time of ``asked``, from those ``kept``."""
    stored = Stored(planned={}, others=[*kept], damaged=(), place=None)
    asked = [*asked]
    bill = Costs(stored, "cpu", assumed_on("cpu")).bill({r.trial.key: r.trial for r in asked})
    took = sum(r.seconds["train"] + r.seconds["read"] for r in asked)
    busy = sum(r.seconds["processor"] for r in asked)
    return bill.seconds / took - 1, bill.hours * 3600 / busy - 1


def percent(share: float) -> str:
    """A share of 1 in per cent, signed."""
    return f"{100 * share:+.0f} %".replace("-", "−")


def parts(audits: dict[str, list[Record]]) -> Iterator[list[str]]:
    """A row for every part that may be kept: error of time and of processor time, audit by audit."""
    first = min(record.trial.seed for found in audits.values() for record in found)
    coin = random.Random(1)
    ways: dict[str, Callable[[Record], bool]] = {
        "even seeds": lambda record: record.trial.seed % 2 == 0,
        "the first look's": lambda record: record.trial.seed < first + FIRST_LOOK,
        "a random half": lambda record: coin.random() < 0.5,
    }
    for name, keep in ways.items():
        cells = [name]
        for found in audits.values():
            chosen = [keep(record) for record in found]
            kept = [record for record, is_kept in zip(found, chosen, strict=True) if is_kept]
            rest = [record for record, is_kept in zip(found, chosen, strict=True) if not is_kept]
            cells += map(percent, errors(kept, rest))
        yield cells


def settings(audits: dict[str, list[Record]]) -> Iterator[list[str]]:
    """A row for every audit: each of its settings in turn, forecast from the others."""
    for name, found in audits.items():
        took = forecast = 0.0
        off = []
        for setting in {record.trial.setting for record in found}:
            asked = [record for record in found if record.trial.setting == setting]
            error, _ = errors((r for r in found if r.trial.setting != setting), asked)
            seconds = sum(r.seconds["train"] + r.seconds["read"] for r in asked)
            took, forecast = took + seconds, forecast + seconds * (1 + error)
            off.append(abs(error))
        off.sort()
        within = [f"{100 * off[-(-len(off) * part // 10) - 1]:.0f} %" for part in (5, 8)]
        alone, _ = errors((), found)
        yield [name, str(len(off)), percent(forecast / took - 1), *within, percent(alone)]


def tables() -> tuple[str, str]:
    """The tables of the page."""
    audits: dict[str, list[Record]] = {}
    for name in AUDITS:
        found = read_predictions(REPORTS / name / "predictions.npz")
        audits[name] = [found[key] for key in sorted(found)]
    heads = [f"{name}: {what}" for name in AUDITS for what in ("time", "core-hours")]
    columns = ["audit", "settings", "all together", "half of them within", "four fifths within"]
    kept = [row("kept", *heads), "|---|" + len(heads) * "---:|", *(row(*r) for r in parts(audits))]
    own = [row(*columns, "arithmetic alone"), "|---|" + len(columns) * "---:|"]
    return "\n".join(kept), "\n".join([*own, *(row(*r) for r in settings(audits))])


if __name__ == "__main__":
    print(*tables(), sep="\n\n")
