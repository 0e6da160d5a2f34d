"""Rules of judgement: the numbers that verdicts need, and how a protocol file states them.

A rule stands in `Rules` with its type and bounds, and nowhere else: the section ``statistics`` of a
file is made of these, each as a value with its reason.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, get_type_hints

from pydantic import BeforeValidator, Field, create_model, model_validator

from bnclaims.protocol.types import Count, Rule, SeedCount, Share, Strict

# Draws times squared seeds, as a verdict is also reached without each of the seeds: five times what
# `quick` asks for.
MOST_DRAWN = 2_000_000_000


class Looks(Strict):
    """Seeds after which a cell is judged, and the share of the error each look may spend."""

    seeds: Annotated[list[SeedCount], Field(min_length=1, max_length=20)]
    weights: Annotated[
        list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1, max_length=20)
    ]

    @model_validator(mode="after")
    def _consistent(self) -> Looks:
        if len(self.seeds) != len(self.weights):
            raise ValueError("needs as many weights as seeds")
        if sorted(set(self.seeds)) != self.seeds:
            raise ValueError("needs seeds in rising order, each once")
        if sum(self.weights) > 1 + 1e-12:
            raise ValueError("needs weights that add up to at most 1")
        return self

    def as_weights(self) -> dict[int, float]:
        """Weight of each look, by its number of seeds."""
        return dict(zip(self.seeds, map(float, self.weights), strict=True))


class Accumulation(Strict):
    """Evidence that grows by seeds every night, and the e-processes that judge it at any time.

    ``nights`` is where it ends; ``bets`` are what `bnclaims.stats.anytime` says.
    """

    seeds_per_night: SeedCount
    nights: Annotated[int, Field(ge=1, le=1000)]
    # A list in TOML; a tuple, so that tests can be remembered by it.
    bets: Annotated[
        tuple[Share, ...],
        BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
        Field(min_length=1, max_length=20),
    ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """The numbers a judgement needs; `statistical design` in the docs derives them.

    There are looks, by seeds and share of the error, or there is ``accumulation``: never both. A rule
    with a default may be left out of a file. ``family`` are the claims that share ``alpha``. The seeds
    of a cell are ``first_seed`` and those that follow it. ``headroom`` is one of Youden's J;
    ``replications`` counts other real datasets, ``network_replications`` simpler networks.
    """

    alpha: Share
    first_seed: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    effect_looks: Mapping[int, float] = dataclasses.field(default_factory=dict)
    absence_looks: Mapping[int, float] = dataclasses.field(default_factory=dict)
    accumulation: Accumulation | None = None
    smallest_effect: Share
    margin: Share
    peak_height: Share
    retention: Share
    calibration_margin: Share
    ranking_margin: Share
    headroom: Share
    replications: Count
    network_replications: Count = 1
    confidence: Annotated[float, Field(ge=0.5, le=0.999)]
    image_groups: Annotated[int, Field(ge=2, le=100)]
    draws: Annotated[int, Field(ge=999, le=10_000_000)]
    random_seed: Annotated[int, Field(ge=0, lt=2**63)]
    family: tuple[str, ...]

    @property
    def level(self) -> float:
        """Bonferroni over the family of claims, for each of support and refute: alpha / 8 for eight."""
        return self.alpha / len(self.family)

    def seeds(self, n: int) -> range:
        """The first ``n`` seeds of a cell."""
        return range(self.first_seed, self.first_seed + n)

    @property
    def first_absence(self) -> int | None:
        """Seeds from which absence is judged; None where evidence is accumulated."""
        return min(self.absence_looks, default=None)

    @property
    def smallest_weight(self) -> float:
        """The smallest share of the error that a look spends; 1 where evidence is accumulated."""
        return min((*self.effect_looks.values(), *self.absence_looks.values()), default=1.0)

    @property
    def largest_weight(self) -> float:
        """The largest share of the error that any look may spend."""
        return max((*self.effect_looks.values(), *self.absence_looks.values()), default=1.0)


class _Stated(Strict):
    def rules(self, family: tuple[str, ...]) -> Rules:
        """The values, without their reasons."""
        values: dict[str, Any] = {name: rule.value for name, rule in self if rule is not None}
        for name, value in values.items():
            if isinstance(value, Looks):
                values[name] = value.as_weights()
        return Rules(**values, family=family)

    @property
    def first_seeds(self) -> int:
        """Seeds on which a cell is judged for the first time."""
        rules = self.rules(())
        if rules.accumulation is not None:
            return rules.accumulation.seeds_per_night
        return min(rules.effect_looks)

    @model_validator(mode="after")
    def _one_way(self) -> _Stated:
        rules = self.rules(())
        if rules.accumulation is not None:
            if rules.effect_looks or rules.absence_looks:
                raise ValueError(
                    "has looks and accumulation, which would spend the error twice: keep "
                    "effect_looks and absence_looks, or accumulation"
                )
        elif not (rules.effect_looks and rules.absence_looks):
            raise ValueError("needs effect_looks and absence_looks, or accumulation: add them")
        elif not rules.absence_looks.keys() <= rules.effect_looks.keys():
            raise ValueError("absence_looks may only use seeds that effect_looks has")
        drawn = rules.draws * max(rules.effect_looks, default=0) ** 2
        if drawn > MOST_DRAWN:
            raise ValueError(
                f"draws times the squared seeds of the last look are {drawn}: lower that to at "
                f"most {MOST_DRAWN}"
            )
        return self


# What a file says where that is not the rule itself.
_WRITTEN: Final[Mapping[str, Any]] = {
    "effect_looks": Looks,
    "absence_looks": Looks,
    "accumulation": Accumulation,
}


def _entries() -> dict[str, Any]:
    """The entries of the section: every rule but the family, which a file states for itself."""
    types = get_type_hints(Rules, include_extras=True)
    entries: dict[str, Any] = {}
    for field in dataclasses.fields(Rules):
        if field.name != "family":
            rule: Any = Rule.__class_getitem__(_WRITTEN.get(field.name, types[field.name]))
            required = field.default is field.default_factory is dataclasses.MISSING
            entries[field.name] = (rule, ...) if required else (rule | None, None)
    return entries


if TYPE_CHECKING:
    Statistics = _Stated
else:
    Statistics = create_model(
        "Statistics",
        __base__=_Stated,
        __doc__="The rules of judgement, each a value with its reason.",
        **_entries(),
    )
