"""Types that the model of a report is made of: exact, unchangeable, as JSON has them."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema
from pydantic.main import IncEx

from bnclaims.audit.verdict import Verdict

T = TypeVar("T")
# JSON knows lists only, and strict types take no list for a tuple and no text for an enum.
Many = Annotated[tuple[T, ...], Field(strict=False)]
StatedVerdict = Annotated[Verdict, Field(strict=False)]
# A whole number stays one, and what is too large for a float is none.
Number = Annotated[
    Annotated[int, Field(ge=-(2**53), le=2**53)] | Annotated[float, Field(allow_inf_nan=False)],
    WithJsonSchema({"type": "number"}),
]
Interval = Annotated[tuple[Number | None, Number | None], Field(strict=False)]


class ReportPart(BaseModel):
    """A part of a report: of exactly its types, unchangeable; what it does not name is left unread."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    def plain(self, exclude: IncEx | None = None) -> dict[str, JsonValue]:
        """Plain data in the order of the fields, without those that were never set."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=exclude)
