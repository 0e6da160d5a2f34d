"""The tables of ../calibration.md, from the counts in this folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bnclaims.audit.beside.results import Mostly, Specificity
from bnclaims.audit.verdict import Verdict
from bnclaims.protocol.schema import FAMILY
from bnclaims.run.calibrate.table import with_interval
from bnclaims.training.synthetic import WORLDS, World

HERE = Path(__file__).parent
# The verdicts in the narrow columns of a table.
SHORT = {
    Verdict.SUPPORTED: "S",
    Verdict.REFUTED: "R",
    Verdict.INCONCLUSIVE: "?",
    Verdict.INVALID: "!",
}


def filled(text: str, results: Mapping[str, Any]) -> str:
    """The page with every table as the counts have it."""
    for mark, lines in (
        ("wrong", wrong_table(results)),
        ("verdicts", verdicts_table(results)),
        ("beside", beside_table(results)),
        ("peeking", peeking_table()),
        ("coverage-seeds", coverage_of_seeds_table()),
        ("coverage-images", coverage_of_images_table()),
        ("power-fixed", fixed_power_table()),
        ("power-looks", sequential_power_table()),
        ("nights", nights_table()),
        ("nightly", nightly_table()),
    ):
        before, start, rest = text.partition(f"<!-- {mark} -->\n")
        _, end, after = rest.partition(f"<!-- /{mark} -->")
        text = before + start + "\n".join(lines) + "\n" + end + after
    return text


def counted() -> dict[str, Any]:
    """The counts of every world that has been run, by its name."""
    return {name: read(name) for name in WORLDS if (HERE / f"{name}.json").is_file()}


def read(name: str) -> Any:
    """The content of a file of this folder."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def wrong_table(results: Mapping[str, Any]) -> list[str]:
    """One line per world: what is true there, and how often any verdict of the family was wrong."""
    return [
        "| world | what is true | gain of the premise in F1, J (mean) | suites "
        "| any wrong verdict [95 % interval] |",
        "|---|---|---:|---:|---:|",
        *(
            f"| {name} | {result['truth']} | {_gain(WORLDS[name])} | {result['suites']} "
            f"| {with_interval(result['any_wrong'])} |"
            for name, result in results.items()
        ),
    ]


def _gain(world: World) -> str:
    theta, mean = (
        ", ".join(f"{value:.2f}" for value in pair) for pair in (world.theta, world.mean)
    )
    return theta if theta == mean else f"{theta} ({mean})"


def verdicts_table(results: Mapping[str, Any]) -> list[str]:
    """One line per world with a column per claim; verdicts that would be wrong there are marked."""
    claims = next(iter(results.values()))["claims"]
    lines = [f"| world | {' | '.join(claims)} |", "|---|" + "---|" * len(claims)]
    for name, result in results.items():
        cells = " | ".join(_verdicts(result["claims"][claim]) for claim in claims)
        lines.append(f"| {name} | {cells} |")
    return lines


def _verdicts(tally: Mapping[str, Any]) -> str:
    """The verdicts that were given in percent, those that would be wrong, and the mean seeds."""
    rates = {verdict: tally["verdicts"][verdict]["rate"] for verdict in Verdict}
    given = ", ".join(f"{SHORT[v]}\N{NO-BREAK SPACE}{100 * r:.3g}" for v, r in rates.items() if r)
    wrong = "".join(SHORT[verdict] for verdict in Verdict if verdict in tally["wrong_verdicts"])
    return (
        f"{given}; ✗{wrong}; {tally['mean_seeds']:.0f}"
        if wrong
        else f"{given}; {tally['mean_seeds']:.0f}"
    )


def beside_table(results: Mapping[str, Any]) -> list[str]:
    """One line per world: the words beside the premise; those that would be wrong there are marked."""
    words = [("specific", word) for word in Specificity] + [("mostly", word) for word in Mostly]
    lines = [
        f"| world | {' | '.join(f'{name}: {word}' for name, word in words)} |",
        "|---|" + "---:|" * len(words),
    ]
    for name, result in results.items():
        cells = " | ".join(_marked(result["beside"][kind], word) for kind, word in words)
        lines.append(f"| {name} | {cells} |")
    return lines


def _marked(tally: Mapping[str, Any], verdict: str) -> str:
    wrong = " ✗" if verdict in tally["wrong_verdicts"] else ""
    return f"{tally['verdicts'][verdict]['rate']:.1%}{wrong}"


def peeking_table() -> list[str]:
    """What each way of looking costs."""
    peeking = read("peeking")
    lines = ["| when one looks | false positives at .05 [95 % interval] |", "|---|---:|"]
    for name, found in peeking["rates"].items():
        low, high = found["interval"]
        lines.append(f"| {name.replace('_', ' ')} | {found['rate']:.1%} [{low:.1%}, {high:.1%}] |")
    return lines


