"""Value and running error bound: how far any legal evaluation in a working precision may be off.

A :class:`Bound` carries the exact value (in float64) and an ``error``: every evaluation in the
working precision, in any order that the composites of :mod:`reference.numbers` allow, with or
without fused multiply-add, stays within ``error`` of it.  The model is fl(a op b) = (a op b)(1 + d)
+ e with |d| <= u and |e| <= ``Effects.underflow`` (N. Higham, Accuracy and Stability of Numerical
Algorithms, 2nd ed., 2.1-2.2 and 3.3); terms of every order are kept, so nothing rests on u being
small, and bfloat16 is treated like float32.

The reference value is itself computed by one of the legal orders, in float64 (for a bound on
float64 itself in the widest format that NumPy has here).  Bounds grow at least linearly in u, so
its own error is at most ``error`` times the ratio of the unit roundoffs: that is
:attr:`BoundArithmetic.slack`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import frexp, prod
from typing import Any, Literal

import numpy as np

from optimizer_conformance.reference.numbers.budget import IEEE, Budget
from optimizer_conformance.reference.numbers.hyper import (
    IDEAL,
    Representation,
    held,
    kept_in,
    one_minus_power,
)
from optimizer_conformance.reference.numbers.precision import PRECISIONS, Array, Precision
from optimizer_conformance.reference.numbers.real import centre
from optimizer_conformance.reference.numbers.system import RealFunction

# x86 has 64 bits and fifteen of exponent, other machines 113 or no more than float64.
WIDE = np.longdouble
FOLDED = 4  # roundings: a root, a quotient, a product, and what the other side was rounded to
LEAST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Effects:
    """What may happen at the ends of the range.

    underflow   absolute error that one operation may add below the normal range
    flush       subnormal inputs may be taken as zero as well
    saturate    values beyond the largest finite one become infinite: ``early`` at every operation,
                ``late`` only in what a step keeps (an order such as ((1 - beta) g) g, or
                sqrt(v) / sqrt(1 - beta^t), never sees the square), ``difference`` as early, and an
                average that is infinite becomes nan (old + c (new - old) subtracts infinities)
    number      the larger of a number and nan is the number (IEEE 754-2019 has maximum, of which
                it is nan, and maximumNumber; no document says which is meant)
    """

    underflow: float = 0.0
    flush: bool = False
    number: bool = False
    saturate: Literal["", "early", "late", "difference"] = ""


class Bound:
    """A value and how far a working-precision evaluation of it may be off.

    ``value`` and ``error`` are arrays of one shape or scalars, in ``BoundArithmetic.carrier``;
    ``nonnegative`` says that no evaluation can produce a negative number (a sum of squares), so a
    root always exists.  Of a parameter that was shrunk ``decay`` holds the size of what it lost,
    and how much of its error would fall away if what is subtracted next joined that loss first.
    Of a sum whose terms may be taken apart ``terms`` holds their sizes added up, and how many
    roundings each has met since.
    """

    __array_priority__ = 1000  # NumPy scalars and arrays defer to the operators below
    __slots__ = ("decay", "error", "nonnegative", "num", "terms", "value")

    def __init__(
        self, num: BoundArithmetic, value: Any, error: Any, nonnegative: bool = False
    ) -> None:
        self.num, self.value, self.error, self.nonnegative = num, value, error, nonnegative
        self.decay: tuple[Any, Any] | None = None
        self.terms: tuple[Any, int] | None = None

    def __neg__(self) -> Bound:
        return Bound(self.num, -self.value, self.error)

    def __add__(self, other: Bound) -> Bound:
        if not isinstance(other, Bound):  # a complex one, which knows what to do
            return NotImplemented
        result = self.num.rounded(
            self.value + other.value,
            self.error + other.error,
            0 if nothing(self) or nothing(other) else 1,
            nonnegative=self.nonnegative and other.nonnegative,
        )
        if "in parts" in self.num.representation.written:
            result.terms = sizes(self, other), 0
        return result

    def __sub__(self, other: Bound) -> Bound:
        count = 0 if nothing(self) or nothing(other) else 1
        propagated = self.error + other.error
        if self.decay:
            loss, spared = self.decay
            joined = self.num.gamma(1) * (loss + np.abs(other.value) + other.error)
            propagated = propagated + np.maximum(joined - spared, 0.0)
        if other.terms:
            size, met = other.terms
            whole = np.abs(self.value) + self.error + size
            propagated = propagated + self.num.gamma(1) * whole + self.num.gamma(met) * size
        return self.num.rounded(self.value - other.value, propagated, count)

    def __mul__(self, other: Bound) -> Bound:
        if not isinstance(other, Bound):
            return NotImplemented
        result = self.num.rounded(
            self.value * other.value,
            product_error(self, other),
            0 if power_of_two(self) or power_of_two(other) else 1,
            nonnegative=self.nonnegative and other.nonnegative,
        )
        for terms, factor in ((self.terms, other), (other.terms, self)):
            if terms:
                result.terms = terms[0] * (np.abs(factor.value) + factor.error), terms[1] + 1
        return result


def product_error(a: Bound, b: Bound) -> Any:
    """What the operands' errors do to an exact product."""
    if exactly_known(a) and exactly_known(b):
        return 0.0
    return a.error * np.abs(b.value) + b.error * (np.abs(a.value) + a.error)


