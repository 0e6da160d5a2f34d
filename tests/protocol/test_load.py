"""Protocol files: what is loaded, what is refused in one sentence, and what stands in the hash."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from bnclaims.datasets.registry import info
from bnclaims.errors import BnclaimsError
from bnclaims.protocol.load import FOLDER, load_protocol, parse_protocol
from bnclaims.protocol.schema import FAMILY, Overrides

QUICK = FOLDER / "quick.toml"
TEXT = QUICK.read_text(encoding="utf-8")
ABSENCE = "value = { seeds = [32, 64], weights = [0.5, 0.5] }"


def edited(old: str, new: str) -> str:
    """The quick protocol with the first ``old`` replaced."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def refusal(text: str) -> str:
    with pytest.raises(BnclaimsError) as caught:
        parse_protocol(text, source="copy.toml")
    return str(caught.value)


def test_the_quick_protocol_loads_and_knows_every_claim_of_the_family() -> None:
    protocol = load_protocol("quick")
    assert protocol.name == "quick"
    assert set(FAMILY) < protocol.file.claims.keys()
    assert protocol.rules.effect_looks == {16: 0.5, 32: 0.25, 64: 0.25}
    assert protocol.rules.absence_looks == {32: 0.5, 64: 0.5}
    assert protocol.rules.level == protocol.rules.alpha / 8 == 0.05 / 8
    assert list(protocol.rules.seeds(2)) == [10000, 10001]


def test_a_protocol_is_found_by_the_path_of_its_file(tmp_path: Path) -> None:
    copy = tmp_path / "mine.toml"
    copy.write_bytes(QUICK.read_bytes())
    assert load_protocol(str(copy)).file == load_protocol("quick").file


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_hash_is_that_of_the_bytes_of_the_file(tmp_path: Path, newline: str, mark: str) -> None:
    copy = tmp_path / "mine.toml"
    copy.write_bytes((mark + TEXT.replace("\n", newline)).encode())
    assert load_protocol(str(copy)).sha256 == hashlib.sha256(copy.read_bytes()).hexdigest()


