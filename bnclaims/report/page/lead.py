"""Lead of the report page: what was asked, how it came out, what was run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bnclaims.protocol.names import KEPT, PLAIN, SCRATCH
from bnclaims.protocol.schema import FAMILY
from bnclaims.report.formatting import interval, listed, name_of
from bnclaims.report.model import Report, StatedCell, StatedClaim
from bnclaims.report.remedies import own_questions
from bnclaims.report.row import in_full, in_scores

# The verdicts in the order of the page, and what each means.
VERDICTS = {
    "SUPPORTED": "The test that can show the statement rejected its opposite at the level of the "
    "claim: that an effect is at most the smallest that matters, in every score that is asked.",
    "REFUTED": "The test that can show the opposite rejected its null hypothesis. This is a "
    "finding about the claim as read here, not a fault of the run.",
    "INCONCLUSIVE": "Neither test rejected, or the cell was not run. It is no evidence for either "
    "side; more seeds may decide it.",
    "INVALID": "The verdict would rest on the absence of an effect, and a control did not show that "
    "this assay could have seen one.",
}
COUNTS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight")


def tested(report: Report) -> list[StatedClaim]:
    """The claims that have a verdict."""
    return [claim for claim in report.claims if claim.judged and claim.findings]


def tally(claims: Sequence[StatedClaim]) -> dict[str, list[str]]:
    """Names of the claims of the family under each verdict, in the order of the verdicts."""
    return {
        verdict: [name_of(c.id) for c in claims if c.family and c.verdict == verdict]
        for verdict in VERDICTS
    }


def family_size(report: Report) -> int:
    """How many claims share the error rate, judged or not."""
    family = report.protocol.family
    return len(FAMILY if family is None else family)


def count_word(count: int) -> str:
    """A small number in words, a larger one in digits."""
    return COUNTS[count] if count < len(COUNTS) else str(count)


def headline(report: Report) -> str:
    """The title of the page: how many claims about what were tested."""
    every = family_size(report)
    count = sum(claim.family for claim in tested(report))
    if own_questions(report):
        return f"What helps a rare class: {report.selection.dataset}"
    subject = report.paper.subject
    claims = "claim" if every == 1 else "claims"
    if not count:
        return (
            f"{count_word(every).capitalize()} {claims} about {subject}, none of them judged here"
        )
    which = count_word(every) if count == every else f"{count_word(count)} of {count_word(every)}"
    return f"{which.capitalize()} {claims} about {subject}, put to the test"


def synthetic(report: Report) -> str:
    """Which cells rest on images that a program drew, as a phrase; empty where there are none."""
    drawn = {data.name: data.title for data in report.data if data.synthetic}
    cells = [
        (claim.id, {setting.task.dataset for setting in cell.settings.values()})
        for claim in report.claims
        for cell in claim.cells
        if cell.finding
    ]
    claims = dict.fromkeys(name_of(claim) for claim, names in cells if names & drawn.keys())
    if not claims:
        return ""
    everywhere = all(names <= drawn.keys() for _, names in cells)
    where = "in every cell" if everywhere else f"in cells of {listed(claims)}"
    return f"{listed(drawn.values())}, {where}"


def answer(report: Report) -> str:
    """The paragraph at the top: how the family and the premise came out, in careful words."""
    claims = tested(report)
    family = [claim for claim in claims if claim.family]
    counts = Counter(str(claim.verdict) for claim in family)
    clauses = [
        f"{count_word(counts[verdict])} {'is' if counts[verdict] == 1 else 'are'} "
        f"{verdict.lower()}, {listed(names)}"
        for verdict, names in tally(claims).items()
        if names
    ]
    run = "simulated, not trained," if report.run.synthetic_world else "run"
    where = f"{run} on {report.selection.dataset}"
    every = family_size(report)
    said = [f"{_scope(family, every, where)}{'; '.join(clauses)}."]
    if every == len(family) == 1:
        said = [
            f"The claim, as operationalised here and {where}, is {family[0].verdict.lower()}"
            f"{_size(family[0])}."
        ]
    premise = next((claim for claim in claims if claim.id == "premise"), None)
    if premise is not None:
        said.append(f"The premise on which they rest is {premise.verdict.lower()}{_size(premise)}.")
        said.append(_one_sided(premise))
        if premise.summary is not None:
            said.append(in_full(premise.summary.summary()))
    return " ".join(filter(None, said))


def abstract_only(report: Report) -> bool:
    """Whether all that the claims say of the paper comes from its abstract."""
    sources = {claim.source for claim in report.claims if not claim.own}
    return bool(sources) and all(source.endswith(("abstract", "abstracts")) for source in sources)


def from_scratch(report: Report) -> bool:
    """Whether every network that was judged began with random weights."""
    return all(
        setting.regime == SCRATCH
        for claim in report.claims
        for cell in claim.cells
        if cell.finding
        for setting in cell.settings.values()
    )


def what_ran(report: Report) -> str:
    """How many networks of which kinds were trained on what, over how many seeds, at which scale."""
    judged = [cell for claim in report.claims for cell in claim.cells if cell.finding]
    if not judged:
        return "Nothing was judged."
    settings = [setting for cell in judged for setting in cell.settings.values()]
    names = {data.name: data.title for data in report.data}
    networks = listed(dict.fromkeys(setting.architecture for setting in settings))
    data = listed(dict.fromkeys(setting.task.dataset for setting in settings), names)
    seeds = sorted({cell.seeds for cell in judged})
    over = f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
    attrition = report.attrition
    trained = "simulated" if report.run.synthetic_world else "trained"
    start = "from scratch" if from_scratch(report) else "not all from scratch"
    pixels = listed(str(size) for size in sorted({s.task.image_size for s in settings}))
    return (
        f"{attrition.trials} {trained} networks ({networks}), {start}, on {data} of {pixels} pixels a "
        f"side, over {over} paired seeds a cell; {attrition.diverged or 'none'} diverged. All of it is "
        "written anew."
    )


def _scope(family: Sequence[StatedClaim], every: int, where: str) -> str:
    """Of how many of how many claims the paragraph speaks, up to where their verdicts follow."""
    if not family:
        return f"None of the {count_word(every)} claims was judged in this audit, {where}"
    if len(family) == every:
        return f"Of the {count_word(every)} claims, as operationalised here and {where}, "
    judged = f"{count_word(len(family)).capitalize()} of the {count_word(every)} claims"
    were = "was" if len(family) == 1 else "were"
    return f"{judged} {were} judged, as operationalised here and {where}: "


def _size(claim: StatedClaim) -> str:
    cell = claim.headline
    if cell is None or cell.finding is None or cell.estimate is None:
        return ""
    return (
        f": {cell.finding.label} {_in_words(cell)}, typical "
        f"(pseudomedian) of {cell.seeds} paired seeds"
    )


def _one_sided(claim: StatedClaim) -> str:
    """In how many seeds the network without the layer tells nothing apart; empty where in none."""
    beside = claim.headline.beside if claim.headline else None
    plain = [n for n in (beside.networks if beside else ()) if (n.arm, n.readout) == (PLAIN, KEPT)]
    if len(plain) != 1 or not plain[0].one_sided:
        return ""
    return (
        f"The plain network calls all test images one class in {plain[0].one_sided} of "
        f"{plain[0].seeds} seeds."
    )


def _in_words(cell: StatedCell) -> str:
    found = cell.finding
    if found is None or len(found.scores) < 2:
        return interval(cell.estimate, cell.interval)
    return " and ".join(in_scores(found.scores))
