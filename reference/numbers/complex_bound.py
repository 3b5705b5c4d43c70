"""Bounds of complex numbers: two real bounds, and what products, roots and quotients add.

A complex number in a format is two real ones, and nearly everything that a step does with it is
done with each part by itself: those operations are the ones of
:mod:`reference.numbers.bound_arithmetic`.
What remains:

- a product of two complex numbers is the four real products and two sums that define it (R. Brent,
  C. Percival, P. Zimmermann, "Error bounds on complex floating-point multiplication", Math. Comp.
  76, 2007, show sqrt(5) u of the modulus for it; by parts nothing is lost);
- a modulus squared is re^2 + im^2, or the square of a hypotenuse that is off by an ulp;
- a quotient by a real number may be a complex one, whose divisor has an imaginary part of zero;
- the principal root, and a quotient by a complex number, mix the parts: their errors are those of
  the modulus, charged to both parts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from optimizer_conformance.reference.numbers.bound import Bound, power_of_two
from optimizer_conformance.reference.numbers.bound_arithmetic import BoundArithmetic, quiet_divide
from optimizer_conformance.reference.numbers.precision import Array

# What the square of a complex gradient is: g^2, |g|^2, or each part's own, so that a complex number
# is two parameters.
Squares = Literal["plain", "modulus", "components"]

# re^2 + im^2 rounds twice; a hypotenuse within an ulp (two roundings), squared, five times.
MODULUS_ROUNDINGS = 5
# (a c + i b c) / (c^2) as a complex quotient by a real number c: product, square, division.
BY_REAL = 1.0  # ulp of a reciprocal in :class:`Budget`, which is two roundings and one more
# Complex quotients, in units u of the modulus, to first order.  x conj(y) / |y|^2: sqrt(5) of the
# product, two of the square, one of the division.  Smith (CACM 5, 1962), r = d / c with |r| <= 1:
# 1 + sqrt(2) of a + b r and b - a r, three of c + d r, one of the division.  1 / y by Smith (4.7)
# times x: 4.7 + sqrt(5).  The largest is 6.94.
BY_COMPLEX = 7
# sqrt((|re| + hypot(re, im)) / 2): two of the hypotenuse and one of the sum, halved by the root,
# and one of it; the other part is im / 2 over that, one more.
ROOT = 4
# Each part of a product: two products and a sum; as errors of the modulus, sqrt(5) < 3.
PRODUCT = 3


class Pair:
    """A complex number: a real bound a part."""

    __slots__ = ("imag", "real")

    def __init__(self, real: Bound, imag: Bound) -> None:
        self.real, self.imag = real, imag

    def __neg__(self) -> Pair:
        return Pair(-self.real, -self.imag)

    def __add__(self, other: Pair | Bound) -> Pair:
        if isinstance(other, Pair):
            return Pair(self.real + other.real, self.imag + other.imag)
        return Pair(self.real + other, self.imag)

    __radd__ = __add__

    def __sub__(self, other: Pair) -> Pair:
        return Pair(self.real - other.real, self.imag - other.imag)

    def __mul__(self, other: Pair | Bound) -> Pair:
        if isinstance(other, Pair):
            return Pair(
                self.real * other.real - self.imag * other.imag,
                self.real * other.imag + self.imag * other.real,
            )
        return Pair(self.real * other, self.imag * other)

    __rmul__ = __mul__

    @property
    def value(self) -> Any:
        """As one complex array."""
        return self.real.value + 1j * self.imag.value

    @property
    def error(self) -> Any:
        """How far an evaluation may be off in the plane."""
        return np.hypot(self.real.error, self.imag.error)


def size(x: Pair | Bound) -> Any:
    """The modulus."""
    if isinstance(x, Pair):
        return np.hypot(x.real.value, x.imag.value)
    return np.abs(x.value)


class ComplexBoundArithmetic:
    """The number system of complex bounds, over the one of their parts.

    squares  ``plain`` or ``modulus``; parameters whose parts step alone are real ones to the oracle
    """

    def __init__(self, real: BoundArithmetic, squares: Squares) -> None:
        self.parts, self.squares = real, squares
        self.carrier, self.slack, self.effects = real.carrier, real.slack, real.effects
        self.coefficient, self.complement = real.coefficient, real.complement
        self.correction, self.real = real.correction, real.real
        self.by_real = BoundArithmetic(
            real.precision,
            real.effects,
            real.representation,
            real.widened_by,
            replace(real.budget, reciprocal=max(BY_REAL, real.budget.reciprocal)),
        )

    def given(self, values: Array, *, nonnegative: bool = False) -> Pair | Bound:
        """Complex numbers as sent; of what is a real average here, the real part."""
        if nonnegative and self.squares == "modulus":
            return self.parts.given(np.real(values), nonnegative=True)
        return Pair(self.parts.given(np.real(values)), self.parts.given(np.imag(values)))

    def full(self, like: Pair, decimal: str) -> Bound:
        """A real constant; an average that begins with it becomes what is averaged."""
        return self.parts.full(like.real, decimal)

    def columns(self, x: Pair | Bound) -> Bound:
        """The parts side by side: real, imaginary, real, … (the second of a real number is 0)."""
        pair = complex_(x)
        shape = np.shape(pair.real.value)
        value, error = (
            np.stack([np.broadcast_to(part, shape) for part in both], axis=-1).reshape(-1)
            for both in (
                (pair.real.value, pair.imag.value),
                (pair.real.error, pair.imag.error),
            )
        )
        return Bound(self.parts, value, error)

    def define(self, name: str, x: Any) -> Any:
        return each(lambda part: self.parts.define(name, part), x)

    def square(self, x: Pair) -> Pair | Bound:
        return self.modulus_squared(x) if self.squares == "modulus" else x * x

    def modulus_squared(self, x: Pair) -> Bound:
        """re^2 + im^2."""
        square = x.real * x.real + x.imag * x.imag
        exact = x.real.value * x.real.value + x.imag.value * x.imag.value
        wide = self.parts.rounded(exact, 0.0, MODULUS_ROUNDINGS, nonnegative=True, underflow=2.0)
        own = np.hypot(x.real.error, x.imag.error)
        off = own * (2 * np.hypot(x.real.value, x.imag.value) + own)
        wide.error = wide.error + off * (1 + self.parts.gamma(MODULUS_ROUNDINGS))
        return Bound(self.parts, square.value, np.maximum(square.error, wide.error), True)

    def root(self, x: Pair | Bound) -> Pair | Bound:
        """The principal root.

        With |e| < |z| and no real negative number within e of z, the roots of z and z + e are less
        than a right angle apart, so |sqrt(z + e) - sqrt(z)| = |e| / |sqrt(z + e) + sqrt(z)| is at
        most e / sqrt(2 |z| - e).  Elsewhere the sign of the root is open.
        """
        if isinstance(x, Bound):
            return self.parts.root(x)
        modulus, error = size(x), x.error
        value = np.sqrt(np.asarray(x.value))
        off_axis = (x.real.value - x.real.error > 0) | (np.abs(x.imag.value) > x.imag.error)
        near = np.where(
            off_axis & (error < modulus),
            error / np.sqrt(np.where(error < modulus, 2 * modulus - error, 1.0)),
            np.sqrt(modulus + error) + np.sqrt(modulus),
        )
        return self.both(value, near, ROOT + self.parts.budget.root_roundings - 1)

    def both(self, value: Any, error: Any, count: int, underflow: Any = 1.0) -> Pair:
        """A complex result whose error is one of the modulus: each part may have all of it."""
        modulus = np.abs(value)
        wide = self.parts.rounded(modulus, error, count, underflow=underflow)
        return Pair(
            Bound(self.parts, value.real, wide.error), Bound(self.parts, value.imag, wide.error)
        )

    def sum(self, x: Any, y: Any) -> Any:
        """Each part by itself."""
        left, right = complex_(x), complex_(y)
        return Pair(self.parts.sum(left.real, right.real), self.parts.sum(left.imag, right.imag))

    def maximum(self, x: Bound, y: Bound) -> Bound:
        return self.parts.maximum(x, y)

    def average(self, b: Bound, c: Bound, old: Pair | Bound, new: Pair | Bound) -> Pair | Bound:
        if isinstance(new, Bound) and isinstance(old, Bound):
            return self.parts.average(b, c, old, new)
        before, now = complex_(old), complex_(new)
        return Pair(
            self.parts.average(b, c, before.real, now.real),
            self.parts.average(b, c, before.imag, now.imag),
        )

    def quotient(self, numerators: tuple[Any, ...], denominators: tuple[Any, ...]) -> Pair | Bound:
        mixed = [x for x in denominators if isinstance(x, Pair)]
        waves = [x for x in numerators if isinstance(x, Pair)]
        real = tuple(x for x in numerators if isinstance(x, Bound))
        if not mixed and not waves:
            return self.parts.quotient(numerators, denominators)
        if not mixed and len(waves) == 1:
            (wave,) = waves
            # However the quotient by a power of two is formed, c and c^2 round nothing.
            exact = tuple(x for x in denominators if self.divides_exactly(x))
            rest = tuple(x for x in denominators if not self.divides_exactly(x))
            num = self.by_real if rest else self.parts
            return Pair(
                num.quotient((*real, self.parts.quotient((wave.real,), exact)), rest),
                num.quotient((*real, self.parts.quotient((wave.imag,), exact)), rest),
            )
        value, error = np.ones(()), np.zeros(())
        for x in numerators:
            error = error * size(x) + x.error * (np.abs(value) + error)
            value = value * x.value
        for x in denominators:
            value = quiet_divide(value, x.value)
            room = size(x) - x.error
            error = np.where(
                room > 0,
                (error + np.abs(value) * x.error) / np.where(room > 0, room, 1.0),
                np.inf,
            )
        scalars = sum(not power_of_two(x) for x in real)
        by_real = self.by_real.budget.division_roundings * (len(denominators) - len(mixed))
        count = scalars + PRODUCT * max(len(waves) - 1, 0) + by_real + BY_COMPLEX * len(mixed)
        return self.both(np.asarray(value), error, count, underflow=2.0)

    def divides_exactly(self, x: Bound) -> bool:
        """Whether a quotient by it rounds nothing."""
        return self.parts.budget.exact and power_of_two(x, 4)

    def variance(self, v: Pair | Bound, m: Pair) -> Pair | Bound:
        """v - m^2, or v - |m|^2; like the real one, also with epsilon added to v first."""
        if isinstance(v, Pair):
            difference = v - m * m
            for part, of in ((difference.real, v.real), (difference.imag, v.imag)):
                part.error = part.error + self.parts.gamma(2) * np.abs(of.value)
            return difference
        rest = v - self.modulus_squared(m)
        rest.error = rest.error + self.parts.gamma(2) * np.abs(v.value)
        return rest

    def shrink(self, x: Pair, c: Bound) -> Any:
        return each(lambda part: self.parts.shrink(part, c), x)

    def clip(self, x: Pair | Bound, c: Bound) -> Any:
        """Each part by itself, as an element-wise clip of both parts does."""
        return each(lambda part: self.parts.clip(part, c), x)

    def soft_threshold(self, x: Pair | Bound, c: Bound) -> Any:
        """Each part by itself."""
        return each(lambda part: self.parts.soft_threshold(part, c), x)

    def sign(self, x: Pair | Bound) -> Any:
        """Each part by itself."""
        return each(self.parts.sign, x)

    def choose(self, x: Any, below: Any, zero: Any, above: Any) -> Any:
        """No complex number is above or below another: real parts alone are asked."""
        return self.parts.choose(x, below, zero, above)

    def centralize(self, x: Pair) -> Any:
        return each(self.parts.centralize, x)

    def squared_norm(self, x: Pair) -> Any:
        """Not asked of complex numbers: no document says what their squares are."""
        raise TypeError("no rule takes the norm of complex numbers")

    mean_square = squared_norm


def each(operation: Any, x: Pair | Bound) -> Any:
    """An operation that treats each part by itself."""
    if isinstance(x, Bound):
        return operation(x)
    return Pair(operation(x.real), operation(x.imag))


def complex_(x: Pair | Bound) -> Pair:
    """A real number as a complex one."""
    if isinstance(x, Pair):
        return x
    zero = Bound(x.num, np.zeros(np.shape(x.value), dtype=x.num.carrier), 0.0, nonnegative=True)
    return Pair(x, zero)
