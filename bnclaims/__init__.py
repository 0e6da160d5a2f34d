"""Audit of the claims of arXiv:2109.09016 on the final batch normalization layer, as a pytest suite.

`read_report` gives a report as data frames, `claim` declares a test function as a claim. Both are
loaded when they are asked for, so that the package itself takes no time to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bnclaims.audit.claim import claim
    from bnclaims.report.frames import read_report

    __version__: str

__all__ = ["__version__", "claim", "read_report"]


def __getattr__(name: str) -> object:
    match name:
        case "claim":
            from bnclaims.audit.claim import claim

            return claim
        case "read_report":
            from bnclaims.report.frames import read_report

            return read_report
        case "__version__":
            from importlib.metadata import version

            return version("bnclaims")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
