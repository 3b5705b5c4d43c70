"""Real numbers that are no fractions, with a proved enclosure: 0.96^(t psi) and its like."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import flint

from optimizer_conformance.reference.numbers.system import RealFunction

BITS = 256  # far beyond any format: the radius is nothing beside half a unit of float64


def lifted(value: Fraction | str) -> flint.arb:
    """A rational number or decimal as a ball."""
    exact = Fraction(value)
    return flint.arb(flint.fmpq(exact.numerator, exact.denominator))


def enclosed(function: RealFunction, exact: Sequence[Fraction]) -> flint.arb:
    """A ball that holds the function of exact numbers, of ``BITS`` bits or of the context's."""
    with flint.ctx.workprec(max(BITS, flint.ctx.prec)):
        found: flint.arb = function(lifted, *map(lifted, exact))
    return found


@lru_cache(maxsize=4096)
def centre(function: RealFunction, exact: tuple[Fraction, ...]) -> tuple[Fraction, float]:
    """A fraction within the enclosure, and how far from it the real number may be."""
    ball = enclosed(function, exact)
    mantissa, exponent = ball.mid().man_exp()
    middle = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return middle, float(ball.rad().abs_upper())
