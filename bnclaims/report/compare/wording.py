"""Comparison of two reports in words, for the terminal and for Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from bnclaims.report.compare.compare import ComparedReport, Comparison, EffectChange
from bnclaims.report.compare.verdict_changes import ChangeKind
from bnclaims.report.formatting import interval, number, precision
from bnclaims.report.model import StatedCell, StatedClaim

SAME_EVIDENCE = "same networks"
# Characters of a value that people read: `--json` has it whole.
LONGEST = 160


def verdict_of(side: StatedClaim | StatedCell | None) -> str:
    """The verdict of one side, or why it has none."""
    if side is None:
        return "not there"
    return side.verdict if side.judged else "not judged"


def effect_of(cell: StatedCell | None) -> str:
    """The effect of one side, e.g. ``0.82 [0.76, 0.86]``."""
    return "–" if cell is None else interval(cell.estimate, cell.interval)


def change_of(change: EffectChange | None) -> str:
    """The change of an effect, e.g. ``+0.12 [0.03, 0.20]``, and what to know of it."""
    if change is None or change.estimate is None:
        return "–"
    if change.interval is not None:
        text = interval(change.estimate, change.interval)
    else:
        text = number(change.estimate, precision([change.estimate]))
    text = f"+{text}" if change.estimate > 0 else text
    return f"{text}, {change.note}" if change.note else text


def shortened(value: str) -> str:
    """A value that is as long as a page, cut where people read it."""
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}… (--json has it whole)"


def title_of(compared: ComparedReport) -> str:
    """A report on one line: its name, dataset, protocol and date."""
    report = compared.report
    return f"{compared.name}: {report.on}, protocol {report.protocol.name}, {report.generated[:10]}"


def summary(comparison: Comparison) -> str:
    """How many verdicts differ, and on what grounds the effects are compared."""
    claims = [change for change in comparison.changes if change.cell is None]
    kinds = Counter(change.kind for change in claims)
    common = sum(pair.before is not None and pair.after is not None for pair in comparison.claims)
    has = "have" if kinds["verdict"] > 1 else "has"
    count = kinds["verdict"] or "none"
    parts = [f"{count} of the {_count(common, 'claim')} in both reports {has} another verdict"]
    where: Mapping[ChangeKind, str] = {
        "added": "only in the second",
        "removed": "only in the first",
        "unjudged": "judged in one of them only",
    }
    parts += [
        f"{_count(kinds[kind], 'claim')} {text}" for kind, text in where.items() if kinds[kind]
    ]
    cells = [change for change in comparison.changes if change.cell is not None]
    if cells:
        parts.append(f"{_count(len(cells), 'cell')} with another verdict or in one report only")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def grounds(comparison: Comparison) -> str:
    """What the intervals of the changes are and assume."""
    if comparison.confidence is None:
        return (
            "The two reports do not state intervals of one confidence, so changes have none here."
        )
    return (
        f"Changes are the second estimate minus the first with {100 * comparison.confidence:g} % "
        "intervals by the MOVER method (Zou and Donner 2008), which takes the two for independent: "
        "where their seeds draw the same images it is as a rule too wide rather than too narrow. "
        f"“{SAME_EVIDENCE.capitalize()}”: both estimates rest on the same trained networks with "
        "the same counts, so chance has no part in the change and it has no interval. Many changes "
        "at once are many chances: a single interval beside 0 is no finding."
    )


def protocol_sentence(comparison: Comparison) -> str:
    """Whether both reports ask the same question."""
    if comparison.same_protocol:
        return "Both reports carry the same protocol, byte for byte."
    numbers = sum(not entry.wording for entry in comparison.protocol)
    wordings = len(comparison.protocol) - numbers
    if not comparison.protocol:
        return "The two protocols differ in comments or layout only."
    return (
        f"The two protocols differ in {_count(numbers, 'value')} and "
        f"{_count(wordings, 'wording')}: where they differ, the words answer different questions."
    )
