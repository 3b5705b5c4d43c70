"""Arrays of the cases of situations: what stands in each parameter, and how it lies in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from optimizer_conformance.cases import situations
from optimizer_conformance.cases.inputs import POOL, SHIFT, Expander, Input, Inputs
from optimizer_conformance.reference.numbers.precision import Array

Shape = tuple[int, ...]
SIZES = (*range(1, 65), 96, 100, 127, 128, 255, 256, 384, 512, 768)
LARGE = (1023, 1024, 1025, 4099)
RANKS: tuple[Shape, ...] = (
    (1, 7),
    (7, 1),
    (3, 5),
    (4, 4),
    (12, 12),
    (2, 64),
    (2, 3, 4),
    (5, 1, 3),
    (2, 3, 4, 5),
    (4, 4, 3, 3),
    (2, 1, 3, 2, 2),
    (1, 1),
    (1, 1, 1, 1),
    (2, 1, 2, 1, 2, 3),
)
# How a parameter lies in memory, how its gradients do, and in which shapes.
MEMORY: tuple[tuple[str, str, tuple[Shape, ...]], ...] = (
    ("fortran", "fortran", ((5, 3), (4, 4), (2, 3, 4))),
    ("fortran", "contiguous", ((3, 4),)),
    ("channels-last", "channels-last", ((2, 3, 4, 5),)),
    ("channels-last", "contiguous", ((3, 2, 2, 5),)),
    ("strided", "contiguous", ((9,), (3, 4))),
    ("strided", "strided", ((12,), (4, 3))),
    ("contiguous", "fortran", ((3, 7), (4, 4))),
    ("contiguous", "strided", ((11,), (5, 4))),
    ("contiguous", "channels-last", ((2, 4, 3, 3),)),
)
# What meets in one case: shapes, kinds of gradients, parts of the rate, how arrays lie in memory.
MIXED: tuple[Shape, ...] = (*((size,) for size in (1, 3, 8, 17)), *((2, 3), (4, 4), (5, 1)))
MIXED += ((3, 2, 2), (2, 3, 2, 2))
MIXING = ("wide", "constant", "alternating", "sparse", "spike")
IDLE = (2, 3, 6, 11, 14)  # steps whose gradient is zero, where that of others is not
# It stays, rises and falls; after a zero it goes on at a multiple of four, of eight and of sixteen.
MIXED_RATES: tuple[str, ...] = ("1", "1", "0", "1", "4", "4", "0", "1", "1", "0.25")
MIXED_RATES += ("0", "1", "0.0625", "1", "0", "1", "1", "1", "2", "1")
GAPS = ((0, 8, 12), (4, 5, 7, 13), (1, 2, 3, 5, 6, 7, 8, 10, 11, 14, 17))
LOADED = (1, 5, 8, 14)
JOINING = 5
LYING = (
    ("contiguous", "contiguous"),
    ("fortran", "fortran"),
    ("contiguous", "fortran"),
    ("fortran", "contiguous"),
    ("strided", "contiguous"),
    ("contiguous", "strided"),
)
TURN = 700  # steps in which a gradient that starts late is zero


def placed(draw: Expander) -> Inputs:
    """The arrays of a case of one of these modes."""
    mode = draw.case.mode
    if mode.startswith("shapes"):
        return Inputs(list(shapes(draw)))
    if mode == "rates":
        found = regimes(draw, "wide", "constant", "alternating", "sparse")
        return Inputs(found, rates=rates(draw, situations.RATE_PATH))
    if mode == "checkpoint":
        found = regimes(draw, "wide", "constant", "alternating", "sparse")
        return Inputs(found, reloads=(1, 5, 6))
    makers: dict[str, Callable[[Expander], Inputs]] = {
        "steps": lambda draw: Inputs(long_run(draw)),
        "magnitudes": lambda draw: Inputs(magnitudes(draw)),
        "boundaries": lambda draw: Inputs(
            [
                *regimes(draw, "wide", "near-epsilon", "constant", "alternating", "sparse"),
                draw.parameter("matrix", "wide", (4, 3)),
            ]
        ),
        "loop": lambda draw: Inputs(many(draw)),
        "loop-missing": lambda draw: Inputs(pausing(draw)),
        "loop-joined": lambda draw: Inputs(joining(draw)),
        "loop-groups": grouped,
        "mixed": lambda draw: Inputs(mixed(draw), rates=rates(draw, MIXED_RATES)),
        "mixed-loop": mixed_loop,
    }
    return makers[mode](draw)


def rates(draw: Expander, parts: Sequence[str]) -> list[str]:
    """The rate of each step, which is a part of the case's."""
    rate = float(draw.case.decimals["learning_rate"])
    return [repr(rate * float(part)) for part in parts]


