"""Records written to one archive and read back."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.protocol.names import FINAL_BN, KEPT, PLAIN, REMOVED
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.report.predictions import decode_predictions, encode_predictions, read_predictions
from bnclaims.store.record import Record, Split
from fixtures.trials import setting_of, task_of

NAMES = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=8)


def setting(classes: int = 2, *, epochs: int | None = 1) -> Setting:
    task = task_of(
        "folder:é",
        majority=(("a", "b"),),
        minority=tuple((f"c{number}",) for number in range(classes - 1)),
    )
    return setting_of(task, epochs=epochs, steps=None if epochs else 5)


def split_of(names: list[str], groups: list[str], classes: int) -> Split:
    labels = np.arange(len(names), dtype=np.int64) % classes
    return Split(images=tuple(names), groups=tuple(groups), labels=labels)


def record_of(
    trial: Trial, splits: dict[str, Split], *, readouts: tuple[str, ...] = (KEPT,), number: int = 0
) -> Record:
    classes = len(trial.setting.task.classes)
    random = np.random.default_rng(number)
    return Record(
        trial=trial,
        diverged=not readouts,
        splits=splits,
        scores={
            (readout, name): -random.random((len(split.labels), classes)).astype(np.float16)
            for readout in readouts
            for name, split in splits.items()
        },
        train_images=(10,) + (1,) * (classes - 1),
        pool_images=(100,) * classes,
        losses=(0.5,),
        seconds={"train": 0.5},
        environment={"host": "somewhere"},
    )


def simple(*, readouts: tuple[str, ...] = (KEPT,), arm: str = PLAIN, seed: int = 0) -> Record:
    splits = {
        "validation": split_of(["a", "b"], ["a", "b"], 2),
        "test": split_of(["c", "d", "e"], ["c", "c", "e"], 2),
    }
    trial = Trial(setting=setting(), arm=arm, seed=seed)
    return record_of(trial, splits, readouts=readouts, number=seed)


def keyed(*records: Record) -> dict[str, Record]:
    return {record.trial.key: record for record in records}


def assert_same(back: Record, record: Record) -> None:
    assert (back.trial, back.diverged) == (record.trial, record.diverged)
    assert (back.train_images, back.pool_images) == (record.train_images, record.pool_images)
    assert back.splits.keys() == record.splits.keys()
    for name, split in record.splits.items():
        assert (back.splits[name].images, back.splits[name].groups) == (split.images, split.groups)
        np.testing.assert_array_equal(back.splits[name].labels, split.labels, strict=True)
    assert back.scores.keys() == record.scores.keys()
    for which, scores in record.scores.items():
        np.testing.assert_array_equal(back.scores[which], scores, strict=True)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Record]:
    made = []
    for seed in range(draw(st.integers(0, 3))):
        classes = draw(st.integers(2, 4))
        splits = {}
        for name in ("test", "validation"):
            ids = draw(st.lists(NAMES, unique=True, max_size=5))
            groups = draw(st.lists(NAMES, min_size=len(ids), max_size=len(ids)))
            splits[name] = split_of(ids, groups, classes)
        trial = Trial(setting=setting(classes, epochs=seed or None), arm=FINAL_BN, seed=seed)
        readouts = draw(st.sampled_from([(), (KEPT,), (KEPT, REMOVED)]))
        made.append(record_of(trial, splits, readouts=readouts, number=seed))
    return keyed(*made)


@settings(deadline=None)
@given(records())
def test_everything_that_judging_needs_is_read_back(written: dict[str, Record]) -> None:
    back = decode_predictions(encode_predictions(written))
    assert back.keys() == written.keys()
    for key, record in written.items():
        assert_same(back[key], record)


def test_a_trial_that_was_not_measured_is_kept_without_scores() -> None:
    unmeasured = dataclasses.replace(simple(), scores={}, diverged=True)
    (back,) = decode_predictions(encode_predictions(keyed(unmeasured))).values()
    assert back.scores == {} and back.splits["test"].groups == ("c", "c", "e")


def test_one_split_is_stored_once_for_all_trials_that_share_it() -> None:
    some = keyed(*(simple(seed=seed) for seed in range(2)))
    many = keyed(*(simple(seed=seed) for seed in range(40)))
    back = decode_predictions(encode_predictions(many))
    assert len({id(record.splits["test"]) for record in back.values()}) == 1
    sizes = [len(encode_predictions(given)) for given in (some, many)]
    assert sizes[1] < 20 * sizes[0]


def test_the_same_image_in_other_groups_is_another_split() -> None:
    first, second = simple(seed=0), simple(seed=1)
    other = {**second.splits, "test": split_of(["c", "d", "e"], ["c", "d", "e"], 2)}
    given = keyed(first, dataclasses.replace(second, splits=other))
    back = decode_predictions(encode_predictions(given))
    assert back[first.trial.key].splits["test"].groups == ("c", "c", "e")
    assert back[second.trial.key].splits["test"].groups == ("c", "d", "e")


def test_the_same_records_give_the_same_bytes() -> None:
    one, other = simple(seed=0), simple(seed=1)
    assert encode_predictions(keyed(one, other)) == encode_predictions(keyed(other, one))


def test_a_file_is_read_with_numpy_alone_and_without_pickle(tmp_path: Path) -> None:
    record = simple()
    file = tmp_path / "predictions.npz"
    file.write_bytes(encode_predictions(keyed(record)))
    with np.load(file, allow_pickle=False) as archive:
        assert archive["scores"].dtype == np.float16 and set(archive["images"]) == set("abcde")
    assert read_predictions(file).keys() == {record.trial.key}


def test_whole_records_come_back_and_those_of_older_reports_lack_what_was_not_kept() -> None:
    record = simple()
    data = encode_predictions(keyed(record))
    (back,) = decode_predictions(data).values()
    assert (back.environment, back.losses) == (record.environment, record.losses)
    with np.load(io.BytesIO(data)) as archive:
        arrays = dict(archive)
    about = json.loads(arrays["about"].tobytes())
    del about["environments"]
    for trial in about["trials"]:
        del trial["environment"], trial["losses"]
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), "|u1")
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    (older,) = decode_predictions(file.getvalue()).values()
    assert (older.environment, older.losses) == (
        {},
        (),
    ) and older.scores.keys() == back.scores.keys()
