"""The recommendation: what each combination of verdicts advises, and what it never does."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.audit import Remedy
from bnclaims.audit.advice import SUFFICES, Advice, Standing, advice, standing
from bnclaims.audit.claim import beside, discover
from bnclaims.audit.results import Verdict
from bnclaims.protocol.trial import Setting
from bnclaims.report.advice import in_brief, recommendation
from bnclaims.report.model import StatedClaim
from bnclaims.report.model_beside import SettingAdvice
from fixtures import sample_report
from fixtures.sample_report import HOSTILE, sample_document, sample_trials, setting

S, R = Verdict.SUPPORTED, Verdict.REFUTED
OPEN = (Verdict.INCONCLUSIVE, Verdict.INVALID)
# A verdict, or None where a claim was not judged.
Found = Verdict | None
VERDICTS: tuple[Found, ...] = (*Verdict, None)
CLAIMS = discover(Path(__file__).parents[2] / "claims")
REMEDIES = {c.id: c.tells.name for c in CLAIMS if isinstance(c.tells, Remedy)}
REVERSE = "-reverse"
REMEDY_CLAIMS = [name + direction for name in REMEDIES for direction in ("", REVERSE)]
OTHERS = [
    "alt-epochs",
    "alt-longer-training",
    "alt-learning-rates",
    "alt-prevalence",
    "alt-ranking",
    "alt-ranking-better",
    "alt-precision",
    "alt-precision-better",
    "uncertainty",
    "uncertainty-scaled",
    "uncertainty-ranking",
]
HERE, ELSEWHERE, THIRD = (setting(architecture=name) for name in ("here", "elsewhere", "third"))


def claim(id: str, *cells: tuple[Setting, Found], **rows: dict[str, Setting]) -> StatedClaim:
    """A claim of a report with a cell for each setting and verdict; None: a cell nobody judged.

    ``row`` gives the first cell several settings.
    """
    stated = [
        sample_report.cell(
            f"cell {number}",
            str(verdict or Verdict.INCONCLUSIVE),
            None if verdict is None else sample_report.finding("gain", 0.01, 0.03),
            settings=rows.get("row", {"main": chosen}) if number == 0 else {"main": chosen},
            primary=number == 0,
            setting=chosen.architecture,
        )
        for number, (chosen, verdict) in enumerate(cells)
    ]
    return StatedClaim.model_validate(sample_report.claim(id, id, id, stated))


def claims_of(words: Mapping[str, Found]) -> list[StatedClaim]:
    return [claim(id, (HERE, word)) for id, word in words.items()]


def only(words: Mapping[str, Found]) -> SettingAdvice:
    (entry,) = recommendation(claims_of(words), CLAIMS)
    return entry


all_words = st.fixed_dictionaries(
    {"premise": st.sampled_from([*Verdict])},
    optional={id: st.sampled_from(VERDICTS) for id in [*REMEDY_CLAIMS, *OTHERS]},
)


# --- the rule -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("forward", "reverse"), list(product(VERDICTS, VERDICTS)))
def test_a_remedy_suffices_only_where_it_was_shown_to_do_no_worse(
    forward: Found, reverse: Found
) -> None:
    found = standing(forward, reverse)
    assert (found in SUFFICES) == (forward is S)
    assert (found is Standing.WORSE) == (forward is R and reverse is not R)
    assert (found is Standing.NOT_TESTED) == (forward is None and reverse is None)
    assert (found is Standing.EQUIVALENT) == (forward is reverse is S)
    assert (found is Standing.BETTER) == (forward is S and reverse is R)
    for other in OPEN if forward in OPEN else ():
        assert standing(other, reverse) is found
    for other in OPEN if reverse in OPEN else ():
        assert standing(forward, other) is found


def test_every_combination_of_a_gain_and_five_standings_advises_what_it_should() -> None:
    assert len(REMEDIES) == 5
    for gain, found in product(VERDICTS, product(Standing, repeat=len(REMEDIES))):
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
    assert [remedy.name for remedy in entry.remedies] == list(REMEDIES.values())


# --- from the claims of a report ------------------------------------------------------------------


@settings(max_examples=100)
@given(all_words)
def test_nothing_is_advised_without_the_words_that_it_takes(words: dict[str, Found]) -> None:
    entry = only(words)
    gain = words["premise"]
    match entry.advice:
        case Advice.INSTEAD:
            assert gain is S and any(words.get(id) is S for id in REMEDIES)
            for id, name in REMEDIES.items():
                assert (name in entry.reason) == (words.get(id) is S)
        case Advice.USE:
            assert gain is S and all(words.get(id) is R for id in REMEDIES)
        case Advice.DO_NOT_BOTHER:
            assert gain is R
        case _:
            assert gain in (S, *OPEN)
            assert not any(gain is S and words.get(id) is S for id in REMEDIES)


@settings(max_examples=60)
@given(all_words, st.data())
def test_inconclusive_and_invalid_advise_as_much_as_each_other(
    words: dict[str, Found], data: st.DataObject
) -> None:
    swapped = {
        id: data.draw(st.sampled_from(OPEN)) if word in OPEN else word for id, word in words.items()
    }
    one, other = only(words), only(swapped)
    assert (one.advice, one.reason, one.limits) == (
        other.advice,
        other.reason,
        other.limits,
    )


@settings(max_examples=100)
@given(all_words, all_words)
def test_what_was_found_in_another_setting_says_nothing_here(
    words: dict[str, Found], others: dict[str, Found]
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
    assert "whether something simpler does as well was not tested here" in entry.reason
    assert {remedy.standing for remedy in entry.remedies} == {"not tested here"}
    assert {question.answer for question in entry.questions} == {"not tested here"}
    some = only({"premise": S, "alt-threshold": R, "alt-weighted-loss": Verdict.INVALID})
    assert some.advice == Advice.NOT_KNOWN
    assert "Worse: a tuned threshold; undecided: a class-weighted loss; not tested:" in some.reason


def test_an_advice_to_use_it_names_what_it_does_not_cover() -> None:
    beaten = {"premise": S, **dict.fromkeys(REMEDIES, R)}
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
    ("better", "no_worse", "answer"),
    [
        (S, S, "yes"),
        (S, None, "yes"),
        (R, S, "no worse"),
        (OPEN[0], S, "no worse"),
        (R, R, "no, worse"),
        (R, OPEN[0], "no better"),
        (OPEN[1], OPEN[0], "undecided"),
        (None, None, "not tested here"),
    ],
)
def test_ranking_is_read_in_both_directions(better: Found, no_worse: Found, answer: str) -> None:
    for name, place in (("alt-ranking", 4), ("alt-precision", 5)):
        entry = only({"premise": S, f"{name}-better": better, name: no_worse})
        assert entry.questions[place].answer == answer


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
    beaten = dict.fromkeys(REMEDIES, R)
    claims = claims_of({"premise": S, **beaten})
    (line,) = in_brief(recommendation(claims, CLAIMS))
    assert line.startswith("should the layer be added? here: use it. It raises minority F1")
    assert line.endswith("the prevalence of the training images (not tested here).")
    iv = claim("iv", (ELSEWHERE, S), (THIRD, R))
    lines = in_brief(recommendation([*claims, iv], CLAIMS))
    assert lines[1].startswith("of 2 other settings: not known in 1, do not bother in 1;")
    assert in_brief([]) == []


# --- on the page ----------------------------------------------------------------------------------


def page_of(words: Mapping[str, Found], name: str = "here") -> str:
    document = sample_document()
    entries = recommendation(claims_of(words), CLAIMS)
    document["recommendation"] = [{**entry.plain(), "setting": name} for entry in entries]
    return sample_report.page_of(document, sample_trials())


def test_the_page_says_what_to_do_before_it_goes_through_the_claims() -> None:
    page = page_of({"premise": S, "alt-threshold": S, "alt-threshold-reverse": R})
    assert page.index('id="glance"') < page.index('id="advice"') < page.index('id="claims"')
    section = page[page.index('id="advice"') : page.index('id="claims"')]
    assert "<strong>Use something else instead</strong>" in section
    assert "a tuned threshold does no worse without it" in section
    assert "better than final BN" in section and "alt threshold reverse: refuted" in section
    assert "Minority F1 minus that of final BN" in section


def test_a_page_of_a_report_that_advises_nothing_has_no_such_section() -> None:
    document = sample_document()
    del document["recommendation"]
    page = sample_report.page_of(document, sample_trials())
    assert "Should the layer be added?" not in page


def test_the_name_of_a_setting_becomes_no_markup() -> None:
    assert "<script>alert" not in page_of({"premise": S}, HOSTILE)