def regimes(draw: Expander, *names: str) -> list[Input]:
    """A parameter a regime."""
    return [draw.parameter(name, name, (draw.case.size,)) for name in names]


def long_run(draw: Expander) -> list[Input]:
    """Few elements, many steps."""
    found = regimes(draw, "constant", "alternating", "sparse", "wide")
    late = draw.parameter("late", "constant", (draw.case.size,))
    late.gradients = [
        row if step >= min(TURN, draw.case.steps // 2) else 0.0 * row
        for step, row in enumerate(late.gradients)
    ]
    return [*found, late]


def magnitudes(draw: Expander) -> list[Input]:
    """Parameters and gradients of every size, zero and what is no number included."""
    names = ("wide", "spike", "zero", "tiny", "huge", "non-finite")
    found = regimes(draw, *names)
    broken = found[-1].gradients[0]
    broken[:] = np.where(np.isfinite(broken), broken, 1.0)
    broken[:3] = np.nan, np.inf, -np.inf
    shape, steps = (draw.case.size,), draw.case.steps
    smallest, largest = draw.precision.smallest_normal, draw.precision.largest
    wide = draw.scale()

    def add(name: str, value: tuple[float, float], gradient: tuple[float, float]) -> None:
        rows = [draw.exactly(draw.log_uniform(*gradient, shape)) for _ in range(steps)]
        found.append(Input(name, draw.exactly(draw.log_uniform(*value, shape)), rows))

    # As networks begin: weights of ones, biases of zeros.
    for name, begun in (("ones", 1.0), ("zeros", 0.0)):
        rows = [draw.exactly(draw.log_uniform(*wide, shape)) for _ in range(steps)]
        found.append(Input(name, np.full(shape, begun), rows))
    add("heavy", (101.0, min(1e6, largest / 64)), wide)
    add("heavy-hundreds", (101.0, 1000.0), wide)
    add("faint", (smallest / 64, smallest * 64), (smallest, 1.0))
    add("colossal", (largest / 1e4, largest / 4), wide)
    add("subnormal", (0.5, 2.0), (draw.precision.smallest_subnormal, smallest))
    add("large", (0.01, 100.0), large_gradients(draw))
    return found


def large_gradients(draw: Expander) -> tuple[float, float]:
    """Gradients from a thousand on, where their squares leave room for more."""
    largest = draw.precision.largest
    return (1e3, min(1e6, float(np.sqrt(largest)) / 16)) if largest > 1e6 else draw.scale()


def loop(draw: Expander, *names: str) -> list[Input]:
    """Parameters, each of its own size."""
    return [
        draw.parameter(f"{name}-{index}", "wide", (draw.case.size + index,))
        for index, name in enumerate(names)
    ]


def many(draw: Expander) -> list[Input]:
    """Many parameters, one of which has gradients of zero, one whose gradients share a buffer.

    One is a table of which some rows have no gradient, as with the rows of an embedding, and one
    has gradients that add up to nothing, as before a softmax.
    """
    first, zeroed, reused, *others = loop(draw, "first", "zeroed", "reused", "fourth", "last")
    zeroed.gradients = [
        0.0 * row if step in (2, 3, 6) else row for step, row in enumerate(zeroed.gradients)
    ]
    rows = draw.parameter("rows", "wide", (5, 3))
    for step, gradient in enumerate(rows.gradients):
        gradient[(step + np.arange(5)) % 3 == 0] = 0.0
    cancelling = draw.parameter("cancelling", "wide", (4, 2))
    for gradient in cancelling.gradients:
        gradient[2:] = -gradient[:2]
        gradient[:, 1] = -gradient[:, 0]
    return [first, zeroed, replace(reused, memory="reused"), *others, rows, cancelling]


def pausing(draw: Expander) -> list[Input]:
    """Parameters without a gradient in the first step, in the middle, in most, and in none.

    Some are of one shape: what is stacked by shape must not take one's gradient for another's.
    """
    first, late, gap, rare, last = loop(draw, "first", "late", "gap", "rare", "last")
    most = frozenset(range(draw.case.steps)) - {1, 6}
    alike = [draw.parameter(f"alike-{index}", "wide", (3, 2)) for index in range(3)]
    return [
        first,
        replace(late, absent=frozenset((0,))),
        replace(gap, absent=frozenset((3, 4))),
        replace(rare, absent=most),
        last,
        replace(alike[0], absent=frozenset((2, 5))),
        replace(alike[1], absent=frozenset((4,))),
        alike[2],
    ]


def joining(draw: Expander) -> list[Input]:
    """A parameter that is handed over after three steps, beside others."""
    first, last, joined = loop(draw, "first", "last", "joined")
    return [first, last, replace(joined, absent=frozenset(range(3)), joins=3)]


def grouped(draw: Expander) -> Inputs:
    """Three groups: one as it is, two with everything different."""
    found = regimes(draw, "wide", "constant", "alternating")
    last = draw.parameter("last", "wide", (draw.case.size + 1,))
    others = {name: situations.changed(name, value) for name, value in draw.case.decimals.items()}
    for index, item in enumerate([*found, last]):
        item.group = index % 2
    return Inputs([*found, last], groups=[{}, others])


def mixed(draw: Expander) -> list[Input]:
    """Of each shape three parameters: what meets by chance in a network meets here for certain.

    One has elements of every size, each with gradients of a kind of its own; one is all ones; of
    one, which is large, the gradient is zero in some steps.
    """
    found = []
    for shape in MIXED if draw.over == "parameter" else draw.shapes():
        size = "x".join(map(str, shape))
        of_each = draw.parameter(f"elements-{size}", "wide", shape)
        kinds = draw.random.integers(0, len(MIXING) + 1, shape)
        every = [draw.gradients(name, shape, draw.case.steps) for name in MIXING]
        every.append(
            [draw.exactly(draw.log_uniform(*large_gradients(draw), shape)) for _ in every[0]]
        )
        of_each.gradients = [np.choose(kinds, rows) for rows in zip(*every, strict=True)]
        heavy = draw.exactly(draw.log_uniform(101.0, 1000.0, shape))
        of_each.value = np.where(draw.random.random(shape) < 1 / 3, heavy, of_each.value)
        ones = replace(draw.parameter(f"ones-{size}", "wide", shape), value=np.ones(shape))
        idle = replace(draw.parameter(f"idle-{size}", "wide", shape), value=heavy)
        rows = enumerate(idle.gradients)
        idle.gradients = [0.0 * row if step in IDLE else row for step, row in rows]
        found += [of_each, ones, idle]
    return found


def mixed_loop(draw: Expander) -> Inputs:
    """The same in groups, with gaps and newcomers, in several memory orders, saved and loaded.

    One rate is for all groups: a schedule sets it.
    """
    found = mixed(draw)
    others = {name: situations.changed(name, value) for name, value in draw.case.decimals.items()}
    others.pop("learning_rate")
    for index, item in enumerate(found):
        item.group = int(draw.random.integers(2))
        if draw.random.random() < 1 / 2:
            item.absent = frozenset(GAPS[draw.random.integers(len(GAPS))])
        if item.value.ndim > 1:
            item.layout, item.memory = LYING[draw.random.integers(len(LYING))]
            item.name = f"{lying(item.layout, item.memory)}-{item.name}"
        if index >= len(found) - 3:
            item.joins, item.absent = JOINING, item.absent | frozenset(range(JOINING))
            item.group = 0  # what is handed over later has the optimizer's own numbers
    return Inputs(found, rates=rates(draw, MIXED_RATES), groups=[{}, others], reloads=LOADED)


def lying(own: str, gradient: str) -> str:
    """How a parameter and its gradient lie in memory, as a name."""
    return own if own == gradient else f"{own}-gradient-{gradient}"


def arrangements(draw: Expander) -> Iterator[tuple[str, str, Shape]]:
    """Every shape and memory; what is not yet laid out in the case's size is left out."""
    for shape in ((0,), (), *((size,) for size in (*SIZES, *LARGE, draw.case.size)), *RANKS):
        if shape not in ((0,), ()) or not draw.case.mode.endswith("-filled"):
            yield "contiguous", "contiguous", shape
    for own, gradient, some in MEMORY:
        for shape in some:
            yield own, gradient, shape
    if not draw.case.mode.endswith("-filled"):
        yield "contiguous", "contiguous", (0,)  # what comes last ends what went before, too


def shapes(draw: Expander) -> Iterator[Input]:
    """A pool of experiments laid over every shape and memory."""
    pool = draw.parameter("pool", "wide", (POOL,))
    for index, (own, gradient, shape) in enumerate(arrangements(draw)):
        count = int(np.prod(shape, dtype=int))
        which: Array = ((np.arange(count) + SHIFT * index) % POOL).reshape(shape)
        size = "scalar" if shape == () else "x".join(map(str, shape))
        size += "-last" * (shape == (0,) and index > 0)
        yield Input(
            f"{lying(own, gradient)}-{size}",
            pool.value[which],
            [row[which] for row in pool.gradients],
            layout=own,
            memory=gradient,
            experiment=which,
        )
