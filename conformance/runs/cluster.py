"""A Ray cluster: agents placed on its nodes by resource, each with the same workers as here.

An agent judges on its node, so that only finished groups travel: as the bytes of msgpack, decoded
into their type on both sides.  Nothing that a worker or an agent says is unpickled; Ray pickles its
own control data, the class of the agent and the bytes that are handed over.
"""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from optimizer_conformance.adapters.protocol import Description
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.judging.group import Campaign, Carried
from optimizer_conformance.judging.keys import suite_hash
from optimizer_conformance.reports.records import Finished, Outline
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.runs.work import Agent, AgentLost, Work
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import STARTUP_LIMIT, WorkerError

PLACEMENT_LIMIT = 600.0  # seconds that the first agent of an adapter waits for a place
HELPER_LIMIT = 30.0  # seconds that a further one waits


class Assignment(msgspec.Struct, frozen=True):
    """What an agent is to do; ``command`` replaces the adapter's own, for tests."""

    adapter: str
    selection: Selection
    suite: str
    memory: int
    command: list[str] | None = None


class Trouble(msgspec.Struct, frozen=True, tag=True):
    """A WorkerError on its way to the driver."""

    kind: str
    message: str


class Began(msgspec.Struct, frozen=True, tag=True):
    """The worker has started."""

    description: Description


class Planned(msgspec.Struct, frozen=True, tag=True):
    """Every group of the selection."""

    outlines: list[Outline]


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """One group was carried out."""

    finished: Finished
    whole: bool


R = TypeVar("R", Began, Planned, Delivered)
encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Trouble | Began | Planned | Delivered).decode
decode_assignment = msgspec.msgpack.Decoder(Assignment).decode


class Seat:
    """The agent's side on a node: bytes in, bytes out, and no exception of ours in between."""

    def __init__(self, assignment: bytes) -> None:
        self.node = platform.node()
        self.assignment = decode_assignment(assignment)
        self.campaign: Campaign | None = None

    def start(self) -> bytes:
        """Start the worker; Began or Trouble."""
        return self._answer(self._start)

    def _start(self) -> Began:
        asked = self.assignment
        if asked.suite != suite_hash():
            raise WorkerError("error", f"{self.node} has another version of the suite")
        command = asked.command
        if command is None:
            environment = environments.locate(asked.adapter)
            if not environment.complete:
                raise WorkerError(
                    "error",
                    f"{self.node} has no environment of it; `conformance env create "
                    f"{asked.adapter}` makes it there",
                )
            command = environment.command
        self.campaign = Campaign(asked.adapter, command, asked.selection, memory=asked.memory)
        return Began(self.campaign.start())

    def plan(self) -> bytes:
        """Planned or Trouble."""
        return self._answer(lambda: Planned(self._running().plan()))

    def carry(self, index: int, key: str) -> bytes:
        """Delivered or Trouble."""

        def deliver() -> Delivered:
            carried = self._running().carry(index, key)
            return Delivered(carried.finished, carried.whole)

        return self._answer(deliver)

    def close(self) -> None:
        """End the worker."""
        if self.campaign:
            self.campaign.close()

    def _running(self) -> Campaign:
        if self.campaign is None:
            raise WorkerError("error", "the worker was not started")
        return self.campaign

    def _answer(self, act: Callable[[], Began | Planned | Delivered]) -> bytes:
        try:
            return encode(act())
        except WorkerError as error:
            return encode(Trouble(error.kind, str(error)))


