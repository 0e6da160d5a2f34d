"""Figures in fewer bytes: what is drawn stays, what draws nothing goes."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pytest

from bnclaims.report.page.compact_svg import STYLES, compact, with_classes
from bnclaims.report.page.svg import empty_figure


@pytest.fixture(scope="module")
def drawn() -> str:
    """A figure of matplotlib with a line that leaves its axes, markers, dots and a hostile label."""
    buffer = io.StringIO()
    with empty_figure(2.0) as figure:
        axes = figure.add_axes((0.1, 0.2, 0.8, 0.7))
        axes.set_xlim(0, 4)
        axes.set_ylim(0, 1)
        axes.plot([0, 1, 2], [0.25, 0.5, 0.75], marker="o", lw=0)
        axes.plot([0, 9], [0.5, 0.5])
        axes.plot([1, 1, float("nan"), 2, 2], [0.5, 0.5, float("nan"), 0.25, 0.25], lw=4)
        axes.text(1, 0.5, "<b>&\x00")
        figure.savefig(buffer, format="svg", transparent=True)
    text = buffer.getvalue()
    return re.sub("<(metadata|style).*?</\\1>", "", text[text.index("<svg") :], flags=re.DOTALL)


def parsed(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<svg>{compact(drawn, 'x')}</svg>")


def test_a_figure_takes_a_fraction_of_its_bytes(drawn: str) -> None:
    assert 2.5 * len(compact(drawn, "x")) < len(drawn)


def test_every_mark_and_text_stays_in_its_place(drawn: str) -> None:
    before = ElementTree.fromstring(drawn.replace("\x00", "\ufffd"))
    after = parsed(drawn)
    for tag in ("use", "text"):
        places = [
            [(float(e.get("x", 0)), float(e.get("y", 0)), e.text) for e in root.iter(tag_of)]
            for root, tag_of in ((before, f"{{http://www.w3.org/2000/svg}}{tag}"), (after, tag))
        ]
        assert len(places[0]) == len(places[1]) > 0
        for (x, y, text), (x2, y2, text2) in zip(*places, strict=True):
            assert (x2, y2) == (pytest.approx(x, abs=0.006), pytest.approx(y, abs=0.006))
            assert text == text2


def test_only_what_leaves_its_axes_is_clipped(drawn: str) -> None:
    assert drawn.count("clip-path=") > 3
    root = parsed(drawn)
    clipped = [element for element in root.iter() if "clip-path" in element.attrib]
    assert len(clipped) == 1
    ids = {element.get("id") for element in root.iter()}
    assert clipped[0].attrib["clip-path"][5:-1] in ids


def test_lines_without_a_length_are_dots(drawn: str) -> None:
    paths = [element.get("d", "") for element in parsed(drawn).iter("path")]
    (dots,) = (path for path in paths if "h0" in path)
    assert re.fullmatch(r"(M[\d.]+ [\d.]+h0){2}", dots)


def test_figures_of_a_page_share_their_classes_and_nothing_else_is_touched() -> None:
    figure = '<figure>\n<svg><path style="fill: none"/><path style="stroke: red"/></svg></figure>'
    page = f'<style>{STYLES}</style><i style="width: 3%"></i>{figure}{figure}'
    classed = with_classes(page)
    assert ".f0 { fill: none }\n.f1 { stroke: red }" in classed
    assert classed.count('<path class="f0"/><path class="f1"/>') == 2
    assert '<i style="width: 3%">' in classed and STYLES not in classed
