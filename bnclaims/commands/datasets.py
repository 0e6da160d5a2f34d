"""The known datasets."""

from __future__ import annotations

from pathlib import Path

import click

from bnclaims.errors import BnclaimsError


@click.command()
@click.option("--data-root", type=click.Path(path_type=Path), help="Folder that holds image packs.")
@click.option("--dataset", default=None, help="The dataset of the contact sheet.")
@click.option("--contact-sheet", type=click.Path(path_type=Path), help="Write a picture of it.")
def datasets(data_root: Path | None, dataset: str | None, contact_sheet: Path | None) -> None:
    """List datasets with their licences, or draw a contact sheet of one."""
    from bnclaims import datasets as known

    if contact_sheet is not None:
        if dataset is None:
            raise BnclaimsError("--contact-sheet: name the dataset with --dataset NAME.")
        sources = known.Sources(data_root=data_root)
        if dataset.startswith("folder:"):
            folder = Path(dataset.removeprefix("folder:"))
            sources, dataset = known.Sources(folder=folder), f"folder:{folder.resolve().name}"
        known.contact_sheet(dataset, sources=sources, file=contact_sheet)
        click.echo(f"wrote {contact_sheet}")
        return
    for name in known.DATASETS:
        info = known.info(name)
        click.secho(name, bold=True, nl=False)
        click.echo(f"  {info.title}")
        for word, text in (
            ("licence", info.licence),
            ("cite", info.citation),
            ("needs", ", ".join(f"DATA_ROOT/{file}" for file in info.files)),
        ):
            if text:
                click.echo(f"    {word:8} {text}")
    click.echo("Your own images: --dataset folder:PATH --majority CLASS --minority CLASS")
