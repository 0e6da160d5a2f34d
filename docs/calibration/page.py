"""Draws words.svg and fills the tables of ../calibration.md from the counts in this folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bnclaims.calibration_table import with_interval
from bnclaims.protocol_file import FAMILY
from bnclaims.verdicts import Verdict
from bnclaims.worlds import WORLDS

HERE = Path(__file__).parent
PAGE = HERE.with_name("calibration.md")
# Colours that differ in lightness too; what is wrong is hatched as well.
COLOURS = {
    Verdict.SUPPORTED: "#1b7837",
    Verdict.REFUTED: "#762a83",
    Verdict.INCONCLUSIVE: "#d9d9d9",
    Verdict.INVALID: "#fdb863",
}


def main() -> None:
    """Reads the counts, draws, and writes the page anew."""
    results = {
        name: json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
        for name in WORLDS
        if (HERE / f"{name}.json").is_file()
    }
    draw(results)
    text = PAGE.read_text(encoding="utf-8")
    for mark, lines in (
        ("wrong", wrong_table(results)),
        ("words", words_table(results)),
        ("peeking", peeking_table()),
    ):
        before, start, rest = text.partition(f"<!-- {mark} -->\n")
        _, end, after = rest.partition(f"<!-- /{mark} -->")
        text = before + start + "\n".join(lines) + "\n" + end + after
    PAGE.write_text(text, encoding="utf-8")


def wrong_table(results: Mapping[str, Any]) -> list[str]:
    """One line per world: how often any of the six words was wrong."""
    return [
        "| world | what is true | suites | any wrong word [95 % interval] |",
        "|---|---|---:|---:|",
        *(
            f"| {name} | {result['truth']} | {result['suites']} "
            f"| {with_interval(result['any_wrong'])} |"
            for name, result in results.items()
        ),
    ]


def words_table(results: Mapping[str, Any]) -> list[str]:
    """One line per world and claim; words that would be wrong there are marked."""
    lines = [f"| world | claim | {' | '.join(Verdict)} | seeds |", "|---|---|" + "---:|" * 5]
    for name, result in results.items():
        for claim, tally in result["claims"].items():
            cells = [
                f"{tally['verdicts'][word]['rate']:.1%}"
                + (" ✗" if word in tally["wrong_words"] else "")
                for word in Verdict
            ]
            lines.append(f"| {name} | {claim} | {' | '.join(cells)} | {tally['mean_seeds']:.1f} |")
    return lines


def peeking_table() -> list[str]:
    """What each way of looking costs."""
    peeking = json.loads((HERE / "peeking.json").read_text(encoding="utf-8"))
    lines = ["| when one looks | false positives at .05 [95 % interval] |", "|---|---:|"]
    for name, found in peeking["rates"].items():
        low, high = found["interval"]
        lines.append(f"| {name.replace('_', ' ')} | {found['rate']:.1%} [{low:.1%}, {high:.1%}] |")
    return lines


def draw(results: Mapping[str, Any]) -> None:
    """The words of the six claims in every world, as bars."""
    # Ids in the file that do not change from one drawing to the next.
    matplotlib.rcParams["svg.hashsalt"] = "calibration"
    rows = -(-len(results) // 3)
    figure = Figure(figsize=(11, 2.3 * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, 3, sharex=True, sharey=True, squeeze=False)
    for place, axis in zip([*results, *[None] * (3 * rows - len(results))], axes.flat, strict=True):
        if place is None:
            axis.set_visible(False)
            continue
        result = results[place]
        for row, claim in enumerate(FAMILY):
            tally, left = result["claims"][claim], 0.0
            for word in Verdict:
                rate = tally["verdicts"][word]["rate"]
                wrong = word in tally["wrong_words"]
                axis.barh(
                    row,
                    rate,
                    left=left,
                    color=COLOURS[word],
                    edgecolor="black" if wrong and rate else COLOURS[word],
                    hatch="////" if wrong else None,
                )
                left += rate
        axis.set_title(f"{place} ({result['suites']} suites)", fontsize=10)
        axis.set_yticks(range(len(FAMILY)), [f"({claim})" for claim in FAMILY])
        axis.set_xlim(0, 1)
    axes[0, 0].invert_yaxis()
    handles = [Patch(color=COLOURS[word], label=word) for word in Verdict]
    handles.append(Patch(facecolor="white", edgecolor="black", hatch="////", label="wrong"))
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
    axes[-1, 1].set_xlabel("share of suites")
    figure.savefig(HERE / "words.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
