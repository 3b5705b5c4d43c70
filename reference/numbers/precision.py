"""Working precisions: unit roundoff, range, and rounding of float64 arrays to their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Precision:
    """A binary floating-point format (IEEE 754-2019, section 3.3; bfloat16: the upper half of
    binary32).

    bits      precision p, the hidden bit included
    minimum   exponent of the smallest normal number
    maximum   exponent of the largest power of two
    """

    name: str
    bits: int
    minimum: int
    maximum: int

    @property
    def unit_roundoff(self) -> float:
        return 2.0**-self.bits

    @property
    def smallest_normal(self) -> float:
        return 2.0**self.minimum

    @property
    def smallest_subnormal(self) -> float:
        return float(np.ldexp(1.0, self.minimum - self.bits + 1))

    @property
    def largest(self) -> float:
        return float(np.ldexp(2.0 - 2.0 ** (1 - self.bits), self.maximum))

    def quantum(self, values: Array) -> Array:
        """The unit in the last place at each value, no smaller than the smallest subnormal."""
        _, exponent = np.frexp(np.abs(values))
        exponent = np.where(values == 0, self.minimum, exponent - 1)
        exponent = np.clip(exponent, self.minimum, self.maximum)
        unit: Array = np.ldexp(1.0, exponent - self.bits + 1)
        return unit

    def round(self, values: Array | float) -> Array:
        """Each float64 rounded to nearest even in this format, as a float64."""
        values = np.asarray(values, dtype=np.float64)
        if self.name == "float64":
            return values
        if self.name == "bfloat16":
            return from_bits(bfloat16_bits(values), self.name)
        with np.errstate(over="ignore", under="ignore"):
            return values.astype(self.name).astype(np.float64)


PRECISIONS = {
    precision.name: precision
    for precision in (
        Precision("float16", 11, -14, 15),
        Precision("bfloat16", 8, -126, 127),
        Precision("float32", 24, -126, 127),
        Precision("float64", 53, -1022, 1023),
    )
}


# Complex formats: two numbers of a real one, the real part first.
COMPONENTS = {"complex64": "float32", "complex128": "float64"}
DTYPES = (*PRECISIONS, *COMPONENTS)


def component(dtype: str) -> str:
    """The format of the parts of a complex one; a real one itself."""
    return COMPONENTS.get(dtype, dtype)


def parts(values: Array) -> Array:
    """Complex numbers as twice as many real ones along the last axis; real ones as they are."""
    if not np.iscomplexobj(values):
        return values
    return np.stack([values.real, values.imag], axis=-1).reshape(*values.shape[:-1], -1)


def bfloat16_bits(values: Array) -> Array:
    """float64 to the bits of the nearest bfloat16, ties to even, as ``uint16``.

    Goes through float32 rounded to odd, so that the second rounding cannot see a false tie
    (Boldo, Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
    """
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        single = values.astype(np.float32)
    bits = single.view(np.uint32).astype(np.uint64)
    back = single.astype(np.float64)
    finite = np.isfinite(single)
    too_large = np.abs(back) > np.abs(values)
    odd = np.where(
        back == values, bits, np.where(too_large, bits - np.uint64(1), bits) | np.uint64(1)
    )
    bits = np.where(finite, odd, bits)
    lower = bits & np.uint64(0xFFFF)
    upper = bits >> np.uint64(16)
    up = (lower > 0x8000) | ((lower == 0x8000) & ((upper & np.uint64(1)) == 1))
    rounded = np.where(finite & up, upper + np.uint64(1), upper)
    return np.where(np.isnan(values), np.uint64(0x7FC0), rounded).astype(np.uint16)


def from_bits(array: Array, dtype: str) -> Array:
    """An array as it travels (bfloat16 in ``uint16``) as float64 or complex128 values, exactly."""
    if dtype in COMPONENTS:
        return array.astype(np.complex128)
    if dtype == "bfloat16":
        wide: Array = (array.astype(np.uint32) << np.uint32(16)).view(np.float32)
        with np.errstate(invalid="ignore"):  # a signalling nan
            return wide.astype(np.float64)
    return array.astype(np.float64)


def to_bits(values: Array, dtype: str) -> Array:
    """float64 or complex128 values rounded to ``dtype``, as they travel."""
    if dtype in COMPONENTS:
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(values).astype(dtype)
    if dtype == "bfloat16":
        return bfloat16_bits(values)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(values, dtype=np.float64).astype(dtype)
