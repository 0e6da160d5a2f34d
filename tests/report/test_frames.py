"""A report as data frames: what the page promises is what they hold, and it is what judged."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import types
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bnclaims
from bnclaims.errors import BnclaimsError
from bnclaims.report.frames import ReadReport
from bnclaims.stats import pseudomedian
from fixtures.committed import AUDITS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "data-frames.md").read_text(encoding="utf-8")
REPORTS = [ROOT / "reports" / name for name in AUDITS]


@pytest.fixture(scope="module", params=REPORTS, ids=lambda path: path.name)
def read(request: pytest.FixtureRequest) -> ReadReport:
    return bnclaims.read_report(request.param)


@pytest.fixture(scope="module")
def digits() -> ReadReport:
    return bnclaims.read_report(str(ROOT / "reports" / "quick-digits"))


def documented(name: str) -> dict[str, tuple[str, bool]]:
    """Dtype of every column of a table of the page, and whether it may miss a value."""
    table = PAGE.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| [^|]+ \| [^|]+ \| ([^|]+) \|$", table, re.M)
    return {column: (dtype, missing != "never") for column, dtype, missing in rows}


def test_the_frames_have_the_columns_and_dtypes_of_the_page(read: ReadReport) -> None:
    for name, frame in (("verdicts", read.verdicts), ("predictions", read.predictions)):
        columns = documented(name)
        assert len(columns) >= 10
        found = {re.sub(r"^score\d+$", "score{C}", str(column)): column for column in frame.columns}
        assert list(found) == list(columns)
        for column, (dtype, missing) in columns.items():
            assert str(frame[found[column]].dtype) == dtype, column
            assert missing or frame[found[column]].notna().all(), column


def test_verdicts_are_those_of_the_report(read: ReadReport) -> None:
    rows = iter(read.verdicts.itertuples())
    for claim in read.report.claims:
        for cell in claim.cells:
            row = next(rows)
            assert (row.claim, row.cell, row.seeds) == (claim.id, cell.name, cell.seeds)
            assert pd.isna(row.verdict) if not cell.judged else row.verdict == cell.verdict
            assert pd.isna(row.claim_verdict) == (not claim.judged)
            assert pd.isna(row.estimate) if cell.estimate is None else row.estimate == cell.estimate
            if cell.interval is not None:
                assert [row.low, row.high] == pytest.approx(
                    [np.nan if end is None else end for end in cell.interval], nan_ok=True
                )
    assert next(rows, None) is None


def test_predictions_count_to_the_table_of_trials(read: ReadReport) -> None:
    test = read.predictions.query("split == 'test'")
    counted = test.groupby(["key", "readout", "label", "predicted"], observed=True).size()
    trials = read.trials.set_index(["key", "readout"])
    assert len(trials) > 100
    for (key, readout, label, predicted), images in counted.items():
        # A readout that only other metrics than counts read has no line.
        if (key, readout) in trials.index:
            assert trials.at[(key, readout), f"true{label}_pred{predicted}"] == images
    stored = set(zip(test["key"], test["readout"], strict=True))
    kept = {place for place in trials.index if place[1] == "kept"}
    assert kept <= stored


def test_evidence_is_what_the_estimates_are_made_of(read: ReadReport) -> None:
    """The premise's estimate again, from the frame of its cell; or the gains of ranked remedies."""
    checked = 0
    if read.report.claims[0].id == "remedies":
        _ranked_gains(read)
        return
    for cell in next(c for c in read.report.claims if c.id == "premise").cells:
        frame = read.evidence("premise", cell.name)
        if not cell.judged:
            assert frame.empty
            continue
        f1 = frame["f1"].unstack(["arm", "readout"])
        assert len(f1) == cell.seeds
        gains = f1["final_bn", "kept"] - f1["plain", "kept"]
        exact = [Fraction(gain).limit_denominator(10**6) for gain in gains]
        assert float(pseudomedian(exact)) == pytest.approx(cell.estimate, abs=1e-9)
        checked += 1
    assert checked


