"""One description of each option of a run, and the three faces made from it."""

from __future__ import annotations

import dataclasses
import importlib.util
import math
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from bnclaims.commands.options import run_options
from bnclaims.errors import BnclaimsError
from bnclaims.run.options import option, options_of
from bnclaims.run.request import Request

ROOT = Path(__file__).parents[2]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wider(Request):
    """A request with an option more."""

    patience: int = option(7, "how often a claim is read", metavar="TIMES", common=True)


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "docs")
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_field_more_is_an_option_of_pytest_of_the_commands_and_of_the_reference(
    pytester: pytest.Pytester, generator: Any
) -> None:
    pytester.makeconftest(
        f"""
        import sys
        sys.path.insert(0, {str(ROOT / "tests" / "run")!r})
        from bnclaims.plugin.options import add_options
        from bnclaims.run.options import options_of
        from test_options import Wider

        def pytest_addoption(parser):
            add_options(parser.getgroup("wider"), options_of(Wider))
        """
    )
    pytester.makepyfile("def test_it(pytestconfig): assert pytestconfig.option.patience == 9")
    result = pytester.runpytest_subprocess("--patience=9")
    result.assert_outcomes(passed=1)
    told = pytester.runpytest_subprocess("--help").stdout.str()
    assert "--patience=TIMES      how often a claim is read (7)" in told

    @click.command()
    @run_options(of=Wider)
    def command(claims: Path | None, **options: Any) -> None:
        print(Wider(**options).patience)

    assert CliRunner().invoke(command, ["--patience=9"]).output == "9\n"
    (line,) = [
        line
        for line in CliRunner().invoke(command, ["--help"]).output.splitlines()
        if "patience" in line
    ]
    assert line.split() == [
        "--patience",
        "TIMES",
        "How",
        "often",
        "a",
        "claim",
        "is",
        "read.",
        "[default:",
        "7]",
    ]

    assert ("`--patience TIMES`", "`7`", "How often a claim is read.") in [
        *generator.options(Wider)
    ]
    assert "patience" not in str([*generator.options()])


def test_every_field_of_a_request_is_an_option() -> None:
    assert [known.field for known in options_of(Request)] == [
        field.name for field in dataclasses.fields(Request)
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"budget": math.nan}, "--budget nan: give minutes above 0"),
        ({"budget": -1.0}, "--budget -1: give minutes above 0"),
        ({"budget": math.inf}, "--budget inf: give minutes above 0"),
        ({"trial_timeout": math.nan}, "--trial-timeout nan: give seconds above 0"),
        ({"trial_timeout": 0.0}, "--trial-timeout 0: give seconds above 0"),
        ({"executor": "graf"}, "--executor graf: unknown; use one of loop, graph"),
        ({"ray_actors": 2}, "--ray-actors: goes with --runner ray"),
        ({"sample_images": True, "world": "effect"}, "--sample-images: a world \\(effect\\)"),
    ],
)
def test_an_impossible_value_is_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BnclaimsError, match=sentence):
        Request(**given)
    assert Request(budget=0.5, trial_timeout=math.inf).budget == 0.5
