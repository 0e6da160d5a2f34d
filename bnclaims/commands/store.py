"""Store of trained trials: what others have trained, added to it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

# More than these would hide what matters.
_MOST_NAMED = 10


@click.group(short_help="Add what others have trained to a store.")
def store() -> None:
    """Work on a store of trained trials."""


@store.command(short_help="Add the records of reports, archives and stores.")
@click.argument(
    "sources", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SOURCE..."
)
@click.option(
    "--store",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    default=Path(".bnclaims/store"),
    show_default=True,
    help="The store that is added to; made if it is not there.",
)
def add(sources: tuple[Path, ...], folder: Path) -> None:
    """Add the records of SOURCES to a store, so that an audit goes on from them.

    A source is the folder of a report, the folder of another store, or a tar archive of one. Every
    record is checked as one that a process trains; none is replaced. Records that contradict what the
    store has, and what is no sound record, are named and kept out.

    Exits 0 when nothing was kept out, 1 otherwise.
    """
    from bnclaims.run.additions import add_to_store
    from bnclaims.store.store import Store

    found = add_to_store(Store.open(folder), list(sources))
    click.echo(f"{found.added} added to {folder}, {found.there} there before.")
    if found.nights:
        click.echo(f"Nights noted that these are the seeds of: {found.nights}.")
    if found.incomplete:
        click.echo(
            f"{found.incomplete} of reports that kept only the scores they judged: not added, to be "
            "trained again."
        )
    contradicting = [(key, f"differs in {', '.join(parts)}") for key, parts in found.contradicting]
    for title, named in (("contradict", contradicting), ("refused", found.refused)):
        for key, why in named[:_MOST_NAMED]:
            click.echo(f"{title}: {key[:12]} {why}; kept out", err=True)
        if (more := len(named) - _MOST_NAMED) > 0:
            click.echo(f"{title}: {more} more", err=True)
    sys.exit(1 if contradicting or found.refused else 0)
