"""Observed results against value and bound, chunk by chunk, compiled.

The verdict of one result is that of :func:`conformance.judging.verdict.classify`: exact where it is
certainly the exact result rounded to nearest, rounding where it lies inside a finite bound, and
open otherwise.  Chunks are so small that value and bound stay in the first cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import float32, float64, int64, njit, types, uint32

from optimizer_conformance.judging.fused import inputs_type, loop_type
from optimizer_conformance.reference.numbers import PRECISIONS

CHUNK = 512
EXPONENT = np.int64(0x7FF0000000000000)
EXACT, ROUNDING, OPEN = 0, 1, 2
SURE, UNSURE = 1.0 - 2.0**-50, 1.0 + 2.0**-50  # far more than two operations round

Format = tuple[float, float, float, float, float]
compiled = njit(nogil=True, error_model="numpy", cache=True)
ROW, ROWS = types.Array(float64, 1, "C"), types.Array(float64, 2, "C")
SEEN, MARKS = types.Array(float32, 2, "C"), types.Array(types.boolean, 2, "C")
PLACES, WHERE = types.Array(int64, 2, "C"), types.Array(int64, 1, "C")


def called(result: Any, *arguments: Any) -> Any:
    """Compile for these types, with a step's loop and its one or two inputs before them."""
    signatures = [result(loop_type(count), inputs_type(count), *arguments) for count in (1, 2)]
    return njit(signatures, nogil=True, error_model="numpy", cache=True)


def described(dtype: str) -> Format:
    """What the loops need of a dtype.

    Its smallest normal number; 1.5 * 2^(53 - p), which pushes out what it cannot hold; where it
    becomes infinite; the share of an error that is the reference's own; a unit in the last place
    at 1.
    """
    precision = PRECISIONS[dtype]
    return (
        precision.smallest_normal,
        1.5 * 2.0 ** (53 - precision.bits),
        2.0 ** (precision.maximum + 1),
        PRECISIONS["float64"].unit_roundoff / precision.unit_roundoff,
        2.0 ** (1 - precision.bits),
    )


@compiled
def power_below(x: Any, bits: Any, smallest: float, found: Any) -> None:
    """The largest power of two below each size, no smaller than the smallest normal number."""
    for j in range(x.size):
        bits[j] = bits[j] & EXPONENT
    for j in range(x.size):
        found[j] = max(found[j], smallest)


@compiled
def rounded(x: Any, scratch: Any, smallest: float, digits: float, infinite: float) -> None:
    """Each number rounded to nearest even in a format, in place.

    ``digits`` is 1.5 * 2^(53 - p): x + digits * 2^e has no place for what the format cannot hold.
    """
    scratch[:] = x
    power_below(scratch, scratch.view(np.int64), smallest, scratch)
    for j in range(x.size):
        shift = scratch[j] * digits
        near = (x[j] + shift) - shift
        x[j] = near if abs(near) < infinite else np.copysign(np.inf, x[j])


@compiled
def marked(
    value: Any, error: Any, seen: Any, format_: Any, open_: Any, counts: Any, best: Any, space: Any
) -> int:
    """Count the verdicts of one quantity in a chunk, and mark what is open in ``open_``.

    ``format_`` is what :func:`described` says of the dtype; ``best`` holds the largest score and
    error in ulp so far; ``space`` is scratch of five rows.  Returns how many exceed either.
    """
    smallest, _, _, share, last = format_
    n = value.size
    power, far = space[2][:n], space[3][:n]
    power[:] = value
    power_below(power, power.view(np.int64), smallest, power)
    score, ulp, half = best[0], best[1] * last, 0.5 * last
    exact = inside = beyond = unclear = 0
    for j in range(n):
        s, v, e, p = seen[j], value[j], error[j], power[j]
        same = (s == v) | (np.isnan(s) & np.isnan(v))
        distance = 0.0 if same else abs(s - v)
        far[j] = distance
        fits = (distance <= e) & (e < np.inf)
        own, room = e * share, half * p
        nearest = distance + own < room * SURE
        inside += fits
        exact += fits & nearest
        unclear += fits & (not nearest) & (not distance - own > room * UNSURE)
        beyond += fits & ((distance > score * e) | (distance > ulp * p))
        open_[j] = open_[j] | (not fits)
    if unclear:
        exact = proved_nearest(value, error, seen, format_, space)
    counts[EXACT] += exact
    counts[ROUNDING] += inside - exact
    counts[OPEN] += n - inside
    return beyond


