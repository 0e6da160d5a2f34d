"""Counts: what suites on a world said, how often that was wrong, and the file that keeps it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from bnclaims.audit.beside.results import Mostly, Specificity
from bnclaims.audit.verdict import Verdict
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.load import Protocol
from bnclaims.protocol.schema import FAMILY
from bnclaims.run.calibrate.suite import Suite, SuiteVerdict
from bnclaims.stats import clopper_pearson
from bnclaims.store.atomic_files import write_whole
from bnclaims.training import synthetic

CONFIDENCE = 0.95
_Name = TypeVar("_Name", bound=StrEnum)
# One letter per suite, so that a file holds what was said and not only how often.
_LETTERS: Final[Mapping[StrEnum, str]] = {
    Verdict.SUPPORTED: "S",
    Verdict.REFUTED: "R",
    Verdict.INCONCLUSIVE: "-",
    Verdict.INVALID: "x",
    Specificity.SPECIFIC: "s",
    Specificity.MOVED_THRESHOLD: "t",
    Specificity.NOT_KNOWN: "-",
    Mostly.THRESHOLD: "t",
    Mostly.RANKING: "r",
    Mostly.NO_GAIN: "0",
    Mostly.NOT_KNOWN: "-",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rate:
    """A count among suites with its Clopper-Pearson interval."""

    count: int
    suites: int

    def as_dict(self) -> dict[str, float | int]:
        """Count, rate and the ends of the interval."""
        low, high = clopper_pearson(self.count, self.suites, confidence=CONFIDENCE)
        return {"count": self.count, "rate": self.count / self.suites, "low": low, "high": high}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Counts:
    """The suites of a world that were run, in order."""

    world: str
    protocol: Protocol
    seed: int
    done: Sequence[Suite] = ()

    @property
    def suites(self) -> int:
        """How many were run."""
        return len(self.done)

    def as_dict(self) -> dict[str, Any]:
        """Plain data: every verdict, and the rates that follow from them."""
        truth = synthetic.world(self.world)
        wrong = sum(
            any(suite.said[claim].verdict in truth.wrong[claim] for claim in FAMILY)
            for suite in self.done
        )
        return {
            "world": self.world,
            "truth": truth.truth,
            "theta": list(truth.theta),
            "mean": list(truth.mean),
            "suites": self.suites,
            "seed": self.seed,
            "protocol": {"name": self.protocol.name, "sha256": self.protocol.sha256},
            "confidence": CONFIDENCE,
            "processor_seconds": round(sum(suite.seconds for suite in self.done), 1),
            "any_wrong": Rate(count=wrong, suites=self.suites).as_dict(),
            "claims": {claim: self._of(claim, truth.wrong[claim]) for claim in FAMILY},
            "beside": {
                "specific": _tally([one.specific for one in self.done], truth.wrong_beside),
                "mostly": _tally([one.mostly for one in self.done], truth.wrong_beside),
            },
        }

    def _of(self, claim: str, wrong: Collection[str]) -> dict[str, Any]:
        said = [suite.said[claim] for suite in self.done]
        return {
            **_tally([one.verdict for one in said], wrong),
            "mean_seeds": sum(one.seeds for one in said) / self.suites,
            "seeds": " ".join(f"{one.seeds:g}" for one in said),
        }

    def write(self, path: Path) -> None:
        """Replaces the file by these counts."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps(self.as_dict(), indent=1) + "\n").encode(), replace=True)

    @classmethod
    def read(cls, path: Path, *, world: str, protocol: Protocol, seed: int) -> Counts:
        """The counts of a file; `BnclaimsError` where they are of something else."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            stated = (found["world"], found["protocol"]["sha256"], found["seed"])
            claims = {
                claim: [
                    SuiteVerdict(verdict=verdict, seeds=float(seeds))
                    for verdict, seeds in zip(
                        _read(Verdict, found["claims"][claim]),
                        found["claims"][claim]["seeds"].split(),
                        strict=True,
                    )
                ]
                for claim in FAMILY
            }
            specific = _read(Specificity, found["beside"]["specific"])
            mostly = _read(Mostly, found["beside"]["mostly"])
            each = found["processor_seconds"] / found["suites"]
            done = [
                Suite(
                    said={claim: said[place] for claim, said in claims.items()},
                    specific=specific[place],
                    mostly=mostly[place],
                    seconds=each,
                )
                for place in range(found["suites"])
            ]
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise BnclaimsError(
                f"--into {path}: is no file of a calibration; name another or remove it."
            ) from error
        if stated != (world, protocol.sha256, seed):
            raise BnclaimsError(
                f"--into {path}: was counted in another world, under another protocol or with "
                "another --seed; name another file or remove it."
            )
        return cls(world=world, protocol=protocol, seed=seed, done=tuple(done))

    def check_first(self, suite: Suite, path: Path) -> None:
        """`BnclaimsError` where the first suite, run again, says something else than the file."""
        if self.done and dataclasses.replace(suite, seconds=self.done[0].seconds) != self.done[0]:
            raise BnclaimsError(
                f"--into {path}: its first suite says something else when run again, so that another "
                "judge or generator counted it; name another file or remove it."
            )


def _tally(said: Sequence[StrEnum], wrong: Collection[str]) -> dict[str, Any]:
    """How often each of some verdicts or words was given, and how often one of the wrong ones."""
    names = type(said[0])
    return {
        "wrong_verdicts": [name for name in names if name in wrong],
        "wrong": Rate(count=sum(one in wrong for one in said), suites=len(said)).as_dict(),
        "verdicts": {
            name.value: Rate(count=said.count(name), suites=len(said)).as_dict() for name in names
        },
        "said": "".join(_LETTERS[one] for one in said),
    }


def _read(names: type[_Name], tally: Mapping[str, Any]) -> list[_Name]:
    known = {_LETTERS[name]: name for name in names}
    return [known[letter] for letter in tally["said"]]
