"""Observed results against value and bound, chunk by chunk, compiled.

The verdict of one result is that of :func:`conformance.judging.verdict.classify`: exact where it is
certainly the exact result rounded to nearest, rounding where it lies inside a finite bound, and
open otherwise.  Chunks are so small that value and bound stay in the first cache.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import float32, float64, int64, njit, types
from numba.core.errors import NumbaExperimentalFeatureWarning
from numba.extending import intrinsic

from optimizer_conformance.judging.fused import inputs_type, loop_type
from optimizer_conformance.reference.numbers import PRECISIONS

CHUNK = 512
EXPONENT = np.int64(0x7FF0000000000000)
EXACT, ROUNDING, REPRESENTATION, RANGE = 0, 1, 2, 3  # the columns of the counts
TABLES = 8  # as many as there may be in a row: the bound, hyperparameters as held, and the range
SURE, UNSURE = 1.0 - 2.0**-50, 1.0 + 2.0**-50  # far more than two operations round

Format = tuple[float, float, float, float, float]
compiled = njit(nogil=True, error_model="numpy", cache=True)
ROW, ROWS = types.Array(float64, 1, "C"), types.Array(float64, 2, "C")
SEEN, MARKS = types.Array(float32, 2, "C"), types.Array(types.boolean, 2, "C")
PLACES, WHERE = types.Array(int64, 2, "C"), types.Array(int64, 1, "C")


def called(result: Any, *arguments: Any, loops: int = 1) -> Any:
    """Compile for these types, with a step's loop or loops and its one or two inputs before."""

    def of(count: int) -> Any:
        loop = loop_type(count)
        first = loop if loops == 1 else types.UniTuple(loop, loops)
        return result(first, inputs_type(count), *arguments)

    return njit([of(1), of(2)], nogil=True, error_model="numpy", cache=True)


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


@intrinsic
def bits_of(_: Any, x: Any) -> Any:
    """The bits of a float64."""
    return types.int64(types.float64), lambda ctx, build, sig, given: build.bitcast(
        given[0], ir.IntType(64)
    )


@intrinsic
def number_of(_: Any, x: Any) -> Any:
    """The float64 of these bits."""
    return types.float64(types.int64), lambda ctx, build, sig, given: build.bitcast(
        given[0], ir.DoubleType()
    )


@compiled
def plain(value: Any, error: Any, seen: Any, format_: Any, best: Any) -> tuple[int, int]:
    """How many results lie inside their bounds, and are certainly the exact ones rounded.

    The first is -1 where anything has to be looked at more closely: a result outside, one that may
    be a tie, a larger score or error in ulp than all before.
    """
    smallest, _, _, share, last = format_
    score, ulp = best[0], best[1] * last
    sure, unsure = 0.5 * last * SURE, 0.5 * last * UNSURE
    exact = odd = 0
    for j in range(value.size):
        v, e = value[j], error[j]
        distance = abs(float64(seen[j]) - v)
        power = max(number_of(bits_of(v) & EXPONENT), smallest)
        own = e * share
        nearest = distance + own < power * sure
        farther = distance - own > power * unsure
        exact += nearest
        odd += (
            (nearest == farther)
            | (not ((distance <= e) & (e < np.inf)))
            | (distance > score * e)
            | (distance > ulp * power)
        )
    return (-1 if odd else value.size), exact