def test_an_edited_copy_has_another_hash() -> None:
    quick = load_protocol("quick")
    assert quick.sha256 == hashlib.sha256(QUICK.read_bytes()).hexdigest()
    changed = [edited("value = 0.05", "value = 0.04"), TEXT + "# a remark\n", TEXT + "\n"]
    hashes = {parse_protocol(text, source="copy.toml").sha256 for text in changed}
    assert len(hashes | {quick.sha256}) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (edited("schema = 1", "schema = 1\nsede = 3"), ["sede", "not a known key", "remove it"]),
        (
            edited("primary = true", "primary = true\nbatchsize = 32"),
            ["claims.premise.cells.0.batchsize", "not a known key", "correct its name"],
        ),
        (
            re.sub(r"\[statistics\.margin\]\n.*\n.*\n", "", TEXT),
            ["statistics.margin ", "is missing", "add it"],
        ),
        (
            edited("value = 0.10\n", 'value = "0.10"\n'),
            ["statistics.smallest_effect.value", "'0.10'", "valid number"],
        ),
        (edited("value = 64\n", "value = 64.5\n"), ["training.batch_size.value", "64.5"]),
        (edited("value = 64\n", "value = 1\n"), ["training.batch_size.value", "1", "equal to 2"]),
        (edited("value = 0.001\n", "value = inf\n"), ["training.learning_rate.value", "finite"]),
        (edited("value = 0.001\n", "value = nan\n"), ["training.learning_rate.value", "finite"]),
        (edited('value = "adam"', 'value = "sgd"'), ["training.optimiser.value", "'sgd'", "adam"]),
        (edited("schema = 1\n", "schema = 2\n"), ["schema", "2", "1"]),
        (
            edited(
                "[[claims.premise.cells]]",
                '[[claims.premise.cells]]\nname = "another"\nprimary = true\n'
                'reason = "Two cells that both want to decide."\n\n[[claims.premise.cells]]',
            ),
            ["claims.premise", "exactly one primary cell", "2"],
        ),
        (
            edited(
                "[[claims.premise.cells]]",
                '[[claims.premise.cells]]\nname = "another"\nprimary = true\n'
                'not_on = ["digits"]\nreason = "It decides elsewhere."\n\n'
                "[[claims.premise.cells]]",
            ).replace(
                'name = "simple_cnn"\nprimary = true',
                'name = "simple_cnn"\nprimary = true\nnot_on = ["leaves"]',
                1,
            ),
            ["claims.premise", "the last of which is not_on 'leaves'"],
        ),
        (
            edited("primary = true", "primary = false"),
            ["claims.premise", "exactly one primary cell", "0"],
        ),
        (
            edited("steps = 160", "steps = 160\nepochs = 3"),
            ["claims.ii.cells.0", "both epochs and steps", "keep one"],
        ),
        (
            edited("softmax = {}", "softmax = { epochs = 40, steps = 9 }"),
            ["settings.softmax", "both epochs and steps", "keep one"],
        ),
        (
            edited("steps = 160", "steps = 160\nsettings = { one = {} }"),
            ["claims.ii.cells.0", "both settings and vary", "keep one"],
        ),
        (
            edited(ABSENCE, "value = { seeds = [32, 64], weights = [0.5] }"),
            ["statistics.absence_looks.value", "as many weights as seeds"],
        ),
        (
            edited(ABSENCE, "value = { seeds = [64, 32], weights = [0.5, 0.5] }"),
            ["statistics.absence_looks.value", "rising order"],
        ),
        (
            edited(ABSENCE, "value = { seeds = [32, 64], weights = [0.5, 0.6] }"),
            ["statistics.absence_looks.value", "add up to at most 1"],
        ),
        (
            edited(ABSENCE, "value = { seeds = [32, 48], weights = [0.5, 0.5] }"),
            ["statistics", "absence_looks", "only use seeds that effect_looks has"],
        ),
        (
            edited('dataset = "mnist-5k"', 'dataset = "dogs"'),
            ["claims.iv", "'mnist-5k, simple_cnn'", "'dogs'", "no section in datasets"],
        ),
        (
            edited("sigmoid = { head", 'sigmoid = { dataset = "dogs", head'),
            ["claims.vi", "'sigmoid, both readings'", "'dogs'", "no section in datasets"],
        ),
        (
            edited('default_dataset = "digits"', 'default_dataset = "dogs"'),
            ["default_dataset", "'dogs'", "no section in datasets"],
        ),
        (
            edited("[16, 64, 256]", "[16, 64, 32]"),
            ["claims.iii.cells.0.vary", "rising order", "each once"],
        ),
        (
            edited("[16, 64, 256]", "[16, 32.5, 64]"),
            ["claims.iii.cells.0.vary", "whole numbers of batch_size"],
        ),
        (
            edited(
                'key = "batch_size", values = [16, 64, 256]',
                'key = "learning_rate", values = [0.1, 1.0, 2000.0]',
            ),
            ["claims.iii.cells.0.vary", "learning rates of at most 1000"],
        ),
        (
            edited('name = "mlp"', 'name = "digits, simple_cnn"'),
            ["claims.iv", "two cells of one name"],
        ),
        (
            edited("max_seeds = 16\nreason", "max_seeds = 8\nreason"),
            ["claims.ii cell 'fixed epochs'", "max_seeds 8", "first look at 16", "raise it"],
        ),
        (edited('counts_as = "network"', 'counts_as = "person"'), ["counts_as", "'person'"]),
        (edited("schema = 1", "schema = "), ["not valid TOML", "line 5", "correct that place"]),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(text: str, words: list[str]) -> None:
    message = refusal(text)
    assert message.startswith("copy.toml: ")
    assert "\n" not in message and message.endswith(".")
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("value = 99999", "value = 99999999999", "statistics.draws.value"),
        ("value = 99999", "value = 9999999", "draws times the squared seeds of the last look"),
        ("value = 99999", f"value = {'9' * 5000}", "not valid TOML"),
        ("value = 2109", f"value = {2**80}", "statistics.random_seed.value"),
        (
            "seeds = [16, 32, 64]",
            "seeds = [16, 32, 99999999]",
            "statistics.effect_looks.value.seeds",
        ),
        ("value = 0.95", "value = 0.9999999", "statistics.confidence.value"),
        ("image_size = 8\n", "image_size = 100000\n", "datasets.digits.image_size"),
        ("majority_images = 1000", f"majority_images = {10**12}", "majority_images"),
        ('name = "quick"', f'name = "{"a" * 5000}"', "name"),
        ("schema = 1", f"schema = 1\nx = {'[' * 3000}{']' * 3000}", "not valid TOML"),
    ],
)
def test_a_protocol_that_asks_for_work_without_end_is_refused(
    old: str, new: str, word: str
) -> None:
    message = refusal(edited(old, new))
    assert word in message and message.isprintable() and len(message) < 500


def test_batches_of_one_image_are_refused_where_they_are_varied() -> None:
    text, count = re.subn(r"(key = \"batch_size\", values = \[)", r"\g<1>1, ", TEXT)
    assert count and "needs batches of at least 2 images" in refusal(text)


@pytest.mark.parametrize("name", ["a" * 5_000, "a\x00b", "~" * 300])
def test_a_name_that_no_file_can_have_is_no_such_file(name: str) -> None:
    with pytest.raises(BnclaimsError, match="no such file"):
        load_protocol(name)


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "long.toml"
    with file.open("wb") as content:
        content.truncate(2**33)
    with pytest.raises(BnclaimsError, match="longer than 1048576 characters"):
        load_protocol(str(file))


