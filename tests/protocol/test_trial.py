"""Trials: the key under which a network is stored means one thing, for ever."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.protocol import trial as module
from bnclaims.protocol.names import ARMS, CLASSIFIERS, FINAL_BN, REGIMES
from bnclaims.protocol.trial import TRAINER_VERSION, Setting, Task, Trial, canonical_json

TASK = Task(
    dataset="digits",
    fingerprint="f" * 64,
    image_size=8,
    majority=(("0", "1"), ("2",)),
    minority=(("8",),),
    majority_images=1000,
    minority_images=10,
    validation_majority_images=150,
    validation_minority_images=7,
    test_images=149,
)
SETTING = Setting(
    task=TASK,
    architecture="simple_cnn",
    head="softmax",
    batch_size=64,
    epochs=10,
    steps=None,
    optimiser="adam",
    learning_rate=0.001,
    precision="fp32",
    device="cpu",
)
TRIAL = Trial(setting=SETTING, arm=FINAL_BN, seed=3)


def test_the_key_is_the_one_that_stores_have_always_used() -> None:
    # A changed key orphans every trained network; raise TRAINER_VERSION where that is meant.
    assert TRAINER_VERSION == 1
    assert TRIAL.key == "50d7fff4f7ecd081856dfe0c86b956831d5c28f38d63c6cb628ca537fad82af7"


def test_committed_reports_keep_their_keys() -> None:
    path = Path(__file__).parents[2] / "reports" / "quick-digits" / "predictions.npz"
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(arrays["about"].tobytes())
    assert len(about["trials"]) > 100
    for entry in about["trials"]:
        data = {"trainer": about["trainer"], "setting": about["settings"][entry["setting"]]}
        trial = Trial.from_dict({**data, "arm": entry["arm"], "seed": entry["seed"]})
        assert trial.key == entry["key"]


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "simple_cnn"),
        ({"classifier": "fastai"}, "simple_cnn with fastai classifier"),
        ({"architecture": "resnet34"}, "resnet34 from scratch"),
        ({"architecture": "resnet34", "regime": "fine_tuned"}, "resnet34 fine-tuned"),
        (
            {"architecture": "vgg19", "regime": "frozen", "classifier": "fastai"},
            "vgg19 frozen with fastai classifier",
        ),
    ],
)
def test_a_label_says_how_a_network_starts(changes: dict[str, str], label: str) -> None:
    setting = dataclasses.replace(SETTING, **changes)
    assert setting.label == f"digits 1000:10, {label}, softmax, batch 64, 10 epochs"


@pytest.mark.parametrize(("name", "default"), [("regime", "scratch"), ("classifier", "linear")])
def test_the_default_of_a_later_field_is_not_stated_and_not_read(name: str, default: str) -> None:
    assert name not in TRIAL.canonical
    changed = dataclasses.replace(TRIAL, setting=dataclasses.replace(SETTING, **{name: "other"}))
    assert f'"{name}":"other"' in changed.canonical
    data = TRIAL.as_dict()
    data["setting"][name] = default
    with pytest.raises(ValueError, match=f"{name} '{default}' goes without saying"):
        Trial.from_dict(data)


def test_the_key_is_the_hash_of_the_canonical_description() -> None:
    text = canonical_json(TRIAL.as_dict())
    assert TRIAL.key == hashlib.sha256(text.encode()).hexdigest()
    assert json.loads(text) == json.loads(json.dumps(TRIAL.as_dict()))


def test_canonical_json_depends_on_content_alone() -> None:
    assert canonical_json({"b": [1, 2.5], "a": None}) == '{"a":null,"b":[1,2.5]}'
    assert canonical_json({"b": 1, "a": {"d": 2, "c": 3}}) == canonical_json(
        {"a": {"c": 3, "d": 2}, "b": 1}
    )
    assert canonical_json("é") == '"\\u00e9"'


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_canonical_json_refuses_what_json_does_not_have(number: float) -> None:
    with pytest.raises(ValueError):
        canonical_json({"rate": number})


def test_the_key_changes_with_every_field() -> None:
    def changed(value: Any) -> Any:
        match value:
            case str():
                return value + "x"
            case int() | float():
                return value + 1
            case tuple():
                return (*value, ("another",))
        raise AssertionError(value)

    variants = [
        dataclasses.replace(TRIAL, seed=4),
        dataclasses.replace(TRIAL, arm="plain"),
        dataclasses.replace(
            TRIAL, setting=dataclasses.replace(SETTING, epochs=None, steps=SETTING.epochs)
        ),
    ]
    for field in dataclasses.fields(Setting):
        value = getattr(SETTING, field.name)
        if field.name not in ("task", "steps"):
            setting = dataclasses.replace(SETTING, **{field.name: changed(value)})
            variants.append(dataclasses.replace(TRIAL, setting=setting))
    for field in dataclasses.fields(Task):
        task = dataclasses.replace(TASK, **{field.name: changed(getattr(TASK, field.name))})
        setting = dataclasses.replace(SETTING, task=task)
        variants.append(dataclasses.replace(TRIAL, setting=setting))
    assert len({trial.key for trial in variants} | {TRIAL.key}) == len(variants) + 1


def test_the_key_changes_with_the_trainer(monkeypatch: pytest.MonkeyPatch) -> None:
    before = TRIAL.key
    monkeypatch.setattr(module, "TRAINER_VERSION", TRAINER_VERSION + 1)
    assert dataclasses.replace(TRIAL).key != before


def test_merged_classes_are_not_separate_classes() -> None:
    merged = dataclasses.replace(TASK, majority=(("0", "1", "2"),))
    split = dataclasses.replace(TASK, majority=(("0",), ("1", "2")))
    keys = {
        dataclasses.replace(TRIAL, setting=dataclasses.replace(SETTING, task=task)).key
        for task in (TASK, merged, split)
    }
    assert len(keys) == 3


@settings(max_examples=40)
@given(
    arm=st.sampled_from(list(ARMS)),
    seed=st.integers(0, 2**40),
    name=st.text(),
    rate=st.floats(1e-12, 10),
    steps=st.none() | st.integers(1, 10**6),
    regime=st.sampled_from(list(REGIMES)),
    classifier=st.sampled_from(list(CLASSIFIERS)),
)
def test_a_trial_survives_json(
    arm: str,
    seed: int,
    name: str,
    rate: float,
    steps: int | None,
    regime: str,
    classifier: str,
) -> None:
    task = dataclasses.replace(TASK, dataset=name, minority=((name, "8"),))
    setting = dataclasses.replace(
        SETTING,
        task=task,
        learning_rate=rate,
        steps=steps,
        epochs=None if steps else 3,
        regime=regime,
        classifier=classifier,
    )
    trial = Trial(setting=setting, arm=arm, seed=seed)
    again = Trial.from_dict(json.loads(canonical_json(trial.as_dict())))
    assert again == trial == Trial.from_canonical(trial.canonical)
    assert again.key == trial.key


@pytest.mark.parametrize("version", [TRAINER_VERSION + 1, str(TRAINER_VERSION), None])
def test_a_trial_of_another_trainer_is_refused(version: Any) -> None:
    with pytest.raises(ValueError, match=f"trainer version {version!r}, this is version 1"):
        Trial.from_dict(TRIAL.as_dict() | {"trainer": version})


@pytest.mark.parametrize("part", ["setting", "arm", "seed"])
def test_an_incomplete_description_is_refused(part: str) -> None:
    data = TRIAL.as_dict()
    del data[part]
    with pytest.raises(ValueError, match=rf"not the description of a trial.*{part}"):
        Trial.from_dict(data)


def test_a_description_with_a_field_too_many_is_refused() -> None:
    data = TRIAL.as_dict()
    data["setting"]["momentum"] = 0.9
    with pytest.raises(ValueError, match=r"not the description of a trial.*momentum"):
        Trial.from_dict(data)


@pytest.mark.parametrize(("epochs", "steps"), [(None, None), (3, 5)])
def test_a_setting_has_either_epochs_or_steps(epochs: int | None, steps: int | None) -> None:
    with pytest.raises(ValueError, match="either epochs or steps"):
        dataclasses.replace(SETTING, epochs=epochs, steps=steps)


def test_minority_classes_come_after_the_majority_with_their_own_counts() -> None:
    assert TASK.classes == (("0", "1"), ("2",), ("8",))
    assert TASK.minority_classes == (2,)
    assert [TASK.images_of(index) for index in range(3)] == [
        (1000, 150, 149),
        (1000, 150, 149),
        (10, 7, 149),
    ]
