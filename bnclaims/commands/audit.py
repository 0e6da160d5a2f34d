"""Audit of the claims where there is no clone: pytest, on the claims that came with the package."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from bnclaims.commands.options import claims_option
from bnclaims.run.claims_folder import claims_folder


@click.command(
    short_help="Run the audit, also without a clone.",
    context_settings={"ignore_unknown_options": True},
)
@claims_option
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST OPTIONS]...")
def audit(claims: Path | None, options: tuple[str, ...]) -> None:
    """Run the audit as `pytest claims` does, also in a folder that has no claims.

    Takes every option of `pytest claims`, and ends with its exit codes. Store and report stand in
    this folder.
    """
    import pytest

    folder = claims_folder(claims)
    elsewhere = not folder.resolve().is_relative_to(Path.cwd().resolve())
    # Settings of whatever project the package is installed in are not those of this run.
    place = [f"--rootdir={Path.cwd()}", "-c", os.devnull] if elsewhere else []
    sys.exit(pytest.main(["-p", "bnclaims.plugin", *place, str(folder), *options]))
