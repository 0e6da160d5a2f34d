"""Suite: one whole family of claims judged on a synthetic world, and what was said."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from bnclaims.audit.beside.cell import cell_beside
from bnclaims.audit.beside.results import Mostly, Specificity
from bnclaims.audit.claim import Claim, discover
from bnclaims.audit.evidence.evidence import Evidence, MeasuredKey, Measurement
from bnclaims.audit.plan import cells_for, with_cells
from bnclaims.audit.results import CellJudgement
from bnclaims.audit.verdict import Verdict
from bnclaims.audit.verdicts import in_its_list, judge_cell, judge_claim
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.cells import Cell, Selection
from bnclaims.protocol.load import Protocol, load_protocol
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.schema import FAMILY
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.training import synthetic


@dataclasses.dataclass(frozen=True, kw_only=True)
class SuiteVerdict:
    """What one suite said of a claim: its verdict and the seeds it took (the mean over its cells)."""

    verdict: Verdict
    seeds: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Suite:
    """What one suite said, by claim id and beside the premise, and the processor seconds it took."""

    said: Mapping[str, SuiteVerdict]
    specific: Specificity
    mostly: Mostly
    seconds: float


def run_suite(world: str, suite: int, *, protocol: str, claims: Path) -> Suite:
    """The verdicts of the family on one draw of a world.

    Claims, cells, evidence, statements and verdicts are those of an audit. What is left out can
    change no verdict: nothing is stored, read back, described or reported.
    """
    started = time.process_time()
    rules = load_protocol(protocol)
    train = synthetic.trainer(world, suite=suite)
    records: dict[str, Record] = {}
    # Claims share networks, and so what was measured of them.
    measured: dict[MeasuredKey, Measurement] = {}

    def obtain(trials: Sequence[Trial]) -> Mapping[str, Record]:
        for trial in trials:
            if trial.key not in records:
                records[trial.key] = train(trial)
        return records

    said: dict[str, SuiteVerdict] = {}
    known = calibrated_claims(claims)
    for claim in with_cells(known, rules):
        cells = cells_for(claim, rules, _selection(rules))
        judged: list[CellJudgement] = []
        for cell in cells:
            judgement, _ = judge_cell(
                claim,
                cell,
                rules.rules,
                obtain,
                cells=in_its_list(cell, cells),
                measured=measured,
                describe=False,
            )
            judged.append(judgement)
        said[claim.id] = SuiteVerdict(
            verdict=judge_claim(claim, judged, rules.rules).verdict,
            seeds=sum(cell.seeds for cell in judged) / len(judged),
        )
    premise = next(claim for claim in known if claim.id == "premise")
    (cell,) = cells_for(premise, rules, _selection(rules))
    specific, mostly = _beside(premise, cell, rules.rules, records, measured)
    return Suite(said=said, specific=specific, mostly=mostly, seconds=time.process_time() - started)


def _beside(
    premise: Claim,
    cell: Cell,
    rules: Rules,
    records: Mapping[str, Record],
    measured: dict[MeasuredKey, Measurement],
) -> tuple[Specificity, Mostly]:
    """What stands beside the premise, from all the looks whose networks there are."""
    seeds = max(
        n
        for n in looks_of(cell, rules)
        if all(trial.key in records for trial in cell.trials(premise.arms, rules.seeds(n)))
    )
    evidence = Evidence(cell, tuple(rules.seeds(seeds)), rules, records, measured)
    statement = premise.assertion(evidence)
    (effect,) = cell_beside(statement, statement, evidence=evidence, more=evidence).effects
    assert effect.threshold_share is not None
    return effect.specific.word, effect.threshold_share.word


def _selection(protocol: Protocol) -> Selection:
    how = protocol.rules.accumulation
    return Selection(
        dataset=protocol.file.default_dataset,
        # A world draws no images, so the datasets need not be loaded to be told apart.
        fingerprints=dict.fromkeys(protocol.file.datasets, "world"),
        # The judge stops at the night that decides, as if it had been asked every night.
        nights=1 if how is None else how.nights,
    )


@cache
def calibrated_claims(folder: Path) -> tuple[Claim, ...]:
    """The claims of the family; what stands beside them is not calibrated."""
    found = [claim for claim in discover(folder) if claim.id in FAMILY]
    if missing := set(FAMILY) - {claim.id for claim in found}:
        raise BnclaimsError(
            f"--claims {folder}: has no claim {min(missing)}; give the folder with all the claims of "
            "the family."
        )
    return tuple(found)
