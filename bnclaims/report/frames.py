"""Data frames of a report: verdicts, trials, predictions, and the evidence of a cell."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bnclaims.audit.evidence.metrics import METRICS
from bnclaims.audit.evidence.predictions import Predictions, predictions_of
from bnclaims.audit.evidence.scores import predictions as predicted_classes
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Trial
from bnclaims.report.files import LIMITS, PREDICTIONS, REPORT, TABLE
from bnclaims.report.model import Report, StatedCell, StatedClaim, parse_report
from bnclaims.report.predictions import decode_predictions
from bnclaims.report.reading.untrusted_files import read_file
from bnclaims.report.trials_table import TEXT, decode_table, typed
from bnclaims.store.record import Record

# Slow to import, and only needed where there is a table.
if TYPE_CHECKING:
    import pandas as pd

_INTERVALS: Final = {"": "interval", "new_images_": "new_images_interval"}


def read_report(folder: Path | str) -> ReadReport:
    """Report in a folder that pytest wrote, read without trust; its files are read when asked for.

    `BnclaimsError` when a file is missing, too large or not what it should be. That the numbers follow
    from the predictions is not checked: `bnclaims verify` does.
    """
    folder = Path(folder)
    data = read_file(folder / REPORT, limit=LIMITS[REPORT])
    return ReadReport(folder, parse_report(data, source=str(folder / REPORT))[1])


@dataclasses.dataclass(frozen=True)
class ReadReport:
    """Report as it was read: ``report`` is all of ``report.json``.

    The columns of the frames, with dtypes and units, stand in ``docs/data-frames.md``.
    """

    folder: Path
    report: Report

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Verdicts, one row per cell, in the order of the report; ends of intervals NaN: unbounded."""
        import pandas as pd

        rows = [_verdict(claim, cell) for claim in self.report.claims for cell in claim.cells]
        return pd.DataFrame(rows, columns=list(_VERDICTS)).astype(_VERDICTS)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """Trials with their counts, one row per trial and readout: ``trials.csv``."""
        file = self.folder / TABLE
        data = read_file(file, limit=LIMITS[TABLE])
        return typed(decode_table(data, source=str(file)), source=str(file))

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Scores, one row per trial, stored readout, split and image: ``predictions.npz``."""
        import pandas as pd

        scored = [
            (record, readout, name, scores)
            for record in self._records.values()
            for (readout, name), scores in record.scores.items()
        ]
        images = [len(scores) for *_, scores in scored]
        splits = [record.splits[name] for record, _, name, _ in scored]
        per_array = {
            "key": [record.trial.key for record, *_ in scored],
            "arm": [record.trial.arm for record, *_ in scored],
            "seed": [record.trial.seed for record, *_ in scored],
            "readout": [readout for _, readout, *_ in scored],
            "split": [name for _, _, name, _ in scored],
        }
        columns = {name: np.repeat(np.array(of, object), images) for name, of in per_array.items()}
        columns["image"] = np.array([i for split in splits for i in split.images], object)
        columns["group"] = np.array([g for split in splits for g in split.groups], object)
        classes = max((scores.shape[1] for *_, scores in scored), default=2)
        values = np.full((sum(images), classes), np.nan, np.float32)
        predicted, start = [np.zeros(0, np.int64)], 0
        for *_, scores in scored:
            values[start : (start := start + len(scores)), : scores.shape[1]] = scores
            predicted.append(predicted_classes(scores))
        labels = [np.zeros(0, np.int64), *(split.labels for split in splits)]
        frame = pd.DataFrame({name: pd.Categorical(column) for name, column in columns.items()})
        return frame.astype({"seed": "int64"}).assign(
            label=np.concatenate(labels),
            predicted=np.concatenate(predicted),
            **{f"score{c}": values[:, c] for c in range(classes)},
        )

    def evidence(self, claim: str, cell: str) -> pd.DataFrame:
        """Evidence of a cell: what its finding measures, by setting, seed, arm and readout.

        NaN where a trial diverged or the metric is undefined. `BnclaimsError` when the report has no
        such claim or cell, or states what the predictions do not hold.
        """
        import pandas as pd

        found = next((c for c in self.report.claims if c.id == claim), None)
        chosen = next((c for c in found.cells if c.name == cell), None) if found else None
        if found is None or chosen is None:
            cells = [f"({c.id}, {e.name})" for c in self.report.claims for e in c.cells]
            raise BnclaimsError(
                f"{self.folder}: has no cell {cell!r} of claim {claim!r}; it has {', '.join(cells)}."
            )
        names = _metrics(chosen)
        try:
            rows = list(self._measured(found, chosen, names))
        except (ValueError, ArithmeticError, LookupError) as error:
            raise BnclaimsError(
                f"{self.folder}: cell {cell!r} of claim {claim!r} cannot be measured ({error}); fetch "
                "the report again."
            ) from error
        index = ["setting", "seed", "arm", "readout"]
        frame = pd.DataFrame(rows, columns=[*index, "key", "diverged", *names])
        texts = dict.fromkeys(["setting", "arm", "readout", "key"], TEXT)
        return frame.astype(texts | dict.fromkeys(names, "float64")).set_index(index)

    @cached_property
    def _records(self) -> Mapping[str, Record]:
        return decode_predictions(read_file(self.folder / PREDICTIONS, limit=LIMITS[PREDICTIONS]))

    @cached_property
    def _readouts(self) -> Mapping[str, list[str]]:
        """The readouts of every trial."""
        grouped = self.trials.groupby("key", sort=False)["readout"]
        return {str(key): list(readouts) for key, readouts in grouped}

    def _measured(
        self, claim: StatedClaim, cell: StatedCell, names: list[str]
    ) -> Iterator[tuple[object, ...]]:
        for name, stated in cell.settings.items():
            setting = stated.setting()
            # No report has more seeds than trials, whatever it states.
            first = self.report.protocol.first_seed
            for seed in range(first, first + min(cell.seeds, len(self._records))):
                for arm in claim.arms:
                    key = Trial(setting=setting, arm=arm, seed=seed).key
                    record = self._records.get(key)
                    if record is None:
                        continue
                    for readout in self._readouts.get(key, ()):
                        images = None if record.diverged else predictions_of(record, readout)
                        values = (_value(metric, images) for metric in names)
                        yield name, seed, arm, readout, key, record.diverged, *values


def _metrics(cell: StatedCell) -> list[str]:
    """Names of what a cell's finding and its parts measure."""
    findings = () if cell.finding is None else (cell.finding, *cell.finding.parts)
    return sorted({metric for finding in findings for metric in finding.metrics})


