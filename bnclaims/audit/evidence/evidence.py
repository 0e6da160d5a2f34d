"""What the records of a cell say, as columns that a claim is judged on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from fractions import Fraction
from functools import partial

from bnclaims.audit.evidence import measurement, prevalence
from bnclaims.audit.evidence.measurement import DECIMALS, Measurement, Metric, View, image_group
from bnclaims.audit.evidence.per_seed import Column, Test, guarded
from bnclaims.protocol.cells import MAIN, Cell
from bnclaims.protocol.load import Rules
from bnclaims.protocol.names import KEPT
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record, check_usable

__all__ = ["DECIMALS", "Column", "Evidence", "MeasuredKey", "Measurement", "image_group"]

# (trial key, readout, metric)
MeasuredKey = tuple[str, str, str]
# (metric, arm, readout, setting, test)
ColumnKey = tuple[str, str, str, str, Test]


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What the records of a cell's trials say, by metric, arm, readout and setting."""

    cell: Cell
    seeds: tuple[int, ...]
    rules: Rules
    records: Mapping[str, Record]
    # What was measured at earlier looks, so that a look measures its new seeds only.
    measured: dict[MeasuredKey, Measurement] = dataclasses.field(default_factory=dict, repr=False)
    columns: dict[ColumnKey, Column] = dataclasses.field(default_factory=dict, repr=False)
    # What `f1` measures and the test that judges: another only where a report asks how much hangs
    # on them.
    minority_score: Metric = measurement.f1
    test: Test = guarded

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the cell's settings, in order."""
        return tuple(self.cell.settings)

    @property
    def doses(self) -> tuple[float, ...]:
        """The varied value of each setting, in order."""
        return tuple(self.cell.doses.values())

    def f1(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Minority-class F1, averaged over minority classes."""
        return self._column(self.minority_score, (Fraction(0), Fraction(1)), arm, readout, setting)

    def balanced_accuracy(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Mean recall over the classes."""
        return self._column(
            measurement.balanced_accuracy, (Fraction(0), Fraction(1)), arm, readout, setting
        )

    def auc(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Area under the ROC curve of the minority score; two classes only."""
        return self._column(measurement.auc, (Fraction(0), Fraction(1)), arm, readout, setting)

    def average_precision(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Average precision of the minority score; two classes only."""
        return self._column(
            measurement.average_precision, (Fraction(0), Fraction(1)), arm, readout, setting
        )

    def natural_f1(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Minority-class F1 at the prevalence of the training images: reweighted, not drawn anew."""
        return self._column(
            prevalence.natural_f1, (Fraction(0), Fraction(1)), arm, readout, setting
        )

    def natural_precision(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Minority-class precision at that prevalence; undefined where none is called minority."""
        return self._column(
            prevalence.natural_precision, (Fraction(0), Fraction(1)), arm, readout, setting
        )

    def calibration_error(
        self, arm: str, readout: str = KEPT, setting: str = MAIN, *, scaled: bool = False
    ) -> Column:
        """Expected calibration error, 15 bins; ``scaled``: after a temperature fitted on validation."""
        metric = measurement.ece_scaled if scaled else measurement.ece
        return self._column(metric, (Fraction(0), Fraction(1)), arm, readout, setting)

    def brier(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """Brier score summed over classes, from 0 to 2."""
        return self._column(measurement.brier, (Fraction(0), Fraction(2)), arm, readout, setting)

    def confidence_ranking(self, arm: str, readout: str = KEPT, setting: str = MAIN) -> Column:
        """AUROC of the confidence for being right."""
        return self._column(
            measurement.confidence_auroc, (Fraction(0), Fraction(1)), arm, readout, setting
        )

    def _column(
        self,
        metric: Metric,
        bounds: tuple[Fraction, Fraction],
        arm: str,
        readout: str,
        setting: str,
    ) -> Column:
        place = (metric.__name__, arm, readout, setting, self.test)
        known = self.columns.get(place)
        if known is None or not set(self.seeds) <= set(known.seeds):
            known = self._made(metric, bounds, arm, readout, setting)
            self.columns[place] = known
        return known.of(self.seeds)

    def _made(
        self,
        metric: Metric,
        bounds: tuple[Fraction, Fraction],
        arm: str,
        readout: str,
        setting: str,
    ) -> Column:
        fixed = self.cell.settings[setting]
        found: list[Measurement] = []
        shares = {(0, 1)}
        for seed in self.seeds:
            record = self.records[Trial(setting=fixed, arm=arm, seed=seed).key]
            name = (record.trial.key, readout, metric.__name__)
            if name not in self.measured:
                check_usable(record)
                view = View(record, readout)
                groups = self.rules.image_groups
                self.measured[name] = Measurement(view=view, metric=metric, groups=groups)
            found.append(self.measured[name])
            shares |= {
                (record.train_images[c], record.pool_images[c]) for c in fixed.task.minority_classes
            }
        values = [measured.value for measured in found]
        complete = all(value is not None for value in values)
        low = tuple(bounds[0] if value is None else value for value in values)
        return Column(
            seeds=self.seeds,
            low=low,
            high=low
            if complete
            else tuple(bounds[1] if value is None else value for value in values),
            leave_out=partial(measurement.left_out_of, found),
            share=max(Fraction(*pair) for pair in shares),
            metrics=frozenset({metric.__name__}),
            test=self.test,
            bounds=bounds,
        )
