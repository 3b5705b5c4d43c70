"""Two number systems for single steps; :mod:`reference.numbers` describes the members."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from optimizer_conformance.reference.numbers.ball import (
    BallArithmetic,
    chosen,
    drawn,
    rational,
)
from optimizer_conformance.reference.numbers.symbolic import Symbolic


class ClosedForms(Symbolic):
    """SymPy expressions of what went in, without names in between."""

    def define(self, name: str, x: Any) -> Any:
        return x

    def average(self, b: Any, c: Any, old: Any, new: Any) -> Any:
        return b * old + c * new

    def root(self, x: Any) -> Any:
        """In one form, so that equal roots look equal: sqrt(n / d) as sqrt(n) / sqrt(d), d > 0."""
        above, below = sympy.fraction(sympy.together(x))
        if not below.is_positive:
            return sympy.sqrt(x)
        return sympy.sqrt(sympy.expand(above)) / sympy.sqrt(below)

    def centralize(self, x: Any) -> Any:
        return x  # the same on both sides, before everything else: a gradient like any other

    def squared_norm(self, x: Any) -> Any:
        """A number that follows from the gradient, whatever its sign."""
        unsigned = -x if x.could_extract_minus_sign() else x
        return sympy.Function("squared_norm", positive=True)(unsigned)

    def mean_square(self, x: Any) -> Any:
        unsigned = -x if x.could_extract_minus_sign() else x
        return sympy.Function("mean_square", positive=True)(unsigned)


class Plain(BallArithmetic):
    """Single balls; hyperparameters are balls already."""

    def coefficient(self, kind: str, exact: Any) -> Any:
        return exact

    def complement(self, beta: Any) -> Any:
        return 1 - beta

    def full(self, like: Any, decimal: str) -> Any:
        return rational(Fraction(decimal))

    def square(self, x: Any) -> Any:
        return x * x

    def root(self, x: Any) -> Any:
        return x.sqrt()

    def clip(self, x: Any, c: Any) -> Any:
        return x.min(c).max(-c)

    def soft_threshold(self, x: Any, c: Any) -> Any:
        return drawn(x, c)

    def sign(self, x: Any) -> Any:
        return x.sgn()

    def choose(self, x: Any, below: Any, zero: Any, above: Any) -> Any:
        return chosen(x, below, zero, above)

    def maximum(self, x: Any, y: Any) -> Any:
        return x.max(y)

    def variance(self, v: Any, m: Any) -> Any:
        return v - m * m

    def centralize(self, x: Any) -> Any:
        return x

    def squared_norm(self, x: Any) -> Any:
        return x * x

    def mean_square(self, x: Any) -> Any:
        return x * x
