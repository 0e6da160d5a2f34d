"""The command line as ``python -m bnclaims``."""

from bnclaims.cli import main

main()
