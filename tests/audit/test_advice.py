"""The recommendation: what each combination of verdicts advises, and what it never does."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.audit import Remedy
from bnclaims.audit.advice import SUFFICES, Advice, Standing, advice, at_both, standing
from bnclaims.audit.claim import beside, discover
from bnclaims.audit.verdict import Answer, Verdict
from bnclaims.protocol.trial import Setting
from bnclaims.report.advice import in_brief, recommendation
from bnclaims.report.model import StatedClaim
from bnclaims.report.model_beside import SettingAdvice
from fixtures import sample_report
from fixtures.sample_report import HOSTILE, sample_document, sample_trials, setting

S, R = Verdict.SUPPORTED, Verdict.REFUTED
OPEN = (Verdict.INCONCLUSIVE, Verdict.INVALID)
# A verdict or an answer, or None where a claim was not judged; on the balanced test and in training.
Found = Verdict | Answer | None
Told = Found | tuple[Found, Found]
VERDICTS: tuple[Found, ...] = (*Verdict, None)
CLAIMS = discover(Path(__file__).parents[2] / "claims")
NAMES: dict[str, list[str]] = {}
for declared in CLAIMS:
    if isinstance(declared.tells, Remedy):
        NAMES.setdefault(declared.tells.name, []).append(declared.id)
REMEDIES = {id: name for name, ids in NAMES.items() for id in ids}
# The verdict that an answer comes with.
VERDICT_OF = {Answer.BETTER: S, Answer.AS_GOOD: S, Answer.WORSE: R, Answer.NOT_KNOWN: OPEN[0]}
OTHERS = [
    "alt-epochs",
    "alt-longer-training",
    "alt-learning-rates",
    "alt-prevalence",
    "alt-ranking",
    "alt-precision",
    "uncertainty",
    "uncertainty-scaled",
    "uncertainty-ranking",
]
HERE, ELSEWHERE, THIRD = (setting(architecture=name) for name in ("here", "elsewhere", "third"))


def claim(id: str, *cells: tuple[Setting, Told], **rows: dict[str, Setting]) -> StatedClaim:
    """A claim of a report with a cell for each setting; None: a cell nobody judged.

    Each is told what it found on the balanced test and at the prevalence of training, one thing for
    both where they are the same: a verdict, or an answer. ``row`` gives the first cell several
    settings.
    """
    stated = []
    for number, (chosen, told) in enumerate(cells):
        balanced, training = told if isinstance(told, tuple) else (told, told)
        verdict = VERDICT_OF.get(balanced, balanced)  # type: ignore[call-overload]
        there = VERDICT_OF.get(training, training)  # type: ignore[call-overload]
        size = {"metric": "natural_f1", "estimate": 0.0, "interval": [-0.1, 0.1]}
        beside = {
            "networks": [],
            "effects": [],
            "at_training_prevalence": None
            if there is None
            else {
                "verdict": str(there),
                "answer": str(training) if isinstance(training, Answer) else None,
                "f1": size,
            },
        }
        stated.append(
            sample_report.cell(
                f"cell {number}",
                str(verdict or Verdict.INCONCLUSIVE),
                None if verdict is None else sample_report.finding("gain", 0.01, 0.03),
                settings=rows.get("row", {"main": chosen}) if number == 0 else {"main": chosen},
                primary=number == 0,
                setting=chosen.architecture,
                answer=str(balanced) if isinstance(balanced, Answer) else None,
                beside=beside,
            )
        )
    return StatedClaim.model_validate(sample_report.claim(id, id, id, stated))


def claims_of(words: Mapping[str, Told]) -> list[StatedClaim]:
    return [claim(id, (HERE, word)) for id, word in words.items()]


def only(words: Mapping[str, Told]) -> SettingAdvice:
    (entry,) = recommendation(claims_of(words), CLAIMS)
    return entry


# What a cell that nobody judged says at one prevalence, it says at both: nothing.
answers = st.just((None, None)) | st.tuples(
    st.sampled_from([*Answer]), st.sampled_from([*Answer, None])
)
all_words = st.fixed_dictionaries(
    {"premise": st.tuples(st.sampled_from([*Verdict]), st.sampled_from([*Verdict, None]))},
    optional=dict.fromkeys(REMEDIES, answers) | {id: st.sampled_from(VERDICTS) for id in OTHERS},
)


# --- the rule -------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", list(product([*Answer, None], repeat=2)))
def test_the_least_of_the_answers_about_a_remedy_counts(found: tuple[Answer | None, ...]) -> None:
    said = standing(found)
    assert (said in SUFFICES) == ({*found} <= {Answer.BETTER, Answer.AS_GOOD})
    assert (said is Standing.WORSE) == (Answer.WORSE in found)
    assert (said is Standing.NOT_TESTED) == ({*found} == {None})
    assert (said is Standing.BETTER) == ({*found} == {Answer.BETTER})
    assert standing(found[::-1]) is said
    assert standing([]) is Standing.NOT_TESTED


@pytest.mark.parametrize(("balanced", "training"), list(product(Advice, repeat=2)))
def test_only_what_is_advised_at_both_prevalences_is_advised(
    balanced: Advice, training: Advice
) -> None:
    said = at_both(balanced, training)
    assert said is at_both(training, balanced)
    if balanced is training:
        assert said is balanced
    else:
        unknown = Advice.NOT_KNOWN in (balanced, training)
        assert said is (Advice.NOT_KNOWN if unknown else Advice.DEPENDS)


def test_every_combination_of_a_gain_and_five_standings_advises_what_it_should() -> None:
    assert len(NAMES) == 5
    for gain, found in product(VERDICTS, product(Standing, repeat=len(NAMES))):
        said = advice(gain, found)
        expected = Advice.NOT_KNOWN
        if gain is R:
            expected = Advice.DO_NOT_BOTHER
        elif gain is S and set(found) & set(SUFFICES):
            expected = Advice.INSTEAD
        elif gain is S and set(found) == {Standing.WORSE}:
            expected = Advice.USE
        assert said is expected


def test_where_no_remedy_is_known_none_was_beaten() -> None:
    assert advice(S, [Standing.WORSE]) is Advice.USE
    assert advice(S, []) is Advice.NOT_KNOWN


def test_a_remedy_in_another_file_was_not_beaten() -> None:
    alone = discover(Path(__file__).parents[2] / "claims" / "test_premise.py")
    assert [claim.id for claim in alone] == ["premise"]
    assert {claim.id for claim in beside(alone)} == {claim.id for claim in CLAIMS}
    (entry,) = recommendation(claims_of({"premise": S}), beside(alone))
    assert entry.advice == Advice.NOT_KNOWN
    assert [remedy.name for remedy in entry.remedies] == list(NAMES)


# --- from the claims of a report ------------------------------------------------------------------


@settings(max_examples=150)
@given(all_words)
def test_nothing_is_advised_without_the_words_that_it_takes(words: dict[str, Told]) -> None:
    entry = only(words)
    for place, said in enumerate((entry.balanced, entry.training)):
        gain = words["premise"][place]  # type: ignore[index]
        found = {
            name: [words.get(id, (None, None))[place] for id in ids]  # type: ignore[index]
            for name, ids in NAMES.items()
        }
        enough = [name for name, got in found.items() if {*got} <= {Answer.BETTER, Answer.AS_GOOD}]
        worse = all(Answer.WORSE in got for got in found.values())
        expected = Advice.NOT_KNOWN
        if gain is R:
            expected = Advice.DO_NOT_BOTHER
        elif gain is S:
            expected = Advice.INSTEAD if enough else Advice.USE if worse else Advice.NOT_KNOWN
        assert said == expected
        if said == Advice.INSTEAD:
            assert all(name in entry.reason for name in enough)


def test_a_cell_that_nobody_judged_says_nothing_at_either_prevalence() -> None:
    entry = only({"premise": S, "alt-weighted-loss": (None, Answer.BETTER)})
    assert entry.advice == Advice.NOT_KNOWN and entry.reason == only({"premise": S}).reason


def test_what_holds_at_one_prevalence_alone_is_said_to_depend_on_it() -> None:
    worse = dict.fromkeys(REMEDIES, Answer.WORSE)
    entry = only({"premise": (S, R), **worse})
    assert (entry.balanced, entry.training) == (Advice.USE, Advice.DO_NOT_BOTHER)
    assert entry.advice == Advice.DEPENDS and entry.limits == ()
    assert "On a balanced test:" in entry.reason
    assert "At the prevalence of training:" in entry.reason
    assert only({"premise": (S, OPEN[0]), **worse}).advice == Advice.NOT_KNOWN


@settings(max_examples=40)
@given(all_words, all_words)
def test_what_was_found_in_another_setting_says_nothing_here(
    words: dict[str, Told], others: dict[str, Told]
) -> None:
    both = [
        claim(id, (HERE, words[id]), (ELSEWHERE, others.get(id)))
        if id in words
        else claim(id, (ELSEWHERE, others[id]))
        for id in {**words, **others}
    ]
    first, second = recommendation(both, CLAIMS)
    assert first == only(words)
    assert second.setting == "elsewhere" and second.advice == only(others).advice


def test_what_was_not_tested_is_called_so() -> None:
    entry = only({"premise": S})
    assert entry.advice == Advice.NOT_KNOWN
    assert "whether something simpler does as well was not tested." in entry.reason
    assert {remedy.standing for remedy in entry.remedies} == {"not tested here"}
    assert {question.answer for question in entry.questions} == {"not tested here"}
    some = only(
        {"premise": S, "alt-threshold": Answer.WORSE, "alt-weighted-loss": Answer.NOT_KNOWN}
    )
    assert some.advice == Advice.NOT_KNOWN
    assert "Worse: a tuned threshold; undecided: a class-weighted loss; not tested:" in some.reason


def test_an_advice_to_use_it_names_what_it_does_not_cover() -> None:
    beaten = {"premise": S, **dict.fromkeys(REMEDIES, Answer.WORSE)}
    assert only(beaten).limits == (
        "longer training (not tested here)",
        "as large a gain in longer training (not tested here)",
        "other learning rates (not tested here)",
        "the prevalence of the training images (not tested here)",
    )
    known = {"alt-longer-training": S, "alt-learning-rates": OPEN[0], "alt-prevalence": R}
    assert only({**beaten, **known}).limits == (
        "longer training (not tested here)",
        "as large a gain in longer training (no, it fades)",
        "other learning rates (undecided)",
        "the prevalence of the training images (no)",
    )
    free = {
        "alt-epochs": S,
        "alt-longer-training": R,
        "alt-learning-rates": S,
        "alt-prevalence": S,
    }
    assert only({**beaten, **free}).limits == ()


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        (Answer.BETTER, "better"),
        (Answer.AS_GOOD, "as good"),
        (Answer.WORSE, "worse"),
        (Answer.NOT_KNOWN, "undecided"),
        (None, "not tested here"),
    ],
)
def test_a_comparison_answers_for_itself(found: Answer | None, answer: str) -> None:
    for name, place in (("alt-ranking", 4), ("alt-precision", 5)):
        assert only({"premise": S, name: found}).questions[place].answer == answer


def test_a_setting_is_found_inside_a_row_of_settings() -> None:
    row = claim("alt-epochs", (HERE, S), row={"epochs=5": ELSEWHERE, "epochs=10": HERE})
    (entry,) = recommendation([claim("premise", (HERE, S)), row], CLAIMS)
    assert entry.questions[0].claims == {"alt-epochs": "SUPPORTED"}


def test_replications_are_settings_of_their_own_and_unjudged_cells_are_none() -> None:
    iv = claim("iv", (ELSEWHERE, R), (HERE, None))
    premise, other = recommendation([claim("premise", (HERE, S)), iv], CLAIMS)
    assert (premise.name, other.name) == ("premise: cell 0", "iv: cell 0")
    assert other.advice == Advice.DO_NOT_BOTHER
    assert recommendation([claim("vi", (HERE, S))], CLAIMS) == []


def test_in_brief_it_is_the_first_setting_and_a_count_of_the_others() -> None:
    beaten = dict.fromkeys(REMEDIES, Answer.WORSE)
    claims = claims_of({"premise": S, **beaten})
    (line,) = in_brief(recommendation(claims, CLAIMS))
    assert line.startswith("should the layer be added? here: use it. It raises both scores")
    assert line.endswith("the prevalence of the training images (not tested here).")
    iv = claim("iv", (ELSEWHERE, S), (THIRD, R))
    lines = in_brief(recommendation([*claims, iv], CLAIMS))
    assert lines[1].startswith("of 2 other settings: not known in 1, do not bother in 1;")
    assert in_brief([]) == []


# --- on the page ----------------------------------------------------------------------------------


def page_of(words: Mapping[str, Told], name: str) -> str:
    document = sample_document()
    entries = recommendation(claims_of(words), CLAIMS)
    document["recommendation"] = [{**entry.plain(), "setting": name} for entry in entries]
    return sample_report.page_of(document, sample_trials())


def test_the_page_says_what_to_do_before_it_goes_through_the_claims() -> None:
    found = {"premise": S, "alt-threshold": Answer.BETTER, "alt-threshold-both": Answer.BETTER}
    page = page_of(found, HOSTILE)
    assert "<script>alert" not in page, "the name of a setting becomes no markup"
    assert page.index('id="glance"') < page.index('id="advice"') < page.index('id="claims"')
    section = page[page.index('id="advice"') : page.index('id="claims"')]
    assert "<strong>Use something else instead</strong>" in section
    assert "a tuned threshold does as well without it" in section
    assert "better than final BN" in section and "alt threshold both: better" in section
    assert "Minority F1 minus that of final BN" in section


def test_a_page_of_a_report_that_advises_nothing_has_no_such_section() -> None:
    document = sample_document()
    del document["recommendation"]
    page = sample_report.page_of(document, sample_trials())
    assert "Should the layer be added?" not in page
