"""The types that protocol files are made of."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Value = TypeVar("Value")
# A protocol may come with a stranger's report: nothing in it may ask for work without end. Each
# bound is far above what an audit uses.
Name = Annotated[str, Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(min_length=10, max_length=5_000)]
Count = Annotated[int, Field(ge=1, le=100_000_000)]
SeedCount = Annotated[int, Field(ge=1, le=512)]
Share = Annotated[float, Field(gt=0, lt=1)]
LearningRate = Annotated[float, Field(gt=0, le=1_000)]
Batch = Annotated[int, Field(ge=2, le=1_000_000)]
ImageSide = Annotated[int, Field(ge=8, le=512)]
Classes = Annotated[
    list[Annotated[list[Name], Field(min_length=1, max_length=1_000)]],
    Field(min_length=1, max_length=50),
]


class Strict(BaseModel):
    """A part of a protocol file: of exactly its types, without keys that it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Rule(Strict, Generic[Value]):
    """A value and why it is that one."""

    value: Value
    reason: Reason
