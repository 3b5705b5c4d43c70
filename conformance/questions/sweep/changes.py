"""Where results change: from element to element, and between two implementations; compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import float32, float64, int64, njit, types, uint32

WHERE = types.Array(int64, 1, "C")


@njit(int64(types.Array(float32, 1, "C"), float64, WHERE, WHERE), nogil=True, cache=True)
def turns(seen: Any, before: Any, places: Any, kinds: Any) -> int:
    """Where results turn from one kind to another: 0 nothing moves, 1 finite, 2 infinite, 3 nan.

    ``before`` is the parameter that all started from.  Fills ``places`` and ``kinds``, the first
    result being a turn, and returns how many there are, however many have their place.
    """
    last, count = -1, 0
    for j in range(seen.size):
        s = seen[j]
        kind = 3 if np.isnan(s) else (2 if not abs(s) < np.inf else (0 if s == before else 1))
        if kind != last:
            if count < places.size:
                places[count], kinds[count] = j, kind
            last = kind
            count += 1
    return count


@njit(
    types.UniTuple(int64, 2)(types.Array(uint32, 1, "C"), types.Array(uint32, 1, "C")),
    nogil=True, cache=True,
)  # fmt: skip
def unequal(one: Any, other: Any) -> tuple[int, int]:
    """How many of two rows of bits differ, and the first that does; -1 for none."""
    count, first = 0, -1
    for j in range(one.size):
        if one[j] != other[j]:
            if count == 0:
                first = j
            count += 1
    return count, first
