"""Times of trials, from those that were stored."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnclaims.audit.forecast.trial_times import Assumed, Duration
from bnclaims.audit.forecast.trial_times import Timings as TimingsOf
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.report.formatting import amount_of, duration
from bnclaims.store.record import Record
from fixtures.trials import setting_of


def seconds_of(setting: Setting) -> float:
    """An assumption of tests: a second an epoch, ten for a VGG19."""
    return (setting.epochs or 1) * (10.0 if setting.architecture == "vgg19" else 1.0)


ASSUMED = Assumed(
    seconds=lambda setting: None if setting.architecture == "unknown" else seconds_of(setting),
    words="a second an epoch",
)
Timings = partial(TimingsOf, assumed=ASSUMED)


def record(
    setting: Setting, took: float, *, arm: str = PLAIN, seed: int = 0, **changes: Any
) -> Record:
    """A stored trial that took so long to train and as long on the processor, and no time to read."""
    return Record(
        trial=Trial(setting=setting, arm=arm, seed=seed),
        **{
            "diverged": False,
            "splits": {},
            "scores": {},
            "train_images": (12, 3),
            "pool_images": (100, 100),
            "losses": (0.5,),
            "seconds": {"train": took, "read": 0.0, "processor": took},
            "environment": {},
            **changes,
        },
    )


def test_a_trial_takes_the_median_of_its_setting_and_arm_training_and_reading() -> None:
    setting = setting_of()
    seconds = {"train": 3.0, "read": 1.0, "processor": 2.0}
    timings = Timings(
        [
            record(setting, 1.0, seed=0),
            record(setting, 0.0, seed=1, seconds=seconds),
            record(setting, 90.0, seed=2),
            record(setting, 50.0, seed=3, arm=FINAL_BN),
        ]
    )
    known = timings.of(Trial(setting=setting, arm=PLAIN, seed=7))
    assert known is not None
    assert (known.seconds, known.processor, known.basis, known.trials) == (4.0, 2.0, "measured", 3)
    assert timings.trials == 4


def test_an_arm_that_never_ran_takes_as_long_as_the_other_arms_of_its_setting() -> None:
    setting = setting_of()
    timings = Timings([record(setting, 2.0), record(setting, 4.0, seed=1, arm=FINAL_BN)])
    known = timings.of(Trial(setting=setting, arm="weighted_loss", seed=0))
    assert known is not None
    assert (known.seconds, known.basis, known.trials) == (3.0, "other arm", 2)


def test_a_network_that_never_ran_is_scaled_by_arithmetic_from_others_on_the_device() -> None:
    known, wanted = setting_of(), setting_of(architecture="vgg19")
    found = told(Timings([record(known, 3 * seconds_of(known))]), wanted)
    assert (found.basis, found.trials) == ("other network", 1)
    assert found.seconds == pytest.approx(3 * seconds_of(wanted))


def test_on_a_device_where_nothing_ran_arithmetic_alone_is_assumed() -> None:
    elsewhere = setting_of(device="cuda")
    found = told(Timings([record(setting_of(), 2.0)]), elsewhere)
    assert (found.basis, found.trials, found.seconds) == ("assumed", 0, seconds_of(elsewhere))


def test_a_network_of_which_nothing_is_assumed_has_no_time() -> None:
    unknown = setting_of(architecture="unknown")
    assert (
        Timings([record(setting_of(), 2.0)]).of(Trial(setting=unknown, arm=PLAIN, seed=0)) is None
    )


def test_diverged_and_synthetic_trials_tell_no_time() -> None:
    setting = setting_of()
    timings = Timings(
        [
            record(setting, 2.0, diverged=True),
            record(setting, 0.0, seconds={"train": 0.0, "read": 0.0, "processor": 0.0}),
            record(setting, 0.0, seconds={}),
        ]
    )
    assert timings.trials == 0
    assert told(timings, setting).basis == "assumed"


def shaped(epochs: int, **changes: Any) -> Setting:
    return setting_of(epochs=epochs, **changes)


def told(timings: TimingsOf, setting: Setting) -> Duration:
    found = timings.of(Trial(setting=setting, arm=PLAIN, seed=0))
    assert found is not None
    return found


@given(
    known=st.lists(st.integers(1, 60), min_size=1, max_size=6, unique=True),
    wanted=st.integers(1, 60),
    slower=st.floats(0.1, 10),
)
def test_where_the_assumption_is_off_by_a_factor_the_forecast_is_right(
    known: list[int], wanted: int, slower: float
) -> None:
    timings = Timings([record(shaped(n), slower * seconds_of(shaped(n))) for n in known])
    found = told(timings, shaped(wanted))
    assert found.seconds == pytest.approx(slower * seconds_of(shaped(wanted)))
    assert found.basis == ("measured" if wanted in known else "scaled")


def test_the_most_similar_setting_is_what_is_scaled() -> None:
    # The small one is slower than its arithmetic says: only a wanted setting near to it shows that.
    timings = Timings([record(shaped(1), 3.0), record(shaped(40), 40.0)])
    assert told(timings, shaped(2)).seconds == pytest.approx(6.0)
    assert told(timings, shaped(39)).seconds == pytest.approx(39.0)


def test_a_setting_of_the_same_network_comes_before_a_more_similar_one_of_another() -> None:
    other = shaped(12, architecture="vgg19")
    timings = Timings([record(shaped(1), 2.0), record(other, 500.0)])
    found = told(timings, shaped(12))
    assert (found.seconds, found.basis) == (pytest.approx(24.0), "scaled")


def test_the_order_of_records_does_not_change_a_time() -> None:
    known = [shaped(epochs) for epochs in (1, 4)]
    records = [record(setting, 1.0 + index) for index, setting in enumerate(known)]
    trial = Trial(setting=shaped(2), arm=PLAIN, seed=0)
    one, other = (Timings(order).of(trial) for order in (records, records[::-1]))
    assert one is not None and other is not None
    assert dataclasses.astuple(one) == pytest.approx(dataclasses.astuple(other))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (125, "2 min 5 s"),
        (600, "10 min"),
        (59.4 * 60, "59 min"),
        (3600, "1 h 00 min"),
        (11_100, "3 h 05 min"),
        (47.9 * 3600, "47 h 54 min"),
        (48 * 3600, "2 days 0 h"),
        (100 * 3600, "4 days 4 h"),
    ],
)
def test_durations_are_told_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_sum_without_some_times_is_a_lower_bound() -> None:
    assert amount_of({"unknown": 0, "trials": 3}, "5 s") == "5 s"
    assert amount_of({"unknown": 1, "trials": 3}, "5 s") == "at least 5 s"
    assert amount_of({"unknown": 3, "trials": 3}, "0 s") == "unknown"
    assert amount_of({"unknown": 0, "trials": 0}, "0 s") == "0 s"