@compiled
def marked(
    value: Any,
    error: Any,
    seen: Any,
    format_: Any,
    settled: Any,
    counts: Any,
    best: Any,
    space: Any,
) -> tuple[int, int]:
    """Count the verdicts of one quantity in a chunk, and mark in ``settled`` what a bound holds.

    ``format_`` is what :func:`described` says of the dtype; ``best`` holds the largest score and
    error in ulp so far; ``space`` is scratch of five rows.  Returns how many are settled, and how
    many exceed either.
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
        settled[j] = fits
    if unclear:
        exact = proved_nearest(value, error, seen, format_, space)
    counts[EXACT] += exact
    counts[ROUNDING] += inside - exact
    return inside, beyond


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


@compiled
def accepts(
    value: Any, error: Any, seen: Any, strange: Any, barred: Any, settled: Any, fresh: Any
) -> int:
    """How many more results of a quantity a further table holds, of those that are not ``barred``.

    They are ``settled`` then, and ``fresh``.  Legal orders differ in what a ``strange`` gradient
    makes, one that is not finite, but nothing swallows it: a finite result needs a value.
    """
    more = 0
    for j in range(value.size):
        s, v, e = seen[j], value[j], error[j]
        same = (s == v) | (np.isnan(s) & np.isnan(v))
        distance = 0.0 if same else abs(s - v)
        fits = (distance <= e) & (e < np.inf)
        finite = abs(s) < np.inf
        made = (fits | (not finite)) & (not (finite & np.isnan(v)))
        new = ((made & strange[j]) | (fits & (not strange[j]))) & (not barred[j])
        fresh[j] = new & (not settled[j])
        settled[j] |= new
        more += fresh[j]
    return more


@compiled
def scored(value: Any, error: Any, seen: Any, fresh: Any, best: float) -> float:
    """The largest score of all before and of what is fresh in a chunk."""
    for j in range(value.size):
        distance = abs(seen[j] - value[j])
        if fresh[j] and distance > best * error[j]:
            best = distance / error[j]
    return best


@called(
    types.void, int64, types.boolean, SEEN, types.UniTuple(float64, 5), MARKS, PLACES, ROWS,
    PLACES, ROW, WHERE, loops=TABLES,
)  # fmt: skip
def block(
    loops: Any,
    given: Any,
    used: int,
    held: bool,
    seen: Any,
    format_: Any,
    settled: Any,
    counts: Any,
    best: Any,
    places: Any,
    scores: Any,
    hits: Any,
) -> None:
    """Judge a block: rows of ``seen`` are quantities, ``settled`` gets what some table holds.

    The first of the ``used`` loops is the bound; where ``held``, the second is that of
    hyperparameters as the implementation holds them, whose business are finite gradients; the
    others are those of the range, which say nothing where the bound says nothing.  ``counts``
    (quantities x 4), ``best`` and ``places`` (quantities x 2) and ``scores`` of what is held
    (quantities) go on from what they hold; so does ``hits``, how many each table has settled.
    """
    rows, size = seen.shape
    value, error, found = (
        np.empty((rows, CHUNK)),
        np.empty((rows, CHUNK)),
        np.empty((rows, CHUNK)),
    )
    space, fresh = np.empty((5, CHUNK)), np.empty(CHUNK, np.bool_)
    strange, endless = np.empty(CHUNK, np.bool_), np.empty((rows, CHUNK), np.bool_)
    for first in range(0, size, CHUNK):
        n = min(CHUNK, size - first)
        here = slice(first, first + n)
        loops[0](given, first, n, value, error)
        left = rows * n
        for row in range(rows):
            inside, exact = plain(
                value[row, :n], error[row, :n], seen[row, here], format_, best[row]
            )
            if inside >= 0:
                settled[row, here] = True
                counts[row, EXACT] += exact
                counts[row, ROUNDING] += n - exact
                left -= n
                continue
            found[row, :n] = seen[row, here]
            inside, beyond = marked(
                value[row, :n], error[row, :n], found[row, :n], format_,
                settled[row, here], counts[row], best[row], space,
            )  # fmt: skip
            left -= inside
            if beyond:
                exceeded(
                    value[row, :n], error[row, :n], space, format_[4], best[row], places[row], first
                )
        if left == 0:
            continue
        found[:, :n] = seen[:, here]
        strange[:n] = ~(np.abs(given[-1][here]) < np.inf)
        endless[:] = error == np.inf
        for table in range(1, used):
            own = held and table == 1
            loops[table](given, first, n, value, error)
            for row in range(rows):
                more = accepts(
                    value[row, :n], error[row, :n], found[row, :n], strange[:n],
                    strange[:n] if own else endless[row, :n], settled[row, here], fresh,
                )  # fmt: skip
                if own and more:
                    scores[row] = scored(
                        value[row, :n], error[row, :n], found[row, :n], fresh, scores[row]
                    )
                counts[row, REPRESENTATION if own else RANGE] += more
                hits[table] += more
                left -= more
            if left == 0:
                break


def judge(loops: tuple[Callable[..., None], ...], given: Any, *rest: Any) -> None:
    """:func:`block`, by as many loops as there are: one that is repeated is not asked again."""
    filled = (loops + loops[:1] * TABLES)[:TABLES]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumbaExperimentalFeatureWarning)  # loops as arguments
        block(filled, given, len(loops), *rest)


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
                settled[row, first + j] |= (same | (abs(s - v) <= e)) & (e < np.inf)
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
