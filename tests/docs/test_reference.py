"""The reference has every option, command, protocol key and name, with the real defaults."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from bnclaims.commands.cli import COMMANDS, main
from bnclaims.protocol.names import ARMS
from bnclaims.run.options import options_of
from bnclaims.run.request import Request

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def generator() -> Iterator[Any]:
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(ROOT / "docs")
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    patch.undo()


def test_every_key_of_a_protocol_is_explained_and_nothing_else_is(generator: Any) -> None:
    schema = generator.ProtocolFile.model_json_schema(by_alias=True)
    keys = {
        (name, key)
        for name in generator.SECTIONS
        for key in {**schema["$defs"], "ProtocolFile": schema}[name]["properties"]
    }
    meanings = sys.modules["meanings"].MEANINGS
    used = {f"{name}.{key}" if f"{name}.{key}" in meanings else key for name, key in keys}
    assert used == set(meanings)
    for name, key in keys:
        row = next(
            line
            for line in PAGE.split(f"### {generator.SECTIONS[name]}\n")[1].splitlines()
            if line.startswith(f"| `{key}` |")
        )
        assert row.endswith(f" | {generator.meaning(name, key)} |")
    # A table in the file is not called a text.
    assert "| `on` | by name: " in PAGE and "| `importance` | by name: text, optional |" in PAGE


def test_the_pages_are_what_the_code_says(generator: Any) -> None:
    for page, parts in generator.sections().items():
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert generator.filled(text, parts) == text, f"docs/{page}: run python docs/generate.py"
    schema = (ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8")
    assert generator.report_schema() == schema, "report.schema.json: run python docs/generate.py"


def row(section: str, option: str) -> str:
    (found,) = [
        line
        for line in section.splitlines()
        if line.startswith(f"| `{option}`") or line.startswith(f"| `{option} ")
    ]
    return found


def pytest_help() -> str:
    """What the running pytest says of the options of a run, and not what the generator read."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout[done.stdout.index("audit of a paper's claims") :].split("\n\n")[0]


def test_every_option_that_pytest_lists_is_documented_with_its_default(
    pytestconfig: pytest.Config,
) -> None:
    listed = re.findall(r"^  (--[\w-]+)", pytest_help(), re.MULTILINE)
    assert len(listed) >= 14
    section = PAGE[PAGE.index("<!-- options -->") : PAGE.index("<!-- /options -->")]
    assert [*re.findall(r"^\| `(--[\w-]+)", section, re.MULTILINE)] == listed
    for option in listed:
        default = pytestconfig.getoption(option, None)
        shown = f"`{default}`" if default not in (None, False, []) else "–"
        assert row(section, option).split(" | ")[1] == shown, option


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_with_its_options_and_defaults(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    section = PAGE[PAGE.index(f"### bnclaims {name}\n") :].split("\n### ")[0]
    context = click.Context(command)
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            assert parameter.make_metavar(context) in section
        elif isinstance(parameter, click.Option):
            cells = row(section, parameter.opts[0]).split(" | ")
            if parameter.show_default:
                default = parameter.default
                if parameter.secondary_opts:
                    assert f"/ {parameter.secondary_opts[0]}`" in cells[0]
                    default = (parameter.opts if default else parameter.secondary_opts)[0]
                assert cells[1] == f"`{default}`", parameter.name
            assert parameter.help and len(cells[2]) > 5


def test_the_commands_of_a_group_are_documented() -> None:
    context = click.Context(main)
    groups = {name: main.get_command(context, name) for name in COMMANDS}
    within = [
        f"### bnclaims {name} {inner}\n"
        for name, group in groups.items()
        if isinstance(group, click.Group)
        for inner in group.list_commands(context)
    ]
    assert within
    assert all(heading in PAGE for heading in within)


def test_defaults_in_help_texts_are_the_real_ones() -> None:
    known = {option.name: option for option in options_of(Request)}
    for text in re.split(r"\n  (?=--)", pytest_help())[1:]:
        option = known[re.match(r"--[\w-]+", text)[0]]  # type: ignore[index]
        stated = [word for word in re.findall(r"\(([\w./]+)\)", text) if word != "repeatable"]
        assert stated == ([str(option.default)] if option.default else []), text


def test_every_arm_is_named() -> None:
    assert all(f"| `{arm}` |" in PAGE for arm in ARMS)
