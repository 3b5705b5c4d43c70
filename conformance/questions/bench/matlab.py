"""What a call of :mod:`reference.matlab` costs beside the bare NumPy expression.

Both are timed in turn in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas

from optimizer_conformance.questions.bench.measure import Measure, TimeUnit, in_turn, measured
from optimizer_conformance.reference.matlab import DLArray, DLNetwork, adamupdate, rmspropupdate

AIM = 20.0  # times the bare expression
SIZE = 3  # elements: what is left is the cost of the call itself
ARRAYS = (1, 10, 100)  # of the network
CALLS = 400  # arrays in a measurement
Array = np.ndarray[Any, Any]


def bare_rmsprop(p: Array, g: Array, v: Array) -> tuple[Array, ...]:
    """The page's formula and nothing else."""
    v = 0.9 * v + (1 - 0.9) * g * g
    return p - 0.001 * g / (np.sqrt(v) + 1e-8), v


def bare_adam(p: Array, g: Array, m: Array, v: Array) -> tuple[Array, ...]:
    """The same of Adam, in its second step."""
    m = 0.9 * m + (1 - 0.9) * g
    v = 0.999 * v + (1 - 0.999) * g * g
    change = 0.001 * (m / (1 - 0.9**2)) / (np.sqrt(v / (1 - 0.999**2)) + 1e-8)
    return p - change, m, v


def table(array: Array, count: int) -> pandas.DataFrame:
    """A table of as many learnables as the network has."""
    column = np.empty(count, dtype=object)
    column[:] = [DLArray(array.copy()) for _ in range(count)]
    layers = [f"layer{index // 2}" for index in range(count)]
    names = [("Weights", "Bias")[index % 2] for index in range(count)]
    return pandas.DataFrame({"Layer": layers, "Parameter": names, "Value": column})


def calls(repeats: int) -> Iterator[Measure]:
    """Each function on one small array and on networks."""
    one = np.ones(SIZE)
    yield of_calls(
        "rmspropupdate", "one array", 1, repeats,
        lambda: rmspropupdate(one, one, one),
        lambda: bare_rmsprop(one, one, one),
    )  # fmt: skip
    yield of_calls(
        "adamupdate", "one array", 1, repeats,
        lambda: adamupdate(one, one, one, one, 2),
        lambda: bare_adam(one, one, one, one),
    )  # fmt: skip
    for count in ARRAYS:
        yield from networks(one, count, repeats)


def networks(one: Array, count: int, repeats: int) -> Iterator[Measure]:
    """Each function on a network of so many arrays."""
    rows = table(one, count)
    net, size = DLNetwork(rows), f"a network of {count}"
    yield of_calls(
        "rmspropupdate", size, count, repeats,
        lambda: rmspropupdate(net, rows, rows),
        lambda: [bare_rmsprop(one, one, one) for _ in range(count)],
    )  # fmt: skip
    yield of_calls(
        "adamupdate", size, count, repeats,
        lambda: adamupdate(net, rows, rows, rows, 2),
        lambda: [bare_adam(one, one, one, one) for _ in range(count)],
    )  # fmt: skip


def of_calls(
    function: str,
    size: str,
    arrays: int,
    repeats: int,
    ours: Callable[[], object],
    bare: Callable[[], object],
) -> Measure:
    """One form of call, as often as it takes to be timed."""
    often = max(CALLS // arrays, 1)
    pairs = in_turn(partial(repeated, ours, often), partial(repeated, bare, often), 4 * repeats)
    unit, beside = TimeUnit("us an array", 1e6, often * arrays), "the bare NumPy expression"
    aim = AIM if arrays in (1, ARRAYS[-1]) and size != "a network of 1" else None
    return measured("reference.matlab", function, size, unit, pairs, beside, aim)


def repeated(call: Callable[[], object], often: int) -> None:
    """A call, so often."""
    for _ in range(often):
        call()
