"""The store: what goes in comes out, the first writer wins, and strangers' folders are refused."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.names import ARMS, FINAL_BN
from bnclaims.protocol.trial import Trial
from bnclaims.store.codec import decode, differences, encode
from bnclaims.store.record import Record, Split
from bnclaims.store.store import Store
from fixtures.trials import setting_of, task_of

names = st.text(min_size=1, max_size=8)


def trial_of(seed: int = 0, arm: str = FINAL_BN, classes: int = 2) -> Trial:
    task = task_of(
        "digits",
        majority=tuple((f"class {number}",) for number in range(classes - 1)),
        minority=(("rare", "rarer"),),
    )
    return Trial(setting=setting_of(task), arm=arm, seed=seed)


def record_of(trial: Trial | None = None, **changes: Any) -> Record:
    trial = trial or trial_of()
    classes = len(trial.setting.task.classes)
    images = tuple(f"images/{number}.png" for number in range(6))
    random = np.random.default_rng(trial.seed)
    split = Split(images=images, groups=images, labels=np.arange(6, dtype=np.int64) % classes)
    scores = {
        (readout, "test"): random.normal(size=(6, classes)).astype(np.float16)
        for readout in ("kept", "removed")
    }
    record = Record(
        trial=trial,
        diverged=False,
        splits={"test": split},
        scores=scores,
        train_images=(100, 3),
        pool_images=(170, 60),
        losses=(0.7, 0.1),
        seconds={"training": 1.5},
        environment={"torch": "2.13"},
    )
    return dataclasses.replace(record, **changes)


@st.composite
def records(draw: st.DrawFn) -> Record:
    classes = draw(st.integers(2, 4))
    trial = trial_of(
        draw(st.integers(0, 2**63)), draw(st.sampled_from(sorted(ARMS))), classes=classes
    )
    splits = {}
    for name in draw(st.lists(names, max_size=2, unique=True)):
        images = tuple(draw(st.lists(names, max_size=5, unique=True)))
        count = len(images)
        groups = tuple(draw(st.lists(names, min_size=count, max_size=count)))
        labels = draw(npst.arrays(np.int64, count, elements=st.integers(0, classes - 1)))
        splits[name] = Split(images=images, groups=groups, labels=labels)
    diverged = draw(st.booleans())
    scores = {}
    if splits and not diverged:
        pairs = st.tuples(names, st.sampled_from(sorted(splits)))
        for readout, name in draw(st.lists(pairs, max_size=3, unique=True)):
            shape = (len(splits[name].images), classes)
            values = st.floats(width=16, allow_nan=False)
            scores[readout, name] = draw(npst.arrays(np.float16, shape, elements=values))
    counts = st.lists(st.integers(0, 10**6), max_size=3).map(tuple)
    return Record(
        trial=trial,
        diverged=diverged,
        splits=splits,
        scores=scores,
        train_images=draw(counts),
        pool_images=draw(counts),
        losses=tuple(draw(st.lists(st.floats(), max_size=4))),
        seconds=draw(st.dictionaries(names, st.floats(0, 1e9), max_size=2)),
        environment=draw(st.dictionaries(names, st.text(), max_size=2)),
    )


@given(record=records())
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_back_bit_for_bit(record: Record) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        assert store.write(record).written
        found = store.read(record.trial.key)
    assert found is not None
    assert found.trial == record.trial
    assert differences(found, record) == ()
    assert found.splits.keys() == record.splits.keys()
    assert found.scores.keys() == record.scores.keys()
    for key, scores in record.scores.items():
        assert found.scores[key].shape == scores.shape
        assert found.scores[key].dtype == np.float16
        assert found.scores[key].tobytes() == scores.tobytes()
    for name, split in record.splits.items():
        assert found.splits[name].images == split.images
        assert found.splits[name].groups == split.groups
        assert found.splits[name].labels.dtype == np.int64
        assert found.splits[name].labels.tolist() == split.labels.tolist()
    assert np.array_equal(found.losses, record.losses, equal_nan=True)
    assert (found.train_images, found.pool_images) == (record.train_images, record.pool_images)
    assert (found.diverged, found.seconds) == (record.diverged, dict(record.seconds))
    assert found.environment == record.environment
    assert not store.damaged


def test_a_memory_layout_does_not_change_what_is_stored() -> None:
    scores = np.asfortranarray(np.arange(12).reshape(6, 2).astype(np.float16))
    record = record_of(scores={("kept", "test"): scores})
    found = decode(record.trial.key, encode(record))
    assert found is not None
    assert found.scores["kept", "test"].tolist() == scores.tolist()


def test_what_is_read_cannot_be_changed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(record_of())
    found = store.read(trial_of().key)
    assert found is not None
    with pytest.raises(ValueError, match="read-only"):
        found.scores["kept", "test"][0, 0] = 1


def test_a_trial_is_there_after_it_is_written_and_not_before(tmp_path: Path) -> None:
    store, other = Store.open(tmp_path), Store.open(tmp_path)
    key = trial_of().key
    assert (other.has(key), other.keys(), other.read(key)) == (False, set(), None)
    store.write(record_of())
    assert other.has(key)
    assert other.keys() == {key}
    assert not other.has(trial_of(seed=1).key)
    assert not other.damaged


def test_files_that_are_not_records_are_no_keys(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.write(record_of())
    folder = store.path(trial_of().key).parent
    (folder / ".abc.tmp").touch()
    (folder / "notes.trial").touch()
    (tmp_path / "trials" / "stray").touch()
    assert store.keys() == {trial_of().key}


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_a_name_that_is_no_key_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not the key of a trial"):
        Store(tmp_path).has(key)


def test_the_first_writer_wins_and_an_equal_second_record_is_no_difference(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(record_of())
    before = store.path(trial_of().key).read_bytes()
    again = record_of(seconds={"training": 99.0}, environment={"torch": "3"})
    result = store.write(again)
    assert (result.written, result.differences) == (False, ())
    assert store.path(trial_of().key).read_bytes() == before
    assert not (tmp_path / "determinism.jsonl").exists()


def test_a_second_record_with_other_results_is_noted_and_not_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = record_of()
    store.write(first)
    scores = dict(first.scores)
    scores["removed", "test"] = -scores["removed", "test"]
    for losses in ((0.7, 0.2), (0.7, 0.3)):
        result = store.write(record_of(scores=scores, losses=losses))
        assert not result.written
        assert result.differences == ("losses", "scores of removed on test")
    lines = (tmp_path / "determinism.jsonl").read_text().splitlines()
    assert [json.loads(line)["key"] for line in lines] == [first.trial.key] * 2
    assert json.loads(lines[0])["differs"] == ["losses", "scores of removed on test"]
    kept = store.read(first.trial.key)
    assert kept is not None
    assert differences(kept, first) == ()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"diverged": True, "scores": {}}, "diverged"),
        ({"train_images": (99, 3)}, "train images"),
        ({"pool_images": (99, 3)}, "pool images"),
        ({"losses": (0.7, -0.0)}, "losses"),
        ({"scores": {}}, "scores of kept on test"),
    ],
)
def test_every_judged_part_counts_as_a_difference(change: dict[str, Any], part: str) -> None:
    assert part in differences(record_of(losses=(0.7, 0.0)), record_of(**change))


@pytest.mark.parametrize("part", ["images", "groups", "labels"])
def test_every_part_of_a_split_counts_as_a_difference(part: str) -> None:
    split = record_of().splits["test"]
    turned = dataclasses.replace(split, **{part: getattr(split, part)[::-1]})
    assert differences(record_of(), record_of(splits={"test": turned})) == (f"{part} of test",)


def broken_records() -> dict[str, dict[str, Any]]:
    record = record_of()
    split, scores = record.splits["test"], record.scores["kept", "test"]
    replace = dataclasses.replace
    return {
        "diverged": {"diverged": True},
        "do not match": {"splits": {"test": replace(split, groups=split.groups[1:])}},
        "int64": {"splits": {"test": replace(split, labels=split.labels.astype(np.int32))}},
        "twice": {"splits": {"test": replace(split, images=split.images[:1] * 6)}},
        "not one of the 2": {"splits": {"test": replace(split, labels=split.labels + 1)}},
        "classes": {"splits": {"test": replace(split, labels=split.labels - 1)}},
        "not a split": {"scores": {("kept", "nowhere"): scores}},
        "float16": {"scores": {("kept", "test"): scores.astype(np.float32)}},
        "shape": {"scores": {("kept", "test"): scores[:5]}},
        "NaN": {"scores": {("kept", "test"): scores * np.float16("nan")}},
    }


@pytest.mark.parametrize("word", broken_records())
def test_a_record_that_contradicts_itself_is_not_written(tmp_path: Path, word: str) -> None:
    store = Store(tmp_path)
    with pytest.raises(ValueError, match=word):
        store.write(record_of(**broken_records()[word]))
    assert store.keys() == set()


def test_a_record_too_large_to_read_back_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bnclaims.store.codec.MAX_BODY_BYTES", 100)
    with pytest.raises(BnclaimsError, match=r"takes \d+ bytes.*use fewer test images"):
        Store(tmp_path).write(record_of())


def test_a_record_of_another_trainer_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    with monkeypatch.context() as newer:
        newer.setattr("bnclaims.protocol.trial.TRAINER_VERSION", 999)
        other = record_of()
        store.write(other)
    assert other.trial.key != trial_of().key
    assert store.read(other.trial.key) is None
    assert store.has(other.trial.key)
    assert not store.damaged


def test_an_error_is_kept_until_the_trial_succeeds(tmp_path: Path) -> None:
    store, trial = Store.open(tmp_path), trial_of()
    assert store.read_error(trial.key) is None
    store.write_error(trial, "out of memory")
    store.write_error(trial, "loss is not finite\nsecond line, \ud800")
    assert store.read_error(trial.key) == "loss is not finite\nsecond line, \\ud800"
    store.write(record_of())
    assert store.read_error(trial.key) is None


def test_a_new_store_explains_itself_and_opens_again(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "store"
    Store.open(root).write(record_of())
    assert "never changed" in (root / "README.txt").read_text()
    assert json.loads((root / "store.json").read_text()) == {"format": 1}
    assert Store.open(root).keys() == {trial_of().key}


def test_many_may_make_one_store_at_once(tmp_path: Path) -> None:
    for number in range(10):
        root = tmp_path / str(number)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert len(list(pool.map(Store.open, [root] * 8))) == 8


def test_a_folder_of_somebody_else_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(BnclaimsError, match=r"thesis\.tex.*not a store.*--store=DIR"):
        Store.open(tmp_path)
    assert os.listdir(tmp_path) == ["thesis.tex"]
    with pytest.raises(BnclaimsError, match=r"is a file, not a store"):
        Store.open(tmp_path / "thesis.tex")


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text('{"format": 2}')
    with pytest.raises(BnclaimsError, match=r"format 2, newer.*upgrade bnclaims"):
        Store.open(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "1"}', '{"format": 0}', "\xff"])
def test_a_store_without_a_format_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "store.json").write_text(text, encoding="latin-1")
    with pytest.raises(BnclaimsError, match="does not name the format"):
        Store.open(tmp_path)


def test_only_old_leftovers_of_killed_writers_are_swept(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.write(record_of())
    folder = store.path(trial_of().key).parent
    for name, age in ((".old.1.tmp", 2), (".young.2.tmp", 0)):
        (folder / name).touch()
        os.utime(folder / name, (0, time.time() - age * 24 * 3600))
    Store.open(tmp_path)
    assert sorted(os.listdir(folder)) == [".young.2.tmp", f"{trial_of().key}.trial"]
