"""Ray actors: started, given work, listened to, and replaced when they die."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.trial import Trial
from bnclaims.training.runners.ray.actor import Trained, TrialActor, program
from bnclaims.training.runners.ray.options import RayOptions
from bnclaims.training.spec import TrainerSpec

# Records are small and taken at once, so that a local Ray needs little of the machine's memory.
_OBJECT_STORE_BYTES = 100_000_000
# Seconds for which no actor at all may run before the run gives up: a node that was lost may come
# back, and a cluster that grows takes its time.
_START_PATIENCE = 120.0
# Seconds for the head of a cluster to answer.
_KNOCK = 10.0
# Actors in a row that may die before they are ready.
_STILLBORN = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lost:
    """The trials that an actor took with it when it died; it was training the first of them."""

    trials: tuple[Trial, ...]
    reason: str


@dataclasses.dataclass(kw_only=True, eq=False)
class _Actor:
    """An actor and what it is doing: starting (``greeting``), training (``stream``) or nothing."""

    handle: Any
    greeting: Any
    stream: Any = None
    trials: dict[str, Trial] = dataclasses.field(default_factory=dict)

    @property
    def pending(self) -> Any:
        return self.greeting if self.greeting is not None else self.stream


class ActorPool:
    """The actors of one run. An actor that dies is replaced; Ray places it where there is room.

    Raises `BnclaimsError` when the cluster cannot be reached or has no room for a single actor.
    """

    def __init__(
        self, options: RayOptions, spec: TrainerSpec, *, patience: float = _START_PATIENCE
    ) -> None:
        self._gpus = options.gpus_per_actor or 0.0
        self._spec = spec
        self._patience = patience
        self._stillborn = 0
        _connect(options)
        try:
            # At most one restart would be Ray's way; a new actor goes to whichever node is left.
            self._class = ray.remote(
                num_cpus=1, num_gpus=self._gpus, max_restarts=0, max_task_retries=0
            )(TrialActor)
            self._alive = time.monotonic()
            count = options.actors or max(1, _capacity(self._gpus))
            self._actors = [self._hire() for _ in range(count)]
        except BaseException:
            ray.shutdown()
            raise

    @property
    def free(self) -> int:
        """Actors that wait for work."""
        return sum(actor.pending is None for actor in self._actors)

    @property
    def idle(self) -> int:
        """Actors without work, those that are still starting included."""
        return sum(actor.stream is None for actor in self._actors)

    def give(self, trials: Sequence[Trial]) -> None:
        """Hands trials to a free actor, which trains them in this order."""
        actor = next(actor for actor in self._actors if actor.pending is None)
        actor.trials = {trial.key: trial for trial in trials}
        descriptions = [trial.canonical for trial in trials]
        actor.stream = actor.handle.train.options(num_returns="streaming").remote(descriptions)

    def listen(self, timeout: float) -> Iterator[Trained | Lost]:
        """What happened since the last time; waits up to ``timeout`` seconds for something to happen."""
        busy = {id(actor.pending): actor for actor in self._actors if actor.pending is not None}
        if not busy:
            time.sleep(timeout)
            return
        waiting = [actor.pending for actor in busy.values()]
        done, _ = ray.wait(waiting, timeout=timeout)
        if done:
            # Whatever else is there by now comes along.
            done, _ = ray.wait(waiting, num_returns=len(waiting), timeout=0)
        for pending in done:
            actor = busy[id(pending)]
            if actor.greeting is not None:
                self._greet(actor)
            elif (event := self._take(actor)) is not None:
                yield event
        self._give_up_in_time()

    def close(self) -> None:
        """Ends the actors, and Ray where it was started for this run."""
        for actor in self._actors:
            ray.kill(actor.handle)
        ray.shutdown()

    def _hire(self) -> _Actor:
        handle = self._class.remote(self._spec)
        return _Actor(handle=handle, greeting=handle.ready.remote())

    def _greet(self, actor: _Actor) -> None:
        try:
            there = ray.get(actor.greeting)
        except RayError as error:
            self._stillborn += 1
            if self._stillborn >= _STILLBORN:
                raise BnclaimsError(
                    f"--runner ray: {self._stillborn} actors in a row could not start "
                    f"({_first_line(error)}); install bnclaims {program()[0]} on every node."
                ) from error
            self._replace(actor)
            return
        if there != program():
            raise BnclaimsError(
                f"--runner ray: a node has bnclaims {there[0]} (trainer {there[1]}), the driver "
                f"{program()[0]} (trainer {program()[1]}); install the same version on every node."
            )
        self._stillborn = 0
        actor.greeting = None

    def _take(self, actor: _Actor) -> Trained | Lost | None:
        try:
            outcome: Trained = ray.get(next(actor.stream))
        except StopIteration:
            actor.stream = None
            return None
        except RayError as error:
            lost = Lost(trials=tuple(actor.trials.values()), reason=_first_line(error))
            self._replace(actor)
            return lost
        actor.trials.pop(outcome.key)
        return outcome

    def _replace(self, actor: _Actor) -> None:
        # One that is merely out of reach must not train on for nobody.
        ray.kill(actor.handle)
        self._actors[self._actors.index(actor)] = self._hire()

    def _give_up_in_time(self) -> None:
        if any(actor.greeting is None for actor in self._actors):
            self._alive = time.monotonic()
        elif time.monotonic() - self._alive > self._patience:
            there = ray.cluster_resources()
            raise BnclaimsError(
                f"--runner ray: no actor could run for {self._patience:g} s, where each needs 1 CPU "
                f"and {self._gpus:g} GPUs and the cluster has {there.get('CPU', 0):g} and "
                f"{there.get('GPU', 0):g}; free some, or give fewer with --ray-gpus-per-actor."
            )


def _first_line(error: RayError) -> str:
    if isinstance(error, RayActorError):
        return "its process or its node is gone"
    return (str(error).strip().splitlines() or [repr(error)])[-1]


def _connect(options: RayOptions) -> None:
    # An audit tells nobody that it runs.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Without a GPU of its own an actor sees none, and Ray would warn that this is about to change.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")
    local: dict[str, Any] = {}
    if options.address is None:
        local = {
            "num_cpus": options.actors or len(os.sched_getaffinity(0)),
            "object_store_memory": _OBJECT_STORE_BYTES,
            "include_dashboard": False,
        }
    before = signal.getsignal(signal.SIGTERM)
    try:
        _knock(options.address)
        ray.init(
            address=options.address or "local",
            log_to_driver=False,
            logging_level=logging.ERROR,
            **local,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        text = " ".join(str(error).split())
        where = f"--ray-address {options.address}" if options.address else "--runner ray"
        raise BnclaimsError(
            f"{where}: Ray cannot be reached or started ({text[:300]}); check it with ray status."
        ) from error
    finally:
        # Ray puts its own in place, which would leave without saying what is stored.
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _knock(address: str | None) -> None:
    """``OSError`` where nothing listens at HOST:PORT; Ray itself would try for minutes."""
    host, separator, port = (address or "").rpartition(":")
    if separator:
        with contextlib.closing(socket.create_connection((host.strip("[]"), int(port)), _KNOCK)):
            pass


def _capacity(gpus_per_actor: float) -> int:
    """How many actors the nodes that are there now can hold."""
    count = 0
    for node in ray.nodes():
        if node["Alive"]:
            room = node["Resources"].get("CPU", 0.0)
            if gpus_per_actor:
                room = min(room, node["Resources"].get("GPU", 0.0) / gpus_per_actor)
            count += int(room)
    return count
