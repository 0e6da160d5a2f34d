"""Capturing a training step once and replaying it: as a CUDA graph, or as a line of operators.

A step is a function of a fixed list of tensors that it changes in place. Both ways replay the very
kernels that the step calls, in their order, on the very numbers, so a replayed step gives the bits
of the step itself; only what Python, the modules and autograd do around the kernels is left out.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Final

import torch
from torch import fx
from torch.fx.experimental.proxy_tensor import make_fx

Tensors = Sequence[torch.Tensor]
Step = Callable[..., None]
Replay = Callable[[Tensors], None]


class Capture(ABC):
    """A way of capturing steps.

    ``worth`` is the number of calls from which capturing a step pays. ``side_by_side`` is the number
    of networks that are best trained by one step where memory allows.
    """

    worth: ClassVar[int]
    side_by_side: ClassVar[int]
    # Whether a captured step works on the tensors alone that it was captured on.
    fixed: ClassVar[bool]

    @abstractmethod
    def capture(self, step: Step, tensors: Tensors) -> Replay:
        """A function that does to tensors of these shapes what ``step(*tensors)`` does.

        The values of ``tensors`` are as before when it returns. Raises whatever the step raises, and
        ``RuntimeError`` for a step that cannot be captured.
        """

    @abstractmethod
    def placed(self, there: torch.Tensor | None, new: torch.Tensor) -> torch.Tensor:
        """A tensor that begins with the rows of ``new`` and that captured steps may be given.

        ``there`` is the tensor they were captured on, if any; another one than it invalidates them.
        """

    @abstractmethod
    def branch(self, number: int) -> contextlib.AbstractContextManager[None]:
        """A part of a step that depends on no other branch."""

    @abstractmethod
    def join(self) -> None:
        """Ends the branches of a step."""


class Line(Capture):
    """On the processor: the operators of a step, written down one after the other.

    Replicas do not pay here: a step of two networks takes as long as two steps.
    """

    # Writing a step down takes as long as some 50 small steps.
    worth = 60
    side_by_side = 1
    fixed = False

    def capture(self, step: Step, tensors: Tensors) -> Replay:
        with _unchanged(tensors):
            line = make_fx(step)(*tensors)
        _shorten(line.graph)
        # Arguments one by one: unpacking a tree of them costs as much as a small kernel.
        line.graph.set_codegen(fx.graph.CodeGen())
        line.recompile()
        run = line.forward

        def replay(given: Tensors) -> None:
            with torch.no_grad():
                run(*given)

        return replay

    def placed(self, there: torch.Tensor | None, new: torch.Tensor) -> torch.Tensor:
        return new

    def branch(self, number: int) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def join(self) -> None:
        pass


class CudaGraph(Capture):
    """On a GPU: the kernels of a step as one graph, each branch on a stream of its own."""

    # Before a capture, libraries choose kernels and allocate what they keep.
    WARM_UP: Final = 3
    worth = 2
    side_by_side = 16
    fixed = True

    def __init__(self) -> None:
        self._streams: list[torch.cuda.Stream] = []
        self._begun: list[torch.cuda.Stream] = []

    def capture(self, step: Step, tensors: Tensors) -> Replay:
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        with _unchanged(tensors):
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(self.WARM_UP):
                    step(*tensors)
            torch.cuda.current_stream().wait_stream(aside)
            torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        # Nothing is computed while a graph is captured, so nothing has to be restored after it.
        with torch.cuda.graph(graph):
            step(*tensors)
        captured = [tensor.data_ptr() for tensor in tensors]

        def replay(given: Tensors) -> None:
            assert [tensor.data_ptr() for tensor in given] == captured
            graph.replay()

        return replay

    def placed(self, there: torch.Tensor | None, new: torch.Tensor) -> torch.Tensor:
        if there is None or there.shape[1:] != new.shape[1:] or len(there) < len(new):
            # A power of two, so that slightly more images need no other capture.
            rows = 1 << max(len(new) - 1, 1).bit_length()
            there = new.new_zeros((rows, *new.shape[1:]))
        there[: len(new)].copy_(new)
        return there

    @contextlib.contextmanager
    def branch(self, number: int) -> Iterator[None]:
        while len(self._streams) <= number:
            self._streams.append(torch.cuda.Stream())  # type: ignore[no-untyped-call]
        stream = self._streams[number]
        stream.wait_stream(torch.cuda.current_stream())
        self._begun.append(stream)
        with torch.cuda.stream(stream):
            yield

    def join(self) -> None:
        while self._begun:
            torch.cuda.current_stream().wait_stream(self._begun.pop())


def capture_on(device: torch.device) -> Capture:
    """The way of capturing steps on this device."""
    return CudaGraph() if device.type == "cuda" else Line()


@contextlib.contextmanager
def _unchanged(tensors: Tensors) -> Iterator[None]:
    before = [tensor.detach().clone() for tensor in tensors]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, value in zip(tensors, before, strict=True):
                tensor.copy_(value)


def _shorten(graph: fx.Graph) -> None:
    """Leaves out what only autograd needed, and calls torch's own functions where there are any.

    They run the same kernels, but find them in a third of the time.
    """
    aten = torch.ops.aten
    for node in list(graph.nodes):
        if node.op == "call_function" and node.target is aten.detach.default:
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)
    graph.eliminate_dead_code(_changes_something)
    for node in graph.nodes:
        node.target = (
            _DIRECT.get(node.target, node.target) if node.op == "call_function" else node.target
        )


def _changes_something(node: fx.Node) -> bool:
    if node.op != "call_function":
        return True
    schema = getattr(node.target, "_schema", None)
    return schema is not None and schema.is_mutable


# Operators of almost every step whose function takes the same arguments.
_DIRECT: Final[dict[Any, Callable[..., Any]]] = {
    torch.ops.aten.add.Tensor: torch.add,
    torch.ops.aten.add_.Tensor: torch.Tensor.add_,
    torch.ops.aten.addmm.default: torch.addmm,
    torch.ops.aten.index_select.default: torch.index_select,
    torch.ops.aten.mm.default: torch.mm,
    torch.ops.aten.mul.Tensor: torch.mul,
    torch.ops.aten.permute.default: torch.permute,
    torch.ops.aten.relu_.default: torch.relu_,
    torch.ops.aten.t.default: torch.t,
    torch.ops.aten.view.default: torch.Tensor.view,
}
