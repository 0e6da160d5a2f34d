"""Verdicts that differ between two reports, or between a report and a run: one line for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeVar

from bnclaims.report.formatting import name_of
from bnclaims.report.model import StatedClaim

ChangeKind = Literal["verdict", "added", "removed", "unjudged"]
T = TypeVar("T")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdicts:
    """Verdicts of a report or a run by claim, and by claim and cell; None where not judged."""

    claims: Mapping[str, str | None]
    cells: Mapping[tuple[str, str], str | None]


def verdicts_of(claims: Sequence[StatedClaim]) -> Verdicts:
    """The verdicts that a report states, as texts: workers send them to each other."""
    return Verdicts(
        claims={claim.id: str(claim.verdict) if claim.judged else None for claim in claims},
        cells={
            (claim.id, cell.name): str(cell.verdict) if cell.judged else None
            for claim in claims
            for cell in claim.cells
        },
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """A claim, or one of its cells, whose verdict is not what it was.

    ``kind``: "verdict" where both sides have one, "added" and "removed" where one side does not
    know the claim or cell, "unjudged" where one side never came to judge it. A verdict is None on a
    side that has none, and an added claim may be one that was not judged.
    """

    claim: str
    cell: str | None
    kind: ChangeKind
    before: str | None
    after: str | None

    @property
    def place(self) -> str:
        """The claim and the cell in words."""
        claim = f"claim {name_of(self.claim)}"
        return claim if self.cell is None else f"{claim}, cell {self.cell}"

    @property
    def text(self) -> str:
        """The change on one line."""
        was = "not there" if self.kind == "added" else self.before or "not judged"
        now = "not there" if self.kind == "removed" else self.after or "not judged"
        return f"{self.place}: was {was}, is {now}"


def changes(before: Verdicts, after: Verdicts) -> list[Change]:
    """Every change from one to the other, claim by claim, each claim before its cells.

    A claim that one side lacks is one change, whatever its cells, and so is one whose only cell
    gives it its verdict.
    """
    named = [*before.claims, *after.claims, *(claim for claim, _ in [*before.cells, *after.cells])]
    return [change for claim in dict.fromkeys(named) for change in _of_claim(claim, before, after)]


def _of_claim(claim: str, before: Verdicts, after: Verdicts) -> Iterator[Change]:
    sides = [claim in side.claims for side in (before, after)]
    whole = list(_between(claim, None, claim, before.claims, after.claims)) if any(sides) else []
    yield from whole
    cells = [place for place in dict.fromkeys([*before.cells, *after.cells]) if place[0] == claim]
    if any(sides) != all(sides) or (whole and len(cells) == 1):
        return
    for place in cells:
        yield from _between(claim, place[1], place, before.cells, after.cells)


def _between(
    claim: str,
    cell: str | None,
    place: T,
    before: Mapping[T, str | None],
    after: Mapping[T, str | None],
) -> Iterator[Change]:
    was, now = before.get(place), after.get(place)
    kind: ChangeKind
    if place not in before:
        kind = "added"
    elif place not in after:
        kind = "removed"
    elif was == now:
        return
    else:
        kind = "unjudged" if was is None or now is None else "verdict"
    yield Change(claim=claim, cell=cell, kind=kind, before=was, after=now)
