"""The result of a check, and what follows from its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.special import ndtri

from bnclaims.run.selfcheck import acceptance
from bnclaims.run.selfcheck.machine import Machine

# Standard errors in half of an interval, and how many of them a margin must be away for a test at
# ALPHA to succeed in 99 of 100 checks.
_HALF_WIDTH: Final = float(ndtri(1 - acceptance.ALPHA))
_REACH: Final = _HALF_WIDTH + float(ndtri(0.995))

Share = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[float, Field(ge=0)]


class Part(BaseModel):
    """A part of a result: of exactly its types, and nothing beside them."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Step(Part):
    """The first step of one network: relative differences to that of the loop.

    ``tensor`` is the parameter whose gradient differs most, ``rounding`` how far the loop's own
    gradients are from those in float64. The null is the loop, rounded otherwise.
    """

    network: str
    head: str
    classes: int
    arm: str
    loss: Size
    gradient: Size
    tensor: str
    rounding: Size
    null_loss: Size
    null_gradient: Size

    @property
    def limit(self) -> float:
        """The largest difference that is rounding in fp32."""
        return max(acceptance.TOLERANCE, acceptance.ROUNDINGS * self.rounding)

    @property
    def agrees(self) -> bool:
        """Whether loss and gradients are those of the loop but for rounding in fp32."""
        return max(self.loss, self.gradient) <= self.limit


class Held(Part):
    """A quantity of some records held against that of the loop's, seed by seed.

    ``estimate`` is the pseudomedian of the differences, ``largest`` the largest in size, ``noise``
    their standard deviation; ``p`` is that of equivalence within the margin. ``spread`` and
    ``loop_spread`` are the standard deviations of the two over the seeds, ``ratio`` the ratio of their
    variances; an end of None is unbounded. ``unpaired`` seeds have the quantity in one only.
    """

    estimate: float | None
    largest: Size
    unpaired: Annotated[int, Field(ge=0)]
    p: Share
    noise: Size
    spread: Size
    loop_spread: Size
    ratio: Size | None
    ratio_low: Size
    ratio_high: Size | None


class MetricComparison(Part):
    """One quantity of one cell: the executor's and the null's, each held against the loop's."""

    cell: str
    of: str
    metric: str
    margin: Annotated[float, Field(gt=0)]
    executor: Held
    null: Held


class Words(Part):
    """The words of a cell, and how often they are those of the loop over orders of the seeds."""

    cell: str
    loop: str
    executor: str
    null: str
    agreement: Share
    null_agreement: Share

    @property
    def agrees(self) -> bool:
        """Whether the executor gives the word of the loop as often as it has to."""
        return self.agreement >= min(acceptance.AGREEMENT, self.null_agreement)


class Key(Part):
    """What the check holds for."""

    executor: str
    precision: Annotated[str, Field(pattern="^(fp32|tf32|bf16)$")]
    device: Annotated[str, Field(pattern="^(cpu|cuda)$")]
    processor: str
    torch: str
    trainer: int
    code: str

    @property
    def machine(self) -> Machine:
        """The machine that it was made on."""
        return Machine(device=self.device, processor=self.processor, torch=self.torch)


class CheckedBy(Part):
    """What the check was made with."""

    version: str
    generated: str
    protocol: str
    protocol_sha256: str
    dataset: str
    claim: str


class Findings(Part):
    """The numbers of a check.

    ``own`` counts the trials that the executor trained itself, by what their records say;
    ``identical`` and ``null_identical`` those whose losses and scores are bit for bit the loop's.
    """

    key: Key
    by: CheckedBy
    seeds: Annotated[int, Field(ge=acceptance.FEWEST_SEEDS)]
    first_seed: Annotated[int, Field(ge=acceptance.FIRST_SEED, le=acceptance.FIRST_SEED)]
    trials: Annotated[int, Field(gt=0)]
    own: Annotated[int, Field(ge=0)]
    identical: Annotated[int, Field(ge=0)]
    null_identical: Annotated[int, Field(ge=0)]
    steps: Annotated[list[Step], Field(min_length=1)]
    rows: Annotated[list[MetricComparison], Field(min_length=1)]
    words: Annotated[list[Words], Field(min_length=1)]


class Result(Findings):
    """A check of an executor; ``failures`` says what is not shown to be the loop's experiment."""

    # Not Literal[1], which takes true as well.
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)] = 1
    passed: bool
    failures: list[str]

    @model_validator(mode="after")
    def _consistent(self) -> Result:
        if self.failures != list(failures(self)) or self.passed == bool(self.failures):
            raise ValueError("its word does not follow from its numbers")
        return self


def concluded(findings: Findings) -> Result:
    """The result of a check with these numbers."""
    problems = list(failures(findings))
    return Result.model_validate(
        {"schema": 1, "passed": not problems, "failures": problems, **dict(findings)}
    )


def failures(result: Findings) -> Iterator[str]:
    """What of a check is not shown, in sentences."""
    if (others := result.trials - result.own) > 0:
        yield (
            f"{others} of {result.trials} trials were not trained by {result.key.executor}, as it "
            "claims to have"
        )
    if result.key.precision == acceptance.REFERENCE[1]:
        for step in result.steps:
            if not step.agrees:
                yield (
                    f"first step of {step.network}, {step.head}, {step.arm}: loss differs by "
                    f"{step.loss:.1e}, the gradient of {step.tensor} by {step.gradient:.1e} "
                    f"(at most {step.limit:.0e})"
                )
    for row in result.rows:
        name = f"{row.metric} of {row.of}, {row.cell}"
        if row.executor.p > acceptance.ALPHA:
            yield (
                f"{name}: not shown to be within {row.margin:g} of the loop's "
                f"(p = {row.executor.p:.2g}, the null's {row.null.p:.2g})"
            )
        if not spread_agrees(row.executor, row.margin):
            yield f"{name}: spread not shown to be the loop's ({ratio_words(row.executor)})"
    for words in result.words:
        if not words.agrees:
            yield (
                f"{words.cell}: the verdict is the loop's in {words.agreement:.0%} of orders of the "
                f"seeds, with other rounding in {words.null_agreement:.0%}"
            )


def spread_agrees(held: Held, margin: float) -> bool:
    """Whether a spread is the loop's within a factor, or both are too small to matter."""
    if max(held.spread, held.loop_spread) <= margin:
        return True
    high = held.ratio_high
    return (
        held.ratio_low >= 1 / acceptance.WIDEST and high is not None and high <= acceptance.WIDEST
    )


def seeds_needed(result: Findings) -> int | None:
    """How many seeds would show what these did not, if it were rounding; None where that is no matter.

    By the normal approximation to the power of two one-sided tests where nothing differs, of scores
    and of logarithms of variances.
    """
    needed = [0.0]
    for row in result.rows:
        held = row.executor
        if held.p > acceptance.ALPHA:
            needed.append((_REACH * held.noise / row.margin) ** 2)
        if not spread_agrees(held, row.margin):
            if not held.ratio_low or held.ratio_high is None:
                return None
            error = math.log(held.ratio_high / held.ratio_low) / (2 * _HALF_WIDTH)
            needed.append(result.seeds * (_REACH * error / math.log(acceptance.WIDEST)) ** 2)
    most = math.ceil(max(needed))
    return most if most > result.seeds else None


def ratio_words(held: Held) -> str:
    """A ratio of variances with its interval."""
    ratio, high = (
        "∞" if value is None else f"{value:.2f}" for value in (held.ratio, held.ratio_high)
    )
    return f"variance ratio {ratio} [{held.ratio_low:.2f}, {high}]"
