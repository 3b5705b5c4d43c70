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
from typing import Any, Literal

import array_api_compat.numpy
import numpy as np
from array_api_compat import array_namespace

from optimizer_conformance.reference.numbers.float64 import Float64

Squares = Literal["g^2", "|g|^2"]
NUMPY: Any = array_api_compat.numpy


class Single(float):
    """A scalar of class single, where the language's rule tells it from a double."""

    __slots__ = ()


# NumPy's characters of the types that are met at every operation: its names cost a microsecond.
CHARACTERS = {"f": "float32", "d": "float64", "F": "complex64", "D": "complex128"}

CLASSES = {  # whether it is single, and whether it is complex
    "float32": (True, False),
    "float64": (False, False),
    "complex64": (True, True),
    "complex128": (False, True),
}


def named(dtype: Any) -> str:
    """``float32`` and its like, for the data types of any library and byte order."""
    if isinstance(dtype, np.dtype):
        return CHARACTERS.get(dtype.char) or dtype.name
    return str(dtype).rpartition(".")[2]


class Value:
    """One array (any shape; float32, float64, complex64 or complex128) among operations.

    ``single`` says whether its class is single, ``complex`` whether it has imaginary parts.
    """

    __slots__ = ("array", "complex", "single")

    def __init__(self, array: Any) -> None:
        self.array = array
        self.single, self.complex = CLASSES[named(array.dtype)]

    @property
    def xp(self) -> Any:
        """The namespace of its library."""
        return NUMPY if type(self.array) is np.ndarray else array_namespace(self.array)

    def as_single(self) -> Value:
        """The same values rounded to single."""
        dtype = self.xp.complex64 if self.complex else self.xp.float32
        return Value(self.xp.astype(self.array, dtype, copy=False))

    def narrowed(self) -> Value:
        """Real when no imaginary part is left."""
        if self.complex and not self.xp.any(self.xp.imag(self.array) != 0):
            return Value(self.xp.real(self.array))
        return self

    def with_(self, other: Value) -> tuple[Value, Value]:
        """Both operands in the class of the result: single where either is single."""
        if self.single != other.single:
            return self.as_single(), other.as_single()
        return self, other

    def combined(
        self, operation: Callable[[Any, Any], Any], other: Value | float, *, turned: bool = False
    ) -> Value:
        """``self operation other``, or the other way round; a double takes the array's class."""
        if isinstance(other, Value):
            mine, theirs = self.with_(other) if self.single != other.single else (self, other)
            left, right = mine.array, theirs.array
        else:
            mine = self.as_single() if isinstance(other, Single) else self
            left, right = mine.array, float(np.float32(other)) if mine.single else float(other)
        found = operation(right, left) if turned else operation(left, right)
        if type(found) is not np.ndarray:  # NumPy makes scalars of arrays without dimensions
            found = self.xp.asarray(found)
        value = Value(found)
        return value.narrowed() if value.complex else value

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

    def times(self, x: float, y: float) -> float:
        """The product of two scalars."""
        return Single(np.float32(x) * np.float32(y)) if isinstance(x, Single) else float(x) * y

    def coefficient(self, kind: str, exact: Any) -> float:
        """A scalar of the language is already what it is."""
        found: float = exact
        return found

    def complement(self, beta: Any) -> float:
        if isinstance(beta, Single):
            return Single(np.float32(1) - np.float32(beta))
        rest: float = 1.0 - beta
        return rest

    def correction(self, beta: Any, count: int) -> float:
        if isinstance(beta, Single):
            return self.complement(Single(np.float32(beta) ** np.float32(count)))
        return self.complement(float(beta) ** count)

    def full(self, like: Value, decimal: str) -> Value:  # type: ignore[override]  # its own values
        if type(like.array) is np.ndarray:
            real = np.float32 if like.single else np.float64
            return Value(np.full(like.array.shape, float(decimal), real))
        real = like.xp.float32 if like.single else like.xp.float64
        return Value(like.xp.full_like(like.array, float(decimal), dtype=real))

    def square(self, x: Value) -> Value:  # type: ignore[override]  # its own values
        if x.complex and self.squares == "|g|^2":
            real, imaginary = Value(x.xp.real(x.array)), Value(x.xp.imag(x.array))
            return real * real + imaginary * imaginary
        return x * x

    def root(self, x: Value | float) -> Any:  # type: ignore[override]  # coefficients as well
        if not isinstance(x, Value):
            return Single(np.sqrt(np.float32(x))) if isinstance(x, Single) else math.sqrt(x)
        array = x.array
        if not x.complex and x.xp.any(array < 0):
            array = x.xp.astype(array, x.xp.complex64 if x.single else x.xp.complex128)
        return Value(x.xp.asarray(x.xp.sqrt(array))).narrowed()

    def maximum(self, x: Value, y: Value) -> Value:  # type: ignore[override]  # its own values
        left, right = x.with_(y)
        return Value(x.xp.maximum(left.array, right.array))

    def centralize(self, x: Value) -> Value:  # type: ignore[override]  # its own values
        axes = tuple(range(1, x.array.ndim))
        if not axes:
            return x
        return x - Value(x.xp.mean(x.array, axis=axes, keepdims=True))

    def squared_norm(self, x: Value) -> Value:  # type: ignore[override]  # its own values
        squares = self.square(x).array
        return Value(x.xp.broadcast_to(x.xp.sum(squares), squares.shape))

    def mean_square(self, x: Value) -> Value:  # type: ignore[override]  # its own values
        squares, axes = self.square(x).array, tuple(range(1, x.array.ndim))
        if not axes:
            return Value(squares)
        mean = x.xp.mean(squares, axis=axes, keepdims=True)
        return Value(x.xp.broadcast_to(mean, squares.shape))
