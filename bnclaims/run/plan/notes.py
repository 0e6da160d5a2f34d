"""Notes below a forecast: how to read it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from bnclaims.audit.forecast.cost import BASES
from bnclaims.report.formatting import amount_of, duration
from bnclaims.run.plan.cell_table import Plain


def notes(told: Plain, *, all_groups: bool) -> Iterator[str]:
    """Paragraphs on how to read what is printed, and on what it rests."""
    whole = told["totals"]["all_looks"]["whole"]
    basis = whole["basis"]
    yield (
        "* primary cell. A group is the trials of one setting: they differ in arm and seed only"
        + ("." if all_groups else " (--groups lists them).")
        + " All looks is an upper bound: cells share trials, and a decided cell asks for no more."
    )
    parts = [f"{basis[kind]:,} {how}" for kind, how in BASES if basis.get(kind)]
    if whole["unknown"]:
        parts.append(f"{whole['unknown']:,} unknown (what builds their network is not installed)")
    yield (
        f"Times of {whole['trials']:,} trials, from {told['store']['timed_trials']:,} stored ones: "
        f"{'; '.join(parts)}."
    )
    if basis.get("assumed"):
        yield (
            f"Assumed: {told['assumed_rate']}. A few trials in the store make a measurement "
            "of it, e.g. of pytest claims -k premise."
        )
    if told["not_there"]:
        yield (
            f"Planned as if it were there: {', '.join(told['not_there'])}. A run downloads what it "
            "may; what it cannot have it does without, as the protocol says, and says so."
        )
    look = "night" if told["nights"] else "look"
    yield (
        f"Under {_look_names(told)} seeds: the smallest true effect shown, with "
        f"{told['power']:.0%} power by that {look}, to be above the size in its row (± and −: the "
        "narrowest margin that a true 0 is shown to respect), for normal differences of that SD; – "
        "where it cannot."
    )
    if any(
        c["assumed"]
        for claim in told["claims"]
        for cell in claim["cells"]
        for c in cell.get("contrasts", ())
    ):
        yield (
            f"? no pilot in the store: the SD of a gain is assumed to be {told['assumed_spread']:g} "
            "(--assumed-spread), networks being independent."
        )
    if any(cell.get("chances") for claim in told["claims"] for cell in claim["cells"]):
        yield (
            "Seeds missing: until the chance of a verdict is at least "
            f"{told['power']:.0%} (in brackets), the rest of the seeds being drawn from the stored "
            "ones and judged by the real judge. A simulation ends when that is clear, after 20 draws "
            "at the least; --json has their numbers and intervals."
        )
    if told["target_power"] is not None:
        bill = told["proposed"]
        yield (
            f"These seeds make {bill['trials']:,} trials, {amount_of(bill, duration(bill['seconds']))} "
            "of one worker. In doubt: the same chance when every simulated audit first redraws the "
            "pilot, as a small one is not the truth. A number chosen on a pilot and judged on the same "
            "seeds confirms nothing: put it into a new protocol, for other images."
        )


def _look_names(told: Plain) -> str:
    looks = {
        n for claim in told["claims"] for cell in claim["cells"] for n in cell.get("looks", ())
    }
    return " / ".join(map(str, sorted(looks)))
