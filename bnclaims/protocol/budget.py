"""The part of a protocol that a time budget leaves, written down so that nobody has to choose again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bnclaims.protocol.types import Name, Strict

Seconds = Annotated[int, Field(ge=0, le=10**12)]


class BudgetCell(Strict):
    """A cell in its place in the order of importance.

    ``seconds`` is the time that it adds to what was chosen before it, at the forecast number of
    seeds, none where no time is known of its network; ``why`` says why it is chosen or left out.
    """

    claim: Name
    cell: Name
    chosen: bool
    seconds: Seconds | None = None
    why: Annotated[str, Field(min_length=1, max_length=500)]


class BudgetRules(Strict):
    """Which cells a budget of time takes, in order of importance.

    ``forecast`` and ``longest`` are the minutes that the chosen cells take through ``seeds`` seeds
    each, and through their last looks; ``of`` is the sha256 of the protocol without this table.
    """

    minutes: Annotated[float, Field(gt=0, le=10**7)]
    workers: Annotated[int, Field(ge=1, le=100_000)]
    dataset: Name
    device: Literal["cpu", "cuda"]
    seeds: Annotated[int, Field(ge=1, le=512)]
    forecast: Annotated[float, Field(ge=0)]
    longest: Annotated[float, Field(ge=0)]
    basis: Annotated[str, Field(min_length=1, max_length=2_000)]
    of: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    cells: Annotated[list[BudgetCell], Field(max_length=10_000)]

    @property
    def chosen(self) -> frozenset[tuple[str, str]]:
        """Claim and name of every chosen cell."""
        return frozenset((cell.claim, cell.cell) for cell in self.cells if cell.chosen)

    @property
    def not_tested(self) -> list[str]:
        """Claims of which no cell is chosen, in order of importance."""
        chosen = {claim for claim, _ in self.chosen}
        return [c for c in dict.fromkeys(cell.claim for cell in self.cells) if c not in chosen]

    @model_validator(mode="after")
    def _keeps_its_rule(self) -> BudgetRules:
        """Refuses a list that is not what the order and the seconds in it make of the budget."""
        left, full = 60 * self.minutes, False
        for cell in self.cells:
            if cell.seconds is None and not cell.chosen:
                continue
            if cell.chosen and (cell.seconds is None or cell.seconds > (0 if full else left)):
                raise ValueError(
                    f"chooses cell {cell.cell!r} of claim {cell.claim!r}, for which its own numbers "
                    "leave no time: let --budget choose"
                )
            full = full or not cell.chosen
            left -= (cell.seconds or 0) if cell.chosen else 0
        return self
