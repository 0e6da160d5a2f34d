"""Writes what the docs say about options, commands, protocol keys and columns, from the code itself.

Run it after changing any of those: ``python docs/generate.py``. A test compares.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from meanings import meaning
from pydantic.json_schema import GenerateJsonSchema

from bnclaims.commands.cli import main
from bnclaims.datasets import DATASETS, info
from bnclaims.protocol.architectures import ARCHITECTURES
from bnclaims.protocol.names import ARMS, CLASSIFIERS, HEADS, REGIMES
from bnclaims.protocol.schema import ProtocolFile
from bnclaims.report.model import Report
from bnclaims.report.trials_columns import COLUMNS
from bnclaims.run.options import options_of
from bnclaims.run.request import Request
from bnclaims.training.synthetic import WORLDS

DOCS = Path(__file__).parent
EXAMPLE = DOCS.parent / "examples" / "second-paper" / "my_claims" / "test_weighted_loss.py"


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(value: object) -> str:
    """A value as code; a dash for what is not set."""
    return "–" if value is None or value in ((), [], "") else f"`{value}`"


def sentence(text: str | None) -> str:
    """Help text as a table cell: one line that begins like a sentence and has no bars."""
    words = " ".join((text or "").split()).replace("|", "\\|").rstrip(".")
    return f"{words[:1].upper()}{words[1:]}."


# --- options of a run ---------------------------------------------------------------------------


def options(request: type = Request) -> Iterator[tuple[str, str, str]]:
    """Name, default and meaning of every option of a run."""
    for option in options_of(request):
        value = option.metavar or "|".join(option.choices)
        name = f"{option.name} {value}".rstrip().replace("|", " or ")
        repeatable = " Repeatable." if option.repeatable else ""
        yield code(name), code(option.default or None), sentence(option.help) + repeatable


# --- commands -----------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    """A section for every command, those of a group after it."""
    # With its group's settings: a command remembers the help option that it is first given.
    yield from commands_of(main, click.Context(main, **main.context_settings), "bnclaims")


def commands_of(group: click.Group, outer: click.Context, path: str) -> Iterator[str]:
    """The sections of the commands of a group, whose words so far are ``path``."""
    for name in group.list_commands(outer):
        command = group.get_command(outer, name)
        assert command is not None
        context = click.Context(command, outer, info_name=f"{path} {name}")
        yield f"### {path} {name}\n"
        yield inspect.cleandoc(command.help or "") + "\n"
        usage = " ".join(command.collect_usage_pieces(context))
        yield f"```text\n{path} {name} {usage}\n```\n"
        rows = list(parameters(command, context))
        if rows:
            yield table(("option", "default", "meaning"), iter(rows)) + "\n"
        if isinstance(command, click.Group):
            yield from commands_of(command, context, f"{path} {name}")


def parameters(command: click.Command, context: click.Context) -> Iterator[tuple[str, str, str]]:
    """Name, default and help of a command's options."""
    for parameter in command.params:
        if not isinstance(parameter, click.Option):
            continue
        name = " / ".join((*parameter.opts, *parameter.secondary_opts))
        if not parameter.is_flag:
            name += f" {parameter.make_metavar(context)}"
        default = parameter.get_default(context)
        # Not False, which a flag has, but the 0 of a count.
        stated = isinstance(default, str | int | float | Path) and default is not False
        if parameter.secondary_opts:
            stated, default = True, (parameter.opts if default else parameter.secondary_opts)[0]
        shown = default if stated else None
        repeatable = " Repeatable." if parameter.multiple else ""
        required = " Required." if parameter.required else ""
        text = sentence(parameter.help) + repeatable + required
        yield code(name.replace("|", " or ")), code(shown), text


# --- protocol -----------------------------------------------------------------------------------

SECTIONS = {
    "ProtocolFile": "The file",
    "PaperRules": "`[paper]`",
    "Statistics": "`[statistics.*]`",
    "Training": "`[training.*]`",
    "DeviceRules": "`[on.cpu.*]`, `[on.cuda.*]`",
    "DatasetRules": "`[datasets.NAME]`",
    "TaskRules": "`[datasets.NAME.tasks.NAME]`",
    "ClaimRules": "`[claims.ID]`",
    "CellRules": "`[[claims.ID.cells]]`",
    "Overrides": "settings of a cell, by name",
    "Vary": "`vary` of a cell",
    "Looks": "looks",
    "Accumulation": "accumulation, instead of both kinds of looks",
    "BudgetRules": "`[budget]`, written by the budget option",
    "BudgetCell": "`[[budget.cells]]`",
}


def protocol_keys() -> Iterator[str]:
    """A table for every section of a protocol file."""
    schema = ProtocolFile.model_json_schema(by_alias=True)
    definitions = {**schema["$defs"], "ProtocolFile": schema}
    for name, title in SECTIONS.items():
        part = definitions[name]
        required = set(part.get("required", ()))
        yield f"### {title}\n"
        rows = (
            (
                f"`{key}`",
                kind(value, definitions) + ("" if key in required else ", optional"),
                meaning(name, key),
            )
            for key, value in part["properties"].items()
        )
        yield table(("key", "value", "meaning"), rows) + "\n"


