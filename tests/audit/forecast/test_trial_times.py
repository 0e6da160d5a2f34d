"""How long trials take, from those that were stored."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnclaims.audit.forecast.assumed_times import modelled
from bnclaims.audit.forecast.trial_times import Timings, work
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.protocol.trial import Setting, Trial
from bnclaims.report.formatting import amount_of, duration
from bnclaims.store.record import Record
from fixtures.trials import setting_of, task_of


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
    expected, modelled_wanted = modelled(known), modelled(wanted)
    assert expected is not None and modelled_wanted is not None
    told = Timings([record(known, 3 * expected)]).of(Trial(setting=wanted, arm=PLAIN, seed=0))
    assert told is not None
    assert (told.basis, told.trials) == ("other network", 1)
    assert told.seconds == pytest.approx(3 * modelled_wanted)


def test_on_a_device_where_nothing_ran_arithmetic_alone_is_assumed() -> None:
    elsewhere = setting_of(device="cuda")
    told = Timings([record(setting_of(), 2.0)]).of(Trial(setting=elsewhere, arm=PLAIN, seed=0))
    assert told is not None
    assert (told.basis, told.trials, told.seconds) == ("assumed", 0, modelled(elsewhere))


def test_a_network_that_nobody_counted_has_no_time() -> None:
    unknown = setting_of(architecture="a network of tomorrow")
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
    told = timings.of(Trial(setting=setting, arm=PLAIN, seed=0))
    assert told is not None and told.basis == "assumed"


def test_work_counts_steps_and_pixels_as_training_does() -> None:
    # 15 images in batches of 4: 4 + 4 + 4 + 3; 6 steps are an epoch and a half.
    setting = setting_of(batch_size=4, epochs=3)
    assert work(setting).tolist() == [12, 3 * 15 * 64]
    fixed = setting_of(batch_size=4, epochs=None, steps=6)
    assert work(fixed).tolist() == [6, round(6 * 15 / 4) * 64]


SHAPES = st.tuples(
    st.sampled_from([8, 16, 64, 256]), st.integers(1, 40), st.sampled_from([8, 16, 32])
)


def shaped(batch_size: int, epochs: int, image_size: int) -> Setting:
    task = task_of(majority_images=1000, minority_images=10, image_size=image_size)
    return setting_of(task, batch_size=batch_size, epochs=epochs)


@settings(deadline=None)  # the first call loads the optimiser
@given(
    shapes=st.lists(SHAPES, min_size=3, max_size=6, unique=True),
    wanted=SHAPES,
    step=st.floats(1e-4, 1e-2),
    pixel=st.floats(1e-9, 1e-6),
)
def test_a_setting_that_never_ran_is_scaled_by_steps_and_pixels(
    shapes: list[tuple[int, int, int]], wanted: tuple[int, int, int], step: float, pixel: float
) -> None:
    costs = np.array([step, pixel])
    known = [shaped(*shape) for shape in shapes]
    timings = Timings([record(setting, float(costs @ work(setting))) for setting in known])
    told = timings.of(Trial(setting=shaped(*wanted), arm=PLAIN, seed=0))
    assert told is not None
    truth = float(costs @ work(shaped(*wanted)))
    ratios = np.array([work(shaped(*wanted)) / work(setting) for setting in known])
    seconds = np.array([costs @ work(setting) for setting in known])
    # Whatever was learnt, no further off than the extremes of one kind of work alone.
    assert (ratios.min(axis=1) * seconds).min() * 0.999 <= told.seconds
    assert told.seconds <= (ratios.max(axis=1) * seconds).max() * 1.001
    spread = np.linalg.cond([work(setting) / s for setting, s in zip(known, seconds, strict=True)])
    if spread < 3:  # the known settings differ in the mix of their work
        assert told.seconds == pytest.approx(truth, rel=0.1)


def test_one_known_setting_is_scaled_half_by_steps_and_half_by_pixels() -> None:
    known, wanted = shaped(64, 10, 8), shaped(64, 10, 16)
    told = Timings([record(known, 1.0)]).of(Trial(setting=wanted, arm=PLAIN, seed=0))
    assert told is not None
    # As many steps, four times the pixels.
    assert (told.seconds, told.basis) == (pytest.approx(2.5, rel=1e-6), "scaled")


def test_the_nearest_amount_of_work_is_what_is_scaled() -> None:
    # The small one is slower than its work says: only a wanted setting near to it shows that.
    small, large, other = shaped(64, 1, 8), shaped(64, 40, 8), shaped(8, 40, 8)
    costs = np.array([1e-3, 1e-7])
    times = {small: 3 * float(costs @ work(small))} | {
        s: float(costs @ work(s)) for s in (large, other)
    }
    timings = Timings([record(setting, seconds) for setting, seconds in times.items()])
    near_small = timings.of(Trial(setting=shaped(64, 2, 8), arm=PLAIN, seed=0))
    near_large = timings.of(Trial(setting=shaped(64, 39, 8), arm=PLAIN, seed=0))
    assert near_small is not None and near_large is not None
    assert near_small.seconds == pytest.approx(2 * times[small], rel=0.05)
    assert near_large.seconds == pytest.approx(39 / 40 * times[large], rel=0.05)


def test_the_order_of_records_does_not_change_a_time() -> None:
    known = [shaped(64, epochs, 8) for epochs in (1, 4)]
    records = [record(setting, 1.0 + index) for index, setting in enumerate(known)]
    trial = Trial(setting=shaped(64, 2, 8), arm=PLAIN, seed=0)
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
