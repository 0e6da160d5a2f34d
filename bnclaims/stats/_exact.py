"""Exact numbers, out of what callers pass, and the checks that all tests share.

Ties decide ranks, and floats do not tie: ``0.3 - 0.1 != 0.2``. Every test therefore works on
rationals. A float is read as the decimal it prints as, so shifts and averages formed from it tie
whenever they tie on paper.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Number = int | float | Fraction
Numbers = Sequence[Number] | NDArray[Any]
Table = Sequence[Numbers] | NDArray[Any]
Alternative = Literal["greater", "less", "two-sided"]
OneSided = Literal["greater", "less"]
Zeros = Literal["pratt", "drop"]


class OneSidedTest(Protocol):
    """A one-sided p-value of differences (n,) against a shift, such as `judged`."""

    def __call__(
        self, differences: Sequence[Fraction], /, *, shift: Number, alternative: OneSided
    ) -> float:
        """P-value that the differences lie beyond ``shift`` on the side of ``alternative``."""


ALTERNATIVES: tuple[Alternative, ...] = ("greater", "less", "two-sided")
ONE_SIDED: tuple[OneSided, ...] = ("greater", "less")
ZERO_RULES: tuple[Zeros, ...] = ("pratt", "drop")


def exact_number(value: object, name: str) -> Fraction:
    """One finite number as a rational; ``ValueError`` names it otherwise."""
    if type(value) is Fraction:
        return value
    if isinstance(value, numbers.Integral):
        return Fraction(int(value))  # a Fraction of numpy integers would overflow silently
    if isinstance(value, numbers.Rational):
        return Fraction(value)
    if not isinstance(value, float | np.floating):
        raise ValueError(
            f"{name} is of type {type(value).__name__}, pass a finite int, float or Fraction"
        )
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value}, drop or impute what is missing before testing")
    return Fraction(str(value))


def exact_numbers(values: Numbers, name: str, *, at_least: int = 1) -> list[Fraction]:
    """A non-empty, one-dimensional sequence of finite numbers as rationals."""
    if getattr(values, "ndim", 1) != 1:
        shape = getattr(values, "shape", ())
        raise ValueError(f"{name} has shape {shape}, pass one dimension with one number per seed")
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"{name} is {values!r}, pass a sequence with one number per seed")
    # Judging passes on what it has already made exact, some ten thousand times an audit.
    exact = (
        list(values)
        if isinstance(values, tuple | list) and {*map(type, values)} == {Fraction}
        else [exact_number(value, f"{name}[{place}]") for place, value in enumerate(values)]
    )
    if len(exact) < at_least:
        raise ValueError(f"{name} holds {len(exact)} numbers, give at least {at_least}")
    return exact


def finite_floats(values: Numbers, name: str) -> NDArray[np.float64]:
    """As `exact_numbers`, as floats: where nothing hangs on ties of decimals."""
    if isinstance(values, np.ndarray) and values.dtype == np.float64 and values.ndim == 1:
        plain: NDArray[np.float64] = values
        if len(plain) and np.isfinite(plain).all():
            return plain
    return np.array([float(value) for value in exact_numbers(values, name)])


def exact_table(table: Table, name: str, *, columns: int) -> list[list[Fraction]]:
    """A rectangular table of rationals, one row per seed, at least ``columns`` columns."""
    if getattr(table, "ndim", 2) != 2 or not isinstance(table, Iterable):
        shape = getattr(table, "shape", "no rows")
        raise ValueError(f"{name} has shape {shape}, pass two dimensions (seeds, doses)")
    rows = [exact_numbers(row, f"{name}[{place}]") for place, row in enumerate(table)]
    if not rows:
        raise ValueError(f"{name} has no rows, give at least one seed")
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise ValueError(f"{name} has rows of {sorted(widths)} numbers, give every seed all doses")
    if len(rows[0]) < columns:
        raise ValueError(f"{name} has {len(rows[0])} doses, give at least {columns}")
    return rows


def exact_highest(highest: Numbers | None, lowest: list[Fraction]) -> list[Fraction]:
    """The most that each of some numbers could be, checked; the numbers themselves without any."""
    if highest is None:
        return lowest
    exact = exact_numbers(highest, "highest")
    _check_above(lowest, exact)
    return exact


def exact_tables(
    gains: Table, highest: Table | None, *, columns: int
) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """Gains by dose, shape (doses, seeds), the least and the most that each could be."""
    lowest = exact_table(gains, "gains", columns=columns)
    most = lowest if highest is None else exact_table(highest, "highest", columns=columns)
    _check_above([g for row in lowest for g in row], [g for row in most for g in row])
    first, second = ([list(dose) for dose in zip(*rows, strict=True)] for rows in (lowest, most))
    return first, second


def _check_above(lowest: list[Fraction], highest: list[Fraction]) -> None:
    if len(lowest) != len(highest):
        raise ValueError(f"highest holds {len(highest)} numbers, give {len(lowest)}")
    if any(most < least for least, most in zip(lowest, highest, strict=True)):
        raise ValueError("highest is below what it bounds, give the most that each could be")


def minus(first: Sequence[Fraction], second: Sequence[Fraction]) -> list[Fraction]:
    """The first numbers minus the second, seed by seed."""
    return [a - b for a, b in zip(first, second, strict=True)]


def to_integers(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """Numerators over the least common denominator, and that denominator."""
    denominator = math.lcm(*(value.denominator for value in values))
    return [value.numerator * (denominator // value.denominator) for value in values], denominator


def centred_integers(values: Sequence[Fraction], centre: Fraction) -> tuple[list[int], int]:
    """Numerators of the values minus a centre over a common denominator, and that denominator."""
    (*numerators, middle), denominator = to_integers([*values, centre])
    return [numerator - middle for numerator in numerators], denominator


def fixed_point(values: Sequence[int], *, largest_sum: int) -> tuple[NDArray[np.int64], int]:
    """Integers as int64, and the number of low bits that had to go.

    ``largest_sum`` bounds the absolute value of every sum the caller will form. Where it does not
    fit, the values are rounded to multiples of ``2**bits``, each wrong by at most half a unit.
    """
    bits = max(0, largest_sum.bit_length() - 61)
    half = (1 << bits) >> 1
    return np.array([(value + half) >> bits for value in values], dtype=np.int64), bits


def positive_margin(margin: Number) -> Fraction:
    """An equivalence margin, checked to be above zero."""
    exact = exact_number(margin, "margin")
    if exact <= 0:
        raise ValueError(f"margin is {margin}, give a positive number in the unit of the data")
    return exact


def inside_unit(value: Number, name: str) -> Fraction:
    """A confidence or level, checked to lie strictly between 0 and 1."""
    exact = exact_number(value, name)
    if not 0 < exact < 1:
        raise ValueError(f"{name} is {value}, give a number strictly between 0 and 1")
    return exact


def check_choice(value: str, name: str, choices: Collection[str]) -> None:
    """``ValueError`` unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ValueError(f"{name} is {value!r}, choose one of {', '.join(choices)}")


def check_count(value: int, name: str, *, at_least: int) -> None:
    """``ValueError`` unless ``value`` is an integer of at least ``at_least``."""
    if not isinstance(value, numbers.Integral) or value < at_least:
        raise ValueError(f"{name} is {value!r}, give an integer of at least {at_least}")


def check_pvalues(pvalues: Numbers, name: str = "pvalues") -> list[float]:
    """P-values as floats, checked to lie in [0, 1]."""
    checked = [float(pvalue) for pvalue in exact_numbers(pvalues, name)]
    for place, pvalue in enumerate(checked):
        if not 0 <= pvalue <= 1:
            raise ValueError(f"{name}[{place}] is {pvalue}, a p-value lies between 0 and 1")
    return checked


def random_stream(seed: int) -> np.random.Generator:
    """The generator of one Monte Carlo computation."""
    check_count(seed, "seed", at_least=0)
    return np.random.default_rng(seed)