def sizes(x: Bound, y: Bound) -> Any:
    """The largest sum of the two moduli."""
    return np.abs(x.value) + x.error + np.abs(y.value) + y.error


def exactly_known(x: Bound) -> bool:
    """Whether the error is the number zero, which spares arrays of zeros."""
    return isinstance(x.error, float) and x.error == 0.0


def nothing(x: Bound) -> bool:
    """Whether it is zero throughout: adding it rounds nothing."""
    return exactly_known(x) and not np.any(x.value)


def power_of_two(x: Bound, base: int = 2) -> bool:
    """Whether it is one scalar, a power of ``base`` (2 or 4) that everybody holds exactly.

    A product with a power of two rounds nothing; of a power of four the root is exact as well.
    """
    if np.ndim(x.value) or not exactly_known(x):
        return False
    part, exponent = frexp(x.value)
    return part == 0.5 and (base == 2 or exponent % 2 == 1)


class BoundArithmetic:
    """The number system of bounds for one working precision.

    precision       the working precision
    effects         what may happen at the ends of the range
    representation  how hyperparameters were held; ``widened`` covers all of ``widened_by`` instead
    budget          what roots and divisions may be off by
    """

    def __init__(
        self,
        precision: Precision,
        effects: Effects = Effects(),
        representation: Representation = IDEAL,
        widened_by: tuple[Representation, ...] = (),
        budget: Budget = IEEE,
    ) -> None:
        self.budget = budget
        self.precision, self.effects = precision, effects
        self.representation, self.widened_by = representation, widened_by
        self.early = effects.saturate in ("early", "difference")
        self.constants: dict[object, Bound] = {}
        self.unit = precision.unit_roundoff
        self.carrier: Any = WIDE if precision.name == "float64" else np.float64
        self.slack = 1.0 + float(np.finfo(self.carrier).epsneg) / self.unit

    # Inputs ---------------------------------------------------------------------------------

    def given(self, values: Array, *, nonnegative: bool = False) -> Bound:
        """Numbers that were sent as bits: exact, but for a flush of subnormal ones.

        What this precision cannot hold (float64 inputs of a float32 kernel) is rounded first.
        """
        values = np.asarray(values, dtype=self.carrier)
        error = np.abs(self.precision.round(values) - values)
        error = np.where(np.isfinite(error), error, 0.0)
        if self.effects.flush:
            tiny = np.abs(values) < self.precision.smallest_normal
            error = np.where(tiny, np.abs(values), error)
        return Bound(self, values, error if error.any() else 0.0, nonnegative)

    def full(self, like: Bound, decimal: str) -> Bound:
        """A constant; what the precision does not hold is rounded to it once."""
        exact = Fraction(decimal)
        value = self.nearest(exact)
        error = 0.0 if held(exact, self.precision.name) == exact else abs(value) * self.unit
        filled = np.full(np.shape(like.value), value, dtype=self.carrier)
        return Bound(self, filled, error, nonnegative=True)

    def coefficient(self, kind: str, exact: Fraction) -> Bound:
        """A hyperparameter: ``kind`` is ``rate``, ``moment``, or its own name."""
        return self._held(
            (kind, exact),
            lambda way: held(exact, kept_in(way, kind)),
            lambda way: folded_error(exact, kept_in(way, kind), way),
        )

    def complement(self, beta: Fraction) -> Bound:
        """1 - beta, formed from beta in the format that the moments are held in."""
        return self._held(
            ("complement", beta), lambda way: held(1 - held(beta, way.moments), way.moments)
        )

    def correction(self, beta: Fraction, count: int) -> Bound:
        """1 - beta^count."""
        return self._held(
            ("correction", beta, count),
            lambda way: one_minus_power(held(beta, way.correction), count),
            lambda way: power_error(beta, count, way, self.budget),
        )

    def real(
        self, symbol: str, function: RealFunction, exact: Sequence[Fraction], roundings: int
    ) -> Bound:
        """Formed in the format of the bias corrections, or exactly and rounded once."""
        value, error = formed_real(function, exact, roundings)
        return self._held((function, *exact), value, error)

    def _held(self, key: object, exact: Any, error: Any = lambda way: 0.0) -> Bound:
        """A constant: its value under this representation, and how far the others are from it."""
        if key in self.constants:
            return self.constants[key]
        centre = exact(self.representation)
        value = self.nearest(centre)
        spread = error(self.representation)
        for way in self.widened_by:
            spread = max(spread, abs(float(exact(way) - centre)) + error(way))
        if held(centre, self.precision.name) != centre:
            spread += (abs(value) + spread) * self.unit
            spread += max(self.effects.underflow - abs(value) * self.unit, 0.0)
        self.constants[key] = Bound(self, value, spread, value >= 0)
        return self.constants[key]

    def nearest(self, exact: Fraction) -> Any:
        """A rational in the carrier, to within its roundoff."""
        value = float(exact)
        if self.carrier is np.float64:
            return value
        return self.carrier(value) + self.carrier(float(exact - Fraction(value)))

    def gamma(self, count: int) -> float:
        """What ``count`` roundings in a row amount to (Higham, lemma 3.1)."""
        return gamma(count, self.unit)

    # Results --------------------------------------------------------------------------------

    def rounded(
        self,
        value: Any,
        propagated: Any,
        count: int = 1,
        *,
        nonnegative: bool = False,
        underflow: Any = 1.0,
    ) -> Bound:
        """A result after ``count`` roundings: ``propagated`` is the operands' share of the error.

        ``underflow`` is how often, and multiplied by what, one underflow reaches the result.
        """
        error = propagated
        if count:
            error = np.abs(value) + propagated
            error *= self.gamma(count)
            error += propagated
        if self.effects.underflow:
            error = error + self.effects.underflow * underflow
        result = Bound(self, value, error, nonnegative)
        return self.saturated(result) if self.early else result

    def uncertain(self, error: Any, intermediate: Any) -> Any:
        """Promise nothing where an intermediate of some legal order leaves the range."""
        beyond = np.isfinite(intermediate) & (intermediate > self.precision.largest)
        return np.where(beyond, np.inf, error)

    def saturated(self, x: Bound, largest: float = 0.0) -> Bound:
        """Infinite where the format ends, or beyond ``largest``.

        Where that lies within the error nothing is promised from there on: such an element is nan
        with an infinite error, and what is computed from it stays so.
        """
        largest = largest or self.precision.largest
        size = np.abs(x.value)
        unknown = ~np.isfinite(x.error) & ~np.isinf(x.value)
        beyond = (size > largest) & ~unknown
        unknown = unknown | (np.isfinite(x.value) & ((size + x.error > largest) != beyond))
        value = np.where(unknown, np.nan, np.where(beyond, np.copysign(np.inf, x.value), x.value))
        error = np.where(unknown, np.inf, np.where(np.isfinite(value), x.error, 0.0))
        return Bound(self, value, error, x.nonnegative)

    def define(self, name: str, x: Bound) -> Bound:
        return self.saturated(x) if self.effects.saturate == "late" else x

    def square(self, x: Bound) -> Bound:
        return self.rounded(x.value * x.value, product_error(x, x), nonnegative=True)

    def sum(self, x: Bound, y: Bound) -> Bound:
        result = x + y
        result.terms = sizes(x, y), 0
        return result

    def maximum(self, x: Bound, y: Bound) -> Bound:
        larger = np.fmax if self.effects.number else np.maximum
        return Bound(
            self,
            larger(x.value, y.value),
            larger(x.error, y.error),
            x.nonnegative or y.nonnegative,
        )

    def root(self, x: Bound) -> Bound:
        """Never divides by 2 sqrt(x): the error is that of the farther end of the interval.

        That is the lower one, sqrt(x) - sqrt(x - e) = e / (sqrt(x) + sqrt(x - e)); where it would
        be below zero, the root of the upper end is as far, or zero is.  Where x may be negative the
        root may be nan, and nothing is promised.
        """
        if self.budget.exact and power_of_two(x, 4):
            return Bound(self, np.sqrt(x.value), 0.0, nonnegative=True)
        operand, lowest = np.maximum(x.value, 0.0), x.value - x.error
        value, near_zero = np.sqrt(operand), x.error > operand
        farther = np.sqrt(np.where(near_zero, operand + x.error, operand - x.error))
        propagated = ratio(x.error, value + farther)
        propagated = np.where(near_zero, np.maximum(propagated, value), propagated)
        if not x.nonnegative:
            propagated = np.where(lowest < 0, np.inf, propagated)
        count = self.budget.root_roundings
        return self.rounded(value, propagated, count, nonnegative=True, underflow=0.0)

    def average(self, b: Bound, c: Bound, old: Bound, new: Bound) -> Bound:
        """b * old + c * new, or old + c * (new - old), or new + b * (old - new) for the smaller b.

        The second form uses c alone (so old is weighted with 1 - c), the third b alone; each form's
        roundings are counted and the largest taken.  A product with a power of two is exact, and so
        are a sum with an average that is zero throughout and a difference from it.
        """
        from_the_new = "from the new" in self.representation.written
        first = nothing(old) and not from_the_new
        weighing = 0 if power_of_two(c) and (b.value >= c.value or power_of_two(b)) else 1
        value = b.value * old.value + c.value * new.value
        if self.effects.saturate == "difference":
            value = np.where(np.isinf(old.value), np.nan, value)
            if from_the_new:
                value = np.where(np.isinf(new.value), np.nan, value)
        if self.early and c.error >= c.value:  # c may have been rounded to 0, and 0 * inf is nan
            value = np.where(np.isinf(new.value), np.nan, value)
        # Formed in a format b and c need not add up to 1: the second form weighs old with 1 - c.
        apart = abs(1.0 - (b.value + c.value))
        of_old, of_new = max(b.error, c.error + apart), c.error
        if b.value < c.value or from_the_new:
            of_new = max(b.error + apart, c.error)
        old_size, new_size = np.abs(old.value), np.abs(new.value)
        grown = 1.0 + self.gamma(1)  # a product rounds what is wrong with its factors, too
        propagated = grown * of_old * old_size + grown * (b.value + of_old) * old.error
        propagated += grown * of_new * new_size
        propagated += grown * (c.value + of_new) * new.error
        if self.early:  # equal weights may be taken out of the sum
            propagated = self.uncertain(propagated, old_size + new_size)
            if c.error >= c.value:
                propagated = np.where(np.isinf(new.value), np.inf, propagated)
        interpolated = np.abs(new.value - old.value)
        interpolated += old.error
        interpolated += new.error
        alone = c.value
        if from_the_new:
            alone, weighing = max(b.value, c.value), 1
        interpolated *= self.gamma(weighing + (0 if first else 1)) * alone
        products = self.gamma(0 if power_of_two(b) else 1) * b.value * old_size
        products += self.gamma(0 if power_of_two(c) else 1) * c.value * new_size
        propagated += np.maximum(products, interpolated) * (1 + self.unit)
        result = self.rounded(
            value,
            propagated,
            0 if first and b.value >= c.value else 1,
            nonnegative=old.nonnegative and new.nonnegative,
            underflow=4.0,
        )
        if "in parts" in self.representation.written:
            old_part = (b.value + of_old) * (old_size + old.error)
            result.terms = old_part + (c.value + of_new) * (new_size + new.error), 2
        return result

    def quotient(self, numerators: tuple[Bound, ...], denominators: tuple[Bound, ...]) -> Bound:
        """Any order, each divisor possibly as a product with its reciprocal (one rounding more).

        Powers of two round nothing; of divisors only those of four are taken so, because an
        implementation may divide by the root instead, after it has drawn the numerator's.
        """
        value, error = numerators[0].value, numerators[0].error
        for factor in numerators[1:]:
            error = error * np.abs(factor.value) + factor.error * (np.abs(value) + error)
            value = value * factor.value
        for divisor in denominators:
            value = quiet_divide(value, divisor.value)
            room = np.abs(divisor.value) - divisor.error
            error = quiet_divide(error + np.abs(value) * divisor.error, room)
            nothing_left = ~(room > 0)
            if np.any(nothing_left):
                error = np.where(nothing_left, np.inf, error)
        products = max(sum(not power_of_two(factor) for factor in numerators) - 1, 0)
        divisions = sum(not (self.budget.exact and power_of_two(d, 4)) for d in denominators)
        count = products + self.budget.division_roundings * divisions
        underflow: Any = 0.0
        if self.effects.underflow:
            operations = len(numerators) - 1 + self.budget.division_roundings * len(denominators)
            reach = prod(np.maximum(np.abs(n.value) + n.error, 1.0) for n in numerators) * prod(
                np.maximum(1.0 / np.maximum(np.abs(d.value) - d.error, 1e-300), 1.0)
                for d in denominators
            )
            underflow = operations * reach
            if self.early:
                error = self.uncertain(error, np.where(np.isfinite(value), reach, 0.0))
        result = self.rounded(
            value,
            error,
            count,
            nonnegative=all(x.nonnegative for x in (*numerators, *denominators)),
            underflow=underflow,
        )
        for place, factor in enumerate(numerators):
            if factor.terms:
                size, met = factor.terms
                others = (*numerators[:place], *numerators[place + 1 :])
                scale = prod((np.abs(n.value) + n.error for n in others), start=1.0)
                for divisor in denominators:
                    scale = quiet_divide(scale, np.abs(divisor.value) - divisor.error)
                result.terms = size * np.where(scale > 0, scale, np.inf), met + count
        return result

    def variance(self, v: Bound, m: Bound) -> Bound:
        """v - m^2; also covers (v + epsilon) - m^2 as far as it rounds like v."""
        square = m.value * m.value
        propagated = (
            v.error
            + 2 * np.abs(m.value) * m.error
            + m.error * m.error
            + self.gamma(1) * (square + np.abs(v.value))
        )
        value = v.value - square
        if self.early:  # inf - inf, whatever the difference would be
            value = np.where(square > self.precision.largest, np.nan, value)
            propagated = self.uncertain(propagated, square)
        return self.rounded(value, propagated, underflow=2.0)

    def shrink(self, x: Bound, c: Bound) -> Bound:
        """x * (1 - c) with 1 - c formed first, or x - c * x.

        Or c * x joins what the parameter loses besides, and x loses their sum, as in Optax: a
        rounding more, of that sum, but none of x * (1 - c).  The subtraction adds what it takes.
        """
        if nothing(x) or nothing(c):
            return x
        factor = 1.0 - c.value
        propagated = x.error * (abs(factor) + c.error) + np.abs(x.value) * c.error
        loss = (abs(c.value) + c.error) * (np.abs(x.value) + x.error)
        propagated = propagated + self.gamma(1) * loss
        if self.early:  # what is lost leaves the range, where x - c x does not
            propagated = self.uncertain(propagated, loss)
        result = self.rounded(x.value * factor, propagated, 3, underflow=2.0)
        result.decay = loss, self.gamma(3) * np.abs(result.value)
        return result

    def clip(self, x: Bound, c: Bound) -> Bound:
        """The nearest number between -c and c: nothing is rounded.

        The smaller of two numbers moves by no more than the one that moves further.
        """
        size, wide = np.abs(x.value), np.abs(c.value)
        inside = size + x.error <= wide - c.error
        outside = size - x.error >= wide + c.error
        error = np.where(inside, x.error, np.where(outside, c.error, np.maximum(x.error, c.error)))
        return Bound(self, np.clip(x.value, -c.value, c.value), error, x.nonnegative)

    def sign(self, x: Bound) -> Bound:
        """-1, 0 or 1; where x may be zero or of the other sign, every outcome is accepted."""
        known = (np.abs(x.value) > x.error) | ((x.value == 0) & np.equal(x.error, 0))
        value = np.sign(x.value)
        if self.effects.number:  # that of nan is 0 where it is a difference of comparisons
            value = np.where(np.isnan(x.value), 0.0, value)
        return Bound(self, value, np.where(known, 0.0, 1.0 + np.abs(value)), x.nonnegative)

    def choose(self, x: Bound, below: Bound, zero: Bound, above: Bound) -> Bound:
        """Where x may be on either side, or on neither, whatever it may be is accepted.

        The outcomes' distances from the one that is shown, with the errors of their own, are the
        error.  Nan has no side: it stays, or (``Effects.number``) may be any of the three.
        """
        value, size = x.value, np.asarray(x.error)
        chosen = np.where(value < 0, below.value, np.where(value > 0, above.value, zero.value))
        open_ = np.isnan(value) | np.isnan(size)
        error: Any = np.zeros(np.shape(chosen))
        for may, outcome in (
            (value - size < 0, below),
            ((value == 0) | (np.abs(value) <= size), zero),
            (value + size > 0, above),
        ):
            apart = np.where(may | open_, np.abs(outcome.value - chosen) + outcome.error, 0.0)
            error = np.maximum(error, apart)
        if not self.effects.number:
            chosen = np.where(open_, np.nan, chosen)
        return Bound(self, chosen, error)

    def centralize(self, x: Bound) -> Bound:
        """x minus its mean over all axes but the first, summed in any order; a vector as it is.

        A sum of k terms that are not zero rounds k - 1 times.
        """
        axes = tuple(range(1, np.ndim(x.value)))
        if not axes:
            return x
        own = np.broadcast_to(x.error, np.shape(x.value))
        count = int(np.prod([np.shape(x.value)[axis] for axis in axes]))
        mean = np.mean(x.value, axis=axes, keepdims=True)
        size = np.mean(np.abs(x.value) + own, axis=axes, keepdims=True)
        terms = np.sum((x.value != 0) | (own > 0), axis=axes, keepdims=True)
        exact = self.budget.exact and frexp(count)[0] == 0.5
        roundings = np.maximum(terms - 1, 0) + (0 if exact else self.budget.division_roundings)
        gamma = roundings * self.unit / (1 - roundings * self.unit)
        propagated = own + np.mean(own, axis=axes, keepdims=True) + gamma * size
        if self.early:  # a partial sum leaves the range before the mean would
            propagated = self.uncertain(propagated, count * size + np.zeros(np.shape(x.value)))
        return self.rounded(x.value - mean, propagated, underflow=count + 2.0)


