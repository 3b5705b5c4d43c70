"""What a sweep costs: its oracle an element, and the whole beside the stepping alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numba import float64, int64, njit, types

from optimizer_conformance.judging.fused import FusedStep, evaluator, needed, traced
from optimizer_conformance.questions.sweep import marking
from optimizer_conformance.questions.sweep.slices import numbers, slice_of
from optimizer_conformance.questions.sweep.stepping import stepping
from optimizer_conformance.questions.sweep.sweep import BLOCK, SweepRequest, sweep
from optimizer_conformance.questions.translate.settings import setting, words
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import taken
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.workers.subject import subject

SIZE = 1 << 20  # elements of a measurement of the oracle
PART, PARTS = 31, 256  # of all float32 gradients: 2^24 of them, around 1e-3
IMPLEMENTATIONS = {
    "torch:RMSprop": (),
    "torch:Adam[fused]": (),
    "jax:optax.rmsprop": ("learning_rate=0.01",),
    "numpy:d2l.scratch": ("learning_rate=0.01", "decay=0.9", "epsilon=1e-6"),
}


@dataclass(frozen=True)
class FusedCost:
    """Nanoseconds an element, on one core: the loop, the loop with verdicts, and for comparison
    as many divisions and roots as it has, with nothing else."""

    rule: str
    bound: float
    judged: float
    divisions: int
    roots: int
    floor: float


@dataclass(frozen=True)
class SweepCost:
    """Nanoseconds an element by the wall clock: the whole sweep, the stepping of the same blocks
    alone, and a copy of the memory that is shared for it."""

    implementation: str
    sweep: float
    bare: float
    copy: float

    @property
    def ratio(self) -> float:
        """How many times the stepping alone."""
        return self.sweep / self.bare


def fused(rules: tuple[str, ...], repeats: int) -> Iterator[FusedCost]:
    """The cost of each rule's loop."""
    for name in rules:
        variant = VARIANTS[name]
        decimals = {one.name: one.usual for one in taken(variant.family, variant.features)}
        step = FusedStep(variant.rule, "float32", tuple(sorted(decimals.items())))
        graph, outputs = traced(step, "none", IDEAL)
        kinds = [graph.nodes[place][0] for place in needed(graph, outputs)]
        divisions, roots = kinds.count("divide"), kinds.count("sqrt")
        given = numbers(slice_of("first", variant.rule, "float32", decimals).bits(
            PART * (2**32 // PARTS), SIZE)[0], "float32")  # fmt: skip
        yield FusedCost(
            name,
            smallest(repeats, partial(bare_loop, step, given)),
            smallest(repeats, judging(step, given)),
            divisions,
            roots,
            smallest(repeats, partial(throughput, divisions, roots, np.ones(512), SIZE)),
        )


def bare_loop(step: FusedStep, given: Array) -> None:
    """Value and bound, in chunks that stay in the first cache."""
    rows = np.empty((2, len(step.quantities), marking.CHUNK))
    loop = evaluator(step)
    for first in range(0, SIZE, marking.CHUNK):
        loop((given,), first, marking.CHUNK, rows[0], rows[1])


def judging(step: FusedStep, given: Array) -> Callable[[], None]:
    """The same with a verdict for every result, of results that are the value rounded."""
    value = np.empty((2, len(step.quantities), SIZE))
    evaluator(step)((given,), 0, SIZE, value[0], value[1])
    seen, rows = value[0].astype(np.float32), len(step.quantities)
    form, loop = marking.described("float32"), evaluator(step)

    def judge() -> None:
        counts, best = np.zeros((rows, 4), np.int64), np.zeros((rows, 2))
        places, settled = np.zeros((rows, 2), np.int64), np.empty((rows, SIZE), bool)
        hits = np.zeros(marking.TABLES, np.int64)
        marking.judge(
            (loop,),
            (given,),
            False,
            seen,
            form,
            settled,
            counts,
            best,
            places,
            np.zeros(rows),
            hits,
        )

    return judge


def smallest(repeats: int, function: Callable[[], object]) -> float:
    """Nanoseconds of CPU an element; everything else that the machine does adds to it."""
    function()
    found = []
    for _ in range(repeats):
        start = time.thread_time()
        function()
        found.append(time.thread_time() - start)
    return min(found) / SIZE * 1e9


@njit(
    float64(int64, int64, types.Array(float64, 1, "C"), int64), error_model="numpy", cache=True
)  # fmt: skip
def throughput(divisions: int, roots: int, x: Array, size: int) -> float:
    """As many divisions and roots an element, none of which waits for another's result."""
    total = 0.0
    y = np.empty_like(x)
    for first in range(0, size, x.size):
        for k in range(divisions):
            for j in range(x.size):
                y[j] = (first + k) / x[j]
            total += y[k]
        for k in range(roots):
            for j in range(x.size):
                y[j] = np.sqrt(x[j] + k)
            total += y[k]
    return total


def sweeps(repeats: int) -> Iterator[SweepCost]:
    """The cost of sweeps, beside the stepping of the same blocks and a copy of their memory."""
    for name, given in IMPLEMENTATIONS.items():
        request = SweepRequest(part=PART, parts=PARTS)
        whole = min(sweep(name, given, request).seconds for _ in range(max(1, repeats // 2)))
        size = 2**32 // PARTS
        rows, seconds = stepped(name, given, size)
        source = np.zeros((rows, BLOCK), np.uint32)
        start = time.perf_counter()
        for _ in range(size // BLOCK):
            source.copy()
        copied = time.perf_counter() - start
        yield SweepCost(name, *(one / size * 1e9 for one in (whole, seconds, copied)))


def stepped(name: str, given: tuple[str, ...], size: int) -> tuple[int, float]:
    """How many rows the blocks have, and the seconds that the stepping of all of them takes."""
    with subject(name) as asked:
        told = setting(asked, words(given, asked.implementation.family))
        variant = VARIANTS[asked.implementation.claims[0]]
        whole = slice_of("first", variant.rule, "float32", dict(told.decimals))
        shown = whole.start.quantities
        with stepping(asked, whole, shown, told.numbers, told.features, BLOCK) as running:
            start = time.perf_counter()
            for first in range(PART * size, (PART + 1) * size, BLOCK):
                running.send(first, BLOCK).result()
            return len(running.memories[0].rows), time.perf_counter() - start
