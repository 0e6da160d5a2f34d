"""Results of an audit: what a judgement, a sensitivity analysis and a whole audit hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, Protocol

from bnclaims.audit.beside.results import CellBeside
from bnclaims.audit.claim import Claim
from bnclaims.audit.evidence.evidence import MeasuredKey, Measurement
from bnclaims.audit.statements.statement import Finding
from bnclaims.audit.verdict import Answer
from bnclaims.audit.verdict import Verdict as Verdict
from bnclaims.protocol.cells import Cell, Selection
from bnclaims.protocol.load import Protocol as LoadedProtocol
from bnclaims.protocol.schema import CountsAs
from bnclaims.store.record import Record


class CellState(StrEnum):
    """State of a cell: judged, or what kept it from being judged.

    ``NOT_RUN``: its protocol leaves it out, e.g. for a budget or missing images. The last three could
    have been judged, and another run may judge them.
    """

    JUDGED = "judged"
    NOT_RUN = "not_run"
    DESELECTED = "deselected"
    TRIALS_MISSING = "trials_missing"
    RUN_ENDED = "run_ended"


# What the reason of a cell says that could have been judged and was not.
NOT_JUDGED: Final[Mapping[CellState, str]] = {
    CellState.DESELECTED: "not judged: deselected",
    CellState.TRIALS_MISSING: "not judged: trials are missing",
    CellState.RUN_ENDED: "not judged: the run ended before its verdict",
}


class _Stated(Protocol):
    """A cell that says how it came out."""

    @property
    def primary(self) -> bool: ...
    @property
    def state(self) -> CellState: ...


def has_verdict(cells: Iterable[_Stated]) -> bool:
    """Whether a claim of these cells has a verdict: its primary cell was judged.

    Without one all cells make the verdict: all were come to, and one of them was judged.
    """
    every = list(cells)
    states = {cell.state for cell in every if cell.primary} or {cell.state for cell in every}
    return CellState.JUDGED in states and not states & NOT_JUDGED.keys()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Audit:
    """Everything that a report says and rests on.

    ``records`` holds the record of every trial that a judgement used, by key; ``used`` the
    (key, readout) pairs that were measured and ``measured`` what was, so that whoever judges them
    again need not measure again; ``environment`` and ``run`` describe where and how the
    audit ran and decide nothing, nor does ``data``, what people should know of its datasets.
    ``sensitivity``, by claim id, is added for reports only, and so is ``beside``: by claim id and name
    of a judged cell what stands beside its verdict.
    """

    protocol: LoadedProtocol
    selection: Selection
    cells: Mapping[str, tuple[Cell, ...]]
    claims: tuple[ClaimJudgement, ...]
    records: Mapping[str, Record]
    used: frozenset[tuple[str, str]]
    measured: dict[MeasuredKey, Measurement] = dataclasses.field(
        default_factory=dict, repr=False, compare=False
    )
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    run: Mapping[str, object] = dataclasses.field(default_factory=dict)
    sensitivity: Mapping[str, Sensitivity] | None = None
    beside: Mapping[str, Mapping[str, CellBeside]] | None = None
    data: tuple[object, ...] = ()

    @property
    def datasets(self) -> list[str]:
        """Names of the datasets that any cell uses, sorted."""
        return sorted(
            {
                setting.task.dataset
                for cells in self.cells.values()
                for cell in cells
                for setting in cell.settings.values()
            }
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variation:
    """A claim's verdict under one other choice; none where the choice does not apply to it."""

    choice: str | float | int
    verdict: Verdict | None
    p_support: float | None = None
    p_refute: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured(Variation):
    """A verdict under another metric, with the headline estimate in that metric."""

    estimate: float | None = None
    interval: tuple[float, float] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flip:
    """A choice under which the verdict is another; ``by`` is its kind: margin, metric, test or seed."""

    by: str
    choice: str
    verdict: Verdict


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """The verdicts of a claim under other choices.

    ``margins`` are smallest effects in minority F1; all other sizes move in proportion. ``left_out``
    leaves out each seed in turn and judges the rest at once, without looks; ``all_seeds`` is the verdict
    of that rule with no seed left out, which its verdicts are compared with. It is None, and
    ``left_out`` empty, where one seed fewer could not decide anything. Verdicts without a seed come
    without p-values, of which only the side of the level was worked out. Where evidence is
    accumulated there are no ``tests``, and every verdict is that of its last night.
    """

    margins: tuple[Variation, ...]
    metrics: tuple[Measured, ...]
    tests: tuple[Variation, ...]
    left_out: tuple[Variation, ...]
    all_seeds: Verdict | None
    flips: tuple[Flip, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """The p-values of one look: its own, and the sequential ones that spend the looks' shares of alpha.

    Where evidence is accumulated a night is a look, and its own p-values hold at any time.
    """

    seeds: int
    support: float
    refute: float
    p_support: float
    p_refute: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class CellJudgement:
    """The verdict of one cell and everything it rests on.

    ``p_support`` and ``p_refute`` are sequential p-values, valid however the looks were stopped.
    ``decision_p`` is the level below which either decides; ``counts_as`` what it replicates.
    ``answer`` is that of a comparison, None where the claim compares nothing. It has not ``ended``
    where a later look may still decide it, for which trials are missing.
    """

    claim: str
    cell: str
    label: str
    primary: bool
    state: CellState
    verdict: Verdict
    reason: str
    p_support: float
    p_refute: float
    decision_p: float
    counts_as: CountsAs | None
    looks: tuple[Look, ...]
    finding: Finding | None
    answer: Answer | None = None
    ended: bool = True

    @property
    def seeds(self) -> int:
        """Seeds judged."""
        return self.looks[-1].seeds if self.looks else 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClaimJudgement:
    """The verdict of a claim, with Holm-adjusted p-values beside the Bonferroni decision."""

    claim: Claim
    verdict: Verdict
    reason: str
    p_support: float
    p_refute: float
    cells: tuple[CellJudgement, ...]
    holds_in: int
    holm_support: float | None = None
    holm_refute: float | None = None
