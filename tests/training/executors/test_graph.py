"""Captured steps: the bits of the loop, whatever was captured before, and a way out where they fail."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from bnclaims.protocol.names import ARMS, FASTAI, FINAL_BN, HEADS, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.training.executors import graph, loop
from bnclaims.training.executors.capture import Capture, Line, Replay, Step, Tensors
from bnclaims.training.executors.graph import GraphExecutor
from bnclaims.training.executors.losses import Objective
from fixtures.training import draw_of, trial_of


class Fixed(Capture):
    """Stands in for CUDA graphs: a capture works on the very tensors it was made on, and on no others."""

    worth = 2
    side_by_side = 4
    fixed = True

    def __init__(self) -> None:
        self.captured = 0
        self.open: list[int] = []

    def capture(self, step: Step, tensors: Tensors) -> Replay:
        self.captured += 1
        places = [tensor.data_ptr() for tensor in tensors]
        kept = list(tensors)

        def replay(given: Tensors) -> None:
            assert [tensor.data_ptr() for tensor in given] == places
            step(*kept)

        return replay

    def placed(self, there: torch.Tensor | None, new: torch.Tensor) -> torch.Tensor:
        if there is None or len(there) < len(new):
            there = new.new_zeros((2 * len(new), *new.shape[1:]))
        there[: len(new)].copy_(new)
        return there

    @contextlib.contextmanager
    def branch(self, number: int) -> Iterator[None]:
        self.open.append(number)
        yield

    def join(self) -> None:
        assert self.open
        self.open.clear()


def line(worth: int = 1) -> Line:
    made = Line()
    made.worth = worth  # type: ignore[misc]
    return made


def same_bits(one: Record, other: Record) -> bool:
    return (
        one.diverged == other.diverged
        and one.losses == other.losses
        and one.scores.keys() == other.scores.keys()
        and all(
            one.scores[which].tobytes() == other.scores[which].tobytes() for which in one.scores
        )
    )


def trained(executor: GraphExecutor, *trials: Trial, **draw: Any) -> list[Record]:
    return executor.train_all(trials, [draw_of(**draw)] * len(trials))


@pytest.mark.parametrize("arm", ARMS)
def test_captured_steps_give_the_bits_of_the_loop(arm: str) -> None:
    trial = trial_of(arm, seed=3)
    record = trained(GraphExecutor(line()), trial)[0]
    assert same_bits(record, loop.train(trial, draw_of()))
    assert record.environment["executor"] == "graph"


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("architecture", ["mlp", "simple_cnn"])
def test_every_head_can_be_captured(head: str, architecture: str) -> None:
    trial = trial_of(FINAL_BN, head=head, architecture=architecture)
    record = trained(GraphExecutor(line()), trial)[0]
    assert record.environment["executor"] == "graph"
    assert same_bits(record, loop.train(trial, draw_of()))


@pytest.mark.parametrize("changes", [{"precision": "bf16"}, {"epochs": None, "steps": 7}])
def test_precision_and_fixed_steps_are_those_of_the_loop(changes: dict[str, Any]) -> None:
    trial = trial_of(FINAL_BN, **changes)
    record = trained(GraphExecutor(line()), trial)[0]
    assert record.environment["executor"] == "graph"
    assert same_bits(record, loop.train(trial, draw_of()))


@pytest.mark.parametrize("make", [line, Fixed])
def test_a_capture_serves_later_trials_of_its_shape(make: Callable[[], Capture]) -> None:
    executor = GraphExecutor(make())
    for seed, images in ((0, 60), (1, 60), (2, 50), (3, 90)):
        trial = trial_of(FINAL_BN, seed=seed)
        record = trained(executor, trial, majority=images)[0]
        assert same_bits(record, loop.train(trial, draw_of(majority=images)))


def test_more_images_than_the_captured_tensors_hold_make_another_capture() -> None:
    capture = Fixed()
    executor = GraphExecutor(capture)
    trained(executor, trial_of(seed=0), majority=60)
    first = capture.captured
    trained(executor, trial_of(seed=1), majority=60)
    assert capture.captured == first
    trained(executor, trial_of(seed=2), majority=600)
    assert capture.captured > first


@pytest.mark.parametrize("make", [line, Fixed])
def test_networks_side_by_side_do_not_touch_each_other(make: Callable[[], Capture]) -> None:
    trials = [trial_of(arm, seed=seed) for seed in (0, 1) for arm in (PLAIN, FINAL_BN)]
    for record in trained(GraphExecutor(make()), *trials):
        assert same_bits(record, loop.train(record.trial, draw_of()))


def test_rare_batch_sizes_are_trained_without_a_capture() -> None:
    capture = Fixed()
    capture.worth = 5  # type: ignore[misc]
    # Two epochs of 65 images: eight batches of 16, of which the last of an epoch has 17.
    record = trained(GraphExecutor(capture), trial_of())[0]
    assert capture.captured == 1
    assert same_bits(record, loop.train(trial_of(), draw_of()))


def test_capturing_leaves_no_trace_in_the_tensors() -> None:
    tensors = [torch.ones(3), torch.zeros(3)]

    def step(one: torch.Tensor, other: torch.Tensor) -> None:
        other.add_(one)

    replay = Line().capture(step, tensors)
    assert tensors[1].tolist() == [0, 0, 0]
    replay(tensors)
    replay(tensors)
    assert tensors[1].tolist() == [2, 2, 2]
    others = [torch.full((3,), 5.0), torch.zeros(3)]
    replay(others)
    assert others[1].tolist() == [5, 5, 5]


class Hungry(Fixed):
    """Has room for so many networks at once."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def capture(self, step: Step, tensors: Tensors) -> Replay:
        # Every network has one list of its images to come.
        if sum(tensor.ndim == 4 and tensor.shape[-1] == 1 for tensor in tensors) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().capture(step, tensors)


