"""Which words differ between two reports, or between a report and a run: one line for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Literal, TypeVar

from bnclaims.report.formatting import name_of
from bnclaims.report.reading.report import Words

Kind = Literal["verdict", "added", "removed", "unjudged"]
T = TypeVar("T")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """A claim, or one of its cells, whose word is not what it was.

    ``kind``: "verdict" where both sides have a word, "added" and "removed" where one side does not
    know the claim or cell, "unjudged" where one side never came to judge it. A word is None on a
    side that has none, and an added claim may be one that was not judged.
    """

    claim: str
    cell: str | None
    kind: Kind
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


def changes(before: Words, after: Words) -> list[Change]:
    """Every change from one to the other, claim by claim, each claim before its cells.

    A claim that one side lacks is one change, whatever its cells, and so is one whose only cell
    gives it its word.
    """
    named = [*before.claims, *after.claims, *(claim for claim, _ in [*before.cells, *after.cells])]
    return [change for claim in dict.fromkeys(named) for change in _of_claim(claim, before, after)]


def _of_claim(claim: str, before: Words, after: Words) -> Iterator[Change]:
    sides = [claim in words.claims for words in (before, after)]
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
    kind: Kind
    if place not in before:
        kind = "added"
    elif place not in after:
        kind = "removed"
    elif was == now:
        return
    else:
        kind = "unjudged" if was is None or now is None else "verdict"
    yield Change(claim=claim, cell=cell, kind=kind, before=was, after=now)
