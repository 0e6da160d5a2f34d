"""Fills docs/findings.md from committed reports: ``python docs/findings.py``.

Tables stand between marks of their names. A number within a sentence stands between ``<!-- = WHAT -->``
and ``<!-- / -->``, where WHAT is ``REPORT | CELL | ARM | READOUT | SCORE`` for a mean over the seeds of
the premise's cell, or ``REPORT | CLAIM | CELL | SCORE`` for the estimate of a claim with its interval.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bnclaims.audit.beside.results import Mostly
from bnclaims.audit.evidence import metrics
from bnclaims.audit.verdict import Verdict
from bnclaims.protocol.names import ADAM, FINAL_BN, FINE_TUNED, KEPT, PLAIN, PRIOR_SHIFTED
from bnclaims.report import row
from bnclaims.report.frames import ReadReport, read_report
from bnclaims.report.model import StatedCell, StatedClaim
from bnclaims.report.predictions import decode_predictions
from bnclaims.store.record import Record

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "docs")]

import readme_table  # noqa: E402
from markdown_tables import row as line  # noqa: E402

from fixtures.committed import FINDINGS, SCRATCH, TRANSFER, WHY  # noqa: E402

Values = NDArray[np.float64]

PAGE: Final = ROOT / "docs" / "findings.md"
SCORES: Final = ("f1", "j", "auc")
PARTS: Final = {
    "part-centring": "the mean of the batch subtracted, nothing else",
    "why-three-quarters": "three quarters of the mean subtracted",
    "why-half": "half of the mean subtracted",
    "why-quarter": "a quarter of the mean subtracted",
    "part-scaling": "divided by the standard deviation, nothing else",
    "part-affine": "without learned scale and offset",
    "part-momentum": "slow running statistics (momentum 0.01)",
    "why-last-batch": "statistics of the last batch (momentum 1)",
    "alt-prior-shift": "no layer, the training prior taken off afterwards",
}


@cache
def read(name: str) -> ReadReport:
    """A committed report by its name."""
    return read_report(ROOT / "reports" / name)


@cache
def records(name: str) -> dict[str, Record]:
    """The networks of a committed report by their keys."""
    data = (ROOT / "reports" / name / "predictions.npz").read_bytes()
    return dict(decode_predictions(data))


def claim_of(name: str, claim: str) -> StatedClaim | None:
    """A claim of a report, None where it is not part of it."""
    return next((one for one in read(name).report.claims if one.id == claim), None)


def cell_of(name: str, claim: str, cell: str) -> StatedCell:
    """A cell of a claim; ``SystemExit`` where a sentence asks for one that is not there."""
    found = claim_of(name, claim)
    for one in () if found is None else found.cells:
        if one.name == cell and one.judged:
            return one
    raise SystemExit(f"{name}: no judged cell {cell!r} of claim {claim}")


def of_seeds(name: str, claim: str, cell: str, arm: str, readout: str, score: str) -> Values:
    """A score of every seed of a cell; empty where there is no such network."""
    frame = read(name).evidence(claim, cell)
    places = frame.index.get_level_values
    chosen = frame[(places("arm") == arm) & (places("readout") == readout)]
    if score != "auc":
        return chosen[score].to_numpy(dtype=float)
    stored = KEPT if readout == PRIOR_SHIFTED else readout
    return np.array([_auc(records(name)[key], stored) for key in chosen["key"]])


def mean(name: str, claim: str, cell: str, arm: str, readout: str, score: str) -> float | None:
    """Mean of a score over the seeds of a cell, None where there is no such network."""
    found = of_seeds(name, claim, cell, arm, readout, score)
    return float(found.mean()) if len(found) else None


def _auc(record: Record, readout: str) -> float:
    if record.diverged:
        return 0.5
    return float(metrics.auc(record.splits["test"].labels, record.scores[readout, "test"]))


def short(value: float) -> str:
    """A share without its leading zero, e.g. .83 and -.04."""
    text = f"{value:.2f}"
    return re.sub(r"^(-?)0\.", r"\1.", "0.00" if text == "-0.00" else text)


def scores(name: str, claim: str, cell: str, arm: str, readout: str, which: Iterator[str]) -> str:
    """Means of scores of the networks of a cell, as a table has them."""
    found = [mean(name, claim, cell, arm, readout, score) for score in which]
    return ", ".join(short(value) for value in found if value is not None) or "-"


def regimes(name: str, *others: str) -> Iterator[str]:
    """One row for every judged cell of the premise of these reports of one dataset."""
    yield line(
        "network, regime, end", "seeds", *(f"{what} F1, J, AUC" for what in _NETWORKS), *_SAYS
    )
    yield line(*["---"] * (2 + len(_NETWORKS) + len(_SAYS)))
    for report in (name, *others):
        claim = claim_of(report, "premise")
        for cell in () if claim is None else claim.cells:
            if not cell.judged or not cell.setting:
                continue
            networks = (
                scores(report, "premise", cell.name, arm, readout, iter(which))
                for arm, readout, which in _NETWORKS.values()
            )
            yield line(_network(cell), str(cell.seeds), *networks, *_sayings(cell))


_NETWORKS: Final = {
    "plain": (PLAIN, KEPT, SCORES),
    "prior taken off": (PLAIN, PRIOR_SHIFTED, SCORES[:2]),
    "final BN": (FINAL_BN, KEPT, SCORES),
}
_SAYS: Final = ("threshold share", "specific", "verdict")


def _head(network: str) -> str:
    _, _, which = _NETWORKS[network]
    return f"{network} {', '.join('J' if score == 'j' else score.upper() for score in which)}"


def _network(cell: StatedCell) -> str:
    _, network, *_ = cell.setting.split(", ")
    told = network.replace(" with ", ", ").replace(" classifier", "").replace("_v", " ")
    setting = next(iter(cell.settings.values()))
    # Two rows with one name would be read as one network.
    one_rate = (setting.regime, setting.optimiser) == (FINE_TUNED, ADAM)
    return f"{told}, one rate" if one_rate else told


def _sayings(cell: StatedCell) -> tuple[str, str, str]:
    effect = next(iter(cell.beside.effects), None) if cell.beside is not None else None
    share, specific = "-", "-"
    if effect is not None:
        specific = row.YES_OR_NO[effect.specific.word]
        part = effect.threshold_share
        if part is not None and part.word == Mostly.NO_GAIN:
            share = "no gain shown"
        elif part is not None:
            share = f"{part.share.estimate:.0%}".replace("%", " %")
    return share, specific, str(cell.verdict)


def matrix(names: tuple[str, ...]) -> Iterator[str]:
    """The claims in these reports, with what stands beside each verdict."""
    reports = [(f"{read(name).report.on} (`reports/{name}`)", read(name).report) for name in names]
    yield from readme_table.lines(reports, readme_table.said)


def parts(name: str, cell: str) -> Iterator[str]:
    """Every part of the layer against the whole of it, in one cell of a report of protocol why."""
    yield line("instead of final BN", "F1, J, AUC", "less final BN's: F1, J", "answer")
    yield line(*["---"] * 4)
    for arm, words in ((PLAIN, "nothing"), (FINAL_BN, "final BN itself")):
        yield line(words, scores(name, "part-centring", cell, arm, KEPT, iter(SCORES)), "-", "-")
    for id, words in PARTS.items():
        claim = claim_of(name, id)
        found = () if claim is None else [c for c in claim.cells if c.name == cell and c.judged]
        for one in found:
            arm = next(arm for arm in [*reversed(claim.arms)] if arm not in (FINAL_BN,))
            readout = PRIOR_SHIFTED if id == "alt-prior-shift" else KEPT
            networks = scores(name, id, cell, arm, readout, iter(SCORES))
            assert one.finding is not None
            gaps = "; ".join(_with_interval(s.estimate, s.interval) for s in one.finding.scores)
            answer = "not known" if one.answer is None else row.ANSWERS[one.answer]
            yield line(words, networks, gaps, answer)


def seeds_left(names: tuple[str, ...]) -> Iterator[str]:
    """How many seeds the undecided claims of the family have, in the cell that decides, and can get."""
    reports = [read(name).report for name in names]
    claims = {claim.id: None for report in reports for claim in report.claims if claim.family}
    yield line(
        "claim",
        *(f"{report.on} (`reports/{name}`)" for report, name in zip(reports, names, strict=True)),
    )
    yield line(*["---"] * (1 + len(names)))
    for id in claims:
        yield line(id, *(_seeds_left(claim_of(name, id)) for name in names))


def _seeds_left(claim: StatedClaim | None) -> str:
    if claim is None or not claim.tested:
        return "not tested"
    if not claim.judged:
        return "first look to come"
    if claim.verdict in (Verdict.SUPPORTED, Verdict.REFUTED):
        return "decided"
    cell = claim.headline
    if cell is None:
        undecided = [one.verdict for one in claim.cells].count(Verdict.INCONCLUSIVE)
        return f"{undecided} of {len(claim.cells)} cells undecided"
    so_far = re.search(r"(\d+ of \d+) seeds so far", cell.reason)
    return f"{so_far[1]} seeds" if so_far else f"all {cell.seeds} seeds: needs others"


def _with_interval(
    estimate: float | None, interval: tuple[float | None, float | None] | None
) -> str:
    if estimate is None or interval is None:
        return "-"
    low, high = ("-" if end is None else short(end) for end in interval)
    return f"{short(estimate)} [{low}, {high}]"


def value(what: str) -> str:
    """The number that a mark asks for."""
    match [part.strip() for part in what.split("|")]:
        case [name, cell, arm, readout, score]:
            found = mean(name, "premise", cell, arm, readout, score)
            if found is None:
                raise SystemExit(f"{name}: no network {arm}, {readout} in cell {cell!r}")
            return short(found)
        case [name, claim, cell, score]:
            finding = cell_of(name, claim, cell).finding
            for one in () if finding is None else finding.scores or (finding,):
                if getattr(one, "metric", score) == score:
                    return _with_interval(one.estimate, one.interval)
        case _:
            pass
    raise SystemExit(f"{PAGE.name}: the mark {what!r} asks for nothing that a report has")


def tables() -> dict[str, Callable[[], Iterator[str]]]:
    """The tables of the page by their names."""
    made: dict[str, Callable[[], Iterator[str]]] = {
        "regimes": lambda: regimes("transfer-apple", "full-resnet34", "quick-apple"),
        "scratch": lambda: matrix(SCRATCH),
        "transfer": lambda: matrix(TRANSFER),
        "seeds": lambda: seeds_left(TRANSFER),
    }
    for name in WHY:
        made[name] = lambda name=name: parts(name, "frozen body")  # type: ignore[misc]
    return made


def filled(text: str) -> str:
    """The text of the page with all tables and numbers; ``SystemExit`` where a mark is missing."""
    for mark, lines in tables().items():
        before, start, rest = text.partition(f"<!-- {mark} -->\n")
        _, end, after = rest.partition(f"<!-- /{mark} -->")
        if not end:
            raise SystemExit(f"{PAGE.name} lacks the marks of {mark}")
        text = before + start + "\n" + "\n".join(lines()) + "\n\n" + end + after
    return _NUMBER.sub(lambda mark: f"{mark[1]}{value(mark[2])}{mark[3]}", text)


_NUMBER: Final = re.compile(r"(<!-- = (.+?) -->).*?(<!-- / -->)", re.DOTALL)

if __name__ == "__main__":
    assert set(FINDINGS) == {*SCRATCH, *TRANSFER, *WHY}
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
