"""What a report says of the executors that trained what it judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import TRAINER_VERSION
from bnclaims.run.selfcheck.acceptance import REFERENCE
from bnclaims.run.selfcheck.machine import Machine, code_sha256, result_file
from bnclaims.run.selfcheck.result import Key, Result
from bnclaims.run.selfcheck.result_file import read_result
from bnclaims.store.record import Record

NOT_NEEDED: Final = "not run: the executor is the reference loop"
NOT_POSSIBLE: Final = "not run: no network was trained"

# Executor, precision and machine of a trained trial.
Way = tuple[str, str, Machine]


def selfcheck_section(records: Iterable[Record], checks: Path) -> dict[str, str]:
    """What ``run`` of a report says of who trained its trials, and of their checks.

    ``trained_by`` counts the trials of each executor and device, ``selfcheck`` says whether they were
    checked, ``unchecked`` where there is cause. It goes by what the records themselves tell of who
    trained them, and where: whatever a run was asked for, it judges what the store holds. ``checks``
    is the folder of checks.
    """
    ways = Counter(_way(record) for record in records if _was_trained(record))
    if not ways:
        return {"selfcheck": NOT_POSSIBLE}
    others = {way: count for way, count in sorted(ways.items()) if way[:2] != REFERENCE}
    by = Counter[str]()
    for (executor, _, machine), count in ways.items():
        by[f"{executor} on {machine.device}"] += count
    who = {"trained_by": ", ".join(f"{name}: {count}" for name, count in sorted(by.items()))}
    if not others:
        return {**who, "selfcheck": NOT_NEEDED}
    said = [_said(way, count, sum(ways.values()), checks) for way, count in others.items()]
    unchecked = [sentence for passed, sentence in said if not passed]
    return {
        **who,
        "selfcheck": "; ".join(sentence for _, sentence in said),
        **({"unchecked": "; ".join(unchecked)} if unchecked else {}),
    }


def not_as_asked(run: Mapping[str, object]) -> str | None:
    """A line for the terminal where others than the executor that a run names trained its trials."""
    by = str(run.get("trained_by", ""))
    if all(part.startswith(f"{run.get('executor')} on ") for part in by.split(", ")):
        return None
    return f"trained by: {by} (asked for was {run.get('executor')})" if by else None


def _was_trained(record: Record) -> bool:
    """Whether a network stands behind a record; a synthetic world tells no precision."""
    return "precision" in record.environment


def _way(record: Record) -> Way:
    environment = record.environment
    return (
        environment.get("executor", "unknown"),
        environment["precision"],
        Machine.of(environment),
    )


def _said(way: Way, count: int, of: int, checks: Path) -> tuple[bool, str]:
    """Whether one way of training has passed its check, and a sentence that says so."""
    executor, precision, machine = way
    name = f"executor {executor} in {precision} ({machine}; {count} of {of} trials)"
    file = result_file(checks, machine, executor, precision)
    place = f"{checks.name}/{file.parent.name}/{file.name}"
    try:
        result = read_result(file)
    except BnclaimsError:
        return False, f"{name}: the result in {place} is damaged, run bnclaims selfcheck again"
    if result is None or result.key != _key(way):
        return False, f"{name}: not checked against the loop on that machine by bnclaims selfcheck"
    on = f"{result.seeds} seeds of {result.by.dataset}, protocol {result.by.protocol}"
    when = f"{result.by.generated[:10]}, {place}"
    if not result.passed:
        return False, f"{name}: failed its check on {on} ({when}): {_first(result)}"
    return True, f"{name}: passed its check on {on} ({when})"


def _first(result: Result) -> str:
    more = len(result.failures) - 1
    return result.failures[0] + (f", and {more} more" if more else "")


def _key(way: Way) -> Key | None:
    """What a result must have been made for; None where no check can be."""
    executor, precision, machine = way
    try:
        return Key(
            executor=executor,
            precision=precision,
            device=machine.device,
            processor=machine.processor,
            torch=machine.torch,
            trainer=TRAINER_VERSION,
            code=code_sha256(),
        )
    except ValueError:
        return None
