"""What a call of :mod:`reference.matlab` costs beside the bare NumPy expression.

Both are timed in turn in one process, and the smallest of each counts: everything else that the
machine does adds to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas

from optimizer_conformance.reference.matlab import DLArray, DLNetwork, adamupdate, rmspropupdate

AIM = 20.0  # times the bare expression
SIZE = 3  # elements: what is left is the cost of the call itself
ARRAYS = 100  # of the network
CALLS = {"one array": 200, "a network": 4}  # in a measurement
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Cost:
    """One form of call: microseconds an array, of ours and of the bare expression."""

    function: str
    form: str
    microseconds: float
    bare: float

    @property
    def ratio(self) -> float:
        """Ours in units of the bare expression."""
        return self.microseconds / self.bare

    @property
    def met(self) -> bool:
        """Whether it stays under the aim."""
        return self.ratio <= AIM


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


def table(array: Array) -> pandas.DataFrame:
    """A table of as many learnables as the network has."""
    column = np.empty(ARRAYS, dtype=object)
    column[:] = [DLArray(array.copy()) for _ in range(ARRAYS)]
    layers = [f"layer{index // 2}" for index in range(ARRAYS)]
    names = ["Weights", "Bias"] * (ARRAYS // 2)
    return pandas.DataFrame({"Layer": layers, "Parameter": names, "Value": column})


def measure(repeats: int = 5) -> Iterator[Cost]:
    """Each function on one small array and on a network."""
    one = np.ones(SIZE)
    rows = table(one)
    net = DLNetwork(rows)
    forms: dict[tuple[str, str], tuple[Callable[[], Any], Callable[[], Any]]] = {
        ("rmspropupdate", "one array"): (
            lambda: rmspropupdate(one, one, one),
            lambda: bare_rmsprop(one, one, one),
        ),
        ("adamupdate", "one array"): (
            lambda: adamupdate(one, one, one, one, 2),
            lambda: bare_adam(one, one, one, one),
        ),
        ("rmspropupdate", "a network"): (
            lambda: rmspropupdate(net, rows, rows),
            lambda: [bare_rmsprop(one, one, one) for _ in range(ARRAYS)],
        ),
        ("adamupdate", "a network"): (
            lambda: adamupdate(net, rows, rows, rows, 2),
            lambda: [bare_adam(one, one, one, one) for _ in range(ARRAYS)],
        ),
    }
    for (function, form), calls in forms.items():
        count, arrays = CALLS[form], ARRAYS if form == "a network" else 1
        timed = [[seconds(call, count) for call in calls] for _ in range(4 * repeats)]
        ours, bare = (min(column) / count / arrays * 1e6 for column in zip(*timed, strict=True))
        yield Cost(function, form, ours, bare)


def seconds(call: Callable[[], Any], count: int) -> float:
    """Processor time of so many calls."""
    start = time.process_time()
    for _ in range(count):
        call()
    return time.process_time() - start