def test_what_could_steer_a_terminal_is_spelt_out() -> None:
    message = refusal(edited("schema = 1", 'schema = 1\n"\\u001b[2J\\u202e" = 1'))
    assert message.isprintable() and "x1b" in message


def test_a_sentence_about_something_endless_is_short_and_keeps_both_its_ends() -> None:
    message = str(BnclaimsError(f"groups.csv: names {'x' * 100_000}, no image; correct it."))
    assert len(message) < 1_100
    assert message.startswith("groups.csv: names xx") and message.endswith("no image; correct it.")


def test_further_problems_are_counted() -> None:
    two = edited("schema = 1", "schema = 2\nsede = 3")
    assert refusal(two).endswith("(the first of 2 problems).")
    assert "problems" not in refusal(edited("schema = 1", "schema = 2"))


@pytest.mark.parametrize("name", ["nowhere", "nowhere.toml", "quick.toml"])
def test_a_file_that_is_not_there_is_named_beside_the_built_in_ones(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BnclaimsError) as caught:
        load_protocol(name)
    assert str(caught.value).startswith(f"--protocol {name}: no such file; use one of ")
    assert re.search(r"\bquick\b.*path of a TOML file\.$", str(caught.value))


def test_text_that_is_not_utf_8_is_refused_in_one_sentence(tmp_path: Path) -> None:
    copy = tmp_path / "latin.toml"
    copy.write_bytes(TEXT.replace("Quick:", "Schnell, für alle:").encode("latin-1"))
    with pytest.raises(BnclaimsError) as caught:
        load_protocol(str(copy))
    assert str(caught.value).startswith("latin.toml: not UTF-8 text (")
    assert str(caught.value).endswith("; save it as UTF-8.")


def numbers_without_reason(data: Any, path: str, reason: bool = False) -> list[str]:
    """Paths of the numbers in parsed TOML that no table around them gives a reason for."""
    if isinstance(data, dict):
        reason = reason or bool(data.get("reason"))
        return [
            found
            for key, value in data.items()
            for found in numbers_without_reason(value, f"{path}.{key}", reason)
        ]
    if isinstance(data, list):
        return [f for value in data for f in numbers_without_reason(value, path, reason)]
    return [path] if isinstance(data, int | float) and not reason else []


def test_every_number_of_the_quick_protocol_has_a_reason() -> None:
    quick = load_protocol("quick").file.model_dump(mode="json", by_alias=True)
    assert numbers_without_reason(quick, "quick") == ["quick.schema"]
    for section in load_protocol("quick").reasons().values():
        assert all(len(rule["reason"]) >= 10 for rule in section.values())


@pytest.mark.parametrize("reason", ["", '\nreason = "why not"'])
def test_a_number_without_a_proper_reason_is_refused(reason: str) -> None:
    start = TEXT.index("\nreason", TEXT.index("[statistics.margin]"))
    end = TEXT.index("\n", start + 1)
    assert "statistics.margin.reason" in refusal(TEXT[:start] + reason + TEXT[end:])


@pytest.mark.parametrize("changes", [{"epochs": 3}, {"steps": 7}])
def test_epochs_and_steps_replace_each_other(changes: dict[str, int]) -> None:
    for own in (Overrides(epochs=10, batch_size=4), Overrides(steps=10, batch_size=4)):
        merged = own.merged(Overrides(**changes))
        assert merged == Overrides(batch_size=4, **changes)


def test_overrides_that_set_nothing_change_nothing() -> None:
    own = Overrides(steps=10, head="sigmoid")
    assert own.merged(Overrides()) == own


def test_a_protocol_may_name_its_own_family_and_paper() -> None:
    text = edited(
        "schema = 1",
        'schema = 1\nfamily = ["vi"]\n'
        'paper = { title = "T", subject = "weights", authors = ["A. One"] }',
    )
    protocol = parse_protocol(text, source="copy.toml")
    assert protocol.rules.family == ("vi",)
    assert protocol.rules.level == protocol.rules.alpha
    assert protocol.file.paper is not None and protocol.file.paper.subject == "weights"
    assert load_protocol("quick").rules.family == FAMILY


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ('["vi", "vi"]', ["family", "twice", "each once"]),
        ('["vi", "vii"]', ["family", "'vii'", "no section in claims"]),
        ("[]", ["family"]),
    ],
)
def test_a_family_that_would_cost_power_for_nothing_is_refused(
    family: str, words: list[str]
) -> None:
    said = refusal(edited("schema = 1", f"schema = 1\nfamily = {family}"))
    assert all(word in said for word in words), said


@pytest.mark.parametrize("name", ["quick", "full", "nightly", "calibration"])
def test_a_protocol_knows_which_images_a_program_drew(name: str) -> None:
    sections = load_protocol(name).file.datasets
    stated = {name: part.synthetic for name, part in sections.items() if name != "folder"}
    assert stated == {name: info(name).synthetic for name in stated}
