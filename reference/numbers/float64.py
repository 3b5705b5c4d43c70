"""float64 NumPy arrays: the reference value."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from optimizer_conformance.reference.numbers.gathering import row_axes, spread
from optimizer_conformance.reference.numbers.hyper import one_minus_power
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.numbers.real import enclosed
from optimizer_conformance.reference.numbers.system import RealFunction


class Float64:
    """The plain number system; see :mod:`reference.numbers` for its members."""

    def define(self, name: str, x: Array) -> Array:
        return x

    def coefficient(self, kind: str, exact: Fraction) -> float:
        return float(exact)

    def complement(self, beta: Fraction) -> float:
        return float(1 - beta)

    def correction(self, beta: Fraction, count: int) -> float:
        return float(one_minus_power(beta, count))

    def real(
        self, symbol: str, function: RealFunction, exact: Sequence[Fraction], roundings: int
    ) -> float:
        return float(enclosed(function, exact))

    def full(self, like: Array, decimal: str) -> Array:
        return np.full(np.shape(like), float(decimal))

    def square(self, x: Array) -> Array:
        return x * x

    def root(self, x: Array) -> Array:
        return np.sqrt(x)

    def sum(self, x: Any, y: Any) -> Any:
        return x + y

    def maximum(self, x: Array, y: Array) -> Array:
        return np.maximum(x, y)

    def average(self, b: Any, c: Any, old: Array, new: Array) -> Array:
        return b * old + c * new  # type: ignore[no-any-return]  # scalars times arrays

    def quotient(self, numerators: tuple[Any, ...], denominators: tuple[Any, ...]) -> Any:
        value = numerators[0]
        for factor in numerators[1:]:
            value = value * factor
        for divisor in denominators:
            value = value / divisor
        return value

    def variance(self, v: Array, m: Array) -> Array:
        difference: Array = v - m * m
        return difference

    def shrink(self, x: Array, c: Any) -> Array:
        return x * (1.0 - c)  # type: ignore[no-any-return]  # scalars times arrays

    def clip(self, x: Array, c: Any) -> Array:
        return np.clip(x, -c, c)

    def soft_threshold(self, x: Array, c: Any) -> Array:
        drawn: Array = np.sign(x) * np.maximum(np.abs(x) - c, 0.0)
        return drawn

    def sign(self, x: Array) -> Array:
        return np.sign(x)

    def choose(self, x: Array, below: Any, zero: Any, above: Any) -> Array:
        return np.where(x < 0, below, np.where(x > 0, above, np.where(x == 0, zero, x)))

    def centralize(self, x: Array) -> Array:
        if x.ndim < 2:
            return x
        centred: Array = x - np.mean(x, axis=tuple(range(1, x.ndim)), keepdims=True)
        return centred

    def squared_norm(self, x: Array) -> Array:
        return spread(np.sum(x * x), x)  # type: ignore[no-any-return]  # an array

    def mean_square(self, x: Array) -> Array:
        axes = row_axes(x)
        squares: Array = x * x
        return spread(np.mean(squares, axis=axes, keepdims=True), x) if axes else squares


FLOAT64 = Float64()
