"""The command line as ``python -m bnclaims``."""

from bnclaims.commands.cli import main

main()
