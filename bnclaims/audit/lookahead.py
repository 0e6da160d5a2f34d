"""Look-ahead: trials that will be asked for next, for more processes than one look can use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bnclaims.audit.claim import Claim
from bnclaims.audit.verdicts import judge_cell
from bnclaims.protocol.cells import Cell
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.store.store import Store


class _Lacking(Exception):
    """The store does not have all that a look asks for."""


class Ahead:
    """The trials that undecided cells lack for their next look, given what is stored.

    ``cells`` has each claim and cell with what `in_its_list` counts. None of it is
    guesswork: a look is asked for only once the one before has left its cell undecided.
    """

    def __init__(
        self, cells: Sequence[tuple[Claim, Cell, int]], rules: Rules, store: Store
    ) -> None:
        self._cells = list(cells)
        self._rules = rules
        self._store = store
        self._lacking: dict[tuple[str, str], list[Trial]] = {}

    def __call__(self) -> Iterator[list[Trial]]:
        """What each undecided cell lacks, cell by cell; later ones are judged only when asked for."""
        for entry in tuple(self._cells):
            claim, cell, _ = entry
            lacking = self._still(self._lacking.get((claim.id, cell.name), []))
            if not lacking:
                lacking = self._next_look(*entry)
            if lacking:
                self._lacking[claim.id, cell.name] = lacking
                yield lacking
            else:
                self._cells.remove(entry)

    def _still(self, trials: Sequence[Trial]) -> list[Trial]:
        return [trial for trial in trials if not self._store.has(trial.key)]

    def _next_look(self, claim: Claim, cell: Cell, available: int) -> list[Trial]:
        """What the next look lacks; nothing once the cell is decided."""
        lacking: list[Trial] = []

        def stored(trials: Sequence[Trial]) -> Mapping[str, Record]:
            lacking.extend(self._still(trials))
            records = {} if lacking else {t.key: self._store.read(t.key) for t in trials}
            sound = {key: record for key, record in records.items() if record is not None}
            # A damaged file does not count as stored.
            lacking.extend(t for t in trials if t.key in records and t.key not in sound)
            if lacking:
                raise _Lacking
            return sound

        # A claim that cannot be judged fails in its own test; here it only has no wishes.
        try:
            judge_cell(claim, cell, self._rules, stored, cells=available)
        except Exception:
            return lacking
        return []
