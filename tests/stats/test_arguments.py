"""Every argument of every public function: what cannot be used is answered with one clear sentence."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bnclaims import stats

NAN, INF = math.nan, math.inf
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: value for name in stats.__all__ if inspect.isfunction(value := getattr(stats, name))
}

# One value of each parameter that every function takes.
DIFFERENCES = [0.1, -0.2, 0.3, 0.2, 0.0, 0.1, 0.4, 0.1, 0.2]
GOOD: dict[str, Any] = {
    "differences": DIFFERENCES,
    "gains": [[0.0, 0.2, 0.1], [0.1, 0.3, 0.0], [0.0, 0.1, 0.0]],
    "contrasts": [[0.0, 0.2, 0.1], [0.1, 0.3, 0.0], [0.0, 0.1, 0.0]],
    "doses": [4, 5, 6],
    "replicates": [0.1, 0.2, 0.15],
    "pvalues": [0.01, 0.5, 0.2],
    "refute_pvalues": [0.01, 0.5, 0.2],
    "weights": [0.5, 0.25, 0.25],
    "sample": DIFFERENCES,
    "reference": [*DIFFERENCES[1:], 0.7],
    "first": (0.3, 0.1, INF),
    "second": (0.5, -INF, 0.6),
    "bounds": (-1, 1),
    "bets": [0.5, 0.9],
    "highest": None,
    "test": stats.judged,
    "margin": 0.1,
    "shift": 0.1,
    "effect_size": 0.5,
    "confidence": 0.9,
    "level": 0.05,
    "alternative": "greater",
    "zeros": "pratt",
    "draws": 99,
    "seed": 1,
    "n": 9,
    "u": 2,
    "successes": 3,
    "trials": 9,
    "train_images": 3,
    "pool_images": 9,
    "weight": 0.5,
    "distance": 0.1,
    "worst": 1,
    "bet": 0.9,
    "numerators": DIFFERENCES,
    "denominators": [*DIFFERENCES[1:], 0.7],
    "labels": [0, 0, 1, 1, 0, 0, 1, 1],
    "margins": DIFFERENCES[:8],
    "second_half": [False, True] * 4,
    "groups": list("abcdefgh"),
}

NUMBERS = [[], [NAN] * 9, [0.1] * 9 + [-INF], np.zeros((9, 2)), np.array(0.5), 0.5, "0.1", ["0.1"]]
COUNTS = [-1, 1.5, NAN, INF, "8", None]
SHARES = [0, 1, -0.5, 1.5, NAN, INF, "0.5", None]
ESTIMATES = [
    (0.5, 0.6, 0.7),
    (0.5, 0.3, 0.4),
    (NAN, 0.0, 1.0),
    (0.5, NAN, 1.0),
    (INF, 0.0, INF),
    (0.1, 0.0),
    (0.1, "0", 0.2),
    (0.1, None, 0.2),
    "012",
    0.1,
    None,
]
WORDS = ["bigger", "", 1, None]
BAD: dict[str, list[Any]] = {
    "differences": NUMBERS,
    "doses": [*NUMBERS, [1, 1, 1]],
    "gains": [
        *NUMBERS[:2],
        [[]],
        [[0.1, 0.2, 0.3], [0.1, 0.2]],
        [[0.1, 0.2, NAN]],
        [[0.1, 0.2, INF]],
        np.zeros(9),
        np.zeros((2, 3, 4)),
        0.5,
        "0.1",
    ],
    "replicates": [*NUMBERS, [0.1], [0.1, NAN], [0.1, INF]],
    "pvalues": [*NUMBERS, [0.1, 1.2], [-0.1]],
    "refute_pvalues": [*NUMBERS, [0.1, 1.2], [-0.1]],
    "weights": [*NUMBERS, [0.5, 0.0, 0.5], [0.5, -0.1, 0.1], [0.9, 0.9, 0.9]],
    "bounds": [(), (0.1,), (1, -1), (NAN, 1), (-1, INF), ("-1", "1"), None, 0.5, "ab"],
    "bets": [*NUMBERS, [0.5, 0.0], [-0.5], [0.5, 1.0]],
    # Of another shape than the differences and the gains, or not numbers, or below them.
    "highest": [*NUMBERS, [[]], [0.9] * 8, [-1.0] * 9, [[0.9] * 3] * 2, [[-1.0] * 3] * 3],
    "margin": [0, -0.1, NAN, INF, -INF, "0.1", None, [0.1]],
    "shift": [NAN, INF, -INF, "0.1", None, [0.1]],
    "effect_size": [NAN, INF, -INF, "0.1", None, [0.1]],
    "sample": [*NUMBERS, [0.1, 0.2]],
    "reference": [*NUMBERS, [0.1, 0.2], DIFFERENCES[1:]],
    "first": ESTIMATES,
    "second": ESTIMATES,
    "confidence": SHARES,
    "level": SHARES,
    "alternative": WORDS,
    "zeros": WORDS,
    "draws": [0, *COUNTS],
    "seed": COUNTS,
    "n": [0, *COUNTS],
    "u": [0, 4, *COUNTS],
    "successes": [10, *COUNTS],
    "trials": [0, *COUNTS],
    "train_images": [0, 10, *COUNTS],
    "pool_images": [0, *COUNTS],
    "weight": [0, -0.5, 1.5, NAN, INF, "0.5", None],
    "distance": [-0.1, NAN, INF, "0.1", None],
    "worst": [0, -1, NAN, INF, "1", None],
    "bet": SHARES,
    "numerators": NUMBERS,
    "denominators": [*NUMBERS, DIFFERENCES[1:]],
    "labels": [[], [0, 1], [0.5] * 8, [-1] * 8, ["0"] * 8, np.zeros((8, 2)), "00110011", 0, None],
    "margins": NUMBERS,
    "second_half": [[], [True] * 8, [False] * 7, [0, 1] * 4, "01010101", True, None],
    "groups": [[], [1] * 8, "abcdefgh", None, 8],
}


BAD["contrasts"] = BAD["gains"]


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def call(function: Callable[..., Any], **changed: Any) -> Any:
    """The function called with good values but for those that are given."""
    return function(**{name: changed.get(name, GOOD[name]) for name in parameters(function)})


ARGUMENTS = [
    (name, parameter)
    for name, function in FUNCTIONS.items()
    for parameter in parameters(function)
    if parameter != "test"
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_good_arguments_are_accepted(name: str) -> None:
    call(FUNCTIONS[name])


@pytest.mark.parametrize(("name", "parameter"), ARGUMENTS)
def test_a_bad_argument_is_one_sentence_that_names_it(name: str, parameter: str) -> None:
    for bad in BAD[parameter]:
        with pytest.raises(ValueError) as caught:
            call(FUNCTIONS[name], **{parameter: bad})
        sentence = str(caught.value)
        assert "\n" not in sentence
        assert sentence.startswith(parameter), sentence
        # What is wrong, and after the comma what would be right.
        assert ", " in sentence, sentence


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_docstring_says_what_is_assumed_what_is_refused_and_who_says_so(name: str) -> None:
    text = inspect.getdoc(FUNCTIONS[name]) or ""
    first = text.splitlines()[0]
    assert first.endswith(".") and len(text.splitlines()) > 3
    for part in ("Assumption", "Errors", "Reference"):
        assert f"{part}:" in text or f"{part}s:" in text, f"{name}: no {part}"
    assert "Shapes" in text or "Units" in text, f"{name}: no shapes or units"


TESTS = (
    "signed_rank sign_test sign_flip_mean judged tost inequivalence max_t all_pairs_equivalent "
    "some_pair_differs two_sided peak bonferroni holds_in_at_least fails_in_more_than "
    "rank_evidence mean_evidence anytime_p mean_guard guarded_p joint_max_t"
)


@pytest.mark.parametrize("name", TESTS.split())
def test_every_test_states_its_null_hypothesis(name: str) -> None:
    assert "Null hypothesis:" in (FUNCTIONS[name].__doc__ or "")
