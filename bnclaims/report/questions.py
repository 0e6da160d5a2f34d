"""What else to know before adding the layer: the questions that a recommendation answers."""

from __future__ import annotations

import dataclasses
from typing import Final

from bnclaims.verdicts import Verdict

YES, NO = Verdict.SUPPORTED, Verdict.REFUTED


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """A question, and the claims that answer it.

    The first of ``answers`` whose claim has its word is given. ``bounds`` names what an advice to
    use the layer is limited to unless the answer is one of ``free``.
    """

    question: str
    answers: tuple[tuple[str, Verdict, str], ...]
    bounds: str | None = None
    free: tuple[str, ...] = ()


QUESTIONS: Final = (
    Question(
        question="Is the gain still there after longer training?",
        answers=(
            ("alt-epochs", YES, "yes, after the longest training tried"),
            ("alt-epochs", NO, "no, not after the longest training tried"),
        ),
        bounds="longer training",
        free=("yes, after the longest training tried",),
    ),
    Question(
        question="Does it stay as large in longer training?",
        answers=(
            ("alt-longer-training", YES, "no, it fades"),
            ("alt-longer-training", NO, "yes, it does not fade by what matters"),
        ),
        bounds="as large a gain in longer training",
        free=("yes, it does not fade by what matters",),
    ),
    Question(
        question="Is it there at other learning rates?",
        answers=(
            ("alt-learning-rates", YES, "yes, at every rate tried"),
            ("alt-learning-rates", NO, "no, not at every rate tried"),
        ),
        bounds="other learning rates",
        free=("yes, at every rate tried",),
    ),
    Question(
        question="Is it there at the prevalence of the training images?",
        answers=(("alt-prevalence", YES, "yes"), ("alt-prevalence", NO, "no")),
        bounds="the prevalence of the training images",
        free=("yes",),
    ),
    Question(
        question="Does the layer rank images better (area under the ROC curve)?",
        answers=(
            ("alt-ranking-better", YES, "yes"),
            ("alt-ranking", NO, "no, worse"),
            ("alt-ranking", YES, "no worse"),
            ("alt-ranking-better", NO, "no better"),
        ),
    ),
    Question(
        question="Does it rank them better (average precision)?",
        answers=(
            ("alt-precision-better", YES, "yes"),
            ("alt-precision", NO, "no, worse"),
            ("alt-precision", YES, "no worse"),
            ("alt-precision-better", NO, "no better"),
        ),
    ),
    Question(
        question="Does confidence match accuracy less well with it?",
        answers=(("uncertainty", YES, "yes"), ("uncertainty", NO, "no")),
    ),
    Question(
        question="And after temperature scaling?",
        answers=(("uncertainty-scaled", YES, "yes"), ("uncertainty-scaled", NO, "no")),
    ),
    Question(
        question="Does confidence tell right from wrong less well with it?",
        answers=(("uncertainty-ranking", YES, "yes"), ("uncertainty-ranking", NO, "no")),
    ),
)