def _ranked_gains(read: ReadReport) -> None:
    cell = read.report.claims[0].headline
    assert cell is not None and cell.beside is not None and cell.beside.remedies is not None
    j = read.evidence("remedies", cell.name)["j"].unstack(["arm", "readout"])
    rows = [row for row in cell.beside.remedies.rows if row.gain_j and row.readout == "kept"]
    assert len(rows) == 5
    for row in rows:
        gains = j[row.arm, "kept"] - j["plain", "kept"]
        exact = [Fraction(gain).limit_denominator(10**6) for gain in gains]
        assert row.gain_j is not None
        assert float(pseudomedian(exact)) == pytest.approx(row.gain_j.estimate, abs=1e-9)


def test_every_cell_has_the_evidence_that_its_finding_names(read: ReadReport) -> None:
    first = read.report.protocol.first_seed
    for claim in read.report.claims:
        for cell in claim.cells:
            frame = read.evidence(claim.id, cell.name)
            seeds = set(range(first, first + cell.seeds))
            assert list(frame.index.names) == ["setting", "seed", "arm", "readout"]
            if cell.finding is not None:
                assert set(cell.finding.metrics) <= set(frame.columns)
                assert set(frame.index.get_level_values("arm")) == set(claim.arms)
                assert set(frame.index.get_level_values("seed")) == seeds


def test_an_unknown_cell_is_refused_with_those_that_there_are(digits: ReadReport) -> None:
    with pytest.raises(
        BnclaimsError, match=r"has no cell 'x' of claim 'premise'; it has \(premise"
    ):
        digits.evidence("premise", "x")


@pytest.mark.parametrize("file", ["report.json", "trials.csv", "predictions.npz"])
def test_a_file_that_is_none_is_refused_when_it_is_asked_for(tmp_path: Path, file: str) -> None:
    folder = Path(shutil.copytree(ROOT / "reports" / "quick-digits", tmp_path / "report"))
    (folder / file).write_bytes(b"\xff")
    with pytest.raises(BnclaimsError, match=re.escape(file)):
        report = bnclaims.read_report(folder)
        assert len(report.verdicts) > 10
        _ = (report.trials, report.predictions)


def test_the_recipe_of_the_page_logs_every_estimate(
    digits: ReadReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tracker(types.ModuleType):
        """Takes what a tracker takes."""

        def __init__(self) -> None:
            super().__init__("mlflow")
            self.tags: dict[str, str] = {}
            self.metrics: dict[str, float] = {}

        def start_run(self, *, run_name: str) -> Tracker:
            assert run_name == "quick-digits"
            return self

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

        def set_tag(self, name: str, value: str) -> None:
            self.tags[name] = value

        def log_metrics(self, metrics: dict[str, float]) -> None:
            self.metrics |= metrics

    tracker = Tracker()
    monkeypatch.setitem(sys.modules, "mlflow", tracker)
    monkeypatch.chdir(ROOT)
    recipe = re.search(r"<!-- recipe -->\n+```python\n(.*?)```", PAGE, re.DOTALL)
    assert recipe is not None and len(recipe[1].split("\n\n")[1].splitlines()) == 5
    exec(recipe[1], {})  # noqa: S102
    cells = [(claim, cell) for claim in digits.report.claims for cell in claim.cells]
    judged = {f"{c.id}.{e.name}": e for c, e in cells if e.estimate is not None}
    assert tracker.metrics == {f"effect.{name}": e.estimate for name, e in judged.items()}
    assert tracker.tags == {f"verdict.{name}": e.verdict for name, e in judged.items()}


def test_the_first_example_of_the_page_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    example = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    exec(example[1], {})  # noqa: S102
    assert "SUPPORTED" in capsys.readouterr().out


# --- the public face ------------------------------------------------------------------------------


def test_the_package_imports_at_once_and_brings_neither_torch_nor_pandas() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import bnclaims; "
        "took = time.perf_counter() - start; "
        "print(took, [m for m in ('torch', 'pandas', 'numpy', 'pydantic') if m in sys.modules]); "
        "from bnclaims import read_report, claim, __version__; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, torch = done.stdout.splitlines()
    took, loaded = first.split(" ", 1)
    assert float(took) < 0.3 and loaded == "[]"
    assert torch == "False"


def test_the_public_face_is_what_it_lists() -> None:
    assert sorted(bnclaims.__all__) == ["__version__", "claim", "read_report"]
    from bnclaims.audit.claim import claim

    assert bnclaims.claim is claim and bnclaims.__version__
    with pytest.raises(AttributeError, match="no attribute 'export'"):
        _ = bnclaims.export
