"""The command line: commands that load when they are asked for, and one sentence for what is wrong."""

from __future__ import annotations

import errno
import importlib
import sys
import traceback
from typing import Any, Final

import click

from bnclaims.errors import BnclaimsError
from bnclaims.run.output import without_refusals

# Each is a module of its own name here, with the command in it.
COMMANDS: Final = (
    "audit",
    "calibrate",
    "cite",
    "compare",
    "datasets",
    "index",
    "page",
    "plan",
    "selfcheck",
    "store",
    "train",
    "verify",
)
# 1 is an answer (a verdict differs, a report does not follow), so no fault ends with it.
WRONG_INPUT, FAULT, INTERRUPTED = 2, 3, 130


class _Group(click.Group):
    """Loads a command when it is asked for, and turns what goes wrong in it into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"bnclaims.commands.{name}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            without_refusals(stream)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BnclaimsError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(WRONG_INPUT)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(INTERRUPTED)
        except Exception as error:
            # Whoever reads the output has closed it: click's own business.
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            traceback.print_exc()
            sys.exit(FAULT)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bnclaims")
def main() -> None:
    """Audit the claims of a paper about the final batch normalization layer.

    The audit itself is `pytest claims`, or `audit` where there is no clone; the others stand around it.
    """
