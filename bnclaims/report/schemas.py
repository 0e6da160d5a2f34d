"""Schemas of ``report.json``: which are verified here, and which version verifies the others.

What a schema means never changes once a report of it was published: ``docs/lasting.md`` has the rule.
"""

from __future__ import annotations

from typing import Final

# Rises with every field that the check compares and reports of this schema may lack.
SCHEMA: Final = 4
# Of these up to that one, each is checked by its own rules.
OLDEST: Final = 3
# Since this one every field is compared, `files` names every file, and what was left out is stated.
WHOLE: Final = 4
# The last commit that makes and verifies schemas 1 and 2, those of protocol generation 1, whose verdicts
# this version does not make.
GENERATION_1: Final = "34506bb"


def verified_elsewhere(schema: object, version: str) -> str | None:
    """Which version verifies a report of a schema, and how to get it; None where this one does.

    ``version`` is the one that the report states, safe to print.
    """
    # True is no number of a schema.
    if type(schema) is not int:
        return None
    if schema in (1, 2):
        folder = f"../bnclaims-{GENERATION_1}"
        return (
            f"a report of protocol generation 1, which version 0.1.0 at commit {GENERATION_1} reads and "
            f"verifies; in a clone run: git worktree add {folder} {GENERATION_1} && cd {folder} && "
            "python -m bnclaims verify FOLDER."
        )
    if schema > SCHEMA:
        return (
            f"a report of schema {min(schema, 10**6)}, which version {version} wrote and verifies; this "
            f"version verifies {OLDEST} to {SCHEMA}: in a clone run: git pull && pip install -e ."
        )
    return None
