"""Figures of matplotlib in fewer bytes: what draws nothing goes, what repeats is said once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_NUMBER: Final = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_DOT: Final = re.compile(r"M([^A-Za-z]+)L\1(?![\d.])")
_FIGURE: Final = re.compile(r"(<figure>\s*)(<svg.*?</svg>)", re.DOTALL)
_STYLE: Final = re.compile(r' style="([^"]*)"')
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What is not said on this page because it is so anyway.
_DEFAULTS: Final = {"stroke-dashoffset": "0", "font-family": None, "stroke-width": "1"}
# Where the style sheet of figures will stand in a page.
STYLES: Final = "/*styles of figures*/"


def compact(svg: str, name: str) -> str:
    """The content of an SVG element of matplotlib, drawn alike; ``name`` begins its ids.

    Coordinates keep two decimals, of some 340 units that a figure is wide.
    """
    root = ElementTree.fromstring(_NOT_XML.sub("\ufffd", svg))
    _drop_grounds(root)
    _drop_clips(root)
    named = _references(root)
    ids = {old: f"{name}-{number}" for number, old in enumerate(named)}
    return "".join(_written(child, ids, {}) for child in root)


def with_classes(page: str) -> str:
    """A page whose figures share classes, most used first, instead of repeating their styles."""
    figures = "".join(svg for _, svg in _FIGURE.findall(page))
    used = Counter(_STYLE.findall(figures))
    ranked = sorted(used, key=lambda style: (-used[style], style))
    classes = {style: f"f{number}" for number, style in enumerate(ranked)}
    sheet = "\n".join(f".{name} {{ {style} }}" for style, name in classes.items())

    def classed(figure: re.Match[str]) -> str:
        return figure[1] + _STYLE.sub(lambda one: f' class="{classes[one[1]]}"', figure[2])

    return _FIGURE.sub(classed, page).replace(STYLES, sheet, 1)


def _drop_grounds(root: Element) -> None:
    """Takes out shapes that have neither a line nor a filling: the grounds of figure and axes."""
    for parent in [*root.iter()]:
        for child in [*parent]:
            style = _style(child)
            if _tag(child) == "path" and style.get("fill") == "none" and "stroke" not in style:
                parent.remove(child)


def _drop_clips(root: Element) -> None:
    """Takes the clipping from what lies inside its box anyway."""
    boxes = {
        str(clip.get("id")): tuple(float(clip[0].get(side, 0)) for side in _BOX)
        for clip in root.iter()
        if _tag(clip) == "clipPath" and _tag(clip[0]) == "rect"
    }
    for element in root.iter():
        clip = _REFERENCE.fullmatch(element.get("clip-path", ""))
        if clip and clip[1] in boxes and _inside(element, *boxes[clip[1]]):
            del element.attrib["clip-path"]


_BOX: Final = ("x", "y", "width", "height")


def _inside(element: Element, x: float, y: float, width: float, height: float) -> bool:
    # Half a unit outside is the width of a line.
    def fits(place: float, low: float, size: float) -> bool:
        return low - 0.5 <= place <= low + size + 0.5

    if _tag(element) == "path":
        numbers = [float(n) for n in _NUMBER.findall(element.get("d", ""))]
        points: Iterator[tuple[float, float]] = zip(numbers[::2], numbers[1::2], strict=False)
    else:
        points = (
            (float(use.get("x", 0)), float(use.get("y", 0)))
            for use in element.iter()
            if _tag(use) == "use"
        )
    return all(fits(left, x, width) and fits(top, y, height) for left, top in points)


def _references(root: Element) -> list[str]:
    """The ids that something in the figure refers to, in order."""
    found = []
    for element in root.iter():
        found += [element.get(_HREF, "").removeprefix("#")]
        found += _REFERENCE.findall(element.get("clip-path", ""))
    return [*dict.fromkeys(filter(None, found))]


def _written(element: Element, ids: dict[str, str], around: dict[str, str]) -> str:
    """An element as text; ``around`` is the style that it gets from the elements around it."""
    tag, style = _tag(element), _style(element)
    if tag == "clipPath" and str(element.get("id")) not in ids:
        return ""
    if tag == "g" and (shared := _shared(element)):
        style |= shared
    own = {key: value for key, value in style.items() if around.get(key) != value}
    attributes = _attributes(element, tag, ids)
    if own:
        attributes["style"] = "; ".join(f"{key}: {value}" for key, value in sorted(own.items()))
    below = {} if tag == "defs" else {**around, **style}
    inner = escape((element.text or "").strip(), quote=False)
    inner += "".join(_written(child, ids, below) for child in element)
    if tag in ("g", "defs") and (not inner or (tag == "g" and not attributes)):
        return inner
    said = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{tag}{said}>{inner}</{tag}>" if inner else f"<{tag}{said}/>"


def _attributes(element: Element, tag: str, ids: dict[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for key, value in element.attrib.items():
        match key:
            case "id":
                if value in ids:
                    given["id"] = ids[value]
            case "style":
                pass
            case "d":
                given[key] = _path(value)
            case "transform" if value.startswith("rotate(-0 "):
                pass
            case "clip-path":
                given[key] = _REFERENCE.sub(lambda one: f"url(#{ids[one[1]]})", value)
            case _ if key == _HREF:
                given["href"] = f"#{ids[value.removeprefix('#')]}"
            case _:
                given[key] = _NUMBER.sub(_short, value)
    return given


def _shared(group: Element) -> dict[str, str]:
    """The style that all of several drawings of one marker have."""
    uses: Sequence[Element] = [child for child in group if _tag(child) == "use"]
    if len(uses) != len(group) or len({use.get("style") for use in uses}) != 1:
        return {}
    return _style(uses[0])


def _path(data: str) -> str:
    """The data of a path, without what only parts its numbers from its commands."""
    short = re.sub(r"\s+", " ", _NUMBER.sub(_short, data)).strip()
    short = re.sub(r" ?([A-Za-z]) ?", r"\1", short).replace(" -", "-")
    return _DOT.sub(r"M\1h0", short)


def _short(number: re.Match[str]) -> str:
    text = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _style(element: Element) -> dict[str, str]:
    parts = (part.split(":", 1) for part in element.get("style", "").split(";") if ":" in part)
    pairs = ((key.strip(), value.strip()) for key, value in parts)
    return {
        key: re.sub(r"(\d),(\d)", r"\1 \2", value)
        for key, value in pairs
        if key not in _DEFAULTS or _DEFAULTS[key] not in (None, value)
    }


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]
