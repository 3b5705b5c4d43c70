"""What a sweep costs: its oracle an element, and the whole beside the stepping alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numba import float64, int64, njit, types

from optimizer_conformance.judging.fused import FusedStep, evaluator, needed, traced
from optimizer_conformance.questions.bench.measure import (
    Measure,
    alone,
    in_turn,
    measured,
    nanoseconds,
    seconds,
)
from optimizer_conformance.questions.bench.run import peak
from optimizer_conformance.questions.sweep import marking
from optimizer_conformance.questions.sweep.engines import Host
from optimizer_conformance.questions.sweep.slices import numbers, slice_of
from optimizer_conformance.questions.sweep.stepping import stepping
from optimizer_conformance.questions.sweep.sweep import (
    BLOCK,
    COMPILED_BLOCK,
    SweepRequest,
    sweep,
)
from optimizer_conformance.questions.translate.settings import setting, words
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import taken
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.workers.subject import subject

SIZES = (1 << 12, 1 << 16, 1 << 20)  # elements of a measurement of the oracle
PART, PARTS = 15, 64  # of all float32 gradients, as shards are counted: from 3e-5 to 8e-3
IMPLEMENTATIONS = {
    "torch:RMSprop": (),
    "torch:Adam[fused]": (),
    "jax:optax.rmsprop": ("learning_rate=0.01",),
    "numpy:d2l.scratch": ("learning_rate=0.01", "decay=0.9", "epsilon=1e-6"),
}


FUSED, SWEPT = "compiled oracle", "sweep"
FUSED_AIM, SWEPT_AIM = 4.0, 2.0  # nanoseconds an element; times the stepping alone


def fused(rules: tuple[str, ...], repeats: int) -> Iterator[Measure]:
    """Each rule's loop, beside as many divisions and roots as it has and nothing else."""
    for name in rules:
        variant = VARIANTS[name]
        decimals = {one.name: one.usual for one in taken(variant.family, variant.features)}
        step = FusedStep(variant.rule, "float32", tuple(sorted(decimals.items())))
        graph, outputs = traced(step, "none", IDEAL)
        kinds = [graph.nodes[place][0] for place in needed(graph, outputs)]
        divisions, roots = kinds.count("divide"), kinds.count("sqrt")
        beside = f"{divisions} divisions and {roots} roots alone"
        for size in SIZES:
            given = gradients(step, size)
            alone_ = partial(throughput, divisions, roots, np.ones(512), size)
            for what, call in (
                ("bound", partial(bare_loop, step, given)),
                ("with verdicts", judging(step, given)),
            ):
                pairs = in_turn(call, alone_, repeats)
                label = f"{what}, {name}"
                yield measured(FUSED, label, f"{size:,}", nanoseconds(size), pairs, beside)
        times = [one for one, _ in pairs]
        group = f"{FUSED}, in cache"
        yield alone(group, label, f"{size:,}", nanoseconds(size), times, FUSED_AIM)


def gradients(step: FusedStep, size: int) -> Array:
    """As many bit patterns, of numbers around 1e-3."""
    whole = slice_of("first", step.rule, "float32", dict(step.decimals))
    found: Array = numbers(whole.bits(PART * (2**32 // PARTS), size)[0], "float32")
    return found


def bare_loop(step: FusedStep, given: Array) -> None:
    """Value and bound, in chunks that stay in the first cache."""
    rows = np.empty((2, len(step.quantities), marking.CHUNK))
    loop = evaluator(step)
    for first in range(0, len(given), marking.CHUNK):
        loop((given,), first, marking.CHUNK, rows[0], rows[1])


def judging(step: FusedStep, given: Array) -> Callable[[], None]:
    """The same with a verdict for every result, of results that are the value rounded."""
    value = np.empty((2, len(step.quantities), len(given)))
    evaluator(step)((given,), 0, len(given), value[0], value[1])
    seen, rows = value[0].astype(np.float32), len(step.quantities)
    form, loop = marking.described("float32"), evaluator(step)
    counts, best = np.zeros((rows, 4), np.int64), np.zeros((rows, 2))
    places, settled = np.zeros((rows, 2), np.int64), np.empty(seen.shape, bool)
    scores, hits = np.zeros(rows), np.zeros(marking.TABLES, np.int64)

    def judge() -> None:  # as in a sweep, what is largest goes on from block to block
        marking.judge(
            (loop,), (given,), False, seen, form, settled, counts, best, places, scores, hits
        )

    return judge


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


def sweeps(repeats: int) -> Iterator[Measure]:
    """Whole sweeps of a part of all gradients, beside the stepping of the same blocks alone."""
    size = 2**32 // PARTS
    for name, given in IMPLEMENTATIONS.items():
        request = SweepRequest(part=PART, parts=PARTS)
        pairs, copies = [], []
        for _ in range(max(3, repeats // 2)):
            whole = sweep(name, given, request).seconds
            rows, bare = stepped(name, given, size)
            pairs.append((whole, bare))
            copies.append(copied(rows, size))
        unit, shown = nanoseconds(size), f"{size:,}"
        yield measured(SWEPT, name, shown, unit, pairs, "the stepping alone", SWEPT_AIM)
        against_copy = [(one, copy) for (one, _), copy in zip(pairs, copies, strict=True)]
        beside = "a copy of its memory"
        yield measured(f"{SWEPT}, and memory", name, shown, unit, against_copy, beside)


def copied(rows: int, size: int) -> float:
    """Seconds that copying so many rows of a sweep's memory takes, block by block."""
    source = np.zeros((rows, BLOCK), np.uint32)
    return seconds(lambda: [source.copy() for _ in range(size // BLOCK)], time.perf_counter)


def stepped(name: str, given: tuple[str, ...], size: int) -> tuple[int, float]:
    """How many rows the blocks have, and the seconds that the stepping of all of them takes."""
    with subject(name) as asked:
        told = setting(asked, words(given, asked.implementation.family))
        variant = VARIANTS[asked.implementation.claims[0]]
        whole = slice_of("first", variant.rule, "float32", dict(told.decimals))
        block = COMPILED_BLOCK if asked.implementation.compiled else BLOCK
        with stepping(asked, whole, told.numbers, told.features, block, Host()) as running:
            running.send(0, block).result()
            start = time.perf_counter()
            for first in range((PART - 1) * size, PART * size, block):
                running.send(first, block).result()
            return len(running.memories[0].rows), time.perf_counter() - start


def memory(shards: tuple[int, ...] = (4096, 1024, 256)) -> Iterator[Measure]:
    """The largest resident size of a sweep's own process and of its worker, of growing parts."""
    for parts in shards:
        line = ("sweep", "torch:RMSprop", "--shard", f"{parts // 8}/{parts}")
        yield peak("peak memory", "sweep of torch:RMSprop", f"{2**32 // parts:,}", *line)
