"""The example claim of docs/extending.md works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures.projects import CLAIM_CELLS, small_protocol

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_the_example_claim_is_judged_in_a_folder_of_its_own(pytester: pytest.Pytester) -> None:
    (pytester.mkdir("my_claims") / "test_mlp.py").write_text(block("python"))
    (pytester.path / "my.toml").write_text(small_protocol().replace(CLAIM_CELLS, block("toml")))
    pytester.makeini("[pytest]\n")
    pytester.makeconftest('pytest_plugins = ["bnclaims.plugin"]')
    result = pytester.runpytest_subprocess(
        "my_claims", "--protocol=my.toml", "--world=effect", "-p", "no:cacheprovider"
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*mlp*The layer helps*SUPPORTED*"])
