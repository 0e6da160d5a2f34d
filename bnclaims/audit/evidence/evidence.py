"""Evidence: what the records of a cell say, as columns that a claim is judged on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Final, Protocol

from bnclaims.audit.evidence.both_scores import Scores
from bnclaims.audit.evidence.measurement import Measurement, image_group, left_out_of
from bnclaims.audit.evidence.metrics import (
    DECIMALS,
    F1,
    LAST_F1,
    LAST_J,
    METRICS,
    NATURAL_F1,
    J,
    Metric,
)
from bnclaims.audit.evidence.per_seed import Column, Test, rank_and_flip
from bnclaims.protocol.cells import MAIN, Cell
from bnclaims.protocol.names import KEPT
from bnclaims.protocol.rules import Rules
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record, check_usable

__all__ = ["DECIMALS", "Column", "Evidence", "MeasuredKey", "Measurement", "Scores", "image_group"]

# (trial key, readout, metric)
MeasuredKey = tuple[str, str, str]
# (metric, arm, readout, setting, test)
ColumnKey = tuple[str, str, str, str, Test]

# A score of performance as the last minority class alone has it, and at the training prevalence.
_LAST: Final[Mapping[Metric, Metric]] = {F1: LAST_F1, J: LAST_J}
_NATURAL: Final[Mapping[Metric, Metric]] = {F1: NATURAL_F1}


class ColumnReader(Protocol):
    """Reads the column of one metric."""

    def __call__(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """The metric of an arm's networks, read by ``readout``, in a setting of the cell."""


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What the records of a cell's trials say, by metric, arm, readout and setting.

    Every metric of `bnclaims.audit.evidence.metrics.METRICS` is read by its name:
    ``evidence.auc(FINAL_BN) - evidence.auc(PLAIN)``.
    """

    cell: Cell
    seeds: tuple[int, ...]
    rules: Rules
    records: Mapping[str, Record]
    # What was measured at earlier looks, so that a look measures its new seeds only.
    measured: dict[MeasuredKey, Measurement] = dataclasses.field(default_factory=dict, repr=False)
    columns: dict[ColumnKey, Column] = dataclasses.field(default_factory=dict, repr=False)
    # The two scores of performance and the test that judges: others only where a report asks how
    # much hangs on them.
    scores: tuple[Metric, Metric] = (F1, J)
    test: Test = rank_and_flip
    # P-values above this need not be exact: where nothing but a verdict is asked for, the level.
    enough: float = 1.0

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the cell's settings, in order."""
        return tuple(self.cell.settings)

    @property
    def doses(self) -> tuple[float, ...]:
        """The varied value of each setting, in order."""
        return tuple(self.cell.doses.values())

    def f1(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """The first score of performance: minority-class F1, averaged over minority classes."""
        return self.of(self.scores[0], arm, readout, setting)

    def both(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Scores:
        """Both scores of performance: minority F1 and Youden's J."""
        return self._scores(self.scores, arm, readout, setting)

    def last_class(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Scores:
        """Both scores of the last minority class alone."""
        return self._scores([_LAST.get(m, m) for m in self.scores], arm, readout, setting)

    def natural(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Scores:
        """Both scores at the prevalence of the training images, on which J does not depend."""
        return self._scores([_NATURAL.get(m, m) for m in self.scores], arm, readout, setting)

    def _scores(self, metrics: Sequence[Metric], arm: str, readout: str, setting: str) -> Scores:
        first, second = (self.of(metric, arm, readout, setting) for metric in metrics)
        return Scores(first, second)

    def __getattr__(self, name: str) -> ColumnReader:
        """The reader of a metric; ``AttributeError`` names the metrics that there are."""
        if name not in METRICS:
            raise AttributeError(f"no metric {name!r}: use one of {', '.join(METRICS)}")
        return partial(self.of, METRICS[name])

    def of(self, metric: Metric, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """The column of a metric."""
        place = (metric.name, arm, readout, setting, self.test)
        known = self.columns.get(place)
        if known is None or not set(self.seeds) <= set(known.seeds):
            known = self._made(metric, arm, readout, setting)
            self.columns[place] = known
        return known.of(self.seeds)

    def _made(self, metric: Metric, arm: str, readout: str, setting: str) -> Column:
        fixed = self.cell.settings[setting]
        found: list[Measurement] = []
        shares = {(0, 1)}
        for seed in self.seeds:
            record = self.records[Trial(setting=fixed, arm=arm, seed=seed).key]
            name = (record.trial.key, readout, metric.name)
            if name not in self.measured:
                check_usable(record)
                self.measured[name] = Measurement(
                    record=record, readout=readout, metric=metric, groups=self.rules.image_groups
                )
            found.append(self.measured[name])
            shares |= {
                (record.train_images[c], record.pool_images[c]) for c in fixed.task.minority_classes
            }
        values = [measured.value for measured in found]
        complete = all(value is not None for value in values)
        least, most = metric.bounds
        low = tuple(least if value is None else value for value in values)
        return Column(
            seeds=self.seeds,
            low=low,
            high=low if complete else tuple(most if value is None else value for value in values),
            leave_out=partial(left_out_of, found),
            share=max(Fraction(*pair) for pair in shares),
            metrics=frozenset({metric.name}),
            test=self.test,
            enough=self.enough,
            worst=metric.worst,
            bounds=metric.bounds,
        )
