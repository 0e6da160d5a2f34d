"""Citation of a report, and of the paper whose claims it tests."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from bnclaims.report.files import PREDICTIONS
from bnclaims.report.formatting import bibtex_text
from bnclaims.report.model import Report
from bnclaims.report.model_parts import StatedPaper
from bnclaims.report.remedies import own_questions

# What the entry of arXiv:2109.09016 says beyond title, authors, year, doi and eprint.
_PUBLISHED: Final[Mapping[str, Mapping[str, str]]] = {
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


def link_of(paper: StatedPaper) -> Link | None:
    """Where the paper of a report can be read: arXiv, its DOI, or the address that it gives."""
    if paper.arxiv:
        return Link(f"arXiv:{paper.arxiv}", f"https://arxiv.org/abs/{quote(paper.arxiv)}")
    if paper.doi:
        return Link(f"doi:{paper.doi}", f"https://doi.org/{quote(paper.doi)}")
    return Link(paper.url, paper.url) if paper.url else None


def bibtex(paper: StatedPaper) -> str:
    """A BibTeX entry of the paper; fields that it lacks are left out."""
    published = _PUBLISHED.get(paper.arxiv or "", {})
    fields = {
        "title": f"{{{bibtex_text(paper.title)}}}",
        "author": bibtex_text(" and ".join(paper.authors)),
        **published,
        "year": paper.year,
        "doi": paper.doi,
        "eprint": paper.arxiv,
        "archivePrefix": "arXiv" if paper.arxiv else None,
        "url": paper.url,
    }
    lines = [
        f"  {name:9} = {{{value if name == 'title' else bibtex_text(value)}}}"
        for name, value in fields.items()
        if value
    ]
    kind = "inproceedings" if published else "misc"
    return f"@{kind}{{{_key(paper.authors, paper.year, paper.title)},\n" + ",\n".join(lines) + "\n}"


def report_bibtex(report: Report) -> str:
    """A BibTeX entry of a report: the version and commit that made it, its protocol, its predictions.

    Verdicts follow from these two files, whose hashes it has: that of the page, and with it that of
    ``report.json``, changes when the page is drawn again.
    """
    protocol, dataset, date = report.protocol, report.selection.dataset, report.generated[:10]
    made_by = report.suite.version + (f", commit {report.run.commit}" if report.run.commit else "")
    hashes = f"protocol {protocol.name}, sha256 {protocol.sha256}"
    if predictions := report.files.get(PREDICTIONS):
        hashes += f"; {PREDICTIONS}, sha256 {predictions}"
    subject = "what helps a rare class" if own_questions(report) else report.paper.subject
    about = f"{subject}: {dataset}, protocol {protocol.name}"
    fields = {
        "title": f"{{Claim audit of {bibtex_text(about)}}}",
        "author": f"{{The {bibtex_text(report.suite.name)} authors}}",
        "year": bibtex_text(report.generated[:4]),
        "version": bibtex_text(made_by),
        "note": f"As operationalised by {bibtex_text(hashes)}",
    }
    key = re.sub(r"[^\w.-]+", "-", f"bnclaims-{protocol.name}-{dataset}-{date}")
    lines = [f"  {name:7} = {{{value}}}" for name, value in fields.items()]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}"


def _key(names: Sequence[str], year: int | None, title: str) -> str:
    """The customary key: family name of the first author, year, first long word of the title."""
    author = re.sub(r"\W", "", names[0].split()[-1] if names and names[0].split() else "anon")
    word = next((word for word in re.findall(r"\w+", title) if len(word) > 3), "paper")
    return f"{author}{year or ''}{word}".lower()
