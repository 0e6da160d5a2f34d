"""Where a report comes from and how to make it again, in the words of its page."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any


def run_facts(run: Mapping[str, Any], trials: int) -> list[tuple[str, Any]]:
    """The facts of the run; what it did not train came from the store."""
    facts = dict(run)
    if isinstance(trained := facts.get("trained"), int) and not run.get("synthetic_world"):
        facts["trained"] = f"{trained} here, {max(0, trials - trained)} taken from the store"
    return list(facts.items())


def command_of(document: Mapping[str, Any]) -> str:
    """The command that trains a report again, by the protocol that lies beside its page."""
    selection = document["selection"]
    # Claims of another paper stand in a folder that only its authors know.
    words = ["pytest", "claims" if "recommendation" in document else "my_claims"]
    # A report names no folder of its author's disk.
    folder = selection["dataset"].startswith("folder:")
    words += ["--protocol", "protocol.toml"]
    words += ["--dataset", "folder:PATH" if folder else selection["dataset"]]
    if world := document["run"].get("synthetic_world"):
        words += ["--world", world]
    for kind in ("majority", "minority"):
        for name in selection[kind]:
            words += [f"--{kind}", name]
    if any(release["files"] for data in document["data"] for release in data.get("releases", ())):
        words += ["--data-root", "data"]
    return shlex.join([*words, *(["--gpu"] if selection["device"] == "cuda" else [])])


def check_of(document: Mapping[str, Any]) -> str:
    """The command that recomputes a report."""
    return "bnclaims verify FOLDER" + (
        "" if "recommendation" in document else " --claims my_claims"
    )


def weights_said(document: Mapping[str, Any]) -> list[str]:
    """What came of the wish for ImageNet weights, in sentences."""
    rule = document["protocol"]["reasons"]["training"].get("without_weights", {})
    asked = document["selection"].get("weights", {})
    return list(weights_sentences(asked, leave_out=rule.get("value") == "leave_out"))


def weights_sentences(
    asked: Mapping[str, str | None], *, leave_out: bool, remedies: Mapping[str, str] | None = None
) -> Iterator[str]:
    """What came of the wish for ImageNet weights: a sentence for each architecture.

    ``asked`` has the identities of the weights, None where there were none; ``leave_out`` says
    that such cells are left out instead of being trained from scratch; ``remedies``, by
    architecture, how to get them.
    """
    for architecture, digits in asked.items():
        if digits is not None:
            yield f"{architecture} starts from ImageNet weights (sha256 {digits}...)."
            continue
        then = "is left out" if leave_out else "is trained from scratch"
        how = f" ({remedies[architecture]})" if remedies else ""
        yield (
            f"{architecture} {then} where the protocol asks for ImageNet weights, as there were "
            f"none{how}."
        )
