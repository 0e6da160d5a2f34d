"""The words at the top of the report page: what was asked, how it came out, what was run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bnclaims.protocol.schema import FAMILY
from bnclaims.report.formatting import interval, listed, name_of
from bnclaims.report.model_beside import StatedSummary
from bnclaims.report.page.overview import deciding_cell
from bnclaims.report.row import in_full

# The words in the order of the page, and what each means.
VERDICTS = {
    "SUPPORTED": "The test that can show the statement rejected its null hypothesis at the level "
    "of the claim, and the estimate is as large as the protocol asks for.",
    "REFUTED": "The test that can show the opposite rejected its null hypothesis. This is a "
    "finding about the claim as read here, not a fault of the run.",
    "INCONCLUSIVE": "Neither test rejected, or the cell was not run. It is no evidence for either "
    "side; more seeds may decide it.",
    "INVALID": "The word would rest on the absence of an effect, and a control did not show that "
    "this assay could have seen one.",
}
COUNTS = ("none", "one", "two", "three", "four", "five", "six")


def not_tested(document: Mapping[str, Any]) -> Sequence[str]:
    """Ids of the claims that a budget left out as a whole."""
    ids: Sequence[str] = document["protocol"].get("budget", {}).get("not_tested", ())
    return ids


def tested(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The claims of which some cell was judged."""
    return [claim for claim in document["claims"] if any(c["finding"] for c in claim["cells"])]


def tally(claims: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Names of the claims of the family under each verdict word, in the order of the words."""
    return {
        word: [name_of(c["id"]) for c in claims if c["family"] and c["verdict"] == word]
        for word in VERDICTS
    }


def family_size(document: Mapping[str, Any]) -> int:
    """How many claims share the error rate, judged or not."""
    return len(document["protocol"].get("family", FAMILY))


def count_word(count: int) -> str:
    """A small number in words, a larger one in digits."""
    return COUNTS[count] if count < len(COUNTS) else str(count)


def headline(document: Mapping[str, Any]) -> str:
    """The title of the page: how many claims about what were tested."""
    every = family_size(document)
    count = sum(claim["family"] for claim in tested(document))
    subject = document["paper"]["subject"]
    claims = "claim" if every == 1 else "claims"
    if not count:
        return (
            f"{count_word(every).capitalize()} {claims} about {subject}, none of them judged here"
        )
    which = count_word(every) if count == every else f"{count_word(count)} of {count_word(every)}"
    return f"{which.capitalize()} {claims} about {subject}, put to the test"


def synthetic(document: Mapping[str, Any]) -> str:
    """Which cells rest on images that a program drew, as a phrase; empty where there are none."""
    drawn = {data["name"]: data["title"] for data in document["data"] if data["synthetic"]}
    cells = [
        (claim["id"], {setting["task"]["dataset"] for setting in cell["settings"].values()})
        for claim in document["claims"]
        for cell in claim["cells"]
        if cell["finding"]
    ]
    claims = dict.fromkeys(name_of(claim) for claim, names in cells if names & drawn.keys())
    if not claims:
        return ""
    everywhere = all(names <= drawn.keys() for _, names in cells)
    where = "in every cell" if everywhere else f"in cells of {listed(claims)}"
    return f"{listed(drawn.values())}, {where}"


def answer(document: Mapping[str, Any]) -> str:
    """The paragraph at the top: how the family and the premise came out, in careful words."""
    claims = tested(document)
    family = [claim for claim in claims if claim["family"]]
    counts = Counter(claim["verdict"] for claim in family)
    clauses = [
        f"{count_word(counts[word])} {'is' if counts[word] == 1 else 'are'} {word.lower()}, "
        f"{listed(names)}"
        for word, names in tally(claims).items()
        if names
    ]
    run = "simulated, not trained," if document["run"].get("synthetic_world") else "run"
    where = f"{run} on {document['selection']['dataset']}"
    every = family_size(document)
    said = [f"{_scope(family, every, where)}{'; '.join(clauses)}."]
    if every == len(family) == 1:
        said = [
            f"The claim, as operationalised here and {where}, is {family[0]['verdict'].lower()}"
            f"{_size(family[0])}."
        ]
    premise = next((claim for claim in claims if claim["id"] == "premise"), None)
    if premise is not None:
        said.append(
            f"The premise on which they rest is {premise['verdict'].lower()}{_size(premise)}."
        )
        if premise.get("summary") is not None:
            said.append(in_full(StatedSummary.model_validate(premise["summary"]).summary()))
    return " ".join(filter(None, said))


def what_ran(document: Mapping[str, Any]) -> str:
    """How many networks of which kinds were trained on what, over how many seeds."""
    judged = [cell for claim in document["claims"] for cell in claim["cells"] if cell["finding"]]
    if not judged:
        return "Nothing was judged."
    settings = [setting for cell in judged for setting in cell["settings"].values()]
    names = {data["name"]: data["title"] for data in document["data"]}
    networks = listed(dict.fromkeys(setting["architecture"] for setting in settings))
    data = listed(dict.fromkeys(setting["task"]["dataset"] for setting in settings), names)
    seeds = sorted({cell["seeds"] for cell in judged})
    over = f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
    attrition = document["attrition"]
    trained = "simulated" if document["run"].get("synthetic_world") else "trained"
    return (
        f"{attrition['trials']} {trained} networks ({networks}) on {data}, over {over} paired seeds a "
        f"cell; {attrition['diverged'] or 'none'} diverged."
    )


def _scope(family: Sequence[Mapping[str, Any]], every: int, where: str) -> str:
    """Of how many of how many claims the paragraph speaks, up to where their words follow."""
    if not family:
        return f"None of the {count_word(every)} claims was judged in this audit, {where}"
    if len(family) == every:
        return f"Of the {count_word(every)} claims, as operationalised here and {where}, "
    judged = f"{count_word(len(family)).capitalize()} of the {count_word(every)} claims"
    were = "was" if len(family) == 1 else "were"
    return f"{judged} {were} judged, as operationalised here and {where}: "


def _size(claim: Mapping[str, Any]) -> str:
    cell = deciding_cell(claim)
    if cell is None or cell["estimate"] is None:
        return ""
    return (
        f": {cell['finding']['label']} {interval(cell['estimate'], cell['interval'])}, typical "
        f"(pseudomedian) of {cell['seeds']} paired seeds"
    )