def coverage_of_seeds_table() -> list[str]:
    """Coverage of the pseudomedian, by the shape of the differences and the number of seeds."""
    found = read("coverage")["hodges_lehmann"]
    seeds = sorted({case["seeds"] for case in found})
    rows: dict[str, list[str]] = {}
    for case in found:
        where = "on a step" if case["centre_in_steps"] == 0 else "between two steps"
        row = f"{case['differences']}, centre {where}"
        rows.setdefault(row, []).append(with_interval(case["covered"]))
    head = " | ".join(f"{n} seeds" for n in seeds)
    return [
        f"| differences | {head} |",
        "|---|" + "---:|" * len(seeds),
        *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()),
    ]


def coverage_of_images_table() -> list[str]:
    """Coverage of the effect over all images: from seeds alone, and by the new-images interval."""
    lines = [
        "| world | pool | seeds | from seeds alone | for new images | mean widths |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for case in read("coverage")["new_images"]:
        for seeds, found in case["seeds"].items():
            alone, new = found["seeds_alone"], found["new_images"]
            lines.append(
                f"| {case['place']} | {case['pool']} | {seeds} | {with_interval(alone)} "
                f"| {with_interval(new)} | {alone['mean_width']:.3f}, {new['mean_width']:.3f} |"
            )
    return lines


def power_cases() -> list[tuple[str, Any]]:
    """What is to be shown, and what was found, effects first."""
    found = read("power")
    effects = [(f"an effect of {case['effect_size']:g}", case) for case in found["effects"]]
    absences = [
        (f"{case['effect_size']:g} within a margin of {case['margin']:g}", case)
        for case in found["absences"]
    ]
    return effects + absences


def fixed_power_table() -> list[str]:
    """Promised and delivered power of designs with a fixed number of seeds."""
    cases = power_cases()
    seeds = [design["seeds"] for design in cases[0][1]["fixed"]]
    head = " | ".join(f"{n} seeds" for n in seeds)
    lines = [f"| to show | {head} |", "|---|" + "---:|" * len(seeds)]
    for name, case in cases:
        cells = [
            f"{design['promised']:.3f}, {design['delivered']['rate']:.3f}"
            for design in case["fixed"]
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def sequential_power_table() -> list[str]:
    """What the looks of the protocol decide, after how many seeds, and the fixed design as good."""
    lines = [
        "| to show | decided by the looks | power [95 % interval] | mean seeds | fixed, as good |",
        "|---|---|---:|---:|---:|",
    ]
    for name, case in power_cases():
        found = case["sequential"]
        looks = ", ".join(f"{n}: {share:.1%}" for n, share in found["decided_by"].items())
        fixed = found["fixed_seeds_of_equal_power"] or "–"
        lines.append(
            f"| {name} | {looks} | {with_interval(found['power'])} "
            f"| {found['mean_seeds']:.1f} | {fixed} |"
        )
    return lines


def nights_table() -> list[str]:
    """What e-processes do over sixty nights: wrong verdicts ever, and the night of a right one."""
    found = read("nightly")
    names = list(next(iter(found["ever_wrong"].values())))
    head = [f"`{name}`" if "^" in name else name for name in names]
    lines = [f"| differences | {' | '.join(head)} |", "|---|" + "---:|" * len(names)]
    for case, rates in found["ever_wrong"].items():
        ever = [(rates[name]["rate"], *rates[name]["interval"]) for name in names]
        texts = [f"{rate:.1%} [{low:.1%}, {high:.1%}]" for rate, low, high in ever]
        lines.append(f"| {case}: ever wrong | {' | '.join(texts)} |")
    for case, nights in found["nights"].items():
        pairs = [[str(night or "later") for night in nights[name]] for name in names]
        texts = [f"{median} ({most})" for median, most in pairs]
        lines.append(f"| {case}: median night (nine of ten) | {' | '.join(texts)} |")
    return lines


def nightly_table() -> list[str]:
    """Wrong verdicts over sixty nights, and the mean night of each claim's last seeds."""
    found = read("nightly")
    lines = [
        f"| world | suites | any wrong verdict [95 % interval] | {' | '.join(FAMILY)} |",
        "|---|---:|---:|" + "---|" * len(FAMILY),
    ]
    for name, result in found["worlds"].items():
        said = [_given(result["claims"][claim], found["seeds_per_night"]) for claim in FAMILY]
        lines.append(
            f"| {name} | {result['suites']} | {with_interval(result['any_wrong'])} "
            f"| {' | '.join(said)} |"
        )
    return lines


def _given(tally: Mapping[str, Any], seeds_per_night: int) -> str:
    words = [
        f"{word} {tally['verdicts'][word]['rate']:.0%}"
        for word in Verdict
        if tally["verdicts"][word]["count"]
    ]
    return f"{', '.join(words)}; night {tally['mean_seeds'] / seeds_per_night:.0f}"
