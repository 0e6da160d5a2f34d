"""Provenance of a report: where it comes from and how to make it again, in the words of its page."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from bnclaims.report.model import Report
from bnclaims.report.model_parts import StatedRun


def run_facts(run: StatedRun, trials: int) -> list[tuple[str, JsonValue]]:
    """The facts of the run; what it did not train came from the store."""
    facts = run.plain()
    if run.trained is not None and not run.synthetic_world:
        facts["trained"] = (
            f"{run.trained} here, {max(0, trials - run.trained)} taken from the store"
        )
    return list(facts.items())


def command_of(report: Report) -> str:
    """The command that trains a report again, by the protocol that lies beside its page."""
    selection = report.selection
    # Claims of another paper stand in a folder that only its authors know.
    command = ["pytest", "my_claims" if report.recommendation is None else "claims"]
    # A report names no folder of its author's disk.
    folder = selection.dataset.startswith("folder:")
    command += ["--protocol", "protocol.toml"]
    command += ["--dataset", "folder:PATH" if folder else selection.dataset]
    if world := report.run.synthetic_world:
        command += ["--world", world]
    for kind, names in (("majority", selection.majority), ("minority", selection.minority)):
        for name in names:
            command += [f"--{kind}", name]
    if any(release.files for data in report.data for release in data.releases or ()):
        command += ["--data-root", "data"]
    return shlex.join([*command, *(["--gpu"] if selection.device == "cuda" else [])])


def check_of(report: Report) -> str:
    """The command that recomputes a report."""
    other_paper = report.recommendation is None
    return "bnclaims verify FOLDER" + (" --claims my_claims" if other_paper else "")


def weights_said(report: Report) -> list[str]:
    """What came of the wish for ImageNet weights, in sentences."""
    leave_out = report.protocol.value("without_weights", section="training") == "leave_out"
    return list(weights_sentences(report.selection.weights, leave_out=leave_out))


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
