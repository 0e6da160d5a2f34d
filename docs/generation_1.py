"""Fills the tables of generation-1.md from the reports of the commit at which they stand.

``python docs/generation_1.py`` needs a clone with history: it reads them with ``git show``.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from bnclaims import stats
from bnclaims.audit.evidence.calibration import temperature
from bnclaims.audit.evidence.metrics import METRICS
from bnclaims.audit.evidence.predictions import Predictions
from bnclaims.audit.evidence.readouts import scores_of
from bnclaims.report.formatting import interval
from bnclaims.report.predictions import decode_predictions
from bnclaims.report.schemas import GENERATION_1
from bnclaims.store.record import Record

PAGE: Final = Path(__file__).with_name("generation-1.md")
REPORTS: Final = ("quick-digits", "quick-leaves", "quick-apple", "full-apple")
# Metric of what final BN adds to plain, and its name on the page.
ADDED: Final = (
    ("f1", "gain in F1"),
    ("j", "gain in J"),
    ("auc", "gain in AUC"),
    ("ece", "calibration error added, balanced test"),
    ("natural_ece", "calibration error added, training prevalence"),
    ("natural_ece_scaled", "... after temperature scaling"),
)
IN_SHORT: Final = {
    "premise": "final BN raises minority F1",
    "i": "the gain survives removing the layer",
    "ii": "the gain peaks at some imbalance ratio",
    "iii": "batch size plays a role",
    "iv": "reproduces on other data and simpler networks",
    "v": "only with a single majority class",
    "vi": "almost no impact with sigmoid",
    "uncertainty": "confidence matches accuracy less",
    "uncertainty-scaled": "... even after temperature scaling",
    "uncertainty-ranking": "confidence tells right from wrong less well",
    "alt-threshold": "a tuned threshold does no worse",
    "alt-weighted-loss": "a weighted loss does no worse",
    "alt-ranking": "final BN ranks no worse (AUC)",
    "alt-longer-training": "the gain fades with longer training",
}


def at_commit(path: str) -> bytes:
    """The file of that path at the commit; ``CalledProcessError`` where git does not have it."""
    command = ["git", "show", f"{GENERATION_1}:{path}"]
    return subprocess.run(command, cwd=PAGE.parent, capture_output=True, check=True).stdout


@cache
def document(report: str) -> dict[str, Any]:
    """``report.json`` of a generation-1 audit."""
    found: dict[str, Any] = json.loads(at_commit(f"reports/{report}/report.json"))
    return found


def verdict_lines() -> Iterator[str]:
    """Every claim that a quick audit judged, with the verdict and effect of each audit."""
    yield f"| claim | in short | {' | '.join(REPORTS)} |"
    yield f"|---|---|{'---|' * len(REPORTS)}"
    by_audit = [{claim["id"]: claim for claim in document(name)["claims"]} for name in REPORTS]
    for claim, short in IN_SHORT.items():
        yield f"| {claim} | {short} | {' | '.join(_said(found[claim]) for found in by_audit)} |"


def _said(claim: Mapping[str, Any]) -> str:
    judged = [cell for cell in claim["cells"] if cell["seeds"]]
    if not judged:
        return "not run"
    cell = next((cell for cell in judged if cell["primary"]), None)
    if cell is None:
        return f"{claim['verdict']}, {claim['holds_in']} of {len(judged)} cells"
    return f"{claim['verdict']} {interval(cell['estimate'], cell['interval'])}"


def network_lines() -> Iterator[str]:
    """The premise's networks of every audit, all seeds that its report holds, asked otherwise."""
    columns = [_networks(name) for name in REPORTS]
    yield f"| the premise's networks | {' | '.join(REPORTS)} |"
    yield f"|---|{'---|' * len(REPORTS)}"
    for row in columns[0]:
        yield f"| {row} | {' | '.join(column[row] for column in columns)} |"


def _networks(report: str) -> dict[str, str]:
    arms = _premise(report)
    seeds = sorted(arms["plain"].keys() & arms["final_bn"].keys())
    found = {"seeds": str(len(seeds))}
    for metric, name in ADDED:
        plain, layer = ([_value(metric, arms[arm][seed]) for seed in seeds] for arm in arms)
        gains = [after - before for before, after in zip(plain, layer, strict=True)]
        effect = stats.hodges_lehmann(gains, confidence=0.95)
        found[name] = interval(effect.estimate, (effect.low, effect.high))
    none = sum(_value("f1", arms["plain"][seed]) == 0 for seed in seeds)
    aucs = [_value("auc", arms["plain"][seed]) for seed in seeds]
    found["plain networks that find no minority image"] = f"{none} of {len(seeds)}"
    found["AUC of the plain networks, mean"] = f"{float(sum(aucs) / len(seeds)):.2f}"
    return found


def _value(metric: str, images: Predictions) -> Fraction:
    value = METRICS[metric].of(images)
    assert value is not None, metric
    return value


def _premise(report: str) -> dict[str, dict[int, Predictions]]:
    """What the networks of the premise's primary cell say of the test, by arm and seed."""
    (claim,) = (claim for claim in document(report)["claims"] if claim["id"] == "premise")
    (cell,) = (cell for cell in claim["cells"] if cell["primary"])
    (wanted,) = cell["settings"].values()
    arms: dict[str, dict[int, Predictions]] = {"plain": {}, "final_bn": {}}
    for record in decode_predictions(at_commit(f"reports/{report}/predictions.npz")).values():
        if record.trial.arm in arms and _as_stated(record, wanted):
            arms[record.trial.arm][record.trial.seed] = _predictions(record)
    return arms


def _as_stated(record: Record, wanted: Mapping[str, Any]) -> bool:
    # JSON knows lists only.
    setting = json.loads(json.dumps(record.trial.setting.as_dict()))
    return all(setting[name] == value for name, value in wanted.items())


def _predictions(record: Record) -> Predictions:
    labels = record.splits["test"].labels
    return Predictions(
        labels=labels,
        scores=scores_of(record, "kept"),
        minority=(1,),
        train_images=tuple(record.train_images),
        temperature=partial(_temperature, record),
        second_half=lambda: labels < 0,
    )


def _temperature(record: Record) -> float:
    return temperature(record.splits["validation"].labels, record.scores["kept", "validation"])


def filled(text: str) -> str:
    """The text of the page with its tables as the reports have them."""
    for mark, lines in (("verdicts", verdict_lines()), ("networks", network_lines())):
        before, start, rest = text.partition(f"<!-- {mark} -->\n")
        _, end, after = rest.partition(f"<!-- /{mark} -->")
        if not end:
            raise SystemExit(f"{PAGE} lacks the marks of {mark}")
        text = before + start + "\n" + "\n".join(lines) + "\n\n" + end + after
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