def _value(metric: str, images: Predictions | None) -> float | None:
    value = None if images is None else METRICS[metric].of(images)
    return None if value is None else float(value)


_VERDICTS: Final = {
    "claim": TEXT,
    "cell": TEXT,
    "primary": "bool",
    "family": "bool",
    "claim_verdict": TEXT,
    "state": TEXT,
    "verdict": TEXT,
    "label": TEXT,
    "estimate": "float64",
    "low": "float64",
    "high": "float64",
    "new_images_low": "float64",
    "new_images_high": "float64",
    "p_support": "float64",
    "p_refute": "float64",
    "decision_p": "float64",
    "seeds": "int64",
    "setting": TEXT,
    "reason": TEXT,
}


def _verdict(claim: StatedClaim, cell: StatedCell) -> dict[str, object]:
    row = {name: getattr(cell, name) for name in _VERDICTS if hasattr(cell, name)}
    for prefix, field in _INTERVALS.items():
        row[f"{prefix}low"], row[f"{prefix}high"] = getattr(cell, field) or (None, None)
    return row | {
        "claim": claim.id,
        "cell": cell.name,
        "family": claim.family,
        "claim_verdict": str(claim.verdict) if claim.judged else None,
        "state": str(cell.state),
        "verdict": str(cell.verdict) if cell.judged else None,
        "label": cell.finding and cell.finding.label,
    }
