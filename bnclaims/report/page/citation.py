"""How a report cites the paper whose claims it tests."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from bnclaims.report.formatting import bibtex_text

# What the entry of arXiv:2109.09016 says beyond title, authors, year, doi and eprint.
_PUBLISHED: Final = {
    "2109.09016": {
        "booktitle": "Advances in Visual Computing (ISVC 2021)",
        "series": "Lecture Notes in Computer Science",
        "volume": "13018",
    }
}


@dataclasses.dataclass(frozen=True)
class Link:
    """Where a paper can be read."""

    text: str
    url: str


def link_of(paper: Mapping[str, Any]) -> Link | None:
    """Where the paper of a report can be read: arXiv, its DOI, or the address that it gives."""
    if arxiv := paper.get("arxiv"):
        return Link(f"arXiv:{arxiv}", f"https://arxiv.org/abs/{quote(str(arxiv))}")
    if doi := paper.get("doi"):
        return Link(f"doi:{doi}", f"https://doi.org/{quote(str(doi))}")
    return Link(str(paper["url"]), str(paper["url"])) if paper.get("url") else None


def bibtex(paper: Mapping[str, Any]) -> str:
    """A BibTeX entry of the section ``paper`` of a report; fields that it lacks are left out."""
    authors = paper["authors"]
    names = authors.split(", ") if isinstance(authors, str) else list(authors)
    published = _PUBLISHED.get(str(paper.get("arxiv")), {})
    year = paper.get("year")
    fields = {
        "title": f"{{{bibtex_text(paper['title'])}}}",
        "author": bibtex_text(" and ".join(map(str, names))),
        **published,
        "year": year,
        "doi": paper.get("doi"),
        "eprint": paper.get("arxiv"),
        "archivePrefix": "arXiv" if paper.get("arxiv") else None,
        "url": paper.get("url"),
    }
    lines = [
        f"  {name:9} = {{{value if name == 'title' else bibtex_text(value)}}}"
        for name, value in fields.items()
        if value
    ]
    kind = "inproceedings" if published else "misc"
    return f"@{kind}{{{_key(names, year, str(paper['title']))},\n" + ",\n".join(lines) + "\n}"


def _key(names: list[Any], year: Any, title: str) -> str:
    """The customary key: family name of the first author, year, first long word of the title."""
    author = re.sub(r"\W", "", str(names[0]).split()[-1] if names and str(names[0]) else "anon")
    word = next((word for word in re.findall(r"\w+", title) if len(word) > 3), "paper")
    return f"{author}{year or ''}{word}".lower()
