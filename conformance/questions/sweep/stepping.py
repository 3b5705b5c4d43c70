"""An implementation that steps one block after the other, while the block before is judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from optimizer_conformance.adapters import protocol
from optimizer_conformance.questions.sweep.slices import BITS, Slice, bits_of
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.workers.process import Worker
from optimizer_conformance.workers.subject import Subject, SubjectError

ANSWER = 600.0  # seconds for a block: it may be compiled first


class Memory:
    """Rows that the worker and we share: what stays the same, the inputs, the results."""

    def __init__(self, path: Path, slice_: Slice, shown: Sequence[str], elements: int) -> None:
        start = slice_.start
        same = {name: number for name, number in start.state if name not in start.varying}
        names = ["value", *same, *(f"gradient {i}" for i in range(len(start.gradients)))]
        self.rows = {
            name: row for row, name in enumerate([*names, *start.inputs, *map(after, shown)])
        }
        kind = BITS[start.dtype]
        self.array: Array = np.memmap(path, kind, "w+", shape=(len(self.rows), elements))
        fixed = {"value": start.parameter, **same}
        fixed.update({f"gradient {i}": g for i, g in enumerate(start.gradients)})
        for name, number in fixed.items():
            self.array[self.rows[name]] = bits_of(number, start.dtype)
        self.request = {
            "memory": str(path),
            "dtype": start.dtype,
            "elements": elements,
            "value": self.rows["value"],
            "gradients": [self.rows[name] for name in (*names[1 + len(same) :], "gradient")],
            "results": {name: self.rows[after(name)] for name in shown},
            "state": {name: self.rows[name] for name, _ in start.state},
            "step": start.taken,
        }

    def given(self, bits: Sequence[Array], names: Sequence[str]) -> None:
        """Write the inputs of a block; what is left of the last one stays as it was."""
        for name, row in zip(names, bits, strict=True):
            self.array[self.rows[name], : len(row)] = row

    def seen(self, shown: Sequence[str], count: int) -> Array:
        """The bits of the results, a row a quantity."""
        return self.array[[self.rows[after(name)] for name in shown], :count]


def after(quantity: str) -> str:
    """What a quantity's row of results is called: a state has one for what went in, too."""
    return f"{quantity} after"


class Stepping:
    """One implementation over the blocks of a slice, with two memories in turn."""

    def __init__(
        self,
        subject: Subject,
        slice_: Slice,
        shown: Sequence[str],
        opening: protocol.Open,
        elements: int,
        folder: Path,
    ) -> None:
        self.subject, self.slice, self.shown, self.opening = subject, slice_, shown, opening
        self.memories = [Memory(folder / f"block-{i}", slice_, shown, elements) for i in range(2)]
        self.pool = ThreadPoolExecutor(1)
        self.turn = 0

    def send(self, first: int, count: int) -> Future[Array]:
        """Step a block; the results are valid until the block after the next is sent."""
        memory, self.turn = self.memories[self.turn], 1 - self.turn
        return self.pool.submit(self._step, memory, first, count)

    def _step(self, memory: Memory, first: int, count: int) -> Array:
        memory.given(self.slice.bits(first, count), self.slice.start.inputs)
        request = protocol.StepBlock(open=self.opening, **memory.request)  # type: ignore[arg-type]
        self.subject.worker.ask(request, protocol.Done, ANSWER)
        return memory.seen(self.shown, count)

    def blocks(self, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Array]]:
        """The bits of the results of each block, the next one being stepped meanwhile."""
        coming = [self.send(*place) for place in places[:1]]
        for at, (first, _) in enumerate(places):
            waiting = coming.pop()
            coming += [self.send(*place) for place in places[at + 1 : at + 2]]
            yield first, waiting.result()

    def close(self) -> None:
        """Wait for a block that is under way."""
        self.pool.shutdown()


@contextmanager
def stepping(
    subject: Subject,
    slice_: Slice,
    shown: Sequence[str],
    hyperparameters: Mapping[str, float],
    features: Sequence[str],
    elements: int,
) -> Iterator[Stepping]:
    """An implementation ready to step.  Raises SubjectError where it shares no memory."""
    if not isinstance(subject.worker, Worker):
        raise SubjectError(f"{subject.name} runs in no process of its own, and cannot be swept")
    opening = protocol.Open(
        implementation=subject.implementation.name,
        device=subject.device,
        parameters=[],
        hyperparameters=dict(hyperparameters),
        features=list(features),
    )
    folder = Path(subject.worker.scratch.name)
    found = Stepping(subject, slice_, shown, opening, elements, folder)
    try:
        yield found
    finally:
        found.close()
