"""Runs night after night: fresh seeds on the same evidence, once a night, until the word is said."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bnclaims.commands.cli import main
from bnclaims.store.store import Store
from bnclaims.training.synthetic import trainer
from fixtures.projects import small_protocol

REPORT = Path("reports/latest")
STORE = Path(".bnclaims/store")
SEEDS = 10

Audit = Callable[..., pytest.RunResult]


@pytest.fixture
def nightly(pytester: pytest.Pytester, small_audit: Audit) -> Audit:
    """Runs a small audit that adds ten seeds a night: ``nightly("mon")``."""
    text = small_protocol("nightly")
    assert "seeds_per_night = 4, nights = 60" in text
    text = text.replace(
        "seeds_per_night = 4, nights = 60", f"seeds_per_night = {SEEDS}, nights = 6"
    )
    (pytester.path / "small.toml").write_text(text)

    def run(night: str, *options: str, page: bool = False) -> pytest.RunResult:
        return small_audit("--world=effect", f"--night={night}", *options, page=page)

    return run


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REPORT / "report.json").read_text())
    return found


def seeds() -> dict[str, int]:
    return {claim["id"]: claim["cells"][0]["seeds"] for claim in document()["claims"]}


def words() -> dict[str, str]:
    return {claim["id"]: claim["verdict"] for claim in document()["claims"]}


def trials() -> set[str]:
    return {path.name for path in (STORE / "trials").rglob("*.trial")}


def verified() -> tuple[int, str]:
    result = CliRunner().invoke(main, ["verify", str(REPORT), "--claims=claims"])
    return result.exit_code, result.output


def test_nights_add_seeds_until_a_claim_is_decided(nightly: Audit) -> None:
    nightly("mon", page=True).stdout.fnmatch_lines(
        ["night: mon, number 1 of at most 6, judged on at most 10 seeds"]
    )
    assert words() == {"premise": "INCONCLUSIVE", "vi": "INCONCLUSIVE"}
    assert not document()["only_chance"], "so few seeds cannot show that anything beats chance"
    assert document()["run"]["strata_judged"] == ["trainer 1, cpu, fp32"]
    # Two arms with two heads: the softmax networks are those of both claims.
    assert (seeds(), len(trials())) == ({"premise": SEEDS, "vi": SEEDS}, 4 * SEEDS)
    assert verified()[0] == 0

    nightly("tue", "--collect-only")
    first = trials()
    nightly("wed", page=True).stdout.fnmatch_lines(
        ["night: wed, number 2 of at most 6, judged on at most 20 seeds"]
    )
    assert words() == {"premise": "SUPPORTED", "vi": "REFUTED"}
    assert set(seeds().values()) == {2 * SEEDS}
    assert (len(trials()), first < trials()) == (8 * SEEDS, True)
    assert verified()[0] == 0
    decided = document()

    nightly("thu")
    assert document()["selection"]["nights"] == 3
    assert document()["claims"] == decided["claims"]
    assert len(trials()) == 8 * SEEDS

    decided["selection"]["nights"] = 1
    (REPORT / "report.json").write_text(json.dumps(decided))
    code, output = verified()
    assert code == 1
    assert "seeds: stated 20, recomputed 10" in output


def test_the_same_night_adds_nothing_however_often_it_is_run(nightly: Audit) -> None:
    nightly("mon", "--strict-verdicts", "-p", "cacheprovider").assert_outcomes(failed=2)
    before = document()["claims"], trials()
    again = nightly("mon", "--strict-verdicts", "-p", "cacheprovider", "--lf", "-n", "2")
    again.assert_outcomes(failed=2)
    assert document()["run"]["trained"] == 0
    assert (document()["claims"], trials()) == before


def test_an_interrupted_night_is_made_up_for(pytester: pytest.Pytester, nightly: Audit) -> None:
    pytester.makepyfile(
        breaker="""
        from bnclaims.training import synthetic

        made = synthetic.trainer

        def trainer(name):
            train = made(name)

            def fragile(trial):
                if trial.seed == 10005:
                    raise RuntimeError("the lights went out")
                return train(trial)

            return fragile

        synthetic.trainer = trainer
        """
    )
    nightly("mon", "-p", "breaker").assert_outcomes(failed=2)
    interrupted = trials()
    assert len(interrupted) < 4 * SEEDS
    nightly("mon")
    assert interrupted < trials()
    assert (seeds(), len(trials())) == ({"premise": SEEDS, "vi": SEEDS}, 4 * SEEDS)


def test_evidence_of_another_stratum_is_named_and_not_pooled(nightly: Audit) -> None:
    nightly("mon")
    claims = document()["claims"]
    store = Store.open(STORE)
    make = trainer("effect", suite=1)
    for key in sorted(store.keys()):
        own = store.read(key)
        assert own is not None
        setting = dataclasses.replace(own.trial.setting, device="cuda")
        store.write(make(dataclasses.replace(own.trial, setting=setting)))
    result = nightly("mon", page=True)
    assert document()["claims"] == claims
    assert document()["run"]["trials_not_pooled"] == {"trainer 1, cuda, fp32": 4 * SEEDS}
    result.stdout.fnmatch_lines(
        ["not pooled: 40 trials of another stratum (trainer 1, cuda, fp32) are in the store"]
    )
    page = (REPORT / "index.html").read_text()
    assert "trainer 1, cuda, fp32: 40" in page and "anytime p-values" in page


def test_a_night_of_a_protocol_with_looks_is_refused(small_audit: Audit) -> None:
    result = small_audit("--world=effect", "--night=mon")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--night mon: protocol small has looks, no nights; leave it out*"]
    )
