"""Claim: a paper's sentence, what it needs, and a pure function that says what it asserts."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from bnclaims.audit.evidence.evidence import Evidence
from bnclaims.audit.statements.statement import Statement
from bnclaims.errors import BnclaimsError, is_dir, is_file
from bnclaims.protocol.names import ARMS, FINAL_BN, KEPT, PLAIN

ATTRIBUTE = "bnclaims_claim"

Assertion = Callable[[Evidence], Statement]


@dataclasses.dataclass(frozen=True)
class Shown:
    """A network that a report draws seed by seed: an arm, how it is read, and its name there."""

    arm: str
    readout: str
    name: str


@dataclasses.dataclass(frozen=True)
class Gain:
    """The claim's cells say whether the layer gains anything in their setting."""


@dataclasses.dataclass(frozen=True)
class Remedy:
    """The claim says that ``name``, which needs no layer, does as well as the layer.

    Where several claims are about one remedy, it does as well as the least of their answers.
    """

    name: str


@dataclasses.dataclass(frozen=True)
class StillThere:
    """The claim's cells say whether the gain is there once the plain network finds its training minority.

    It speaks of cells of other claims that differ in nothing but the training.
    """


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """The claim answers a question about the layer: ``yes`` where it is supported, else ``no``.

    A comparison answers for itself. ``bounds`` names what an advice to use the layer is limited to
    unless the answer is ``free``. ``place`` orders the questions of a report.
    """

    text: str
    place: int
    yes: str = "yes"
    no: str = "no"
    bounds: str | None = None
    free: str | None = None


PLAIN_KEPT = Shown(PLAIN, KEPT, "plain")
FINAL_BN_KEPT = Shown(FINAL_BN, KEPT, "final BN")


def between(arm: str, readout: str, name: str) -> tuple[Shown, Shown, Shown]:
    """What is held against the layer, drawn between the plain network and final BN."""
    return PLAIN_KEPT, Shown(arm, readout, name), FINAL_BN_KEPT


# What a claim tells the advice of a report; None: nothing.
Tells = Gain | Remedy | StillThere | Question | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of a paper and how it is tested.

    ``id`` names its cells in the protocol. ``combine`` says how cells make the claim's verdict:
    ``primary`` takes the primary cell's, ``replication`` asks that it hold in at least as many
    cells as the protocol's ``replications``, ``each`` gives every cell its own verdict only.
    ``wording`` are the words of the sentence that the statement gives a size to. ``shows`` are the
    networks that a report draws seed by seed, ``tells`` is the claim's part in its advice, and
    ``folder`` that of the file which it was discovered in.
    """

    id: str
    sentence: str
    arms: tuple[str, ...]
    combine: str
    source: str
    assertion: Assertion
    title: str
    reading: str
    wording: str = ""
    shows: tuple[Shown, ...] = (PLAIN_KEPT, FINAL_BN_KEPT)
    tells: Tells = None
    folder: Path | None = None


def claim(
    id: str,
    sentence: str,
    *,
    arms: Iterable[str],
    combine: str = "primary",
    source: str = "arXiv:2109.09016, abstract",
    wording: str = "",
    title: str = "",
    shows: Iterable[Shown] = (PLAIN_KEPT, FINAL_BN_KEPT),
    tells: Tells = None,
) -> Callable[[Assertion], Assertion]:
    """Decorator that declares a test function as a claim.

    ``sentence`` is what is claimed, ``arms`` what must be trained; the function's docstring (or its
    module's) says how the sentence is read. ``wording`` quotes the words of it that the statement
    gives a size to, for messages such as: "almost no impact" means within 0.10. ``title`` heads the
    claim in a report; without it, that is the first line of the module's docstring, which is enough
    where a file holds one claim. ``shows`` are the networks that a report draws seed by seed, and
    ``tells`` is what its advice takes from the claim. The function gets `Evidence` and returns a
    `Statement`.
    """
    arms = tuple(arms)
    if unknown := [arm for arm in arms if arm not in ARMS]:
        raise BnclaimsError(
            f"claim {id}: unknown arm {unknown[0]!r}; use one of {', '.join(ARMS)}."
        )
    if combine not in ("primary", "replication", "each"):
        raise BnclaimsError(f"claim {id}: combine={combine!r}; use primary, replication or each.")
    if wording not in sentence:
        raise BnclaimsError(f"claim {id}: wording {wording!r} is not in its sentence; quote it.")

    def declare(assertion: Assertion) -> Assertion:
        module = sys.modules.get(assertion.__module__)
        first = (module.__doc__ or "").strip().splitlines()[:1] if module else []
        declared = Claim(
            id=id,
            sentence=sentence,
            arms=arms,
            combine=combine,
            source=source,
            assertion=assertion,
            title=title or "".join(first) or sentence,
            reading=" ".join((assertion.__doc__ or "").split()),
            wording=wording,
            shows=tuple(shows),
            tells=tells,
        )
        setattr(assertion, ATTRIBUTE, declared)
        return assertion

    return declare


def claim_of(function: object) -> Claim | None:
    """The claim a function was declared as, or None."""
    declared = getattr(function, ATTRIBUTE, None)
    return declared if isinstance(declared, Claim) else None


def discover(place: Path, *, required: bool = True) -> list[Claim]:
    """The claims declared in a claim file, or in the ``test_*.py`` files of a folder, in order.

    Reports are judged by the claims that stand here, never by code that a report brings along.
    Raises `BnclaimsError` when there is none and one is ``required``.
    """
    if not (is_dir(place) or is_file(place)):
        raise BnclaimsError(f"--claims {place}: no such folder; give the one with the claim files.")
    found = []
    for path in sorted(place.glob("test_*.py")) if place.is_dir() else [place]:
        # Other tests of a folder are none of our business, and may be slow to import.
        if "@claim(" not in path.read_text(encoding="utf-8", errors="replace"):
            continue
        name = (
            f"_bnclaims_claims_{hashlib.sha256(bytes(path.resolve())).hexdigest()[:8]}_{path.stem}"
        )
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise BnclaimsError(f"{path.name}: cannot be imported; make it a Python file.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except ImportError as error:
            raise BnclaimsError(
                f"{path.name}: {error}; mend the import: bnclaims.audit has all that a claim takes."
            ) from error
        # Only what pytest would collect: tests of this package declare claims for their own use.
        found += [
            dataclasses.replace(declared, folder=path.parent)
            for name, value in vars(module).items()
            if name.startswith("test") and (declared := claim_of(value))
        ]
    if required and not found:
        raise BnclaimsError(
            f"--claims {place}: no claims in it; give the folder with the claim files."
        )
    return found


def beside(claims: Iterable[Claim]) -> list[Claim]:
    """The claims, with all that are declared in the folders that they were discovered in.

    An advice must know what was not tested: a remedy without cells, or in another file, was not beaten.
    """
    claims = list(claims)
    known = {declared.id: declared for declared in claims}
    for folder in {declared.folder: None for declared in claims if declared.folder is not None}:
        known = {declared.id: declared for declared in discover(folder)} | known
    return list(known.values())
