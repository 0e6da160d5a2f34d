"""CUDA graphs: a training step captured once and replayed, and an eager stand-in for tests on a CPU.

A replay launches the very kernels that the step launched, in their order and on the same memory, so
it gives the bits of the step itself. A device has lanes; each trains one network at a time, on a
stream of its own, so that networks fill the GPU together. All graphs of a lane share one memory pool
(https://docs.pytorch.org/docs/stable/notes/cuda.html#graph-memory-management): what lives on from
step to step is outside it, and no two graphs of a lane ever run at the same time.
"""

from __future__ import annotations

import contextlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Final

import torch

from bnclaims.training import DeviceLost

Step = Callable[[], None]


class Lane(ABC):
    """Where one network is trained at a time. ``worth`` is the number of calls that repay a capture."""

    worth: ClassVar[int] = 2
    # Whether a capture was broken off in a way that `DeviceLost` does not tell.
    lost = False

    @abstractmethod
    def capture(self, step: Step, restore: Step) -> Step:
        """A function that does what ``step`` does, on the same memory.

        ``step`` is taken before, as libraries then choose kernels and allocate what they keep;
        ``restore`` undoes that. Raises what the step raises, and `DeviceLost` where a failure may have
        left the process unfit for more.
        """

    @abstractmethod
    def clear(self) -> None:
        """To be called when no captured step of the lane is left, before the next capture."""

    @abstractmethod
    def running(self) -> contextlib.AbstractContextManager[object]:
        """A context whose work is put on the lane."""


class StepDevice(ABC):
    """A device as the executor of captured steps uses it; ``most`` networks are trained at once."""

    most: ClassVar[int]

    @abstractmethod
    def lane(self) -> Lane:
        """A new lane; it is kept, as torch has 32 streams of a device and no more."""

    @abstractmethod
    def held(self) -> int:
        """Bytes that the process holds of the device's memory."""

    @abstractmethod
    def room(self) -> float:
        """Bytes that it may take in addition."""

    @abstractmethod
    def release(self) -> None:
        """Gives memory that nothing refers to back to the device."""

    @abstractmethod
    def fork(self) -> None:
        """Lets the lanes begin after what was asked of the device so far."""

    @abstractmethod
    def join(self) -> None:
        """Lets what is asked of the device from now on begin after the lanes."""


class EagerLane(Lane):
    """Takes every step as it is; a capture has the same effects on the tensors as on a GPU."""

    def capture(self, step: Step, restore: Step) -> Step:
        step()
        restore()
        return step

    def clear(self) -> None:
        pass

    def running(self) -> contextlib.AbstractContextManager[object]:
        return contextlib.nullcontext()


class EagerDevice(StepDevice):
    """A processor, on which networks side by side do not pay: two of them take as long as two."""

    most = 1

    def lane(self) -> Lane:
        return EagerLane()

    def held(self) -> int:
        return 0

    def room(self) -> float:
        return math.inf

    def release(self) -> None:
        pass

    def fork(self) -> None:
        pass

    def join(self) -> None:
        pass


class CudaLane(Lane):
    """A stream and the memory pool of its graphs."""

    # As the documentation of CUDA graphs has it.
    WARM_UP: Final = 3

    def __init__(self) -> None:
        self.stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    def clear(self) -> None:
        # An allocator refuses a pool whose last graph is gone (an assertion on its use count).
        self._pool = torch.cuda.graph_pool_handle()

    def running(self) -> contextlib.AbstractContextManager[object]:
        return torch.cuda.stream(self.stream)

    def capture(self, step: Step, restore: Step) -> Step:
        # The steps before need what the capture will need, and run out of memory in a way that
        # leaves everything whole. The memory of a capture comes from another pool: theirs is
        # given back first.
        with self.running():
            self.stream.wait_stream(torch.cuda.default_stream())
            for _ in range(self.WARM_UP):
                step()
            restore()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        try:
            # Around `torch.cuda.graph`, which does not put the stream back where its end fails. The
            # stream is always the lane's: a pool serves the stream that it was filled from.
            with (
                self.running(),
                torch.cuda.graph(
                    graph, pool=self._pool, stream=self.stream, capture_error_mode="thread_local"
                ),
            ):
                step()
        except torch.OutOfMemoryError:
            # Only where the capture itself was ended in order: its own error would be on top of this.
            raise
        except Exception as error:
            # Until torch 2.12 an allocator whose capture could not be ended believes it still goes
            # on (pytorch 180395), and running out of memory reads as an invalid capture (159594).
            # Both are the end of this process; `DeviceLost` says so, and what the cause was.
            raise DeviceLost(f"a step could not be captured: {_first_cause(error)!r}") from error
        except BaseException:
            self.lost = True
            raise
        return graph.replay


class CudaDevice(StepDevice):
    """A GPU, whose memory this process shares with nobody that trains."""

    most = 16
    # The rest is for what is not foreseen: fragments, the readout of a network, other programs.
    SHARE: Final = 0.8

    def __init__(self) -> None:
        self._lanes: list[CudaLane] = []

    def lane(self) -> Lane:
        lane = CudaLane()
        self._lanes.append(lane)
        return lane

    def held(self) -> int:
        return torch.cuda.memory_reserved()

    def room(self) -> float:
        free, whole = torch.cuda.mem_get_info()
        unused = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
        return free + unused - (1 - self.SHARE) * whole

    def release(self) -> None:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()

    def fork(self) -> None:
        for lane in self._lanes:
            lane.stream.wait_stream(torch.cuda.current_stream())

    def join(self) -> None:
        for lane in self._lanes:
            torch.cuda.current_stream().wait_stream(lane.stream)


def step_device(device: torch.device) -> StepDevice:
    """The device as the executor of captured steps uses it."""
    return CudaDevice() if device.type == "cuda" else EagerDevice()


def _first_cause(error: BaseException) -> BaseException:
    """What went wrong first: the end of a failed capture raises an error of its own on top."""
    while error.__context__ is not None:
        error = error.__context__
    return error
