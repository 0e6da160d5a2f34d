"""What stands beside a verdict: results that explain it and never enter it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction

from bnclaims import stats
from bnclaims.audit.verdict import Answer, Verdict


class Specificity(StrEnum):
    """Whether the layer does more than the plain network with its training prior taken off."""

    SPECIFIC = "specific"
    MOVED_THRESHOLD = "moved threshold"
    NOT_KNOWN = "not known"


class Mostly(StrEnum):
    """What the larger half of a gain in Youden's J comes from; NO_GAIN where none is shown."""

    THRESHOLD = "threshold"
    RANKING = "ranking"
    NO_GAIN = "no gain"
    NOT_KNOWN = "not known"


class Retention(StrEnum):
    """How much of a gain is left after the layer is removed, in both scores."""

    MOST = "most"
    PART = "part"
    NOT_KNOWN = "not known"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Size:
    """Pseudomedian over seeds in one score, with its interval; None where nothing was observed."""

    metric: str
    estimate: float | None
    interval: tuple[float, float] | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Specific:
    """Final BN minus the plain network with its training prior taken off, in both scores.

    The p-values are sequential ones at the look where the cell stopped: for a difference beyond the
    smallest effect, and for one below it.
    """

    word: Specificity
    p_more: float
    p_no_more: float
    scores: tuple[Size, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ThresholdShare:
    """A gain in J = what is left at thresholds chosen on the other half of the test + the rest.

    ``ranking`` is the first and ``threshold`` the rest, which may be negative and may exceed the gain;
    ``share`` is threshold / gain over all seeds. ``by_seed`` has gain and rest of every seed in which
    both were observed.
    """

    word: Mostly
    share: stats.Ratio
    gain: Size
    ranking: Size
    threshold: Size
    by_seed: Mapping[int, tuple[Fraction, Fraction]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RetainedShare:
    """Gain without the layer / gain with it, in F1 and in J; ``below_half`` in either."""

    word: Retention
    f1: stats.Ratio
    j: stats.Ratio
    below_half: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class EffectBeside:
    """What stands beside an effect in one setting of a cell, from ``seeds`` seeds.

    They are all that the audit has of these networks, at one of its looks: other claims may have
    judged them on more than the cell. The retained share is from the cell's own.
    ``threshold_share`` is None where there are more than two classes, ``retained`` where the claim
    does not read networks whose layer was removed.
    """

    setting: str
    seeds: int
    specific: Specific
    threshold_share: ThresholdShare | None
    retained: RetainedShare | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class AtTrainingPrevalence:
    """A statement about a gain or a remedy with F1 at the prevalence of the training images."""

    verdict: Verdict
    answer: Answer | None
    f1: Size


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkCount:
    """The networks of an arm and readout in one setting: how many are dead, how many one-sided.

    A network is dead where its J is within .05 of 0, and one-sided where it calls all images one
    class; ``dead_interval`` is Clopper-Pearson's. ``p_above_chance`` is for J above 0, with the
    shares of the looks.
    """

    setting: str
    arm: str
    readout: str
    seeds: int
    dead: int
    dead_interval: tuple[float, float]
    one_sided: int
    j: Size
    p_above_chance: float

    @property
    def often_one_sided(self) -> bool:
        """Whether more than a tenth of the networks call all images one class."""
        return 10 * self.one_sided > self.seeds


@dataclasses.dataclass(frozen=True, kw_only=True)
class Standing:
    """A remedy in one score: whether it gains what matters over plain, and whether any is better.

    The p-values are adjusted for all remedies and pairs of the table; ``p_worse`` is the smallest for
    another one being better, ``among_best`` that none is shown to be.
    """

    metric: str
    p_gain: float
    gains: bool
    p_worse: float
    among_best: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class RemedyRow:
    """A remedy: its J and its F1 at the training prevalence, its gains over plain, and what it costs.

    The gains have intervals that hold together for all remedies of the table; plain has none. ``ece``
    is the calibration error at the training prevalence, ``effort`` the place in the order in which
    remedies are taken.
    """

    name: str
    arm: str
    readout: str
    j: Size
    natural_f1: Size
    gain_j: Size | None
    gain_f1: Size | None
    gain_natural_f1: Size | None
    standings: tuple[Standing, ...]
    ece: Size
    effort: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class RankedRemedies:
    """Remedies in the order of their J, plain among them, and which one to take.

    ``level`` bounds the chance of any error in what the table calls shown, ``line`` is the gain that
    matters, ``prevalence`` the share of minority images in training. ``advised`` is None where no one
    remedy is to be taken at both prevalences.
    """

    seeds: int
    level: float
    line: float
    prevalence: float
    rows: tuple[RemedyRow, ...]
    advised: str | None
    advice: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class CellBeside:
    """Everything that stands beside the verdict of one cell; ``remedies`` where it is about several."""

    networks: tuple[NetworkCount, ...]
    effects: tuple[EffectBeside, ...]
    at_training_prevalence: AtTrainingPrevalence | None
    remedies: RankedRemedies | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Summary:
    """A claim in one row: it holds or not, because of what, and whether that lasts.

    The words are counted over the ``settings`` of the cells that make the claim's verdict;
    ``threshold`` is the share of the one setting where there is one. ``lasting`` is the verdict of the
    same gain in networks trained until the plain one finds its training minority, None where no cell
    has them.
    """

    verdict: Verdict
    answer: Answer | None
    settings: int
    specific: Mapping[Specificity, int]
    mostly: Mapping[Mostly, int]
    threshold: stats.Ratio | None
    retained: Mapping[Retention, int]
    lasting: Verdict | None
    one_sided: bool
