"""Captured steps: the bits of the loop, whatever was trained before, in the memory that there is."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from bnclaims.protocol.names import ARMS, FASTAI, FINAL_BN, HEADS, PLAIN
from bnclaims.protocol.trial import Trial
from bnclaims.store.record import Record
from bnclaims.training import DeviceLost
from bnclaims.training.executors import capture, graph, loop
from bnclaims.training.executors.capture import EagerDevice, EagerLane, Lane, Step
from bnclaims.training.executors.graph import GraphExecutor
from bnclaims.training.executors.losses import Objective
from fixtures.training import draw_of, trial_of

GIB = 2**30


class Memory(EagerDevice):
    """Stands in for a GPU of ``room`` bytes; a network takes as many as ``needs`` says of its lane's step.

    ``most_held`` is the most that was held at any time, ``full`` how often there was too little.
    """

    most = 16

    def __init__(self, room: float = math.inf, *, needs: int = 0, foreseen: bool = True) -> None:
        self.whole, self.needs, self.foreseen = room, needs, foreseen
        self.taken: dict[Lane, int] = {}
        self.most_held = self.full = self.captured = self.most_at_once = 0
        self.running: set[Lane] = set()

    def lane(self) -> Lane:
        return MemoryLane(self)

    def held(self) -> int:
        return sum(self.taken.values())

    def room(self) -> float:
        return self.whole - self.held() if self.foreseen else math.inf

    def join(self) -> None:
        self.most_at_once = max(self.most_at_once, len(self.running))
        self.running.clear()


class MemoryLane(EagerLane):
    """A lane whose captures take memory until the lane is cleared, and work on it alone."""

    def __init__(self, device: Memory) -> None:
        self.device = device

    def capture(self, step: Step, restore: Step) -> Step:
        device = self.device
        if self not in device.taken and device.held() + device.needs > device.whole:
            device.full += 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        device.taken[self] = device.needs
        device.most_held = max(device.most_held, device.held())
        device.captured += 1
        return super().capture(step, restore)

    def clear(self) -> None:
        self.device.taken.pop(self, None)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self.device.running.add(self)
        yield


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


# --- the bits of the loop -----------------------------------------------------------------------


@pytest.mark.parametrize("arm", ARMS)
def test_captured_steps_give_the_bits_of_the_loop(arm: str) -> None:
    trial = trial_of(arm, seed=3)
    record = trained(GraphExecutor(EagerDevice()), trial)[0]
    assert same_bits(record, loop.train(trial, draw_of()))
    assert record.environment["executor"] == "graph"


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("architecture", ["mlp", "simple_cnn"])
def test_every_head_can_be_captured(head: str, architecture: str) -> None:
    trial = trial_of(FINAL_BN, head=head, architecture=architecture)
    record = trained(GraphExecutor(EagerDevice()), trial)[0]
    assert record.environment["executor"] == "graph"
    assert same_bits(record, loop.train(trial, draw_of()))


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "bf16"},
        {"epochs": None, "steps": 7},
        {"architecture": "resnet34", "epochs": None, "steps": 2},
    ],
)
def test_other_settings_are_those_of_the_loop(changes: dict[str, Any]) -> None:
    size = 32 if "architecture" in changes else 8
    trial, draw = trial_of(FINAL_BN, **changes), draw_of(size=size, channels=3)
    record = GraphExecutor(EagerDevice()).train_all([trial], [draw])[0]
    assert same_bits(record, loop.train(trial, draw))


def test_a_capture_serves_later_trials_and_leaves_no_trace_in_them() -> None:
    device = Memory()
    executor = GraphExecutor(device)
    trained(executor, trial_of(FINAL_BN, seed=0))
    first = device.captured
    for seed in (1, 2):
        trial = trial_of(FINAL_BN, seed=seed)
        assert same_bits(trained(executor, trial)[0], loop.train(trial, draw_of()))
    assert device.captured == first


def test_more_images_than_the_memory_of_a_capture_holds_make_another_capture() -> None:
    device = Memory()
    executor = GraphExecutor(device)
    # The last batch of an epoch has 17 images in all of them.
    for images, again in ((60, True), (44, False), (76, False), (604, True)):
        before = device.captured
        record = trained(executor, trial_of(seed=images), majority=images)[0]
        assert same_bits(record, loop.train(trial_of(seed=images), draw_of(majority=images)))
        assert (device.captured > before) == again


def test_networks_side_by_side_do_not_touch_each_other() -> None:
    device = Memory()
    trials = [trial_of(arm, seed=seed) for seed in (0, 1) for arm in (PLAIN, FINAL_BN)]
    for record in trained(GraphExecutor(device), *trials):
        assert same_bits(record, loop.train(record.trial, draw_of()))
    assert device.most_at_once == 4


def test_rare_batch_sizes_are_trained_without_a_capture() -> None:
    device = Memory()
    # One epoch of 65 images: three batches of 16 and a last one of 17.
    record = trained(GraphExecutor(device), trial_of(epochs=1))[0]
    assert device.captured == 1
    assert same_bits(record, loop.train(trial_of(epochs=1), draw_of()))


def test_the_images_of_a_dataset_are_on_the_device_once() -> None:
    executor = GraphExecutor(Memory())
    trained(executor, *[trial_of(arm, seed=seed) for seed in (0, 1) for arm in (PLAIN, FINAL_BN)])
    rows = {id(replica._images) for _, replica in executor._replicas.values()}
    assert len(executor._replicas) == 4 and len(rows) == 1


@pytest.mark.parametrize("arm", [PLAIN, FINAL_BN, "weighted_loss"])
def test_the_first_captured_step_has_the_loss_and_gradients_of_the_loop(arm: str) -> None:
    trial = trial_of(arm, seed=2)
    loss, gradients = graph.first_step(trial, draw_of())
    reference, expected = loop.first_step(trial, draw_of())
    assert loss == pytest.approx(reference, rel=1e-6)
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-5, atol=1e-9)


def test_a_loss_that_is_not_finite_ends_the_training_of_that_network_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Objective.forward

    def spoilt(self: Objective, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        loss = whole(self, logits, labels)
        return loss if self.weights is None else loss * torch.nan

    monkeypatch.setattr(Objective, "forward", spoilt)
    sound, lost = trained(GraphExecutor(Memory()), trial_of(), trial_of("weighted_loss"))
    assert lost.diverged and lost.losses == () and lost.scores == {}
    assert same_bits(sound, loop.train(trial_of(), draw_of()))


def test_random_numbers_inside_a_step_are_left_to_the_loop_and_the_record_says_so() -> None:
    record = trained(GraphExecutor(Memory()), trial_of(classifier=FASTAI))[0]
    assert record.environment["executor"] == "loop"


def test_only_trials_of_one_setting_are_trained_at_once() -> None:
    executor = GraphExecutor(Memory())
    alike = [trial_of(seed=seed) for seed in range(20)]
    assert executor.together(alike) == 16
    assert executor.together([alike[0], trial_of(batch_size=32), *alike[1:]]) == 1
    assert GraphExecutor(EagerDevice()).together(alike) == 1


def test_the_time_of_common_steps_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[float] = []
    whole = graph.finished

    def noted(*args: Any, **options: Any) -> Record:
        spent.append(options["spent"].wall)
        return whole(*args, **options)

    monkeypatch.setattr(graph, "finished", noted)
    trained(GraphExecutor(Memory()), *[trial_of(seed=seed) for seed in range(3)])
    assert len(spent) == 3 and len(set(spent)) == 1


# --- memory -------------------------------------------------------------------------------------


@pytest.mark.parametrize("foreseen", [True, False])
def test_every_setting_that_fits_alone_is_trained_by_as_many_networks_as_the_first(
    foreseen: bool,
) -> None:
    # Eight settings of 32 GiB each would not fit into 78 GiB; one after the other they do.
    device = Memory(78 * GIB, needs=2 * GIB, foreseen=foreseen)
    executor = GraphExecutor(device)
    for size in (5, 8, 13, 16, 21, 26, 32, 40):
        trials = [
            trial_of(seed=s, batch_size=size, architecture="mlp", epochs=1) for s in range(16)
        ]
        trained(executor, *trials)
        assert executor.together(trials) == 16
    assert device.full == 0 and device.most_held == 32 * GIB
    executor._free()
    assert device.held() == 0


@pytest.mark.parametrize("foreseen", [True, False])
def test_large_networks_are_trained_by_as_many_at_once_as_the_memory_holds(foreseen: bool) -> None:
    device = Memory(78 * GIB, needs=19 * GIB, foreseen=foreseen)
    executor = GraphExecutor(device)
    trials = [trial_of(seed=seed, architecture="mlp") for seed in range(9)]
    records = trained(executor, *trials)
    assert [record.trial for record in records] == trials
    assert device.most_at_once == 4 and executor.together(trials) == 4
    # Foreseen from the first network's bytes, or learnt once: tried again after an eviction.
    assert device.full == (0 if foreseen else 2)
    assert same_bits(records[8], loop.train(trials[8], draw_of()))


def test_what_another_arm_left_makes_room() -> None:
    # Two networks fit; each next arm finds the memory full of the one before.
    device = Memory(2 * GIB, needs=GIB)
    executor = GraphExecutor(device)
    for arm in (PLAIN, FINAL_BN, "weighted_loss"):
        trained(executor, *[trial_of(arm, seed=seed, architecture="mlp") for seed in range(2)])
        assert device.most_at_once == 2
        device.most_at_once = 0
    assert device.full == 0


def test_memory_that_others_took_is_asked_for_again_at_the_same_size() -> None:
    class Stingy(Memory):
        refusals = 1

    class Lane(MemoryLane):
        def capture(self, step: Step, restore: Step) -> Step:
            if len(self.device.taken) == 3 and Stingy.refusals:
                Stingy.refusals -= 1
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().capture(step, restore)

    device = Stingy()
    device.lane = lambda: Lane(device)  # type: ignore[method-assign]
    executor = GraphExecutor(device)
    trials = [trial_of(seed=seed, architecture="mlp") for seed in range(6)]
    assert len(trained(executor, *trials)) == 6
    assert device.most_at_once == 6 and executor.together(trials) == 6


def test_one_network_too_large_for_the_memory_is_an_error_and_gives_all_back() -> None:
    device = Memory(GIB, needs=2 * GIB)
    with pytest.raises(torch.OutOfMemoryError):
        trained(GraphExecutor(device), trial_of())
    assert device.held() == 0 and device.full == 2


# --- failures -----------------------------------------------------------------------------------


class Broken(EagerDevice):
    """A device on which no step can be captured."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def lane(self) -> Lane:
        error = self.error

        class Refusing(EagerLane):
            def capture(self, step: Step, restore: Step) -> Step:
                raise error

        return Refusing()


