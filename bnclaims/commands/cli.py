"""The command line: a group of commands, and one sentence for what is wrong."""

from __future__ import annotations

import sys
from typing import Any

import click

from bnclaims import commands
from bnclaims.errors import BnclaimsError


class _Group(click.Group):
    """Turns `BnclaimsError` into one sentence and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BnclaimsError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bnclaims")
def main() -> None:
    """Audit the claims of a paper about the final batch normalization layer.

    The audit itself is `pytest claims`; these commands stand around it.
    """


for _name in commands.__all__:
    main.add_command(getattr(commands, _name))
