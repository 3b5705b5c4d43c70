"""Balls: a proved enclosure of the exact real result, the oracle of record.

Values are object arrays of ``flint.arb`` (F. Johansson, "Arb: efficient arbitrary-precision
midpoint-radius interval arithmetic", IEEE Trans. Computers 66, 2017): a midpoint and a radius, and
the exact result lies between them whatever was rounded on the way.  Where a ball is not finite (a
divisor or a root's operand that may be zero, an infinity in the inputs) nothing is proved.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import flint
import numpy as np

from optimizer_conformance.reference.numbers.gathering import (
    elements,
    every_axis,
    row_axes,
    spread,
)
from optimizer_conformance.reference.numbers.hyper import (
    IDEAL,
    Representation,
    held,
    kept_in,
    one_minus_power,
)
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.numbers.real import enclosed
from optimizer_conformance.reference.numbers.system import RealFunction

Balls = np.ndarray[Any, Any]  # of dtype object

BITS = 160  # three times float64's 53
MOST_BITS = 2560
# flint's precision belongs to the process; threads take turns.
TURN = threading.RLock()


@contextmanager
def working_bits(bits: int) -> Iterator[None]:
    """Compute with midpoints of ``bits`` bits inside the block."""
    with TURN:
        before = flint.ctx.prec
        flint.ctx.prec = bits
        try:
            yield
        finally:
            flint.ctx.prec = before


class BallArithmetic:
    """The number system of balls; see :mod:`reference.numbers` for its members.

    ``representation`` says how hyperparameters were held; they are exact rationals otherwise.
    """

    def __init__(self, representation: Representation = IDEAL) -> None:
        self.representation = representation

    def given(self, values: Array, *, nonnegative: bool = False) -> Balls:
        return np.asarray(TO_BALL(values), dtype=object)

    def full(self, like: Balls, decimal: str) -> Balls:
        return np.full(np.shape(like), rational(Fraction(decimal)), dtype=object)

    def coefficient(self, kind: str, exact: Fraction) -> flint.arb:
        return rational(held(exact, kept_in(self.representation, kind)))

    def complement(self, beta: Fraction) -> flint.arb:
        way = self.representation.moments
        return rational(held(1 - held(beta, way), way))

    def correction(self, beta: Fraction, count: int) -> flint.arb:
        return rational(one_minus_power(held(beta, self.representation.correction), count))

    def real(
        self, symbol: str, function: RealFunction, exact: Sequence[Fraction], roundings: int
    ) -> flint.arb:
        way = self.representation.correction
        return enclosed(function, [held(value, way) for value in exact])

    def define(self, name: str, x: Balls) -> Balls:
        return x

    def square(self, x: Balls) -> Any:
        return SQUARE(x)

    def root(self, x: Balls) -> Any:
        return ROOT(x) if isinstance(x, np.ndarray) else x.sqrt()

    def sum(self, x: Balls, y: Balls) -> Any:
        return x + y

    def maximum(self, x: Balls, y: Balls) -> Any:
        return MAXIMUM(x, y)

    def average(self, b: Any, c: Any, old: Balls, new: Balls) -> Any:
        return b * old + c * new

    def quotient(self, numerators: tuple[Any, ...], denominators: tuple[Any, ...]) -> Any:
        return prod(numerators[1:], start=numerators[0]) / prod(
            denominators[1:], start=denominators[0]
        )

    def variance(self, v: Balls, m: Balls) -> Any:
        return v - SQUARE(m)

    def shrink(self, x: Balls, c: Any) -> Any:
        return x * (1 - c)

    def clip(self, x: Balls, c: Any) -> Any:
        return CLIP(x, c)

    def soft_threshold(self, x: Balls, c: Any) -> Any:
        return SOFT_THRESHOLD(x, c)

    def sign(self, x: Balls) -> Any:
        return SIGN(x)

    def choose(self, x: Balls, below: Any, zero: Any, above: Any) -> Any:
        return CHOOSE(x, below, zero, above)

    def centralize(self, x: Balls) -> Any:
        axes = tuple(range(1, x.ndim))
        if not axes:
            return x
        count = prod(x.shape[axis] for axis in axes)
        return x - x.sum(axis=axes, keepdims=True) / count

    def squared_norm(self, x: Balls) -> Any:
        return spread(self.square(x).sum(axis=every_axis(x), keepdims=True), x)

    def mean_square(self, x: Balls) -> Any:
        axes, squares = row_axes(x), self.square(x)
        if not axes:
            return squares
        return spread(squares.sum(axis=axes, keepdims=True) / elements(x, axes), x)


class Conditioning(BallArithmetic):
    """Balls in which each input and each quantity of a step is uncertain by a relative ``SHIFT``.

    How much wider the relative uncertainty of a root's operand or of a divisor is, is its condition
    number: the factor by which relative errors of what goes in and of what a step keeps can grow
    (an upper bound of it: balls forget that two quantities came from one gradient, as roundings
    do).  ``worst`` is the largest since the last inputs were given, element by element.
    """

    def __init__(self) -> None:
        super().__init__()
        self.worst: Any = 0.0

    def given(self, values: Array, *, nonnegative: bool = False) -> Any:
        self.worst = 0.0
        return BLUR(super().given(values, nonnegative=nonnegative))

    def define(self, name: str, x: Balls) -> Any:
        return BLUR(x)

    def root(self, x: Balls) -> Any:
        self.worst = np.maximum(self.worst, np.asarray(GROWTH(x), dtype=np.float64))
        return super().root(x)

    def quotient(self, numerators: tuple[Any, ...], denominators: tuple[Any, ...]) -> Any:
        for divisor in denominators:
            zero = np.asarray(IS_ZERO(divisor), dtype=bool)
            sensitive = np.where(zero, np.inf, np.asarray(GROWTH(divisor), dtype=np.float64))
            self.worst = np.maximum(self.worst, sensitive)
        return super().quotient(numerators, denominators)


def growth(ball: flint.arb) -> float:
    """Relative uncertainty in units of ``SHIFT``; infinite where a ball holds zero or no number."""
    if not ball.is_finite():
        return float("inf")
    if ball.is_zero():
        return 0.0
    size = ball.abs_lower()
    return float(ball.rad() / size / SHIFT) if size > 0 else float("inf")


def rational(value: Fraction) -> flint.arb:
    """The smallest ball around a rational at the working precision."""
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def chosen(x: flint.arb, below: flint.arb, zero: flint.arb, above: flint.arb) -> flint.arb:
    """One of three; where a ball holds zero and more, a ball around all of them."""
    if not x.is_finite():
        return x
    if x < 0:
        return below
    if x > 0:
        return above
    return zero if x.is_zero() else below.union(zero).union(above)


def drawn(x: flint.arb, c: flint.arb) -> flint.arb:
    """x, drawn to zero by c."""
    return x.sgn() * (abs(x) - c).max(flint.arb(0))


SHIFT = flint.arb(2) ** -200
CONDITION_BITS = 640  # so that SHIFT is far above what these balls themselves lose
BLUR = np.frompyfunc(lambda x: x * flint.arb(1, SHIFT), 1, 1)
GROWTH = np.frompyfunc(growth, 1, 1)
IS_ZERO = np.frompyfunc(flint.arb.is_zero, 1, 1)
TO_BALL = np.frompyfunc(lambda value: flint.arb(float(value)), 1, 1)
SQUARE = np.frompyfunc(lambda x: x * x, 1, 1)
ROOT = np.frompyfunc(flint.arb.sqrt, 1, 1)
MAXIMUM = np.frompyfunc(flint.arb.max, 2, 1)
CLIP = np.frompyfunc(lambda x, c: x.min(c).max(-c), 2, 1)
SOFT_THRESHOLD = np.frompyfunc(drawn, 2, 1)
SIGN = np.frompyfunc(flint.arb.sgn, 1, 1)
CHOOSE = np.frompyfunc(chosen, 4, 1)


@dataclass(frozen=True)
class Enclosure:
    """Balls as float64 arrays: the exact result is ``value + low``, give or take ``radius``.

    value   the midpoint, rounded to nearest
    low     what that rounding left, rounded in turn
    radius  covers the ball and both roundings; nan where the ball is not finite, so that nothing
            is proved there
    """

    value: Array
    low: Array
    radius: Array

    def certainly_rounds_to_value(self) -> Array:
        """Whether the exact result, rounded to nearest float64, is ``value`` whatever it is."""
        with np.errstate(invalid="ignore", over="ignore"):
            up, down = np.nextafter(self.value, np.inf), np.nextafter(self.value, -np.inf)
            room = np.where(self.low > 0, up - self.value, self.value - down) / 2
            certain: Array = np.abs(self.low) + self.radius < room
        return certain


def enclosure(balls: Balls) -> Enclosure:
    """The balls as three float64 arrays of the same shape."""
    value, low, radius = (np.asarray(part, dtype=np.float64) for part in SPLIT(balls))
    return Enclosure(value, low, np.where(radius > 0, np.nextafter(radius, np.inf), radius))


def split(ball: flint.arb) -> tuple[float, float, float]:
    """A ball's midpoint in two float64, and how far from their sum the exact result may be."""
    if not ball.is_finite():
        return float(ball), 0.0, float("nan")
    value = float(ball)
    if value in (float("inf"), float("-inf")):  # beyond float64's range: nothing to split
        return value, 0.0, 0.0
    rest = ball - value
    low = float(rest)
    return value, low, float((rest - low).abs_upper())


SPLIT = np.frompyfunc(split, 1, 3)