def kind(value: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """A JSON schema in a few words."""
    if not value.keys() - {"title"}:
        return "any value"
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        if name.startswith("Rule_"):
            inner = kind(definitions[name]["properties"]["value"], definitions)
            return f"`value` ({inner}) and `reason`"
        return SECTIONS.get(name, "a section")
    if "anyOf" in value:
        return " or ".join(
            kind(option, definitions) for option in value["anyOf"] if option.get("type") != "null"
        )
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return " or ".join(f"`{word}`" for word in value["enum"])
    match value.get("type"):
        case "array":
            return f"list of {kind(value['items'], definitions)}"
        case "object" if "patternProperties" in value:
            (entry,) = value["patternProperties"].values()
            return f"by name: {kind(entry, definitions)}"
        case "object" if isinstance(value.get("additionalProperties"), dict):
            return f"by name: {kind(value['additionalProperties'], definitions)}"
        case "integer" | "number" as number:
            word = "whole number" if number == "integer" else "number"
            bounds = [
                f"{sign} {value[key]:g}"
                for key, sign in (
                    ("minimum", "≥"),
                    ("exclusiveMinimum", ">"),
                    ("maximum", "≤"),
                    ("exclusiveMaximum", "<"),
                )
                if key in value
            ]
            return " ".join(filter(None, (word, ", ".join(bounds))))
        case "boolean":
            return "true or false"
        case _:
            return "text"


# --- pages --------------------------------------------------------------------------------------


def names() -> Iterator[str]:
    """What the names in protocols and tables stand for."""
    for title, rows in (
        ("Arms", ((f"`{name}`", arm.words) for name, arm in ARMS.items())),
        ("Heads", ((f"`{name}`", text) for name, text in HEADS.items())),
        ("Regimes", ((f"`{name}`", text) for name, text in REGIMES.items())),
        ("Classifiers", ((f"`{name}`", text) for name, text in CLASSIFIERS.items())),
        ("Datasets", ((f"`{n}`", info(n).title) for n in DATASETS)),
        ("Worlds", ((f"`{name}`", world.truth) for name, world in WORLDS.items())),
    ):
        yield f"### {title}\n"
        yield table(("name", "what it is"), iter(rows)) + "\n"
    yield "### Networks\n"
    yield ", ".join(f"`{name}`" for name in ARCHITECTURES) + "\n"


def releases() -> Iterator[tuple[str, ...]]:
    """Every release of every dataset, with the licence of the dataset."""
    for name in DATASETS:
        known = info(name)
        for release in known.releases:
            groups = f"{release.groups:,}" if release.groups else known.grouped_by and "by the map"
            by = f" ({known.grouped_by})" if known.grouped_by else ""
            yield (
                f"`{name}`",
                release.title,
                str(len(release.counts)),
                f"{sum(release.counts.values()):,}",
                f"{groups}{by}" if groups else "–",
                known.licence,
                known.citation or "–",
            )


def class_counts() -> Iterator[tuple[str, ...]]:
    """The images of each class of every release."""
    for name in DATASETS:
        for release in info(name).releases:
            counts = ", ".join(f"`{one}` {count:,}" for one, count in release.counts.items())
            rest = "".join(f"; {n:,} with {what} left out" for what, n in release.left_out.items())
            yield f"`{name}`", release.title, counts + rest


def release_files() -> Iterator[tuple[str, ...]]:
    """The files of each release under a data root, with their sizes and checksums where known."""
    for name in DATASETS:
        for release in info(name).releases:
            known = {file.name: file for file in release.downloads}
            for file in release.files:
                remote = known.get(file)
                yield (
                    f"`{name}`, {release.title}",
                    f"`{file}`",
                    f"{remote.size:,}" if remote else "–",
                    f"`{remote.checksum}`" if remote else "–",
                    " ".join(f"<{url}>" for url in remote.urls) if remote else "–",
                )


def columns() -> Iterator[tuple[str, ...]]:
    """The columns of trials.csv."""
    for column in COLUMNS:
        yield (
            f"`{column.name}`",
            column.type,
            column.unit or "–",
            column.meaning,
            column.empty or "never",
        )


def sections() -> dict[str, dict[str, str]]:
    """The generated sections by page and mark."""
    return {
        "reference.md": {
            "options": table(("option", "default", "meaning"), options()),
            "commands": "\n".join(commands()).rstrip(),
            "protocol": "\n".join(protocol_keys()).rstrip(),
            "names": "\n".join(names()).rstrip(),
        },
        "datasets.md": {
            "datasets": table(
                ("dataset", "release", "classes", "images", "groups", "licence", "cite"), releases()
            ),
            "classes": table(("dataset", "release", "images of each class"), class_counts()),
            "files": table(
                ("dataset", "under the data root", "bytes", "checksum", "from"), release_files()
            ),
        },
        "second-paper.md": {"claim": f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```"},
        "trials-csv.md": {
            "columns": table(("column", "type", "unit", "meaning", "empty when"), columns()),
        },
    }


def report_schema() -> str:
    """The JSON Schema of ``report.json``."""
    schema = {"$schema": GenerateJsonSchema.schema_dialect, **Report.model_json_schema()}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def filled(text: str, parts: Mapping[str, str]) -> str:
    """A page with what stands between its marks replaced."""
    for mark, content in parts.items():
        start, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
        before, found, rest = text.partition(start)
        assert found, f"{mark} is not marked"
        text = f"{before}{start}\n{content}\n\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    for page, parts in sections().items():
        path = DOCS / page
        path.write_text(filled(path.read_text(encoding="utf-8"), parts), encoding="utf-8")
    (DOCS / "report.schema.json").write_text(report_schema(), encoding="utf-8")