def gamma(count: int, unit: float) -> float:
    """What ``count`` roundings in a row amount to; infinite where that is everything."""
    return count * unit / (1 - count * unit) if count * unit < 1 else float("inf")


def ratio(a: Any, b: Any) -> Any:
    """a / b, and 0 where both are 0; b is a sum of roots, which is 0 or far above ``LEAST``."""
    return a / np.maximum(b, LEAST)


def quiet_divide(a: Any, b: Any) -> Any:
    """a / b without a warning where b is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(a, b)


@lru_cache(maxsize=4096)
def power_error(beta: Fraction, count: int, way: Representation, budget: Budget = IEEE) -> float:
    """Error of 1 - beta^count formed in a format, beta already rounded to it; 0 for no format."""
    if not way.correction or (
        budget.power <= 1 and not way.written and first_exact(beta, count, way)
    ):
        return 0.0
    unit, base = PRECISIONS[way.correction].unit_roundoff, held(beta, way.correction)
    power, roundings = float(base**count), budget.power_roundings(count)
    if base in (0, 1):  # whose powers are what they are
        roundings = 0
    elif "logarithm" in way.written:
        roundings = max(roundings, budget.logarithm_roundings(float(base), count))
    folded = gamma(FOLDED, unit) * (1 - power) if "folded" in way.written else 0.0
    return gamma(roundings, unit) * power * (1 + unit) + unit * (1 - power) + folded


def formed_real(
    function: RealFunction, exact: Sequence[Fraction], roundings: int
) -> tuple[Callable[[Representation], Fraction], Callable[[Representation], float]]:
    """A real number by how the decays it is formed of are held, and how far it may be off."""

    def at(way: Representation) -> tuple[Fraction, float]:
        return centre(function, tuple(held(value, way.correction) for value in exact))

    def error(way: Representation) -> float:
        value, radius = at(way)
        unit = PRECISIONS[way.correction].unit_roundoff if way.correction else 0.0
        return radius + gamma(roundings, unit) * (abs(float(value)) + radius)

    return (lambda way: at(way)[0]), error


def folded_error(exact: Fraction, dtype: str, way: Representation) -> float:
    """Error of a coefficient that is divided by another folded one in its own format."""
    if "folded" not in way.written or not dtype:
        return 0.0
    return gamma(FOLDED, PRECISIONS[dtype].unit_roundoff) * float(abs(exact))


def first_exact(beta: Fraction, count: int, way: Representation) -> bool:
    """Whether it is 1 - beta itself, of which the format holds both: the difference is exact."""
    return count == 1 and all(held(value, way.correction) == value for value in (beta, 1 - beta))