def test_networks_that_do_not_fit_together_are_trained_in_halves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    executor = GraphExecutor(Hungry(room=1))
    trials = [trial_of(seed=seed) for seed in range(4)]
    assert executor.together(trials) == 4
    with caplog.at_level(logging.WARNING):
        records = trained(executor, *trials)
    assert [record.trial.seed for record in records] == [0, 1, 2, 3]
    for record in records:
        assert same_bits(record, loop.train(record.trial, draw_of()))
    # What was learned holds for the trials to come.
    assert executor.together(trials) == 1
    assert [message.split(":")[0] for message in caplog.messages] == [
        "the memory does not hold 4 networks",
        "the memory does not hold 2 networks",
    ]


def test_one_network_too_large_for_the_memory_is_an_error() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        trained(GraphExecutor(Hungry(room=0)), trial_of())


def test_a_step_that_cannot_be_captured_is_left_to_the_loop(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = Objective.forward

    def curious(self: Objective, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        loss = whole(self, logits, labels)
        return loss if loss.item() > 0 else -loss

    monkeypatch.setattr(Objective, "forward", curious)
    with caplog.at_level(logging.WARNING):
        record = trained(GraphExecutor(line()), trial_of())[0]
    assert record.environment["executor"] == "loop"
    assert len(caplog.messages) == 1 and "the loop trains it" in caplog.messages[0]
    assert same_bits(record, loop.train(trial_of(), draw_of()))


def test_random_numbers_inside_a_step_are_left_to_the_loop() -> None:
    trial = trial_of(classifier=FASTAI)
    record = trained(GraphExecutor(line()), trial)[0]
    assert record.environment["executor"] == "loop"


def test_a_loss_that_is_not_finite_ends_the_training_of_that_network_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Objective.forward

    def spoilt(self: Objective, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        loss = whole(self, logits, labels)
        return loss if self.weights is None else loss * torch.nan

    monkeypatch.setattr(Objective, "forward", spoilt)
    sound, lost = trained(GraphExecutor(Fixed()), trial_of(), trial_of("weighted_loss"))
    assert lost.diverged and lost.losses == () and lost.scores == {}
    assert same_bits(sound, loop.train(trial_of(), draw_of()))


def test_only_trials_of_one_setting_are_trained_at_once() -> None:
    executor = GraphExecutor(Fixed())
    alike = [trial_of(seed=seed) for seed in range(6)]
    assert executor.together(alike) == Fixed.side_by_side
    assert executor.together([alike[0], trial_of(batch_size=32), *alike[1:]]) == 1
    assert GraphExecutor(Line()).together(alike) == 1


def test_the_time_of_common_steps_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[float] = []
    whole = graph.finished

    def noted(*args: Any, **options: Any) -> Record:
        spent.append(options["spent"].wall)
        return whole(*args, **options)

    monkeypatch.setattr(graph, "finished", noted)
    trained(GraphExecutor(Fixed()), *[trial_of(seed=seed) for seed in range(3)])
    assert len(spent) == 3 and len(set(spent)) == 1


@pytest.mark.parametrize("arm", [PLAIN, FINAL_BN, "weighted_loss"])
def test_the_first_captured_step_has_the_loss_and_gradients_of_the_loop(arm: str) -> None:
    trial = trial_of(arm, seed=2)
    loss, gradients = graph.first_step(trial, draw_of())
    reference, expected = loop.first_step(trial, draw_of())
    assert loss == pytest.approx(reference, rel=1e-6)
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-5, atol=1e-9)
