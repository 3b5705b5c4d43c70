"""An implementation that steps one block after the other, while the block before is judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optimizer_conformance.adapters import protocol
from optimizer_conformance.questions.sweep.engines import SweepEngine
from optimizer_conformance.questions.sweep.memory import Memory
from optimizer_conformance.questions.sweep.slices import Slice
from optimizer_conformance.workers.process import Refused, Worker
from optimizer_conformance.workers.subject import Subject, SubjectError

ANSWER = 600.0  # seconds for a block: it may be compiled first


class Stepping:
    """One implementation over the blocks of a slice, with two memories in turn."""

    def __init__(
        self, subject: Subject, slice_: Slice, opening: protocol.Open, memories: Sequence[Memory]
    ) -> None:
        self.subject, self.slice, self.opening = subject, slice_, opening
        self.memories = memories
        self.pool = ThreadPoolExecutor(1)
        self.turn = 0

    def send(self, first: int, count: int) -> Future[Any]:
        """Step a block; the results are valid until the block after the next is sent."""
        memory, self.turn = self.memories[self.turn], 1 - self.turn
        return self.pool.submit(self._step, memory, first, count)

    def _step(self, memory: Memory, first: int, count: int) -> Any:
        memory.given(self.slice.bits(first, count, memory.xp), self.slice.start.inputs)
        request = protocol.StepBlock(open=self.opening, **memory.request)
        self.subject.worker.ask(request, protocol.Done, ANSWER)
        return memory.seen(self.slice.start.quantities, count)

    def blocks(self, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Any]]:
        """The bits of the results of each block, the next one being stepped meanwhile."""
        coming = [self.send(*place) for place in places[:1]]
        for at, (first, _) in enumerate(places):
            waiting = coming.pop()
            coming += [self.send(*place) for place in places[at + 1 : at + 2]]
            yield first, waiting.result()

    def answers(self) -> bool:
        """Whether the worker steps through these memories."""
        try:
            self.send(0, 1).result()
        except Refused:
            return False
        return True

    def close(self) -> None:
        """Wait for a block that is under way."""
        self.pool.shutdown()


@contextmanager
def stepping(
    subject: Subject,
    slice_: Slice,
    hyperparameters: Mapping[str, float],
    features: Sequence[str],
    elements: int,
    engine: SweepEngine,
) -> Iterator[Stepping]:
    """An implementation ready to step: where the engine works, if it can be reached there.

    Raises SubjectError where it shares no memory.
    """
    if not isinstance(subject.worker, Worker):
        raise SubjectError(f"{subject.name} runs in no process of its own, and cannot be swept")
    opening = protocol.Open(
        implementation=subject.implementation.name,
        device=subject.device,
        parameters=[],
        hyperparameters=dict(hyperparameters),
        features=list(features),
    )
    near = engine.memories(subject.device, slice_, elements)
    found = Stepping(subject, slice_, opening, near)
    if not near or not found.answers():
        found.close()
        folder = Path(subject.worker.scratch.name)
        far = [Memory(folder / f"block-{i}", slice_, elements) for i in range(2)]
        found = Stepping(subject, slice_, opening, far)
    try:
        yield found
    finally:
        found.close()
