"""Templates of the pages: one environment, in which everything is escaped."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bnclaims.report.formatting import (
    bibtex_text,
    distance,
    interval,
    line_of,
    name_of,
    number,
    p_value,
    precision,
    with_minus,
)

if TYPE_CHECKING:
    from jinja2 import Environment, Template

REPORT: Final = Path(__file__).parents[1]
FOLDERS: Final = tuple(REPORT / room for room in ("page", "index"))


def template(name: str) -> Template:
    """A template of the report's folders; it refuses names it is not given and escapes what it is given."""
    return _environment().get_template(name)


@functools.cache
def _environment() -> Environment:
    # Once, since it compiles each template once.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDERS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "p": p_value,
        "line": line_of,
        "name": name_of,
        "sha256": content_hash,
        "bibtex": bibtex_text,
        "minus": with_minus,
    }
    environment.globals |= {
        "interval": interval,
        "distance": distance,
        "precision": precision,
    }
    return environment


def content_hash(text: str) -> str:
    """The hash by which a content security policy names an inline script."""
    return base64.b64encode(hashlib.sha256(str(text).encode()).digest()).decode()
