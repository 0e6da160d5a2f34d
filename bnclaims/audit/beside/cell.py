"""Cell: what stands beside its verdict, from the very networks that it was judged on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from bnclaims.audit.beside.networks import beats_chance, counted_networks
from bnclaims.audit.beside.remedies import ranked_remedies
from bnclaims.audit.beside.results import AtTrainingPrevalence, CellBeside, EffectBeside
from bnclaims.audit.beside.retained_share import retained_share_of
from bnclaims.audit.beside.sizes import size_of
from bnclaims.audit.beside.specific import specific_of
from bnclaims.audit.beside.threshold_share import threshold_share_of
from bnclaims.audit.evidence.both_scores import Scores, columns_of
from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.evidence.metrics import LAST_F1
from bnclaims.audit.statements.comparison import Comparison
from bnclaims.audit.statements.dose_response import DependsOnDose, Peak
from bnclaims.audit.statements.every_dose import Lasting
from bnclaims.audit.statements.gates import layer_gain
from bnclaims.audit.statements.paired_effects import AllOf, Effect, NoEffect
from bnclaims.audit.statements.remedies import SomeRemedy
from bnclaims.audit.statements.statement import Statement
from bnclaims.audit.verdict import Answer, Verdict
from bnclaims.audit.verdicts import sequential
from bnclaims.protocol.cells import MAIN
from bnclaims.protocol.names import FINAL_BN, KEPT, PLAIN, PRIOR_SHIFTED, REMOVED


def cell_beside(
    statement: Statement, statement_of_more: Statement, *, evidence: Evidence, more: Evidence
) -> CellBeside:
    """What stands beside the verdict of a claim's statement about ``evidence``.

    ``more`` is evidence of the same cell from all the seeds that there are, with the statement about
    it: nothing here decides, and a share of the error is spent at every look.
    """
    found = CellBeside(
        effects=tuple(_effects(statement, evidence, more)) if gains_of(statement) else (),
        at_training_prevalence=_at_training_prevalence(statement_of_more, more),
        networks=counted_networks(evidence),
    )
    if not isinstance(statement, SomeRemedy):
        return found
    alive = beats_chance([found], evidence.rules)
    ranked = ranked_remedies(statement, evidence, beats_chance=alive)
    return dataclasses.replace(found, remedies=ranked)


def gains_of(statement: Statement) -> list[Scores]:
    """The gains in both scores that a statement says are there or not; none where it is about others."""
    match statement:
        case Effect(difference=Scores() as gain) | NoEffect(difference=Scores() as gain):
            return [gain]
        case AllOf():
            return [gain for part in statement.parts for gain in gains_of(part)]
        case Peak() | DependsOnDose() | Lasting():
            return [gain for gain in statement.gains if isinstance(gain, Scores)]
    return []


def _effects(statement: Statement, evidence: Evidence, more: Evidence) -> Iterator[EffectBeside]:
    asked = _asked(evidence)
    # A design with more classes scores the last one alone.
    alone = any(LAST_F1.name in gain.f1.metrics for gain in gains_of(statement))

    def read(seen: Evidence, arm: str, readout: str, setting: str) -> Scores:
        return (seen.last_class if alone else seen.both)(arm, readout, setting)

    for name, before, after in _designs(evidence):
        if not {(PLAIN, KEPT, before), (FINAL_BN, KEPT, after)} <= asked:
            continue
        # A claim about the network without its layer is about that gain.
        read_out = REMOVED if (FINAL_BN, REMOVED, after) in asked else KEPT
        plain, layer = read(more, PLAIN, KEPT, before), read(more, FINAL_BN, read_out, after)
        share = retained = None
        if len(evidence.cell.settings[after].task.classes) == 2:
            ranking = more.cross_fitted_j(FINAL_BN, read_out, after)
            ranking -= more.cross_fitted_j(PLAIN, KEPT, before)
            share = threshold_share_of(layer.j - plain.j, ranking, more.rules)
        if read_out == REMOVED:
            without = read(evidence, PLAIN, KEPT, before)
            kept, removed = (read(evidence, FINAL_BN, how, after) for how in (KEPT, REMOVED))
            retained = retained_share_of(kept - without, removed - without, evidence.rules)
        prior_off = read(more, PLAIN, PRIOR_SHIFTED, before)
        yield EffectBeside(
            setting=name,
            seeds=len(more.seeds),
            specific=specific_of(layer, plain, prior_off, more.rules),
            threshold_share=share,
            retained=retained,
        )


def _asked(evidence: Evidence) -> set[tuple[str, str, str]]:
    """Arm, readout and setting of every column that was read: what a claim has networks of."""
    return {(arm, readout, setting) for _, arm, readout, setting, _ in evidence.columns}


def _designs(evidence: Evidence) -> list[tuple[str, str, str]]:
    """Names of what is compared, and the settings of the plain network and of final BN in it."""
    if {*evidence.settings} == {PLAIN, FINAL_BN}:
        return [(MAIN, PLAIN, FINAL_BN)]
    return [(setting, setting, setting) for setting in evidence.settings]


def _at_training_prevalence(
    statement: Statement, evidence: Evidence
) -> AtTrainingPrevalence | None:
    """The same comparison there, or, of a single effect of the layer, its gain there."""
    layer = {(PLAIN, KEPT, MAIN), (FINAL_BN, KEPT, MAIN)}
    there: Comparison | Effect | None = None
    if isinstance(statement, Comparison):
        there = statement.there()
    elif gains_of(statement) and evidence.settings == (MAIN,) and layer <= _asked(evidence):
        gain = evidence.natural(FINAL_BN) - evidence.natural(PLAIN)
        there = Effect("gain at the training prevalence", gain, layer_gain(evidence))
    if there is None:
        return None
    rules, seeds = evidence.rules, len(evidence.seeds)
    shown = [
        (case.answer, sequential([(seeds, case.side)], rules) <= rules.level)
        for case in there.cases(rules)
    ]
    refuted = sequential([(seeds, there.refute(rules))], rules) <= rules.level
    verdict, answer = Verdict.INCONCLUSIVE, Answer.NOT_KNOWN if there.opposite else None
    if refuted:
        verdict, answer = Verdict.REFUTED, there.opposite
    elif any(said for _, said in shown):
        verdict, answer = Verdict.SUPPORTED, next(name for name, said in shown if said)
    return AtTrainingPrevalence(
        verdict=verdict, answer=answer, f1=size_of(columns_of(there.difference)[0], rules)
    )
