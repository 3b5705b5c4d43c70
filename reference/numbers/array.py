"""Arrays of any library that follows the array API, under MATLAB's rules for numeric classes.

``single`` with ``double`` is computed in single, whichever array holds it; the root of a real array
with a negative element is complex; a complex result without an imaginary part is real again.
Source: MATLAB, "Floating-Point Numbers", "Combining double with single", and ``sqrt``, ``complex``.

Not modelled: operations of a real with a complex array work on parts in MATLAB, so that an infinity
beside a zero stays clean; here the array's library decides.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from array_api_compat import array_namespace, device

from optimizer_conformance.reference.numbers.float64 import Float64

Squares = Literal["g^2", "|g|^2"]


@dataclass(frozen=True, slots=True)
class Value:
    """One array (any shape; float32, float64, complex64 or complex128) among operations."""

    array: Any

    @property
    def single(self) -> bool:
        """Whether its class is single."""
        return bool(self.array.dtype in (self.xp.float32, self.xp.complex64))

    @property
    def complex(self) -> bool:
        """Whether it has imaginary parts."""
        return bool(self.xp.isdtype(self.array.dtype, "complex floating"))

    @property
    def xp(self) -> Any:
        """The namespace of its library."""
        return array_namespace(self.array)

    def as_single(self) -> Value:
        """The same values rounded to single."""
        dtype = self.xp.complex64 if self.complex else self.xp.float32
        return Value(self.xp.astype(self.array, dtype, copy=False))

    def narrowed(self) -> Value:
        """Real when no imaginary part is left."""
        if self.complex and not self.xp.any(self.xp.imag(self.array) != 0):
            return Value(self.xp.real(self.array))
        return self

    def with_(self, other: Value | float) -> tuple[Value, Value]:
        """Both operands in the class of the result; a number takes the class of the array."""
        if not isinstance(other, Value):
            dtype = self.xp.float32 if self.single else self.xp.float64
            return self, Value(self.xp.asarray(other, dtype=dtype, device=device(self.array)))
        if self.single != other.single:
            return self.as_single(), other.as_single()
        return self, other

    def combined(
        self, operation: Callable[[Any, Any], Any], other: Value | float, *, turned: bool = False
    ) -> Value:
        """``self operation other``, or the other way round."""
        left, right = self.with_(other)
        if turned:
            left, right = right, left
        return Value(self.xp.asarray(operation(left.array, right.array))).narrowed()

    def __add__(self, other: Value | float) -> Value:
        return self.combined(operator.add, other)

    def __radd__(self, other: float) -> Value:
        return self.combined(operator.add, other, turned=True)

    def __sub__(self, other: Value | float) -> Value:
        return self.combined(operator.sub, other)

    def __rsub__(self, other: float) -> Value:
        return self.combined(operator.sub, other, turned=True)

    def __mul__(self, other: Value | float) -> Value:
        return self.combined(operator.mul, other)

    def __rmul__(self, other: float) -> Value:
        return self.combined(operator.mul, other, turned=True)

    def __truediv__(self, other: Value | float) -> Value:
        return self.combined(operator.truediv, other)

    def __rtruediv__(self, other: float) -> Value:
        return self.combined(operator.truediv, other, turned=True)

    def __neg__(self) -> Value:
        return Value(-self.array)


class Arrays(Float64):
    """The number system of :class:`Value`; coefficients are doubles, formed in double.

    ``squares``: the square of a complex gradient is ``g^2``, or the square of its modulus.
    """

    def __init__(self, squares: Squares = "g^2") -> None:
        self.squares = squares

    def define(self, name: str, x: Value) -> Value:  # type: ignore[override]  # its own values
        return x

    def correction(self, beta: Fraction, count: int) -> float:
        return 1.0 - float(beta) ** count

    def full(self, like: Value, decimal: str) -> Value:  # type: ignore[override]  # its own values
        real = like.xp.float32 if like.single else like.xp.float64
        return Value(like.xp.full_like(like.array, float(decimal), dtype=real))

    def square(self, x: Value) -> Value:  # type: ignore[override]  # its own values
        if x.complex and self.squares == "|g|^2":
            real, imaginary = Value(x.xp.real(x.array)), Value(x.xp.imag(x.array))
            return real * real + imaginary * imaginary
        return x * x

    def root(self, x: Value | float) -> Any:  # type: ignore[override]  # coefficients as well
        if not isinstance(x, Value):
            return math.sqrt(x)
        array = x.array
        if not x.complex and x.xp.any(array < 0):
            array = x.xp.astype(array, x.xp.complex64 if x.single else x.xp.complex128)
        return Value(x.xp.asarray(x.xp.sqrt(array))).narrowed()

    def maximum(self, x: Value, y: Value) -> Value:  # type: ignore[override]  # its own values
        left, right = x.with_(y)
        return Value(x.xp.maximum(left.array, right.array))

    def centralize(self, x: Value) -> Value:  # type: ignore[override]  # its own values
        axes = tuple(range(1, x.array.ndim))
        return x - Value(x.xp.mean(x.array, axis=axes, keepdims=True))