@compiled
def proved_nearest(value: Any, error: Any, seen: Any, format_: Any, space: Any) -> int:
    """How many results inside their bounds are the exact ones rounded, ties and infinities too."""
    smallest, digits, infinite, share, _ = format_
    n = value.size
    low, high, power, far = space[0][:n], space[1][:n], space[4][:n], space[3][:n]
    for j in range(n):
        own = error[j] * share
        low[j] = value[j] - own
        high[j] = value[j] + own
    rounded(low, power, smallest, digits, infinite)
    rounded(high, power, smallest, digits, infinite)
    exact = 0
    for j in range(n):
        s, v = seen[j], value[j]
        fits = (far[j] <= error[j]) & (error[j] < np.inf)
        special = (far[j] == 0.0) & (not abs(v) < np.inf)
        exact += fits & (((s == low[j]) & (s == high[j])) | special)
    return exact


@compiled
def exceeded(
    value: Any, error: Any, space: Any, last: float, best: Any, places: Any, at: int
) -> None:
    """Where a chunk holds a larger score or error in ulp than all before: which, and where."""
    power, far = space[2][: value.size], space[3][: value.size]
    for j in range(value.size):
        if far[j] <= error[j] and error[j] < np.inf and far[j] > 0.0:
            score, ulp = far[j] / error[j], far[j] / (power[j] * last)
            if score > best[0]:
                best[0], places[0] = score, at + j
            if ulp > best[1]:
                best[1], places[1] = ulp, at + j


@called(
    types.void, SEEN, types.UniTuple(float64, 5), types.Array(types.boolean, 1, "C"),
    PLACES, ROWS, PLACES,
)  # fmt: skip
def block(
    loop: Any, given: Any, seen: Any, format_: Any, open_: Any, counts: Any, best: Any, places: Any
) -> None:
    """Judge a block: rows of ``seen`` are quantities, ``open_`` gets what is outside a bound.

    ``counts`` (quantities x 3), ``best`` and ``places`` (quantities x 2) go on from what they hold.
    """
    rows, size = seen.shape
    value, error = np.empty((rows, CHUNK)), np.empty((rows, CHUNK))
    space, found = np.empty((5, CHUNK)), np.empty(CHUNK)
    for first in range(0, size, CHUNK):
        n = min(CHUNK, size - first)
        loop(given, first, n, value, error)
        for row in range(rows):
            found[:n] = seen[row, first : first + n]
            beyond = marked(
                value[row][:n], error[row][:n], found[:n], format_,
                open_[first : first + n], counts[row], best[row], space,
            )  # fmt: skip
            if beyond:
                exceeded(
                    value[row][:n], error[row][:n], space, format_[4],
                    best[row], places[row], first,
                )  # fmt: skip


@called(types.void, SEEN, MARKS, MARKS)
def bounded(loop: Any, given: Any, seen: Any, settled: Any, endless: Any) -> None:
    """Which results lie inside a finite bound, and which bounds are infinite."""
    rows, size = seen.shape
    value, error = np.empty((rows, CHUNK)), np.empty((rows, CHUNK))
    for first in range(0, size, CHUNK):
        n = min(CHUNK, size - first)
        loop(given, first, n, value, error)
        for row in range(rows):
            for j in range(n):
                s, v, e = float(seen[row, first + j]), value[row, j], error[row, j]
                same = (s == v) | (np.isnan(s) & np.isnan(v))
                settled[row, first + j] = (same | (abs(s - v) <= e)) & (e < np.inf)
                endless[row, first + j] = e == np.inf


@called(types.void, SEEN, MARKS, types.boolean, MARKS, MARKS, ROW)
def accepted(
    loop: Any, given: Any, seen: Any, settled: Any, held: bool, found: Any, endless: Any, best: Any
) -> None:
    """Which results that are not ``settled`` lie inside a finite bound of another table.

    ``held``: of hyperparameters as they are held, so the largest score is kept in ``best``.
    Otherwise of what may happen at the ends of the range: legal orders differ in what a gradient
    that is not finite makes, but nothing swallows it: a finite result needs a value.  ``endless``
    gets the results of which that table promises nothing.
    """
    rows, size = seen.shape
    value, error = np.empty((rows, CHUNK)), np.empty((rows, CHUNK))
    for first in range(0, size, CHUNK):
        n = min(CHUNK, size - first)
        loop(given, first, n, value, error)
        for row in range(rows):
            for j in range(n):
                if settled[row, first + j]:
                    continue
                s, v, e = float(seen[row, first + j]), value[row, j], error[row, j]
                same = (s == v) | (np.isnan(s) & np.isnan(v))
                distance = 0.0 if same else abs(s - v)
                fits = distance <= e < np.inf
                if not held and not abs(float(given[-1][first + j])) < np.inf:
                    fits = (fits or not abs(s) < np.inf) and not (abs(s) < np.inf and np.isnan(v))
                if fits:
                    found[row, first + j] = True
                    if held and distance > best[row] * e:
                        best[row] = distance / e
                elif e == np.inf:
                    endless[row, first + j] = True


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
