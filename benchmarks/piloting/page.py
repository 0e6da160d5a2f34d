"""The tables of the pilot, in Markdown, from the JSON that `benchmarks/pilot.py` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from markdown_tables import row

from bnclaims.protocol.names import FINAL_BN, PLAIN
from piloting.choose import Group, groups, lasting_steps, rates

DEAD = 0.05


def datasets(result: Mapping[str, Any]) -> dict[str, list[Group]]:
    """The groups of every dataset of a result."""
    return {
        name: groups(dict(zip(table["columns"], one, strict=True)) for one in table["rows"])
        for name, table in result["datasets"].items()
    }


def page(result: Mapping[str, Any]) -> Iterator[str]:
    """All tables, one after the other."""
    found = datasets(result)
    yield from chosen_lines(found)
    for name, of_dataset in found.items():
        yield from ("", f"### {name}", "")
        yield from group_lines(of_dataset)
    if result["triples"]:
        yield ""
        yield from triple_lines(result)


def chosen_lines(found: Mapping[str, list[Group]]) -> Iterator[str]:
    """T* and the rates at it, for each dataset."""
    yield row("dataset", "T*", "arm", "rate", "minority found", "seeds", *_SCORES)
    yield row(*["---"] * 11)
    for name, of_dataset in found.items():
        steps = lasting_steps(of_dataset)
        longest = max(group.steps for group in of_dataset)
        shown = f"more than {longest}" if steps is None else str(steps)
        chosen = rates(of_dataset, longest if steps is None else steps)
        for arm in (PLAIN, FINAL_BN):
            _, _, *rest = _cells(chosen[arm])
            yield row(name, shown, arm, *rest)


_SCORES = ("validation J, AUC", "test F1, J, AUC", "dead", "other readout F1, J", "seconds")


def group_lines(of_dataset: list[Group]) -> Iterator[str]:
    """The means of every arm, rate and length; chosen rates in bold."""
    yield row("arm", "steps", "rate", "minority found", "seeds", *_SCORES)
    yield row(*["---"] * 10)
    chosen = {id(one) for group in of_dataset for one in rates(of_dataset, group.steps).values()}
    for group in sorted(of_dataset, key=lambda one: (one.arm != PLAIN, one.steps, one.rate)):
        arm, steps, rate, *rest = _cells(group)
        yield row(arm, steps, f"**{rate}**" if id(group) in chosen else rate, *rest)


def triple_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Claim (v): what C gains by the layer where B is a minority (g1), where it is a majority (g2)."""
    scores = ("F1", "J")
    heads = [f"{what} {score}" for score in scores for what in ("plain", "g1", "g2", "g1 - g2")]
    yield row("dataset", *heads, "seconds")
    yield row(*["---"] * (len(heads) + 2))
    for name, table in result["triples"].items():
        rows = [dict(zip(table["columns"], one, strict=True)) for one in table["rows"]]
        seconds = sum(one["seconds"] for one in rows) / len(rows)
        yield row(name, *_gains(rows, "test_f1"), *_gains(rows, "test_j"), f"{seconds:.2f}")


def _gains(rows: list[dict[str, Any]], score: str) -> list[str]:
    def of(arm: str, b_is_majority: bool) -> np.ndarray:
        return np.array(
            [
                one[score]
                for one in rows
                if (one["arm"], one["b_is_majority"]) == (arm, b_is_majority)
            ]
        )

    plain = {b: of(PLAIN, b) for b in (False, True)}
    first, second = (of(FINAL_BN, b) - plain[b] for b in (False, True))
    return [
        " / ".join(_number(plain[b].mean()) for b in (False, True)),
        *(_with_error(gain) for gain in (first, second, first - second)),
    ]


def _with_error(values: np.ndarray) -> str:
    return f"{_number(values.mean())} ± {_number(values.std(ddof=1) / len(values) ** 0.5)}"


def _cells(group: Group) -> list[str]:
    means = {
        name: ", ".join(_number(group.mean(f"{name}_{metric}")) for metric in metrics)
        for name, metrics in {
            "validation": ("j", "auc"),
            "test": ("f1", "j", "auc"),
            "other": ("f1", "j"),
        }.items()
    }
    dead = sum(abs(one["test_j"]) < DEAD for one in group.rows)
    found = group.mean("found") / group.mean("train_minority")
    return [
        group.arm,
        str(group.steps),
        f"{group.rate:g}",
        _number(found),
        f"{group.finders} of {len(group.rows)}",
        means["validation"],
        means["test"],
        str(dead),
        means["other"],
        f"{group.mean('seconds'):.2f}",
    ]


def _number(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"
