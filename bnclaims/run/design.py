"""Design of an audit: protocol, claims and selection, decided before anything is planned."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from bnclaims.audit.claim import Claim
from bnclaims.audit.plan import Plan, plan, with_cells
from bnclaims.audit.verdicts import in_its_list
from bnclaims.errors import BnclaimsError, is_file
from bnclaims.protocol.cells import Cell, Selection
from bnclaims.protocol.load import Protocol, load_protocol
from bnclaims.protocol.looks import looks_of
from bnclaims.protocol.trial import Trial
from bnclaims.report.compare.verdict_changes import Verdicts
from bnclaims.run.expected_verdicts import expected_verdicts
from bnclaims.run.pretrained import fetch_weights
from bnclaims.run.request import Request
from bnclaims.run.time_budget import KeptBudget, budgeted, check_fits
from bnclaims.store.nights import Nights, check_label, tonight
from bnclaims.store.store import Store


@dataclasses.dataclass(frozen=True, kw_only=True)
class Design:
    """The design of an audit: what it is about. Nothing of it changes any more, so that its plan is one plan.

    ``left_out`` are claims that the protocol has no cells for, ``expected`` the verdicts of the
    report that the request names, ``refusals`` say why ImageNet weights could not be fetched.
    """

    request: Request
    claims: tuple[Claim, ...]
    left_out: tuple[str, ...]
    protocol: Protocol
    selection: Selection
    expected: Verdicts | None
    refusals: tuple[str, ...] = ()

    @cached_property
    def plan(self) -> Plan:
        """Every cell and trial that the claims may need."""
        return plan(self.claims, self.protocol, self.selection)

    def in_its_list(self, claim: Claim, cell: Cell) -> int:
        """How many cells of a claim that can be run here count as what a cell counts as."""
        return in_its_list(cell, (c for other, c in self.plan.cells if other.id == claim.id))

    def first_looks(self, cells: set[tuple[str, str]]) -> list[Trial]:
        """The trials of the first looks of these (claim, cell) pairs: all will be needed."""
        rules = self.protocol.rules
        return [
            trial
            for claim, cell in self.plan.cells
            if (claim.id, cell.name) in cells
            for trial in cell.trials(claim.arms, rules.seeds(looks_of(cell, rules)[0]))
        ]


def asked(request: Request, claims: Iterable[Claim], *, on_paper: bool = False) -> Design:
    """The design as it is asked for: the first night, all that a budget might leave out.

    ``on_paper`` takes images and weights that are not here for granted, as a plan does.
    `BnclaimsError` where the options do not go with the protocol.
    """
    declared = list(claims)
    protocol = load_protocol(request.protocol)
    kept = with_cells(declared, protocol)
    left_out = tuple(claim.id for claim in declared if claim not in kept)
    if left_out and not kept:
        raise BnclaimsError(
            f"--protocol {request.protocol}: has no cells for any of these claims, such as "
            f"{left_out[0]}; add a section claims.{left_out[0]} to a copy of it."
        )
    if protocol.rules.accumulation is None and request.night is not None:
        raise BnclaimsError(
            f"--night {request.night}: protocol {protocol.name} has looks, no nights; leave it "
            "out, or use one with accumulation, such as nightly."
        )
    selection = request.selection(protocol.file.default_dataset, on_paper=on_paper)
    if protocol.file.budget is not None:
        check_fits(protocol, selection)
    return Design(
        request=request,
        claims=tuple(kept),
        left_out=left_out,
        protocol=protocol,
        selection=selection,
        # A budget makes another protocol, so that another report is meant.
        expected=None if request.budget is not None else _expected(request, protocol, selection),
    )


def decided(design: Design, *, workers: int = 1, fetch: bool = False, keep: bool = False) -> Design:
    """The design with everything chosen that a run chooses: ImageNet weights, budget, night.

    With ``fetch`` weights that are asked for and not here are downloaded. With ``keep`` the night is
    noted in the store, and so is the choice of a budget, which is for ``workers`` at once. What was
    chosen stands in the request, for processes that take the choice instead of making it.
    """
    if fetch:
        refusals = fetch_weights(design.request, design.protocol, design.claims, design.selection)
        design = dataclasses.replace(design, refusals=tuple(refusals))
    # Either one: a protocol that accumulates evidence takes no budget.
    design = _within_budget(design, workers, keep=keep)
    return _at_night(design, keep=keep)


def _expected(request: Request, protocol: Protocol, selection: Selection) -> Verdicts | None:
    # Read before the run, which may replace the report they are from.
    if request.expect is None:
        return None
    return expected_verdicts(
        request.expect, protocol_sha256=protocol.sha256, dataset=selection.dataset
    )


def _at_night(design: Design, *, keep: bool) -> Design:
    """The design through its night: that of the label, the next one for a new label."""
    how, request = design.protocol.rules.accumulation, design.request
    if how is None:
        return design
    label = tonight() if request.night is None else check_label(request.night)
    known = Nights.of(_store(request, made=keep), design.protocol, design.selection, request.world)
    number = known.open(label, most=how.nights) if keep else known.number(label)
    return dataclasses.replace(
        design,
        # A run ends in the night it began in.
        request=dataclasses.replace(request, night=label),
        selection=dataclasses.replace(design.selection, nights=min(number, how.nights)),
    )


def _within_budget(design: Design, workers: int, *, keep: bool) -> Design:
    """The design with the cells that a budget leaves: those that the store has kept, or a new choice."""
    request, protocol, selection = design.request, design.protocol, design.selection
    if request.budget is None:
        return design
    minutes, store = request.budget, _store(request, made=keep)
    place = KeptBudget(store, protocol, selection, design.claims, minutes=minutes, workers=workers)
    chosen = place.read()
    if chosen is None:
        chosen = budgeted(
            protocol, design.plan, selection, minutes=minutes, workers=workers, store=store
        )
        if keep:
            chosen = place.write(chosen)
    expected = _expected(request, chosen, selection)
    if is_file(place.file):
        request = dataclasses.replace(request, protocol=str(place.file), budget=None)
    return dataclasses.replace(design, request=request, protocol=chosen, expected=expected)


def _store(request: Request, *, made: bool) -> Path:
    """The folder of the store; where something will be put into it, what is no store is refused."""
    return Store.open(request.store).root if made else request.store