@dataclass
class RemoteAgent:
    """The driver's side of one agent.  Raises AgentLost when its node or its process is gone."""

    ray: Any
    assignment: bytes
    resources: Mapping[str, float]
    patience: float
    stop: threading.Event
    waited: float = 0.0
    actor: Any = None

    def start(self) -> Description:
        """Place the agent where its resources are, and start its worker."""
        resources = dict(self.resources)
        if not feasible(self.ray, resources):
            wanted = ", ".join(f"{name}: {amount:g}" for name, amount in resources.items())
            raise WorkerError("error", f"no node of the cluster has {wanted}")
        options = {
            "num_cpus": resources.pop("CPU", 1.0),
            "num_gpus": resources.pop("GPU", 0.0),
            "resources": resources,
            "max_restarts": 0,
        }
        self.actor = self.ray.remote(Seat).options(**options).remote(self.assignment)
        return self._ask(
            self.actor.start.remote(), self.patience + STARTUP_LIMIT, Began
        ).description

    def plan(self) -> list[Outline]:
        """Every group, as the node sees it."""
        return self._ask(self.actor.plan.remote(), STARTUP_LIMIT, Planned).outlines

    def carry(self, index: int, key: str) -> Carried:
        """One group, carried out and judged there."""
        delivered = self._ask(self.actor.carry.remote(index, key), float("inf"), Delivered)
        self.waited += delivered.finished.waited
        return Carried(delivered.finished, delivered.whole)

    def close(self) -> None:
        """End the agent and with it its worker."""
        if self.actor is not None:
            self.ray.kill(self.actor)

    def _ask(self, promise: Any, limit: float, kind: type[R]) -> R:
        deadline = time.monotonic() + limit
        while not self.ray.wait([promise], timeout=0.5)[0]:
            if self.stop.is_set():
                raise AgentLost("the run was interrupted")
            if time.monotonic() > deadline:
                raise WorkerError("timeout", f"no place on the cluster within {limit:.0f} s")
        try:
            body = self.ray.get(promise)
        except self.ray.exceptions.RayError as error:
            text = " ".join(str(error).split())
            raise AgentLost(f"{type(error).__name__}: {text[:200]}") from error
        try:
            answer = decode(body)
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
            raise AgentLost(f"its answer is not of the protocol: {error}") from error
        if isinstance(answer, Trouble):
            raise WorkerError(answer.kind, answer.message)
        if not isinstance(answer, kind):
            raise AgentLost(f"asked for {kind.__name__}, got {type(answer).__name__}")
        return answer


def feasible(ray: Any, resources: Mapping[str, float]) -> bool:
    """Whether some living node has all of them."""
    return any(
        node["Alive"]
        and all(node["Resources"].get(name, 0.0) >= amount for name, amount in resources.items())
        for node in ray.nodes()
    )


@dataclass
class Cluster:
    """A Ray cluster to run on.

    places   adapter to the resources that an agent of it needs on its node; one CPU where an
             adapter is not named
    """

    address: str
    places: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __enter__(self) -> Cluster:
        """Connect.  Raises RunError without Ray, or where no cluster answers."""
        try:
            import ray  # noqa: PLC0415 - an extra that only these runs need
        except ImportError as error:
            raise RunError("--ray needs Ray: pip install 'optimizer-conformance[ray]'") from error
        self.ray: Any = ray
        try:
            ray.init(
                address=self.address,
                log_to_driver=False,
                logging_level="ERROR",
                namespace="optimizer-conformance",
                ignore_reinit_error=True,
            )
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            raise RunError(
                f"no Ray cluster answers at {self.address}: {' '.join(str(error).split())[:200]}"
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self.ray.shutdown()

    def seats(self) -> int:
        """As many agents as there are CPUs on living nodes."""
        alive = (node for node in self.ray.nodes() if node["Alive"])
        return max(1, int(sum(node["Resources"].get("CPU", 0.0) for node in alive)))

    def work(
        self,
        adapter: str,
        selection: Selection,
        command: list[str] | None,
        memory: int,
        stop: threading.Event,
    ) -> Work:
        """One adapter, run by agents of the cluster."""
        assignment = encode(Assignment(adapter, selection, suite_hash(), memory, command))
        resources = {"CPU": 1.0, **self.places.get(adapter, {})}
        made: list[Agent] = []

        def make(progress: Callable[[int, str], None]) -> Agent:
            patience = HELPER_LIMIT if made else PLACEMENT_LIMIT
            agent = RemoteAgent(self.ray, assignment, resources, patience, stop)
            made.append(agent)
            return agent

        return Work(adapter, make, elsewhere=True)
