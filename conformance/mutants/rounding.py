"""Correctly rounded operations of a working precision on NumPy arrays.

float32 and float64 are NumPy's own.  float16 and bfloat16 are computed in float32 and rounded: a
result of + - * / or sqrt rounded first to 24 bits is the same as rounded at once (S. Figueroa,
"When is double rounding innocuous?", SIGNUM 1995: 24 >= 2 p + 2 for p = 11 and p = 8).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from optimizer_conformance.reference.numbers.precision import PRECISIONS, Array

STORAGE = {"float16": "float32", "bfloat16": "float32", "float32": "float32", "float64": "float64"}
SPLITTER = 2.0**27 + 1  # Veltkamp's, for 53 bits
# Where no partial product of the float64 algorithm below overflows or underflows.
SAFE = (2.0**-400, 2.0**400)


def rounder(dtype: str) -> Callable[[Any], Any]:
    """The function that rounds a result in storage format to ``dtype``."""
    if dtype == "float16":
        return lambda x: np.asarray(x).astype(np.float16).astype(np.float32)
    if dtype == "bfloat16":
        return to_bfloat16
    storage = np.dtype(dtype)
    return lambda x: np.asarray(x, dtype=storage)


def to_bfloat16(x: Any) -> Array:
    """float32 rounded to nearest even with the lower sixteen bits zero."""
    single = np.asarray(x, dtype=np.float32)
    bits = single.view(np.uint32)
    up = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    rounded: Array = ((bits + up) & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isnan(single), single, rounded)


def fused(x: Array, y: Array, z: Array, dtype: str) -> Array:
    """x * y + z rounded once to ``dtype``; the operands are in storage format."""
    if dtype == "float64":
        return fused64(x, y, z)
    wide = rounded_to_odd(np.multiply(x, y, dtype=np.float64), np.asarray(z, dtype=np.float64))
    return np.asarray(PRECISIONS[dtype].round(wide), dtype=STORAGE[dtype])


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """The rounded sum and its exact error (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def rounded_to_odd(a: Array, b: Array) -> Array:
    """a + b with the last bit set where inexact: a second rounding cannot see a false tie.

    S. Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using
    rounding to odd", IEEE Transactions on Computers 57 (2008).
    """
    total, error = two_sum(a, b)
    total = np.asarray(total)
    even = (total.view(np.int64) & 1) == 0
    nudge = even & (error != 0) & np.isfinite(total) & np.isfinite(error)
    return np.where(nudge, np.nextafter(total, np.copysign(np.inf, error)), total)


def two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """The rounded product and its exact error (Dekker)."""
    product = a * b
    a_high, b_high = (SPLITTER * x - (SPLITTER * x - x) for x in (a, b))
    a_low, b_low = a - a_high, b - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def fused64(x: Array, y: Array, z: Array) -> Array:
    """x * y + z in float64, rounded once; unfused near the ends of the range."""
    x, y, z = np.broadcast_arrays(
        np.asarray(x, np.float64), np.asarray(y, np.float64), np.asarray(z, np.float64)
    )
    high, low = two_product(x, y)
    middle, rest = two_sum(z, low)
    top, bottom = two_sum(high, middle)
    exact = top + rounded_to_odd(rest, bottom)
    safe = np.ones(x.shape, dtype=bool)
    for part in (x, y, high, z):
        size = np.abs(part)
        safe &= (size == 0) | ((size > SAFE[0]) & (size < SAFE[1]))
    return np.where(safe, exact, x * y + z)