def test_an_unexpected_error_is_an_error_and_nothing_is_left_to_the_loop() -> None:
    with pytest.raises(RuntimeError, match="driver says no"):
        trained(GraphExecutor(Broken(RuntimeError("driver says no"))), trial_of())


@pytest.mark.parametrize(
    "error", [DeviceLost("broken"), torch.AcceleratorError("illegal memory access")]
)
def test_a_lost_device_trains_nothing_more(error: Exception) -> None:
    executor = GraphExecutor(Broken(error))
    for _ in range(2):
        with pytest.raises(DeviceLost, match=str(error)):
            trained(executor, trial_of())


# --- the CUDA lane, on a stand-in for torch.cuda --------------------------------------------------


class FakeCuda:
    """Enough of ``torch.cuda`` to capture on; ``end`` is what the end of a capture raises."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.current: list[object] = ["default"]
        self.end: Exception | None = None
        self.pools = 0
        self.captures: list[tuple[object, object]] = []
        fake = self

        class Stream:
            def wait_stream(self, other: object) -> None:
                pass

        class Graph:
            """As in torch: where its end fails, the stream is not put back."""

            def __init__(self, graph: object, *, pool: object, stream: object, **_: object) -> None:
                fake.captures.append((pool, stream))
                self._context = on(stream)

            def __enter__(self) -> None:
                self._context.__enter__()

            def __exit__(self, *error: Any) -> None:
                if fake.end is not None:
                    raise fake.end
                self._context.__exit__(*error)

        class on:
            def __init__(self, stream: object) -> None:
                self.stream = stream

            def __enter__(self) -> None:
                self.before = fake.current[-1]
                fake.current.append(self.stream)

            def __exit__(self, *error: object) -> None:
                fake.current = [*fake.current[: fake.current.index(self.before) + 1]]

        def handle() -> int:
            self.pools += 1
            return self.pools

        for name, value in {
            "Stream": Stream,
            "stream": on,
            "graph": Graph,
            "CUDAGraph": lambda: type("CUDAGraph", (), {"replay": lambda self: None})(),
            "graph_pool_handle": handle,
            "default_stream": Stream,
            "synchronize": lambda: None,
        }.items():
            monkeypatch.setattr(torch.cuda, name, value)


class Failing:
    """A step that fails inside the capture alone."""

    def __init__(self, error: BaseException) -> None:
        self.error, self.calls = error, 0

    def __call__(self) -> None:
        self.calls += 1
        if self.calls > capture.CudaLane.WARM_UP:
            raise self.error


def test_graphs_of_a_lane_share_its_pool_and_stream_until_none_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda = FakeCuda(monkeypatch)
    lane = capture.CudaLane()
    done: list[str] = []
    for _ in range(2):
        lane.capture(lambda: done.append("step"), lambda: done.append("restore"))
    assert done == [*["step"] * 3, "restore", "step"] * 2
    assert len(set(cuda.captures)) == 1
    # A pool whose last graph is gone is refused by torch's allocator.
    lane.clear()
    lane.capture(lambda: None, lambda: None)
    assert cuda.captures[2][0] != cuda.captures[1][0] and cuda.captures[2][1] is lane.stream


def test_too_little_memory_in_a_capture_that_ended_in_order_reads_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda = FakeCuda(monkeypatch)
    with pytest.raises(torch.OutOfMemoryError):
        capture.CudaLane().capture(Failing(torch.OutOfMemoryError("full")), lambda: None)
    assert cuda.current == ["default"]


def test_a_capture_that_cannot_be_ended_loses_the_device_and_names_the_first_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda = FakeCuda(monkeypatch)
    cuda.end = torch.AcceleratorError("operation failed due to a previous error during capture")
    with pytest.raises(DeviceLost, match=r"OutOfMemoryError.*full"):
        capture.CudaLane().capture(Failing(torch.OutOfMemoryError("full")), lambda: None)
    assert cuda.current == ["default"]


def test_an_interruption_in_a_capture_stays_one_and_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda = FakeCuda(monkeypatch)
    lane = capture.CudaLane()
    with pytest.raises(KeyboardInterrupt):
        lane.capture(Failing(KeyboardInterrupt()), lambda: None)
    assert lane.lost and cuda.current == ["default"]
