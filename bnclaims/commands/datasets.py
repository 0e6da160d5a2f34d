"""The known datasets."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnclaims.commands.options import run_option
from bnclaims.errors import BnclaimsError

if TYPE_CHECKING:
    from bnclaims.datasets import DatasetInfo, Sources


@click.command(short_help="Datasets, their licences, and which are here.")
@run_option("data_root")
@run_option("dataset", help="This one alone; folder:PATH for your own images.")
@click.option(
    "--contact-sheet",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a picture with images of every class, of all datasets that are here or of --dataset.",
)
@run_option("offline")
@click.option("--json", "as_json", is_flag=True, help="The list as JSON, for programs.")
def datasets(
    data_root: Path | None,
    dataset: str | None,
    contact_sheet: Path | None,
    offline: bool,
    as_json: bool,
) -> None:
    """List datasets with their licences and what of them is here, or draw a contact sheet.

    Of your own folder it says which images are used and left out, which are there twice, and which
    may show one object. A contact sheet of one dataset downloads it where that is possible.
    """
    from bnclaims import datasets as known
    from bnclaims.datasets.folder_contents import sentences

    sources = known.Sources(data_root=data_root, offline=offline)
    if dataset is not None and dataset.startswith("folder:"):
        folder = Path(dataset.removeprefix("folder:"))
        sources = known.Sources(folder=folder)
        dataset = f"folder:{folder.resolve().name}"
    names = [dataset] if dataset is not None else list(known.DATASETS)
    infos = {name: known.info(name, sources=sources) for name in names}
    if contact_sheet is not None:
        if as_json:
            raise BnclaimsError("--contact-sheet and --json: two outputs; give one of them.")
        if dataset is None:
            names = [name for name in names if known.whereabouts(infos[name], sources).here]
        known.contact_sheet(names, sources=sources, file=contact_sheet)
        click.echo(f"wrote {contact_sheet}: {', '.join(names)}")
        return
    facts = {name: _facts(info, sources) for name, info in infos.items()}
    if sources.folder is not None and dataset is not None:
        found = known.contents(dataset, sources=sources)
        facts[dataset] |= {
            "classes": list(found.images),
            "contents": dataclasses.asdict(found),
        }
    if as_json:
        click.echo(json.dumps(facts, indent=1))
        return
    for name, fact in facts.items():
        click.secho(name, bold=True, nl=False)
        click.echo(f"  {fact['title']}")
        for word, text in _lines(fact):
            if text:
                click.echo(_fitted(f"    {word:8} ", text))
    if sources.folder is not None and dataset is not None:
        for sentence in sentences(found):
            click.echo(_fitted("    note     ", sentence))
    click.echo("Your own images: --dataset folder:PATH --majority CLASS --minority CLASS")


def _fitted(start: str, text: str) -> str:
    """A line that breaks between words where a terminal ends; whole in a file, for programs."""
    if not sys.stdout.isatty():
        return start + text
    return textwrap.fill(
        text,
        shutil.get_terminal_size().columns,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _facts(info: DatasetInfo, sources: Sources) -> dict[str, Any]:
    from bnclaims.datasets import whereabouts

    found = whereabouts(info, sources)
    return {
        "title": info.title,
        "synthetic": info.synthetic,
        "licence": info.licence,
        "citation": info.citation,
        "source": info.source,
        "classes": list(info.classes),
        "grouped_by": info.grouped_by,
        "here": found.here,
        "where": found.words,
        "releases": [
            {
                "title": release.title,
                "files": list(release.files),
                "images": sum(release.counts.values()),
                "counts": dict(release.counts),
                "groups": release.groups,
                "left_out": dict(release.left_out),
                "download_bytes": sum(file.size for file in release.downloads) or None,
            }
            for release in info.releases
        ],
    }


def _lines(fact: dict[str, Any]) -> list[tuple[str, str]]:
    by = fact["grouped_by"]
    counts = fact.get("contents", {}).get("images", {})
    classes = [f"{name} {counts[name]:,}" if counts else name for name in fact["classes"]]
    lines = [("here", fact["where"]), ("classes", ", ".join(classes))]
    for release in fact["releases"]:
        groups = f", {release['groups']:,} groups by {by}" if release["groups"] else ""
        files = ", ".join(f"DATA_ROOT/{file}" for file in release["files"])
        lines.append(("release", f"{release['title']}: {release['images']:,} images{groups}"))
        lines.append(("", f"{files}"))
        rest = [f"{count:,} images with {what}" for what, count in release["left_out"].items()]
        lines.append(("left out", ", ".join(rest)))
    return [
        *lines,
        ("split by", by or ""),
        ("licence", fact["licence"]),
        ("cite", fact["citation"]),
        ("from", fact["source"]),
    ]
